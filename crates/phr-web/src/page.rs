//! A page with the headers that every page needs (OA-10, OU-01, OU-02).

use askama::Template;
use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY},
    },
    response::{IntoResponse, Response},
};

/// What a page may do: show itself and its style sheet.
const STILL: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The same with a button. Browsers apply `form-action` to the redirects that follow too, so the
/// vendor's page must be allowed: any secure one, or that of an emulated vendor on this machine.
const WITH_BUTTON: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; \
    form-action 'self' https: http://127.0.0.1:* http://localhost:*; frame-ancestors 'none'";

/// What a page can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only be read.
    Still,
    /// Be read and have its button pressed.
    WithButton,
    /// The same, when the redirect that follows leads to one place: a source expression.
    LeadingTo(String),
}

fn leading_to(source: &str) -> String {
    format!(
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self' {source}; \
         frame-ancestors 'none'"
    )
}

/// Renders a page.
pub(crate) fn page(status: StatusCode, kind: Kind, template: &impl Template) -> Response {
    let Ok(html) = template.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let policy = match kind {
        Kind::Still => Ok(HeaderValue::from_static(STILL)),
        Kind::WithButton => Ok(HeaderValue::from_static(WITH_BUTTON)),
        Kind::LeadingTo(source) => HeaderValue::from_str(&leading_to(&source)),
    };
    let Ok(policy) = policy else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, html).into_response()
}
