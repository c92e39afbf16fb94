//! `/health/backfill`: history that a person asks for.

use axum::{Json, extract::State, http::StatusCode};
use jiff::{Timestamp, civil::Date};
use phr_model::{FITBIT, Metric};
use phr_store::backfill::Steer;
use phr_sync::BackfillStatus;
use serde::Serialize;
use utoipa::ToSchema;

use super::{count_trigger, metrics};
use crate::{
    auth::SignedIn,
    endpoint::detached,
    error::ApiError,
    input::{Body, Fields, Input, Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// Which history.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"from": "2024-01-01", "metrics": ["steps", "body_weight"]}))]
pub struct BackfillRequest {
    /// The first day: at most ten years ago, and not before the account at the vendor began.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// The metrics, by their `observation_type`; all if left out.
    #[schema(value_type = Option<Vec<String>>)]
    pub metrics: Option<Vec<Metric>>,
}

impl Input for BackfillRequest {
    const NAMES: &'static [&'static str] = &["from", "metrics"];
    const LISTS: &'static [&'static str] = &["metrics"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let chosen = fields.choices("metrics", &metrics());
        Some(Self { from: fields.required_date("from")?, metrics: chosen })
    }
}

/// How far the latest request for history is.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({
    "state": "running",
    "from": "2024-01-01",
    "to": "2026-11-08",
    "metrics": ["steps", "body_weight"],
    "days_total": 1043,
    "days_done": 280,
    "days_left": 763,
    "percent": 26,
    "requested_at": "2026-11-22T10:00:00Z",
    "expected_end": "2026-11-22T10:41:00Z",
    "last_error": null
}))]
pub struct BackfillProgress {
    /// `none` (nothing was asked for), `running`, `paused`, `cancelled` or `done`.
    pub state: &'static str,
    /// The first day.
    #[schema(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// The last day; later ones are kept in step anyway.
    #[schema(value_type = Option<String>, format = Date)]
    pub to: Option<Date>,
    /// The metrics.
    pub metrics: Vec<&'static str>,
    /// Days in all.
    pub days_total: u32,
    /// Days on which nothing lacks.
    pub days_done: u32,
    /// Days on which something lacks.
    pub days_left: u32,
    /// How much is done, in percent, rounded down.
    pub percent: u32,
    /// When it was asked for.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub requested_at: Option<Timestamp>,
    /// When it will be done if it goes on as it went so far; null while that is not known.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expected_end: Option<Timestamp>,
    /// What failed last, as a stable code; null after a success. It is tried again by itself.
    pub last_error: Option<String>,
}

impl From<Option<BackfillStatus>> for BackfillProgress {
    fn from(status: Option<BackfillStatus>) -> Self {
        let Some(status) = status else { return Self { state: "none", ..Self::default() } };
        let days_done = status.days_total.saturating_sub(status.days_left);
        let percent = u64::from(days_done) * 100 / u64::from(status.days_total.max(1));
        let all = status.days_left == 0;
        Self {
            state: status.state.key(),
            from: Some(status.from),
            to: Some(status.to),
            metrics: status.metrics.into_iter().map(Metric::key).collect(),
            days_total: status.days_total,
            days_done,
            days_left: status.days_left,
            percent: if all { 100 } else { u32::try_from(percent).unwrap_or(0) },
            requested_at: Some(status.requested_at),
            expected_end: status.expected_end,
            last_error: status.last_error,
        }
    }
}

/// Ask for history
///
/// Fetches what is not held yet since `from`, newest days first, whenever nothing more urgent is due.
/// Takes the place of an earlier request.
#[utoipa::path(
    post,
    path = "/health/backfill",
    tag = "health",
    security(("bearer" = [])),
    request_body = BackfillRequest,
    responses(
        (status = 202, description = "On its way", body = BackfillProgress),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "Not connected, to be connected again, without a patient \
            record, or without permission for any of the metrics", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 422, description = "A field has a mistake: `from` lies in the future, more than \
            ten years ago or before the account existed, or a metric is unknown",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many syncs", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 503, description = "Fitbit OAuth credentials not configured",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn request_backfill(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
    Body(request): Body<BackfillRequest>,
) -> Result<(StatusCode, Json<BackfillProgress>), ApiError> {
    person.patient()?;
    count_trigger(&person, &state, FITBIT).await?;
    let BackfillRequest { from, metrics } = request;
    let status = detached(async move {
        Ok(state.sync.request_backfill(person.id(), FITBIT, from, metrics).await?)
    });
    Ok((StatusCode::ACCEPTED, Json(Some(status.await?).into())))
}

/// How far history is
#[utoipa::path(
    get,
    path = "/health/backfill",
    tag = "health",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The latest request", body = BackfillProgress),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 503, description = "Fitbit OAuth credentials not configured",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn show_backfill(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<BackfillProgress>, ApiError> {
    Ok(Json(state.sync.backfill(person.id(), FITBIT).await?.into()))
}

/// Pause history
///
/// What was fetched is kept. Pausing again changes nothing.
#[utoipa::path(
    post,
    path = "/health/backfill/pause",
    tag = "health",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Paused", body = BackfillProgress),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "Nothing was asked for, or it is done or cancelled",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Fitbit OAuth credentials not configured",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn pause_backfill(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<BackfillProgress>, ApiError> {
    steer(person, state, Steer::Pause).await
}

/// Go on with history
///
/// Goes on where it stopped. Resuming what is running changes nothing.
#[utoipa::path(
    post,
    path = "/health/backfill/resume",
    tag = "health",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Running", body = BackfillProgress),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "Nothing was asked for, or it is done or cancelled",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Fitbit OAuth credentials not configured",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn resume_backfill(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<BackfillProgress>, ApiError> {
    steer(person, state, Steer::Resume).await
}

/// Give history up
///
/// What was fetched is kept. A later request begins with what is not held.
#[utoipa::path(
    post,
    path = "/health/backfill/cancel",
    tag = "health",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Cancelled", body = BackfillProgress),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "Nothing was asked for, or it is done",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Fitbit OAuth credentials not configured",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn cancel_backfill(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<BackfillProgress>, ApiError> {
    steer(person, state, Steer::Cancel).await
}

async fn steer(
    person: SignedIn,
    state: ApiState,
    steer: Steer,
) -> Result<Json<BackfillProgress>, ApiError> {
    let status =
        detached(async move { Ok(state.sync.steer_backfill(person.id(), FITBIT, steer).await?) });
    Ok(Json(Some(status.await?).into()))
}
