//! Connecting a vendor: the OAuth dance, told as a story of one-time secrets (RFC 9700, OA-01 to
//! OA-14).

use std::sync::Arc;

use jiff::Timestamp;
use phr_model::{Clock, PersonId};
use phr_store::{SharedStore, StoreError, Vault, connection::Connection};
use phr_vendors::{ScopeFacts, VendorError, registry::Vendors};
use secrecy::SecretString;
use url::Url;

use crate::entropy::Entropy;

/// Why connecting failed.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No vendor of this name.
    #[error("unknown vendor")]
    UnknownVendor,
    /// The operator has not configured this vendor's credentials.
    #[error("the vendor's OAuth credentials are not configured")]
    NotConfigured,
    /// The link, state or confirmation is unknown, used or expired.
    #[error("this link has been used or has expired")]
    Expired,
    /// The callback does not fit the request: duplicate, oversized or foreign parameters.
    #[error("the vendor's answer does not fit the request")]
    Mismatch,
    /// The return target is not on the allow-list.
    #[error("this return address is not allowed")]
    ReturnNotAllowed,
    /// The vendor account belongs to another account here.
    #[error("this vendor account is connected to another account")]
    LinkedElsewhere,
    /// The person granted nothing that we can read.
    #[error("no permission was granted")]
    NothingGranted,
    /// The vendor gave no refresh token.
    #[error("the vendor gave no lasting permission")]
    NotLasting,
    /// The vendor failed.
    #[error("the vendor did not complete the connection")]
    Vendor(#[from] VendorError),
    /// The store failed.
    #[error("storage failed")]
    Store(#[from] StoreError),
}

/// A consent request under way: send the browser to `url` with `browser` in the cookie.
#[derive(Debug)]
pub struct Begun {
    /// The vendor's consent page.
    pub url: Url,
    /// Value of the `__Host-` cookie that the callback must present.
    pub browser: SecretString,
}

/// A one-time link for the system browser.
#[derive(Debug)]
pub struct Link {
    /// The secret part of the link.
    pub ticket: SecretString,
    /// When it stops working (2 minutes).
    pub expires_at: Timestamp,
}

/// What the page behind a link, or the page that asks for confirmation, must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkPage {
    /// The receiving account, masked: `a•••@example.com`.
    pub account: String,
    /// What people call the vendor.
    pub vendor: &'static str,
    /// What will be read.
    pub reads: Vec<&'static str>,
}

/// The parameters of a callback, as they came.
#[derive(Debug, Default)]
pub struct Callback {
    /// `code`, if present.
    pub code: Option<SecretString>,
    /// `error`, if present.
    pub error: Option<String>,
    /// `state`.
    pub state: Option<SecretString>,
    /// `iss`, if present (RFC 9207).
    pub issuer: Option<String>,
}

/// How a callback ended.
#[derive(Debug)]
pub enum Finished {
    /// The connection is active and its first sync is due.
    Connected {
        /// The connection.
        connection: Box<Connection>,
        /// Scopes that were not granted: what will not be read.
        missing: Vec<ScopeFacts>,
        /// Where the app wants the person back (allow-listed).
        return_to: Option<Url>,
    },
    /// The person said no at the vendor, or the vendor reported an error.
    Declined {
        /// True for `access_denied`.
        by_person: bool,
        /// Where the app wants the person back.
        return_to: Option<Url>,
    },
    /// This browser did not start the flow: ask, naming the receiving account.
    Ask {
        /// One-time secret for the button.
        confirmation: SecretString,
        /// What the page must say.
        page: LinkPage,
    },
}

/// Makes and ends connections.
#[derive(Clone)]
pub struct Connector {
    /// The store.
    pub store: SharedStore,
    /// The vault.
    pub vault: Arc<Vault>,
    /// The vendors.
    pub vendors: Arc<Vendors>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Return targets that apps may name (exact prefixes up to path; query is ours).
    pub return_targets: Arc<Vec<Url>>,
}

impl Connector {
    /// Starts a flow for a signed-in person whose browser we answer directly.
    pub async fn begin(
        &self,
        _person: PersonId,
        _vendor: &str,
        _return_to: Option<&str>,
    ) -> Result<Begun, ConnectError> {
        todo!()
    }

    /// Makes a one-time link for the system browser.
    pub async fn issue_link(
        &self,
        _person: PersonId,
        _vendor: &str,
        _return_to: Option<&str>,
    ) -> Result<Link, ConnectError> {
        todo!()
    }

    /// What the page behind a link says. Looking does not consume the link.
    pub async fn look_at_link(&self, _ticket: &SecretString) -> Result<LinkPage, ConnectError> {
        todo!()
    }

    /// The person pressed the button of the link's page: consumes the link and starts the flow.
    pub async fn follow_link(&self, _ticket: &SecretString) -> Result<Begun, ConnectError> {
        todo!()
    }

    /// The vendor sent the browser back. `browser` is the cookie's value, if it came.
    pub async fn finish(
        &self,
        _vendor: &str,
        _callback: Callback,
        _browser: Option<&SecretString>,
    ) -> Result<Finished, ConnectError> {
        todo!()
    }

    /// The person pressed the button of the confirmation page.
    pub async fn confirm(&self, _confirmation: &SecretString) -> Result<Finished, ConnectError> {
        todo!()
    }

    /// Ends a connection: tokens are wiped at once and the grant is withdrawn at the vendor, now or
    /// as soon as the vendor can be reached. False if there was nothing to end.
    pub async fn disconnect(&self, _person: PersonId, _vendor: &str) -> Result<bool, ConnectError> {
        todo!()
    }

    /// Withdraws grants that wait for it. Returns how many were withdrawn.
    pub async fn withdraw_due(&self) -> Result<u32, ConnectError> {
        todo!()
    }
}
