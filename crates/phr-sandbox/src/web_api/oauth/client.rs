//! Who asks at the token endpoint.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Fields, field};
use crate::web_api::errors::{Outcome, Refusal};
use crate::web_api::mood::Application;
use crate::world::World;

/// *Server* applications authenticate with `Basic`, *Client* ones name themselves in the body, and
/// *Personal* ones may do either.
pub(super) fn authenticate(world: &World, headers: &HeaderMap, fields: &Fields) -> Outcome<()> {
    let application = world.web_api().mood.application;
    match (headers.get(header::AUTHORIZATION), application) {
        (Some(value), Application::Server | Application::Personal) => {
            let text = value.to_str().unwrap_or_default();
            check(world, text)
        }
        (_, Application::Client | Application::Personal) => named(world, fields),
        (None, Application::Server) => Err(Refusal::invalid_client("null")),
    }
}

fn check(world: &World, header: &str) -> Outcome<()> {
    let malformed = || Refusal::invalid_client(header);
    let (client, secret) = basic(header).ok_or_else(malformed)?;
    let options = world.options();
    if client != options.client_id {
        return Err(Refusal::unknown_client(&client));
    }
    if secret == options.client_secret { Ok(()) } else { Err(malformed()) }
}

fn named(world: &World, fields: &Fields) -> Outcome<()> {
    match field(fields, "client_id") {
        Some(client) if client == world.options().client_id => Ok(()),
        Some(client) => Err(Refusal::unknown_client(client)),
        None => Err(Refusal::invalid_client("null")),
    }
}

fn basic(header: &str) -> Option<(String, String)> {
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (client, secret) = text.split_once(':')?;
    Some((client.to_owned(), secret.to_owned()))
}
