//! `POST /auth/login`

use axum::{Json, extract::State, http::HeaderMap};
use secrecy::SecretString;
use utoipa::ToSchema;

use super::address;
use crate::{
    auth::{
        account,
        password,
        session::{self, TokenPair},
        signed_in,
    },
    endpoint::detached,
    error::ApiError,
    input::{Body, Fields, Input, Nothing, Query},
    layer::address::ClientAddress,
    problem::ProblemDocument,
    state::ApiState,
};

/// Who signs in.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"email": "ada@example.com", "password": "four unrelated words here"}))]
pub struct LoginRequest {
    /// E-mail address of the account.
    pub email: String,
    /// Its password.
    #[schema(value_type = String, format = Password)]
    pub password: SecretString,
}

impl Input for LoginRequest {
    const NAMES: &'static [&'static str] = &["email", "password"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let email = address(fields);
        let password = fields.secret("password", password::LONGEST);
        Some(Self { email: email?, password: password? })
    }
}

/// Sign in
///
/// Opens a session with an access token and a refresh token. A session whose access token is sent
/// along ends.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "auth",
    request_body = LoginRequest,
    responses(
        (status = 200, description = "Signed in", body = TokenPair),
        (status = 401, description = "The address or the password is wrong",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A field has a mistake", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many attempts", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn login(
    State(state): State<ApiState>,
    ClientAddress(client): ClientAddress,
    Query(Nothing): Query<Nothing>,
    headers: HeaderMap,
    Body(request): Body<LoginRequest>,
) -> Result<Json<TokenPair>, ApiError> {
    let pair = detached(async move {
        let person =
            account::authenticate(&state, &request.email, &request.password, client).await?;
        if let Ok(previous) = signed_in::find(&headers, &state).await {
            state.store.end_session(previous.id(), previous.session).await?;
        }
        session::open(&state, person.id).await
    });
    pair.await.map(Json)
}
