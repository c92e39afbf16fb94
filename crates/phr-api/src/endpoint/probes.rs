//! `GET /livez` and `GET /readyz` (RT-09). A vendor or a FHIR server being down fails neither.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{error::ApiError, problem::ProblemDocument, state::ApiState};

/// All is well.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// Always `ok`.
    pub status: &'static str,
}

/// Whether the process lives
#[utoipa::path(
    get,
    path = "/livez",
    tag = "operations",
    responses((status = 200, description = "It does", body = Health))
)]
pub async fn livez() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the process can serve: its database answers
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "Not now", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn readyz(State(state): State<ApiState>) -> Result<Json<Health>, ApiError> {
    // Any read goes the whole way to the database.
    state.store.session(Uuid::nil(), state.clock.now()).await?;
    Ok(Json(Health { status: "ok" }))
}
