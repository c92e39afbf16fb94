//! A piece of due work: claiming it, keeping its lease alive, doing it, and giving it back.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp, civil::Date};
use phr_model::{ConnectionId, DateRange};
use phr_store::{
    StoreError,
    backfill::{Plan, Wish},
    connection::{Connection, ConnectionState, Lease, Priority, Reach, Settlement, Work},
};
use phr_vendors::{Vendor, VendorError, Verdict};

use crate::{
    entropy::uuid,
    hooks,
    report::Outcome,
    run::{Ended, Run, Task, vendor_error, zone_of},
    schedule,
    service::{Listener, SyncError, SyncService},
};

/// How often a person who waits looks whether older work has given way, and for how long: a window
/// takes seconds, or the half minute of a vendor that does not answer.
const LOOK: Duration = Duration::from_millis(100);
const MOST_LOOKS: u32 = 600;
/// How long a connection stays reserved after the last look.
const RESERVATION: SignedDuration = SignedDuration::from_secs(5);

/// A connection to be worked on, and what for. Dropping it gives it to nobody until the lease
/// lapses.
#[derive(Debug)]
pub struct Claim {
    pub(crate) connection: Connection,
    pub(crate) lease: Lease,
    work: Work,
}

impl Claim {
    /// What it is for.
    pub fn work(&self) -> Work {
        self.work
    }
}

impl SyncService {
    /// Works on the most urgent connection that is due, if there is one. True if there was.
    pub async fn work_once(&self) -> Result<bool, SyncError> {
        match self.claim(Reach::Everything).await? {
            Some(claim) => self.work(claim).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Claims the most urgent work that is due, if there is any within `reach`.
    pub async fn claim(&self, reach: Reach) -> Result<Option<Claim>, SyncError> {
        let (now, token) = (self.clock.now(), uuid(&*self.entropy));
        let claimed = self.store.claim_due(reach, now, self.lease_until(), token).await?;
        Ok(claimed.map(|(connection, lease, work)| Claim { connection, lease, work }))
    }

    /// Claims this connection for a person who waits. Work on its older days is asked to give way,
    /// which it does at the next window; recent work does not.
    pub(crate) async fn claim_for_person(
        &self,
        id: ConnectionId,
    ) -> Result<(Connection, Lease), SyncError> {
        for _ in 0..MOST_LOOKS {
            let (now, token) = (self.clock.now(), uuid(&*self.entropy));
            if let Some(claim) = self.store.claim(id, now, self.lease_until(), token).await? {
                return Ok(claim);
            }
            let until = now.checked_add(RESERVATION).unwrap_or(now);
            if !self.store.reserve(id, now, until).await? {
                // It may have been given back in between.
                let claim = self.store.claim(id, now, self.lease_until(), token).await?;
                return claim.ok_or(SyncError::Running);
            }
            self.pace.pause(LOOK).await;
        }
        Err(SyncError::Running)
    }

    /// Does what was claimed.
    pub async fn work(&self, claim: Claim) -> Result<(), SyncError> {
        let Claim { connection, lease, work } = claim;
        match work {
            Work::Recent(priority) => {
                let run = self.recent(&connection, lease, priority, None, None);
                self.kept_alive(lease, run).await.map(|_| ())
            }
            Work::Audit => gave_way(self.kept_alive(lease, self.audit(&connection, lease)).await),
            Work::History => {
                gave_way(self.kept_alive(lease, self.history(&connection, lease)).await)
            }
        }
    }

    /// Prolongs the lease while `work` goes on, and ends the work if the lease is lost: somebody
    /// else has it then, and nothing more would be written anyway.
    pub(crate) async fn kept_alive<T>(
        &self,
        lease: Lease,
        work: impl Future<Output = Result<T, SyncError>>,
    ) -> Result<T, SyncError> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.beat(lease) => Err(StoreError::LeaseLost.into()),
        }
    }

    /// Returns when the lease is lost. A store that does not answer says nothing about that.
    async fn beat(&self, lease: Lease) {
        let pause = Duration::try_from(self.settings.lease / 4).unwrap_or_default();
        loop {
            self.heartbeat.pause(pause.max(Duration::from_millis(100))).await;
            if let Ok(false) = self.store.extend_lease(lease, self.lease_until()).await {
                return;
            }
        }
    }

    /// Keeps the recent days in step, records what was done and gives the connection back. If
    /// storage fails on the way, the lease lapses by itself and the next comparison finds what is
    /// missing.
    #[tracing::instrument(name = "run", skip_all, fields(connection = %connection.id))]
    pub(crate) async fn recent(
        &self,
        connection: &Connection,
        lease: Lease,
        priority: Priority,
        date: Option<Date>,
        listener: Option<Listener>,
    ) -> Result<Ended, SyncError> {
        let started_at = self.clock.now();
        let vendor = self.vendor(&connection.vendor).ok();
        let ended = match &vendor {
            Some(vendor) => {
                self.ended(vendor, connection, lease, Task::Recent(date), listener).await?
            }
            None => Ended::failed(started_at, VendorError::Misconfigured("no credentials")),
        };
        self.record(connection, Work::Recent(priority), &ended, started_at).await?;
        if let Some(vendor) = vendor {
            self.plan_older(&*vendor, connection, lease, &ended).await?;
        }
        let mut connection = connection.clone();
        self.answer_hints(&mut connection, lease, &ended, date.is_some()).await?;
        let settlement = self.settlement(&connection, &ended, date.is_some());
        if !self.store.settle(lease, settlement, self.clock.now()).await? {
            return Err(StoreError::LeaseLost.into());
        }
        Ok(ended)
    }

    /// A run from its beginning to its end; that it could not even begin is an end too.
    pub(crate) async fn ended(
        &self,
        vendor: &Arc<dyn Vendor>,
        connection: &Connection,
        lease: Lease,
        task: Task,
        listener: Option<Listener>,
    ) -> Result<Ended, StoreError> {
        // Tokens of one upstream are never shown to another.
        if connection.upstream != vendor.upstream() {
            return Ok(Ended::failed(self.clock.now(), VendorError::OtherUpstream));
        }
        let run = Run::start(self, vendor.clone(), connection.clone(), lease, task, listener);
        match run.await {
            Ok(run) => run.all().await,
            Err(failure) => Ok(Ended::failed(self.clock.now(), vendor_error(failure)?)),
        }
    }

    /// After a run of the recent days: sees to it that older ones are audited, that a new
    /// connection gets its history, and that an outage longer than the look-back leaves no hole.
    async fn plan_older(
        &self,
        vendor: &dyn Vendor,
        connection: &Connection,
        lease: Lease,
        ended: &Ended,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let audit_due_at = schedule::night(now, &zone_of(connection), connection.id);
        let mut plan =
            Plan { kept_from: None, audit_due_at: Some(audit_due_at), history_due_at: None };
        if connection.kept_from.is_none() {
            plan.kept_from = Some(self.first_kept(connection));
            if let Some(wish) = self.first_history(vendor, connection) {
                self.store.begin_first_backfill(connection.id, wish, now).await?;
            }
        } else if ended.report.outcome != Outcome::Failed && self.may_have_gaps(connection) {
            let backfill = self.store.backfill(connection.id).await?;
            let left = self.left(vendor, connection, backfill.as_ref()).await?;
            plan.history_due_at = (!left.is_empty()).then_some(now);
        }
        self.store.plan(lease, plan).await
    }

    /// A new connection is kept complete from the look-back of its first day on, even if it takes
    /// long until the first run succeeds.
    fn first_kept(&self, connection: &Connection) -> Date {
        let begun = connection.connected_at.unwrap_or_else(|| self.clock.now());
        let date = zone_of(connection).to_datetime(begun).date();
        DateRange::ending(date, self.settings.look_back_days).first
    }

    /// The history that a new connection fetches by itself, if there is any before the look-back.
    fn first_history(&self, vendor: &dyn Vendor, connection: &Connection) -> Option<Wish> {
        let today = zone_of(connection).to_datetime(self.clock.now()).date();
        let from = DateRange::ending(today, self.settings.history_days).first;
        let from = connection.member_since.map_or(from, |since| since.max(from));
        let wish = Wish { from, metrics: vendor.metrics().to_vec() };
        (from < self.look_back_edge(connection)).then_some(wish)
    }

    /// The first day of the look-back: what lies before it is history.
    pub(crate) fn look_back_edge(&self, connection: &Connection) -> Date {
        let today = zone_of(connection).to_datetime(self.clock.now()).date();
        DateRange::ending(today, self.settings.look_back_days).first
    }

    /// Whether days may have left the look-back without having been read after their end: none can
    /// if a run since the last consent was complete within it.
    fn may_have_gaps(&self, connection: &Connection) -> bool {
        let since_consent = |at: &Timestamp| connection.connected_at.is_none_or(|c| *at >= c);
        let complete = connection.last_complete_at.filter(since_consent);
        let date = complete.map(|at| zone_of(connection).to_datetime(at).date());
        date.is_none_or(|date| date < self.look_back_edge(connection))
    }

    fn settlement(&self, connection: &Connection, ended: &Ended, one_day: bool) -> Settlement {
        let now = self.clock.now();
        let interval = hooks::interval(self.settings.interval, connection.hooked, now);
        let routine = schedule::routine(now, interval, &*self.entropy);
        let complete = ended.report.outcome == Outcome::Complete;
        // A spent budget is no failure: the run goes on where it stopped as soon as there is room.
        let spent = matches!(ended.error, Some(VendorError::BudgetSpent { .. }));
        let error = ended.error.as_ref().filter(|_| !spent);
        let is_over = error.is_some_and(VendorError::ends_connection);
        if error == Some(&VendorError::Retired) {
            tracing::error!("the vendor has switched this upstream off; see docs/upstreams.md");
        }
        let due_at = match error {
            None if spent => ended
                .error
                .as_ref()
                .and_then(asked_wait)
                .map(|wait| schedule::after(now, wait, &*self.entropy)),
            None if one_day => connection.due_at.or(Some(routine)),
            None => Some(routine),
            Some(_) if is_over => None,
            Some(error) => {
                let asked = asked_wait(error);
                Some(schedule::back_off(now, connection.attempts, asked, &*self.entropy))
            }
        };
        Settlement {
            due_at,
            complete: complete && !one_day,
            error: error.map(|error| error.code().to_owned()),
            state: is_over.then_some(ConnectionState::ReconnectNeeded),
        }
    }
}

/// Work on older days whose lease was taken over gave way to a person who waits: no failure.
fn gave_way(result: Result<(), SyncError>) -> Result<(), SyncError> {
    match result {
        Err(SyncError::Store(StoreError::LeaseLost)) => Ok(()),
        result => result,
    }
}

/// How long an error asks to be left alone.
pub(crate) fn asked_wait(error: &VendorError) -> Option<SignedDuration> {
    let wait = match error.verdict() {
        Verdict::Wait(wait) => wait,
        Verdict::TellOperator | Verdict::TellPerson | Verdict::GiveUp => Duration::from_hours(1),
        Verdict::Retry | Verdict::RefreshAccess | Verdict::SkipMetric => return None,
    };
    SignedDuration::try_from(wait).ok()
}
