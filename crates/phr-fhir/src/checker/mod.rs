//! Our own judge of resources, for tests and for looking at what is about to be sent: the structure
//! of R4, its invariants, the vital-signs profiles, units and names. It is strict about what we
//! write and knows nothing beyond; the HL7 validator remains the authority.
//!
//! Sources: the R4 StructureDefinitions of Observation, vitalsigns, heartrate, oxygensat and
//! bodyweight (<https://hl7.org/fhir/R4/observation-vitalsigns.html>), and the codes to which the
//! HL7 validator applies those profiles by itself.

mod observation;
mod schema;
mod shape;
mod time;
mod vocabulary;

use serde_json::Value;

/// Something that is wrong with a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: `Observation.component[0].valueQuantity`.
    pub place: String,
    /// What is wrong. Names codes and elements, never a measured value.
    pub says: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.says)
    }
}

/// What has been found so far.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, place: &str, says: impl Into<String>) {
        self.0.push(Finding { place: place.to_owned(), says: says.into() });
    }

    /// Notes that something does not hold.
    fn expect(&mut self, holds: bool, place: &str, says: &str) {
        if !holds {
            self.add(place, says);
        }
    }
}

/// Everything that is wrong with `resource`; nothing if it is good. Bundles are checked with what
/// is in them.
pub fn check(resource: &Value) -> Vec<Finding> {
    let mut findings = Findings::default();
    check_resource(resource, "", &mut findings);
    findings.0
}

fn check_resource(resource: &Value, within: &str, findings: &mut Findings) {
    let kind = resource["resourceType"].as_str().unwrap_or_default();
    let place = if within.is_empty() { kind.to_owned() } else { format!("{within}.{kind}") };
    let Some(elements) = schema::of_resource(kind) else {
        return findings.add(&place, "a resource of a type that we do not write");
    };
    shape::check(resource, elements, &place, findings);
    match kind {
        // Of a part, nothing can be said but that its elements are sound.
        "Observation" if is_part(resource) => {}
        "Observation" => observation::check(resource, &place, findings),
        "Bundle" => check_bundle(resource, &place, findings),
        _ => {}
    }
}

fn is_part(resource: &Value) -> bool {
    list(&resource["meta"]["tag"]).iter().any(|tag| tag["code"] == "SUBSETTED")
}

fn check_bundle(bundle: &Value, place: &str, findings: &mut Findings) {
    let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let may_repeat = bundle["type"] == "history";
    let mut seen = std::collections::HashSet::new();
    for (n, entry) in entries.iter().enumerate() {
        let place = format!("{place}.entry[{n}]");
        if let Some(url) = entry["fullUrl"].as_str() {
            findings.expect(may_repeat || seen.insert(url), &place, "fullUrl is there twice");
        }
        if bundle["type"] == "searchset" {
            let mode = entry["search"]["mode"].is_string();
            findings.expect(mode, &place, "an entry of a searchset has no search.mode");
        }
        if let Some(resource) = entry.get("resource") {
            check_resource(resource, &place, findings);
        }
    }
}

/// The elements of a list, or nothing.
fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
