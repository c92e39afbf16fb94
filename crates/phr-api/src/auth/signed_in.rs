//! The signed-in person behind a request.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, header, request::Parts},
};
use jiff::Timestamp;
use phr_model::{PatientId, PersonId};
use phr_store::account::Person;
use uuid::Uuid;

use crate::{error::ApiError, limit::Class, state::ApiState};

/// The same words for every reason, so that nothing can be probed.
const REFUSED: &str = "Send a valid access token (`Authorization: Bearer ...`)";

/// A person with a valid access token and a living session. The session is looked up at every
/// request, so signing out works at once and everywhere (TK-06).
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The account.
    pub person: Person,
    /// The session.
    pub session: Uuid,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// Counts changes of the person's Observations.
    pub revision: i64,
}

impl SignedIn {
    /// The account's id.
    pub fn id(&self) -> PersonId {
        self.person.id
    }

    /// The FHIR Patient whose readings these are.
    ///
    /// # Errors
    /// [`ApiError::NoPatient`] for an operator's account.
    pub fn patient(&self) -> Result<PatientId, ApiError> {
        self.person.patient.ok_or(ApiError::NoPatient)
    }
}

impl FromRequestParts<ApiState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        refuse_token_in_query(parts)?;
        let signed_in = find(&parts.headers, state).await?;
        let class = if parts.method == Method::GET || parts.method == Method::HEAD {
            Class::Read
        } else {
            Class::Write
        };
        state.limiters.take(class, signed_in.person.id.0, state.clock.now())?;
        tracing::Span::current().record("person.id", tracing::field::display(signed_in.person.id));
        Ok(signed_in)
    }
}

/// The person of the bearer token in `headers`.
pub(crate) async fn find(headers: &HeaderMap, state: &ApiState) -> Result<SignedIn, ApiError> {
    let refused = unknown_token;
    let now = state.clock.now();
    let token = bearer(headers).ok_or_else(refused)?;
    let claims = state.tokens.verify(token, now).ok_or_else(refused)?;
    let found = state.store.signed_in(claims.sid, now).await?.ok_or_else(refused)?;
    if found.person.id != claims.sub {
        return Err(refused());
    }
    Ok(SignedIn {
        person: found.person,
        session: found.session.id,
        expires_at: Timestamp::from_second(claims.exp).unwrap_or(now),
        revision: found.revision,
    })
}

/// What is said about a token that does not work.
pub(crate) fn unknown_token() -> ApiError {
    ApiError::Unauthenticated(REFUSED)
}

/// The token of the one `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub(crate) fn refuse_token_in_query(parts: &Parts) -> Result<(), ApiError> {
    let query = parts.uri.query().unwrap_or_default();
    let mut names = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    if names.any(|name| name == "token" || name == "access_token") {
        return Err(ApiError::TokenInQuery);
    }
    Ok(())
}
