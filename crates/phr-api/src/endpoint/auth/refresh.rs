//! `POST /auth/refresh`

use axum::{Json, extract::State};
use secrecy::SecretString;
use utoipa::ToSchema;

use crate::{
    auth::session::{self, TokenPair},
    endpoint::detached,
    error::ApiError,
    input::{Body, Fields, Input, Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// A refresh token to exchange.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"refresh_token": "Zk1vY2tSZWZyZXNoVG9rZW5PZkZvcnR5VGhyZWVDaGFycw"}))]
pub struct RefreshRequest {
    /// The newest refresh token of the session.
    #[schema(value_type = String)]
    pub refresh_token: SecretString,
}

impl Input for RefreshRequest {
    const NAMES: &'static [&'static str] = &["refresh_token"];

    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { refresh_token: fields.secret("refresh_token", 128)? })
    }
}

/// Exchange a refresh token for a new pair
///
/// Each refresh token works once. Should the answer get lost, ask again with the same token within
/// a minute. A token that comes back after its successor was used ends the session, because
/// somebody else must have a copy.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    tag = "auth",
    request_body = RefreshRequest,
    responses(
        (status = 200, description = "A new pair", body = TokenPair),
        (status = 401, description = "The token does not work; sign in again",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A field has a mistake", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn refresh(
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
    Body(request): Body<RefreshRequest>,
) -> Result<Json<TokenPair>, ApiError> {
    detached(async move { session::refresh(&state, &request.refresh_token).await }).await.map(Json)
}
