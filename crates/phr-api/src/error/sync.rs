//! What connecting and syncing fail with, as the API tells it.

use phr_sync::{ConnectError, HistoryError, SyncError};

use super::ApiError;

impl From<SyncError> for ApiError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::UnknownVendor => Self::NotFound,
            SyncError::NotConfigured => Self::VendorNotConfigured,
            SyncError::NotConnected => Self::Conflict(
                "not-connected",
                "Fitbit is not connected. Connect it first (POST /integrations/fitbit/authorize/url).",
            ),
            SyncError::ReconnectNeeded => Self::Conflict(
                "reconnect-needed",
                "The permission at Fitbit has ended. Connect again (POST /integrations/fitbit/authorize/url).",
            ),
            SyncError::NotBegun => Self::query(
                "date_str",
                "a day that has begun where the person is: not in the future",
            ),
            SyncError::Running => {
                Self::Conflict("sync-running", "A sync of this connection is running already")
            }
            SyncError::History(error) => error.into(),
            SyncError::Vendor(error) => Self::Vendor(error),
            SyncError::Store(error) => Self::Store(error),
        }
    }
}

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Future => {
                Self::body("from", "a day that has begun where the person is: not in the future")
            }
            HistoryError::TooOld { earliest } => {
                Self::body("from", format!("at most ten years ago: not before {earliest}"))
            }
            HistoryError::BeforeAccount { since } => Self::body(
                "from",
                format!("not before the person's account at the vendor began, on {since}"),
            ),
            HistoryError::Nothing => {
                Self::Conflict("no-backfill", "No history was asked for (POST /health/backfill)")
            }
            HistoryError::Ended => Self::Conflict(
                "backfill-ended",
                "This request is done or cancelled. Ask anew (POST /health/backfill).",
            ),
        }
    }
}

impl From<ConnectError> for ApiError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::UnknownVendor => Self::NotFound,
            ConnectError::NotConfigured => Self::VendorNotConfigured,
            ConnectError::Expired => {
                Self::Conflict("expired", "This link has been used or has expired")
            }
            ConnectError::Mismatch => {
                Self::Malformed("The vendor's answer does not fit the request")
            }
            ConnectError::ReturnNotAllowed => {
                Self::body("return_to", "an address that the operator has allowed")
            }
            ConnectError::LinkedElsewhere => Self::Conflict(
                "linked-elsewhere",
                "This vendor account is connected to another account",
            ),
            ConnectError::OtherAccount => Self::Conflict(
                "other-account",
                "This connection belongs to another vendor account; sign in with that one",
            ),
            ConnectError::NothingGranted => {
                Self::Conflict("nothing-granted", "No permission was given")
            }
            ConnectError::NotLasting => {
                Self::Conflict("not-lasting", "The vendor gave no lasting permission")
            }
            ConnectError::Vault(_) => Self::Internal("the vault cannot open what it sealed"),
            ConnectError::Vendor(error) => Self::Vendor(error),
            ConnectError::Store(error) => Self::Store(error),
        }
    }
}
