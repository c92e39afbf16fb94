//! Notifications that a vendor sends us, whatever its API looks like.

use std::time::Duration;

use async_trait::async_trait;
use jiff::civil::Date;

/// A notification as it came in, before anything of it is believed.
#[derive(Debug, Clone, Copy)]
pub struct HookRequest<'a> {
    /// The value of the `Authorization` header.
    pub authorization: Option<&'a [u8]>,
    /// The value of the vendor's signature header.
    pub signature: Option<&'a [u8]>,
    /// The raw body.
    pub body: &'a [u8],
}

/// One vendor account about which there is news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookNote {
    /// The person's id at the vendor.
    pub user: String,
    /// The earliest civil date that may have changed; none if the notification names no time.
    pub from: Option<Date>,
}

/// What a genuine request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookEvent {
    /// The vendor makes sure that this address is ours.
    Handshake,
    /// There is news.
    News {
        /// One note per vendor account.
        notes: Vec<HookNote>,
        /// Items that could not be understood.
        unreadable: u32,
    },
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HookRefusal {
    /// The `Authorization` value is missing or is none of ours.
    #[error("the Authorization value is not one of ours")]
    Unauthorized,
    /// The signature is missing or does not fit the body.
    #[error("the signature does not fit the body")]
    Forged,
    /// The vendor's public keys cannot be had at the moment: the vendor should send it again.
    #[error("the vendor's public keys cannot be had at the moment")]
    NoKeys {
        /// When to send it again.
        wait: Duration,
    },
    /// Signed, but not JSON of a known shape.
    #[error("the body is not a notification")]
    Malformed,
    /// More items than one notification may have.
    #[error("the notification has too many items")]
    TooMany,
}

/// What a vendor expects strangers to be told: whoever sends what is not the vendor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strangers {
    /// That they are not who they should be (401).
    Unauthorized,
    /// That there is nothing here (404).
    NotFound,
}

/// Judges what comes in on a vendor's webhook.
#[async_trait]
pub trait HookReceiver: Send + Sync {
    /// The vendor's name in our API (`fitbit`).
    fn vendor(&self) -> &'static str;

    /// Names of the header that carries the signature, the present one first.
    fn signature_headers(&self) -> &'static [&'static str];

    /// What the vendor expects those to be told whose requests are [`HookRefusal::Unauthorized`] or
    /// [`HookRefusal::Forged`].
    fn strangers(&self) -> Strangers {
        Strangers::Unauthorized
    }

    /// Whether `code` is the one by which the vendor makes sure that this address is ours; none if the
    /// vendor asks for no such code.
    fn verify(&self, _code: &[u8]) -> Option<bool> {
        None
    }

    /// What the request says, if it is genuine. Asks nobody, except for the vendor's public keys
    /// when those held are too old or lack the one named.
    ///
    /// # Errors
    /// [`HookRefusal`]; nothing of a refused request may be used.
    async fn judge(&self, request: HookRequest<'_>) -> Result<HookEvent, HookRefusal>;
}
