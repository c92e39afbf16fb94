//! Patient (<https://hl7.org/fhir/R4/patient.html>).

use phr_model::PatientId;
use serde::Serialize;

/// A FHIR Patient: who the readings are about. No name or address: those stay with the account.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Patient {
    resource_type: &'static str,
    id: String,
    active: bool,
}

/// The Patient of a person.
pub fn patient(id: PatientId) -> Patient {
    Patient { resource_type: "Patient", id: id.to_string(), active: true }
}
