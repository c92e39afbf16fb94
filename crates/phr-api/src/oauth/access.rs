//! Requests with an app's access token.

use axum::http::HeaderMap;
use jiff::SignedDuration;
use phr_store::app::AppAccess;
use phr_sync::entropy::hash_text;

use crate::{
    auth::{bearer, unknown_token},
    error::ApiError,
    state::ApiState,
};

/// How exactly it is known when an app was last used: writing at every read would cost more than
/// reading.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Whether the request carries an app's token and not that of a session, which is a JWT and has dots.
pub(crate) fn is_presented(headers: &HeaderMap) -> bool {
    bearer(headers).is_some_and(|token| !token.contains('.'))
}

/// What the app's token in `headers` opens.
///
/// # Errors
/// [`ApiError::Unauthenticated`] if it does not work, whatever the reason.
pub(crate) async fn find(headers: &HeaderMap, state: &ApiState) -> Result<AppAccess, ApiError> {
    let now = state.clock.now();
    let token = bearer(headers).ok_or_else(unknown_token)?;
    let found = state.store.app_access(hash_text(token), now).await?;
    let found = found.ok_or_else(unknown_token)?;
    if found.used_at.is_none_or(|at| now.duration_since(at) >= NOTED_EVERY)
        && let Err(error) = state.store.note_use(found.grant, now).await
    {
        // Reading goes on where nothing can be written.
        tracing::warn!(%error, "the use of an app could not be noted");
    }
    Ok(found)
}
