//! Google's authorization server: consent, code, refresh, revocation (RFC 6749, 7009, 7636).
//!
//! Only `invalid_grant` ends a connection. Whatever else the token endpoint may answer (HTML, 5xx,
//! an error with status 200, codes nobody has heard of) is trouble that passes.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use jiff::{SignedDuration, Timestamp};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret,
    CsrfToken, EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse,
    PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse,
        BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use phr_model::Clock;
use reqwest::{StatusCode, header::HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{UPSTREAM, settings::Settings};
use crate::{
    error::VendorError,
    fitbit::{failure::retry_after, token_line::TokenLine},
    vendor::{AuthorizationRequest, Grant, Refreshed, ScopeFacts},
};

/// What Google's access tokens live (page "Using OAuth 2.0 to Access Google APIs"), for an answer
/// that does not say.
const USUAL_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// What Google adds to RFC 6749's answer.
#[derive(Debug, Serialize, Deserialize)]
struct GoogleFields {
    /// Seconds until the grant ends; only for grants limited in time (status *Testing*: 7 days).
    #[serde(default)]
    refresh_token_expires_in: Option<i64>,
}

impl ExtraTokenFields for GoogleFields {}

type Tokens = StandardTokenResponse<GoogleFields, BasicTokenType>;
type OAuthClient = Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Our side of Google's OAuth.
pub(super) struct OAuth {
    client: OAuthClient,
    revocation_url: Url,
    issuer: String,
    /// Asked for.
    scopes: Vec<&'static str>,
    line: TokenLine,
}

impl OAuth {
    pub(super) fn new(
        settings: &Settings,
        scopes: &[ScopeFacts],
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let secret = settings.client_secret.expose_secret().to_owned();
        let client = Client::new(ClientId::new(settings.client_id.clone()))
            .set_client_secret(ClientSecret::new(secret))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::from_url(settings.authorization_url.clone()))
            .set_token_uri(TokenUrl::from_url(settings.token_url.clone()))
            .set_redirect_uri(RedirectUrl::from_url(settings.redirect_uri.clone()));
        let revocation_url = settings.revocation_url.clone();
        let issuer = settings.issuer.clone();
        let line = TokenLine { upstream: UPSTREAM, refusal, http, clock };
        let scopes = scopes.iter().map(|facts| facts.scope).collect();
        Self { client, revocation_url, issuer, scopes, line }
    }

    /// `access_type=offline` and `prompt=consent`: without them Google sends no refresh token.
    /// Never `include_granted_scopes`: the Health API refuses tokens that carry other scopes.
    pub(super) fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> Url {
        let state = || CsrfToken::new(request.state.expose_secret().to_owned());
        let scopes = self.scopes.iter().map(|scope| Scope::new((*scope).to_owned()));
        let url = self.client.authorize_url(state).add_scopes(scopes);
        let url = url
            .add_extra_param("access_type", "offline")
            .add_extra_param("prompt", "consent")
            .add_extra_param("code_challenge", request.challenge)
            .add_extra_param("code_challenge_method", "S256");
        url.url().0
    }

    /// Simple string comparison, as RFC 9207 (section 2.4) asks for.
    pub(super) fn issued_by(&self, issuer: &str) -> bool {
        issuer == self.issuer
    }

    /// Sends the code once, whatever happens.
    pub(super) async fn exchange(
        &self,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<Grant, VendorError> {
        let tokens = self
            .client
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
            .request_async(&self.bridge("exchange"))
            .await
            .map_err(meaning)?;
        let grant_lifetime = tokens.extra_fields().refresh_token_expires_in;
        Ok(Grant {
            access: secret(tokens.access_token().secret()),
            access_lifetime: lifetime(&tokens),
            refresh: tokens.refresh_token().map(|token| secret(token.secret())),
            grant_lifetime: grant_lifetime.map(SignedDuration::from_secs),
            scopes: granted(&tokens, &self.scopes),
        })
    }

    pub(super) async fn refresh(&self, refresh: &SecretString) -> Result<Refreshed, VendorError> {
        let refresh = RefreshToken::new(refresh.expose_secret().to_owned());
        let tokens = self
            .client
            .exchange_refresh_token(&refresh)
            .request_async(&self.bridge("refresh"))
            .await
            .map_err(meaning)?;
        Ok(Refreshed {
            access: secret(tokens.access_token().secret()),
            access_lifetime: lifetime(&tokens),
            refresh: tokens.refresh_token().map(|token| secret(token.secret())),
        })
    }

    /// By hand instead of through the crate, which refuses plain http and so every emulator.
    pub(super) async fn revoke(&self, token: &SecretString) -> Result<(), VendorError> {
        let form = [("token", token.expose_secret())];
        let request = self.line.http.post(self.revocation_url.clone()).form(&form);
        let answer = self.line.answer("revoke", request.build()).await?;
        if answer.status() == StatusCode::OK {
            return Ok(());
        }
        match serde_json::from_slice::<RevocationError>(answer.body()) {
            Ok(refusal) if refusal.error == "invalid_token" => Ok(()),
            Ok(_) => Err(VendorError::Unavailable),
            Err(_) => Err(VendorError::Unreadable),
        }
    }

    fn bridge(&self, endpoint: &'static str) -> Bridge<'_> {
        Bridge { line: &self.line, endpoint }
    }
}

/// What status and headers say by themselves.
fn refusal(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Option<VendorError> {
    (status == StatusCode::TOO_MANY_REQUESTS)
        .then(|| VendorError::Throttled { wait: retry_after(headers, now) })
}

/// The bridge from the `oauth2` crate to our HTTP client.
struct Bridge<'l> {
    line: &'l TokenLine,
    endpoint: &'static str,
}

impl<'c> AsyncHttpClient<'c> for Bridge<'_> {
    type Error = VendorError;
    type Future = BoxFuture<'c, Result<HttpResponse, VendorError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.line.answer(self.endpoint, reqwest::Request::try_from(request)).boxed()
    }
}

#[derive(Deserialize)]
struct RevocationError {
    error: String,
}

/// What a failed token request means.
fn meaning(error: RequestTokenError<VendorError, BasicErrorResponse>) -> VendorError {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::ServerResponse(refusal) => match refusal.error() {
            BasicErrorResponseType::InvalidGrant => VendorError::GrantWithdrawn,
            BasicErrorResponseType::InvalidClient => {
                VendorError::Misconfigured("the client id or secret is wrong")
            }
            BasicErrorResponseType::UnauthorizedClient => {
                VendorError::Misconfigured("the client may not use this kind of grant")
            }
            _ => VendorError::Unavailable,
        },
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => VendorError::Unreadable,
    }
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn lifetime(tokens: &Tokens) -> SignedDuration {
    let lifetime = tokens.expires_in().map(SignedDuration::try_from);
    lifetime.and_then(Result::ok).unwrap_or(USUAL_LIFETIME)
}

/// The granted scopes; where the answer is silent, those asked for (RFC 6749, section 5.1).
fn granted(tokens: &Tokens, asked: &[&str]) -> Vec<String> {
    match tokens.scopes() {
        Some(scopes) => scopes.iter().map(|scope| scope.to_string()).collect(),
        None => asked.iter().map(|scope| (*scope).to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use phr_model::StoppedClock;
    use rstest::rstest;

    use super::*;

    /// What a refresh makes of an answer.
    async fn refreshed(status: u16, body: &'static str) -> Result<Tokens, VendorError> {
        let base = "http://127.0.0.1:9".parse().unwrap();
        let redirect = "http://127.0.0.1:9/callback".parse().unwrap();
        let settings = Settings::at(&base, "id".into(), "secret".into(), redirect);
        let clock = Arc::new(StoppedClock::at("2026-11-22T10:00:00Z".parse().unwrap()));
        let oauth = OAuth::new(&settings, &[], reqwest::Client::new(), clock);
        let answer = |_| async move {
            let mut answer = HttpResponse::new(body.as_bytes().to_vec());
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            Ok::<_, VendorError>(answer)
        };
        let refresh = RefreshToken::new("1//token".to_owned());
        let request = oauth.client.exchange_refresh_token(&refresh);
        request.request_async(&answer).await.map_err(meaning)
    }

    #[rstest]
    #[case::dead(400, r#"{"error":"invalid_grant","error_description":"Bad"}"#, "grant_withdrawn")]
    #[case::client(401, r#"{"error":"invalid_client"}"#, "misconfigured")]
    #[case::not_allowed(400, r#"{"error":"unauthorized_client"}"#, "misconfigured")]
    #[case::unknown_code(400, r#"{"error":"admin_policy_enforced"}"#, "unavailable")]
    #[case::request(400, r#"{"error":"invalid_request"}"#, "unavailable")]
    #[case::teapot(418, r#"{"error":"short_and_stout"}"#, "unavailable")]
    #[case::error_as_success(200, r#"{"error":"invalid_grant"}"#, "unreadable")]
    #[case::empty_object(200, "{}", "unreadable")]
    #[case::empty(200, "", "unreadable")]
    #[case::empty_refusal(400, "", "unreadable")]
    #[case::html(200, "<html>invalid_grant</html>", "unreadable")]
    #[case::html_refusal(400, "<html>invalid_grant</html>", "unreadable")]
    #[case::nested(400, r#"{"error":{"code":"invalid_grant"}}"#, "unreadable")]
    #[case::no_token(200, r#"{"token_type":"Bearer","expires_in":3599}"#, "unreadable")]
    #[case::cut(200, r#"{"access_token":"ya29."#, "unreadable")]
    #[tokio::test]
    async fn only_invalid_grant_ends_a_connection(
        #[case] status: u16,
        #[case] body: &'static str,
        #[case] code: &str,
    ) {
        assert_eq!(refreshed(status, body).await.unwrap_err().code(), code);
    }

    #[tokio::test]
    async fn an_answer_may_leave_out_all_but_the_token() {
        let tokens = refreshed(200, r#"{"access_token":"ya29.x","token_type":"Bearer"}"#).await;
        let tokens = tokens.unwrap();
        assert_eq!(lifetime(&tokens), USUAL_LIFETIME);
        assert_eq!(granted(&tokens, &["one", "two"]), ["one", "two"]);
        assert!(tokens.refresh_token().is_none());
    }
}
