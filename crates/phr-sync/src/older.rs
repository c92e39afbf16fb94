//! Work on older days: a turn of history, and a night's audit. Both stop at the next window as soon
//! as something recent is due for the same connection, and go on later where they stopped.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use phr_model::{DateRange, Metric};
use phr_store::{
    StoreError,
    backfill::{AsideSettlement, Backfill, BackfillState, Plan, Turn},
    connection::{Connection, ConnectionState, Lease, Work},
};
use phr_vendors::{Vendor, VendorError};

use crate::{
    audit,
    history::{Chunk, Left, wanted_since},
    hooks,
    run::{Ended, Task, zone_of},
    schedule,
    service::{SyncError, SyncService},
    work::asked_wait,
};

impl SyncService {
    /// Days before the look-back that are wanted and lack something.
    pub(crate) async fn left(
        &self,
        vendor: &dyn Vendor,
        connection: &Connection,
        backfill: Option<&Backfill>,
    ) -> Result<Left, StoreError> {
        let permits = |metric: &Metric| vendor.permits(&connection.scopes, *metric);
        let permitted: Vec<_> = vendor.metrics().iter().copied().filter(permits).collect();
        let edge = self.look_back_edge(connection);
        let mut left = Left::default();
        for (metric, first) in wanted_since(connection, backfill, &permitted) {
            let days = DateRange { first, last: edge.yesterday().unwrap_or(edge) };
            let known = self.store.known_days(connection.person, metric, days).await?;
            left.add(metric, days, &known);
        }
        Ok(left)
    }

    /// One turn of history: the newest days that lack something, a bounded number of them.
    pub(crate) async fn history(
        &self,
        connection: &Connection,
        lease: Lease,
    ) -> Result<(), SyncError> {
        let started_at = self.clock.now();
        let Ok(vendor) = self.vendor(&connection.vendor) else {
            let due_at = schedule::after(started_at, HOUR, &*self.entropy);
            return self.settle_history(connection, lease, Some(due_at), 0, None).await;
        };
        let backfill = self.store.backfill(connection.id).await?;
        let left = self.left(&*vendor, connection, backfill.as_ref()).await?;
        if is_done(backfill.as_ref(), &left) {
            self.finish(&*vendor, lease, backfill.as_ref(), started_at).await?;
        }
        let Some(chunk) = left.next(connection.history_attempts) else {
            return self.settle_history(connection, lease, None, 0, None).await;
        };
        let claimed_due_at = connection.history_due_at;
        let task = Task::History { chunk: chunk.clone(), claimed_due_at };
        let ended = self.ended(&vendor, connection, lease, task, None).await?;
        self.record_older(connection, Work::History, &ended, started_at).await?;
        let still = self.still_left(connection, &chunk).await?;
        let settled = chunk.dates().difference(&still.dates()).count();
        self.note_turn(backfill.as_ref(), started_at, settled, code_of(&ended), false).await?;
        let progress = still.len() < chunk.len();
        let (due_at, attempts) = self.after_turn(connection, &ended, progress);
        self.settle_history(connection, lease, Some(due_at), attempts, ended_by(&ended)).await
    }

    /// Nothing is left of what was asked for. If that was everything, it is kept complete from now
    /// on, like the look-back.
    async fn finish(
        &self,
        vendor: &dyn Vendor,
        lease: Lease,
        backfill: Option<&Backfill>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(asked) = backfill else { return Ok(()) };
        if vendor.metrics().iter().all(|metric| asked.metrics.contains(metric)) {
            let plan = Plan { kept_from: Some(asked.from), ..Plan::default() };
            self.store.plan(lease, plan).await?;
        }
        self.note_turn(backfill, now, 0, None, true).await
    }

    /// What the chunk still lacks.
    async fn still_left(&self, connection: &Connection, chunk: &Chunk) -> Result<Left, StoreError> {
        let mut still = Left::default();
        for (metric, wanted) in &chunk.wanted {
            let known = self.store.known_days(connection.person, *metric, chunk.days).await?;
            for date in wanted {
                let known: Vec<_> = known.iter().filter(|day| day.date == *date).copied().collect();
                still.add(*metric, DateRange::day(*date), &known);
            }
        }
        Ok(still)
    }

    /// Keeps what was done, if anything was.
    async fn record_older(
        &self,
        connection: &Connection,
        work: Work,
        ended: &Ended,
        started_at: Timestamp,
    ) -> Result<(), StoreError> {
        if ended.report.metrics.is_empty() && ended.error.is_none() {
            return Ok(());
        }
        self.record(connection, work, ended, started_at).await
    }

    async fn note_turn(
        &self,
        backfill: Option<&Backfill>,
        begun_at: Timestamp,
        days_settled: usize,
        error: Option<String>,
        done: bool,
    ) -> Result<(), StoreError> {
        let Some(backfill) = backfill else { return Ok(()) };
        let days_settled = u32::try_from(days_settled).unwrap_or(0);
        let requested_at = backfill.requested_at;
        let turn = Turn { requested_at, begun_at, days_settled, error, done };
        self.store.record_turn(backfill.connection, turn, self.clock.now()).await
    }

    /// When history goes on, and how many turns failed in a row: one that brought something did
    /// not, even if a metric of it failed.
    fn after_turn(
        &self,
        connection: &Connection,
        ended: &Ended,
        progress: bool,
    ) -> (Timestamp, u32) {
        let now = self.clock.now();
        let attempts = connection.history_attempts;
        match &ended.error {
            _ if ended.interrupted => (now, attempts),
            None if progress => (now, 0),
            Some(error @ VendorError::BudgetSpent { .. }) => {
                let wait = asked_wait(error).unwrap_or_default();
                (schedule::after(now, wait, &*self.entropy), attempts)
            }
            error => {
                let attempts = if progress { 0 } else { attempts.saturating_add(1) };
                let asked = error.as_ref().and_then(asked_wait);
                (schedule::back_off(now, attempts, asked, &*self.entropy), attempts)
            }
        }
    }

    async fn settle_history(
        &self,
        connection: &Connection,
        lease: Lease,
        due_at: Option<Timestamp>,
        attempts: u32,
        ended: Option<(ConnectionState, String)>,
    ) -> Result<(), SyncError> {
        let claimed_due_at = connection.history_due_at;
        let settlement = AsideSettlement::History { claimed_due_at, due_at, attempts };
        self.settle_aside(lease, settlement, ended).await
    }

    async fn settle_aside(
        &self,
        lease: Lease,
        settlement: AsideSettlement,
        ended: Option<(ConnectionState, String)>,
    ) -> Result<(), SyncError> {
        if self.store.settle_aside(lease, settlement, ended, self.clock.now()).await? {
            Ok(())
        } else {
            Err(StoreError::LeaseLost.into())
        }
    }

    /// A night's audit: the month behind the look-back, and a slice of everything held before it.
    pub(crate) async fn audit(
        &self,
        connection: &Connection,
        lease: Lease,
    ) -> Result<(), SyncError> {
        let zone = zone_of(connection);
        let mut from = connection.audit_from;
        let mut last = None;
        if let (Ok(vendor), Some(held_from)) =
            (self.vendor(&connection.vendor), self.held_from(connection).await?)
        {
            let night = audit::night(self.look_back_edge(connection), held_from, from);
            last = self.compare(&vendor, connection, lease, &night).await?;
            if last.as_ref().is_none_or(has_finished) {
                from = night.next_from;
            }
            if self.is_time_to_subscribe(connection, last.as_ref()) {
                self.resubscribe(&vendor, connection, lease).await?;
            }
        }
        let due_at = self.after_audit(connection, &zone, last.as_ref());
        let ended = last.as_ref().and_then(ended_by);
        self.settle_aside(lease, AsideSettlement::Audit { due_at, from }, ended).await
    }

    /// The first day of which anything may be held.
    async fn held_from(&self, connection: &Connection) -> Result<Option<Date>, StoreError> {
        let asked = self.store.backfill(connection.id).await?.map(|backfill| backfill.from);
        Ok([connection.kept_from, asked].into_iter().flatten().min())
    }

    /// Compares the night's days until one part of them cannot be finished. What ended last.
    async fn compare(
        &self,
        vendor: &Arc<dyn Vendor>,
        connection: &Connection,
        lease: Lease,
        night: &audit::Night,
    ) -> Result<Option<Ended>, StoreError> {
        let mut last = None;
        let near = night.near.map(|days| Task::Audit { days, again: false });
        // Days that are known to differ are read anew once in a round of the rotation.
        let slice = night.slice.map(|days| Task::Audit { days, again: true });
        for task in [near, slice].into_iter().flatten() {
            let started_at = self.clock.now();
            let ended = self.ended(vendor, connection, lease, task, None).await?;
            self.record_older(connection, Work::Audit, &ended, started_at).await?;
            let finished = has_finished(&ended);
            last = Some(ended);
            if !finished {
                break;
            }
        }
        Ok(last)
    }

    /// Once a night. A metric that fails lets audits come again and again; then only while nothing is
    /// heard of the vendor.
    fn is_time_to_subscribe(&self, connection: &Connection, last: Option<&Ended>) -> bool {
        let Some(last) = last.filter(|ended| !has_finished(ended)) else { return true };
        let goes_on = !last.interrupted && ended_by(last).is_none();
        goes_on && !hooks::are_flowing(connection.hooked, self.clock.now())
    }

    /// The next night; sooner if this one's work is not finished.
    fn after_audit(
        &self,
        connection: &Connection,
        zone: &TimeZone,
        last: Option<&Ended>,
    ) -> Timestamp {
        let now = self.clock.now();
        match last {
            Some(ended) if ended.interrupted => now,
            Some(Ended { error: Some(error @ VendorError::BudgetSpent { .. }), .. }) => {
                schedule::after(now, asked_wait(error).unwrap_or_default(), &*self.entropy)
            }
            Some(Ended { error: Some(error), .. }) => {
                schedule::back_off(now, FAILED_AUDIT, asked_wait(error), &*self.entropy)
            }
            _ => schedule::night(now, zone, connection.id),
        }
    }
}

const HOUR: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);
/// A failed audit waits as long as a run does after so many failures: up to an hour.
const FAILED_AUDIT: u32 = 7;

/// Whether nothing of what was asked for is left.
fn is_done(backfill: Option<&Backfill>, left: &Left) -> bool {
    let running = backfill.filter(|backfill| backfill.state == BackfillState::Running);
    running.is_some_and(|asked| left.days(&asked.metrics, asked.from).is_empty())
}

fn has_finished(ended: &Ended) -> bool {
    !ended.interrupted && ended.error.is_none()
}

/// The code for people; a spent budget is no failure.
fn code_of(ended: &Ended) -> Option<String> {
    let error = ended.error.as_ref();
    let error = error.filter(|error| !matches!(error, VendorError::BudgetSpent { .. }));
    error.map(|error| error.code().to_owned())
}

/// A grant or an upstream that turned out to be dead ends the connection, whoever finds out.
fn ended_by(ended: &Ended) -> Option<(ConnectionState, String)> {
    let over = ended.error.as_ref().filter(|error| error.ends_connection());
    over.map(|error| (ConnectionState::ReconnectNeeded, error.code().to_owned()))
}
