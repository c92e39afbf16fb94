//! Whether a resource has the elements that R4 gives it, and in the right types.

use serde_json::{Map, Value};

use super::{
    Findings,
    schema::{Element, Kind, Often},
    time::{self, Spelled},
    vocabulary::UNITS,
};
use crate::datatypes::UCUM;

/// Longest `id`.
const LONGEST_ID: usize = 64;

pub(super) fn check(value: &Value, elements: &[&[Element]], place: &str, findings: &mut Findings) {
    let Value::Object(object) = value else {
        return findings.add(place, "not an object");
    };
    findings.expect(!object.is_empty(), place, "an empty object");
    let all = || elements.iter().flat_map(|part| part.iter());
    for name in object.keys().filter(|name| *name != "resourceType") {
        if !all().any(|element| element.name == name) {
            findings.add(place, format!("there is no element {name}"));
        }
    }
    for element in all() {
        let place = format!("{place}.{}", element.name);
        check_element(object, element, &place, findings);
    }
}

fn check_element(
    object: &Map<String, Value>,
    element: &Element,
    place: &str,
    findings: &mut Findings,
) {
    match (object.get(element.name), element.often) {
        (None, Often::Once | Often::Some) => findings.add(place, "is required"),
        (None, Often::Maybe | Often::Any) => {}
        (Some(Value::Array(items)), Often::Some | Often::Any) => {
            findings.expect(!items.is_empty(), place, "an empty list");
            for (n, item) in items.iter().enumerate() {
                check_value(item, &element.kind, &format!("{place}[{n}]"), findings);
            }
        }
        (Some(_), Often::Some | Often::Any) => findings.add(place, "must be a list"),
        (Some(value), Often::Once | Often::Maybe) => {
            check_value(value, &element.kind, place, findings);
        }
    }
}

fn check_value(value: &Value, kind: &Kind, place: &str, findings: &mut Findings) {
    match (kind, value) {
        (Kind::Anything, _) => check_nothing_empty(value, place, findings),
        (Kind::Object(elements), _) => check(value, elements, place, findings),
        (Kind::Quantity(elements), _) => {
            check(value, elements, place, findings);
            check_quantity(value, place, findings);
        }
        (Kind::Period(elements), _) => {
            check(value, elements, place, findings);
            check_period(value, place, findings);
        }
        (Kind::Decimal, Value::Number(_)) | (Kind::Boolean, Value::Bool(_)) => {}
        (Kind::Count, Value::Number(number)) => {
            findings.expect(number.as_u64().is_some(), place, "must be a whole number");
        }
        (_, Value::String(text)) => check_text(text, kind, place, findings),
        _ => findings.add(place, "a value of the wrong type"),
    }
}

fn check_text(text: &str, kind: &Kind, place: &str, findings: &mut Findings) {
    findings.expect(!text.is_empty(), place, "an empty text");
    match kind {
        Kind::Text => {}
        Kind::Code(known) => {
            findings.expect(known.contains(&text), place, "a code that R4 does not allow");
        }
        Kind::Id => {
            let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            let ok = text.len() <= LONGEST_ID && text.chars().all(legal);
            findings.expect(ok, place, "an id is 1 to 64 of A-Z, a-z, 0-9, - and .");
        }
        Kind::Uri => {
            let ok = text.contains(':') && !text.contains(char::is_whitespace);
            findings.expect(ok, place, "not an absolute URI");
        }
        Kind::Relative => {
            let ok = text.split('/').count() >= 2 && !text.contains(char::is_whitespace);
            findings.expect(ok, place, "not a reference of the form Type/id");
        }
        Kind::DateTime => {
            let ok = time::date_time(text).is_some();
            findings.expect(ok, place, "hours need minutes, seconds and an offset from UTC");
        }
        Kind::Instant => {
            let ok = time::instant(text).is_some();
            findings.expect(ok, place, "an instant has seconds and an offset from UTC");
        }
        _ => findings.add(place, "a value of the wrong type"),
    }
}

/// qty-3, and that what calls itself UCUM is UCUM.
fn check_quantity(quantity: &Value, place: &str, findings: &mut Findings) {
    let code = quantity["code"].as_str();
    let has_system = quantity["system"].is_string();
    findings.expect(code.is_none() || has_system, place, "qty-3: a unit's code needs a system");
    if let (Some(code), true) = (code, quantity["system"] == UCUM) {
        findings.expect(UNITS.contains(&code), place, "not a UCUM code that we know");
    }
}

/// per-1.
fn check_period(period: &Value, place: &str, findings: &mut Findings) {
    let end = |name: &str| period[name].as_str().and_then(time::date_time);
    if let (Some(Spelled::Instant(start, _)), Some(Spelled::Instant(end, _))) =
        (end("start"), end("end"))
    {
        findings.expect(start <= end, place, "per-1: it ends before it starts");
    }
}

/// Nothing in FHIR is null or empty.
fn check_nothing_empty(value: &Value, place: &str, findings: &mut Findings) {
    match value {
        Value::Null => findings.add(place, "null"),
        Value::String(text) => findings.expect(!text.is_empty(), place, "an empty text"),
        Value::Array(items) => {
            findings.expect(!items.is_empty(), place, "an empty list");
            for (n, item) in items.iter().enumerate() {
                check_nothing_empty(item, &format!("{place}[{n}]"), findings);
            }
        }
        Value::Object(members) => {
            findings.expect(!members.is_empty(), place, "an empty object");
            for (name, member) in members {
                check_nothing_empty(member, &format!("{place}.{name}"), findings);
            }
        }
        Value::Bool(_) | Value::Number(_) => {}
    }
}
