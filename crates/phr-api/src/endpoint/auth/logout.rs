//! `POST /auth/logout` and `POST /auth/logout/all`

use axum::{extract::State, http::StatusCode};

use crate::{
    auth::SignedIn,
    endpoint::{DONE, detached},
    error::ApiError,
    input::{Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// Sign out
///
/// Ends the session: its access and refresh tokens stop working at once.
#[utoipa::path(
    post,
    path = "/auth/logout",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Signed out"),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn logout(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    detached(async move { Ok(state.store.end_session(person.id(), person.session).await?) })
        .await?;
    Ok(DONE)
}

/// Sign out everywhere
///
/// Ends every session of the person, this one included.
#[utoipa::path(
    post,
    path = "/auth/logout/all",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Signed out everywhere"),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn logout_all(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    detached(async move { Ok(state.store.end_all_sessions(person.id()).await?) }).await?;
    Ok(DONE)
}
