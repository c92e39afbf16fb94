//! `POST /auth/password`

use axum::{extract::State, http::StatusCode};
use secrecy::SecretString;
use utoipa::ToSchema;

use crate::{
    auth::{SignedIn, account, password},
    endpoint::{DONE, detached},
    error::ApiError,
    input::{Body, Fields, Input, Nothing, Query},
    layer::address::ClientAddress,
    problem::ProblemDocument,
    state::ApiState,
};

/// The present password and another one.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "current_password": "four unrelated words here",
    "new_password": "granite teapot swallows a comet"
}))]
pub struct PasswordRequest {
    /// The present password.
    #[schema(value_type = String, format = Password)]
    pub current_password: SecretString,
    /// At least 15 characters, any; not a common one and not built from name or address.
    #[schema(value_type = String, format = Password, min_length = 15, max_length = 1024)]
    pub new_password: SecretString,
}

impl Input for PasswordRequest {
    const NAMES: &'static [&'static str] = &["current_password", "new_password"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let current_password = fields.secret("current_password", password::LONGEST);
        let new_password = fields.secret("new_password", password::LONGEST);
        Some(Self { current_password: current_password?, new_password: new_password? })
    }
}

/// Change the password
///
/// Needs the present one. Every other session of the person ends; this one goes on. Wrong guesses
/// count like those at sign-in.
#[utoipa::path(
    post,
    path = "/auth/password",
    tag = "auth",
    security(("bearer" = [])),
    request_body = PasswordRequest,
    responses(
        (status = 204, description = "Changed"),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 422, description = "The present password is wrong or the new one too weak",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn change_password(
    person: SignedIn,
    State(state): State<ApiState>,
    ClientAddress(client): ClientAddress,
    Query(Nothing): Query<Nothing>,
    Body(request): Body<PasswordRequest>,
) -> Result<StatusCode, ApiError> {
    let PasswordRequest { current_password, new_password } = request;
    detached(async move {
        account::change_password(&state, &person, &current_password, &new_password, client).await
    })
    .await?;
    Ok(DONE)
}
