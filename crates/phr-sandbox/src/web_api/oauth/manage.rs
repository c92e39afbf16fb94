//! Introspection and revocation.

use axum::Json;
use axum::extract::{RawForm, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::client::authenticate;
use super::{Standing, field, fields};
use crate::errors::bearer;
use crate::faults::Occasion;
use crate::web_api::errors::{Outcome, Refusal, gone};
use crate::web_api::faults::befall;
use crate::world::World;

/// `POST /1.1/oauth2/introspect`: the bearer asks about a token, possibly another one.
pub(super) async fn introspect(
    State(world): State<World>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Response {
    let response = match disturbed(&world, "/1.1/oauth2/introspect").await {
        Some(response) => response,
        None => match introspected(&world, &headers, &form) {
            Ok(body) => Json(body).into_response(),
            Err(refusal) => refusal.into_response(),
        },
    };
    world.count_request("web-api introspect", response.status().as_u16());
    response
}

fn introspected(world: &World, headers: &HeaderMap, form: &[u8]) -> Outcome<Value> {
    let now = world.clock().now();
    let asking = bearer(headers).ok_or_else(Refusal::unauthorized)?;
    let mut state = world.web_api();
    match state.grants.present(asking, now) {
        Standing::Live(_) => {}
        Standing::Expired => return Err(Refusal::expired_token(asking)),
        Standing::Unknown => return Err(Refusal::invalid_token(asking)),
    }
    let form = fields(form);
    let token = field(&form, "token").ok_or_else(|| Refusal::missing("token"))?;
    let Some(access) = state.grants.peek(token, now) else {
        return Ok(json!({ "active": false }));
    };
    let scopes: Vec<String> =
        access.scopes.iter().map(|scope| format!("{}=READ", scope.to_uppercase())).collect();
    let user = world.person_at(access.person).map(|person| &person.summary.legacy_user_id);
    Ok(json!({
        "active": true,
        "scope": format!("{{{}}}", scopes.join(", ")),
        "client_id": world.options().client_id,
        "user_id": user,
        "token_type": "access_token",
        "exp": access.expires.as_millisecond(),
        "iat": access.issued.as_millisecond(),
    }))
}

/// `POST /oauth2/revoke`: either token ends all that the person gave the application.
pub(super) async fn revoke(
    State(world): State<World>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Response {
    let response = match disturbed(&world, "/oauth2/revoke").await {
        Some(response) => response,
        None => match revoked(&world, &headers, &form) {
            Ok(()) => StatusCode::OK.into_response(),
            Err(refusal) => refusal.into_response(),
        },
    };
    world.count_request("web-api revoke", response.status().as_u16());
    response
}

fn revoked(world: &World, headers: &HeaderMap, form: &[u8]) -> Outcome<()> {
    let form = fields(form);
    authenticate(world, headers, &form)?;
    let token = field(&form, "token").ok_or_else(|| Refusal::missing("token"))?;
    let mut state = world.web_api();
    let invalid = || Refusal::invalid_request(format!("Invalid token: {token}"));
    let person = state.grants.owner(token).ok_or_else(invalid)?;
    state.grants.revoke_person(person);
    state.subscriptions.forget(person);
    Ok(())
}

/// Retirement and faults come before anything else.
async fn disturbed(world: &World, path: &str) -> Option<Response> {
    if let Some(form) = world.web_api().mood.retired {
        return Some(gone(form));
    }
    for fault in world.befalling(&Occasion { path, data_type: None, person: None }) {
        if let Some(response) = befall(world, &fault, "", None).await {
            return Some(response);
        }
    }
    None
}
