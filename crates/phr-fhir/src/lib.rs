//! FHIR R4 (4.0.1) resources made from what we hold, byte-deterministic: the same Observation
//! always serialises to the same bytes, so that unchanged content is never sent twice.
//!
//! The resources are a handful of serde structs in the order FHIR lists the elements; nothing
//! outside what devices need. A [`Chart`] makes those of one person.

mod chart;
pub mod checker;
mod datatypes;
mod device;
mod observation;
mod patient;
mod provenance;

pub use chart::Chart;
pub use datatypes::{CodeableConcept, Coding, Identifier, Meta, Quantity, Reference};
pub use device::Device;
pub use observation::Observation;
pub use patient::Patient;
pub use provenance::Provenance;
