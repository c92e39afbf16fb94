//! Delivery, on the FHIR server of the sandbox and on whatever database the suite runs on.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod addressing;
mod charts;
mod erasing;
mod failing;
mod following;
mod forms;
mod scene;
mod signing_in;
