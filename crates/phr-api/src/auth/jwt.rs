//! Access tokens: JWTs of RFC 9068's profile with one algorithm and our own key ring.

use std::collections::HashMap;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use phr_model::PersonId;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{error::ApiError, settings::Settings};

/// The token header's type (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";

/// Who the tokens are for.
const AUDIENCE: &str = "phr-api";

/// Longest token that is looked at (TK-03).
const LONGEST_TOKEN: usize = 4 * 1024;

/// Seconds by which clocks may differ (TK-04).
const LEEWAY: i64 = 30;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who issued it: the public address of this server.
    pub iss: String,
    /// Who it is for.
    pub aud: String,
    /// The person.
    pub sub: PersonId,
    /// The session.
    pub sid: Uuid,
    /// The token's own id.
    pub jti: Uuid,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
}

/// Issues and verifies access tokens.
pub struct AccessTokens {
    issuer: String,
    signing: (String, EncodingKey),
    verifying: HashMap<String, DecodingKey>,
    validation: Validation,
}

impl AccessTokens {
    /// Tokens under the keys of `settings`, which have been checked.
    pub(crate) fn new(settings: &Settings) -> Self {
        let keys = &settings.signing_keys.0;
        let secret = |at: usize| keys.get(at).map_or("", |key| key.secret.expose_secret());
        let signing_id = keys.first().map_or_else(String::new, |key| key.id.clone());
        let issuer = settings.base().to_owned();
        Self {
            signing: (signing_id, EncodingKey::from_secret(secret(0).as_bytes())),
            verifying: (0..keys.len())
                .zip(keys)
                .map(|(at, key)| (key.id.clone(), DecodingKey::from_secret(secret(at).as_bytes())))
                .collect(),
            validation: validation(&issuer),
            issuer,
        }
    }

    /// A signed token of `person` in `session`.
    pub(crate) fn issue(
        &self,
        person: PersonId,
        session: Uuid,
        jti: Uuid,
        issued: Timestamp,
        expires: Timestamp,
    ) -> Result<String, ApiError> {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: person,
            sid: session,
            jti,
            iat: issued.as_second(),
            exp: expires.as_second(),
        };
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.signing.0.clone()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, &claims, &self.signing.1)
            .map_err(|_| ApiError::Internal("signing an access token"))
    }

    /// What a token says, if it is one of ours and lives at `now`.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Option<Claims> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return None;
        }
        let key = self.verifying.get(header.kid.as_deref()?)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation).ok()?.claims;
        let now = now.as_second();
        let lives = now < claims.exp.saturating_add(LEEWAY);
        let begun = claims.iat <= now.saturating_add(LEEWAY);
        (lives && begun).then_some(claims)
    }
}

/// The algorithm is pinned here, whatever the header says. Times are compared by our own clock.
fn validation(issuer: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}
