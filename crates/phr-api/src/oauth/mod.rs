//! Letting other people's apps read (SMART App Launch 2.2, <https://hl7.org/fhir/smart-app-launch/>;
//! OAuth 2.0, RFC 6749 with the best practice of RFC 9700): an operator registers an app, a person
//! lets it in on a page of ours, and the app exchanges the code it gets for tokens that open `/fhir`
//! and nothing else.
//!
//! Tokens are random and looked up at every use, so that access ends the moment a person ends it.

pub(crate) mod access;
mod authorize;
mod client;
mod error;
mod form;
pub mod introspect;
pub mod redirect;
mod request;
pub mod revoke;
pub mod token;

use jiff::SignedDuration;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::state::ApiState;

/// Where people are asked.
pub(crate) const AUTHORIZE: &str = "/oauth/authorize";
/// Where codes become tokens.
pub(crate) const TOKEN: &str = "/oauth/token";
/// Where apps ask about their tokens.
pub(crate) const INTROSPECT: &str = "/oauth/introspect";
/// Where apps give tokens back.
pub(crate) const REVOKE: &str = "/oauth/revoke";

/// How long a code works (RFC 6749 section 4.1.2: ten minutes at the very most).
const CODE_LIFETIME: SignedDuration = SignedDuration::from_secs(60);

/// How long an app's access token works. It is looked up at every use, so this is no delay in ending
/// access; it is how long an app without `offline_access` goes on.
const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// Routes that bring their own credentials.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(authorize::show_consent, authorize::decide))
        .routes(routes!(token::exchange))
        .routes(routes!(introspect::introspect))
        .routes(routes!(revoke::revoke))
}

/// What may be registered as one of an app's scopes, as it will be granted; none if nothing of it is
/// offered.
pub fn registrable_scope(scope: &str) -> Option<String> {
    let granted = crate::fhir::scopes::grantable(scope, None);
    (scope.split_ascii_whitespace().count() == 1).then(|| granted.into_iter().next())?
}
