//! History that a person asks for: requesting, watching, pausing and ending it.

use jiff::{Timestamp, ToSpan, civil::Date};
use phr_model::{DateRange, Metric, PersonId};
use phr_store::{
    backfill::{Backfill, BackfillState, Steer, Wish},
    connection::Connection,
};
use phr_vendors::VendorError;

use crate::{
    history::{YEARS, expected_end},
    run::zone_of,
    service::{SyncError, SyncService},
};

/// Why history cannot be had, or not be steered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// The first day has not begun where the person is.
    #[error("the first day has not begun where the person is")]
    Future,
    /// The first day is too long ago.
    #[error("history begins on {earliest} at the earliest")]
    TooOld {
        /// The first day that may be asked for.
        earliest: Date,
    },
    /// The person had no account at the vendor then.
    #[error("the account at the vendor began on {since}")]
    BeforeAccount {
        /// When it began.
        since: Date,
    },
    /// Nothing was requested.
    #[error("no history was requested")]
    Nothing,
    /// The request is done or cancelled.
    #[error("the request has ended")]
    Ended,
}

/// How far a request for history is. A day counts once, when nothing lacks of any metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackfillStatus {
    /// Where the request is in its life.
    pub state: BackfillState,
    /// The first day.
    pub from: Date,
    /// The last day before those that every run looks back at.
    pub to: Date,
    /// The metrics.
    pub metrics: Vec<Metric>,
    /// Days in all.
    pub days_total: u32,
    /// Days that lack something.
    pub days_left: u32,
    /// When it will be done if it goes on as it went so far.
    pub expected_end: Option<Timestamp>,
    /// Stable code of the last turn's failure.
    pub last_error: Option<String>,
    /// When it was requested.
    pub requested_at: Timestamp,
}

impl SyncService {
    /// Asks for everything since `from`, of `metrics` or of all. Takes the place of an earlier
    /// request. Only what is not held yet is fetched.
    pub async fn request_backfill(
        &self,
        person: PersonId,
        vendor: &str,
        from: Date,
        metrics: Option<Vec<Metric>>,
    ) -> Result<BackfillStatus, SyncError> {
        let upstream = self.vendor(vendor)?;
        let connection = self.connected(person, vendor).await?;
        self.check_first_day(&connection, from)?;
        let metrics = metrics.unwrap_or_else(|| upstream.metrics().to_vec());
        if !metrics.iter().any(|metric| upstream.permits(&connection.scopes, *metric)) {
            return Err(VendorError::ScopeMissing.into());
        }
        let wish = Wish { from, metrics };
        self.store.begin_backfill(connection.id, wish, self.clock.now()).await?;
        self.backfill(person, vendor).await?.ok_or(HistoryError::Nothing.into())
    }

    fn check_first_day(&self, connection: &Connection, from: Date) -> Result<(), HistoryError> {
        let today = zone_of(connection).to_datetime(self.clock.now()).date();
        if from > today {
            return Err(HistoryError::Future);
        }
        let earliest = today.checked_sub(YEARS.years()).unwrap_or(today);
        if from < earliest {
            return Err(HistoryError::TooOld { earliest });
        }
        match connection.member_since {
            Some(since) if from < since => Err(HistoryError::BeforeAccount { since }),
            _ => Ok(()),
        }
    }

    /// How far the latest request is; none if there was none. It is shown after a disconnect too:
    /// it goes on when the person connects again.
    pub async fn backfill(
        &self,
        person: PersonId,
        vendor: &str,
    ) -> Result<Option<BackfillStatus>, SyncError> {
        let Some(connection) = self.store.connection_of(person, vendor).await? else {
            return Ok(None);
        };
        match self.store.backfill(connection.id).await? {
            Some(backfill) => self.progress(&connection, backfill).await.map(Some),
            None => Ok(None),
        }
    }

    /// Pauses, resumes or cancels the latest request. Saying the same twice changes nothing.
    pub async fn steer_backfill(
        &self,
        person: PersonId,
        vendor: &str,
        steer: Steer,
    ) -> Result<BackfillStatus, SyncError> {
        let connection = self.store.connection_of(person, vendor).await?;
        let connection = connection.ok_or(SyncError::NotConnected)?;
        let steered = self.store.steer_backfill(connection.id, steer, self.clock.now()).await?;
        let backfill = steered.ok_or(HistoryError::Nothing)?;
        let reached = match steer {
            Steer::Pause => BackfillState::Paused,
            Steer::Resume => BackfillState::Running,
            Steer::Cancel => BackfillState::Cancelled,
        };
        if backfill.state != reached {
            return Err(HistoryError::Ended.into());
        }
        self.progress(&connection, backfill).await
    }

    async fn progress(
        &self,
        connection: &Connection,
        backfill: Backfill,
    ) -> Result<BackfillStatus, SyncError> {
        let vendor = self.vendor(&connection.vendor)?;
        let edge = self.look_back_edge(connection);
        let days = DateRange { first: backfill.from, last: edge.yesterday().unwrap_or(edge) };
        // What would be left if it were running: a paused one shows how much there is to come.
        let running = Backfill { state: BackfillState::Running, ..backfill.clone() };
        let left = self.left(&*vendor, connection, Some(&running)).await?;
        let left = match backfill.state {
            BackfillState::Done => 0,
            _ => left.days(&backfill.metrics, backfill.from).len(),
        };
        Ok(BackfillStatus {
            expected_end: expected_end(self.clock.now(), &backfill, left),
            state: backfill.state,
            from: backfill.from,
            to: days.last,
            metrics: backfill.metrics,
            days_total: u32::try_from(days.len().max(0)).unwrap_or(0),
            days_left: u32::try_from(left).unwrap_or(u32::MAX),
            last_error: backfill.last_error,
            requested_at: backfill.requested_at,
        })
    }
}
