//! Why a server did not take something, and what that means for us.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

/// What kind of failure it is: decides what is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// No connection, or it was cut.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// Asked to come back later (429, 503).
    Limited,
    /// The server failed (other 5xx).
    ServerError,
    /// Somebody else changes the same (409, 412, 423).
    Conflict,
    /// It will not take this content, ever (other 4xx).
    Refused,
    /// It does not let us in (401, 403).
    Unauthorized,
    /// The answer is no FHIR.
    Unreadable,
    /// The server is not one that we can deliver to.
    Unsupported,
    /// The person's chart there is not known, or not for certain.
    Chart,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 10] = [
        Self::Unreachable,
        Self::TimedOut,
        Self::Limited,
        Self::ServerError,
        Self::Conflict,
        Self::Refused,
        Self::Unauthorized,
        Self::Unreadable,
        Self::Unsupported,
        Self::Chart,
    ];

    /// Stable code for operators and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Limited => "limited",
            Self::ServerError => "server_error",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
            Self::Unauthorized => "unauthorized",
            Self::Unreadable => "unreadable",
            Self::Unsupported => "unsupported",
            Self::Chart => "chart",
        }
    }

    /// Whether the server as a whole is to be left alone for a while, not only this person's content.
    pub(crate) fn is_of_server(self) -> bool {
        match self {
            Self::Unreachable
            | Self::TimedOut
            | Self::Limited
            | Self::ServerError
            | Self::Unauthorized
            | Self::Unreadable
            | Self::Unsupported => true,
            Self::Conflict | Self::Refused | Self::Chart => false,
        }
    }

    /// Whether only people can mend it, so that asking often is in vain.
    pub(crate) fn needs_people(self) -> bool {
        matches!(self, Self::Unauthorized | Self::Unsupported)
    }

    /// What a status other than 2xx means. Redirects are not followed: they could carry credentials
    /// and readings away.
    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            401 | 403 => Self::Unauthorized,
            408 | 504 => Self::TimedOut,
            425 | 429 | 503 => Self::Limited,
            409 | 412 | 423 => Self::Conflict,
            500..=599 => Self::ServerError,
            400..=499 => Self::Refused,
            _ => Self::Unreadable,
        }
    }
}

/// A request that did not do what it was to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} ({status}): {reason}", class.code())]
pub(crate) struct Failure {
    /// What kind.
    pub(crate) class: Class,
    /// HTTP status; 0 without an answer.
    pub(crate) status: u16,
    /// Why, in the server's words, without values.
    pub(crate) reason: String,
    /// The least that the server asked to be left alone for.
    pub(crate) wait: Option<Duration>,
}

impl Failure {
    /// A failure without an answer of HTTP.
    pub(crate) fn new(class: Class, reason: &str) -> Self {
        Self { class, status: 0, reason: reason.to_owned(), wait: None }
    }

    /// What an answer other than 2xx means.
    pub(crate) fn of(status: StatusCode, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Self {
        Self {
            class: Class::of(status),
            status: status.as_u16(),
            reason: super::outcome::reason(body),
            wait: retry_after(headers, now),
        }
    }

    /// What happened on the way.
    pub(crate) fn on_the_way(error: &reqwest::Error) -> Self {
        // The error's own words may hold the address with whatever is in it.
        if error.is_timeout() {
            Self::new(Class::TimedOut, "no answer in time")
        } else {
            Self::new(Class::Unreachable, "no connection, or it was cut")
        }
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(at.duration_since(now)).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(400, Class::Refused)]
    #[case(404, Class::Refused)]
    #[case(410, Class::Refused)]
    #[case(413, Class::Refused)]
    #[case(422, Class::Refused)]
    #[case(401, Class::Unauthorized)]
    #[case(403, Class::Unauthorized)]
    #[case(408, Class::TimedOut)]
    #[case(409, Class::Conflict)]
    #[case(412, Class::Conflict)]
    #[case(423, Class::Conflict)]
    #[case(429, Class::Limited)]
    #[case(500, Class::ServerError)]
    #[case(502, Class::ServerError)]
    #[case(503, Class::Limited)]
    #[case(504, Class::TimedOut)]
    #[case(302, Class::Unreadable)]
    fn each_status_has_one_meaning(#[case] status: u16, #[case] class: Class) {
        assert_eq!(Class::of(StatusCode::from_u16(status).unwrap()), class);
    }

    #[rstest]
    #[case("120", Some(120))]
    #[case("Sun, 22 Nov 2026 10:00:30 GMT", Some(30))]
    #[case("Sun, 22 Nov 2026 09:00:30 GMT", None)]
    #[case("soon", None)]
    fn retry_after_is_read_in_both_forms(#[case] value: &str, #[case] seconds: Option<u64>) {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let failure = Failure::of(StatusCode::TOO_MANY_REQUESTS, &headers, b"", now);
        assert_eq!(failure.wait, seconds.map(Duration::from_secs));
    }
}
