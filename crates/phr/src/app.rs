//! Puts the parts together: the one place where everything meets.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use phr_api::{ApiState, settings::Settings};
use phr_model::Clock;
use phr_notify::Notifier;
use phr_store::{SharedStore, Vault};
use phr_sync::{Connector, Entropy, OsEntropy, SyncService, SyncSettings};
use phr_vendors::{Vendor, registry::Vendors};
use secrecy::SecretString;
use url::Url;

/// What a server is made of, before it listens.
pub(crate) struct Parts {
    /// The database.
    pub(crate) store: SharedStore,
    /// Fernet key ring.
    pub(crate) encryption_key: SecretString,
    /// Vendors with credentials.
    pub(crate) vendors: Vec<Arc<dyn Vendor>>,
    /// The clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// How syncing behaves.
    pub(crate) sync: SyncSettings,
    /// How the API behaves.
    pub(crate) api: Settings,
    /// Where apps may have people sent back to.
    pub(crate) return_urls: Vec<Url>,
    /// Who is told what.
    pub(crate) notifier: Notifier,
}

/// A server that is ready to listen and to work.
pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) store: SharedStore,
    pub(crate) sync: SyncService,
    pub(crate) connector: Connector,
    pub(crate) notifier: Notifier,
}

impl Parts {
    /// Wires everything.
    pub(crate) fn assemble(self) -> anyhow::Result<App> {
        let vault = Arc::new(Vault::new(&self.encryption_key).context("ENCRYPTION_KEY")?);
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
            settings: self.sync,
        };
        let state = ApiState::new(self.store.clone(), connector.clone(), sync.clone(), self.api)?;
        let pages = phr_web::router(connector.clone());
        let router = phr_api::router(&state, pages);
        Ok(App { router, store: self.store, sync, connector, notifier: self.notifier })
    }
}
