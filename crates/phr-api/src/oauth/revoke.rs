//! `POST /oauth/revoke`: an app gives a token back (RFC 7009).

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use phr_sync::entropy::hash_text;

use super::{
    client,
    error::{Failure, OauthError},
};
use crate::{endpoint::detached, state::ApiState};

/// Give one of the app's own tokens back
///
/// An access token ends alone; a refresh token ends with everything that came of the approval. A token
/// that does not work any more is no mistake.
#[utoipa::path(
    post,
    path = "/oauth/revoke",
    tag = "apps",
    request_body(
        content = String,
        content_type = "application/x-www-form-urlencoded",
        description = "`token`, and the app's credentials if they are not in the Authorization header",
        example = "token=Zk1vY2tSZWZyZXNoVG9rZW5PZkZvcnR5VGhyZWVDaGFycw&client_id=5b1f5c0e-5f5e-4b62-9c53-6a0c3c1f7c55"
    ),
    responses(
        (status = 200, description = "It does not work (any more)"),
        (status = 400, description = "Something is missing", body = OauthError),
        (status = 401, description = "Unknown app, or not its secret", body = OauthError),
    )
)]
pub async fn revoke(
    State(state): State<ApiState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let (app, form) = client::called(&state, &headers, &body).await?;
    let token = form.one("token").ok_or(OauthError::request("token is missing"))?;
    let token = hash_text(token);
    detached(async move { Ok(state.store.end_app_token(token, app.id).await?) }).await?;
    Ok(StatusCode::OK)
}
