//! Discovery and userinfo. There is no id_token: health clients know people by `healthUserId`.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::errors::bearer;
use crate::world::World;

/// `GET /.well-known/openid-configuration`.
pub(super) async fn configuration(State(world): State<World>) -> Json<Value> {
    let base = world.base_url();
    world.count_request("openid-configuration", 200);
    Json(json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/o/oauth2/v2/auth"),
        "token_endpoint": format!("{base}/token"),
        "revocation_endpoint": format!("{base}/revoke"),
        "userinfo_endpoint": format!("{base}/oauth2/v3/userinfo"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "scopes_supported": ["openid", "email", "profile"],
    }))
}

/// `GET /oauth2/v3/userinfo`.
pub(super) async fn userinfo(State(world): State<World>, headers: HeaderMap) -> Response {
    let claims = claims(&world, &headers);
    let status = if claims.is_some() { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    world.count_request("userinfo", status.as_u16());
    let refused =
        || json!({"error": "invalid_request", "error_description": "Invalid Credentials"});
    (status, Json(claims.unwrap_or_else(refused))).into_response()
}

/// `None` without a live token that carries a sign-in scope.
fn claims(world: &World, headers: &HeaderMap) -> Option<Value> {
    let access = world.accounts().access(bearer(headers)?, world.clock().now())?;
    let has = |short: &str, long: &str| {
        access.scopes.contains(short)
            || access.scopes.contains(&format!("https://www.googleapis.com/auth/userinfo.{long}"))
    };
    let (email, profile) = (has("email", "email"), has("profile", "profile"));
    if !(email || profile || access.scopes.contains("openid")) {
        return None;
    }
    let person = &world.person_at(access.person)?.summary;
    let mut claims = json!({ "sub": format!("1{}", person.health_user_id) });
    if email {
        claims["email"] = json!(person.email);
        claims["email_verified"] = json!(true);
    }
    if profile {
        claims["name"] = json!(person.name);
    }
    Some(claims)
}
