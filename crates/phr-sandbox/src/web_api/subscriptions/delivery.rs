//! Sending notifications, and everything that goes wrong on the way.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::signature::signature;
use super::subscriber::{Subscriber, post};
use crate::hooks::{Delivered, Sending, WebhookMood};
use crate::world::World;

/// Items of one notification at most; they may be about several people.
const BATCH: usize = 100;

/// A notification on its way.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    body: String,
    not_before: Timestamp,
}

impl World {
    /// Sends what has happened since the last time to the subscriber, and again what was not
    /// answered with 204, until the subscriber is disabled.
    pub(crate) async fn deliver_subscriptions(&self, mood: WebhookMood) -> Vec<Delivered> {
        let items = self.fresh_items();
        if mood.silent {
            return Vec::new();
        }
        self.enqueue(&items, mood);
        let mut sent = Vec::new();
        for delivery in self.take_ripe_notifications(mood) {
            let Some(subscriber) = self.enabled_subscriber() else { break };
            for forgery in 0..mood.forgeries {
                let status = self.forge_notification(&subscriber, &delivery.body, forgery).await;
                sent.push(Delivered { sending: Sending::Forgery, status });
            }
            let signed = self.sign_notification(delivery.body.as_bytes());
            let mut status = None;
            for copy in 0..=mood.duplicates {
                status = post(&subscriber.endpoint, &signed, &delivery.body).await;
                let sending = if copy == 0 { Sending::Genuine } else { Sending::Duplicate };
                sent.push(Delivered { sending, status });
            }
            self.settle(delivery, status);
        }
        sent
    }

    /// The signature header of a notification, as Fitbit would sign it.
    pub fn sign_notification(&self, body: &[u8]) -> String {
        signature(&self.options().client_secret, body)
    }

    /// Notifications of subscriptions that wait.
    pub(crate) fn pending_notifications(&self) -> usize {
        self.web_api().subscriptions.pending.len()
    }

    fn enqueue(&self, items: &[Value], mood: WebhookMood) {
        let wait = SignedDuration::from_secs(mood.delay.into());
        let now = self.clock().now();
        let not_before = now.saturating_add(wait).unwrap_or(now);
        let mut state = self.web_api();
        if state.subscriptions.subscriber.is_none() {
            return;
        }
        let bodies = items.chunks(BATCH).map(|batch| Value::from(batch).to_string());
        let deliveries = bodies.map(|body| Delivery { body, not_before });
        state.subscriptions.pending.extend(deliveries);
    }

    fn take_ripe_notifications(&self, mood: WebhookMood) -> Vec<Delivery> {
        let now = self.clock().now();
        let mut state = self.web_api();
        let pending = std::mem::take(&mut state.subscriptions.pending);
        let (mut ripe, green): (Vec<_>, _) =
            pending.into_iter().partition(|delivery| delivery.not_before <= now);
        state.subscriptions.pending = green;
        if mood.disorder {
            ripe.reverse();
        }
        ripe
    }

    fn enabled_subscriber(&self) -> Option<Subscriber> {
        let state = self.web_api();
        state.subscriptions.subscriber.clone().filter(|subscriber| !subscriber.is_disabled())
    }

    /// A disabled subscriber is told nothing more, not even what waited.
    fn settle(&self, delivery: Delivery, status: Option<u16>) {
        let subscriptions = &mut self.web_api().subscriptions;
        let Some(subscriber) = subscriptions.subscriber.as_mut() else { return };
        subscriber.answered(status);
        if subscriber.is_disabled() {
            subscriptions.pending.clear();
        } else if status != Some(204) {
            subscriptions.pending.push(delivery);
        }
    }

    /// One of the ways to pretend to be Fitbit.
    async fn forge_notification(
        &self,
        subscriber: &Subscriber,
        body: &str,
        kind: u32,
    ) -> Option<u16> {
        let genuine = self.sign_notification(body.as_bytes());
        let (signed, body) = match kind % 3 {
            0 => (genuine, body.replacen("ownerType", "ownerKind", 1)),
            1 => (signature("guessed", body.as_bytes()), body.to_owned()),
            _ => (String::new(), body.to_owned()),
        };
        post(&subscriber.endpoint, &signed, &body).await
    }
}
