//! Puts the parts together: the one place where everything meets.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use phr_api::{ApiState, Streams, settings::Settings};
use phr_fhir::delivery::{Deliverer, Settings as Delivery};
use phr_model::Clock;
use phr_notify::Notifier;
use phr_store::{SharedStore, Vault};
use phr_sync::{Connector, Entropy, OsEntropy, SyncService, SyncSettings};
use phr_vendors::{HookReceiver, TokioPace, Vendor, registry::Vendors};
use secrecy::SecretString;
use url::Url;

use crate::{
    config::Fhir,
    metrics::{Door, Metrics},
};

/// What a server is made of, before it listens.
pub(crate) struct Parts {
    /// The database.
    pub(crate) store: SharedStore,
    /// Fernet key ring.
    pub(crate) encryption_key: SecretString,
    /// Vendors with credentials.
    pub(crate) vendors: Vec<Arc<dyn Vendor>>,
    /// Judges what comes in on the webhook, if one is set up.
    pub(crate) webhooks: Option<Arc<dyn HookReceiver>>,
    /// The clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// How syncing behaves.
    pub(crate) sync: SyncSettings,
    /// How the API behaves.
    pub(crate) api: Settings,
    /// Where apps may have people sent back to.
    pub(crate) return_urls: Vec<Url>,
    /// Where Prometheus may read, if anywhere.
    pub(crate) metrics: Option<Metrics>,
    /// Who is told what.
    pub(crate) notifier: Notifier,
    /// Which FHIR servers Observations go to.
    pub(crate) fhir: Fhir,
}

/// A server that is ready to listen and to work.
pub(crate) struct App {
    pub(crate) router: Router,
    /// What a process that serves nobody answers.
    pub(crate) probes: Router,
    pub(crate) streams: Arc<Streams>,
    pub(crate) store: SharedStore,
    pub(crate) sync: SyncService,
    pub(crate) connector: Connector,
    pub(crate) metrics: Option<Door>,
    pub(crate) notifier: Notifier,
    pub(crate) deliverer: Deliverer,
}

impl Parts {
    /// Wires everything.
    pub(crate) fn assemble(self) -> anyhow::Result<App> {
        let vault = Arc::new(Vault::new(&self.encryption_key).context("ENCRYPTION_KEY")?);
        let base = self.api.base().to_owned();
        let delivery = Delivery { lease: self.fhir.lease, ..Delivery::new(&base) };
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let deliverer = Deliverer::new(store, clock, delivery, self.fhir.destinations)?;
        let vendors = Arc::new(Vendors::new(self.vendors));
        let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
        let connector = Connector {
            store: self.store.clone(),
            vault: vault.clone(),
            vendors: vendors.clone(),
            clock: self.clock.clone(),
            entropy: entropy.clone(),
            return_targets: Arc::new(self.return_urls),
        };
        let sync = SyncService {
            store: self.store.clone(),
            vault,
            vendors,
            clock: self.clock,
            entropy,
            pace: Arc::new(TokioPace),
            heartbeat: Arc::new(TokioPace),
            settings: self.sync,
        };
        let state = ApiState::new(self.store.clone(), connector.clone(), sync.clone(), self.api)?;
        let (vendors, clock) = (sync.vendors.clone(), sync.clock.clone());
        let begin = |metrics: Metrics| metrics.begin(self.store.clone(), vendors, clock);
        let metrics = self.metrics.map(begin).transpose()?;
        let beside = metrics.as_ref().and_then(Door::beside).unwrap_or_default();
        let pages = phr_web::router(connector.clone()).merge(beside.clone().into());
        let state = match self.webhooks {
            Some(receiver) => state.with_webhooks(receiver),
            None => state,
        };
        let router = phr_api::router(&state, pages);
        let probes = phr_api::probes(&state, beside);
        let (streams, store) = (state.streams, self.store);
        Ok(App {
            router,
            probes,
            streams,
            store,
            sync,
            connector,
            metrics,
            notifier: self.notifier,
            deliverer,
        })
    }
}
