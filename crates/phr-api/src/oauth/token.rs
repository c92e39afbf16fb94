//! `POST /oauth/token`: codes and refresh tokens become access tokens (RFC 6749 sections 4.1.3 and 6).

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, header},
};
use phr_store::app::{App, Exchange, Granted, NextTokens, PresentedCode, PresentedRefresh};
use phr_sync::entropy::{self, hash_text};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ACCESS_LIFETIME, client,
    error::{Failure, OauthError},
    form::Parameters,
};
use crate::{endpoint::detached, error::ApiError, fhir::scopes::grantable, state::ApiState};

/// An app's tokens.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "Zk1vY2tBY2Nlc3NUb2tlbk9mRm9ydHlUaHJlZUNoYXJz",
    "token_type": "Bearer",
    "expires_in": 3600,
    "scope": "launch/patient patient/Observation.rs offline_access",
    "patient": "8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10",
    "refresh_token": "Zk1vY2tSZWZyZXNoVG9rZW5PZkZvcnR5VGhyZWVDaGFycw"
}))]
pub struct AppTokens {
    /// Opens `/fhir`, as far as `scope` goes.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds the access token works for, unless the person ends it.
    pub expires_in: i64,
    /// What was granted; it may be less than what was asked for.
    pub scope: String,
    /// Id of the Patient whose record it is.
    pub patient: String,
    /// Works once, at this endpoint; only with `offline_access`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// Exchange a code or a refresh token
///
/// Apps with a secret show it in the Authorization header (Basic) or as `client_secret`. A code works
/// once within a minute, and a refresh token once; whatever comes back a second time ends everything
/// that came of the approval, because somebody must have a copy.
#[utoipa::path(
    post,
    path = "/oauth/token",
    tag = "apps",
    request_body(
        content = String,
        content_type = "application/x-www-form-urlencoded",
        description = "`grant_type=authorization_code` with `code`, `redirect_uri`, `code_verifier` \
            and `client_id`; or `grant_type=refresh_token` with `refresh_token`, `client_id` and \
            perhaps `scope`",
        example = "grant_type=authorization_code&code=Q29kZQ&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&client_id=5b1f5c0e-5f5e-4b62-9c53-6a0c3c1f7c55"
    ),
    responses(
        (status = 200, description = "The tokens", body = AppTokens),
        (status = 400, description = "Something is missing, or does not work", body = OauthError),
        (status = 401, description = "Unknown app, or not its secret", body = OauthError),
    )
)]
pub async fn exchange(
    State(state): State<ApiState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<([(HeaderName, &'static str); 2], Json<AppTokens>), Failure> {
    let (app, form) = client::called(&state, &headers, &body).await?;
    let once = ["grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope"];
    if form.repeated(&once).is_some() {
        return Err(OauthError::request("A parameter was given several times").into());
    }
    let work = async move {
        Ok(match form.one("grant_type") {
            Some("authorization_code") => redeem(&state, &app, &form).await,
            Some("refresh_token") => renew(&state, &app, &form).await,
            None => Err(OauthError::request("grant_type is missing").into()),
            Some(_) => Err(Failure::Oauth(OauthError {
                error: "unsupported_grant_type",
                error_description: "authorization_code and refresh_token are spoken here",
            })),
        })
    };
    let tokens = detached(work).await??;
    let uncached = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    Ok((uncached, Json(tokens)))
}

async fn redeem(state: &ApiState, app: &App, form: &Parameters) -> Result<AppTokens, Failure> {
    let required = |name, missing| form.one(name).ok_or(OauthError::request(missing));
    let code = required("code", "code is missing")?;
    let redirect_uri = required("redirect_uri", "redirect_uri is missing")?.to_owned();
    let verifier = required("code_verifier", "code_verifier is missing: PKCE is required")?;
    if !is_verifier(verifier) {
        return Err(OauthError::request("code_verifier has 43 to 128 unreserved characters").into());
    }
    let (code, verifier) = (hash_text(code), hash_text(verifier));
    let presented = PresentedCode { code, app: app.id, redirect_uri, verifier };
    let fresh = Fresh::drawn(state);
    let exchanged = state.store.redeem(presented, fresh.kept(state), state.clock.now()).await?;
    fresh.given(state, app, exchanged, "This code does not work. Ask the person again.")
}

async fn renew(state: &ApiState, app: &App, form: &Parameters) -> Result<AppTokens, Failure> {
    let token = form.one("refresh_token");
    let refresh = hash_text(token.ok_or(OauthError::request("refresh_token is missing"))?);
    let scopes = match form.one("scope") {
        None => None,
        Some(asked) => narrowed(state, app, refresh, asked).await?,
    };
    let presented = PresentedRefresh { refresh, app: app.id, scopes };
    let fresh = Fresh::drawn(state);
    let exchanged = state.store.renew(presented, fresh.kept(state), state.clock.now()).await?;
    fresh.given(state, app, exchanged, "This refresh token does not work. Ask the person again.")
}

/// What the next access token may read if less is asked for than was granted; none if the token does
/// not work, of which the exchange will tell.
async fn narrowed(
    state: &ApiState,
    app: &App,
    refresh: [u8; 32],
    asked: &str,
) -> Result<Option<String>, Failure> {
    let Some(seen) = state.store.app_token(refresh, app.id, state.clock.now()).await? else {
        return Ok(None);
    };
    let within = grantable(asked, Some(&seen.scopes));
    let readable = |scope: &str| grantable(scope, Some(&seen.scopes)).is_empty();
    if within.is_empty() || asked.split_ascii_whitespace().any(readable) {
        return Err(Failure::Oauth(OauthError {
            error: "invalid_scope",
            error_description: "scope goes beyond what was granted",
        }));
    }
    Ok(Some(within.join(" ")))
}

/// RFC 7636 section 4.1.
fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

/// Tokens before they are given away.
struct Fresh {
    access: SecretString,
    refresh: SecretString,
}

impl Fresh {
    fn drawn(state: &ApiState) -> Self {
        let secret = || entropy::secret(&*state.entropy);
        Self { access: secret(), refresh: secret() }
    }

    /// What is stored of them.
    fn kept(&self, state: &ApiState) -> NextTokens {
        NextTokens {
            access: entropy::hash(&self.access),
            access_seconds: ACCESS_LIFETIME.as_secs(),
            refresh: entropy::hash(&self.refresh),
            idle_seconds: state.settings.lifetimes.idle.as_secs(),
        }
    }

    fn given(
        self,
        state: &ApiState,
        app: &App,
        exchanged: Exchange,
        refusal: &'static str,
    ) -> Result<AppTokens, Failure> {
        match exchanged {
            Exchange::Granted(granted) => self.answer(state, granted).map_err(Failure::Api),
            Exchange::Refused => Err(OauthError::grant(refusal).into()),
            Exchange::Replayed(person) => {
                tracing::warn!(
                    person.id = %person,
                    app = %app.id,
                    "a used code or token of an app came back; its access ended"
                );
                Err(OauthError::grant(refusal).into())
            }
        }
    }

    fn answer(self, state: &ApiState, granted: Granted) -> Result<AppTokens, ApiError> {
        let patient = granted.patient.ok_or(ApiError::NoPatient)?;
        let now = state.clock.now();
        Ok(AppTokens {
            access_token: self.access.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: granted.expires_at.as_second() - now.as_second(),
            scope: granted.scopes,
            patient: patient.to_string(),
            refresh_token: granted.renewable.then(|| self.refresh.expose_secret().to_owned()),
        })
    }
}
