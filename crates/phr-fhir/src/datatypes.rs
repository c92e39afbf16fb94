//! The data types that resources share (<https://hl7.org/fhir/R4/datatypes.html>).

use jiff::{Timestamp, tz::Offset};
use phr_model::{Metric, Moment, metric::Loinc, part::PartFacts};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// LOINC.
pub(crate) const LOINC: &str = "http://loinc.org";
/// The Unified Code for Units of Measure.
pub(crate) const UCUM: &str = "http://unitsofmeasure.org";
/// Observation categories.
pub(crate) const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

/// What is known about a resource itself.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta<'a> {
    /// The version, where we are the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// When this version was made, where we are the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
    /// Profiles it conforms to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<[&'a str; 1]>,
    /// The vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<[Coding<'a>; 1]>,
}

impl Meta<'_> {
    /// The version that we serve.
    #[must_use]
    pub(crate) fn versioned(self, version: u32, made: Timestamp) -> Self {
        Self { version_id: Some(version.to_string()), last_updated: Some(made), ..self }
    }
}

/// A code in a code system.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Coding<'a> {
    /// Canonical URL of the code system.
    pub system: &'a str,
    /// The code.
    pub code: &'a str,
    /// The code system's own name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<&'a str>,
}

impl<'a> Coding<'a> {
    /// One of our own codes, which have no other name.
    pub(crate) fn of_ours(system: &'a str, code: &'static str) -> Self {
        Self { system, code, display: None }
    }
}

impl From<&Loinc> for Coding<'_> {
    fn from(loinc: &Loinc) -> Self {
        Self { system: LOINC, code: loinc.code, display: Some(loinc.display) }
    }
}

/// A concept, by code and in words.
#[derive(Debug, Clone, Serialize)]
pub struct CodeableConcept<'a> {
    /// Codes, the most exact first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coding: Vec<Coding<'a>>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
}

impl<'a> CodeableConcept<'a> {
    /// A single code.
    pub(crate) fn code(system: &'a str, code: &'a str, display: Option<&'a str>) -> Self {
        Self { coding: vec![Coding { system, code, display }], text: None }
    }
}

/// A measured amount.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Quantity {
    /// The number, with the digits that were measured.
    pub value: Decimal,
    /// The unit in words.
    pub unit: &'static str,
    /// Always UCUM.
    pub system: &'static str,
    /// UCUM code.
    pub code: &'static str,
}

impl Quantity {
    /// `value` base units of `metric`.
    pub(crate) fn of(metric: Metric, value: i64) -> Self {
        let facts = metric.facts();
        let value = Decimal { value, scale: facts.scale };
        Self { value, unit: facts.api.unit, system: UCUM, code: facts.ucum }
    }

    /// `amount` base units of a part.
    pub(crate) fn of_part(facts: &PartFacts, amount: i64) -> Self {
        let value = Decimal { value: amount, scale: facts.scale };
        Self { value, unit: facts.unit, system: UCUM, code: facts.ucum }
    }
}

/// `value / scale`, exactly: FHIR decimals are printed from integers and never pass through floats.
/// No digit that was measured is lost, and none is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// In base units.
    pub value: i64,
    /// Base units per unit: a power of ten.
    pub scale: i64,
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scale = self.scale.unsigned_abs().max(1);
        let (whole, rest) = (self.value.unsigned_abs() / scale, self.value.unsigned_abs() % scale);
        let sign = if self.value < 0 { "-" } else { "" };
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let places = scale.ilog10() as usize;
        let digits = format!("{rest:0places$}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.scale != 0 && self.value % self.scale == 0 {
            return serializer.serialize_i64(self.value / self.scale);
        }
        let number = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

/// A dateTime with the offset of where the person was. FHIR knows whole minutes up to fourteen
/// hours; an instant that came with anything else is told in UTC.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateTime(pub(crate) Moment);

impl std::fmt::Display for DateTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Moment { at, offset_seconds } = self.0;
        let told = offset_seconds % 60 == 0 && offset_seconds.abs() <= 14 * 3_600;
        match Offset::from_seconds(offset_seconds) {
            Ok(offset) if told => at.display_with_offset(offset).fmt(f),
            _ => at.fmt(f),
        }
    }
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From `start` to `end`, both included.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Period {
    pub(crate) start: DateTime,
    pub(crate) end: DateTime,
}

/// A business identifier.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Identifier<'a, V = &'a str> {
    /// Who issued it.
    pub system: &'a str,
    /// The identifier.
    pub value: V,
}

/// A reference to another resource.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Reference<'a> {
    /// `Type/id`, relative to the server that holds both.
    pub reference: &'a str,
}
