//! FHIR R4 (4.0.1) resources made from what we hold, byte-deterministic: the same Observation
//! always serialises to the same bytes, so that unchanged content is never sent twice. And their
//! [`delivery`] to FHIR servers.
//!
//! The resources are a handful of serde structs in the order FHIR lists the elements; nothing
//! outside what devices need. A [`Chart`] makes those of one person.

pub mod bundle;
pub mod capability;
mod chart;
pub mod checker;
mod datatypes;
pub mod delivery;
pub mod destination;
mod device;
mod observation;
mod outcome;
mod patient;
mod provenance;

pub use bundle::{Bundle, BundleKind, Entry, Link, Resource};
pub use capability::{OauthUris, capability_statement};
pub use chart::Chart;
pub use datatypes::{CodeableConcept, Coding, Identifier, Meta, Quantity, Reference};
pub use device::Device;
pub use observation::Observation;
pub use outcome::OperationOutcome;
pub use patient::Patient;
pub use provenance::Provenance;

/// Half of the SHA-256 of `content`: enough to know it again.
pub(crate) fn fingerprint(content: &[u8]) -> phr_store::delivery::Fingerprint {
    let digest = <sha2::Sha256 as sha2::Digest>::digest(content);
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    uuid::Uuid::from_bytes(half)
}
