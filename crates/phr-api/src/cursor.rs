//! Cursors: opaque to clients, authenticated, and bound to the person and the question, so that one
//! person's cursor is of no use to another and none can be made up (IN-05).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use phr_sync::entropy::hash_text;
use secrecy::ExposeSecret;

use crate::{error::ApiError, settings::SigningKeys};

/// Seals and opens cursors.
pub struct CursorKey {
    signing: EncodingKey,
    verifying: Vec<DecodingKey>,
}

impl CursorKey {
    /// Keys of their own, derived from the ring that signs access tokens.
    pub(crate) fn new(ring: &SigningKeys) -> Self {
        let derived: Vec<_> = ring
            .0
            .iter()
            .map(|key| hash_text(&format!("phr cursor v1|{}", key.secret.expose_secret())))
            .collect();
        let first = derived.first().copied().unwrap_or_default();
        Self {
            signing: EncodingKey::from_secret(&first),
            verifying: derived.iter().map(|key| DecodingKey::from_secret(key)).collect(),
        }
    }

    /// A cursor that says `position` to whoever asks the same question again.
    pub(crate) fn seal(&self, question: &str, position: &str) -> Result<String, ApiError> {
        let signature =
            crypto::sign(message(question, position).as_bytes(), &self.signing, Algorithm::HS256)
                .map_err(|_| ApiError::Internal("sealing a cursor"))?;
        Ok(format!("{}.{signature}", URL_SAFE_NO_PAD.encode(position)))
    }

    /// The position a cursor says, if it was made for this question.
    pub(crate) fn open(&self, question: &str, cursor: &str) -> Option<String> {
        let (position, signature) = cursor.split_once('.')?;
        let position = String::from_utf8(URL_SAFE_NO_PAD.decode(position).ok()?).ok()?;
        let message = message(question, &position);
        let genuine = self.verifying.iter().any(|key| {
            crypto::verify(signature, message.as_bytes(), key, Algorithm::HS256).unwrap_or(false)
        });
        genuine.then_some(position)
    }
}

fn message(question: &str, position: &str) -> String {
    format!("cursor|{}|{question}|{position}", question.len())
}
