//! The authorization page and its answer.
//!
//! For scripts: `GET` shows the page, `POST` decides. The form repeats the query parameters of the
//! request and adds `account` (an e-mail address), one `scopes` for each ticked scope, and
//! `decision` (`allow` or `deny`); the answer is a 302 to the redirect URI.

use axum::extract::{RawForm, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::grants::Code;
use super::scopes::is_known;
use super::{Fields, field, fields, page};
use crate::errors::html;
use crate::oauth::{Challenge, Scopes};
use crate::web_api::errors::gone;
use crate::web_api::mood::Application;
use crate::world::World;

/// A checked authorization request.
pub(super) struct Request {
    /// Where the answer goes.
    target: String,
    /// As it was sent.
    redirect_uri: Option<String>,
    pub(super) scopes: Scopes,
    state: Option<String>,
    challenge: Option<Challenge>,
}

/// A defect that is shown on fitbit.com and never redirected (page "Error Messages").
struct Defect(&'static str, String);

/// `GET /oauth2/authorize`.
pub(super) async fn show(
    State(world): State<World>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let sent = fields(query.unwrap_or_default().as_bytes());
    answered(&world, &headers, &sent, |request| match field(&sent, "prompt") {
        Some("none") => silent(&world, request, &sent),
        _ => html(200, page::consent(&world, request, &sent)),
    })
}

/// `POST /oauth2/authorize`: the page's form.
pub(super) async fn decide(
    State(world): State<World>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Response {
    let sent = fields(&form);
    answered(&world, &headers, &sent, |request| decided(&world, request, &sent))
}

fn answered(
    world: &World,
    headers: &HeaderMap,
    sent: &Fields,
    answer: impl FnOnce(&Request) -> Response,
) -> Response {
    let retired = world.web_api().mood.retired;
    let response = match (retired, is_web_view(headers)) {
        (Some(form), _) => gone(form),
        // The person signs in at Google, which refuses embedded web views.
        (None, true) => {
            let text = "disallowed_useragent: sign in with a browser, not inside an app.";
            Defect("Access blocked", text.to_owned()).into_response(403)
        }
        (None, false) => match check(world, sent) {
            Ok(request) => answer(&request),
            Err(defect) => defect.into_response(400),
        },
    };
    world.count_request("web-api authorize", response.status().as_u16());
    response
}

fn is_web_view(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    agent.is_some_and(|agent| agent.contains("; wv)"))
}

/// `prompt=none`: no page is shown. Nobody is signed in here, so it must be clear who is meant: the
/// one person who has consented to all of it, or whoever of them `account` names.
fn silent(world: &World, request: &Request, sent: &Fields) -> Response {
    let account = field(sent, "account");
    let mut consented = world.web_api().grants.consented(&request.scopes);
    consented.retain(|index| {
        let email = world.person_at(*index).map(|person| person.summary.email.as_str());
        account.is_none_or(|account| email == Some(account))
    });
    match consented[..] {
        [person] => granted(world, request, person, request.scopes.clone()),
        [] => failed(request, "consent_required", "The user has not consented to this."),
        _ => failed(request, "login_required", "The user is not signed in."),
    }
}

fn decided(world: &World, request: &Request, form: &Fields) -> Response {
    if field(form, "decision") != Some("allow") {
        return denied(request);
    }
    let email = field(form, "account").unwrap_or_default();
    let Ok(person) = world.person(email) else {
        return Defect("invalid_request", format!("There is no account {email:?} here."))
            .into_response(400);
    };
    let ticked: Vec<&str> =
        form.iter().filter(|(key, _)| key == "scopes").map(|(_, scope)| scope.as_str()).collect();
    let granted = request.scopes.intersection(&Scopes::parse(&ticked.join(" ")));
    if granted.is_empty() {
        return denied(request);
    }
    self::granted(world, request, person.index, granted)
}

fn granted(world: &World, request: &Request, person: usize, scopes: Scopes) -> Response {
    let code = world.web_api().grants.grant(Code {
        person,
        scopes,
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        issued: world.clock().now(),
    });
    back(request, &[("code", &code)])
}

fn denied(request: &Request) -> Response {
    failed(request, "access_denied", "The user denied the request.")
}

fn failed(request: &Request, error: &str, description: &str) -> Response {
    back(request, &[("error", error), ("error_description", description)])
}

/// 302 to the application. Fitbit appended `#_=_`, which browsers keep to themselves.
fn back(request: &Request, parameters: &[(&str, &str)]) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    if let Some(state) = &request.state {
        query.append_pair("state", state);
    }
    let joint = if request.target.contains('?') { '&' } else { '?' };
    let location = format!("{}{joint}{}#_=_", request.target, query.finish());
    match HeaderValue::from_str(&location) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn check(world: &World, sent: &Fields) -> Result<Request, Defect> {
    let missing = |name: &str| Defect("invalid_request", format!("Missing parameter: {name}"));
    let client = field(sent, "client_id").ok_or_else(|| missing("client_id"))?;
    if client != world.options().client_id {
        return Err(Defect("invalid_client", "The application is not known.".to_owned()));
    }
    let redirect_uri = field(sent, "redirect_uri").map(str::to_owned);
    let target = match &redirect_uri {
        Some(uri) if world.is_registered(uri) => uri.clone(),
        Some(_) => {
            let text = "The redirect_uri is not registered for this application.";
            return Err(Defect("invalid_request", text.to_owned()));
        }
        None if field(sent, "prompt").is_some() => return Err(missing("redirect_uri")),
        None => world.only_redirect_uri().ok_or_else(|| missing("redirect_uri"))?,
    };
    if field(sent, "response_type") != Some("code") {
        return Err(Defect("invalid_request", "response_type must be code".to_owned()));
    }
    let scopes = Scopes::parse(field(sent, "scope").unwrap_or_default());
    if scopes.is_empty() {
        return Err(missing("scope"));
    }
    if let Some(unknown) = scopes.iter().find(|scope| !is_known(scope)) {
        return Err(Defect("invalid_scope", format!("Invalid scope: {unknown}")));
    }
    let challenge = challenge(sent)?;
    if challenge.is_none() && world.web_api().mood.application == Application::Client {
        return Err(missing("code_challenge"));
    }
    let state = field(sent, "state").map(str::to_owned);
    Ok(Request { target, redirect_uri, scopes, state, challenge })
}

/// The method is `plain` unless given.
fn challenge(sent: &Fields) -> Result<Option<Challenge>, Defect> {
    let method = field(sent, "code_challenge_method");
    let Some(challenge) = field(sent, "code_challenge").map(str::to_owned) else {
        return match method {
            None => Ok(None),
            Some(_) => {
                Err(Defect("invalid_request", "Missing parameter: code_challenge".to_owned()))
            }
        };
    };
    if !(43..=128).contains(&challenge.len()) {
        return Err(Defect("invalid_request", "Invalid code_challenge".to_owned()));
    }
    match method.unwrap_or("plain") {
        "S256" => Ok(Some(Challenge::S256(challenge))),
        "plain" => Ok(Some(Challenge::Plain(challenge))),
        _ => Err(Defect("invalid_request", "Invalid code_challenge_method".to_owned())),
    }
}

impl Defect {
    fn into_response(self, status: u16) -> Response {
        html(status, page::defect(self.0, &self.1))
    }
}
