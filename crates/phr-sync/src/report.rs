//! What a run did, per metric: for the person, the log and `sync_run`. Never a health value.

use phr_model::{DateRange, Metric};
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
