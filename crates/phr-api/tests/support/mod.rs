//! The whole server in process: real routes, layers, pages, database; a clock that stands still.

#![allow(
    dead_code,
    unused_imports,
    clippy::allow_attributes,
    reason = "each test binary uses a part of it"
)]

mod actor;
mod flow;
mod launch;
mod readings;
mod reply;

use std::sync::Arc;

use axum::{Router, body::Body, http::Request};
use jiff::{SignedDuration, Timestamp};
use phr_api::{
    ApiState, RateLimits, Registration, Settings, SigningKeys, StreamLimits, Streams,
    settings::HashingCost,
};
use phr_model::{Clock, StoppedClock};
use phr_sandbox::{Options, People, Sandbox};
use phr_store::{
    SharedStore, Vault,
    bed::{self, Bed},
    one_time::{OneTime, Purpose},
};
use phr_sync::{Connector, Entropy, OsEntropy, SyncService, SyncSettings, entropy};
use phr_vendors::{
    Budget, InstantPace, TokioPace, Vendor,
    fitbit::google_health::{self, GoogleHealth},
    http_client,
    rate::Limits,
    registry::Vendors,
};
use secrecy::SecretString;
use tower::ServiceExt;

pub(crate) use actor::{Actor, PASSWORD};
pub(crate) use flow::cookie_of;
pub(crate) use launch::{Client, REDIRECT, VERIFIER, answer, form};
pub(crate) use readings::sample;
pub(crate) use reply::Reply;

/// Noon in Zurich on the day on which all tests take place.
pub(crate) const NOW: &str = "2026-11-20T11:00:00Z";

/// Where the server believes to be reached.
pub(crate) const BASE: &str = "http://127.0.0.1:8000";

/// Keys as an operator would set them.
pub(crate) const JWT_KEYS: &str = "first:0123456789abcdef0123456789abcdef0123456789a";
const ENCRYPTION_KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

/// A running server without a socket.
pub(crate) struct TestApp {
    pub(crate) router: Router,
    pub(crate) state: ApiState,
    pub(crate) clock: Arc<StoppedClock>,
    pub(crate) store: SharedStore,
    pub(crate) sandbox: Option<Sandbox>,
    pub(crate) bed: Bed,
    pub(crate) browser: reqwest::Client,
}

/// How tests want it: open registration, cheap hashing, no rate limits.
pub(crate) fn settings() -> Settings {
    let keys = SigningKeys::parse(&SecretString::from(JWT_KEYS));
    Settings {
        registration: Registration::Open,
        hashing: HashingCost::FLOOR,
        docs: true,
        rates: RateLimits::LIFTED,
        ..Settings::new(BASE.parse().unwrap(), keys)
    }
}

impl TestApp {
    /// A server without vendor credentials.
    pub(crate) async fn start() -> Self {
        Self::with(settings()).await
    }

    /// A server without vendor credentials and with these settings.
    pub(crate) async fn with(settings: Settings) -> Self {
        Self::build(settings, None).await
    }

    /// A server that talks to an emulated Google with two people and a few days of history.
    pub(crate) async fn with_vendor() -> Self {
        Self::with_vendor_and(settings()).await
    }

    /// The same with these settings.
    pub(crate) async fn with_vendor_and(settings: Settings) -> Self {
        let options = Options {
            now: Some(NOW.parse().unwrap()),
            people: People::Synthetic { count: 2, days_of_history: 3 },
            quota_per_minute: 0,
            ..Options::default()
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        Self::build(settings, Some(sandbox)).await
    }

    async fn build(settings: Settings, sandbox: Option<Sandbox>) -> Self {
        let stopped = Arc::new(StoppedClock::at(NOW.parse().unwrap()));
        let clock: Arc<dyn Clock> = stopped.clone();
        let (store, bed) = bed::open().await;
        let vault = Arc::new(Vault::new(&SecretString::from(ENCRYPTION_KEY)).unwrap());
        let vendors = Arc::new(Vendors::new(sandbox.as_ref().map(|it| vendor(it, &clock))));
        let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
        let connector = Connector {
            store: store.clone(),
            vault: vault.clone(),
            vendors: vendors.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            return_targets: Arc::new(vec![
                "https://app.example.com/connected".parse().unwrap(),
                "phrapp://connected".parse().unwrap(),
            ]),
        };
        let sync_settings =
            SyncSettings { look_back_days: 3, history_days: 0, ..SyncSettings::default() };
        let sync = SyncService {
            store: store.clone(),
            vault,
            vendors,
            clock,
            entropy,
            pace: Arc::new(TokioPace),
            heartbeat: Arc::new(TokioPace),
            settings: sync_settings,
        };
        let mut state = ApiState::new(store.clone(), connector.clone(), sync, settings).unwrap();
        // Streams do not wait: a heartbeat says that everything there was has been sent.
        state.streams =
            Arc::new(Streams::new(StreamLimits::default(), Arc::new(InstantPace::default())));
        let router = phr_api::router(&state, phr_web::router(connector));
        let policy = reqwest::redirect::Policy::none();
        let browser = reqwest::Client::builder().redirect(policy).build().unwrap();
        Self { router, state, clock: stopped, store, sandbox, bed, browser }
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        Reply::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// The same server in another process, or after a restart: the same database, no memory.
    pub(crate) fn restarted(&self) -> Router {
        let (connector, sync) = (self.state.connector.clone(), self.state.sync.clone());
        let settings = (*self.state.settings).clone();
        let state = ApiState::new(self.store.clone(), connector.clone(), sync, settings).unwrap();
        phr_api::router(&state, phr_web::router(connector))
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// An invitation that works for a week.
    pub(crate) async fn invite(&self) -> SecretString {
        let secret = entropy::secret(&OsEntropy);
        let invitation = OneTime {
            hash: entropy::hash(&secret),
            purpose: Purpose::Invitation,
            person: None,
            payload: "{}".to_owned(),
            expires_at: self.now() + SignedDuration::from_hours(7 * 24),
        };
        self.store.put_one_time(invitation, self.now()).await.unwrap();
        secret
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Somebody who has not signed in.
    pub(crate) fn nobody(&self) -> Actor<'_> {
        Actor::nobody(self)
    }

    /// Somebody who has registered and signed in.
    pub(crate) async fn person(&self, name: &str) -> Actor<'_> {
        Actor::registered(self, name).await
    }
}

fn vendor(sandbox: &Sandbox, clock: &Arc<dyn Clock>) -> Arc<dyn Vendor> {
    let options = Options::default();
    let base = sandbox.base_url().parse().unwrap();
    let redirect = format!("{BASE}/integrations/fitbit/callback").parse().unwrap();
    let settings = google_health::Settings::at(
        &base,
        options.client_id,
        options.client_secret.into(),
        redirect,
    );
    let limits = Limits { per_person_per_minute: 1_000_000, per_project_per_minute: 1_000_000 };
    let budget = Arc::new(Budget::new(limits, clock.clone()));
    Arc::new(GoogleHealth::new(&settings, http_client().unwrap(), budget, clock.clone()))
}
