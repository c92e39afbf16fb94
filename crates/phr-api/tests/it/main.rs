//! The API through its front door.

#![cfg(test)]

mod accounts;
mod authorization;
mod backfill;
mod bad_input;
mod changes;
mod changes_stream;
mod connecting;
mod contract;
mod delivery;
mod devices;
mod failures;
mod fhir;
mod fhir_export;
mod fhir_search;
mod layers;
mod limits;
mod openapi;
mod reading;
mod sessions;
mod smart;
mod smart_tokens;
mod status;
mod subscriptions;
mod tokens;
mod webhooks;

#[path = "../support/mod.rs"]
mod support;
