//! Secrets at rest: Fernet with a key ring, each envelope bound to the row it belongs to.

use secrecy::SecretString;

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
    ring: Vec<fernet::Fernet>,
}

impl Vault {
    /// Reads `ENCRYPTION_KEY`: one key or several separated by commas.
    ///
    /// # Errors
    /// [`VaultError::BadKey`] naming the position, never the key.
    pub fn new(_ring: &SecretString) -> Result<Self, VaultError> {
        todo!("store helper")
    }

    /// Seals `secret` for `binding`.
    pub fn seal(&self, _binding: Binding<'_>, _secret: &SecretString) -> String {
        todo!("store helper")
    }

    /// Opens an envelope.
    ///
    /// # Errors
    /// [`VaultError::NoKey`] or [`VaultError::WrongBinding`].
    pub fn open(&self, _binding: Binding<'_>, _envelope: &str) -> Result<SecretString, VaultError> {
        todo!("store helper")
    }
}
