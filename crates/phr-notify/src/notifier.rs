//! Carrying what is due to its receivers.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use phr_model::Clock;
use phr_store::{
    SharedStore, StoreError,
    notice::{Channel, Delivery},
};
use phr_telemetry::record;

use crate::{
    Mail, Refusal, Webhook,
    retry::{ATTEMPTS, again_at},
};

/// Deliveries taken at once.
const MOST: u32 = 20;
/// Deliveries under way at once.
const AT_ONCE: usize = 8;
/// Longer than a round of deliveries takes at the worst.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// Notices are kept for so long, for operators to look up.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Delivers notices. Any number of processes may.
pub struct Notifier {
    /// The outbox.
    pub store: SharedStore,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The way to people, if configured.
    pub mail: Option<Mail>,
    /// The way to the operator's backend, if configured.
    pub webhook: Option<Webhook>,
    /// A number between 0 and 1, each equally likely.
    pub chance: fn() -> f64,
}

impl Notifier {
    /// A notifier that tells nobody.
    pub fn silent(store: SharedStore, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, mail: None, webhook: None, chance: rand::random }
    }

    /// Tells the outbox which receivers there are: notices are written for these only.
    pub async fn open(&self) -> Result<(), StoreError> {
        let mail = self.mail.as_ref().map(|_| Channel::Mail);
        let webhook = self.webhook.as_ref().map(|_| Channel::Webhook);
        let channels: Vec<_> = mail.into_iter().chain(webhook).collect();
        self.store.open_channels(&channels).await
    }

    /// Delivers what is due, once; returns how many were tried.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        if self.mail.is_none() && self.webhook.is_none() {
            return Ok(0);
        }
        let now = self.clock.now();
        let due = self.store.claim_deliveries(now, later(now, LEASE), MOST).await?;
        let tried = due.len();
        let mut outcomes =
            stream::iter(due).map(|delivery| self.deliver(delivery)).buffer_unordered(AT_ONCE);
        while let Some(outcome) = outcomes.next().await {
            outcome?;
        }
        Ok(tried)
    }

    /// Forgets old notices; returns how many.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        self.store.forget_notices(later(self.clock.now(), -KEPT)).await
    }

    async fn deliver(&self, delivery: Delivery) -> Result<(), StoreError> {
        let now = self.clock.now();
        let sent = match (delivery.channel, &self.mail, &self.webhook) {
            (Channel::Mail, Some(mail), _) => mail.send(&delivery, now).await,
            (Channel::Webhook, _, Some(webhook)) => webhook.send(&delivery, now).await,
            _ => Err(Refusal::Later { code: "not_configured", wait: None }),
        };
        self.settle(&delivery, sent).await
    }

    async fn settle(
        &self,
        delivery: &Delivery,
        sent: Result<(), Refusal>,
    ) -> Result<(), StoreError> {
        let (store, id, channel) = (&self.store, delivery.id, delivery.channel);
        let code = match sent {
            Ok(()) => {
                record::notice(channel.key(), "delivered");
                return store.delivered(id, channel).await;
            }
            Err(Refusal::Later { code, wait }) if delivery.attempts < ATTEMPTS => {
                record::notice(channel.key(), "postponed");
                let now = self.clock.now();
                let due_at = again_at(now, delivery.attempts, wait, (self.chance)());
                return store.postpone_delivery(id, channel, due_at, code).await;
            }
            Err(Refusal::Later { code, .. } | Refusal::Never { code }) => code,
            Err(Refusal::Gone) => "gone",
        };
        record::notice(channel.key(), "given_up");
        tracing::warn!(channel = channel.key(), notice = %id, code, "a notice was given up");
        if sent == Err(Refusal::Gone) {
            return store.close_channel(channel).await;
        }
        store.give_up_delivery(id, channel, code).await
    }
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notifier")
    }
}

fn later(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}
