//! What a run compared, fetched and changed, for people and operators to read.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use phr_model::{ConnectionId, PersonId};
use uuid::Uuid;

use crate::error::StoreError;

/// One finished run of a sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncRun {
    /// Its id.
    pub id: Uuid,
    /// Which connection.
    pub connection: ConnectionId,
    /// Whose.
    pub person: PersonId,
    /// What it was for: `recent`, `audit` or `history`.
    pub work: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// `complete`, `partial` or `failed`.
    pub outcome: String,
    /// Stable code of what failed, if something did.
    pub error: Option<String>,
    /// Per metric: days compared, fetched, changed, outcome (JSON, no health values).
    pub report: String,
}

/// Runs of one person that are kept of each kind of work: a week of hourly ones.
pub const MOST_RUNS: u32 = 200;

/// How long a run is kept.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Runs.
#[async_trait]
pub trait Runs: Send + Sync {
    /// Keeps a finished run. Of each person and kind of work the newest [`MOST_RUNS`] of the last 90
    /// days are kept; older ones go now.
    async fn record_run(&self, run: SyncRun) -> Result<(), StoreError>;

    /// A connection's newest run over its recent days.
    async fn last_run(
        &self,
        person: PersonId,
        connection: ConnectionId,
    ) -> Result<Option<SyncRun>, StoreError>;

    /// A person's newest runs.
    async fn runs(&self, person: PersonId, limit: u32) -> Result<Vec<SyncRun>, StoreError>;
}
