//! `phr keys`: making the secrets a server needs.

use fernet::Fernet;
use phr_sync::{OsEntropy, entropy::secret};
use secrecy::ExposeSecret;

/// Two lines for `.env`: a Fernet key for tokens at rest, and a key that signs access tokens.
pub(crate) fn generate() -> String {
    let jwt = secret(&OsEntropy);
    format!("ENCRYPTION_KEY={}\nJWT_SECRET={}\n", Fernet::generate_key(), jwt.expose_secret())
}
