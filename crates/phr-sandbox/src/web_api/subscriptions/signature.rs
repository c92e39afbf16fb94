//! `X-Fitbit-Signature`.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Base64 of HMAC-SHA1 over the body; the key is the client's secret followed by `&`.
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    let key = format!("{secret}&");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    STANDARD.encode(hmac::sign(&key, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_body_has_a_known_signature() {
        let body = "[{\"collectionType\":\"body\",\"date\":\"2026-03-14\",\"ownerId\":\"B7QX2K\",\
                    \"ownerType\":\"user\",\"subscriptionId\":\"7f31-body\"}]";
        assert_eq!(body.len(), 114);
        let signed = signature("sim-secret-0123", body.as_bytes());
        assert_eq!(signed, "TL9V94xMi+0QNT+m9ktYNOVCBmo=");
    }
}
