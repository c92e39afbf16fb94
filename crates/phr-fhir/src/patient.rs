//! Patient (<https://hl7.org/fhir/R4/patient.html>).

use jiff::Timestamp;
use phr_model::PatientId;
use serde::Serialize;

use crate::{
    chart::Chart,
    datatypes::{Identifier, Meta},
};

/// A FHIR Patient: who the readings are about. Only what the person gave; the e-mail address stays
/// with the account.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Patient<'a> {
    resource_type: &'static str,
    id: PatientId,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta<'a>>,
    identifier: [Identifier<'a, PatientId>; 1],
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<[HumanName<'a>; 1]>,
}

#[derive(Debug, Clone, Serialize)]
struct HumanName<'a> {
    text: &'a str,
}

impl Chart {
    /// The Patient as another server is to hold it: an identifier, and no name.
    pub fn patient(&self) -> Patient<'_> {
        Patient {
            resource_type: "Patient",
            id: self.patient,
            meta: None,
            identifier: [Identifier { system: &self.user_system, value: self.patient }],
            active: true,
            name: None,
        }
    }

    /// The Patient as we serve it to the person and to apps that the person lets in.
    pub fn served_patient<'a>(&'a self, name: &'a str, since: Timestamp) -> Patient<'a> {
        let name = name.trim();
        Patient {
            meta: Some(Meta::default().versioned(1, since)),
            name: (!name.is_empty()).then_some([HumanName { text: name }]),
            ..self.patient()
        }
    }
}
