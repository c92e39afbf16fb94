//! Proof instead of trust: everything that is derived is derived again and compared with what is
//! held, and what is held is compared with what the vendor says.
//!
//! The rules are pure ([`day`], [`against`], [`schedule`]); [`record`] walks a person's record through
//! them, [`vendor`] asks the vendor. Nothing is repaired here.

pub mod against;
pub mod day;
pub mod finding;
mod observations;
pub mod record;
pub mod schedule;
pub mod vendor;

use phr_model::Metric;

pub use finding::{Class, Findings, Verified, What};

/// Tells how far a long check has come: which metric, and how many days of it were checked.
pub type Listener<'a> = &'a (dyn Fn(Metric, u64) + Send + Sync);
