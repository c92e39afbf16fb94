//! What is counted and timed. [`catalogue`] lists every metric with its labels and the values these
//! may take; [`record`] has one function for each thing that happens, and nothing else in the
//! product names a metric. Nothing about a person fits in: no label takes an id, an address, a
//! token or a reading (LG-04).
//!
//! Without an [`Exporter`] recording costs next to nothing and goes nowhere.

pub mod catalogue;
pub mod exporter;
pub mod exposition;
pub mod instrument;
pub mod record;

pub use exporter::{Exporter, InstallError};
