//! What one-time secrets stand for, and how they are kept: hashed, sealed, single-use.

use jiff::{SignedDuration, Timestamp};
use phr_model::{ConnectionId, PersonId};
use phr_store::{
    account::SecretHash,
    one_time::{OneTime, Purpose},
    vault::{Binding, VaultError},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use super::{ConnectError, Connector};
use crate::entropy::{hash, secret};

/// What an OAuth state stands for.
#[derive(Serialize, Deserialize)]
pub(super) struct StatePayload {
    pub(super) vendor: String,
    pub(super) connection: ConnectionId,
    /// PKCE verifier, sealed.
    pub(super) verifier: String,
    /// Hash of the cookie's value.
    pub(super) browser: SecretHash,
    pub(super) return_to: Option<String>,
}

/// What a link stands for.
#[derive(Serialize, Deserialize)]
pub(super) struct LinkPayload {
    pub(super) vendor: String,
    pub(super) return_to: Option<String>,
}

/// A callback that waits for the person's word.
#[derive(Serialize, Deserialize)]
pub(super) struct ConfirmationPayload {
    pub(super) vendor: String,
    pub(super) connection: ConnectionId,
    pub(super) verifier: String,
    /// Authorization code, sealed.
    pub(super) code: String,
    pub(super) return_to: Option<String>,
}

/// Everything needed to redeem a code.
pub(super) struct Redeemable {
    pub(super) person: PersonId,
    pub(super) connection: ConnectionId,
    pub(super) code: SecretString,
    pub(super) verifier: SecretString,
    pub(super) return_to: Option<Url>,
}

impl Connector {
    pub(super) fn secret(&self) -> SecretString {
        secret(&*self.entropy)
    }

    pub(super) fn seal(
        &self,
        purpose: &'static str,
        owner: ConnectionId,
        secret: &SecretString,
    ) -> String {
        self.vault.seal(Binding { purpose, owner: &owner.to_string() }, secret)
    }

    pub(super) fn open(
        &self,
        purpose: &'static str,
        owner: ConnectionId,
        envelope: &str,
    ) -> Result<SecretString, VaultError> {
        self.vault.open(Binding { purpose, owner: &owner.to_string() }, envelope)
    }

    pub(super) async fn put(
        &self,
        purpose: Purpose,
        person: PersonId,
        secret: &SecretString,
        payload: &(impl Serialize + Sync),
        lifetime: SignedDuration,
    ) -> Result<Timestamp, ConnectError> {
        let now = self.clock.now();
        let expires_at = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let payload = serde_json::to_string(payload).map_err(|_| ConnectError::Mismatch)?;
        let one_time =
            OneTime { hash: hash(secret), purpose, person: Some(person), payload, expires_at };
        self.store.put_one_time(one_time, now).await?;
        Ok(expires_at)
    }

    pub(super) async fn take<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        hash: SecretHash,
    ) -> Result<(PersonId, T), ConnectError> {
        unpack(self.store.take_one_time(purpose, hash, self.clock.now()).await?)
    }
}

/// What a found secret stands for; a secret that was not found has been used or has expired.
pub(super) fn unpack<T: DeserializeOwned>(
    found: Option<OneTime>,
) -> Result<(PersonId, T), ConnectError> {
    let found = found.ok_or(ConnectError::Expired)?;
    let person = found.person.ok_or(ConnectError::Expired)?;
    let payload = serde_json::from_str(&found.payload).map_err(|_| ConnectError::Expired)?;
    Ok((person, payload))
}
