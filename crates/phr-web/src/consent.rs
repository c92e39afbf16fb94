//! The page on which a person lets an app read their record. It is drawn here; the API's
//! authorization endpoint, which knows accounts, decides.
//!
//! Signing in and choosing are one form: nothing is kept between looking and pressing the button, and
//! no cookie stands for a person, so that there is nothing for another site's page to misuse.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use url::{Host, Url};

use crate::page::{Kind, page};

/// Something that the app asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The scope, as the form sends it back.
    pub scope: String,
    /// What it is, in words.
    pub words: String,
    /// Whether its box is ticked.
    pub ticked: bool,
}

/// What the page shows.
#[derive(Debug, Clone, Template)]
#[template(path = "consent.html")]
pub struct Consent {
    /// The app's name.
    pub app: String,
    /// What it asks for.
    pub choices: Vec<Choice>,
    /// Where the form goes.
    pub action: String,
    /// Where the person goes from there, in words.
    pub leads_to: String,
    /// The address that was typed last time.
    pub email: String,
    /// What was wrong last time.
    pub notice: Option<&'static str>,
}

impl Consent {
    /// The page, from which the browser may be sent on to `redirect` and nowhere else.
    pub fn page(&self, status: StatusCode, redirect: &Url) -> Response {
        page(status, Kind::LeadingTo(source(redirect)), self)
    }
}

/// Where an address leads, for people: a host, or the app on this device.
pub fn leads_to(redirect: &Url) -> String {
    match (redirect.scheme(), redirect.host_str()) {
        ("https", Some(host)) => host.to_owned(),
        _ => "the app on this device".to_owned(),
    }
}

/// The source expression of Content Security Policy that covers an address. Such expressions know no
/// IPv6 addresses.
fn source(redirect: &Url) -> String {
    match (redirect.scheme(), redirect.host()) {
        (scheme @ ("https" | "http"), Some(Host::Ipv6(_)) | None) => format!("{scheme}:"),
        ("https" | "http", Some(_)) => redirect.origin().ascii_serialization(),
        (scheme, _) => format!("{scheme}:"),
    }
}

#[derive(Template)]
#[template(path = "result.html")]
struct Refused {
    title: &'static str,
    text: &'static str,
    mark: &'static str,
    tone: &'static str,
    missing: Vec<&'static str>,
    return_link: Option<String>,
}

/// The page for a request that leads nowhere: who asks, or where the answer should go, is unknown.
pub fn refuse(status: StatusCode, text: &'static str) -> Response {
    let template = Refused {
        title: "This does not work",
        text,
        mark: "!",
        tone: "bad",
        missing: Vec::new(),
        return_link: None,
    };
    page(status, Kind::Still, &template)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consent(app: &str, notice: Option<&'static str>) -> Consent {
        let choice = |scope: &str, words: &str, ticked| Choice {
            scope: scope.to_owned(),
            words: words.to_owned(),
            ticked,
        };
        Consent {
            app: app.to_owned(),
            choices: vec![
                choice("patient/Observation.rs", "Your readings", true),
                choice("offline_access", "Go on while you are away", false),
            ],
            action: "/oauth/authorize?client_id=1&state=a%22b".to_owned(),
            leads_to: "app.example.com".to_owned(),
            email: "ada@example.com\"><script>".to_owned(),
            notice,
        }
    }

    #[test]
    fn the_page_says_who_asks_for_what_and_lets_the_person_choose() {
        let html = consent("Growth Chart", None).render().unwrap();
        insta::assert_snapshot!(html);
    }

    #[test]
    fn what_comes_from_outside_is_escaped() {
        let html = consent("<script>alert(1)</script>", Some("Wrong.")).render().unwrap();
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("role=\"alert\""), "{html}");
    }

    #[test]
    fn the_form_may_lead_to_the_apps_own_address_only() {
        let source_of = |address: &str| source(&address.parse().unwrap());
        assert_eq!(
            source_of("https://app.example.com:8443/cb?x=1"),
            "https://app.example.com:8443"
        );
        assert_eq!(source_of("http://127.0.0.1:5005/cb"), "http://127.0.0.1:5005");
        assert_eq!(source_of("http://[::1]:5005/cb"), "http:");
        assert_eq!(source_of("com.example.app:/cb"), "com.example.app:");
    }
}
