//! Observation (<https://hl7.org/fhir/R4/observation.html>) and the R4 vital-signs profiles.

use phr_model::{Effective, Metric, PatientId, metric::Category};
use serde::Serialize;

use crate::terminology::{
    CATEGORY, CodeableConcept, Coding, Identifier, LOINC, Quantity, Reference,
};

/// LOINC for the maximum that goes with a mean heart rate; there is none for the minimum.
const HEART_RATE_MAXIMUM: Coding = Coding {
    system: std::borrow::Cow::Borrowed(LOINC),
    code: std::borrow::Cow::Borrowed("55426-1"),
    display: Some("Heart rate unspecified time maximum by Pedometer"),
};

/// A FHIR Observation.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    resource_type: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
    identifier: [Identifier; 1],
    status: &'static str,
    category: [CodeableConcept; 1],
    code: CodeableConcept,
    subject: Reference,
    #[serde(flatten)]
    effective: Effect,
    issued: String,
    performer: [Reference; 1],
    value_quantity: Quantity,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    component: Vec<Component>,
}

#[derive(Debug, Clone, Serialize)]
struct Meta {
    profile: [&'static str; 1],
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
enum Effect {
    EffectiveDateTime(String),
    EffectivePeriod { start: String, end: String },
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component {
    code: CodeableConcept,
    value_quantity: Quantity,
}

/// The Observation as FHIR R4. `base` is the public URL of this server: it names our own code and
/// identifier systems.
pub fn observation(
    observation: &phr_model::Observation,
    patient: PatientId,
    vendor: &str,
    base: &str,
) -> Observation {
    let says = &observation.says;
    let facts = says.metric.facts();
    let base = base.trim_end_matches('/');
    let subject = Reference { reference: format!("Patient/{patient}") };
    Observation {
        resource_type: "Observation",
        id: says.id.to_string(),
        meta: facts.profile.map(|profile| Meta { profile: [profile] }),
        identifier: [Identifier {
            system: format!("{base}/fhir/sid/{vendor}-observation"),
            value: says.id.to_string(),
        }],
        status: observation.status.key(),
        category: [category(facts.category)],
        code: code(says.metric, says.low.is_some()),
        subject: subject.clone(),
        effective: effective(&says.effective),
        issued: observation.issued.to_string(),
        performer: [subject],
        value_quantity: Quantity::of(says.metric, says.value),
        component: components(says, base),
    }
}

fn category(category: Category) -> CodeableConcept {
    let (code, display) = match category {
        Category::VitalSigns => ("vital-signs", "Vital Signs"),
        Category::Activity => ("activity", "Activity"),
    };
    let coding = Coding { system: CATEGORY.into(), code: code.into(), display: Some(display) };
    CodeableConcept { coding: vec![coding], text: None }
}

/// A single heart-rate sample is not a mean, so it carries the plain code alone.
fn code(metric: Metric, is_summary: bool) -> CodeableConcept {
    let facts = metric.facts();
    let sample_of_mean = metric == Metric::HeartRate && !is_summary;
    let codes = if sample_of_mean { facts.loinc.get(..1) } else { None };
    let coding = codes.unwrap_or(facts.loinc).iter().map(|loinc| Coding {
        system: LOINC.into(),
        code: loinc.code.into(),
        display: Some(loinc.display),
    });
    CodeableConcept { coding: coding.collect(), text: Some(facts.api.display) }
}

fn effective(effective: &Effective) -> Effect {
    match effective {
        Effective::Instant(at) => Effect::EffectiveDateTime(at.to_string()),
        Effective::Period(start, end) => {
            Effect::EffectivePeriod { start: start.to_string(), end: end.to_string() }
        }
    }
}

/// Minimum and maximum, as local codes where LOINC has none.
fn components(says: &phr_model::Draft, base: &str) -> Vec<Component> {
    let local = |bound: &str| Coding {
        system: format!("{base}/fhir/CodeSystem/wearable-metric").into(),
        code: format!("{}-{bound}", says.metric.key().replace('_', "-")).into(),
        display: None,
    };
    let maximum = match says.metric {
        Metric::HeartRate => HEART_RATE_MAXIMUM,
        _ => local("max"),
    };
    let bounds = [(local("min"), says.low), (maximum, says.high)];
    bounds
        .into_iter()
        .filter_map(|(coding, value)| {
            Some(Component {
                code: CodeableConcept { coding: vec![coding], text: None },
                value_quantity: Quantity::of(says.metric, value?),
            })
        })
        .collect()
}
