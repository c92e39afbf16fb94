//! Secrets at rest: Fernet with a key ring, each envelope bound to the row it belongs to.
//!
//! An envelope is `<key id>:<Fernet token>`. The key id is a short hash of the key, so a server can
//! tell at start whether its ring opens everything that is stored, without opening anything.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Fernet dates its tokens, and refuses those dated more than 60 s ahead of the reader's clock: two
/// servers whose clocks disagree could not read each other's. Nothing here expires by that date, so
/// every token bears the same one.
const SEALED_AT: u64 = 0;
/// Far enough ahead to open a token whatever date another tool gave it.
const OPENED_AT: u64 = u64::MAX / 2;
/// Version of the plaintext's form.
const VERSION: u8 = 1;

/// What an envelope is for and whose it is. Fernet has no associated data, so both stand inside the
/// plaintext and are compared after opening: an envelope copied to another row does not open.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// `tokens`, `verifier`, `code`.
    pub purpose: &'static str,
    /// Id of the row.
    pub owner: &'a str,
}

/// Why the vault refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A key is not 32 bytes of URL-safe base64.
    #[error("key {position} of ENCRYPTION_KEY is not a Fernet key (32 bytes, URL-safe base64)")]
    BadKey {
        /// Position in the ring, from 1.
        position: usize,
    },
    /// No key of the ring opens the envelope.
    #[error("no key of the ring opens this envelope")]
    NoKey,
    /// The envelope opens but belongs to another row or purpose.
    #[error("the envelope belongs to something else")]
    WrongBinding,
}

/// A ring of Fernet keys: the first seals, all open.
pub struct Vault {
    sealing: Key,
    older: Vec<Key>,
}

struct Key {
    id: String,
    fernet: fernet::Fernet,
}

#[derive(Serialize)]
struct Sealing<'a> {
    v: u8,
    purpose: &'a str,
    owner: &'a str,
    secret: &'a str,
}

#[derive(Deserialize)]
struct Opened {
    v: u8,
    purpose: String,
    owner: String,
    secret: SecretString,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("keys", &self.key_ids()).finish_non_exhaustive()
    }
}

impl Vault {
    /// Reads `ENCRYPTION_KEY`: one key or several separated by commas.
    ///
    /// # Errors
    /// [`VaultError::BadKey`] naming the position, never the key.
    pub fn new(ring: &SecretString) -> Result<Self, VaultError> {
        let keys = ring.expose_secret().split(',').enumerate();
        let mut keys = keys
            .map(|(n, key)| Key::parse(key.trim()).ok_or(VaultError::BadKey { position: n + 1 }));
        let sealing = keys.next().unwrap_or(Err(VaultError::BadKey { position: 1 }))?;
        Ok(Self { sealing, older: keys.collect::<Result<_, _>>()? })
    }

    /// A new key for `ENCRYPTION_KEY`, from the operating system's generator.
    pub fn generate_key() -> SecretString {
        SecretString::from(fernet::Fernet::generate_key())
    }

    /// Ids of the ring's keys, the sealing one first.
    pub fn key_ids(&self) -> Vec<&str> {
        self.keys().map(|key| key.id.as_str()).collect()
    }

    /// Id of the key that sealed `envelope`; none if it is no envelope.
    pub fn key_id_of(envelope: &str) -> Option<&str> {
        envelope.split_once(':').map(|(id, _)| id)
    }

    /// Seals `secret` for `binding`.
    pub fn seal(&self, binding: Binding<'_>, secret: &SecretString) -> String {
        let plaintext = Sealing {
            v: VERSION,
            purpose: binding.purpose,
            owner: binding.owner,
            secret: secret.expose_secret(),
        };
        // Four plain members cannot fail to become JSON.
        let mut plaintext = serde_json::to_vec(&plaintext).unwrap_or_default();
        let token = self.sealing.fernet.encrypt_at_time(&plaintext, SEALED_AT);
        plaintext.zeroize();
        format!("{}:{token}", self.sealing.id)
    }

    /// Opens an envelope.
    ///
    /// # Errors
    /// [`VaultError::NoKey`] or [`VaultError::WrongBinding`].
    pub fn open(&self, binding: Binding<'_>, envelope: &str) -> Result<SecretString, VaultError> {
        let (id, token) = envelope.split_once(':').ok_or(VaultError::NoKey)?;
        let key = self.keys().find(|key| key.id == id).ok_or(VaultError::NoKey)?;
        let opened = key.fernet.decrypt_at_time(token, None, OPENED_AT);
        let mut plaintext = opened.map_err(|_| VaultError::NoKey)?;
        let opened = serde_json::from_slice::<Opened>(&plaintext);
        plaintext.zeroize();
        let opened = opened.map_err(|_| VaultError::WrongBinding)?;
        if (opened.v, opened.purpose.as_str(), opened.owner.as_str())
            != (VERSION, binding.purpose, binding.owner)
        {
            return Err(VaultError::WrongBinding);
        }
        Ok(opened.secret)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.sealing).chain(&self.older)
    }
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        let fernet = fernet::Fernet::new(text)?;
        let mut bytes = URL_SAFE.decode(text).ok()?;
        let hash = Sha256::new().chain_update(b"phr vault key id").chain_update(&bytes).finalize();
        bytes.zeroize();
        let id = hash.iter().take(4).fold(String::new(), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        });
        Some(Self { id, fernet })
    }
}
