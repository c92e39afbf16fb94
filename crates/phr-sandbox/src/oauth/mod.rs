//! Google's OAuth 2.0 endpoints (page "Using OAuth 2.0 for Web Server Applications").

mod accounts;
mod authorize;
mod openid;
pub(crate) mod page;
mod rotation;
mod scopes;
mod token;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use accounts::{Access, Accounts, Challenge};
pub(crate) use scopes::Scopes;

use crate::world::World;

pub(crate) fn router() -> Router<World> {
    Router::new()
        .route("/o/oauth2/v2/auth", get(authorize::show).post(authorize::decide))
        .route("/token", post(token::token))
        .route("/revoke", post(token::revoke))
        .route("/.well-known/openid-configuration", get(openid::configuration))
        .route("/oauth2/v3/userinfo", get(openid::userinfo))
}
