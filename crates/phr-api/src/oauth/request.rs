//! An authorization request (RFC 6749 section 4.1.1, RFC 7636, SMART App Launch): everything that is
//! checked before a person is asked.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use phr_store::{account::SecretHash, app::App};
use phr_web::consent;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{AUTHORIZE, form::Parameters, redirect};
use crate::{
    error::ApiError,
    fhir::scopes::{grantable, words},
    state::ApiState,
};

/// Parameters that may be given once.
const ONCE: [&str; 6] =
    ["response_type", "scope", "state", "aud", "code_challenge", "code_challenge_method"];

/// The way back to the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// Where, as the app wrote it.
    pub(super) redirect_uri: String,
    /// The same, to be added to.
    pub(super) url: Url,
    state: Option<String>,
    issuer: String,
}

impl Way {
    /// Sends the browser back with these parameters, the app's state, and who answers (RFC 9207).
    pub(super) fn back(&self, parameters: &[(&str, &str)]) -> Response {
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .extend_pairs(parameters)
            .extend_pairs(self.state.iter().map(|state| ("state", state)))
            .append_pair("iss", &self.issuer);
        match HeaderValue::from_str(url.as_str()) {
            // Not 307: that would send the password along (RFC 9700 section 4.12).
            Ok(url) => (StatusCode::SEE_OTHER, [(header::LOCATION, url)]).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

/// What an app asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) app: App,
    pub(super) way: Way,
    /// What of it we have.
    pub(super) scopes: Vec<String>,
    pub(super) challenge: SecretHash,
}

/// Why a person is not asked.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Nobody knows where to send the answer, so the person is told.
    Told(&'static str),
    /// The app is told.
    Sent(Box<Way>, &'static str, &'static str),
    /// The server cannot answer.
    Failed(ApiError),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Told(text) => consent::refuse(StatusCode::BAD_REQUEST, text),
            Self::Sent(way, error, description) => {
                way.back(&[("error", error), ("error_description", description)])
            }
            Self::Failed(error) => error.into_response(),
        }
    }
}

impl Request {
    /// Reads a request. Nothing is sent to an address that is not the registered one of a registered
    /// app (RFC 6749 section 4.1.2.1).
    pub(super) async fn read(state: &ApiState, query: &str) -> Result<Self, Refusal> {
        let parameters = Parameters::parse(query.as_bytes());
        let unknown = || Refusal::Told("The app that sent you here is not registered here.");
        let id: Uuid =
            parameters.one("client_id").and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
        let app = state.store.app(id).await.map_err(|error| Refusal::Failed(error.into()))?;
        Self::of(app.ok_or_else(unknown)?, &parameters, state.settings.base())
    }

    fn of(app: App, parameters: &Parameters, base: &str) -> Result<Self, Refusal> {
        let stranger = || Refusal::Told("The app wants its answer at an address that is not its.");
        let asked = parameters.one("redirect_uri").ok_or_else(stranger)?;
        let own = app.redirect_uris.iter().any(|own| redirect::matches(own, asked));
        let url = Url::parse(asked).ok().filter(|_| own).ok_or_else(stranger)?;
        let state = parameters.one("state").map(str::to_owned);
        let (redirect_uri, issuer) = (asked.to_owned(), base.to_owned());
        let way = Way { redirect_uri, url, state, issuer };
        match details(&app, parameters, base) {
            Ok((scopes, challenge)) => Ok(Self { app, way, scopes, challenge }),
            Err((error, description)) => Err(Refusal::Sent(Box::new(way), error, description)),
        }
    }

    /// The same request as the address that the form is sent to: nothing is kept in between.
    pub(super) fn address(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.app.id.to_string())
            .append_pair("redirect_uri", &self.way.redirect_uri)
            .append_pair("scope", &self.scopes.join(" "))
            .append_pair("state", self.way.state.as_deref().unwrap_or_default())
            .append_pair("aud", &format!("{}/fhir", self.way.issuer))
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(self.challenge))
            .append_pair("code_challenge_method", "S256");
        format!("{AUTHORIZE}?{}", query.finish())
    }
}

type Mistake = (&'static str, &'static str);

/// What is granted at most, and the challenge.
fn details(
    app: &App,
    parameters: &Parameters,
    base: &str,
) -> Result<(Vec<String>, SecretHash), Mistake> {
    let request = |description| ("invalid_request", description);
    if parameters.repeated(&ONCE).is_some() {
        return Err(request("A parameter was given several times"));
    }
    if parameters.one("response_type") != Some("code") {
        return Err(("unsupported_response_type", "response_type=code is spoken here"));
    }
    if parameters.one("state").is_none() {
        return Err(request("state is required"));
    }
    let aud = parameters.one("aud").map(|aud| aud.strip_suffix('/').unwrap_or(aud));
    if aud.and_then(|aud| aud.strip_suffix("/fhir")) != Some(base) {
        return Err(request("aud is required: the FHIR base address of this server"));
    }
    if parameters.one("code_challenge_method") != Some("S256") {
        return Err(request("PKCE is required: code_challenge_method=S256"));
    }
    let challenge = parameters.one("code_challenge").and_then(challenge);
    let challenge = challenge.ok_or(request("code_challenge is a SHA-256 in base64url"))?;
    let scopes = grantable(parameters.one("scope").unwrap_or_default(), app.scopes.as_deref());
    if !scopes.iter().any(|scope| reads(scope)) {
        return Err(("invalid_scope", "Nothing of what was asked for is offered to this app"));
    }
    Ok((scopes, challenge))
}

/// Whether a scope lets anything be read.
pub(super) fn reads(scope: &str) -> bool {
    scope != crate::fhir::scopes::OFFLINE_ACCESS && words(scope).is_some()
}

fn challenge(text: &str) -> Option<SecretHash> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const BASE: &str = "https://phr.example.com";

    fn app() -> App {
        App {
            id: Uuid::nil(),
            name: "Growth Chart".to_owned(),
            redirect_uris: vec!["https://app.example.com/cb?tenant=1".to_owned()],
            scopes: None,
            secret: None,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn good() -> Vec<(&'static str, &'static str)> {
        vec![
            ("response_type", "code"),
            ("redirect_uri", "https://app.example.com/cb?tenant=1"),
            ("scope", "launch/patient patient/Observation.rs openid"),
            ("state", "a b&c"),
            ("aud", "https://phr.example.com/fhir"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Request, Refusal> {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        Request::of(app(), &Parameters::parse(query.as_bytes()), BASE)
    }

    /// Where the app is told about its mistake.
    fn told(pairs: &[(&str, &str)]) -> String {
        let refusal = read(pairs).unwrap_err();
        assert!(matches!(refusal, Refusal::Sent(..)), "{refusal:?}");
        refusal.into_response().headers()["location"].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_request_survives_its_own_form() {
        let request = read(&good()).unwrap();
        assert_eq!(request.scopes, ["launch/patient", "patient/Observation.rs"]);
        let query = request.address().split_once('?').unwrap().1.to_owned();
        let again = Request::of(app(), &Parameters::parse(query.as_bytes()), BASE).unwrap();
        assert_eq!(again, request);
    }

    #[test]
    fn the_answer_keeps_the_addresss_own_query_and_the_state() {
        let way = read(&good()).unwrap().way;
        let answer = way.back(&[("code", "x")]);
        let expected = "https://app.example.com/cb?tenant=1&code=x&state=a+b%26c\
            &iss=https%3A%2F%2Fphr.example.com";
        assert_eq!(answer.headers()["location"], expected);
        assert_eq!(answer.status(), 303);
    }

    #[test]
    fn every_mistake_is_sent_back_to_the_app() {
        for (name, value, error) in [
            ("response_type", "token", "unsupported_response_type"),
            ("response_type", "", "unsupported_response_type"),
            ("state", "", "invalid_request"),
            ("aud", "", "invalid_request"),
            ("aud", "https://elsewhere.example/fhir", "invalid_request"),
            ("aud", "https://phr.example.com", "invalid_request"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("code_challenge_method", "", "invalid_request"),
            ("code_challenge", "", "invalid_request"),
            ("code_challenge", "short", "invalid_request"),
            ("scope", "openid profile", "invalid_scope"),
            ("scope", "offline_access launch/patient", "invalid_scope"),
            ("scope", "", "invalid_scope"),
        ] {
            let mut pairs = good();
            pairs.iter_mut().find(|pair| pair.0 == name).unwrap().1 = value;
            let location = told(&pairs);
            assert!(location.contains(&format!("error={error}&")), "{name}={value}: {location}");
        }
        let mut twice = good();
        twice.push(("state", "other"));
        assert!(told(&twice).contains("error=invalid_request"));
    }

    #[test]
    fn a_slash_behind_the_audience_does_no_harm() {
        let mut pairs = good();
        pairs[4].1 = "https://phr.example.com/fhir/";
        assert!(read(&pairs).is_ok());
    }

    #[test]
    fn nothing_is_sent_to_an_address_that_is_not_registered() {
        for address in ["https://evil.example/cb", "https://app.example.com/cb", "", "javascript:1"]
        {
            let mut pairs = good();
            pairs[1].1 = address;
            assert!(matches!(read(&pairs), Err(Refusal::Told(_))), "{address}");
        }
        let mut twice = good();
        twice.push(("redirect_uri", "https://evil.example/cb"));
        assert!(matches!(read(&twice), Err(Refusal::Told(_))));
    }
}
