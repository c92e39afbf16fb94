//! `POST /auth/register`

use axum::{Json, extract::State, http::StatusCode};
use secrecy::SecretString;
use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use super::address;
use crate::{
    auth::{
        account::{self, Applicant},
        password,
    },
    endpoint::detached,
    error::ApiError,
    input::{Body, Fields, Input, Nothing, Query, has_bidi_override},
    problem::ProblemDocument,
    state::ApiState,
};

/// Who wants an account.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "password": "four unrelated words here",
    "invitation": "b3BhcXVlSW52aXRhdGlvblRva2VuRnJvbU9wZXJhdG9y"
}))]
pub struct RegisterRequest {
    /// E-mail address.
    #[schema(max_length = 254)]
    pub email: String,
    /// What the person is called: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// At least 15 characters, any; not a common one and not built from name or address.
    #[schema(value_type = String, format = Password, min_length = 15, max_length = 1024)]
    pub password: SecretString,
    /// Needed where registration is by invitation.
    #[schema(value_type = Option<String>)]
    pub invitation: Option<SecretString>,
}

impl Input for RegisterRequest {
    const NAMES: &'static [&'static str] = &["email", "name", "password", "invitation"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let email = address(fields);
        let name = person_name(fields);
        let password = fields.secret("password", password::LONGEST);
        let invitation = fields.text("invitation", 128).map(SecretString::from);
        Some(Self { email: email?, name: name?, password: password?, invitation })
    }
}

fn person_name(fields: &mut Fields) -> Option<String> {
    let text = fields.required("name", 1_024)?;
    let name: String = text.trim().nfc().collect();
    if (1..=100).contains(&name.chars().count()) && !has_bidi_override(&name) {
        return Some(name);
    }
    fields.fail("name", "1 to 100 characters");
    None
}

/// The answer to a registration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"message": "Registered. Sign in with POST /auth/login."}))]
pub struct Registered {
    /// What to do next. The same whether or not the address was free, where anybody may register.
    pub message: &'static str,
}

/// Make an account
///
/// The answer holds no tokens: sign in next. Where anybody may register, the answer is the same
/// whether or not the address has an account already; where an invitation is needed, its holder
/// learns of a taken address (409).
#[utoipa::path(
    post,
    path = "/auth/register",
    tag = "auth",
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "Registered", body = Registered),
        (status = 403, description = "Registration is closed", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "The address is taken (invitation mode only)",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A field has a mistake", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn register(
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
    Body(request): Body<RegisterRequest>,
) -> Result<(StatusCode, Json<Registered>), ApiError> {
    let RegisterRequest { email, name, password, invitation } = request;
    detached(async move {
        account::register(&state, Applicant { email, name, password, invitation }).await
    })
    .await?;
    let message = "Registered. Sign in with POST /auth/login.";
    Ok((StatusCode::CREATED, Json(Registered { message })))
}
