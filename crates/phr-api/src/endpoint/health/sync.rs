//! `POST /health/sync`

use axum::{Json, extract::State, http::StatusCode};
use phr_model::FITBIT;
use serde::Serialize;
use utoipa::ToSchema;

use super::count_trigger;
use crate::{
    auth::SignedIn,
    endpoint::detached,
    error::ApiError,
    input::{Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// The sync is on its way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "message": "Sync queued. New readings appear in /health/observations.",
    "vendor": "fitbit",
    "status": "queued"
}))]
pub struct SyncQueued {
    /// For people.
    pub message: &'static str,
    /// The vendor that is asked.
    pub vendor: &'static str,
    /// Always `queued`.
    pub status: &'static str,
}

impl SyncQueued {
    pub(in crate::endpoint) fn of(vendor: &'static str) -> Self {
        let message = "Sync queued. New readings appear in /health/observations.";
        Self { message, vendor, status: "queued" }
    }
}

/// Sync in the background
///
/// Comes back at once. Asking again while a sync is queued changes nothing.
#[utoipa::path(
    post,
    path = "/health/sync",
    tag = "health",
    security(("bearer" = [])),
    responses(
        (status = 202, description = "Queued", body = SyncQueued),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "Not connected, to be connected again, or without a patient \
            record", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many syncs", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 503, description = "Fitbit OAuth credentials not configured",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn request_sync(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<(StatusCode, Json<SyncQueued>), ApiError> {
    person.patient()?;
    count_trigger(&person, &state, FITBIT).await?;
    detached(async move { Ok(state.sync.request(person.id(), FITBIT).await?) }).await?;
    Ok((StatusCode::ACCEPTED, Json(SyncQueued::of(FITBIT))))
}
