//! Google's keys, held for a while. One request fetches, the others wait for it or do without.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use phr_model::Clock;
use tokio::sync::Mutex;
use url::Url;

use super::{
    keyset::{self, Keyset},
    signature::Key,
};
use crate::{hook::HookRefusal, http::read_capped};

/// Keys are fetched anew after this long.
const FRESH: SignedDuration = SignedDuration::from_hours(6);
/// Keys that cannot be fetched anew serve this long: Google's advice is to hold them for up to a day.
const USABLE: SignedDuration = SignedDuration::from_hours(24);
/// The keyset is asked for at most this often, whoever names unknown keys.
const REST: SignedDuration = SignedDuration::from_secs(30);
/// Google waits for our answer, so we do not wait long for its keys.
const TIMEOUT: Duration = Duration::from_secs(5);
const LONGEST: usize = 256 * 1024;

/// The keys and their host.
pub(super) struct Keys {
    url: Url,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
    held: RwLock<Held>,
    /// Whoever holds it fetches; inside is when that was tried last.
    fetching: Mutex<Option<Timestamp>>,
}

#[derive(Default, Clone)]
struct Held {
    keys: Arc<Keyset>,
    fetched_at: Option<Timestamp>,
}

impl Held {
    fn is_younger(&self, age: SignedDuration, now: Timestamp) -> bool {
        self.fetched_at.is_some_and(|at| now.duration_since(at) < age)
    }

    fn key(&self, id: u32, age: SignedDuration, now: Timestamp) -> Option<Key> {
        self.is_younger(age, now).then(|| self.keys.get(&id).cloned())?
    }
}

impl Keys {
    pub(super) fn new(url: Url, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self { url, http, clock, held: RwLock::default(), fetching: Mutex::default() }
    }

    /// The key called `id`.
    ///
    /// # Errors
    /// [`HookRefusal::Forged`] if Google has no such key, [`HookRefusal::NoKeys`] if we cannot know.
    pub(super) async fn of(&self, id: u32) -> Result<Key, HookRefusal> {
        if let Some(key) = self.held().key(id, FRESH, self.clock.now()) {
            return Ok(key);
        }
        let mut tried_at = self.fetching.lock().await;
        let now = self.clock.now();
        // Somebody else may have fetched it while we waited.
        if let Some(key) = self.held().key(id, FRESH, now) {
            return Ok(key);
        }
        if tried_at.is_none_or(|at| now.duration_since(at) >= REST) {
            *tried_at = Some(now);
            self.fetch(now).await;
        }
        let held = self.held();
        match held.key(id, USABLE, now) {
            Some(key) => Ok(key),
            None if held.is_younger(USABLE, now) => Err(HookRefusal::Forged),
            None => Err(HookRefusal::NoKeys { wait: REST.unsigned_abs() }),
        }
    }

    async fn fetch(&self, now: Timestamp) {
        let Some(keys) = self.fetched().await else {
            tracing::warn!("Google's webhook keys cannot be fetched");
            return;
        };
        let held = Held { keys: Arc::new(keys), fetched_at: Some(now) };
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = held;
    }

    async fn fetched(&self) -> Option<Keyset> {
        let response = self.http.get(self.url.clone()).timeout(TIMEOUT).send().await.ok()?;
        let response = response.error_for_status().ok()?;
        keyset::read(&read_capped(response, LONGEST).await.ok()?)
    }

    fn held(&self) -> Held {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
