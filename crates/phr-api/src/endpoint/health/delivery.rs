//! `GET /health/delivery`

use axum::{Json, extract::State};
use jiff::Timestamp;
use phr_store::delivery::Parked;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::SignedIn,
    error::ApiError,
    input::{Fields, Input, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// How many.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryQuery {
    limit: u32,
}

impl Input for DeliveryQuery {
    const NAMES: &'static [&'static str] = &["limit"];

    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { limit: fields.number("limit", 1..=100, 100) })
    }
}

/// An Observation that a FHIR server refuses.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedEntry {
    /// What the operator calls the server.
    pub destination: String,
    /// The Observation.
    pub observation_id: Uuid,
    /// Its version when it was refused.
    pub version: u32,
    /// The HTTP status that the server answered with.
    pub status: u16,
    /// The server's reason; whatever may be a value is left out.
    pub reason: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub parked_at: Timestamp,
}

impl From<Parked> for ParkedEntry {
    fn from(parked: Parked) -> Self {
        Self {
            destination: parked.destination,
            observation_id: parked.refused.observation,
            version: parked.refused.version,
            status: parked.refused.status,
            reason: parked.refused.reason,
            parked_at: parked.parked_at,
        }
    }
}

/// What FHIR servers refuse.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"parked": [{
    "destination": "main",
    "observation_id": "0f8a3f5e-5c0e-5d7b-9a55-7d2f6b6f3a10",
    "version": 1,
    "status": 422,
    "reason": "processing: the code is not known here",
    "parked_at": "2026-11-22T07:40:12Z"
}]}))]
pub struct DeliveryState {
    /// Newest first.
    pub parked: Vec<ParkedEntry>,
}

/// List Observations that a FHIR server refuses, newest first
///
/// Whatever is not in the list was delivered, or is on its way.
#[utoipa::path(
    get,
    path = "/health/delivery",
    tag = "health",
    security(("bearer" = [])),
    params(("limit" = Option<u32>, Query, description = "1 to 100; 100 if not given",
        minimum = 1, maximum = 100, example = 100)),
    responses(
        (status = 200, description = "What is refused", body = DeliveryState),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 422, description = "A parameter has a mistake", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn show_delivery(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(DeliveryQuery { limit }): Query<DeliveryQuery>,
) -> Result<Json<DeliveryState>, ApiError> {
    let parked = state.store.parked(None, Some(person.id()), limit).await?;
    Ok(Json(DeliveryState { parked: parked.into_iter().map(ParkedEntry::from).collect() }))
}
