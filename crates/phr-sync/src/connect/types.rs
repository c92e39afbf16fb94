//! What goes in and out when a vendor is connected.

use jiff::Timestamp;
use phr_store::{StoreError, connection::Connection, vault::VaultError};
use phr_vendors::{ScopeFacts, VendorError};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Longest parameter that a callback may carry (OA-08).
const LONGEST_PARAMETER: usize = 2_048;

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
    /// The connection holds another vendor account's data.
    #[error("this connection belongs to another vendor account")]
    OtherAccount,
    /// The person granted nothing that we can read.
    #[error("no permission was granted")]
    NothingGranted,
    /// The vendor gave no refresh token.
    #[error("the vendor gave no lasting permission")]
    NotLasting,
    /// The vendor failed.
    #[error("the vendor did not complete the connection")]
    Vendor(#[from] VendorError),
    /// A sealed secret does not open: a key is missing or a row was tampered with.
    #[error("a stored secret cannot be opened")]
    Vault(#[from] VaultError),
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
    pub reads: Vec<String>,
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

impl Callback {
    /// Exactly one of `code` and `error`, a state, and nothing oversized (OA-08).
    pub(super) fn check(
        &self,
    ) -> Result<(SecretString, Result<SecretString, String>), ConnectError> {
        let secrets = [&self.state, &self.code].into_iter().flatten();
        let texts = [&self.error, &self.issuer].into_iter().flatten();
        let lengths =
            secrets.map(|secret| secret.expose_secret().len()).chain(texts.map(String::len));
        if lengths.max().unwrap_or(0) > LONGEST_PARAMETER {
            return Err(ConnectError::Mismatch);
        }
        match (&self.state, &self.code, &self.error) {
            (Some(state), Some(code), None) => Ok((state.clone(), Ok(code.clone()))),
            (Some(state), None, Some(error)) => Ok((state.clone(), Err(error.clone()))),
            _ => Err(ConnectError::Mismatch),
        }
    }
}
