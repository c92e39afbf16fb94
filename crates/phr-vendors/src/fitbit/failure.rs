//! Why a request failed, as far as both upstreams see it the same way.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::error::VendorError;

/// Vendors may ask for any wait; we come back after this at the latest.
pub(super) const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// Why a request failed, as far as whoever walks through pages or gives orders must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// 504: the page was too big. Halve it and begin anew.
    TooBig,
    /// The page token is no longer known. Begin anew.
    PageToken,
    /// 409: something else is in its place.
    Conflict,
    /// Everything else.
    Vendor(VendorError),
}

impl From<VendorError> for Failure {
    fn from(error: VendorError) -> Self {
        Self::Vendor(error)
    }
}

impl From<Failure> for VendorError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TooBig => Self::Unavailable,
            Failure::PageToken => Self::Unreadable,
            Failure::Conflict => Self::Rejected,
            Failure::Vendor(error) => error,
        }
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3); a date in the past is no wait.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let at = rfc2822::parse(text).ok()?.timestamp();
    let wait = at.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO).min(LONGEST_WAIT))
}
