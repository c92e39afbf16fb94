//! The door to syncing: for a person who waits, and for the worker in the background.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp, civil::Date};
use phr_model::{Clock, HeartRateForm, PersonId};
use phr_store::{
    SharedStore, StoreError, Vault,
    connection::{Connection, ConnectionState, Lease, Priority, Settlement},
    run::SyncRun,
};
use phr_vendors::{Vendor, VendorError, Verdict, registry::Vendors};

use crate::{
    entropy::{Entropy, uuid},
    report::{Outcome, Progress, RunReport},
    run::{Ended, Run, vendor_error, zone_of},
    schedule,
};

/// Why a sync could not be run.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// No vendor of this name.
    #[error("unknown vendor")]
    UnknownVendor,
    /// The operator has not configured this vendor's credentials.
    #[error("the vendor's OAuth credentials are not configured")]
    NotConfigured,
    /// The person has no active connection at this vendor.
    #[error("not connected")]
    NotConnected,
    /// The grant is dead; the person must connect again.
    #[error("the connection must be made again")]
    ReconnectNeeded,
    /// The day asked for has not begun where the person is.
    #[error("the day has not begun where the person is")]
    NotBegun,
    /// Another run works on this connection right now.
    #[error("a sync of this connection is running")]
    Running,
    /// The vendor failed as a whole.
    #[error("the vendor failed")]
    Vendor(#[from] VendorError),
    /// The store failed.
    #[error("storage failed")]
    Store(#[from] StoreError),
}

/// How syncing behaves.
#[derive(Debug, Clone)]
pub struct SyncSettings {
    /// How many days back each run compares.
    pub look_back_days: i32,
    /// How long a claim lasts if its process dies.
    pub lease: SignedDuration,
    /// Time between routine runs.
    pub interval: SignedDuration,
    /// What heart-rate samples become.
    pub heart_rate: HeartRateForm,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            look_back_days: 14,
            lease: SignedDuration::from_mins(5),
            interval: SignedDuration::from_hours(1),
            heart_rate: HeartRateForm::Hourly,
        }
    }
}

/// Where progress is reported to, if anywhere.
pub type Listener = Arc<dyn Fn(Progress) + Send + Sync>;

/// Runs syncs.
#[derive(Clone)]
pub struct SyncService {
    /// The store.
    pub store: SharedStore,
    /// The vault.
    pub vault: Arc<Vault>,
    /// The vendors.
    pub vendors: Arc<Vendors>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for lease tokens and jitter.
    pub entropy: Arc<dyn Entropy>,
    /// How it behaves.
    pub settings: SyncSettings,
}

impl SyncService {
    /// Asks the background worker to sync soon. Repeated requests coalesce.
    pub async fn request(&self, person: PersonId, vendor: &str) -> Result<(), SyncError> {
        self.vendor(vendor)?;
        let connection = self.connected(person, vendor).await?;
        self.store.make_due(connection.id, Priority::PersonWaiting, self.clock.now()).await?;
        Ok(())
    }

    /// Syncs one day (or the look-back, without a date) while the caller waits.
    pub async fn sync_now(
        &self,
        person: PersonId,
        vendor: &str,
        date: Option<Date>,
        listener: Option<Listener>,
    ) -> Result<RunReport, SyncError> {
        self.vendor(vendor)?;
        let connection = self.connected(person, vendor).await?;
        let (now, token) = (self.clock.now(), uuid(&*self.entropy));
        if date.is_some_and(|date| date > zone_of(&connection).to_datetime(now).date()) {
            return Err(SyncError::NotBegun);
        }
        let claim = self.store.claim(connection.id, now, self.lease_until(), token).await?;
        let (mut connection, lease) = claim.ok_or(SyncError::Running)?;
        connection.priority = Priority::PersonWaiting;
        let ended = self.run(connection, lease, date, listener).await?;
        match ended.error {
            Some(VendorError::GrantWithdrawn) => Err(SyncError::ReconnectNeeded),
            Some(error) if ended.report.outcome == Outcome::Failed => Err(error.into()),
            _ => Ok(ended.report),
        }
    }

    /// Works on the most urgent connection that is due, if there is one. True if there was.
    pub async fn work_once(&self) -> Result<bool, SyncError> {
        let (now, token) = (self.clock.now(), uuid(&*self.entropy));
        let Some((connection, lease)) =
            self.store.claim_due(now, self.lease_until(), token).await?
        else {
            return Ok(false);
        };
        self.run(connection, lease, None, None).await?;
        Ok(true)
    }

    /// When a claim made now lapses.
    pub(crate) fn lease_until(&self) -> Timestamp {
        self.clock.now().checked_add(self.settings.lease).unwrap_or(Timestamp::MAX)
    }

    /// Runs, records what was done and gives the connection back. If storage fails on the way, the
    /// lease lapses by itself and the next comparison finds what is missing.
    async fn run(
        &self,
        connection: Connection,
        lease: Lease,
        date: Option<Date>,
        listener: Option<Listener>,
    ) -> Result<Ended, SyncError> {
        let started_at = self.clock.now();
        let ended = match self.vendor(&connection.vendor) {
            Ok(vendor) => self.ended(vendor, &connection, lease, date, listener).await?,
            Err(_) => Ended::failed(started_at, VendorError::Misconfigured("no credentials")),
        };
        let settlement = self.settlement(&connection, &ended, date.is_some());
        self.record(&connection, &ended, started_at).await?;
        if !self.store.settle(lease, settlement, self.clock.now()).await? {
            return Err(StoreError::LeaseLost.into());
        }
        Ok(ended)
    }

    async fn ended(
        &self,
        vendor: Arc<dyn Vendor>,
        connection: &Connection,
        lease: Lease,
        date: Option<Date>,
        listener: Option<Listener>,
    ) -> Result<Ended, StoreError> {
        match Run::start(self, vendor, connection.clone(), lease, date, listener).await {
            Ok(run) => run.all().await,
            Err(failure) => Ok(Ended::failed(self.clock.now(), vendor_error(failure)?)),
        }
    }

    fn settlement(&self, connection: &Connection, ended: &Ended, one_day: bool) -> Settlement {
        let now = self.clock.now();
        let routine = schedule::routine(now, self.settings.interval, &*self.entropy);
        let complete = ended.report.outcome == Outcome::Complete;
        // A spent budget is no failure: the run goes on where it stopped as soon as there is room.
        let spent = matches!(ended.error, Some(VendorError::BudgetSpent { .. }));
        let error = ended.error.as_ref().filter(|_| !spent);
        let withdrawn = error == Some(&VendorError::GrantWithdrawn);
        let due_at = match error {
            None if spent => ended
                .error
                .as_ref()
                .and_then(asked_wait)
                .map(|wait| schedule::after(now, wait, &*self.entropy)),
            None if one_day => connection.due_at.or(Some(routine)),
            None => Some(routine),
            Some(VendorError::GrantWithdrawn) => None,
            Some(error) => {
                let asked = asked_wait(error);
                Some(schedule::back_off(now, connection.attempts, asked, &*self.entropy))
            }
        };
        Settlement {
            due_at,
            complete: complete && !one_day,
            error: error.map(|error| error.code().to_owned()),
            state: withdrawn.then_some(ConnectionState::ReconnectNeeded),
        }
    }

    async fn record(
        &self,
        connection: &Connection,
        ended: &Ended,
        started_at: Timestamp,
    ) -> Result<(), StoreError> {
        let report = serde_json::to_string(&ended.report.metrics).unwrap_or_default();
        tracing::info!(
            connection = %connection.id,
            outcome = ended.report.outcome.key(),
            error = ended.error.as_ref().map(VendorError::code),
            "sync ended"
        );
        let run = SyncRun {
            id: uuid(&*self.entropy),
            connection: connection.id,
            person: connection.person,
            started_at,
            finished_at: self.clock.now(),
            outcome: ended.report.outcome.key().to_owned(),
            report,
        };
        self.store.record_run(run).await
    }

    async fn connected(&self, person: PersonId, vendor: &str) -> Result<Connection, SyncError> {
        let connection = self.store.connection_of(person, vendor).await?;
        let connection = connection.ok_or(SyncError::NotConnected)?;
        match connection.state {
            ConnectionState::Active => Ok(connection),
            ConnectionState::ReconnectNeeded => Err(SyncError::ReconnectNeeded),
            ConnectionState::Selected | ConnectionState::Disconnected => {
                Err(SyncError::NotConnected)
            }
        }
    }

    fn vendor(&self, name: &str) -> Result<Arc<dyn Vendor>, SyncError> {
        match self.vendors.get(name) {
            Some(vendor) => Ok(vendor),
            None if Vendors::known().contains(&name) => Err(SyncError::NotConfigured),
            None => Err(SyncError::UnknownVendor),
        }
    }
}

/// How long an error asks to be left alone.
fn asked_wait(error: &VendorError) -> Option<SignedDuration> {
    let wait = match error.verdict() {
        Verdict::Wait(wait) => wait,
        Verdict::TellOperator | Verdict::TellPerson => Duration::from_hours(1),
        Verdict::Retry | Verdict::RefreshAccess | Verdict::SkipMetric => return None,
    };
    SignedDuration::try_from(wait).ok()
}
