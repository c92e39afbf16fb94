//! One number for everything that is held about a person, the same on every database.
//!
//! Everything that a re-run must leave as it is goes in: also versions, statuses, and the time stamps
//! `issued` and `read_at`. Left out are a person's revision (it counts transactions, not content),
//! runs and the connection.

use jiff::civil::Date;
use phr_model::{Coverage, Metric, Observation, Part};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Rows must come in this order: samples by metric, date and source; Observations by id; coverage by
/// metric and date. Names are compared byte by byte.
#[derive(Default)]
pub(crate) struct RecordDigest(Sha256);

impl RecordDigest {
    /// A day of samples by the digest of its content.
    pub(crate) fn samples(&mut self, metric: Metric, date: Date, source: &str, digest: [u8; 32]) {
        self.row(&json!(["samples", metric.key(), date.to_string(), source, digest]));
    }

    /// An Observation, withdrawn or not.
    pub(crate) fn observation(&mut self, observation: &Observation) {
        let says = &observation.says;
        let parts = Part::to_text(&says.parts);
        let moment = |at: phr_model::Moment| json!([at.at.as_microsecond(), at.offset_seconds]);
        let mut row = json!([
            "observation",
            says.id,
            says.metric.key(),
            says.date.to_string(),
            moment(says.effective.start()),
            says.effective.end().map(moment),
            says.value,
            says.low,
            says.high,
            says.preliminary,
            observation.status.key(),
            observation.version,
            observation.issued.as_microsecond(),
        ]);
        // As it was when no Observation had parts.
        if let (Some(parts), Some(row)) = (parts, row.as_array_mut()) {
            row.push(parts.into());
        }
        self.row(&row);
    }

    /// What is known about a day, with the number of its Observations that stand.
    pub(crate) fn coverage(&mut self, known: &Coverage, observations: u32) {
        self.row(&json!([
            "coverage",
            known.metric.key(),
            known.date.to_string(),
            known.state.key(),
            known.reason.map(phr_model::Reason::key),
            known.samples,
            known.implausible,
            known.ours,
            known.vendor,
            known.read_at.map(jiff::Timestamp::as_microsecond),
            known.read_closed,
            observations,
        ]));
    }

    /// One line of JSON a row: no two different rows read alike.
    fn row(&mut self, row: &Value) {
        self.0.update(row.to_string());
        self.0.update("\n");
    }

    /// The digest of all rows so far.
    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
