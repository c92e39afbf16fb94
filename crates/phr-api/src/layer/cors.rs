//! Browsers of other origins: exactly those listed, nobody else (CO-01).

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;

use crate::settings::SettingsError;

/// Refuses anything that is not exactly an origin: wildcards, `null`, paths, trailing slashes.
pub(crate) fn check(origins: &[String]) -> Result<(), SettingsError> {
    let exact = |origin: &String| {
        Url::parse(origin).is_ok_and(|url| {
            let spelled_out = url.origin().ascii_serialization() == *origin;
            url.origin().is_tuple() && spelled_out && !origin.contains('*')
        })
    };
    match origins.iter().position(|origin| !exact(origin)) {
        Some(at) => Err(SettingsError::BadOrigin(at + 1)),
        None => Ok(()),
    }
}

/// The layer for the listed origins; none if there are none. Tokens travel in a header, so no
/// credentials (cookies) are allowed for anybody.
pub(crate) fn layer(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> =
        origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_NONE_MATCH,
            HeaderName::from_static("prefer"),
        ])
        .expose_headers([
            header::RETRY_AFTER,
            header::ETAG,
            header::LOCATION,
            header::CONTENT_LOCATION,
            HeaderName::from_static("x-request-id"),
        ]);
    Some(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("*")]
    #[case("null")]
    #[case("https://app.example.com/")]
    #[case("https://app.example.com/path")]
    #[case("https://app.example.com:443")]
    #[case("https://*.example.com")]
    #[case("app.example.com")]
    fn co_01_only_exact_origins_may_be_configured(#[case] origin: &str) {
        let refused = check(&["https://app.example.com".to_owned(), origin.to_owned()]);
        assert_eq!(refused, Err(SettingsError::BadOrigin(2)), "{origin}");
    }
}
