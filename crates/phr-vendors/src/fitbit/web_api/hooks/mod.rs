//! Fitbit's subscriptions (page "Using Subscriptions"): who is subscribed to what, and what is heard
//! of it.
//!
//! Fitbit signs the raw body with the client secret (HMAC-SHA1, in `X-Fitbit-Signature`). The body says
//! that a collection changed on a local date, never what. It carries neither time nor nonce, so an old
//! one can be sent again: what it says is taken as a hint and never as a fact (WH-05). `userRevokedAccess`
//! and `deleteUser` are no exception: whoever revoked shows at the next run, when Fitbit refuses the
//! grant.

mod collection;
pub(super) mod notification;
mod signature;
mod subscriptions;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use phr_model::FITBIT;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use self::signature::Signer;
pub(super) use self::{
    collection::{announces, wanted},
    subscriptions::{subscribe, unsubscribe},
};
use crate::hook::{HookEvent, HookReceiver, HookRefusal, HookRequest, Strangers};

/// Judges notifications of Fitbit's subscriptions.
pub struct SubscriberHooks {
    fitbit: Signer,
    code: SecretString,
}

impl SubscriberHooks {
    /// A judge for the application with this secret, whose subscriber has this verification code.
    pub fn new(client_secret: &SecretString, code: SecretString) -> Self {
        Self { fitbit: Signer::with(client_secret), code }
    }
}

impl std::fmt::Debug for SubscriberHooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubscriberHooks")
    }
}

#[async_trait]
impl HookReceiver for SubscriberHooks {
    fn vendor(&self) -> &'static str {
        FITBIT
    }

    fn signature_headers(&self) -> &'static [&'static str] {
        &["x-fitbit-signature"]
    }

    fn strangers(&self) -> Strangers {
        Strangers::NotFound
    }

    /// Compared are hashes, so that neither time nor length tells anything of the code.
    fn verify(&self, code: &[u8]) -> Option<bool> {
        let [ours, given] =
            [self.code.expose_secret().as_bytes(), code].map(|code| digest(&SHA256, code));
        Some(ours.as_ref().ct_eq(given.as_ref()).into())
    }

    async fn judge(&self, request: HookRequest<'_>) -> Result<HookEvent, HookRefusal> {
        let signature = request.signature.ok_or(HookRefusal::Forged)?;
        self.fitbit.verify(request.body, signature)?;
        notification::read(request.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wh_02_one_code_is_right_and_every_other_wrong() {
        let hooks = SubscriberHooks::new(&"hush".into(), "e4a1c7d09b".into());
        assert_eq!(hooks.verify(b"e4a1c7d09b"), Some(true));
        for wrong in ["", "e4a1c7d09", "e4a1c7d09b ", "E4A1C7D09B", "not-e4a1c7d09b"] {
            assert_eq!(hooks.verify(wrong.as_bytes()), Some(false), "{wrong:?}");
        }
        assert!(!format!("{hooks:?}").contains("e4a1"));
    }
}
