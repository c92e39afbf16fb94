//! `GET /auth/sessions` and `DELETE /auth/sessions/{id}`

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use jiff::Timestamp;
use phr_store::account::SessionSeen;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::SignedIn,
    endpoint::{DONE, detached},
    error::ApiError,
    input::{Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// A signed-in device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "5b1f5c0e-5f5e-4b62-9c53-6a0c3c1f7c55",
    "current": true,
    "created_at": "2026-11-01T08:15:00Z",
    "used_at": "2026-11-20T07:55:00Z",
    "expires_at": "2027-01-30T08:15:00Z"
}))]
pub struct SessionEntry {
    /// The session's id.
    pub id: Uuid,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When the person signed in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its tokens were last renewed.
    #[schema(value_type = String, format = DateTime)]
    pub used_at: Timestamp,
    /// When it ends whatever its use.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl SessionEntry {
    fn of(seen: SessionSeen, current: Uuid) -> Self {
        let SessionSeen { session, created_at, used_at } = seen;
        let current = session.id == current;
        Self { id: session.id, current, created_at, used_at, expires_at: session.expires_at }
    }
}

/// The person's sessions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"sessions": [{
    "id": "5b1f5c0e-5f5e-4b62-9c53-6a0c3c1f7c55",
    "current": true,
    "created_at": "2026-11-01T08:15:00Z",
    "used_at": "2026-11-20T07:55:00Z",
    "expires_at": "2027-01-30T08:15:00Z"
}]}))]
pub struct SessionList {
    /// Newest first, a hundred at most.
    pub sessions: Vec<SessionEntry>,
}

/// The person's sessions
///
/// Where the person is signed in: sessions that have not ended, newest first.
#[utoipa::path(
    get,
    path = "/auth/sessions",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The sessions", body = SessionList),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn list_sessions(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<SessionList>, ApiError> {
    let now = state.clock.now();
    let used_after = now.checked_sub(state.settings.lifetimes.idle).unwrap_or(Timestamp::MIN);
    let seen = state.store.sessions(person.id(), used_after, now).await?;
    let entries = seen.into_iter().map(|seen| SessionEntry::of(seen, person.session));
    Ok(Json(SessionList { sessions: entries.collect() }))
}

/// End one session
///
/// Its access and refresh tokens stop working at once.
#[utoipa::path(
    delete,
    path = "/auth/sessions/{id}",
    tag = "auth",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The session, as in the list")),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 404, description = "No such session of yours", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn end_session(
    person: SignedIn,
    State(state): State<ApiState>,
    id: Result<Path<Uuid>, PathRejection>,
    Query(Nothing): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    let Path(id) = id.map_err(|_| ApiError::NotFound)?;
    let ended =
        detached(async move { Ok(state.store.end_session(person.id(), id).await?) }).await?;
    if ended { Ok(DONE) } else { Err(ApiError::NotFound) }
}
