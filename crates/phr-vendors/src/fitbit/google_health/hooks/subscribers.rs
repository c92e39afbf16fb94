//! Where Google sends notifications: the subscribers of a Cloud project (page "Webhooks", REST
//! reference `projects.subscribers`). For operators; no person's token is involved.

use std::time::Duration;

use phr_model::Metric;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::super::data_type::notifying_types;
use crate::http::read_capped;

/// Google calls our endpoint twice before it answers.
const TIMEOUT: Duration = Duration::from_mins(1);
const LONGEST: usize = 1024 * 1024;
/// Google's page size by default is 50; a project rarely has more than two.
const PAGE_SIZE: &str = "1000";

/// Why a subscriber could not be managed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubscriberError {
    /// 401.
    #[error(
        "Google refuses the access token: it has expired (they last an hour) or lacks the scope \
         cloud-platform"
    )]
    TokenRefused,
    /// 403.
    #[error(
        "Google refuses permission: give the project's NUMBER, not its id; the account needs the \
         role Google Health API Admin, and the Google Health API must be enabled"
    )]
    Forbidden,
    /// `FAILED_PRECONDITION`: the handshake failed.
    #[error(
        "Google could not verify the endpoint: it must be reachable from the internet by https, and \
         the server must run with the same FITBIT_WEBHOOK_AUTHORIZATION"
    )]
    NotVerified,
    /// 409.
    #[error("a subscriber with this id exists already")]
    Exists,
    /// 404.
    #[error("there is no subscriber with this id")]
    Missing,
    /// Another 4xx.
    #[error("Google refuses the request (status {0}); remove the subscriber and register it anew")]
    Rejected(u16),
    /// 5xx, time-outs, connection errors.
    #[error("Google cannot be reached at the moment")]
    Unavailable,
    /// Not what the API describes.
    #[error("Google's answer cannot be read")]
    Unreadable,
}

/// One endpoint that is notified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// The last part of its name.
    pub id: String,
    /// Where notifications go.
    pub endpoint: String,
    /// `ACTIVE`, `UNVERIFIED`, ... if Google says it.
    pub state: Option<String>,
    /// Data types it is notified of, in order.
    pub data_types: Vec<String>,
}

/// What registering did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// There was no such subscriber.
    Created,
    /// It was there and said something else.
    Updated,
    /// It was there as wanted; its secret was set and its endpoint verified again.
    Confirmed,
}

/// The subscribers of one Cloud project.
pub struct Subscribers {
    http: reqwest::Client,
    base: Url,
    project: String,
    token: SecretString,
    metrics: Vec<Metric>,
}

impl Subscribers {
    /// The subscribers of the project with this number. `token` needs the scope `cloud-platform`.
    pub fn new(http: reqwest::Client, base: Url, project: String, token: SecretString) -> Self {
        Self { http, base, project, token, metrics: Metric::USUAL.to_vec() }
    }

    /// The same with notifications of other metrics than usual.
    #[must_use]
    pub fn with_metrics(self, metrics: Vec<Metric>) -> Self {
        Self { metrics, ..self }
    }

    /// All of them.
    ///
    /// # Errors
    /// As Google refuses.
    pub async fn list(&self) -> Result<Vec<Subscriber>, SubscriberError> {
        let request = self.request(Method::GET, "").query(&[("pageSize", PAGE_SIZE)]);
        let body = answer(request).await?;
        let rows = body["subscribers"].as_array().map(Vec::as_slice).unwrap_or_default();
        rows.iter().map(|row| subscriber(row).ok_or(SubscriberError::Unreadable)).collect()
    }

    /// Has Google notify `endpoint` of every data type that is read here, with `authorization`
    /// as the header's value, for everybody who consented. Doing it again changes nothing.
    ///
    /// # Errors
    /// As Google refuses.
    pub async fn register(
        &self,
        id: &str,
        endpoint: &Url,
        authorization: &SecretString,
    ) -> Result<Registered, SubscriberError> {
        let there = self.list().await?.into_iter().find(|subscriber| subscriber.id == id);
        let wanted = notifying_types(&self.metrics);
        let mut payload = json!({
            "endpointUri": endpoint,
            "endpointAuthorization": { "secret": authorization.expose_secret() },
            "subscriberConfigs": [
                { "dataTypes": &wanted, "subscriptionCreatePolicy": "AUTOMATIC" },
            ],
        });
        let Some(there) = there else {
            let request = self.request(Method::POST, "").query(&[("subscriberId", id)]);
            done(&answer(request.json(&payload)).await?)?;
            return Ok(Registered::Created);
        };
        let mask = changes(&there, endpoint, wanted);
        // A field beside the mask is ignored by the API, but need not travel.
        if let Some(members) = payload.as_object_mut() {
            members.retain(|name, _| mask.contains(&name.as_str()));
        }
        let request = self.request(Method::PATCH, id).query(&[("updateMask", mask.join(","))]);
        done(&answer(request.json(&payload)).await?)?;
        Ok(if mask.len() == 1 { Registered::Confirmed } else { Registered::Updated })
    }

    /// Stops all notifications to a subscriber. False if there was none with this id.
    ///
    /// # Errors
    /// As Google refuses.
    pub async fn remove(&self, id: &str) -> Result<bool, SubscriberError> {
        let request = self.request(Method::DELETE, id).query(&[("force", "true")]);
        match answer(request).await {
            Ok(operation) => done(&operation).map(|()| true),
            Err(SubscriberError::Missing) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn request(&self, method: Method, id: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        let slash = if id.is_empty() { "" } else { "/" };
        url.set_path(&format!("/v4/projects/{}/subscribers{slash}{id}", self.project));
        self.http
            .request(method, url)
            .bearer_auth(self.token.expose_secret())
            // A person's own credential (gcloud's) is billed to this project.
            .header("x-goog-user-project", &self.project)
            .timeout(TIMEOUT)
    }
}

/// What must be sent so that a subscriber is as wanted. The secret always: nobody can read it back.
fn changes(there: &Subscriber, endpoint: &Url, mut wanted: Vec<&'static str>) -> Vec<&'static str> {
    let mut mask = vec!["endpointAuthorization"];
    if there.endpoint != endpoint.as_str() {
        mask.push("endpointUri");
    }
    wanted.sort_unstable();
    if there.data_types != wanted {
        mask.push("subscriberConfigs");
    }
    mask
}

fn subscriber(row: &Value) -> Option<Subscriber> {
    let configs = row["subscriberConfigs"].as_array().map(Vec::as_slice).unwrap_or_default();
    let types = configs.iter().filter_map(|config| config["dataTypes"].as_array()).flatten();
    let mut data_types: Vec<_> = types.filter_map(Value::as_str).map(str::to_owned).collect();
    data_types.sort_unstable();
    Some(Subscriber {
        id: row["name"].as_str()?.rsplit('/').next()?.to_owned(),
        endpoint: row["endpointUri"].as_str()?.to_owned(),
        state: row["state"].as_str().map(str::to_owned),
        data_types,
    })
}

async fn answer(request: RequestBuilder) -> Result<Value, SubscriberError> {
    let response = request.send().await.map_err(|_| SubscriberError::Unavailable)?;
    let status = response.status();
    let body = json_body(response).await;
    if status.is_success() {
        body.ok_or(SubscriberError::Unreadable)
    } else {
        Err(refusal(status, body))
    }
}

async fn json_body(response: Response) -> Option<Value> {
    let body = read_capped(response, LONGEST).await.ok()?;
    serde_json::from_slice(&body).ok()
}

fn refusal(status: StatusCode, body: Option<Value>) -> SubscriberError {
    let name = body.unwrap_or_default()["error"]["status"].as_str().unwrap_or_default().to_owned();
    match status {
        StatusCode::UNAUTHORIZED => SubscriberError::TokenRefused,
        StatusCode::FORBIDDEN => SubscriberError::Forbidden,
        StatusCode::NOT_FOUND => SubscriberError::Missing,
        StatusCode::CONFLICT => SubscriberError::Exists,
        _ if name == "FAILED_PRECONDITION" => SubscriberError::NotVerified,
        status if status.is_client_error() => SubscriberError::Rejected(status.as_u16()),
        _ => SubscriberError::Unavailable,
    }
}

/// An operation (AIP-151) is answered at once, but may carry an error of its own.
fn done(operation: &Value) -> Result<(), SubscriberError> {
    /// `google.rpc.Code.FAILED_PRECONDITION`.
    const FAILED_PRECONDITION: i64 = 9;
    match operation["error"]["code"].as_i64() {
        None | Some(0) => Ok(()),
        Some(FAILED_PRECONDITION) => Err(SubscriberError::NotVerified),
        Some(_) => Err(SubscriberError::Rejected(400)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> Vec<&'static str> {
        notifying_types(&Metric::USUAL)
    }

    fn there() -> Subscriber {
        let row = json!({
            "name": "projects/123/subscribers/phr-backend",
            "endpointUri": "https://phr.example/webhooks/fitbit",
            "state": "ACTIVE",
            "subscriberConfigs": [{ "dataTypes": usual() }],
        });
        subscriber(&row).unwrap()
    }

    fn endpoint(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn only_what_differs_is_sent_and_the_secret_always() {
        let same = endpoint("https://phr.example/webhooks/fitbit");
        assert_eq!(changes(&there(), &same, usual()), ["endpointAuthorization"]);
        let moved = endpoint("https://phr.example.org/webhooks/fitbit");
        assert_eq!(changes(&there(), &moved, usual()), ["endpointAuthorization", "endpointUri"]);
        let fewer = Subscriber { data_types: vec!["steps".to_owned()], ..there() };
        assert_eq!(changes(&fewer, &same, usual()), ["endpointAuthorization", "subscriberConfigs"]);
    }

    #[test]
    fn an_operation_that_failed_is_no_success() {
        assert_eq!(done(&json!({ "done": true, "response": {} })), Ok(()));
        let failed = json!({ "done": true, "error": { "code": 9, "message": "no" } });
        assert_eq!(done(&failed), Err(SubscriberError::NotVerified));
    }

    #[test]
    fn a_failed_handshake_is_told_from_other_refusals() {
        let body = |status: &str| Some(json!({ "error": { "status": status } }));
        let bad = StatusCode::BAD_REQUEST;
        assert_eq!(refusal(bad, body("FAILED_PRECONDITION")), SubscriberError::NotVerified);
        assert_eq!(refusal(bad, body("INVALID_ARGUMENT")), SubscriberError::Rejected(400));
        assert_eq!(refusal(StatusCode::BAD_GATEWAY, None), SubscriberError::Unavailable);
    }
}
