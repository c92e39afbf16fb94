//! Older days than a run looks back: history that is still to be fetched, and the nightly audit.

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};
use phr_model::{ConnectionId, CoverageState, DateRange, Metric, PersonId, Reason};

use crate::{
    connection::{ConnectionState, Lease},
    error::StoreError,
};

/// Where a request for history is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BackfillState {
    /// Days are fetched whenever nothing more urgent is due.
    Running,
    /// The person said: not now.
    Paused,
    /// The person said: no more. What was fetched is kept.
    Cancelled,
    /// Nothing is left to fetch.
    Done,
}

impl BackfillState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Running, Self::Paused, Self::Cancelled, Self::Done];

    /// The state's name in the API and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }

    /// The state called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// What a person may say about a request for history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steer {
    /// Not now: running becomes paused.
    Pause,
    /// Go on: paused becomes running.
    Resume,
    /// No more: running or paused becomes cancelled.
    Cancel,
}

/// The latest request for history of a connection. What is left of it is decided by coverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    /// Whose.
    pub connection: ConnectionId,
    /// The first day wanted.
    pub from: Date,
    /// The metrics wanted.
    pub metrics: Vec<Metric>,
    /// Where it is in its life.
    pub state: BackfillState,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// When it last changed or went on.
    pub updated_at: Timestamp,
    /// When it began to go, or to go on after a pause.
    pub begun_at: Option<Timestamp>,
    /// Days settled since `begun_at`.
    pub days_settled: u32,
    /// Stable code of the last failure; none after a success.
    pub last_error: Option<String>,
}

/// History that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The first day wanted.
    pub from: Date,
    /// The metrics wanted.
    pub metrics: Vec<Metric>,
}

/// What one turn of work brought a request for history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Which request: one that was made since is left alone.
    pub requested_at: Timestamp,
    /// When the turn began.
    pub begun_at: Timestamp,
    /// Days it settled.
    pub days_settled: u32,
    /// Stable code of what failed.
    pub error: Option<String>,
    /// Whether nothing is left.
    pub done: bool,
}

/// What is known about one day of one metric, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDay {
    /// The day.
    pub date: Date,
    /// How complete it is.
    pub state: CoverageState,
    /// Why.
    pub reason: Option<Reason>,
    /// Whether the day was over when it was last read.
    pub read_closed: bool,
}

/// What a run of the recent days found out about the older ones. None leaves things as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    /// From this day on everything is to be held, unless from an earlier one already.
    pub kept_from: Option<Date>,
    /// When the audit is due, unless it is due some time already.
    pub audit_due_at: Option<Timestamp>,
    /// When history is due, unless it is due some time already.
    pub history_due_at: Option<Timestamp>,
}

/// How work on older days leaves the connection. The due time of its recent days stays as it is.
#[derive(Debug, Clone)]
pub enum AsideSettlement {
    /// The audit.
    Audit {
        /// When it is due next.
        due_at: Timestamp,
        /// The day from which the next slice of the rotation goes back; none to begin anew.
        from: Option<Date>,
    },
    /// History.
    History {
        /// The due time that the claim left on the row: a request since then has moved it, and
        /// stays due.
        claimed_due_at: Option<Timestamp>,
        /// When it goes on; none when nothing is left.
        due_at: Option<Timestamp>,
        /// Turns that failed in a row.
        attempts: u32,
    },
}

/// Older days.
#[async_trait]
pub trait Backfills: Send + Sync {
    /// The latest request for history of a connection.
    async fn backfill(&self, id: ConnectionId) -> Result<Option<Backfill>, StoreError>;

    /// Puts `wish` in the place of the latest request and makes history due.
    async fn begin_backfill(
        &self,
        id: ConnectionId,
        wish: Wish,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Makes `wish` the first request, unless there was one.
    async fn begin_first_backfill(
        &self,
        id: ConnectionId,
        wish: Wish,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Pauses, resumes or cancels, and makes a turn that is under way look again. The request as it
    /// is now; none if there was none. What the state does not allow changes nothing.
    async fn steer_backfill(
        &self,
        id: ConnectionId,
        steer: Steer,
        now: Timestamp,
    ) -> Result<Option<Backfill>, StoreError>;

    /// Notes what a turn brought, if the request is still the same and running.
    async fn record_turn(
        &self,
        id: ConnectionId,
        turn: Turn,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// What is known about the days of a metric, oldest first; days without a row are missing.
    async fn known_days(
        &self,
        person: PersonId,
        metric: Metric,
        days: DateRange,
    ) -> Result<Vec<KnownDay>, StoreError>;

    /// Remembers when the person's account at the vendor began.
    async fn remember_membership(&self, id: ConnectionId, since: Date) -> Result<(), StoreError>;

    /// Asks whoever works on older days of a connection to give way, and keeps others from claiming
    /// it until `until`. False, and nothing written, if nobody works on its older days.
    async fn reserve(
        &self,
        id: ConnectionId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Writes a plan, if the lease is still ours.
    async fn plan(&self, lease: Lease, plan: Plan) -> Result<(), StoreError>;

    /// Whether work on older days may go on: the lease is ours, no recent work is due, nobody waits
    /// for the connection, and nobody has changed what history is wanted since the claim left `history_due_at` on the row.
    async fn may_go_on(
        &self,
        lease: Lease,
        history_due_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Gives the connection back after work on older days. `ended` moves it to another state, with
    /// the code of what ended it. False, and nothing written, if the lease was lost.
    async fn settle_aside(
        &self,
        lease: Lease,
        settlement: AsideSettlement,
        ended: Option<(ConnectionState, String)>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
