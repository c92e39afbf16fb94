//! What was asked of the emulator: counts by endpoint, data type and status, never contents.

use std::collections::BTreeMap;

/// Counts of requests and answers.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// By endpoint and data type, such as `list heart-rate` or `token`.
    counts: BTreeMap<String, u64>,
    /// By HTTP status.
    statuses: BTreeMap<u16, u64>,
}

impl Requests {
    pub(crate) fn count(&mut self, endpoint: &str, status: u16) {
        *self.counts.entry(endpoint.to_owned()).or_default() += 1;
        *self.statuses.entry(status).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }

    pub(crate) fn statuses(&self) -> BTreeMap<u16, u64> {
        self.statuses.clone()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
