//! Invariants of Observation, the vital-signs profiles, and our own rules on codes.

use phr_model::metric::Category;
use serde_json::Value;

use super::{
    Findings, list,
    time::{self, Spelled},
    vocabulary::{self, Profile, VITAL_UNITS, WHOLE_DAY},
};
use crate::datatypes::{CATEGORY, LOINC, UCUM};

pub(super) fn check(observation: &Value, place: &str, findings: &mut Findings) {
    check_invariants(observation, place, findings);
    let codes = loinc_codes(observation);
    check_codings(observation, place, findings);
    check_whole_day(observation, &codes, place, findings);
    check_category(observation, &codes, place, findings);
    let profiles = list(&observation["meta"]["profile"]);
    let claimed: Vec<&str> = profiles.iter().filter_map(Value::as_str).collect();
    if let Some(profile) = vocabulary::profile_of(&claimed, &codes) {
        check_vital_sign(observation, place, findings);
        check_profile(observation, profile, &codes, place, findings);
    }
}

fn loinc_codes(concept_of: &Value) -> Vec<&str> {
    let codings = list(&concept_of["code"]["coding"]).iter();
    let loinc = codings.filter(|coding| coding["system"] == LOINC);
    loinc.filter_map(|coding| coding["code"].as_str()).collect()
}

fn has_value(of: &Value) -> bool {
    of.as_object().is_some_and(|it| it.keys().any(|name| name.starts_with("value")))
}

/// obs-6, obs-7, one effective[x], one value[x].
fn check_invariants(observation: &Value, place: &str, findings: &mut Findings) {
    let has_reason = observation.get("dataAbsentReason").is_some();
    let both = has_reason && has_value(observation);
    findings.expect(!both, place, "obs-6: a value and a reason for its absence");
    let own = list(&observation["code"]["coding"]);
    let code_of = |coding: &Value| (coding["system"].clone(), coding["code"].clone());
    for (n, component) in list(&observation["component"]).iter().enumerate() {
        let codings = list(&component["code"]["coding"]).iter();
        let repeated = codings.map(code_of).any(|code| own.iter().map(code_of).any(|o| o == code));
        let place = format!("{place}.component[{n}]");
        findings.expect(
            !(repeated && has_value(observation)),
            &place,
            "obs-7: a component has the code of the Observation",
        );
        check_codings(component, &place, findings);
    }
    for choice in ["effective", "value"] {
        let names = observation.as_object().into_iter().flat_map(|it| it.keys());
        let count = names.filter(|name| name.starts_with(choice)).count();
        findings.expect(count <= 1, place, &format!("{choice}[x] is there more than once"));
    }
}

/// No code twice, and LOINC's codes under LOINC's names.
fn check_codings(of: &Value, place: &str, findings: &mut Findings) {
    let mut seen = Vec::new();
    for coding in list(&of["code"]["coding"]) {
        let code = coding["code"].as_str().unwrap_or_default();
        findings.expect(!seen.contains(&code), place, &format!("{code} is there twice"));
        seen.push(code);
        let name = vocabulary::name_of(code).filter(|_| coding["system"] == LOINC);
        if let (Some(name), Some(display)) = (name, coding["display"].as_str()) {
            let says = format!("LOINC calls {code} {name:?}");
            findings.expect(display == name, place, &says);
        }
    }
}

/// A code for 24 hours needs a day that is over, within one civil day.
fn check_whole_day(observation: &Value, codes: &[&str], place: &str, findings: &mut Findings) {
    if !codes.iter().any(|code| WHOLE_DAY.contains(code)) {
        return;
    }
    let end = |name: &str| observation["effectivePeriod"][name].as_str().and_then(time::date_time);
    let is_day = match (end("start"), end("end")) {
        (Some(Spelled::Instant(start, first)), Some(Spelled::Instant(end, last))) => {
            first == last && end.as_second() - start.as_second() > 3_599
        }
        _ => false,
    };
    findings.expect(is_day, place, "a code for 24 hours, and no period within one civil day");
    let is_open = observation["status"] == "preliminary";
    findings.expect(!is_open, place, "a code for 24 hours on a day that is not over");
}

fn categories(observation: &Value) -> Vec<&str> {
    let codings = list(&observation["category"]).iter().flat_map(|it| list(&it["coding"]));
    let standard = codings.filter(|coding| coding["system"] == CATEGORY);
    standard.filter_map(|coding| coding["code"].as_str()).collect()
}

/// What counts movement is not a vital sign.
fn check_category(observation: &Value, codes: &[&str], place: &str, findings: &mut Findings) {
    let categories = categories(observation);
    for code in codes {
        let expected = match vocabulary::category_of(code) {
            Some(Category::VitalSigns) => "vital-signs",
            Some(Category::Activity) => "activity",
            None => continue,
        };
        let says = format!("{code} belongs to the category {expected}");
        findings.expect(categories == [expected], place, &says);
    }
}

/// The parent profile vitalsigns.
fn check_vital_sign(observation: &Value, place: &str, findings: &mut Findings) {
    let in_category = categories(observation).contains(&"vital-signs");
    findings.expect(in_category, place, "VSCat: not in the category vital-signs");
    let subject = observation["subject"]["reference"].as_str().unwrap_or_default();
    let about = subject.contains("Patient/");
    findings.expect(about, place, "a vital sign is about a Patient");
    check_effective(observation, place, findings);
    let components = list(&observation["component"]);
    let says_something = |of: &Value| has_value(of) || of.get("dataAbsentReason").is_some();
    let members = observation.get("hasMember").is_some();
    let ok = says_something(observation) || !components.is_empty() || members;
    findings.expect(ok, place, "vs-2: neither a value nor a reason for its absence");
    for (n, component) in components.iter().enumerate() {
        let place = format!("{place}.component[{n}]");
        let says = "vs-3: neither a value nor a reason for its absence";
        findings.expect(says_something(component), &place, says);
        if let Some(code) = component["valueQuantity"]["code"].as_str() {
            let says = "ucum-vitals-common: a unit that vital signs do not have";
            findings.expect(VITAL_UNITS.contains(&code), &place, says);
        }
    }
}

/// vs-1: a dateTime or a Period, to the day at least.
fn check_effective(observation: &Value, place: &str, findings: &mut Findings) {
    let fine = |text: &Value| {
        let spelled = text.as_str().and_then(time::date_time);
        spelled.is_some_and(|spelled| spelled != Spelled::Coarse)
    };
    let period = &observation["effectivePeriod"];
    let ok =
        fine(&observation["effectiveDateTime"]) || (fine(&period["start"]) && fine(&period["end"]));
    findings.expect(ok, place, "vs-1: when it was measured is not known to the day");
}

/// The profile's own code, value and unit.
fn check_profile(
    observation: &Value,
    profile: &Profile,
    codes: &[&str],
    place: &str,
    findings: &mut Findings,
) {
    let name = profile.name;
    let count = codes.iter().filter(|code| **code == profile.magic).count();
    findings.expect(count == 1, place, &format!("{name}: needs {} exactly once", profile.magic));
    let Some(quantity) = observation.get("valueQuantity") else {
        let ok = !has_value(observation);
        return findings.expect(ok, place, &format!("{name}: the value must be a Quantity"));
    };
    for part in ["value", "unit", "system", "code"] {
        let says = format!("{name}: the quantity has no {part}");
        findings.expect(quantity.get(part).is_some(), place, &says);
    }
    let ok = quantity["system"] == UCUM
        && quantity["code"].as_str().is_some_and(|code| profile.units.contains(&code));
    findings.expect(ok, place, &format!("{name}: the unit must be {}", profile.units.join(" or ")));
}
