//! `POST /vendors/{vendor}/sync`

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use phr_vendors::registry::Vendors;

use crate::{
    auth::SignedIn,
    endpoint::{
        detached,
        health::{count_trigger, sync::SyncQueued},
    },
    error::ApiError,
    input::{Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// Sync one vendor in the background
///
/// Comes back at once. Asking again while a sync is queued changes nothing. `POST /health/sync` is
/// the same for Fitbit.
#[utoipa::path(
    post,
    path = "/vendors/{vendor}/sync",
    tag = "health",
    security(("bearer" = [])),
    params(("vendor" = String, Path, description = "The vendor's name", example = "fitbit")),
    responses(
        (status = 202, description = "Queued", body = SyncQueued),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such vendor", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "Not connected, to be connected again, or without a patient \
            record", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many syncs", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 503, description = "Fitbit OAuth credentials not configured",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn request_vendor_sync(
    person: SignedIn,
    State(state): State<ApiState>,
    Path(vendor): Path<String>,
    Query(Nothing): Query<Nothing>,
) -> Result<(StatusCode, Json<SyncQueued>), ApiError> {
    person.patient()?;
    let known = Vendors::known().iter().find(|known| **known == vendor);
    let vendor = *known.ok_or(ApiError::NotFound)?;
    count_trigger(&person, &state, vendor).await?;
    detached(async move { Ok(state.sync.request(person.id(), vendor).await?) }).await?;
    Ok((StatusCode::ACCEPTED, Json(SyncQueued::of(vendor))))
}
