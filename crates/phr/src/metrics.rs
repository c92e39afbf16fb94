//! Where Prometheus may read: beside the API for whoever has the token, or on an address apart.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::Router;
use phr_api::scrape::{self, Scrape};
use phr_model::Clock;
use phr_store::SharedStore;
use phr_telemetry::{Exporter, catalogue::STARTED, record};
use phr_vendors::Vendors;
use secrecy::SecretString;
use tokio::net::TcpListener;

/// How often recorded times are put into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Where, and who.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    /// An address apart; beside the API without.
    pub(crate) listen: Option<SocketAddr>,
    /// What the scraper must send; only an address on this machine may do without.
    pub(crate) token: Option<SecretString>,
}

/// `/metrics`, ready to be served.
pub(crate) struct Door {
    router: Router,
    listen: Option<SocketAddr>,
}

impl Metrics {
    /// Begins to record.
    pub(crate) fn begin(
        self,
        store: SharedStore,
        vendors: Arc<Vendors>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Door> {
        let exporter = Exporter::install()?;
        record::set(STARTED, clock.now().duration_since(jiff::Timestamp::UNIX_EPOCH).as_secs_f64());
        let kept = exporter.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                kept.keep_up();
            }
        });
        let router = scrape::router(Scrape::new(exporter, store, vendors, clock), self.token);
        Ok(Door { router, listen: self.listen })
    }
}

impl Door {
    /// The route for the API's own address, if it belongs there.
    pub(crate) fn beside(&self) -> Option<Router> {
        self.listen.is_none().then(|| self.router.clone())
    }

    /// Serves on the address apart, if there is one, for as long as the process lives.
    pub(crate) async fn listen(self) -> anyhow::Result<()> {
        let Some(address) = self.listen else { return Ok(()) };
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address} (set METRICS_LISTEN)"))?;
        tracing::info!(%address, "metrics are served");
        tokio::spawn(axum::serve(listener, self.router).into_future());
        Ok(())
    }
}
