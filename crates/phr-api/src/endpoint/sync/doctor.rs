//! What the connection doctor says, as JSON.

use jiff::Timestamp;
use phr_sync::Diagnosis;
use serde::Serialize;
use utoipa::ToSchema;

/// What a connection lacks, who must act, and what to do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "verdict": "attention",
    "cause": "The tracker has sent nothing to Fitbit for two days or more.",
    "who_must_act": "person",
    "what_to_do": "Open the Fitbit app near the tracker, with Bluetooth on, and let it sync.",
    "since": "2026-11-18T06:12:45Z",
    "detail_code": "device_not_synced"
}))]
pub struct DoctorEntry {
    /// `healthy`, `attention` (readings arrive, but something is missing or will be), `failing` (none
    /// arrive at the moment) or `not_connected`.
    pub verdict: &'static str,
    /// What is wrong, for people.
    pub cause: &'static str,
    /// `person`, `operator`, `vendor` or `nobody`.
    pub who_must_act: &'static str,
    /// What to do, for people.
    pub what_to_do: String,
    /// Since when, as far as it is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Stable, for programs.
    pub detail_code: &'static str,
}

impl From<Diagnosis> for DoctorEntry {
    fn from(diagnosis: Diagnosis) -> Self {
        let remedy = diagnosis.remedy;
        Self {
            verdict: remedy.verdict.key(),
            cause: remedy.cause,
            who_must_act: remedy.who.key(),
            what_to_do: diagnosis.what_to_do,
            since: diagnosis.since,
            detail_code: remedy.code,
        }
    }
}
