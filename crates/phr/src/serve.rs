//! `phr serve`: the server for real use.

use std::sync::Arc;

use anyhow::Context;
use phr_api::settings::{Registration, Settings, SigningKeys};
use phr_model::{Clock, SystemClock};
use phr_store::{SharedStore, Vault};
use phr_sync::{SharedBudget, SyncSettings, reseal::reseal};
use phr_vendors::{
    Allowance, HookReceiver, Limits, Rates, Vendor,
    fitbit::{
        google_health::{self, GoogleHealth, hooks::GoogleHooks},
        web_api::{self, WebApi, hooks::SubscriberHooks},
    },
    http_client,
};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{App, Parts},
    config::{Config, Fitbit, Upstream},
    delivery,
    listen::{self, Room},
    worker,
};

/// What a process does. Several processes may share one database, each with a role of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// Answer apps and browsers, leave syncing to others
    Api,
    /// Sync, and answer nothing but probes (/livez, /readyz)
    Sync,
    /// Deliver to FHIR servers, and answer nothing but probes
    Deliver,
    /// All of it
    All,
}

impl Role {
    fn answers(self) -> bool {
        matches!(self, Self::Api | Self::All)
    }

    fn syncs(self) -> bool {
        matches!(self, Self::Sync | Self::All)
    }

    fn delivers(self) -> bool {
        matches!(self, Self::Deliver | Self::All)
    }
}

/// Runs the server until it is told to stop.
pub(crate) async fn run(config: Config, role: Role) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {} (set LISTEN)", config.listen))?;
    let public_url = config.public_url.clone();
    let room = config.room();
    if config.fitbit.is_none() {
        tracing::warn!("FITBIT_CLIENT_ID is not set: nobody can connect Fitbit yet");
    }
    if config.fitbit.as_ref().is_some_and(|fitbit| fitbit.upstream == Upstream::WebApi) {
        tracing::warn!(
            "FITBIT_UPSTREAM=web-api: Fitbit switched this API off on 2 November 2026; see \
             docs/upstreams.md"
        );
    }
    if let Some(unavailable) = config.unavailable() {
        tracing::warn!("{unavailable}");
    }
    if config.registration == Registration::Open {
        tracing::warn!(
            "REGISTRATION=open: anybody may register with any address, unproved; right for closed \
             networks only"
        );
    }
    let workers = config.sync_workers;
    let mut app = parts(config).await?.assemble()?;
    if let Some(door) = app.metrics.take() {
        door.listen().await?;
    }
    if role.syncs() {
        app.notifier.open().await?;
    }
    if role.delivers() {
        app.deliverer.open().await?;
    }
    tracing::info!(%public_url, ?role, "ready");
    serve(listener, app, (role, workers), room, stop_signal()).await
}

/// Serves and works until `stop`, then takes on nothing new and finishes what is under way.
async fn serve(
    listener: TcpListener,
    app: App,
    (role, workers): (Role, usize),
    room: Room,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let stopping = CancellationToken::new();
    let worker = if role.syncs() {
        tokio::spawn(worker::run(app.sync, app.connector, workers, stopping.clone()))
    } else {
        tokio::spawn(stopping.clone().cancelled_owned())
    };
    let carrier = if role.syncs() {
        tokio::spawn(worker::carry(app.notifier, stopping.clone()))
    } else {
        tokio::spawn(stopping.clone().cancelled_owned())
    };
    let deliverer = if role.delivers() {
        tokio::spawn(delivery::run(app.deliverer, stopping.clone()))
    } else {
        tokio::spawn(stopping.clone().cancelled_owned())
    };
    let router = if role.answers() { app.router } else { app.probes };
    let server = tokio::spawn(listen::serve(listener, router, room, stopping.clone()));
    stop.await;
    stopping.cancel();
    app.streams.close();
    server.await.context("the server failed")?;
    carrier.await.context("the carrier of notices failed")?;
    deliverer.await.context("the delivery to FHIR servers failed")?;
    worker.await.context("the background worker failed")
}

/// The parts of a server as the configuration wants them.
pub(crate) async fn parts(config: Config) -> anyhow::Result<Parts> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = phr_store::open(&config.database)
        .await
        .with_context(|| format!("cannot open {}", config.database))?;
    settle_keys(&store, &config.encryption_key).await?;
    let notifier = config.notify.notifier(store.clone(), clock.clone(), &config.public_url)?;
    let (name, rates) = rates(&config);
    let budget = SharedBudget::new(store.clone(), clock.clone(), name, rates);
    Ok(Parts {
        notifier,
        vendors: vendors(&config, Arc::new(budget), &clock)?,
        webhooks: webhooks(&config, &clock)?,
        store,
        clock,
        sync: SyncSettings {
            look_back_days: config.look_back_days,
            interval: config.sync_interval,
            lease: config.sync_lease,
            history_days: config.history_days,
            heart_rate: config.heart_rate,
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
        metrics: config.metrics,
        fhir: config.fhir,
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

/// What the upstream allows, and under which name processes share it.
pub(crate) fn rates(config: &Config) -> (&'static str, Rates) {
    match config.fitbit.as_ref().map(|fitbit| fitbit.upstream).unwrap_or_default() {
        Upstream::GoogleHealth => {
            let limits = Limits {
                per_person_per_minute: config.per_person_per_minute,
                per_project_per_minute: config.per_project_per_minute,
            };
            ("google-health", limits.into())
        }
        Upstream::WebApi => ("web-api", Rates::hourly(config.per_person_per_hour)),
    }
}

/// The vendors that the configuration has credentials for; they ask `allowance` before a request.
pub(crate) fn vendors(
    config: &Config,
    allowance: Arc<dyn Allowance>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Vec<Arc<dyn Vendor>>> {
    let Some(fitbit) = &config.fitbit else { return Ok(Vec::new()) };
    let (http, clock) = (http_client()?, clock.clone());
    let metrics = config.fetched.iter().copied();
    let vendor: Arc<dyn Vendor> = match fitbit.upstream {
        Upstream::GoogleHealth => {
            let settings = google(fitbit).with_metrics(metrics);
            Arc::new(GoogleHealth::new(&settings, http, allowance, clock))
        }
        Upstream::WebApi => {
            let settings = web_api(fitbit)
                .with_metrics(metrics)
                .with_subscriptions(fitbit.subscriber.is_some());
            Arc::new(WebApi::new(&settings, http, allowance, clock))
        }
    };
    Ok(vec![vendor])
}

fn google(fitbit: &Fitbit) -> google_health::Settings {
    let (id, secret) = (fitbit.client_id.clone(), fitbit.client_secret.clone());
    match &fitbit.base_url {
        Some(base) => google_health::Settings::at(base, id, secret, fitbit.redirect_uri.clone()),
        None => google_health::Settings::google(id, secret, fitbit.redirect_uri.clone()),
    }
}

fn web_api(fitbit: &Fitbit) -> web_api::Settings {
    let (id, secret) = (fitbit.client_id.clone(), fitbit.client_secret.clone());
    match &fitbit.base_url {
        Some(base) => web_api::Settings::at(base, id, secret, fitbit.redirect_uri.clone()),
        None => web_api::Settings::fitbit(id, secret, fitbit.redirect_uri.clone()),
    }
}

fn webhooks(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Option<Arc<dyn HookReceiver>>> {
    let Some(fitbit) = &config.fitbit else { return Ok(None) };
    Ok(match fitbit.upstream {
        Upstream::GoogleHealth => {
            let Some(authorization) = fitbit.webhook.clone() else { return Ok(None) };
            let (keyset, http) = (google(fitbit).keyset_url, http_client()?);
            Some(Arc::new(GoogleHooks::new(authorization, keyset, http, clock.clone())))
        }
        Upstream::WebApi => {
            let Some(code) = fitbit.subscriber.clone() else { return Ok(None) };
            Some(Arc::new(SubscriberHooks::new(&fitbit.client_secret, code)))
        }
    })
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

#[cfg(test)]
mod tests {
    use phr_model::{FITBIT, PersonId};
    use phr_store::{
        account::{NewPerson, Person},
        connection::{Consent, SealedTokens},
        vault::Binding,
    };
    use uuid::Uuid;

    use super::*;

    /// A database in which something is sealed with `ring`.
    async fn sealed_with(ring: &SecretString, folder: &std::path::Path) -> SharedStore {
        let url = phr_store::DatabaseUrl::Sqlite(folder.join("phr.sqlite"));
        let store = phr_store::open(&url).await.unwrap();
        let now = SystemClock.now();
        let id = PersonId(Uuid::new_v4());
        let person = Person {
            id,
            email: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
            password_hash: String::new(),
            patient: Some(id.patient()),
            created_at: now,
        };
        store.register(NewPerson { person, invitation: None }, now).await.unwrap();
        let connection = store.select_vendor(id, FITBIT, now).await.unwrap();
        let binding = Binding { purpose: "tokens", owner: "connection" };
        let envelope = Vault::new(ring).unwrap().seal(binding, &"1//token".into());
        let consent = Consent {
            upstream: "google-health".to_owned(),
            legacy_user: None,
            vendor_user: "user".to_owned(),
            scopes: Vec::new(),
            zone: None,
            tokens: SealedTokens { envelope, access_expires_at: now },
            reconnect_by: None,
        };
        store.link(connection.id, consent, now).await.unwrap();
        store
    }

    #[tokio::test]
    async fn vk_04_without_a_key_that_is_needed_the_server_does_not_start() {
        let folder = tempfile::tempdir().unwrap();
        let former = Vault::generate_key();
        let store = sealed_with(&former, folder.path()).await;
        let refused = settle_keys(&store, &Vault::generate_key()).await.unwrap_err();
        assert!(refused.to_string().starts_with("ENCRYPTION_KEY: 1 of the keys"), "{refused}");
        settle_keys(&store, &former).await.unwrap();
    }
}
