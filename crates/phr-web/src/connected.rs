//! `GET /connected`: how it ended, in words.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use phr_model::FITBIT;
use phr_sync::Connector;

use crate::{
    page::{Kind, page},
    result::{Outcome, Reason, Status},
};

#[derive(Template)]
#[template(path = "result.html")]
struct ResultPage {
    title: &'static str,
    text: &'static str,
    mark: &'static str,
    tone: &'static str,
    missing: Vec<String>,
    return_link: Option<String>,
}

/// Show how connecting ended
#[utoipa::path(
    get,
    path = "/connected",
    tag = "pages",
    params(
        ("status" = String, Query, description = "success, partial, declined or failed",
            example = "success"),
        ("reason" = Option<String>, Query, description = "Why it failed", example = "expired"),
        ("missing" = Option<String>, Query, description = "Permissions not given, as numbers",
            example = "0-2"),
        ("return" = Option<u32>, Query, description = "Number of an allowed return address",
            example = 0),
    ),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html",
            example = "<!doctype html>"),
        (status = 400, description = "Not an address that this server made", body = String,
            content_type = "text/html"),
    )
)]
pub(crate) async fn show_result(
    State(connector): State<Connector>,
    RawQuery(query): RawQuery,
) -> Response {
    match Outcome::parse(&query.unwrap_or_default()) {
        Some(outcome) => render(StatusCode::OK, &outcome, &connector),
        None => render(StatusCode::BAD_REQUEST, &Outcome::failed(Reason::Mismatch), &connector),
    }
}

/// The page for an outcome.
pub(crate) fn render(status: StatusCode, outcome: &Outcome, connector: &Connector) -> Response {
    let asked = connector.vendors.get(FITBIT).map_or_else(Vec::new, |it| it.scopes().to_vec());
    let (title, text) = words(outcome);
    let (mark, tone) = match outcome.status {
        Status::Success => ("✓", "good"),
        Status::Partial => ("✓", "fair"),
        Status::Declined => ("–", "fair"),
        Status::Failed => ("!", "bad"),
    };
    let template = ResultPage {
        title,
        text,
        mark,
        tone,
        missing: outcome
            .missing
            .iter()
            .filter_map(|place| asked.get(*place).map(|facts| facts.reads.to_string()))
            .collect(),
        return_link: outcome.return_link(connector).map(String::from),
    };
    page(status, Kind::Still, &template)
}

fn words(outcome: &Outcome) -> (&'static str, &'static str) {
    match outcome.status {
        Status::Success => (
            "Connected",
            "Your readings are on their way. The first ones appear in the app within a few minutes.",
        ),
        Status::Partial => (
            "Connected in part",
            "Your readings are on their way, but some of what was asked for was not shared.",
        ),
        Status::Declined => (
            "Not connected",
            "You chose not to share your readings. Nothing was read. You can connect at any time \
             later.",
        ),
        Status::Failed => ("Not connected", advice(outcome.reason.unwrap_or(Reason::Here))),
    }
}

/// What happened and what to do, for people.
fn advice(reason: Reason) -> &'static str {
    match reason {
        Reason::Expired => {
            "This link was used before or is too old. If you have just connected, all is well: look \
             in the app. If not, choose Connect in the app once more."
        }
        Reason::Mismatch => {
            "This page was opened in a way that does not fit. Choose Connect in the app once more."
        }
        Reason::Elsewhere => {
            "This Fitbit account is connected to another account here. Disconnect it there first, \
             or choose another Fitbit account."
        }
        Reason::OtherAccount => {
            "Your record here already holds the readings of another Fitbit account, and the two must \
             not mix. Choose Connect in the app once more and sign in with the account you used \
             before."
        }
        Reason::NothingGranted => {
            "No permission was ticked, so there is nothing to read. Choose Connect in the app once \
             more and tick what you would like to share."
        }
        Reason::NotLasting => {
            "Google gave no lasting permission. Remove this app under “Third-party connections” in \
             your Google account, then choose Connect in the app once more."
        }
        Reason::NotConfigured => {
            "This server is not set up for Fitbit yet. Please tell whoever runs it."
        }
        Reason::NoProfile => {
            "This Google account has no Fitbit profile. Open the Fitbit app once, sign in with this \
             account, then choose Connect once more."
        }
        Reason::Vendor => {
            "Fitbit did not complete the connection. Nothing was read. Please try again in a few \
             minutes."
        }
        Reason::Here => {
            "Something went wrong on our side. Nothing was read. Please try again in a few minutes."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_page_reads_well_and_escapes_what_it_shows() {
        let page = ResultPage {
            title: "Connected in part",
            text: "Some of it was not shared.",
            mark: "✓",
            tone: "fair",
            missing: vec!["Weight".to_owned()],
            return_link: Some("phrapp://connected?status=partial&x=\"><script>".to_owned()),
        };
        let html = page.render().unwrap();
        assert!(!html.contains("<script"), "{html}");
        insta::assert_snapshot!(html);
    }
}
