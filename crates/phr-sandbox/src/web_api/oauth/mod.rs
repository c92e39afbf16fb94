//! Fitbit's OAuth 2.0 endpoints (pages "Authorization", "OAuth2 Token", "Introspect", "Revoke").

mod authorize;
mod client;
mod grants;
mod manage;
mod page;
mod refreshing;
pub(super) mod scopes;
mod token;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use grants::Grants;
pub(super) use grants::{Access, Standing};

use crate::world::World;

pub(super) fn router() -> Router<World> {
    Router::new()
        .route("/oauth2/authorize", get(authorize::show).post(authorize::decide))
        .route("/oauth2/token", post(token::token))
        .route("/oauth2/revoke", post(manage::revoke))
        .route("/1.1/oauth2/introspect", post(manage::introspect))
}

/// Form or query parameters.
type Fields = Vec<(String, String)>;

fn fields(text: &[u8]) -> Fields {
    url::form_urlencoded::parse(text).into_owned().collect()
}

/// A parameter that is there and not empty.
fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}
