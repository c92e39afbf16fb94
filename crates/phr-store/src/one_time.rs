//! Secrets that work once: OAuth states, connect links, confirmations, invitations.
//!
//! Only the SHA-256 of the secret is stored. Consuming is one atomic statement, so of any number of
//! simultaneous attempts exactly one wins, on any number of processes.

use async_trait::async_trait;
use jiff::Timestamp;
use phr_model::PersonId;

use crate::{account::SecretHash, error::StoreError};

/// What a one-time secret is for. A secret never works for another purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The `state` of an authorization request.
    OAuthState,
    /// The link that an app opens in the system browser.
    ConnectLink,
    /// The button on the page that asks before connecting.
    Confirmation,
    /// An invitation to register.
    Invitation,
    /// A bulk export; looked at as often as its files are fetched.
    Export,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 5] =
        [Self::OAuthState, Self::ConnectLink, Self::Confirmation, Self::Invitation, Self::Export];

    /// The purpose's name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::OAuthState => "oauth_state",
            Self::ConnectLink => "connect_link",
            Self::Confirmation => "confirmation",
            Self::Invitation => "invitation",
            Self::Export => "export",
        }
    }

    /// The purpose called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.key() == key)
    }
}

/// A secret that works once, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTime {
    /// SHA-256 of the secret.
    pub hash: SecretHash,
    /// What it is for.
    pub purpose: Purpose,
    /// Whose it is; none for invitations.
    pub person: Option<PersonId>,
    /// What the purpose needs (JSON); secrets inside are sealed by the vault.
    pub payload: String,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// One-time secrets.
#[async_trait]
pub trait OneTimes: Send + Sync {
    /// Keeps a new secret; expired ones are swept away by the way.
    async fn put_one_time(&self, secret: OneTime, now: Timestamp) -> Result<(), StoreError>;

    /// Looks without consuming (an interstitial page, fetched by link scanners too).
    async fn peek_one_time(
        &self,
        purpose: Purpose,
        hash: SecretHash,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError>;

    /// Consumes: the first caller gets it, everybody else gets none.
    async fn take_one_time(
        &self,
        purpose: Purpose,
        hash: SecretHash,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError>;
}
