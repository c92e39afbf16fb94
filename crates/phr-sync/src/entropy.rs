//! Randomness comes in from outside, so that tests can repeat a run.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use phr_store::account::SecretHash;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A source of unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills `buffer`.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        // The generator of rand is seeded by the operating system and fit for secrets.
        rand::fill(buffer);
    }
}

/// A fresh 256-bit secret in URL-safe base64 (43 characters).
pub fn secret(entropy: &dyn Entropy) -> SecretString {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    SecretString::from(URL_SAFE_NO_PAD.encode(bytes))
}

/// A fresh random UUID (version 4).
pub fn uuid(entropy: &dyn Entropy) -> Uuid {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// What is stored in place of a secret: its SHA-256.
pub fn hash(secret: &SecretString) -> SecretHash {
    hash_text(secret.expose_secret())
}

/// SHA-256 of a presented text.
pub fn hash_text(text: &str) -> SecretHash {
    Sha256::digest(text.as_bytes()).into()
}
