//! Google Health's webhooks (page "Webhooks"): who sent a notification, and whom it is about.
//!
//! Google signs the raw body with ECDSA on P-256 and sends the `Authorization` value that was
//! registered with the endpoint. The signature says that Google wrote the body; the value says that
//! it was written for us. The body carries no time, so an old one can be sent again: what it says is
//! taken as a hint and never as a fact (WH-05). A `DELETE` is no exception: revoked or deleted
//! accounts show at the next run, when Google refuses the grant.

mod authorization;
mod keys;
mod keyset;
pub(super) mod notification;
mod signature;
pub mod subscribers;

use std::sync::Arc;

use async_trait::async_trait;
use phr_model::{Clock, FITBIT};
use url::Url;

pub use self::authorization::{Authorization, Check};
use self::{keys::Keys, signature::Signature};
use crate::hook::{HookEvent, HookReceiver, HookRefusal, HookRequest};

/// Judges Google Health's notifications.
pub struct GoogleHooks {
    authorization: Authorization,
    keys: Keys,
}

impl GoogleHooks {
    /// A judge that reads Google's public keys at `keyset`. `http` must be built by
    /// [`crate::http_client`]; `clock` tells how old the keys are.
    pub fn new(
        authorization: Authorization,
        keyset: Url,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { authorization, keys: Keys::new(keyset, http, clock) }
    }
}

impl std::fmt::Debug for GoogleHooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GoogleHooks")
    }
}

#[async_trait]
impl HookReceiver for GoogleHooks {
    fn vendor(&self) -> &'static str {
        FITBIT
    }

    fn signature_headers(&self) -> &'static [&'static str] {
        &["google-health-api-signature", "x-healthapi-signature"]
    }

    async fn judge(&self, request: HookRequest<'_>) -> Result<HookEvent, HookRefusal> {
        let ours = self.authorization.is_ours(request.authorization);
        // The handshake changes nothing, so that it needs no signature; Google documents none.
        if notification::is_handshake(request.body) {
            return if ours { Ok(HookEvent::Handshake) } else { Err(HookRefusal::Unauthorized) };
        }
        if self.authorization.check == Check::Always && !ours {
            return Err(HookRefusal::Unauthorized);
        }
        let signature = request.signature.and_then(Signature::read).ok_or(HookRefusal::Forged)?;
        self.keys.of(signature.key).await?.verify(request.body, &signature)?;
        notification::read(request.body)
    }
}
