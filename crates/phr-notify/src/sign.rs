//! Signatures by the Standard Webhooks scheme: HMAC-SHA256 over `id.timestamp.body`.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

/// How far a receiver's clock may be off, and how old a message may be.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// Bytes of a secret, by the scheme.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
const PREFIX: &str = "whsec_";

/// A list of secrets that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("must be whsec_ and 24 to 64 random bytes in base64; several are separated by commas")]
pub struct SecretsError;

/// The secrets that messages are signed with. During a rotation there are two, and each message
/// carries both signatures.
#[derive(Debug)]
pub struct Secrets(Vec<SecretSlice<u8>>);

impl Secrets {
    /// Reads `whsec_...`, or several separated by commas.
    ///
    /// # Errors
    /// [`SecretsError`] if one is not of this form.
    pub fn parse(list: &SecretString) -> Result<Self, SecretsError> {
        let secret = |text: &str| {
            let encoded = text.trim().strip_prefix(PREFIX).ok_or(SecretsError)?;
            let bytes = STANDARD.decode(encoded).map_err(|_| SecretsError)?;
            if LENGTHS.contains(&bytes.len()) { Ok(bytes.into()) } else { Err(SecretsError) }
        };
        list.expose_secret().split(',').map(secret).collect::<Result<_, _>>().map(Self)
    }

    /// The value of `webhook-signature`: one `v1,...` for each secret, separated by spaces.
    pub fn sign(&self, id: &str, sent_at: Timestamp, body: &[u8]) -> String {
        let second = sent_at.as_second();
        let sign = |secret| {
            let signature = mac(secret, id, second, body).map(|mac| mac.finalize().into_bytes());
            signature.map(|bytes| format!("v1,{}", STANDARD.encode(bytes)))
        };
        self.0.iter().filter_map(sign).collect::<Vec<_>>().join(" ")
    }

    /// What a receiver does: whether one of the signatures is made with one of the secrets, and the
    /// message is neither older nor younger than [`TOLERANCE`]. `timestamp` and `signatures` are the
    /// headers as they came.
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: Timestamp,
    ) -> bool {
        let Ok(second) = timestamp.parse::<i64>() else { return false };
        let age = SignedDuration::from_secs(now.as_second().saturating_sub(second));
        let given = signatures.split(' ').filter_map(|one| one.strip_prefix("v1,"));
        let mut given = given.filter_map(|encoded| STANDARD.decode(encoded).ok());
        age.abs() <= TOLERANCE
            && given.any(|signature| {
                let ours = |secret| {
                    mac(secret, id, second, body)
                        .is_some_and(|mac| mac.verify_slice(&signature).is_ok())
                };
                self.0.iter().any(ours)
            })
    }
}

fn mac(secret: &SecretSlice<u8>, id: &str, second: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret()).ok()?;
    mac.update(format!("{id}.{second}.").as_bytes());
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const OLD: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const NEW: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const SENT: i64 = 1_649_367_553;
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
    /// The published vector of the Standard Webhooks libraries.
    const SIGNED: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

    fn secrets(list: &str) -> Secrets {
        Secrets::parse(&list.into()).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_published_vector_comes_out() {
        assert_eq!(secrets(OLD).sign(ID, at(SENT), BODY), SIGNED);
    }

    #[rstest]
    #[case::old(OLD)]
    #[case::new(NEW)]
    fn during_a_rotation_receivers_of_either_secret_verify(#[case] theirs: &str) {
        let both = secrets(&format!("{NEW}, {OLD}")).sign(ID, at(SENT), BODY);
        assert_eq!(both.split(' ').count(), 2);
        assert!(secrets(theirs).verify(ID, &SENT.to_string(), &both, BODY, at(SENT)));
    }

    #[rstest]
    #[case::in_time(0, true)]
    #[case::just_in_time(299, true)]
    #[case::at_the_limit(300, true)]
    #[case::too_old(301, false)]
    #[case::a_little_early(-299, true)]
    #[case::too_early(-301, false)]
    fn five_minutes_are_the_limit_in_both_directions(#[case] age: i64, #[case] accepted: bool) {
        let timestamp = SENT.to_string();
        let verified = secrets(OLD).verify(ID, &timestamp, SIGNED, BODY, at(SENT + age));
        assert_eq!(verified, accepted);
    }

    #[rstest]
    #[case::another_id("msg_other", "1649367553", SIGNED, BODY)]
    #[case::another_time(ID, "1649367554", SIGNED, BODY)]
    #[case::no_time(ID, "soon", SIGNED, BODY)]
    #[case::another_body(ID, "1649367553", SIGNED, b"{}")]
    #[case::another_scheme(
        ID,
        "1649367553",
        "v2,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        BODY
    )]
    #[case::cut(ID, "1649367553", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3", BODY)]
    #[case::none(ID, "1649367553", "", BODY)]
    fn whatever_was_altered_is_refused(
        #[case] id: &str,
        #[case] timestamp: &str,
        #[case] signatures: &str,
        #[case] body: &[u8],
    ) {
        assert!(!secrets(OLD).verify(id, timestamp, signatures, body, at(SENT)));
    }

    #[rstest]
    #[case("")]
    #[case("C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    #[case("whsec_")]
    #[case("whsec_dG9vIHNob3J0")]
    #[case("whsec_not base64 at all, is it")]
    #[case("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD,")]
    fn what_is_no_secret_is_refused(#[case] list: &str) {
        assert!(Secrets::parse(&list.into()).is_err());
    }
}
