//! `/oauth/authorize`: a person signs in, sees which app asks for what, and decides.
//!
//! Looking changes nothing and keeps nothing. The form carries the request along and is checked anew;
//! it counts only with the person's password, and only if one of our own pages sent it.

use std::net::IpAddr;

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use phr_store::{account::Person, app::Approval};
use phr_sync::entropy;
use phr_web::{
    consent::{self, Choice, Consent},
    is_own,
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    CODE_LIFETIME,
    form::Parameters,
    request::{Refusal, Request, reads},
};
use crate::{
    auth::{account, password},
    endpoint::detached,
    error::ApiError,
    fhir::scopes::{OFFLINE_ACCESS, words},
    layer::address::ClientAddress,
    problem::ProblemDocument,
    state::ApiState,
};

/// Longest address that is tried (RFC 5321 section 4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;

/// Ask a person to let an app in
///
/// An app opens this in the system browser. The person signs in and chooses; then the browser goes
/// back to the app with a code, or with what was wrong. Without a registered app and address nobody is
/// sent anywhere.
#[utoipa::path(
    get,
    path = "/oauth/authorize",
    tag = "pages",
    params(
        ("response_type" = String, Query, description = "`code`", example = "code"),
        ("client_id" = String, Query, description = "The app's id",
            example = "5b1f5c0e-5f5e-4b62-9c53-6a0c3c1f7c55"),
        ("redirect_uri" = String, Query, description = "Where the code goes; registered, exactly",
            example = "https://app.example.com/callback"),
        ("scope" = String, Query, description = "What the app asks for, with spaces",
            example = "launch/patient patient/Observation.rs offline_access"),
        ("state" = String, Query, description = "Comes back with the answer",
            example = "af0ifjsldkj"),
        ("aud" = String, Query, description = "The FHIR base address of this server",
            example = "https://phr.example.com/fhir"),
        ("code_challenge" = String, Query, description = "SHA-256 of the verifier (RFC 7636)",
            example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method" = String, Query, description = "`S256`", example = "S256"),
    ),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html",
            example = "<!doctype html>"),
        (status = 303, description = "Back to the app with `error`"),
        (status = 400, description = "Unknown app or address", body = String,
            content_type = "text/html", example = "<!doctype html>"),
    )
)]
pub(super) async fn show_consent(
    State(state): State<ApiState>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let request = Request::read(&state, &query.unwrap_or_default()).await?;
    Ok(Look::first(&request).page(StatusCode::OK, &request))
}

/// Let an app in, or not
///
/// The form of the page.
#[utoipa::path(
    post,
    path = "/oauth/authorize",
    tag = "pages",
    params(
        ("response_type" = String, Query, description = "As shown", example = "code"),
        ("client_id" = String, Query, description = "As shown",
            example = "5b1f5c0e-5f5e-4b62-9c53-6a0c3c1f7c55"),
        ("redirect_uri" = String, Query, description = "As shown",
            example = "https://app.example.com/callback"),
        ("scope" = String, Query, description = "As shown", example = "patient/Observation.rs"),
        ("state" = String, Query, description = "As shown", example = "af0ifjsldkj"),
        ("aud" = String, Query, description = "As shown",
            example = "https://phr.example.com/fhir"),
        ("code_challenge" = String, Query, description = "As shown",
            example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method" = String, Query, description = "As shown", example = "S256"),
    ),
    request_body(
        content = String,
        content_type = "application/x-www-form-urlencoded",
        description = "`decision` (`allow` or `deny`); to allow also `email`, `password` and each \
            ticked `scope`",
        example = "decision=deny"
    ),
    responses(
        (status = 303, description = "Back to the app with `code` or `error`"),
        (status = 400, description = "Unknown app or address, or sent by another site's page",
            body = String, content_type = "text/html", example = "<!doctype html>"),
        (status = 401, description = "The address or the password is wrong", body = String,
            content_type = "text/html", example = "<!doctype html>"),
        (status = 422, description = "Nothing is ticked", body = String,
            content_type = "text/html", example = "<!doctype html>"),
        (status = 409, description = "The account has no record", body = String,
            content_type = "text/html", example = "<!doctype html>"),
        (status = 429, description = "Too many attempts to sign in, or too many requests",
            content(
                (String = "text/html", example = "<!doctype html>"),
                (ProblemDocument = "application/problem+json"),
            )),
    )
)]
pub(super) async fn decide(
    State(state): State<ApiState>,
    ClientAddress(client): ClientAddress,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    if !is_own(&headers) {
        return Err(Refusal::Told("The form came from another site. Nothing was allowed."));
    }
    let request = Request::read(&state, &query.unwrap_or_default()).await?;
    let form = Parameters::parse(&body);
    match form.one("decision") {
        Some("allow") => {}
        Some("deny") => return Ok(denied(&request)),
        _ => return Err(Refusal::Told("The form is incomplete. Nothing was allowed.")),
    }
    let done = detached(async move { Ok(allow(&state, &request, &form, client).await) }).await;
    done.map_err(Refusal::Failed)
}

fn denied(request: &Request) -> Response {
    tracing::info!(app = %request.app.id, "an app was not let in");
    let description = "The person did not allow it";
    request.way.back(&[("error", "access_denied"), ("error_description", description)])
}

/// Lets the app in if the person is who they say and has ticked anything.
async fn allow(state: &ApiState, request: &Request, form: &Parameters, client: IpAddr) -> Response {
    let look = Look::again(request, form);
    if !look.ticked.iter().any(|scope| reads(scope)) {
        let nothing = "Tick at least one thing to read, or choose “Do not allow”.";
        return look.with(nothing).page(StatusCode::UNPROCESSABLE_ENTITY, request);
    }
    let person = match authenticate(state, form, client).await {
        Ok(person) => person,
        Err(error) => return refused(look, request, error),
    };
    if person.patient.is_none() {
        let none = "This account has no record that could be read.";
        return look.with(none).page(StatusCode::CONFLICT, request);
    }
    match approve(state, request, &person, &look.ticked).await {
        Ok(code) => request.way.back(&[("code", code.expose_secret())]),
        Err(error) => error.into_response(),
    }
}

/// The same rules and brakes as at every sign-in.
async fn authenticate(
    state: &ApiState,
    form: &Parameters,
    client: IpAddr,
) -> Result<Person, ApiError> {
    let fits = |text: &&str, longest| text.len() <= longest && !text.contains(char::is_control);
    let email = form.one("email").map(str::trim).filter(|it| fits(it, LONGEST_EMAIL));
    let password = form.one("password").filter(|it| fits(it, password::LONGEST));
    let (Some(email), Some(password)) = (email, password) else {
        return Err(ApiError::Unauthenticated("The address or the password is missing"));
    };
    account::authenticate(state, email, &SecretString::from(password), client).await
}

fn refused(look: Look, request: &Request, error: ApiError) -> Response {
    match error {
        ApiError::Unauthenticated(_) => look
            .with("The address or the password is wrong.")
            .page(StatusCode::UNAUTHORIZED, request),
        ApiError::RateLimited(seconds) => {
            let notice = "There were too many attempts. Please wait a little and try again.";
            let mut page = look.with(notice).page(StatusCode::TOO_MANY_REQUESTS, request);
            page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
            page
        }
        error => error.into_response(),
    }
}

async fn approve(
    state: &ApiState,
    request: &Request,
    person: &Person,
    scopes: &[String],
) -> Result<SecretString, ApiError> {
    let now = state.clock.now();
    let after = |span| now.checked_add(span).unwrap_or(now);
    let code = entropy::secret(&*state.entropy);
    let lasting = scopes.iter().any(|scope| scope == OFFLINE_ACCESS);
    let approval = Approval {
        grant: entropy::uuid(&*state.entropy),
        person: person.id,
        app: request.app.id,
        scopes: scopes.join(" "),
        redirect_uri: request.way.redirect_uri.clone(),
        challenge: request.challenge,
        code: entropy::hash(&code),
        code_expires_at: after(CODE_LIFETIME),
        lasts_until: lasting.then(|| after(state.settings.lifetimes.absolute)),
    };
    state.store.approve(approval, now).await?;
    tracing::info!(person.id = %person.id, app = %request.app.id, "an app was let in");
    Ok(code)
}

/// The state of the form.
#[derive(Default)]
struct Look {
    ticked: Vec<String>,
    email: String,
    notice: Option<&'static str>,
}

impl Look {
    /// Everything ticked.
    fn first(request: &Request) -> Self {
        Self { ticked: request.scopes.clone(), ..Self::default() }
    }

    /// As the person left it. What has no box of its own is not up for choice.
    fn again(request: &Request, form: &Parameters) -> Self {
        let ticked = |scope: &&String| words(scope).is_none() || form.all("scope").contains(scope);
        let email = form.one("email").filter(|it| it.len() <= LONGEST_EMAIL);
        Self {
            ticked: request.scopes.iter().filter(ticked).cloned().collect(),
            email: email.unwrap_or_default().to_owned(),
            notice: None,
        }
    }

    fn with(self, notice: &'static str) -> Self {
        Self { notice: Some(notice), ..self }
    }

    fn page(self, status: StatusCode, request: &Request) -> Response {
        let choice = |scope: &String| {
            let ticked = self.ticked.contains(scope);
            let words = words(scope)?.to_owned();
            Some(Choice { scope: scope.clone(), words, ticked })
        };
        let page = Consent {
            app: request.app.name.clone(),
            choices: request.scopes.iter().filter_map(choice).collect(),
            action: request.address(),
            leads_to: consent::leads_to(&request.way.url),
            email: self.email,
            notice: self.notice,
        };
        page.page(status, &request.way.url)
    }
}
