//! Signing in at a FHIR server.

use std::path::PathBuf;

use jiff::Timestamp;
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    failure::{Class, Failure},
    smart::Smart,
};

/// How to sign in.
#[derive(Debug, Clone, Default)]
pub enum Credentials {
    /// Not at all.
    #[default]
    None,
    /// HTTP Basic (RFC 7617).
    Basic {
        /// User.
        user: String,
        /// Password.
        password: SecretString,
    },
    /// A bearer token (RFC 6750).
    Bearer(SecretString),
    /// A bearer token in a file that somebody else renews; read at every request.
    BearerFile(PathBuf),
    /// SMART Backend Services.
    Smart(Smart),
}

impl Credentials {
    /// `request` with what signs it in. `http` and `base` are for fetching a token.
    pub(super) async fn sign(
        &self,
        request: RequestBuilder,
        (http, base): (&Client, &Url),
        now: Timestamp,
    ) -> Result<RequestBuilder, Failure> {
        Ok(match self {
            Self::None => request,
            Self::Basic { user, password } => {
                request.basic_auth(user, Some(password.expose_secret()))
            }
            Self::Bearer(token) => request.bearer_auth(token.expose_secret()),
            Self::BearerFile(path) => {
                let token = tokio::fs::read_to_string(path).await.map_err(|_| {
                    Failure::new(Class::Unauthorized, "the file with the token cannot be read")
                })?;
                request.bearer_auth(token.trim())
            }
            Self::Smart(smart) => {
                request.bearer_auth(smart.token(http, base, now).await?.expose_secret())
            }
        })
    }

    /// The server refused what signed the last request; true if another attempt may do better.
    pub(super) async fn renew(&self) -> bool {
        match self {
            Self::None | Self::Basic { .. } | Self::Bearer(_) | Self::BearerFile(_) => false,
            Self::Smart(smart) => smart.forget().await,
        }
    }
}
