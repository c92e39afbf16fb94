//! What a refusal of the Health API means. The reason is in `details[].reason`, in
//! `metadata.detailedReasons` or only in the message (Google page "Error catalog", and reports of
//! the live service), so all three are searched.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{
    StatusCode,
    header::{HeaderMap, WWW_AUTHENTICATE},
};
use serde_json::Value;

use crate::{
    error::VendorError,
    fitbit::failure::{Failure, LONGEST_WAIT, retry_after},
};

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

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const NOW: &str = "2026-11-22T10:00:00Z";

    fn judge(status: u16, headers: &[(&'static str, &str)], body: &str) -> Failure {
        let headers = headers.iter().map(|(name, value)| {
            (reqwest::header::HeaderName::from_static(name), value.parse().unwrap())
        });
        let status = StatusCode::from_u16(status).unwrap();
        classify(status, &headers.collect(), body.as_bytes(), NOW.parse().unwrap())
    }

    fn because(reason: &str) -> String {
        let info = json!({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason });
        json!({ "error": { "code": 400, "message": "No.", "details": [info] } }).to_string()
    }

    fn saying(message: &str) -> String {
        json!({ "error": { "message": message } }).to_string()
    }

    #[rstest]
    #[case(400, &because("ACCOUNT_NOT_LINKED"), VendorError::AccountNotLinked)]
    #[case(400, &saying("The account is not linked to Google Health."), VendorError::AccountNotLinked)]
    #[case(500, &saying("Could not mint UberMint from GaiaMint"), VendorError::AccountNotLinked)]
    #[case(412, &saying("Precondition check failed."), VendorError::AccountNotLinked)]
    #[case(400, &because("UNSUPPORTED_DATA_TYPE_ACTION"), VendorError::Rejected)]
    #[case(400, &saying("Request contains an invalid argument."), VendorError::Rejected)]
    #[case(401, &because("CREDENTIALS_MISSING"), VendorError::AccessRefused)]
    #[case(401, "", VendorError::AccessRefused)]
    #[case(403, &because("ACCESS_TOKEN_SCOPE_INSUFFICIENT"), VendorError::ScopeMissing)]
    #[case(403, &because("MISSING_OAUTH_SCOPE"), VendorError::ScopeMissing)]
    #[case(403, &because("RESOURCE_PERMISSION_DENIED"), VendorError::Refused)]
    #[case(403, &because("DATA_ACCESS_DENIED"), VendorError::Refused)]
    #[case(403, "<html>no</html>", VendorError::Refused)]
    #[case(403, &because("RATE_LIMIT_EXCEEDED"), VendorError::Throttled { wait: None })]
    #[case(404, "<html>Not Found</html>", VendorError::Rejected)]
    #[case(408, "", VendorError::Unavailable)]
    #[case(409, "", VendorError::Rejected)]
    #[case(410, "", VendorError::Rejected)]
    #[case(429, "", VendorError::Throttled { wait: None })]
    #[case(302, "", VendorError::Unavailable)]
    #[case(500, &because("INTERNAL_ERROR"), VendorError::Unavailable)]
    #[case(502, "<html>Bad Gateway</html>", VendorError::Unavailable)]
    #[case(503, "", VendorError::Unavailable)]
    fn every_refusal_has_its_meaning(
        #[case] status: u16,
        #[case] body: &str,
        #[case] error: VendorError,
    ) {
        assert_eq!(judge(status, &[], body), Failure::Vendor(error));
    }

    #[rstest]
    #[case("DISALLOWED_OAUTH_SCOPES")]
    #[case("SERVICE_DISABLED")]
    #[case("USER_PROJECT_DENIED")]
    #[case("IAM_PERMISSION_DENIED")]
    #[case("API_PRIVATE_PREVIEW_ACCESS_DENIED")]
    fn what_only_the_operator_can_cure_is_for_the_operator(#[case] reason: &str) {
        let failure = judge(403, &[], &because(reason));
        assert!(matches!(failure, Failure::Vendor(VendorError::Misconfigured(_))), "{failure:?}");
    }

    #[test]
    fn a_missing_scope_may_be_in_the_header_only() {
        let header = r#"Bearer realm="https://accounts.google.com/", error="insufficient_scope""#;
        let failure = judge(403, &[("www-authenticate", header)], "");
        assert_eq!(failure, Failure::Vendor(VendorError::ScopeMissing));
    }

    #[test]
    fn a_lost_page_token_is_found_in_all_three_places() {
        let detailed = json!({ "error": { "details": [
            { "reason": "INVALID_ARGUMENT", "metadata": { "detailedReasons": "INVALID_PAGE_TOKEN" } },
        ] } });
        let listed = json!({ "error": { "details": [
            { "metadata": { "detailedReasons": ["INVALID_PAGE_TOKEN"] } },
        ] } });
        let bodies = [
            because("INVALID_PAGE_TOKEN"),
            saying("INVALID_PAGE_TOKEN: Invalid page token."),
            detailed.to_string(),
            listed.to_string(),
        ];
        for body in bodies {
            assert_eq!(judge(400, &[], &body), Failure::PageToken, "{body}");
        }
    }

    #[test]
    fn a_page_that_took_too_long_is_too_big() {
        assert_eq!(judge(504, &[], ""), Failure::TooBig);
    }

    #[rstest]
    #[case::seconds("7", Some(7))]
    #[case::date("Sun, 22 Nov 2026 10:00:30 GMT", Some(30))]
    #[case::past_date("Sun, 22 Nov 2026 09:00:00 GMT", Some(0))]
    #[case::capped("86400", Some(3_600))]
    #[case::capped_date("Sun, 29 Nov 2026 10:00:00 GMT", Some(3_600))]
    #[case::negative("-5", None)]
    #[case::garbage("soon", None)]
    fn retry_after_is_honoured_up_to_an_hour(#[case] header: &str, #[case] seconds: Option<u64>) {
        let wait = seconds.map(Duration::from_secs);
        let failure = judge(429, &[("retry-after", header)], "");
        assert_eq!(failure, Failure::Vendor(VendorError::Throttled { wait }));
    }

    #[rstest]
    #[case("12s", Some(12_000))]
    #[case("1.5s", Some(1_500))]
    #[case("9999s", Some(3_600_000))]
    #[case("-3s", None)]
    #[case("s", None)]
    #[case("NaNs", None)]
    fn retry_info_is_honoured_too(#[case] delay: &str, #[case] millis: Option<u64>) {
        let info =
            json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay });
        let body = json!({ "error": { "details": [{}, info] } }).to_string();
        let wait = millis.map(Duration::from_millis);
        assert_eq!(judge(429, &[], &body), Failure::Vendor(VendorError::Throttled { wait }));
    }
}
