//! Page tokens: opaque, and bound to the query that they continue.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Everything at this instant or later has been given; with `given` 0 nothing of the instant
    /// is given any more, which is how points with equal timestamps get lost.
    pub(super) before: i64,
    /// How many points of the instant itself were given; the rest follows.
    pub(super) given: u32,
}

/// What a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Binding([u8; 8]);

impl Binding {
    /// Binds to everything that must be repeated.
    pub(super) fn to(parts: &[&str]) -> Self {
        Self(digest(&[parts.join("\0").as_bytes()]))
    }

    pub(super) fn token(self, cursor: Cursor) -> String {
        let mut bytes = self.0.to_vec();
        bytes.extend(cursor.before.to_be_bytes());
        bytes.extend(cursor.given.to_be_bytes());
        let check = digest(&[b"page", &bytes]);
        bytes.extend(&check[..4]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// `None` for tokens of other queries, and for invented ones.
    pub(super) fn cursor(self, token: &str) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (content, check) = bytes.split_at_checked(20)?;
        let (binding, rest) = content.split_at(8);
        let (before, given) = rest.split_at(8);
        if binding != self.0 || check != &digest(&[b"page", content])[..4] {
            return None;
        }
        let before = i64::from_be_bytes(before.try_into().ok()?);
        Some(Cursor { before, given: u32::from_be_bytes(given.try_into().ok()?) })
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 8] {
    let digest = Sha256::digest(parts.concat());
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_continues_its_own_query_only() {
        let cursor = Cursor { before: -5, given: 3 };
        let token = Binding::to(&["steps", "filter"]).token(cursor);
        assert_eq!(Binding::to(&["steps", "filter"]).cursor(&token), Some(cursor));
        assert_eq!(Binding::to(&["steps", "other"]).cursor(&token), None);
    }

    #[test]
    fn a_token_that_was_tampered_with_is_refused() {
        let binding = Binding::to(&["steps"]);
        let token = binding.token(Cursor { before: 1_000, given: 0 });
        for index in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(binding.cursor(std::str::from_utf8(&bytes).unwrap()), None, "{index}");
        }
        assert_eq!(binding.cursor("not a token"), None);
    }
}
