//! Webhooks as Google sends them: subscribers of the Cloud project, signed notifications, a keyset
//! that rotates, and everything that goes wrong on the way.
//!
//! Nothing is sent by itself: [`World::deliver_webhooks`] sends what has happened since it was called
//! last, so that tests decide when.

mod delivery;
mod mood;
mod news;
mod signer;
mod subscribers;

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::Value;

pub use delivery::{Delivered, Sending};
pub use mood::WebhookMood;

use crate::data_type::DataType;
use crate::world::World;
use delivery::Delivery;
use news::News;
use signer::Signer;
use subscribers::Subscriber;

/// The number of the emulated Cloud project.
pub const PROJECT_NUMBER: &str = "123456789012";

/// A token with the scope `cloud-platform` for it.
pub const ADMIN_TOKEN: &str = "sandbox-cloud-platform-token";

/// The public keys' path.
const KEYSET: &str = "/googlehealthapi/webhooks/webhooks_public_keyset.json";

/// Everything about webhooks.
pub(crate) struct Webhooks {
    subscribers: BTreeMap<String, Subscriber>,
    /// The last one signs; all are published.
    signers: Vec<Signer>,
    news: Vec<News>,
    pending: Vec<Delivery>,
    /// Up to which instant the growth of a person's data was told, by data type.
    told_until: HashMap<(usize, DataType), i64>,
    mood: WebhookMood,
}

impl Default for Webhooks {
    fn default() -> Self {
        Self {
            subscribers: BTreeMap::new(),
            signers: vec![Signer::new(FIRST_KEY)],
            news: Vec::new(),
            pending: Vec::new(),
            told_until: HashMap::new(),
            mood: WebhookMood::default(),
        }
    }
}

/// Id of the first key; each rotation adds one.
const FIRST_KEY: u32 = 0x5EED_0001;

impl World {
    /// Has a new key sign from here on. The former keys stay published.
    pub fn rotate_webhook_key(&self) {
        let mut hooks = self.webhooks();
        let next = hooks.signers.last().map_or(FIRST_KEY, |signer| signer.id.wrapping_add(1));
        hooks.signers.push(Signer::new(next));
    }

    /// Takes the former keys out of the keyset.
    pub fn retire_webhook_keys(&self) {
        let mut hooks = self.webhooks();
        let former = hooks.signers.len().saturating_sub(1);
        hooks.signers.drain(..former);
    }

    /// The signature header of `body`, as Google would sign it now.
    pub fn sign_webhook(&self, body: &[u8]) -> String {
        self.webhooks().signers.last().map(|signer| signer.sign(body)).unwrap_or_default()
    }

    /// What goes wrong with deliveries from here on.
    pub fn set_webhook_mood(&self, mood: WebhookMood) {
        self.webhooks().mood = mood;
    }

    /// Notifications that wait: held up, or not answered with 204 yet.
    pub fn pending_webhooks(&self) -> usize {
        let google = self.webhooks().pending.len();
        google + self.pending_notifications()
    }

    fn keyset(&self) -> Value {
        signer::keyset(&self.webhooks().signers)
    }

    fn told_from(&self, subscribed: Timestamp, person: usize, data_type: DataType) -> i64 {
        let told = self.webhooks().told_until.get(&(person, data_type)).copied();
        told.unwrap_or(subscribed.as_microsecond())
    }
}

pub(crate) fn router() -> Router<World> {
    Router::new().merge(subscribers::router()).route(KEYSET, get(keyset))
}

async fn keyset(State(world): State<World>) -> Response {
    use axum::response::IntoResponse;
    let occasion = crate::faults::Occasion { path: KEYSET, data_type: None, person: None };
    for fault in world.befalling(&occasion) {
        if let Some(response) = crate::errors::for_any_endpoint(&fault).await {
            world.count_request("keyset", response.status().as_u16());
            return response;
        }
    }
    world.count_request("keyset", 200);
    Json(world.keyset()).into_response()
}
