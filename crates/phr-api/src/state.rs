//! What every handler has at hand.

use std::sync::Arc;

use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use phr_model::Clock;
use phr_store::SharedStore;
use phr_sync::{Connector, Entropy, SyncService};
use phr_vendors::{HookReceiver, TokioPace};

use crate::{
    answers::Answers,
    auth::{gate::Gates, hashing::Hasher, jwt::AccessTokens},
    cursor::CursorKey,
    limit::Limiters,
    settings::{Settings, SettingsError},
    streams::{StreamLimits, Streams},
    webhooks::{Tally, WebhookCounts, Webhooks},
};

/// The newest civil date anywhere is that of UTC+14.
const FURTHEST_AHEAD: SignedDuration = SignedDuration::from_hours(14);

/// Shared by all handlers; cloning is cheap.
#[derive(Clone)]
pub struct ApiState {
    /// The store.
    pub store: SharedStore,
    /// Makes and ends connections.
    pub connector: Connector,
    /// Runs syncs.
    pub sync: SyncService,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// How the API behaves.
    pub settings: Arc<Settings>,
    /// Streams that stay open; close them before waiting for requests to end.
    pub streams: Arc<Streams>,
    pub(crate) answers: Arc<Answers>,
    pub(crate) hasher: Arc<Hasher>,
    pub(crate) tokens: Arc<AccessTokens>,
    pub(crate) cursors: Arc<CursorKey>,
    pub(crate) limiters: Arc<Limiters>,
    pub(crate) gates: Arc<Gates>,
    pub(crate) webhooks: Option<Arc<Webhooks>>,
}

impl ApiState {
    /// Puts the parts together.
    ///
    /// # Errors
    /// Settings that would be unsafe to run with.
    pub fn new(
        store: SharedStore,
        connector: Connector,
        sync: SyncService,
        settings: Settings,
    ) -> Result<Self, SettingsError> {
        settings.signing_keys.check()?;
        crate::layer::cors::check(&settings.cors_origins)?;
        let clock = Arc::clone(&connector.clock);
        let entropy = Arc::clone(&connector.entropy);
        Ok(Self {
            answers: Arc::default(),
            hasher: Arc::new(Hasher::new(settings.hashing)?),
            tokens: Arc::new(AccessTokens::new(&settings)),
            cursors: Arc::new(CursorKey::new(&settings.signing_keys)),
            limiters: Arc::new(Limiters::new(settings.rates)),
            gates: Arc::default(),
            streams: Arc::new(Streams::new(StreamLimits::default(), Arc::new(TokioPace))),
            webhooks: None,
            settings: Arc::new(settings),
            store,
            connector,
            sync,
            clock,
            entropy,
        })
    }

    /// How many password hashes were computed since the start.
    pub fn hashes_computed(&self) -> u64 {
        self.hasher.computed()
    }

    /// Lets `receiver` judge what comes in on its vendor's webhook; without one it is not served.
    #[must_use]
    pub fn with_webhooks(mut self, receiver: Arc<dyn HookReceiver>) -> Self {
        self.webhooks = Some(Arc::new(Webhooks { receiver, tally: Tally::default() }));
        self
    }

    /// What came in on webhooks since the process began.
    pub fn webhook_counts(&self) -> WebhookCounts {
        self.webhooks.as_ref().map(|webhooks| webhooks.tally.read()).unwrap_or_default()
    }

    /// The civil date in UTC: where a range ends if nobody says.
    pub fn today(&self) -> Date {
        self.clock.now().to_zoned(TimeZone::UTC).date()
    }

    /// The newest civil date anywhere on Earth: what lies after it is the future for everybody.
    pub fn latest_day(&self) -> Date {
        let now = self.clock.now();
        let ahead = now.checked_add(FURTHEST_AHEAD).unwrap_or(now);
        ahead.to_zoned(TimeZone::UTC).date()
    }
}
