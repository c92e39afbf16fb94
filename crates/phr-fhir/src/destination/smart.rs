//! SMART Backend Services: a signed assertion is exchanged for a short-lived access token
//! (<https://hl7.org/fhir/smart-app-launch/backend-services.html>).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Client;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;
use uuid::Uuid;

use super::{
    failure::{Class, Failure},
    server::{TIMEOUT, read_capped},
};

/// The longest life of an assertion that the specification allows.
const ASSERTION: SignedDuration = SignedDuration::from_mins(5);
/// A token is not used any more when it has less than this to live.
const SPARE: SignedDuration = SignedDuration::from_secs(30);
/// Where the server does not say how long its token lives (RFC 6749, section 5.1, recommends saying).
const UNSAID: i64 = 300;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What delivery and erasure need.
const SCOPES: &str = "system/Observation.cruds system/Patient.cruds system/Device.cruds";

/// A private key that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("must be a private key in PEM: P-384 (ES384) or RSA (RS384)")]
pub struct KeyError;

/// A client that the server knows by its public key.
#[derive(Clone)]
pub struct Smart {
    client_id: String,
    key: (Algorithm, EncodingKey),
    key_id: Option<String>,
    token_url: Option<Url>,
    scopes: String,
    token: Arc<Mutex<Option<Token>>>,
}

struct Token {
    secret: SecretString,
    until: Timestamp,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    jti: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct Configuration {
    token_endpoint: Url,
}

impl Smart {
    /// A client with this private key (PEM).
    ///
    /// # Errors
    /// [`KeyError`] if it is no key of the two kinds that every server must accept.
    pub fn new(client_id: String, pem: &[u8]) -> Result<Self, KeyError> {
        let elliptic = EncodingKey::from_ec_pem(pem).map(|key| (Algorithm::ES384, key));
        let rsa = || EncodingKey::from_rsa_pem(pem).map(|key| (Algorithm::RS384, key));
        let key = elliptic.or_else(|_| rsa()).map_err(|_| KeyError)?;
        let claims = Claims { iss: "", sub: "", aud: "", exp: 0, jti: String::new() };
        // A key of another curve is found out by using it.
        jsonwebtoken::encode(&Header::new(key.0), &claims, &key.1).map_err(|_| KeyError)?;
        let scopes = SCOPES.to_owned();
        Ok(Self { client_id, key, key_id: None, token_url: None, scopes, token: Arc::default() })
    }

    /// Tells the server which of the client's keys it is (`kid`).
    #[must_use]
    pub fn with_key_id(self, key_id: Option<String>) -> Self {
        Self { key_id, ..self }
    }

    /// Where tokens are had; without it, where the server's `.well-known/smart-configuration` says.
    #[must_use]
    pub fn with_token_url(self, token_url: Option<Url>) -> Self {
        Self { token_url, ..self }
    }

    /// Asks for these scopes instead of those that delivery needs.
    #[must_use]
    pub fn with_scopes(self, scopes: Option<String>) -> Self {
        let scopes = scopes.unwrap_or(self.scopes);
        Self { scopes, ..self }
    }

    /// A token that lives. Whoever comes while one is fetched waits for it.
    pub(super) async fn token(
        &self,
        http: &Client,
        base: &Url,
        now: Timestamp,
    ) -> Result<SecretString, Failure> {
        let mut held = self.token.lock().await;
        let lives = |token: &&Token| now.saturating_add(SPARE).is_ok_and(|soon| soon < token.until);
        if let Some(token) = held.as_ref().filter(lives) {
            return Ok(token.secret.clone());
        }
        let token = self.fetch(http, base, now).await?;
        let secret = token.secret.clone();
        *held = Some(token);
        Ok(secret)
    }

    /// Forgets the token; false if there was none to blame.
    pub(super) async fn forget(&self) -> bool {
        self.token.lock().await.take().is_some()
    }

    async fn fetch(&self, http: &Client, base: &Url, now: Timestamp) -> Result<Token, Failure> {
        let token_url = match &self.token_url {
            Some(url) => url.clone(),
            None => discover(http, base, now).await?,
        };
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", &self.scopes),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &self.assertion(token_url.as_str(), now)?),
        ];
        let request = http.post(token_url).form(&form).timeout(TIMEOUT);
        let body = ask(request, now).await.map_err(refused)?;
        let granted: Granted = serde_json::from_slice(&body)
            .map_err(|_| Failure::new(Class::Unreadable, "the token endpoint gave no token"))?;
        let lives = SignedDuration::from_secs(granted.expires_in.unwrap_or(UNSAID));
        let until = now.saturating_add(lives).unwrap_or(Timestamp::MAX);
        Ok(Token { secret: granted.access_token, until })
    }

    fn assertion(&self, audience: &str, now: Timestamp) -> Result<String, Failure> {
        let header = Header { kid: self.key_id.clone(), ..Header::new(self.key.0) };
        let exp = now.saturating_add(ASSERTION).unwrap_or(Timestamp::MAX).as_second();
        let (id, jti) = (&self.client_id, Uuid::new_v4().to_string());
        let claims = Claims { iss: id, sub: id, aud: audience, exp, jti };
        jsonwebtoken::encode(&header, &claims, &self.key.1)
            .map_err(|_| Failure::new(Class::Unauthorized, "the private key cannot sign"))
    }
}

/// Any refusal of the token endpoint is one of signing in.
fn refused(failure: Failure) -> Failure {
    match failure.class {
        Class::Refused => Failure { class: Class::Unauthorized, ..failure },
        _ => failure,
    }
}

async fn discover(http: &Client, base: &Url, now: Timestamp) -> Result<Url, Failure> {
    let missing = || Failure::new(Class::Unsupported, "the server tells no token endpoint");
    let path = format!("{}/.well-known/smart-configuration", base.as_str().trim_end_matches('/'));
    let body = ask(http.get(path).timeout(TIMEOUT), now)
        .await
        .map_err(|failure| if failure.class == Class::Refused { missing() } else { failure })?;
    let configuration: Configuration = serde_json::from_slice(&body).map_err(|_| missing())?;
    // The assertion must not travel in the open because a document says so.
    let url = configuration.token_endpoint;
    if url.scheme() == "https" || url.origin() == base.origin() { Ok(url) } else { Err(missing()) }
}

async fn ask(request: reqwest::RequestBuilder, now: Timestamp) -> Result<Vec<u8>, Failure> {
    let request = request.header(reqwest::header::ACCEPT, "application/json");
    let answer = request.send().await.map_err(|error| Failure::on_the_way(&error))?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = read_capped(answer).await?;
    // What a token endpoint says is not kept: it may quote what it got.
    if status.is_success() { Ok(body) } else { Err(Failure::of(status, &headers, b"", now)) }
}

impl std::fmt::Debug for Smart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Smart")
    }
}
