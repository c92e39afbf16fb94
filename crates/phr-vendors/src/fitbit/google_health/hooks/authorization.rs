//! The value that only Google and we know: compared without telling by the time it takes how much of
//! a guess was right.

use aws_lc_rs::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};
use subtle::{Choice, ConstantTimeEq};

/// On which requests the value is demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// On every request.
    Always,
    /// On the handshake only, should Google not send it with notifications.
    Handshake,
}

/// The values of the `Authorization` header that are ours: the present one and, while it is being
/// replaced, the former one.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// Whole header values with their scheme, such as `Bearer ...`; the first is registered.
    pub ring: Vec<SecretString>,
    /// On which requests one of them is demanded.
    pub check: Check,
}

impl Authorization {
    /// Whether `value` is in the ring. Compared are hashes, so that not even a length shows.
    pub(super) fn is_ours(&self, value: Option<&[u8]>) -> bool {
        let Some(value) = value else { return false };
        let given = digest(&SHA256, value);
        let known = |secret: &SecretString| {
            digest(&SHA256, secret.expose_secret().as_bytes()).as_ref().ct_eq(given.as_ref())
        };
        self.ring.iter().map(known).fold(Choice::from(0), |any, same| any | same).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wh_02_both_values_of_the_ring_are_ours_and_nothing_else() {
        let ring = ["Bearer new", "Bearer old"].map(SecretString::from).to_vec();
        let ring = Authorization { ring, check: Check::Always };
        for ours in ["Bearer new", "Bearer old"] {
            assert!(ring.is_ours(Some(ours.as_bytes())), "{ours}");
        }
        for foreign in ["", "Bearer", "Bearer ne", "Bearer new ", "bearer new", "new"] {
            assert!(!ring.is_ours(Some(foreign.as_bytes())), "{foreign:?}");
        }
        assert!(!ring.is_ours(None));
    }

    #[test]
    fn wh_02_an_empty_ring_admits_nobody() {
        let ring = Authorization { ring: Vec::new(), check: Check::Handshake };
        assert!(!ring.is_ours(Some(b"")));
    }
}
