//! A connection's tokens: sealed at rest, refreshed ahead of use, never in a log.

use jiff::{SignedDuration, Timestamp};
use phr_model::ConnectionId;
use phr_store::{
    Vault,
    connection::SealedTokens,
    vault::{Binding, VaultError},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::entropy::hash;

/// Access tokens are refreshed this long before they end, so that none ends on its way.
const AHEAD: SignedDuration = SignedDuration::from_mins(2);

/// Access and refresh token of one connection.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Bearer token of the vendor's API.
    pub access: SecretString,
    /// Token to get new ones with.
    pub refresh: SecretString,
}

/// How tokens look inside the vault's envelope.
#[derive(Serialize, Deserialize)]
struct Plain {
    access: String,
    refresh: String,
}

impl Tokens {
    /// Seals the tokens for `connection`.
    pub fn seal(
        &self,
        vault: &Vault,
        connection: ConnectionId,
        access_expires_at: Timestamp,
    ) -> SealedTokens {
        let plain = Plain {
            access: self.access.expose_secret().to_owned(),
            refresh: self.refresh.expose_secret().to_owned(),
        };
        let json = SecretString::from(serde_json::json!(plain).to_string());
        let owner = connection.to_string();
        let envelope = vault.seal(Binding { purpose: "tokens", owner: &owner }, &json);
        SealedTokens { envelope, access_expires_at }
    }

    /// Opens an envelope that was sealed for `connection`.
    ///
    /// # Errors
    /// [`VaultError`] if no key fits or the envelope belongs to something else.
    pub fn open(
        vault: &Vault,
        connection: ConnectionId,
        envelope: &str,
    ) -> Result<Self, VaultError> {
        let owner = connection.to_string();
        let json = vault.open(Binding { purpose: "tokens", owner: &owner }, envelope)?;
        let plain: Plain =
            serde_json::from_str(json.expose_secret()).map_err(|_| VaultError::WrongBinding)?;
        Ok(Self { access: plain.access.into(), refresh: plain.refresh.into() })
    }

    /// Whether these are the same tokens, whatever seals them.
    pub(crate) fn are(&self, other: &Self) -> bool {
        same(&self.access, &other.access) && same(&self.refresh, &other.refresh)
    }
}

/// Compared by hash, so the time this takes tells nothing of the tokens (TK-14).
pub(crate) fn same(token: &SecretString, other: &SecretString) -> bool {
    hash(token) == hash(other)
}

/// Whether an access token should be refreshed before it is used.
pub fn ends_soon(access_expires_at: Timestamp, now: Timestamp) -> bool {
    access_expires_at.duration_since(now) < AHEAD
}
