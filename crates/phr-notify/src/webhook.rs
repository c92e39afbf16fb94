//! Webhooks to the operator's own backend.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use phr_store::notice::{Delivery, NoticeKind};
use reqwest::{Client, header::CONTENT_TYPE, redirect, retry};
use serde::Serialize;
use serde_json::json;
use url::Url;

use crate::{
    Refusal,
    guard::{PublicOnly, names_private_address},
    retry::judge,
    sign::Secrets,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("phr-backend/", env!("CARGO_PKG_VERSION"));

/// Why there can be no webhook.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Notices travel encrypted.
    #[error("must be https")]
    NotHttps,
    /// Private, loopback, link-local and similar.
    #[error("must be a public address")]
    NotPublic,
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built")]
    Client(#[from] reqwest::Error),
}

/// The receiver of webhooks.
#[derive(Debug)]
pub struct Webhook {
    url: Url,
    secrets: Secrets,
    http: Client,
}

/// What a webhook says, in the form that Standard Webhooks recommends.
#[derive(Serialize)]
struct Event<'a> {
    r#type: &'static str,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    person: String,
    patient: String,
    vendor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Webhook {
    /// A receiver at `url`. With `private`, plain http and addresses of this network are fine: for a
    /// backend beside this server.
    ///
    /// # Errors
    /// [`WebhookError`] if `url` is not allowed.
    pub fn new(url: Url, secrets: Secrets, private: bool) -> Result<Self, WebhookError> {
        if !private && url.scheme() != "https" {
            return Err(WebhookError::NotHttps);
        }
        if !private && names_private_address(&url) {
            return Err(WebhookError::NotPublic);
        }
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .https_only(!private)
            .user_agent(USER_AGENT);
        let http = if private { http } else { http.dns_resolver(Arc::new(PublicOnly)) };
        Ok(Self { url, secrets, http: http.build()? })
    }

    /// Sends a notice. The answer's body is not read: only its status counts.
    pub(crate) async fn send(&self, delivery: &Delivery, now: Timestamp) -> Result<(), Refusal> {
        let (id, body) = (delivery.id.to_string(), body(delivery));
        let request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now.as_second())
            .header("webhook-signature", self.secrets.sign(&id, now, body.as_bytes()));
        match request.body(body).send().await {
            Ok(answer) => judge(answer.status(), answer.headers(), now),
            Err(error) if error.is_timeout() => later("timeout"),
            Err(_) => later("unreachable"),
        }
    }
}

fn later(code: &'static str) -> Result<(), Refusal> {
    Err(Refusal::Later { code, wait: None })
}

/// The same bytes at every attempt.
fn body(delivery: &Delivery) -> String {
    let data = Data {
        person: delivery.person.to_string(),
        patient: delivery.person.patient().to_string(),
        vendor: &delivery.facts.vendor,
        connection: delivery.connection.map(|connection| connection.to_string()),
        reason: delivery.facts.reason.as_deref(),
    };
    let event = Event { r#type: name(delivery.kind), timestamp: delivery.created_at, data };
    json!(event).to_string()
}

/// What receivers choose by.
fn name(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Connected => "connection.connected",
        NoticeKind::ReconnectNeeded => "connection.reconnect_needed",
        NoticeKind::DataChanged => "data.changed",
        NoticeKind::FailingForADay => "connection.failing_for_a_day",
        NoticeKind::Recovered => "connection.recovered",
    }
}
