//! `/v4/projects/{number}/subscribers`: who is notified.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::delivery::is_verified;
use super::news::NOTIFYING;
use super::{ADMIN_TOKEN, PROJECT_NUMBER};
use crate::data_type::DataType;
use crate::errors::{ApiError, ApiResult, bearer, json_text};
use crate::world::World;

const SERVICE: &str = "SubscribersService";

/// One endpoint.
#[derive(Debug, Clone)]
pub(super) struct Subscriber {
    pub(super) id: String,
    pub(super) endpoint: String,
    pub(super) secret: String,
    configs: Vec<Config>,
    pub(super) created_at: Timestamp,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    data_types: Vec<String>,
    subscription_create_policy: String,
}

/// `CreateSubscriberPayload`, and what a patch may carry.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Payload {
    endpoint_uri: Option<String>,
    endpoint_authorization: Option<Authorization>,
    subscriber_configs: Option<Vec<Config>>,
}

#[derive(Debug, Deserialize)]
struct Authorization {
    secret: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    subscriber_id: Option<String>,
    update_mask: Option<String>,
}

pub(super) fn router() -> Router<World> {
    Router::new()
        .route("/v4/projects/{project}/subscribers", get(list).post(create))
        .route("/v4/projects/{project}/subscribers/{id}", patch(update).delete(remove))
}

impl Subscriber {
    pub(super) fn wants(&self, data_type: DataType) -> bool {
        let automatic = |config: &&Config| config.subscription_create_policy == "AUTOMATIC";
        let mut wanted = self.configs.iter().filter(automatic).flat_map(|row| &row.data_types);
        wanted.any(|wanted| wanted == data_type.id())
    }

    fn document(&self) -> Value {
        let configs = self.configs.iter().map(|config| {
            json!({
                "dataTypes": config.data_types,
                "subscriptionCreatePolicy": config.subscription_create_policy,
            })
        });
        json!({
            "name": format!("projects/{PROJECT_NUMBER}/subscribers/{}", self.id),
            "endpointUri": self.endpoint,
            "endpointAuthorization": { "secretSet": true },
            "subscriberConfigs": configs.collect::<Value>(),
        })
    }

    /// Puts in what a payload has.
    fn take(&mut self, payload: Payload) -> ApiResult<()> {
        if let Some(endpoint) = payload.endpoint_uri {
            if !is_reachable(&endpoint) {
                return Err(ApiError::invalid());
            }
            self.endpoint = endpoint;
        }
        if let Some(Authorization { secret }) = payload.endpoint_authorization {
            // The value must name its scheme (discovery: `EndpointAuthorization.secret`).
            if !secret.contains(' ') {
                return Err(ApiError::invalid());
            }
            self.secret = secret;
        }
        if let Some(configs) = payload.subscriber_configs {
            check_types(&configs)?;
            self.configs = configs;
        }
        Ok(())
    }
}

/// Google insists on https; the emulator's clients live on this machine.
fn is_reachable(endpoint: &str) -> bool {
    endpoint.parse::<url::Url>().is_ok_and(|url| match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")),
        _ => false,
    })
}

fn check_types(configs: &[Config]) -> ApiResult<()> {
    let known = |id: &String| {
        let parsed = id.parse::<DataType>();
        parsed.is_ok_and(|data_type| NOTIFYING.contains(&data_type))
    };
    if configs.iter().any(|config| config.data_types.is_empty()) {
        return Err(ApiError::invalid_because("DATA_TYPES_CANNOT_BE_EMPTY", "No data types."));
    }
    if configs.iter().flat_map(|config| &config.data_types).all(known) {
        Ok(())
    } else {
        Err(ApiError::invalid_because("INVALID_DATA_TYPE", "A data type cannot be subscribed."))
    }
}

/// 4 to 36 characters, `[a-z]([a-z0-9-]{2,34}[a-z0-9])`.
fn is_id(id: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (4..=36).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-')
        && id.bytes().all(inner)
}

fn admit(headers: &HeaderMap, project: &str, method: &str) -> ApiResult<()> {
    match bearer(headers) {
        None => Err(ApiError::credentials_missing(&format!("{SERVICE}.{method}"))),
        Some(token) if token != ADMIN_TOKEN => Err(ApiError::token_invalid()),
        // The id of a project instead of its number is refused just like a foreign one.
        Some(_) if project != PROJECT_NUMBER => Err(ApiError::permission_denied()),
        Some(_) => Ok(()),
    }
}

/// Counts and words an answer.
fn answered(world: &World, method: &str, answer: ApiResult<Value>) -> Response {
    let response = match answer {
        Ok(body) => json_text(200, body.to_string()),
        Err(error) => error.into_response(),
    };
    world.count_request(&format!("subscribers {method}"), response.status().as_u16());
    response
}

fn operation(response: &Value) -> Value {
    json!({ "name": "operations/emulated", "done": true, "response": response })
}

fn payload(body: &str) -> ApiResult<Payload> {
    serde_json::from_str(body).map_err(|_| ApiError::invalid())
}

async fn list(
    State(world): State<World>,
    Path(project): Path<String>,
    headers: HeaderMap,
) -> Response {
    let answer = admit(&headers, &project, "ListSubscribers").map(|()| {
        let hooks = world.webhooks();
        let rows = hooks.subscribers.values().map(|subscriber| {
            let mut row = subscriber.document();
            row["state"] = "ACTIVE".into();
            row
        });
        let rows: Vec<Value> = rows.collect();
        if rows.is_empty() {
            json!({})
        } else {
            json!({ "totalSize": rows.len(), "subscribers": rows })
        }
    });
    answered(&world, "list", answer)
}

async fn create(
    State(world): State<World>,
    Path(project): Path<String>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let answer = match admit(&headers, &project, "CreateSubscriber") {
        Ok(()) => created(&world, parameters.subscriber_id, &body).await,
        Err(error) => Err(error),
    };
    answered(&world, "create", answer)
}

async fn created(world: &World, id: Option<String>, body: &str) -> ApiResult<Value> {
    let id = id.unwrap_or_else(|| format!("subscriber-{}", world.webhooks().subscribers.len()));
    if !is_id(&id) {
        return Err(ApiError::invalid_because("INVALID_SUBSCRIBER_NAME", "Invalid subscriber id."));
    }
    if world.webhooks().subscribers.contains_key(&id) {
        return Err(ApiError::already_exists());
    }
    let payload = payload(body)?;
    if payload.endpoint_uri.is_none() || payload.endpoint_authorization.is_none() {
        return Err(ApiError::invalid_because("MISSING_SUBSCRIBER", "Endpoint and secret."));
    }
    let created_at = world.clock().now();
    let (endpoint, secret) = (String::new(), String::new());
    let mut subscriber = Subscriber { id, endpoint, secret, configs: Vec::new(), created_at };
    subscriber.take(payload)?;
    verified(world, subscriber).await
}

/// Keeps a subscriber whose endpoint passes the handshake.
async fn verified(world: &World, subscriber: Subscriber) -> ApiResult<Value> {
    if !is_verified(&subscriber).await {
        return Err(ApiError::precondition("Endpoint verification failed."));
    }
    let document = subscriber.document();
    world.webhooks().subscribers.insert(subscriber.id.clone(), subscriber);
    Ok(operation(&document))
}

async fn update(
    State(world): State<World>,
    Path((project, id)): Path<(String, String)>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let answer = match admit(&headers, &project, "UpdateSubscriber") {
        Ok(()) => updated(&world, &id, parameters.update_mask, &body).await,
        Err(error) => Err(error),
    };
    answered(&world, "patch", answer)
}

async fn updated(world: &World, id: &str, mask: Option<String>, body: &str) -> ApiResult<Value> {
    let there = world.webhooks().subscribers.get(id).cloned();
    let mut subscriber = there.ok_or_else(ApiError::not_found)?;
    let (mut payload, mask) = (payload(body)?, mask.unwrap_or_default());
    let masked = |name: &str| mask.split(',').any(|field| field == name);
    payload.endpoint_uri = payload.endpoint_uri.filter(|_| masked("endpointUri"));
    payload.endpoint_authorization =
        payload.endpoint_authorization.filter(|_| masked("endpointAuthorization"));
    payload.subscriber_configs = payload.subscriber_configs.filter(|_| masked("subscriberConfigs"));
    let moved = payload.endpoint_uri.is_some() || payload.endpoint_authorization.is_some();
    subscriber.take(payload)?;
    if moved {
        return verified(world, subscriber).await;
    }
    let document = subscriber.document();
    world.webhooks().subscribers.insert(id.to_owned(), subscriber);
    Ok(operation(&document))
}

async fn remove(
    State(world): State<World>,
    Path((project, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let answer = admit(&headers, &project, "DeleteSubscriber").and_then(|()| {
        let removed = world.webhooks().subscribers.remove(&id);
        removed.map(|_| operation(&json!({}))).ok_or_else(ApiError::not_found)
    });
    answered(&world, "delete", answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_as_google_wants_them() {
        for id in ["phr-backend", "abcd", "a1-9", &"a".repeat(36)] {
            assert!(is_id(id), "{id}");
        }
        for id in ["abc", "1abc", "abc-", "Abcd", "ab_d", "", &"a".repeat(37)] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn only_this_machine_is_reached_without_encryption() {
        assert!(is_reachable("https://phr.example/webhooks/fitbit"));
        assert!(is_reachable("http://127.0.0.1:8000/webhooks/fitbit"));
        assert!(!is_reachable("http://phr.example/webhooks/fitbit"));
        assert!(!is_reachable("webhooks"));
    }
}
