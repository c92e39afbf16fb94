//! Sending notifications, and sending again what was not answered with 204.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::news::News;
use super::signer::Signer;
use super::subscribers::Subscriber;
use super::{FIRST_KEY, WebhookMood, Webhooks};
use crate::world::World;

/// Items of one notification at most (page "Webhooks").
const BATCH: usize = 99;
/// What was not taken for so long is dropped.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
const TIMEOUT: Duration = Duration::from_secs(10);
const SIGNATURE: &str = "GOOGLE-HEALTH-API-SIGNATURE";

/// A notification on its way.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    subscriber: String,
    body: String,
    made_at: Timestamp,
    not_before: Timestamp,
}

/// What a request pretended to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sending {
    /// A notification of Google.
    Genuine,
    /// The same once more.
    Duplicate,
    /// Somebody else's work.
    Forgery,
}

/// One request that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// What it was.
    pub sending: Sending,
    /// The answer; none if nobody answered.
    pub status: Option<u16>,
}

impl World {
    /// Sends what has happened since the last time, and again what was not taken then. Each is sent
    /// once, or as the mood says; what is not answered with 204 stays for the next time, for 7 days.
    /// Fitbit's subscriber is told in the same way.
    pub async fn deliver_webhooks(&self) -> Vec<Delivered> {
        self.collect();
        let mood = self.webhooks().mood;
        let mut sent = Vec::new();
        for delivery in self.take_ripe(mood) {
            let Some(subscriber) = self.webhooks().subscribers.get(&delivery.subscriber).cloned()
            else {
                continue;
            };
            for forgery in 0..mood.forgeries {
                let status = self.forge(&subscriber, &delivery, forgery).await;
                sent.push(Delivered { sending: Sending::Forgery, status });
            }
            let mut status = None;
            for copy in 0..=mood.duplicates {
                let signature = self.sign_webhook(delivery.body.as_bytes());
                status =
                    post(&subscriber, Some(&subscriber.secret), &signature, &delivery.body).await;
                let sending = if copy == 0 { Sending::Genuine } else { Sending::Duplicate };
                sent.push(Delivered { sending, status });
            }
            if status != Some(204) {
                self.webhooks().pending.push(delivery);
            }
        }
        sent.extend(self.deliver_subscriptions(mood).await);
        sent
    }

    /// Turns news into notifications for every subscriber.
    fn collect(&self) {
        let now = self.clock().now();
        let subscribers: Vec<Subscriber> = self.webhooks().subscribers.values().cloned().collect();
        let Some(since) = subscribers.iter().map(|subscriber| subscriber.created_at).min() else {
            self.webhooks().news.clear();
            return;
        };
        let mut news = self.growth(since);
        news.extend(self.take_news(now));
        news.retain(|news| news.is_an_end() || self.shares(news.person, news.data_type));
        let mut hooks = self.webhooks();
        if hooks.mood.silent {
            return;
        }
        let wait = SignedDuration::from_secs(hooks.mood.delay.into());
        let not_before = now.saturating_add(wait).unwrap_or(now);
        for subscriber in &subscribers {
            let wanted = news.iter().filter(|news| subscriber.wants(news.data_type));
            let people = wanted.filter_map(|news| Some(news.item(self.person_at(news.person)?)));
            let items: Vec<Value> = people.collect();
            for batch in items.chunks(BATCH) {
                hooks.pending.push(Delivery {
                    subscriber: subscriber.id.clone(),
                    body: Value::from(batch).to_string(),
                    made_at: now,
                    not_before,
                });
            }
        }
    }

    /// News whose time has come.
    fn take_news(&self, now: Timestamp) -> Vec<News> {
        let mut hooks = self.webhooks();
        let (ripe, green) =
            hooks.news.drain(..).partition(|news| news.ripe_at <= now.as_microsecond());
        hooks.news = green;
        ripe
    }

    fn take_ripe(&self, mood: WebhookMood) -> Vec<Delivery> {
        let now = self.clock().now();
        let mut hooks = self.webhooks();
        hooks.pending.retain(|delivery| now.duration_since(delivery.made_at) < KEPT);
        if mood.silent {
            return Vec::new();
        }
        let Webhooks { pending, .. } = &mut *hooks;
        let (mut ripe, green): (Vec<_>, _) =
            pending.drain(..).partition(|delivery| delivery.not_before <= now);
        *pending = green;
        if mood.disorder {
            ripe.reverse();
        }
        ripe
    }

    /// One of the ways to pretend to be Google.
    async fn forge(&self, subscriber: &Subscriber, delivery: &Delivery, kind: u32) -> Option<u16> {
        let Delivery { body, .. } = delivery;
        let genuine = self.sign_webhook(body.as_bytes());
        let secret = Some(subscriber.secret.as_str());
        match kind % 4 {
            0 => post(subscriber, secret, &genuine, &body.replacen('"', "'", 1)).await,
            1 => {
                let stranger = Signer::new(FIRST_KEY).sign(body.as_bytes());
                post(subscriber, secret, &stranger, body).await
            }
            2 => post(subscriber, secret, "", body).await,
            _ => post(subscriber, Some("Bearer guessed"), &genuine, body).await,
        }
    }
}

/// The answer's status, if there is one.
async fn post(
    subscriber: &Subscriber,
    authorization: Option<&str>,
    signature: &str,
    body: &str,
) -> Option<u16> {
    let mut request = client()
        .post(&subscriber.endpoint)
        .header("Content-Type", "application/json")
        .timeout(TIMEOUT);
    if let Some(value) = authorization {
        request = request.header("Authorization", value);
    }
    if !signature.is_empty() {
        request = request.header(SIGNATURE, signature);
    }
    let answer = request.body(body.to_owned()).send().await.ok()?;
    Some(answer.status().as_u16())
}

/// The two requests of the handshake: with the secret 200 or 201, without it 401 or 403.
pub(super) async fn is_verified(subscriber: &Subscriber) -> bool {
    const HELLO: &str = r#"{"type":"verification"}"#;
    let with = post(subscriber, Some(&subscriber.secret), "", HELLO).await;
    let without = post(subscriber, None, "", HELLO).await;
    matches!(with, Some(200 | 201)) && matches!(without, Some(401 | 403))
}

fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let client = reqwest::Client::builder()
            .user_agent("Google-Health-API-Webhooks")
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0);
        client.build().unwrap_or_default()
    })
}
