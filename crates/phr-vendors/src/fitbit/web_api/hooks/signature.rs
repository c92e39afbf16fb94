//! `X-Fitbit-Signature`: base64 of HMAC-SHA1 over the raw body, keyed with the client secret and `&`.
//! SHA-1 is Fitbit's choice; as HMAC it is still unbroken.

use aws_lc_rs::hmac;
use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use secrecy::{ExposeSecret, SecretString};

use crate::hook::HookRefusal;

/// Longest header that is looked at; a signature has 28 characters.
const LONGEST: usize = 64;

/// Header values lose their padding now and then.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Documented is the standard alphabet, but the other has been met as well.
const ALPHABETS: [GeneralPurpose; 2] =
    [GeneralPurpose::new(&STANDARD, LENIENT), GeneralPurpose::new(&URL_SAFE, LENIENT)];

/// Whoever knows the client secret.
pub(super) struct Signer(hmac::Key);

impl Signer {
    pub(super) fn with(client_secret: &SecretString) -> Self {
        let key = SecretString::from(format!("{}&", client_secret.expose_secret()));
        let key = key.expose_secret().as_bytes();
        Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key))
    }

    /// Fails unless `signature` is theirs of `body`; compared in constant time.
    pub(super) fn verify(&self, body: &[u8], signature: &[u8]) -> Result<(), HookRefusal> {
        let signature = decoded(signature).ok_or(HookRefusal::Forged)?;
        hmac::verify(&self.0, body, &signature).map_err(|_| HookRefusal::Forged)
    }
}

fn decoded(header: &[u8]) -> Option<Vec<u8>> {
    let header = header.trim_ascii();
    let fits = header.len() <= LONGEST;
    fits.then(|| ALPHABETS.iter().find_map(|alphabet| alphabet.decode(header).ok()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "sim-secret-0123";
    const BODY: &[u8] = br#"[{"collectionType":"body","date":"2026-03-14","ownerId":"B7QX2K","ownerType":"user","subscriptionId":"7f31-body"}]"#;
    const SIGNATURE: &str = "TL9V94xMi+0QNT+m9ktYNOVCBmo=";

    fn verify(secret: &str, body: &[u8], signature: &str) -> bool {
        Signer::with(&secret.into()).verify(body, signature.as_bytes()).is_ok()
    }

    #[test]
    fn wh_01_a_known_body_has_a_known_signature() {
        assert_eq!(BODY.len(), 114);
        assert!(verify(SECRET, BODY, SIGNATURE));
        for same in [
            "TL9V94xMi-0QNT-m9ktYNOVCBmo=",
            "TL9V94xMi+0QNT+m9ktYNOVCBmo",
            " TL9V94xMi+0QNT+m9ktYNOVCBmo=\t",
        ] {
            assert!(verify(SECRET, BODY, same), "{same:?}");
        }
    }

    #[test]
    fn wh_01_another_key_another_body_or_half_a_signature_is_a_forgery() {
        for key in ["", "sim-secret-0123&", "sim-secret-012", "guessed"] {
            assert!(!verify(key, BODY, SIGNATURE), "{key:?}");
        }
        assert!(!verify(SECRET, &BODY[..113], SIGNATURE));
        assert!(!verify(SECRET, b"", SIGNATURE));
        let long = SIGNATURE.repeat(3);
        for wrong in ["", "TL9V", "TL9V94xMi+0QNT+m9ktYNOVCBms=", "not base64!", &long] {
            assert!(!verify(SECRET, BODY, wrong), "{wrong:?}");
        }
    }
}
