//! The emulator over HTTP.

mod admin;
mod connecting;
mod faults;
mod journeys;
mod reading;
mod refusals;
mod rollups;
mod schema;
mod support;
