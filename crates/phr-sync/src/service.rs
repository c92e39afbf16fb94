//! The door to syncing: for a person who waits, and for the worker in the background.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, civil::Date};
use phr_model::{Clock, HeartRateForm, PersonId};
use phr_store::{
    SharedStore, StoreError, Vault,
    connection::{Connection, ConnectionState, Priority, Work},
    run::SyncRun,
};
use phr_vendors::{Pace, Vendor, VendorError, registry::Vendors};

use crate::{
    backfill::HistoryError,
    entropy::{Entropy, uuid},
    report::{Outcome, Progress, RunReport},
    run::{Ended, zone_of},
    telemetry,
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
    /// The history asked for cannot be had.
    #[error("the history asked for cannot be had")]
    History(#[from] HistoryError),
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
    /// How long a claim lasts if its process dies. Whoever works prolongs it four times as often.
    pub lease: SignedDuration,
    /// Time between routine runs.
    pub interval: SignedDuration,
    /// How many days of history a new connection fetches by itself; 0 for none.
    pub history_days: i32,
    /// What heart-rate samples become.
    pub heart_rate: HeartRateForm,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            look_back_days: 14,
            lease: SignedDuration::from_secs(60),
            interval: SignedDuration::from_hours(1),
            history_days: 90,
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
    /// How a person who waits passes the time until older work gives way.
    pub pace: Arc<dyn Pace>,
    /// How the time between two heartbeats of a lease passes.
    pub heartbeat: Arc<dyn Pace>,
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
        let now = self.clock.now();
        if date.is_some_and(|date| date > zone_of(&connection).to_datetime(now).date()) {
            return Err(SyncError::NotBegun);
        }
        let (mut connection, lease) = self.claim_for_person(connection.id).await?;
        connection.priority = Priority::PersonWaiting;
        let run = self.recent(&connection, lease, Priority::PersonWaiting, date, listener);
        let ended = self.kept_alive(lease, run).await?;
        match ended.error {
            Some(VendorError::GrantWithdrawn | VendorError::OtherUpstream) => {
                Err(SyncError::ReconnectNeeded)
            }
            Some(error) if ended.report.outcome == Outcome::Failed => Err(error.into()),
            _ => Ok(ended.report),
        }
    }

    /// When a claim made now lapses.
    pub(crate) fn lease_until(&self) -> Timestamp {
        self.clock.now().checked_add(self.settings.lease).unwrap_or(Timestamp::MAX)
    }

    /// Keeps what a run did.
    pub(crate) async fn record(
        &self,
        connection: &Connection,
        work: Work,
        ended: &Ended,
        started_at: Timestamp,
    ) -> Result<(), StoreError> {
        let report = serde_json::to_string(&ended.report.metrics).unwrap_or_default();
        tracing::info!(
            connection = %connection.id,
            work = work.key(),
            outcome = ended.report.outcome.key(),
            error = ended.error.as_ref().map(VendorError::code),
            "sync ended"
        );
        let now = self.clock.now();
        telemetry::run_ended(work, &ended.report, ended.error.as_ref(), now, started_at);
        let run = SyncRun {
            id: uuid(&*self.entropy),
            connection: connection.id,
            person: connection.person,
            work: work.key().to_owned(),
            started_at,
            finished_at: now,
            outcome: ended.report.outcome.key().to_owned(),
            error: ended.error.as_ref().map(|error| error.code().to_owned()),
            report,
        };
        self.store.record_run(run).await
    }

    pub(crate) async fn connected(
        &self,
        person: PersonId,
        vendor: &str,
    ) -> Result<Connection, SyncError> {
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

    pub(crate) fn vendor(&self, name: &str) -> Result<Arc<dyn Vendor>, SyncError> {
        match self.vendors.get(name) {
            Some(vendor) => Ok(vendor),
            None if Vendors::known().contains(&name) => Err(SyncError::NotConfigured),
            None => Err(SyncError::UnknownVendor),
        }
    }
}
