//! Our own judge of resources: what we write passes, what is broken is caught.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use common::{chart, in_form, rendered, statement};
use phr_fhir::checker::check;
use phr_model::{Form, Metric, Status};
use serde_json::{Value, json};

#[test]
fn every_metric_in_every_form_and_status_is_valid() {
    for metric in Metric::ALL {
        for form in Form::of_metric(metric) {
            for bounds in [None, Some((1, metric.facts().scale * 100 + 1))] {
                for (status, preliminary) in [
                    (Status::Final, false),
                    (Status::Corrected, false),
                    (Status::EnteredInError, true),
                    (Status::Preliminary, true),
                ] {
                    let mut statement = in_form(metric, *form, metric.facts().scale, bounds);
                    statement.status = status;
                    statement.says.preliminary = preliminary;
                    assert_eq!(check(&rendered(&statement)), [], "{metric} {form:?} {status:?}");
                    let chart = chart();
                    let served = serde_json::to_value(chart.served_observation(&statement));
                    assert_eq!(check(&served.unwrap()), []);
                }
            }
        }
    }
}

#[test]
fn the_other_resources_are_valid() {
    let (chart, since) = (chart(), "2026-11-01T09:00:00Z".parse().unwrap());
    let statement = statement(Metric::Steps, 1, None);
    for resource in [
        serde_json::to_value(chart.patient()),
        serde_json::to_value(chart.served_patient("Ada", since)),
        serde_json::to_value(chart.device()),
        serde_json::to_value(chart.served_device(since)),
        serde_json::to_value(chart.provenance(&statement)),
    ] {
        assert_eq!(check(&resource.unwrap()), []);
    }
}

type Damage = fn(&mut Value);

fn unset(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name);
}

/// The fifteen that no validator out of a package registry catches all of, and more of the kind.
const OF_HEART_RATE: &[(&str, Damage, &str)] = &[
    ("unit_is_not_ucum", |it| it["valueQuantity"]["code"] = json!("beats/min"), "not a UCUM code"),
    ("unit_is_missing", |it| unset(&mut it["valueQuantity"], "unit"), "no unit"),
    ("activity_only", |it| it["category"][0]["coding"][0]["code"] = json!("activity"), "VSCat"),
    ("nobody", |it| unset(it, "subject"), "about a Patient"),
    ("about_a_group", |it| it["subject"]["reference"] = json!("Group/1"), "about a Patient"),
    (
        "code_without_the_magic_one",
        |it| {
            let resting = json!({"system": "http://loinc.org", "code": "40443-4"});
            it["code"]["coding"] = json!([resting]);
        },
        "needs 8867-4 exactly once",
    ),
    (
        "sampled_data",
        |it| {
            unset(it, "valueQuantity");
            it["valueSampledData"] = json!({"origin": {"value": 0}, "period": 5, "dimensions": 1});
        },
        "must be a Quantity",
    ),
    (
        "nothing_said",
        |it| {
            unset(it, "valueQuantity");
            unset(it, "component");
        },
        "vs-2",
    ),
    ("value_and_reason", |it| it["dataAbsentReason"] = json!({"text": "unknown"}), "obs-6"),
    ("no_such_status", |it| it["status"] = json!("complete"), "Observation.status"),
    (
        "no_zone",
        |it| it["effectivePeriod"]["start"] = json!("2026-11-20T08:00:00"),
        "an offset from UTC",
    ),
    (
        "no_seconds",
        |it| it["effectivePeriod"]["start"] = json!("2026-11-20T08:00+01:00"),
        "an offset from UTC",
    ),
    (
        "midnight_at_24",
        |it| it["effectivePeriod"]["end"] = json!("2026-11-20T24:00:00+01:00"),
        "an offset from UTC",
    ),
    (
        "a_month",
        |it| {
            unset(it, "effectivePeriod");
            it["effectiveDateTime"] = json!("2026-11");
        },
        "vs-1",
    ),
    ("backwards", |it| it["effectivePeriod"]["end"] = json!("2026-11-20T07:00:00+01:00"), "per-1"),
    (
        "value_as_text",
        |it| it["valueQuantity"]["value"] = json!("72.5"),
        "valueQuantity.value: a value of the wrong",
    ),
    ("unknown_element", |it| it["measuredBy"] = json!("watch"), "there is no element measuredBy"),
    ("long_id", |it| it["id"] = json!("a".repeat(65)), "Observation.id"),
    ("null", |it| it["method"] = Value::Null, "Observation.method"),
    ("empty_list", |it| it["identifier"] = json!([]), "an empty list"),
    ("empty_text", |it| it["code"]["text"] = json!(""), "an empty text"),
    ("not_a_list", |it| it["category"] = it["category"][0].clone(), "must be a list"),
    ("code_without_system", |it| unset(&mut it["valueQuantity"], "system"), "qty-3"),
    ("component_of_the_same_code", |it| it["component"][0]["code"] = it["code"].clone(), "obs-7"),
    (
        "component_in_steps",
        |it| it["component"][0]["valueQuantity"]["code"] = json!("{steps}"),
        "ucum-vitals-common",
    ),
    ("empty_component", |it| unset(&mut it["component"][0], "valueQuantity"), "vs-3"),
    (
        "code_twice",
        |it| {
            let again = it["code"]["coding"][0].clone();
            it["code"]["coding"].as_array_mut().unwrap().push(again);
        },
        "8867-4 is there twice",
    ),
    (
        "wrong_name",
        |it| it["code"]["coding"][0]["display"] = json!("Pulse"),
        "LOINC calls 8867-4 \"Heart rate\"",
    ),
    ("no_code", |it| unset(it, "code"), "Observation.code: is required"),
    (
        "two_times",
        |it| it["effectiveDateTime"] = json!("2026-11-20T08:00:00+01:00"),
        "effective[x]",
    ),
    ("issued_on_a_day", |it| it["issued"] = json!("2026-11-20"), "Observation.issued"),
    ("reference_to_nothing", |it| it["device"]["reference"] = json!("watch"), "not a reference"),
];

#[test]
fn a_broken_heart_rate_is_caught() {
    assert!(OF_HEART_RATE.len() > 20);
    let good = rendered(&statement(Metric::HeartRate, 725, Some((550, 1_480))));
    assert_caught(&good, OF_HEART_RATE);
}

#[track_caller]
fn assert_caught(good: &Value, damages: &[(&str, Damage, &str)]) {
    assert_eq!(check(good), []);
    for (name, damage, found) in damages {
        let mut broken = good.clone();
        damage(&mut broken);
        let findings: Vec<String> = check(&broken).iter().map(ToString::to_string).collect();
        assert!(findings.iter().any(|it| it.contains(found)), "{name}: {findings:#?}");
    }
}

const OF_STEPS: &[(&str, Damage, &str)] = &[
    (
        "not_a_vital_sign",
        |it| it["category"][0]["coding"][0]["code"] = json!("vital-signs"),
        "category activity",
    ),
    ("unit_in_words", |it| it["valueQuantity"]["code"] = json!("steps"), "not a UCUM code"),
    (
        "an_hour_is_no_day",
        |it| it["effectivePeriod"]["end"] = json!("2026-11-20T00:59:59+01:00"),
        "within one civil day",
    ),
    (
        "next_midnight",
        |it| it["effectivePeriod"]["end"] = json!("2026-11-21T00:00:00+01:00"),
        "within one civil day",
    ),
    (
        "at_an_instant",
        |it| {
            unset(it, "effectivePeriod");
            it["effectiveDateTime"] = json!("2026-11-20T00:00:00+01:00");
        },
        "within one civil day",
    ),
    ("not_over", |it| it["status"] = json!("preliminary"), "not over"),
];

#[test]
fn a_broken_day_of_steps_is_caught() {
    assert_caught(&rendered(&statement(Metric::Steps, 9_312, None)), OF_STEPS);
}

fn searchset(entries: &Value) -> Value {
    json!({"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": entries})
}

#[test]
fn a_bundle_is_checked_with_what_is_in_it() {
    let good = rendered(&statement(Metric::Steps, 1, None));
    let entry = |resource: &Value| {
        json!({"fullUrl": "https://phr.example/fhir/Observation/1", "resource": resource,
               "search": {"mode": "match"}})
    };
    assert_eq!(check(&searchset(&json!([entry(&good)]))), []);
    let mut bad = good.clone();
    bad["status"] = json!("done");
    assert_eq!(check(&searchset(&json!([entry(&bad)]))).len(), 1);
    let twice = check(&searchset(&json!([entry(&good), entry(&good)])));
    assert_eq!(twice[0].says, "fullUrl is there twice");
    assert_eq!(check(&searchset(&json!([])))[0].says, "an empty list");
    let relative = json!([{"fullUrl": "Observation/1", "resource": good}]);
    assert_eq!(check(&searchset(&relative)).len(), 2);
}

#[test]
fn a_type_that_we_do_not_write_is_a_finding() {
    assert_eq!(check(&json!({"resourceType": "Practitioner"})).len(), 1);
    assert_eq!(check(&json!("text")).len(), 1);
}

#[test]
fn a_finding_never_quotes_a_measured_value() {
    let mut heart_rate = rendered(&statement(Metric::HeartRate, 725, None));
    heart_rate["valueQuantity"]["value"] = json!("72.5");
    heart_rate["valueQuantity"]["code"] = json!("bpm");
    let findings: Vec<String> = check(&heart_rate).iter().map(ToString::to_string).collect();
    assert!(!findings.is_empty());
    assert!(!findings.join(" ").contains("72.5"));
}
