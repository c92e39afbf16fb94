//! What a run did, per metric: for the person, the log and `sync_run`. Never a health value.

use phr_model::{DateRange, Metric};
use phr_store::reading::Changes;
use serde::{Deserialize, Serialize};

/// How a run, or one metric of it, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that is permitted was compared and read.
    Complete,
    /// Some of it was.
    Partial,
    /// Nothing was.
    Failed,
    /// The person did not grant the scope.
    NotPermitted,
}

/// One metric of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricReport {
    /// Which.
    pub metric: Metric,
    /// How it ended.
    pub outcome: Outcome,
    /// Days compared with the vendor's figures.
    pub days_compared: u32,
    /// Days read because they differed, were open or were never read.
    pub days_read: u32,
    /// Days whose samples turned out changed.
    pub days_changed: u32,
    /// Samples held in the days that were read.
    pub samples: u64,
    /// Observations written for the first time.
    pub created: u32,
    /// Observations with a new version.
    pub revised: u32,
    /// Observations withdrawn.
    pub withdrawn: u32,
    /// Stable code of the failure, if it failed.
    pub error: Option<String>,
}

/// A whole run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    /// The days that were kept in step.
    pub days: DateRange,
    /// How it ended.
    pub outcome: Outcome,
    /// Per metric.
    pub metrics: Vec<MetricReport>,
}

/// Heard while a run goes on, for progress displays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The metric being read.
    pub metric: Metric,
    /// Days of it that are done.
    pub days_done: u32,
    /// Days of it that are to be read in this run.
    pub days_to_read: u32,
}

impl MetricReport {
    /// A metric that has not been tried yet.
    pub(crate) fn new(metric: Metric) -> Self {
        Self {
            metric,
            outcome: Outcome::Failed,
            days_compared: 0,
            days_read: 0,
            days_changed: 0,
            samples: 0,
            created: 0,
            revised: 0,
            withdrawn: 0,
            error: None,
        }
    }

    /// A window was replaced.
    pub(crate) fn add(&mut self, window: DateRange, changes: &Changes) {
        self.days_read += u32::try_from(window.len()).unwrap_or(0);
        self.days_changed += changes.days;
        self.samples += changes.samples;
        self.created += changes.created;
        self.revised += changes.revised;
        self.withdrawn += changes.withdrawn;
    }

    /// The metric failed, perhaps after some of its days were read.
    pub(crate) fn fail(&mut self, code: &str, permitted: bool) {
        self.error = Some(code.to_owned());
        self.outcome = match (permitted, self.days_read) {
            (false, _) => Outcome::NotPermitted,
            (true, 0) => Outcome::Failed,
            (true, _) => Outcome::Partial,
        };
    }
}

impl Outcome {
    /// A run is complete only when each permitted metric is.
    pub(crate) fn of(metrics: &[MetricReport]) -> Self {
        let mut permitted = metrics
            .iter()
            .map(|report| report.outcome)
            .filter(|outcome| *outcome != Self::NotPermitted)
            .peekable();
        let Some(first) = permitted.peek().copied() else { return Self::NotPermitted };
        if permitted.all(|outcome| outcome == first) { first } else { Self::Partial }
    }

    /// The outcome's name in the API and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::NotPermitted => "not_permitted",
        }
    }
}
