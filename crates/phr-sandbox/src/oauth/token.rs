//! The token and revocation endpoints.

use axum::Json;
use axum::extract::{RawForm, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::Scopes;
use super::accounts::{ACCESS_SECONDS, Issued};
use crate::errors::{self, token_error};
use crate::faults::{Fault, FaultKind, Occasion};
use crate::world::World;

/// An error of RFC 6749 section 5.2.
struct TokenError {
    status: u16,
    error: &'static str,
    description: &'static str,
}

const BAD_REQUEST: TokenError =
    TokenError { status: 400, error: "invalid_grant", description: "Bad Request" };
const DEAD: TokenError = TokenError {
    status: 400,
    error: "invalid_grant",
    description: "Token has been expired or revoked.",
};

type Fields = Vec<(String, String)>;

/// `POST /token`.
pub(super) async fn token(
    State(world): State<World>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Response {
    let faults = befalling(&world, "/token");
    let response = match misbehave(&faults).await {
        Some(response) => response,
        None => answer(&world, &headers, &form),
    };
    let lost = faults.iter().any(|fault| fault.kind == FaultKind::LostToken);
    let response = if lost { errors::cut(response).await } else { response };
    world.count_request("token", response.status().as_u16());
    response
}

fn answer(world: &World, headers: &HeaderMap, form: &[u8]) -> Response {
    let fields: Fields = form_urlencoded::parse(form).into_owned().collect();
    let outcome =
        authenticate(world, headers, &fields).and_then(|()| match field(&fields, "grant_type") {
            Some("authorization_code") => exchange(world, &fields),
            Some("refresh_token") => refresh(world, &fields),
            Some(_) => Err(TokenError {
                status: 400,
                error: "unsupported_grant_type",
                description: "Invalid grant_type",
            }),
            None => Err(missing("Required parameter is missing: grant_type")),
        });
    match outcome {
        Ok(issued) => ([(header::CACHE_CONTROL, "no-store")], Json(body(&issued))).into_response(),
        Err(TokenError { status, error, description }) => token_error(status, error, description),
    }
}

/// `POST /revoke`: ends the whole grant of the person. The token may be in the form or the query.
pub(super) async fn revoke(
    State(world): State<World>,
    RawQuery(query): RawQuery,
    RawForm(form): RawForm,
) -> Response {
    let query = query.unwrap_or_default();
    let form = form_urlencoded::parse(&form);
    let fields: Fields = form
        .chain(form_urlencoded::parse(query.as_bytes()))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let response = match misbehave(&befalling(&world, "/revoke")).await {
        Some(response) => response,
        None => revoked(&world, &fields),
    };
    world.count_request("revoke", response.status().as_u16());
    response
}

fn revoked(world: &World, fields: &Fields) -> Response {
    let mut accounts = world.accounts();
    match field(fields, "token").and_then(|token| accounts.owner(token)) {
        Some(person) => {
            accounts.revoke_person(person);
            Json(json!({})).into_response()
        }
        None => token_error(400, "invalid_token", "Token expired or revoked"),
    }
}

fn befalling(world: &World, path: &str) -> Vec<Fault> {
    world.befalling(&Occasion { path, data_type: None, person: None })
}

async fn misbehave(faults: &[Fault]) -> Option<Response> {
    for fault in faults {
        match fault.kind {
            FaultKind::InvalidClient => {
                return Some(token_error(401, "invalid_client", "Unauthorized"));
            }
            FaultKind::InvalidGrant => {
                return Some(token_error(400, DEAD.error, DEAD.description));
            }
            _ => {
                if let Some(response) = errors::for_any_endpoint(fault).await {
                    return Some(response);
                }
            }
        }
    }
    None
}

/// In the body, or as Basic authentication (RFC 6749 section 2.3.1).
fn authenticate(world: &World, headers: &HeaderMap, fields: &Fields) -> Result<(), TokenError> {
    let refuse = |description| TokenError { status: 401, error: "invalid_client", description };
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| basic(value.to_str().ok()?));
    let (client, secret) = match &basic {
        Some((client, secret)) => (Some(client.as_str()), Some(secret.as_str())),
        None => (field(fields, "client_id"), field(fields, "client_secret")),
    };
    let client = client.ok_or(missing("Could not determine client ID from request."))?;
    if client != world.options().client_id {
        return Err(refuse("The OAuth client was not found."));
    }
    match secret {
        Some(secret) if secret == world.options().client_secret => Ok(()),
        Some(_) => Err(refuse("Unauthorized")),
        None => Err(missing("client_secret is missing.")),
    }
}

fn basic(header: &str) -> Option<(String, String)> {
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (client, secret) = text.split_once(':')?;
    let plain = |text: &str| {
        let parsed = form_urlencoded::parse(text.as_bytes()).next();
        parsed.map_or(String::new(), |(text, _)| text.into_owned())
    };
    Some((plain(client), plain(secret)))
}

fn exchange(world: &World, fields: &Fields) -> Result<Issued, TokenError> {
    let code = field(fields, "code").ok_or(missing("Missing required parameter: code"))?;
    let now = world.clock().now();
    let mut accounts = world.accounts();
    let code = accounts.redeem(code, now).ok_or(BAD_REQUEST)?;
    if field(fields, "redirect_uri") != Some(code.redirect_uri.as_str()) {
        return Err(TokenError {
            status: 400,
            error: "redirect_uri_mismatch",
            description: "Bad Request",
        });
    }
    let verified = match (&code.challenge, field(fields, "code_verifier")) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => challenge.accepts(verifier),
        // A verifier without a challenge is a downgrade (RFC 9700 section 4.8.2).
        (Some(_), None) | (None, Some(_)) => false,
    };
    if !verified {
        return Err(TokenError { description: "Invalid code verifier.", ..BAD_REQUEST });
    }
    Ok(accounts.issue(&code, now))
}

fn refresh(world: &World, fields: &Fields) -> Result<Issued, TokenError> {
    let token = field(fields, "refresh_token")
        .ok_or(missing("Missing required parameter: refresh_token"))?;
    let narrowed = field(fields, "scope").map(Scopes::parse);
    let issued = world.accounts().refresh(token, narrowed.as_ref(), world.clock().now());
    issued.ok_or(DEAD)
}

fn body(issued: &Issued) -> Value {
    let mut body = json!({
        "access_token": issued.access,
        "expires_in": ACCESS_SECONDS,
        "scope": issued.scopes.to_string(),
        "token_type": "Bearer",
    });
    if let Some(refresh) = &issued.refresh {
        body["refresh_token"] = json!(refresh);
    }
    if let Some(life) = issued.refresh_life {
        body["refresh_token_expires_in"] = json!(life);
    }
    body
}

fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

fn missing(description: &'static str) -> TokenError {
    TokenError { status: 400, error: "invalid_request", description }
}
