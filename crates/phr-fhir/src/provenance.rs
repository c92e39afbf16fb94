//! Provenance (<https://hl7.org/fhir/R4/provenance.html>), made on request: who said what an
//! Observation says, and through whom it came.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    chart::Chart,
    datatypes::{CodeableConcept, Meta},
};

/// Kinds of agents in R4.
const AGENT: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
/// R4 has no transmitter; US Core has.
const AGENT_OF_US_CORE: &str =
    "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type";

/// A FHIR Provenance.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance<'a> {
    resource_type: &'static str,
    id: Uuid,
    meta: Meta<'a>,
    target: [Target; 1],
    recorded: Timestamp,
    agent: [Agent<'a>; 2],
}

#[derive(Debug, Clone, Serialize)]
struct Target {
    reference: String,
}

#[derive(Debug, Clone, Serialize)]
struct Agent<'a> {
    r#type: CodeableConcept<'a>,
    who: Who<'a>,
}

#[derive(Debug, Clone, Serialize)]
struct Who<'a> {
    display: &'a str,
}

impl Chart {
    /// Where an Observation comes from: the vendor said it, we passed it on.
    pub fn provenance(&self, observation: &phr_model::Observation) -> Provenance<'_> {
        let id = observation.says.id;
        let author = CodeableConcept::code(AGENT, "author", Some("Author"));
        let transmitter =
            CodeableConcept::code(AGENT_OF_US_CORE, "transmitter", Some("Transmitter"));
        Provenance {
            resource_type: "Provenance",
            // One Provenance an Observation: under the same id.
            id,
            meta: Meta::default().versioned(observation.version, observation.issued),
            target: [Target { reference: format!("Observation/{id}") }],
            recorded: observation.issued,
            agent: [
                Agent { r#type: author, who: Who { display: self.vendor_name() } },
                Agent { r#type: transmitter, who: Who { display: "PHR Backend" } },
            ],
        }
    }
}
