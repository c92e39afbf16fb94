//! What a refusal of the Web API means (page "Error Messages"). Messages quote tokens, so only the
//! error's type is looked at. The same envelope comes from the data and from the token endpoint; now
//! and then an error comes in the form of RFC 6749 or, since April 2026, in Google's.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde_json::Value;

use crate::{
    error::VendorError,
    fitbit::failure::{Failure, LONGEST_WAIT, retry_after},
};

pub(super) const RESET: &str = "fitbit-rate-limit-reset";
const HOUR: i64 = 3_600;

/// Classifies an answer that is not a success.
pub(super) fn classify(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Failure {
    let kinds = kinds(body);
    let says = |wanted: &str| kinds.iter().any(|kind| kind == wanted);
    let error = match status {
        StatusCode::CONFLICT => return Failure::Conflict,
        StatusCode::GONE => VendorError::Retired,
        StatusCode::UNAUTHORIZED => VendorError::AccessRefused,
        StatusCode::FORBIDDEN if says("insufficient_scope") => VendorError::ScopeMissing,
        // Intraday data of an application without Fitbit's approval.
        StatusCode::FORBIDDEN if says("insufficient_permissions") => VendorError::Rejected,
        StatusCode::FORBIDDEN => VendorError::Refused,
        StatusCode::TOO_MANY_REQUESTS => throttled(headers, now),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => VendorError::Unavailable,
        status if status.is_client_error() => VendorError::Rejected,
        _ => VendorError::Unavailable,
    };
    error.into()
}

/// What the head of an answer of the token endpoint says by itself.
pub(super) fn refusal(
    status: StatusCode,
    headers: &HeaderMap,
    now: Timestamp,
) -> Option<VendorError> {
    match status {
        StatusCode::GONE => Some(VendorError::Retired),
        StatusCode::TOO_MANY_REQUESTS => Some(throttled(headers, now)),
        _ => None,
    }
}

/// The types of all errors in a body, whichever form it has; none of a body that is no such thing.
pub(super) fn kinds(body: &[u8]) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let listed = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let listed = listed.iter().map(|error| &error["errorType"]);
    let all = listed.chain([&body["error"]]);
    all.filter_map(|kind| kind.as_str().map(str::to_owned)).collect()
}

/// Since February 2025 `Retry-After` has been missing or wrong, and the counter's own reset is right;
/// without either the next full hour is.
fn throttled(headers: &HeaderMap, now: Timestamp) -> VendorError {
    let reset = headers.get(RESET).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let reset = reset.filter(|seconds| (1..=HOUR).contains(seconds));
    let seconds = Duration::from_secs;
    let wait = match reset {
        Some(reset) => seconds(reset.unsigned_abs()),
        None if headers.contains_key(RETRY_AFTER) => {
            retry_after(headers, now).unwrap_or(LONGEST_WAIT)
        }
        None => seconds((HOUR - now.as_second().rem_euclid(HOUR)).unsigned_abs()),
    };
    VendorError::Throttled { wait: Some(wait) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NOW: &str = "2026-11-22T10:50:00Z";

    fn judge(status: u16, headers: &[(&'static str, &str)], body: &str) -> VendorError {
        let headers = headers.iter().map(|(name, value)| {
            (reqwest::header::HeaderName::from_static(name), value.parse().unwrap())
        });
        let status = StatusCode::from_u16(status).unwrap();
        classify(status, &headers.collect(), body.as_bytes(), NOW.parse().unwrap()).into()
    }

    fn envelope(kind: &str) -> String {
        format!(r#"{{"errors":[{{"errorType":"{kind}","message":"No: secret"}}],"success":false}}"#)
    }

    const GOOGLES: &str =
        r#"{"error":{"code":403,"message":"The caller...","status":"PERMISSION_DENIED"}}"#;

    #[rstest]
    #[case(401, &envelope("expired_token"), VendorError::AccessRefused)]
    #[case(401, &envelope("invalid_token"), VendorError::AccessRefused)]
    #[case(403, &envelope("insufficient_scope"), VendorError::ScopeMissing)]
    #[case(403, &envelope("insufficient_permissions"), VendorError::Rejected)]
    #[case(403, GOOGLES, VendorError::Refused)]
    #[case(403, "<html>no</html>", VendorError::Refused)]
    #[case(400, &envelope("validation"), VendorError::Rejected)]
    #[case(404, "", VendorError::Rejected)]
    #[case(410, "", VendorError::Retired)]
    #[case(410, "<html>Gone</html>", VendorError::Retired)]
    #[case(410, &envelope("gone"), VendorError::Retired)]
    #[case(409, &envelope("request"), VendorError::Rejected)]
    #[case(422, &envelope("validation"), VendorError::Rejected)]
    #[case(500, &envelope("request"), VendorError::Unavailable)]
    #[case(502, "<html>Maintenance</html>", VendorError::Unavailable)]
    #[case(302, "", VendorError::Unavailable)]
    fn every_refusal_has_its_meaning(
        #[case] status: u16,
        #[case] body: &str,
        #[case] error: VendorError,
    ) {
        assert_eq!(judge(status, &[], body), error);
    }

    #[rstest]
    #[case::reset(&[("fitbit-rate-limit-reset", "1184")], 1_184)]
    #[case::reset_wins(&[("fitbit-rate-limit-reset", "1184"), ("retry-after", "1")], 1_184)]
    #[case::odd_reset(&[("fitbit-rate-limit-reset", "90000"), ("retry-after", "7")], 7)]
    #[case::no_number(&[("fitbit-rate-limit-reset", "soon"), ("retry-after", "7")], 7)]
    #[case::date(&[("retry-after", "Sun, 22 Nov 2026 10:51:30 GMT")], 90)]
    #[case::unreadable(&[("retry-after", "later")], 3_600)]
    #[case::nothing(&[], 600)]
    fn a_limit_names_its_end_or_it_is_the_full_hour(
        #[case] headers: &[(&'static str, &str)],
        #[case] seconds: u64,
    ) {
        let wait = Some(Duration::from_secs(seconds));
        assert_eq!(judge(429, headers, ""), VendorError::Throttled { wait });
    }

    #[rstest]
    #[case(&envelope("invalid_grant"), &["invalid_grant"])]
    #[case(r#"{"error":"invalid_grant","error_description":"..."}"#, &["invalid_grant"])]
    #[case(r#"{"errors":[{"errorType":"a"},{"errorType":"b"}]}"#, &["a", "b"])]
    #[case(GOOGLES, &[])]
    #[case("<html>", &[])]
    #[case("", &[])]
    fn both_forms_of_an_error_are_read(#[case] body: &str, #[case] wanted: &[&str]) {
        assert_eq!(kinds(body.as_bytes()), wanted);
    }
}
