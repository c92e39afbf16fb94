//! The door to syncing: for a person who waits, and for the worker in the background.

use std::sync::Arc;

use jiff::{SignedDuration, civil::Date};
use phr_model::{Clock, HeartRateForm, PersonId};
use phr_store::{SharedStore, StoreError, Vault};
use phr_vendors::{VendorError, registry::Vendors};

use crate::{
    entropy::Entropy,
    report::{Progress, RunReport},
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
    pub async fn request(&self, _person: PersonId, _vendor: &str) -> Result<(), SyncError> {
        todo!()
    }

    /// Syncs one day (or the look-back, without a date) while the caller waits.
    pub async fn sync_now(
        &self,
        _person: PersonId,
        _vendor: &str,
        _date: Option<Date>,
        _listener: Option<Listener>,
    ) -> Result<RunReport, SyncError> {
        todo!()
    }

    /// Works on the most urgent connection that is due, if there is one. True if there was.
    pub async fn work_once(&self) -> Result<bool, SyncError> {
        todo!()
    }
}
