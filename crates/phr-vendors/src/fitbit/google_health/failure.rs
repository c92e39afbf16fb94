//! What a refusal of the Health API means. The reason is in `details[].reason`, in
//! `metadata.detailedReasons` or only in the message (Google page "Error catalog", and reports of
//! the live service), so all three are searched.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::Value;

use crate::error::VendorError;

/// Vendors may ask for any wait; we come back after this at the latest.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// Why a request failed, as far as a walk through pages must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// 504: the page was too big. Halve it and begin anew.
    TooBig,
    /// The page token is no longer known. Begin anew.
    PageToken,
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
            Failure::Vendor(error) => error,
        }
    }
}

/// Classifies an answer that is not a success.
pub(super) fn classify(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Failure {
    let reasons = Reasons::read(body);
    if reasons.any(&[
        "ACCOUNT_NOT_LINKED",
        "not linked to Google Health",
        "Could not mint UberMint",
    ]) {
        return VendorError::AccountNotLinked.into();
    }
    let error = match status {
        StatusCode::BAD_REQUEST if reasons.any(&["INVALID_PAGE_TOKEN"]) => {
            return Failure::PageToken;
        }
        StatusCode::GATEWAY_TIMEOUT => return Failure::TooBig,
        StatusCode::UNAUTHORIZED => VendorError::AccessRefused,
        StatusCode::FORBIDDEN => forbidden(headers, &reasons, now),
        StatusCode::PRECONDITION_FAILED => VendorError::AccountNotLinked,
        StatusCode::TOO_MANY_REQUESTS => {
            VendorError::Throttled { wait: reasons.wait(headers, now) }
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => VendorError::Unavailable,
        status if status.is_client_error() => VendorError::Rejected,
        _ => VendorError::Unavailable,
    };
    error.into()
}

/// Reasons of a 403 that only the operator can cure, and what to tell them.
const OPERATORS: [(&str, &str); 5] = [
    ("DISALLOWED_OAUTH_SCOPES", "the token carries scopes of other Google products"),
    ("SERVICE_DISABLED", "the Google Health API is not enabled in the Cloud project"),
    ("USER_PROJECT_DENIED", "the Cloud project may not be used"),
    ("IAM_PERMISSION_DENIED", "the Cloud project lacks a permission"),
    ("API_PRIVATE_PREVIEW_ACCESS_DENIED", "the Cloud project is not admitted to the API"),
];

fn forbidden(headers: &HeaderMap, reasons: &Reasons, now: Timestamp) -> VendorError {
    let by_header = headers
        .get(WWW_AUTHENTICATE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("insufficient_scope"));
    if by_header || reasons.any(&["ACCESS_TOKEN_SCOPE_INSUFFICIENT", "MISSING_OAUTH_SCOPE"]) {
        return VendorError::ScopeMissing;
    }
    if reasons.any(&["RATE_LIMIT_EXCEEDED"]) {
        return VendorError::Throttled { wait: reasons.wait(headers, now) };
    }
    let operators = OPERATORS.iter().find(|(reason, _)| reasons.any(&[reason]));
    operators.map_or(VendorError::Refused, |(_, text)| VendorError::Misconfigured(text))
}

/// Everything in an error body (AIP-193) that may name the reason.
struct Reasons {
    texts: Vec<String>,
    retry_delay: Option<Duration>,
}

impl Reasons {
    /// Of a body that is no such thing: none.
    fn read(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &body["error"];
        let details = error["details"].as_array().map(Vec::as_slice).unwrap_or_default();
        let named = details.iter().flat_map(|detail| {
            [&detail["reason"], &detail["metadata"]["detailedReasons"]].map(text)
        });
        let texts = named.chain([text(&error["message"])]).collect();
        let retry_delay = details.iter().find_map(|detail| delay(detail["retryDelay"].as_str()?));
        Self { texts, retry_delay }
    }

    fn any(&self, wanted: &[&str]) -> bool {
        wanted.iter().any(|wanted| self.texts.iter().any(|text| text.contains(wanted)))
    }

    /// The wait that was asked for, an hour at most.
    fn wait(&self, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
        let wait = retry_after(headers, now).or(self.retry_delay)?;
        Some(wait.min(LONGEST_WAIT))
    }
}

/// A string as it is; anything else as JSON, so that lists are searched too.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `google.rpc.RetryInfo.retryDelay`: seconds with an `s`.
fn delay(text: &str) -> Option<Duration> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
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
