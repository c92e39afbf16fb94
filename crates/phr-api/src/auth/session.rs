//! Sessions: opened at sign-in, prolonged by rotating refresh tokens, ended at sign-out.

use jiff::Timestamp;
use phr_model::PersonId;
use phr_store::account::{RefreshPolicy, Rotation, Session};
use phr_sync::entropy;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{error::ApiError, state::ApiState};

/// The two tokens of a session.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJIUzI1NiIsImtpZCI6IjFmM2EifQ...",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_token": "Zk1vY2tSZWZyZXNoVG9rZW5PZkZvcnR5VGhyZWVDaGFycw",
    "session_expires_at": "2027-02-18T08:15:00Z"
}))]
pub struct TokenPair {
    /// Goes into the `Authorization` header: `Bearer <access_token>`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds the access token works for.
    pub expires_in: i64,
    /// Works once, at `POST /auth/refresh`. Keep it in the platform's key store.
    pub refresh_token: String,
    /// When the person must sign in again whatever happens.
    #[schema(value_type = String, format = DateTime)]
    pub session_expires_at: Timestamp,
}

/// Opens a session for a person who has proved who they are.
pub(crate) async fn open(state: &ApiState, person: PersonId) -> Result<TokenPair, ApiError> {
    let now = state.clock.now();
    let absolute = state.settings.lifetimes.absolute;
    let session = Session {
        id: entropy::uuid(&*state.entropy),
        person,
        expires_at: now.checked_add(absolute).map_err(|_| ApiError::Internal("session end"))?,
    };
    let refresh = entropy::secret(&*state.entropy);
    state.store.open_session(session.clone(), entropy::hash(&refresh), now).await?;
    pair(state, &session, &refresh, now)
}

/// Exchanges a refresh token for a new pair (TK-07 to TK-11).
pub(crate) async fn refresh(
    state: &ApiState,
    presented: &SecretString,
) -> Result<TokenPair, ApiError> {
    let now = state.clock.now();
    let lifetimes = state.settings.lifetimes;
    let policy = RefreshPolicy {
        idle_seconds: lifetimes.idle.as_secs(),
        grace_seconds: lifetimes.grace.as_secs(),
    };
    let next = entropy::secret(&*state.entropy);
    let rotation =
        state.store.rotate(entropy::hash(presented), entropy::hash(&next), policy, now).await?;
    match rotation {
        Rotation::Rotated(session) => pair(state, &session, &next, now),
        Rotation::Replayed(person) => {
            tracing::warn!(person.id = %person, "a used refresh token came back; session ended");
            Err(refused())
        }
        Rotation::Refused => Err(refused()),
    }
}

fn refused() -> ApiError {
    ApiError::Unauthenticated("This refresh token does not work. Sign in again.")
}

fn pair(
    state: &ApiState,
    session: &Session,
    refresh: &SecretString,
    now: Timestamp,
) -> Result<TokenPair, ApiError> {
    let until = now.checked_add(state.settings.lifetimes.access).unwrap_or(now);
    let expires = until.min(session.expires_at);
    let jti = entropy::uuid(&*state.entropy);
    Ok(TokenPair {
        access_token: state.tokens.issue(session.person, session.id, jti, now, expires)?,
        token_type: "Bearer",
        expires_in: expires.as_second() - now.as_second(),
        refresh_token: refresh.expose_secret().to_owned(),
        session_expires_at: session.expires_at,
    })
}
