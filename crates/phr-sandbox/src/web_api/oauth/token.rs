//! The token endpoint.

use axum::Json;
use axum::extract::{RawForm, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::client::authenticate;
use super::grants::{ACCESS_SECONDS, Issued};
use super::{Fields, field, fields};
use crate::dice::Dice;
use crate::errors;
use crate::faults::{Fault, FaultKind, Occasion};
use crate::person::Person;
use crate::web_api::errors::{Outcome, Refusal, gone};
use crate::web_api::faults::befall;
use crate::world::World;

/// `POST /oauth2/token`.
pub(super) async fn token(
    State(world): State<World>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Response {
    let fields = fields(&form);
    let response = answer(&world, &headers, &fields).await;
    world.count_request("web-api token", response.status().as_u16());
    response
}

async fn answer(world: &World, headers: &HeaderMap, fields: &Fields) -> Response {
    if let Some(form) = world.web_api().mood.retired {
        return gone(form);
    }
    // From here until the answer an exchange is under way, delays included.
    let turn = match field(fields, "refresh_token").map(|token| Turn::begin(world, token)) {
        Some(Err(refusal)) => return refusal.into_response(),
        Some(Ok(turn)) => Some(turn),
        None => None,
    };
    let occasion = Occasion { path: "/oauth2/token", data_type: None, person: None };
    let faults = world.befalling(&occasion);
    let mut response = None;
    for fault in &faults {
        response = refused_by(world, fault, fields).await;
        if response.is_some() {
            break;
        }
    }
    let response = response.unwrap_or_else(|| match issued(world, headers, fields) {
        Ok(issued) => Json(body(world, &issued)).into_response(),
        Err(refusal) => refusal.into_response(),
    });
    drop(turn);
    let lost = faults.iter().any(|fault| fault.kind == FaultKind::LostToken);
    if lost { errors::cut(response).await } else { response }
}

async fn refused_by(world: &World, fault: &Fault, fields: &Fields) -> Option<Response> {
    let given = || field(fields, "refresh_token").or(field(fields, "code")).unwrap_or_default();
    match fault.kind {
        FaultKind::InvalidClient => Some(Refusal::unknown_client("null").into_response()),
        FaultKind::InvalidGrant => Some(dead_refresh(given()).into_response()),
        FaultKind::RefreshConflict => Some(conflict().into_response()),
        _ => befall(world, fault, "", None).await,
    }
}

fn issued(world: &World, headers: &HeaderMap, fields: &Fields) -> Outcome<Issued> {
    authenticate(world, headers, fields)?;
    match field(fields, "grant_type") {
        Some("authorization_code") => redeemed(world, fields),
        Some("refresh_token") => refreshed(world, fields),
        Some(other) => Err(Refusal::unsupported_grant(other)),
        None => Err(Refusal::missing("grant_type")),
    }
}

fn redeemed(world: &World, fields: &Fields) -> Outcome<Issued> {
    let given = field(fields, "code").ok_or_else(|| Refusal::missing("code"))?;
    let now = world.clock().now();
    let mut state = world.web_api();
    let code = state.grants.redeem(given, now);
    let dead = || Refusal::invalid_grant(format!("Authorization code invalid: {given}"));
    let code = code.ok_or_else(dead)?;
    if code.redirect_uri.as_deref() != field(fields, "redirect_uri") {
        return Err(Refusal::invalid_grant("Redirect_uri mismatch"));
    }
    let verified = match (&code.challenge, field(fields, "code_verifier")) {
        (Some(challenge), Some(verifier)) => {
            (43..=128).contains(&verifier.len()) && challenge.accepts(verifier)
        }
        (Some(_), None) => return Err(Refusal::missing("code_verifier")),
        // A verifier without a challenge is a downgrade (RFC 9700 section 4.8.2).
        (None, verifier) => verifier.is_none(),
    };
    if !verified {
        return Err(Refusal::invalid_grant("Code verifier invalid"));
    }
    let user = user(world.person_at(code.person));
    Ok(state.grants.issue(&code, user, now))
}

fn refreshed(world: &World, fields: &Fields) -> Outcome<Issued> {
    let token = field(fields, "refresh_token").ok_or_else(|| Refusal::missing("refresh_token"))?;
    let now = world.clock().now();
    let mut state = world.web_api();
    let owner = state.grants.bearer_of(token).ok_or_else(|| dead_refresh(token))?;
    let (user, grace) = (user(world.person_at(owner)), state.mood.grace);
    state.grants.exchange(token, user, grace, now).ok_or_else(|| dead_refresh(token))
}

fn user(person: Option<&Person>) -> &str {
    person.map_or("", |person| person.summary.legacy_user_id.as_str())
}

/// Quotes the token, as Fitbit does.
fn dead_refresh(token: &str) -> Refusal {
    Refusal::invalid_grant(format!("Refresh token invalid: {token}"))
}

fn conflict() -> Refusal {
    Refusal::conflict("Another refresh of this token is in progress.")
}

/// Scopes come in an arbitrary order.
fn body(world: &World, issued: &Issued) -> Value {
    let mut scopes: Vec<&str> = issued.scopes.iter().collect();
    let mut dice = Dice::new(&[issued.access.bytes().map(u64::from).sum()]);
    for place in (1..scopes.len()).rev() {
        let other = dice.between(0, i32::try_from(place).unwrap_or(0)).unsigned_abs() as usize;
        scopes.swap(place, other);
    }
    json!({
        "access_token": issued.access,
        "expires_in": ACCESS_SECONDS,
        "refresh_token": issued.refresh,
        "scope": scopes.join(" "),
        "token_type": "Bearer",
        "user_id": user(world.person_at(issued.person)),
    })
}

/// The right to exchange a refresh token alone; given back even if the client hangs up.
struct Turn<'a> {
    world: &'a World,
    token: &'a str,
}

impl<'a> Turn<'a> {
    fn begin(world: &'a World, token: &'a str) -> Outcome<Self> {
        let mut state = world.web_api();
        let (first, strict) = (state.grants.begin(token), state.mood.refresh_conflicts);
        if !first && strict {
            return Err(conflict());
        }
        Ok(Self { world, token })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.world.web_api().grants.end(self.token);
    }
}
