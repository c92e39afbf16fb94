//! The remote control over HTTP: `/sandbox/*`, JSON in and out.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::data_type::DataType;
use crate::faults::Fault;
use crate::hooks::WebhookMood;
use crate::person::PersonSummary;
use crate::point::Source;
use crate::world::{World, WorldError};

pub(crate) fn router() -> Router<World> {
    let person = Router::new()
        .route("/late", post(hold_back))
        .route("/daily", put(override_daily))
        .route("/grant", axum::routing::delete(revoke_grant))
        .route("/scopes", axum::routing::delete(withdraw_scope))
        .route("/unlinked", put(set_unlinked))
        .route("/no-profile", put(set_no_profile))
        .route("/samples", get(samples).post(add).put(change).delete(delete));
    Router::new()
        .route("/sandbox/clock", get(clock).put(set_clock))
        .route("/sandbox/clock/advance", post(advance))
        .route("/sandbox/people", get(people))
        .nest("/sandbox/people/{email}", person)
        .route("/sandbox/faults", get(faults).post(inject).delete(clear_faults))
        .route("/sandbox/requests", get(requests).delete(clear_requests))
        .route("/sandbox/access-tokens/expire", post(expire_access_tokens))
        .route("/sandbox/webhooks/deliver", post(deliver_webhooks))
        .route("/sandbox/webhooks/mood", put(set_webhook_mood))
        .route("/sandbox/webhooks/rotate", post(rotate_webhook_key))
}

type Answer = Result<Json<Value>, Refused>;

/// A refusal in words.
struct Refused(StatusCode, String);

impl From<WorldError> for Refused {
    fn from(error: WorldError) -> Self {
        let status = match error {
            WorldError::NoSuchPerson { .. } | WorldError::NoSuchPoint { .. } => {
                StatusCode::NOT_FOUND
            }
            WorldError::NoPoints { .. } | WorldError::BadValue { .. } => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

fn done() -> Json<Value> {
    Json(json!({}))
}

async fn clock(State(world): State<World>) -> Json<Value> {
    let clock = world.clock();
    Json(json!({ "now": clock.now(), "follow": clock.is_following() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockSetting {
    now: Option<Timestamp>,
    #[serde(default)]
    follow: bool,
}

async fn set_clock(State(world): State<World>, Json(setting): Json<ClockSetting>) -> Answer {
    match setting {
        ClockSetting { now: Some(now), follow: false } => world.clock().set(now),
        ClockSetting { now: None, follow: true } => world.clock().follow(),
        _ => {
            let text = "give either {\"now\": \"...\"} or {\"follow\": true}".to_owned();
            return Err(Refused(StatusCode::BAD_REQUEST, text));
        }
    }
    Ok(clock(State(world)).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    seconds: i64,
}

async fn advance(State(world): State<World>, Json(step): Json<Step>) -> Json<Value> {
    world.advance(SignedDuration::from_secs(step.seconds));
    clock(State(world)).await
}

async fn people(State(world): State<World>) -> Json<Vec<PersonSummary>> {
    Json(world.people())
}

/// Query of everything about points in time.
#[derive(Deserialize)]
struct Span {
    data_type: DataType,
    from: Timestamp,
    to: Timestamp,
}

async fn samples(
    State(world): State<World>,
    Path(email): Path<String>,
    Query(span): Query<Span>,
) -> Answer {
    let points = world.points(&email, span.data_type, span.from, span.to)?;
    let points = points.iter().map(|point| {
        json!({
            "start": point.start, "end": point.end, "utc_offset": point.utc_offset,
            "value": point.value, "source": point.source,
        })
    });
    Ok(Json(points.collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    data_type: DataType,
    instant: Timestamp,
    value: f64,
    source: Option<Source>,
}

async fn add(
    State(world): State<World>,
    Path(email): Path<String>,
    Json(sample): Json<Sample>,
) -> Answer {
    let source = sample.source.unwrap_or(Source::Watch);
    world.add_sample(&email, sample.data_type, sample.instant, sample.value, source)?;
    Ok(done())
}

async fn change(
    State(world): State<World>,
    Path(email): Path<String>,
    Json(sample): Json<Sample>,
) -> Answer {
    world.change_sample(&email, sample.data_type, sample.instant, sample.value)?;
    Ok(done())
}

async fn delete(
    State(world): State<World>,
    Path(email): Path<String>,
    Query(span): Query<Span>,
) -> Answer {
    let deleted = world.delete_samples(&email, span.data_type, span.from, span.to)?;
    Ok(Json(json!({ "deleted": deleted })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Late {
    data_types: Vec<DataType>,
    from: Timestamp,
    to: Timestamp,
    until: Timestamp,
}

async fn hold_back(
    State(world): State<World>,
    Path(email): Path<String>,
    Json(late): Json<Late>,
) -> Answer {
    world.hold_back(&email, &late.data_types, late.from, late.to, late.until)?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure {
    data_type: DataType,
    date: Date,
    value: f64,
}

async fn override_daily(
    State(world): State<World>,
    Path(email): Path<String>,
    Json(figure): Json<Figure>,
) -> Answer {
    world.override_daily(&email, figure.data_type, figure.date, figure.value)?;
    Ok(done())
}

async fn revoke_grant(State(world): State<World>, Path(email): Path<String>) -> Answer {
    world.revoke_grant(&email)?;
    Ok(done())
}

#[derive(Deserialize)]
struct Scope {
    scope: String,
}

async fn withdraw_scope(
    State(world): State<World>,
    Path(email): Path<String>,
    Query(scope): Query<Scope>,
) -> Answer {
    world.withdraw_scope(&email, &scope.scope)?;
    Ok(done())
}

async fn set_unlinked(
    State(world): State<World>,
    Path(email): Path<String>,
    Json(unlinked): Json<bool>,
) -> Answer {
    world.set_unlinked(&email, unlinked)?;
    Ok(done())
}

async fn set_no_profile(
    State(world): State<World>,
    Path(email): Path<String>,
    Json(no_profile): Json<bool>,
) -> Answer {
    world.set_no_profile(&email, no_profile)?;
    Ok(done())
}

async fn faults(State(world): State<World>) -> Json<Vec<Fault>> {
    Json(world.faults())
}

/// A fault as an object, or as the string that the command line takes.
#[derive(Deserialize)]
#[serde(untagged)]
enum FaultText {
    Text(String),
    Object(Fault),
}

async fn inject(State(world): State<World>, Json(fault): Json<FaultText>) -> Answer {
    let fault = match fault {
        FaultText::Text(text) => text.parse(),
        FaultText::Object(fault) => fault.check(),
    };
    world.inject(fault.map_err(|error| Refused(StatusCode::BAD_REQUEST, error.to_string()))?);
    Ok(done())
}

async fn clear_faults(State(world): State<World>) -> Json<Value> {
    world.clear_faults();
    done()
}

async fn requests(State(world): State<World>) -> Json<Value> {
    let counts = world.request_counts();
    let total: u64 = counts.values().sum();
    Json(json!({ "total": total, "counts": counts, "statuses": world.status_counts() }))
}

async fn clear_requests(State(world): State<World>) -> Json<Value> {
    world.clear_request_counts();
    done()
}

async fn expire_access_tokens(State(world): State<World>) -> Json<Value> {
    world.expire_access_tokens();
    done()
}

async fn deliver_webhooks(State(world): State<World>) -> Json<Value> {
    let sent = world.deliver_webhooks().await;
    Json(json!({ "sent": sent, "pending": world.pending_webhooks() }))
}

async fn set_webhook_mood(
    State(world): State<World>,
    Json(mood): Json<WebhookMood>,
) -> Json<Value> {
    world.set_webhook_mood(mood);
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    #[serde(default)]
    retire: bool,
}

async fn rotate_webhook_key(
    State(world): State<World>,
    Json(rotation): Json<Rotation>,
) -> Json<Value> {
    world.rotate_webhook_key();
    if rotation.retire {
        world.retire_webhook_keys();
    }
    done()
}
