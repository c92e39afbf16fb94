//! The data types that resources share (<https://hl7.org/fhir/R4/datatypes.html>).

use std::borrow::Cow;

use phr_model::Metric;
use serde::Serialize;

/// LOINC.
pub(crate) const LOINC: &str = "http://loinc.org";
/// The Unified Code for Units of Measure.
pub(crate) const UCUM: &str = "http://unitsofmeasure.org";
/// Observation categories.
pub(crate) const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

/// A code in a code system.
#[derive(Debug, Clone, Serialize)]
pub struct Coding {
    /// Canonical URL of the code system.
    pub system: Cow<'static, str>,
    /// The code.
    pub code: Cow<'static, str>,
    /// The code system's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<&'static str>,
}

/// A concept, by code and in words.
#[derive(Debug, Clone, Serialize)]
pub struct CodeableConcept {
    /// Codes, the most exact first.
    pub coding: Vec<Coding>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'static str>,
}

/// A measured amount. FHIR decimals are exact: they are printed from integers, never from floats.
#[derive(Debug, Clone, Serialize)]
pub struct Quantity {
    /// The number, with the digits that were measured.
    pub value: serde_json::Number,
    /// The unit in words.
    pub unit: &'static str,
    /// Always UCUM.
    pub system: &'static str,
    /// UCUM code.
    pub code: &'static str,
}

/// A business identifier.
#[derive(Debug, Clone, Serialize)]
pub struct Identifier {
    /// Who issued it.
    pub system: String,
    /// The identifier.
    pub value: String,
}

/// A reference to another resource.
#[derive(Debug, Clone, Serialize)]
pub struct Reference {
    /// `Type/id`.
    pub reference: String,
}

impl Quantity {
    /// `value` base units of `metric`.
    pub(crate) fn of(metric: Metric, value: i64) -> Self {
        let facts = metric.facts();
        let value = number(value, facts.scale);
        Self { value, unit: facts.api.unit, system: UCUM, code: facts.ucum }
    }
}

/// `value / scale` as JSON: an integer where it is one. An f64 prints the shortest decimal that
/// reads back as itself, which for a quotient of integers below 2^53 by a power of ten is the exact
/// quotient.
fn number(value: i64, scale: i64) -> serde_json::Number {
    if value % scale == 0 {
        return (value / scale).into();
    }
    #[expect(clippy::cast_precision_loss, reason = "plausible values are far below 2^53")]
    let quotient = value as f64 / scale as f64;
    serde_json::Number::from_f64(quotient).unwrap_or_else(|| (value / scale).into())
}
