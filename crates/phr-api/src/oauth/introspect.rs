//! `POST /oauth/introspect`: what an app's own token is worth (RFC 7662).

use axum::{Json, body::Bytes, extract::State, http::HeaderMap};
use phr_sync::entropy::hash_text;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    client,
    error::{Failure, OauthError},
};
use crate::state::ApiState;

/// What a token is worth. Of one that does not work nothing but that is told.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "active": true,
    "scope": "patient/Observation.rs",
    "client_id": "5b1f5c0e-5f5e-4b62-9c53-6a0c3c1f7c55",
    "token_type": "Bearer",
    "iat": 1_795_172_400,
    "exp": 1_795_176_000,
    "iss": "https://phr.example.com",
    "aud": "https://phr.example.com/fhir",
    "patient": "8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10"
}))]
pub struct Introspection {
    /// Whether it works.
    pub active: bool,
    /// All about it, if it does.
    #[serde(flatten)]
    pub facts: Option<TokenFacts>,
}

/// All about a token that works.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenFacts {
    /// What it is good for.
    pub scope: String,
    /// Whose it is.
    pub client_id: String,
    /// `Bearer`; a refresh token has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// Since when, in seconds since 1970.
    pub iat: i64,
    /// Until when.
    pub exp: i64,
    /// Who issued it.
    pub iss: String,
    /// Where it works.
    pub aud: String,
    /// Id of the Patient whose record it opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
}

/// Ask what one of the app's own tokens is worth
///
/// For apps with a secret. Any other token, and one that does not work, is `{"active": false}`.
#[utoipa::path(
    post,
    path = "/oauth/introspect",
    tag = "apps",
    request_body(
        content = String,
        content_type = "application/x-www-form-urlencoded",
        description = "`token`, and the app's credentials if they are not in the Authorization header",
        example = "token=Zk1vY2tBY2Nlc3NUb2tlbk9mRm9ydHlUaHJlZUNoYXJz"
    ),
    responses(
        (status = 200, description = "What it is worth", body = Introspection),
        (status = 400, description = "Something is missing", body = OauthError),
        (status = 401, description = "Not an app with a secret", body = OauthError),
    )
)]
pub async fn introspect(
    State(state): State<ApiState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Introspection>, Failure> {
    let (app, form) = client::called(&state, &headers, &body).await?;
    if app.secret.is_none() {
        return Err(OauthError::client("Only apps with a secret may ask").into());
    }
    let token = form.one("token").ok_or(OauthError::request("token is missing"))?;
    let seen = state.store.app_token(hash_text(token), app.id, state.clock.now()).await?;
    let base = state.settings.base();
    let facts = seen.map(|seen| TokenFacts {
        scope: seen.scopes,
        client_id: app.id.to_string(),
        token_type: (!seen.is_refresh).then_some("Bearer"),
        iat: seen.issued_at.as_second(),
        exp: seen.expires_at.as_second(),
        iss: base.to_owned(),
        aud: format!("{base}/fhir"),
        patient: seen.patient.map(|patient| patient.to_string()),
    });
    Ok(Json(Introspection { active: facts.is_some(), facts }))
}
