//! FHIR R4 (4.0.1) resources made from what we hold, byte-deterministic: the same Observation
//! always serialises to the same bytes, so that unchanged content is never sent twice.
//!
//! The resources are a handful of serde structs in the order FHIR lists the elements; nothing
//! outside what devices need.

mod observation;
mod patient;
mod terminology;

pub use observation::{Observation, observation};
pub use patient::{Patient, patient};
pub use terminology::{CodeableConcept, Coding, Identifier, Quantity, Reference};
