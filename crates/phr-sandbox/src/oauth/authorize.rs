//! The authorization endpoint: consent page and its answer.
//!
//! For scripts: `GET` shows the page, `POST` decides. The form repeats the query parameters of
//! the request and adds `account` (an e-mail address), one `scopes` for each ticked scope, and
//! `decision` (`allow` or `deny`); the answer is a 302 to the redirect URI.

use axum::extract::{RawForm, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::accounts::{Challenge, Code};
use super::{Scopes, page};
use crate::errors::html;
use crate::world::World;

/// A checked authorization request.
pub(super) struct Request {
    pub(super) redirect_uri: String,
    pub(super) scopes: Scopes,
    pub(super) state: Option<String>,
    pub(super) offline: bool,
    pub(super) prompt: String,
    pub(super) login_hint: Option<String>,
    include_granted: bool,
    challenge: Option<Challenge>,
}

/// An error that Google shows itself, without redirecting.
struct Refusal {
    status: u16,
    code: &'static str,
    text: String,
}

/// Query or form parameters.
pub(super) type Parameters = Vec<(String, String)>;

fn parse(text: &[u8]) -> Parameters {
    form_urlencoded::parse(text).into_owned().collect()
}

fn get<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// `GET /o/oauth2/v2/auth`.
pub(super) async fn show(
    State(world): State<World>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let parameters = parse(query.unwrap_or_default().as_bytes());
    let response = match check(&world, &headers, &parameters) {
        Err(refusal) => refusal.into_response(),
        Ok(request) if request.prompt.split(' ').any(|word| word == "none") => {
            without_page(&world, &request)
        }
        Ok(request) => html(200, page::consent(&world, &request, &parameters)),
    };
    counted(&world, response)
}

/// `POST /o/oauth2/v2/auth`: the consent page's form.
pub(super) async fn decide(
    State(world): State<World>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Response {
    let parameters = parse(&form);
    let response = match check(&world, &headers, &parameters) {
        Err(refusal) => refusal.into_response(),
        Ok(request) => decided(&world, &request, &parameters),
    };
    counted(&world, response)
}

fn counted(world: &World, response: Response) -> Response {
    world.count_request("authorize", response.status().as_u16());
    response
}

fn decided(world: &World, request: &Request, form: &Parameters) -> Response {
    if get(form, "decision") != Some("allow") {
        return back(request, &[("error", "access_denied")]);
    }
    let email = get(form, "account").unwrap_or_default();
    let Ok(person) = world.person(email) else {
        let text = format!("There is no account {email:?} here.");
        return Refusal { status: 400, code: "invalid_request", text }.into_response();
    };
    let ticked: Vec<&str> =
        form.iter().filter(|(key, _)| key == "scopes").map(|(_, scope)| scope.as_str()).collect();
    let granted = request.scopes.intersection(&Scopes::parse(&ticked.join(" ")));
    if granted.is_empty() {
        return back(request, &[("error", "access_denied")]);
    }
    grant(world, request, person.index, granted)
}

/// `prompt=none` shows nothing: it works only on an earlier consent.
fn without_page(world: &World, request: &Request) -> Response {
    let hint = request.login_hint.as_deref().and_then(|email| world.person(email).ok());
    let only = world.residents().first().filter(|_| world.residents().len() == 1);
    let Some(person) = hint.or(only) else {
        return back(request, &[("error", "interaction_required")]);
    };
    let consent = world.accounts().consent(person.index).cloned();
    match consent.filter(|consent| request.scopes.is_subset(consent)) {
        Some(_) => grant(world, request, person.index, request.scopes.clone()),
        None => back(request, &[("error", "consent_required")]),
    }
}

/// A refresh token comes with the first consent of the person, or with `prompt=consent`.
fn grant(world: &World, request: &Request, person: usize, granted: Scopes) -> Response {
    let mut accounts = world.accounts();
    let earlier = accounts.consent(person).cloned();
    let asked = request.prompt.split(' ').any(|word| word == "consent");
    let scopes = match earlier.as_ref().filter(|_| request.include_granted) {
        Some(earlier) => granted.union(earlier),
        None => granted,
    };
    let code = accounts.grant(Code {
        person,
        scopes: scopes.clone(),
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        lasting: request.offline && (asked || earlier.is_none()),
        issued: world.clock().now(),
    });
    let (scope, index) = (scopes.to_string(), person.to_string());
    let prompt = if request.prompt.is_empty() { "consent" } else { &request.prompt };
    back(
        request,
        &[
            ("iss", world.base_url()),
            ("code", &code),
            ("scope", &scope),
            ("authuser", &index),
            ("prompt", prompt),
        ],
    )
}

/// 302 to the client with the state first, as Google does.
fn back(request: &Request, parameters: &[(&str, &str)]) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(state) = &request.state {
        query.append_pair("state", state);
    }
    query.extend_pairs(parameters);
    let joint = if request.redirect_uri.contains('?') { '&' } else { '?' };
    let location = format!("{}{joint}{}", request.redirect_uri, query.finish());
    match HeaderValue::from_str(&location) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

fn check(world: &World, headers: &HeaderMap, sent: &Parameters) -> Result<Request, Refusal> {
    let refuse = |status, code, text: &str| Refusal { status, code, text: text.to_owned() };
    refuse_web_view(headers)?;
    let client = get(sent, "client_id")
        .ok_or_else(|| refuse(400, "invalid_request", "Missing required parameter: client_id"))?;
    if client != world.options().client_id {
        return Err(refuse(401, "invalid_client", "The OAuth client was not found."));
    }
    let redirect_uri = get(sent, "redirect_uri").ok_or_else(|| {
        refuse(400, "invalid_request", "Missing required parameter: redirect_uri")
    })?;
    if !world.is_registered(redirect_uri) {
        let text = format!("The redirect URI in the request, {redirect_uri}, is not registered.");
        return Err(refuse(400, "redirect_uri_mismatch", &text));
    }
    if get(sent, "response_type") != Some("code") {
        return Err(refuse(400, "invalid_request", "response_type must be code"));
    }
    let scopes = Scopes::parse(get(sent, "scope").unwrap_or_default());
    if scopes.is_empty() {
        return Err(refuse(400, "invalid_request", "Missing required parameter: scope"));
    }
    if let [first, ..] = scopes.unknown()[..] {
        let text = format!("Some requested scopes were invalid: {first}");
        return Err(refuse(400, "invalid_scope", &text));
    }
    Ok(Request {
        redirect_uri: redirect_uri.to_owned(),
        scopes,
        state: get(sent, "state").map(str::to_owned),
        offline: get(sent, "access_type") == Some("offline"),
        prompt: get(sent, "prompt").unwrap_or_default().to_owned(),
        login_hint: get(sent, "login_hint").map(str::to_owned),
        include_granted: get(sent, "include_granted_scopes") == Some("true"),
        challenge: challenge(sent)?,
    })
}

fn challenge(sent: &Parameters) -> Result<Option<Challenge>, Refusal> {
    let Some(challenge) = get(sent, "code_challenge").map(str::to_owned) else {
        return Ok(None);
    };
    match get(sent, "code_challenge_method").unwrap_or("plain") {
        "S256" => Ok(Some(Challenge::S256(challenge))),
        "plain" => Ok(Some(Challenge::Plain(challenge))),
        _ => Err(Refusal {
            status: 400,
            code: "invalid_request",
            text: "Invalid code_challenge_method".to_owned(),
        }),
    }
}

/// Google has refused embedded web views since 2021; the Android marker is `; wv)`.
fn refuse_web_view(headers: &HeaderMap) -> Result<(), Refusal> {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    if agent.is_some_and(|agent| agent.contains("; wv)")) {
        let text = "This app does not comply with Google's \"Use secure browsers\" policy.";
        return Err(Refusal { status: 403, code: "disallowed_useragent", text: text.to_owned() });
    }
    Ok(())
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        html(self.status, page::refusal(self.status, self.code, &self.text))
    }
}
