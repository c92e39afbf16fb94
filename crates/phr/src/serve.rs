//! `phr serve`: the server for real use.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use phr_api::settings::{Settings, SigningKeys};
use phr_model::{Clock, SystemClock};
use phr_store::{SharedStore, Vault, sqlite::SqliteStore};
use phr_sync::{SharedBudget, SyncSettings, reseal::reseal};
use phr_vendors::{
    Vendor,
    budget::Limits,
    fitbit::google_health::{self, GoogleHealth},
    http_client,
};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{App, Parts},
    config::Config,
    worker,
};

/// Runs the server until it is told to stop.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {} (set LISTEN)", config.listen))?;
    let public_url = config.public_url.clone();
    if config.fitbit.is_none() {
        tracing::warn!("FITBIT_CLIENT_ID is not set: nobody can connect Fitbit yet");
    }
    let app = parts(config).await?.assemble()?;
    app.notifier.open().await?;
    tracing::info!(%public_url, "ready");
    listen(listener, app, stop_signal()).await
}

/// Longest time that requests under way get to finish (RT-08).
const LAST_REQUESTS: Duration = Duration::from_secs(25);

/// Serves and works until `stop`, then takes on nothing new and finishes what is under way.
pub(crate) async fn listen(
    listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let stopping = CancellationToken::new();
    let worker = tokio::spawn(worker::run(app.sync, app.connector, stopping.clone()));
    let carrier = tokio::spawn(worker::carry(app.notifier, stopping.clone()));
    let service = app.router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    let server =
        axum::serve(listener, service).with_graceful_shutdown(stopping.clone().cancelled_owned());
    let server = tokio::spawn(server.into_future());
    stop.await;
    stopping.cancel();
    // A connection that never finishes its request must not keep the process alive.
    if let Ok(served) = tokio::time::timeout(LAST_REQUESTS, server).await {
        served??;
    }
    carrier.await.context("the carrier of notices failed")?;
    worker.await.context("the background worker failed")
}

async fn parts(config: Config) -> anyhow::Result<Parts> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = SqliteStore::open(&config.database)
        .await
        .with_context(|| format!("cannot open {}", config.database.display()))?;
    let store: SharedStore = Arc::new(store);
    settle_keys(&store, &config.encryption_key).await?;
    let notifier = config.notify.notifier(store.clone(), clock.clone(), &config.public_url)?;
    Ok(Parts {
        notifier,
        vendors: vendors(&config, &store, &clock)?,
        store,
        clock,
        sync: SyncSettings {
            look_back_days: config.look_back_days,
            interval: config.sync_interval,
            heart_rate: config.heart_rate,
            ..SyncSettings::default()
        },
        api: Settings {
            registration: config.registration,
            cors_origins: config.cors_origins,
            docs: config.docs,
            trusted_proxies: config.trusted_proxies,
            ..Settings::new(config.public_url, SigningKeys::parse(&config.jwt_secret))
        },
        encryption_key: config.encryption_key,
        return_urls: config.return_urls,
    })
}

/// Refuses to run without a key that something in the database is sealed with: better now than when
/// somebody's sync needs it (VK-04). Leaves nothing to a former key, so that it can be removed at the
/// next start (VK-03).
async fn settle_keys(store: &SharedStore, ring: &SecretString) -> anyhow::Result<()> {
    let vault = Vault::new(ring).context("ENCRYPTION_KEY")?;
    let held = vault.key_ids();
    let sealed_with = store.sealing_keys().await?;
    let missing = sealed_with.iter().filter(|key| !held.contains(&key.as_str())).count();
    anyhow::ensure!(
        missing == 0,
        "ENCRYPTION_KEY: {missing} of the keys that stored tokens are sealed with are missing; \
         put the former key behind the new one, separated by a comma"
    );
    let present = held.first().copied();
    if sealed_with.iter().any(|key| Some(key.as_str()) != present) {
        let resealed = reseal(store, &vault).await?;
        tracing::info!(resealed, "tokens are sealed with the present key now");
    }
    Ok(())
}

fn vendors(
    config: &Config,
    store: &SharedStore,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Arc<dyn Vendor>>> {
    let Some(fitbit) = &config.fitbit else { return Ok(Vec::new()) };
    let limits = Limits {
        per_person_per_minute: config.per_person_per_minute,
        per_project_per_minute: config.per_project_per_minute,
    };
    let (id, secret) = (fitbit.client_id.clone(), fitbit.client_secret.clone());
    let settings = match &fitbit.base_url {
        Some(base) => google_health::Settings::at(base, id, secret, fitbit.redirect_uri.clone()),
        None => google_health::Settings::google(id, secret, fitbit.redirect_uri.clone()),
    };
    let budget = SharedBudget::new(store.clone(), clock.clone(), "google-health", limits);
    let http = http_client()?;
    Ok(vec![Arc::new(GoogleHealth::new(&settings, http, Arc::new(budget), clock.clone()))])
}

/// Ctrl-C, or SIGTERM from a service manager.
pub(crate) async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    else {
        let _ = interrupt.await;
        return;
    };
    tokio::select! {
        _ = interrupt => {}
        _ = terminate.recv() => {}
    }
}
