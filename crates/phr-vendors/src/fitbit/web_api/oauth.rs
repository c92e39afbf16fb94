//! Fitbit's authorization server: consent, code, refresh, revocation (pages "Authorization", "OAuth2
//! Token", "Refresh Token", "Revoke Token"). By hand: its errors are not those of RFC 6749.
//!
//! Refresh tokens work once. If the answer of a refresh is lost, the same request gets the same answer
//! again until one of the new tokens is used, so it is sent once more at once; and because the new
//! tokens are kept before they are used, the old one goes on working until then.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use phr_model::Clock;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::{
    UPSTREAM,
    failure::{kinds, refusal},
    settings::Settings,
};
use crate::{
    error::VendorError,
    fitbit::{
        json::{Maybe, Number, read},
        token_line::TokenLine,
    },
    pace::Pace,
    vendor::{AuthorizationRequest, Grant, Refreshed, ScopeFacts},
};

/// What access tokens live, for an answer that does not say.
const USUAL_LIFETIME: SignedDuration = SignedDuration::from_hours(8);
/// Before a refresh is asked for again: another one of the same token may be under way.
const BREATH: Duration = Duration::from_secs(2);

/// Our side of Fitbit's OAuth.
pub(super) struct OAuth {
    settings: Settings,
    /// Asked for.
    scopes: Vec<&'static str>,
    line: TokenLine,
}

/// The token endpoint's answer. `user_id` is in the profile too.
#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    #[serde(default)]
    refresh_token: Maybe<String>,
    #[serde(default)]
    expires_in: Maybe<Number>,
    #[serde(default)]
    scope: Maybe<String>,
}

impl OAuth {
    pub(super) fn new(
        settings: &Settings,
        scopes: &[ScopeFacts],
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let line = TokenLine { upstream: UPSTREAM, refusal, http, clock };
        let scopes = scopes.iter().map(|facts| facts.scope).collect();
        Self { settings: settings.clone(), scopes, line }
    }

    /// S256 must be named: the default is `plain`. Asking for consent each time lets people tick
    /// what they left out before.
    pub(super) fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> Url {
        let mut url = self.settings.authorization_url.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", self.settings.redirect_uri.as_str())
            .append_pair("scope", &self.scopes.join(" "))
            .append_pair("state", request.state.expose_secret())
            .append_pair("code_challenge", request.challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("prompt", "consent");
        url
    }

    /// Sends the code once, whatever happens.
    pub(super) async fn exchange(
        &self,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<Grant, VendorError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", self.settings.redirect_uri.as_str()),
            ("code_verifier", verifier.expose_secret()),
        ];
        let tokens = self.tokens("exchange", &form).await?;
        Ok(Grant {
            access_lifetime: tokens.lifetime(),
            scopes: tokens.granted(&self.scopes),
            access: tokens.access_token.into(),
            refresh: tokens.refresh_token.0.map(SecretString::from),
            grant_lifetime: None,
        })
    }

    /// Asks again once where the answer may have been lost, or where another refresh of this token
    /// is under way (409).
    pub(super) async fn refresh(
        &self,
        refresh: &SecretString,
        pace: &dyn Pace,
    ) -> Result<Refreshed, VendorError> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        let tokens = match self.tokens("refresh", &form).await {
            Err(VendorError::Unavailable | VendorError::Unreadable) => {
                pace.pause(pace.jitter(BREATH)).await;
                self.tokens("refresh", &form).await?
            }
            answer => answer?,
        };
        Ok(Refreshed {
            access_lifetime: tokens.lifetime(),
            access: tokens.access_token.into(),
            refresh: tokens.refresh_token.0.map(SecretString::from),
        })
    }

    /// Ends all tokens that this person gave us. What is dead already, or was switched off, need not
    /// be withdrawn.
    pub(super) async fn revoke(&self, token: &SecretString) -> Result<(), VendorError> {
        let form = [("token", token.expose_secret())];
        match self.post("/oauth2/revoke", "revoke", &form).await {
            Err(VendorError::Retired) | Ok((StatusCode::OK, _)) => Ok(()),
            Err(error) => Err(error),
            Ok((_, body)) if is_about_the_token(&body) => Ok(()),
            Ok((_, body)) => Err(meaning(&body)),
        }
    }

    async fn tokens(
        &self,
        endpoint: &'static str,
        form: &[(&str, &str)],
    ) -> Result<Tokens, VendorError> {
        let (status, body) = self.post("/oauth2/token", endpoint, form).await?;
        if status != StatusCode::OK {
            return Err(meaning(&body));
        }
        read(&body).map_err(|_| VendorError::Unreadable)
    }

    async fn post(
        &self,
        path: &str,
        endpoint: &'static str,
        form: &[(&str, &str)],
    ) -> Result<(StatusCode, Vec<u8>), VendorError> {
        let Settings { client_id, client_secret, .. } = &self.settings;
        let request = self.line.http.post(self.settings.endpoint(path));
        let request = request.basic_auth(client_id, Some(client_secret.expose_secret()));
        let answer = self.line.answer(endpoint, request.form(form).build()).await?;
        Ok((answer.status(), answer.into_body()))
    }
}

impl Tokens {
    fn lifetime(&self) -> SignedDuration {
        let seconds = self.expires_in.0.and_then(|seconds| seconds.to_base(1));
        seconds.filter(|it| *it > 0).map_or(USUAL_LIFETIME, SignedDuration::from_secs)
    }

    /// The granted scopes, in any order; where the answer is silent, those asked for.
    fn granted(&self, asked_for: &[&str]) -> Vec<String> {
        match &self.scope.0 {
            Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
            None => asked_for.iter().map(|scope| (*scope).to_owned()).collect(),
        }
    }
}

/// What a refusal of the token endpoint means. Only `invalid_grant` ends a connection.
fn meaning(body: &[u8]) -> VendorError {
    let kinds = kinds(body);
    let says = |wanted: &str| kinds.iter().any(|kind| kind == wanted);
    if says("invalid_grant") {
        VendorError::GrantWithdrawn
    } else if says("invalid_client") {
        VendorError::Misconfigured("the client id or secret is wrong")
    } else if says("unauthorized_client") {
        VendorError::Misconfigured("the client may not use this kind of grant")
    } else if kinds.is_empty() {
        VendorError::Unreadable
    } else {
        VendorError::Unavailable
    }
}

fn is_about_the_token(body: &[u8]) -> bool {
    let dead = ["invalid_token", "invalid_request", "invalid_grant"];
    kinds(body).iter().any(|kind| dead.contains(&kind.as_str()))
}

#[cfg(test)]
mod tests {
    use phr_model::{Metric, StoppedClock};
    use rstest::rstest;

    use super::*;
    use crate::fitbit::web_api::scopes::asked_for;

    const ASKED_FOR: [&str; 2] = ["weight", "profile"];

    fn oauth() -> OAuth {
        let redirect = "https://phr.example/integrations/fitbit/callback".parse().unwrap();
        let settings = Settings::fitbit("23ABCD".into(), "hush".into(), redirect);
        let clock = Arc::new(StoppedClock::at("2026-11-22T10:00:00Z".parse().unwrap()));
        OAuth::new(&settings, &asked_for(&Metric::USUAL), reqwest::Client::new(), clock)
    }

    #[test]
    fn the_browser_is_sent_with_s256_and_all_scopes() {
        let state = SecretString::from("st");
        let request = AuthorizationRequest { state: &state, challenge: "ch" };
        insta::assert_snapshot!(oauth().authorization_url(&request), @"https://www.fitbit.com/oauth2/authorize?response_type=code&client_id=23ABCD&redirect_uri=https%3A%2F%2Fphr.example%2Fintegrations%2Ffitbit%2Fcallback&scope=activity+heartrate+oxygen_saturation+weight+profile+settings&state=st&code_challenge=ch&code_challenge_method=S256&prompt=consent");
    }

    #[rstest]
    #[case::dead(
        r#"{"errors":[{"errorType":"invalid_grant","message":"Refresh token invalid: 5b"}]}"#,
        "grant_withdrawn"
    )]
    #[case::dead_by_rfc(r#"{"error":"invalid_grant"}"#, "grant_withdrawn")]
    #[case::client(
        r#"{"errors":[{"errorType":"invalid_client"}],"success":false}"#,
        "misconfigured"
    )]
    #[case::not_allowed(r#"{"error":"unauthorized_client"}"#, "misconfigured")]
    #[case::request(r#"{"errors":[{"errorType":"invalid_request"}]}"#, "unavailable")]
    #[case::conflict(r#"{"errors":[{"errorType":"request"}]}"#, "unavailable")]
    #[case::token(r#"{"errors":[{"errorType":"invalid_token"}]}"#, "unavailable")]
    #[case::googles(r#"{"error":{"status":"PERMISSION_DENIED"}}"#, "unreadable")]
    #[case::nested(r#"{"errors":{"errorType":"invalid_grant"}}"#, "unreadable")]
    #[case::html("<html>invalid_grant</html>", "unreadable")]
    #[case::empty("", "unreadable")]
    fn only_invalid_grant_ends_a_connection(#[case] body: &str, #[case] code: &str) {
        assert_eq!(meaning(body.as_bytes()).code(), code);
    }

    #[test]
    fn an_answer_may_leave_out_all_but_the_token_and_numbers_may_be_text() {
        let tokens: Tokens = read(br#"{"access_token":"a.b.c"}"#).unwrap();
        assert_eq!(tokens.lifetime(), USUAL_LIFETIME);
        assert_eq!(tokens.granted(&ASKED_FOR), ASKED_FOR);
        assert!(tokens.refresh_token.0.is_none());
        let tokens: Tokens =
            read(br#"{"access_token":"a","expires_in":"60","scope":"weight  profile"}"#).unwrap();
        assert_eq!(tokens.lifetime(), SignedDuration::from_secs(60));
        assert_eq!(tokens.granted(&[]), ["weight", "profile"]);
    }
}
