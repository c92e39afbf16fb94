//! Answers in FHIR's JSON, with versions.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use crate::error::ApiError;

/// FHIR's JSON.
pub(crate) const FHIR_JSON: &str = "application/fhir+json; charset=utf-8";

/// A resource as the answer.
pub(super) fn json(resource: &impl Serialize) -> Result<Response, ApiError> {
    let body = serde_json::to_vec(resource)
        .map_err(|_| ApiError::Internal("a resource cannot be written as JSON"))?;
    Ok(([(header::CONTENT_TYPE, FHIR_JSON)], body).into_response())
}

/// One version of a resource. Who holds it already is told so instead.
pub(super) fn versioned(
    resource: &impl Serialize,
    version: u32,
    made: Timestamp,
    asked: &HeaderMap,
) -> Result<Response, ApiError> {
    let etag = etag(version);
    let mut response = if is_held(asked, &etag, made) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        json(resource)?
    };
    let headers = response.headers_mut();
    for (name, value) in [(header::ETAG, etag), (header::LAST_MODIFIED, http_date(made))] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    // To be held, but asked about each time.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// The weak entity tag of a version.
pub(super) fn etag(version: u32) -> String {
    format!("W/\"{version}\"")
}

/// If-None-Match, or, without one, If-Modified-Since (RFC 9110, section 13.2.2).
fn is_held(asked: &HeaderMap, etag: &str, made: Timestamp) -> bool {
    if asked.contains_key(header::IF_NONE_MATCH) {
        let tags = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|it| it.to_str().ok());
        let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        return tags
            .flat_map(|it| it.split(','))
            .any(|it| it.trim() == "*" || bare(it) == bare(etag));
    }
    let since = asked.get(header::IF_MODIFIED_SINCE).and_then(|it| it.to_str().ok());
    let since = since.and_then(|it| jiff::fmt::rfc2822::parse(it).ok());
    since.is_some_and(|since| made.as_second() <= since.timestamp().as_second())
}

fn http_date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("if-none-match", "W/\"3\"", true)]
    #[case("if-none-match", "\"3\"", true)]
    #[case("if-none-match", "W/\"2\", W/\"3\"", true)]
    #[case("if-none-match", "*", true)]
    #[case("if-none-match", "W/\"2\"", false)]
    #[case("if-none-match", "3", false)]
    #[case("if-modified-since", "Fri, 20 Nov 2026 09:00:00 GMT", true)]
    #[case("if-modified-since", "Fri, 20 Nov 2026 08:59:59 GMT", false)]
    #[case("if-modified-since", "yesterday", false)]
    fn who_holds_the_version_is_told_so(
        #[case] name: &'static str,
        #[case] value: &str,
        #[case] held: bool,
    ) {
        let made = "2026-11-20T09:00:00.5Z".parse().unwrap();
        assert_eq!(http_date(made), "Fri, 20 Nov 2026 09:00:00 GMT");
        let asked = HeaderMap::from_iter([(
            header::HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )]);
        assert_eq!(is_held(&asked, &etag(3), made), held);
    }
}
