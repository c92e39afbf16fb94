//! The emulator over HTTP.

#![expect(clippy::unwrap_used, reason = "a failed step of a test should stop it")]
#![expect(clippy::float_cmp, reason = "sums of whole numbers are exact")]
#![expect(clippy::cast_precision_loss, reason = "counts are small")]

mod admin;
mod connecting;
mod faults;
mod journeys;
mod reading;
mod recorded;
mod refusals;
mod rollups;
mod schema;
mod support;
mod web_api;
mod webhooks;
