//! Delivery: what lags behind at a FHIR server is sent, and what it confirms is written down.
//!
//! The feed of changes is the queue. A turn takes one person's place in it, sends what comes next in
//! bundles, one at a time, and moves the place behind what was confirmed or parked. Sending twice is
//! sending once, because every resource is addressed by an id of its own. So a process may die at any
//! moment: the next one sends the same again.
//!
//! Where a destination wants a metric in another form than is kept, the days that changed are made anew
//! from their samples first; what is made is written down and then sent like anything else.

mod days;
mod deliverer;
mod erasure;
mod introduction;
mod parcel;
mod remaking;
mod schedule;
mod turn;
mod way;

pub use deliverer::{Deliverer, Job, Settings};
pub use erasure::{EraseError, Erasure};
