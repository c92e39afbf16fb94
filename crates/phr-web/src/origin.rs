//! Whether a form was sent by one of our own pages (OA-03, OU-05).
//!
//! Somebody else's page could post a link of its owner's in a visitor's browser, and the visitor
//! would never see which account receives the readings.

use axum::http::{HeaderMap, header};

/// Browsers say where a request comes from in `Sec-Fetch-Site` (W3C Fetch Metadata) and, older ones
/// too, in `Origin`. A request with neither comes from no browser's page.
pub fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else { return true };
    let host = origin.split_once("://").map(|(_, host)| host);
    host.is_some() && host == text(header::HOST.as_str())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn our_own_page_may_send_its_form() {
        for own in [
            headers(&[("sec-fetch-site", "same-origin"), ("origin", "https://phr.example")]),
            headers(&[("host", "phr.example"), ("origin", "https://phr.example")]),
            headers(&[("host", "phr.example")]),
        ] {
            assert!(is_own(&own), "{own:?}");
        }
    }

    #[test]
    fn oa_03_somebody_elses_page_may_not() {
        for foreign in [
            headers(&[("sec-fetch-site", "cross-site")]),
            headers(&[("sec-fetch-site", "same-site")]),
            headers(&[("host", "phr.example"), ("origin", "https://evil.example")]),
            headers(&[("host", "phr.example"), ("origin", "null")]),
            headers(&[("origin", "https://phr.example")]),
        ] {
            assert!(!is_own(&foreign), "{foreign:?}");
        }
    }
}
