//! `/connect/{ticket}`: the page behind an app's one-time link (OA-01 to OA-04). Looking does not
//! use the link up, because link scanners and previews look too; only the button does.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{LOCATION, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use phr_sync::{ConnectError, Connector, LinkPage};
use secrecy::SecretString;

use crate::{
    callback::detached,
    connected, cookie,
    origin::is_own,
    page::{Kind, page},
    result::{Outcome, Reason},
};

#[derive(Template)]
#[template(path = "link.html")]
struct LinkTemplate {
    page: LinkPage,
    action: String,
}

/// Show which account will receive the readings, and what will be read
#[utoipa::path(
    get,
    path = "/connect/{ticket}",
    tag = "pages",
    params(("ticket" = String, Path, description = "The secret part of a one-time link",
        example = "b25lVGltZUxpbmtPZkZvcnR5VGhyZWVDaGFyYWN0ZXJz")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html",
            example = "<!doctype html>"),
        (status = 410, description = "The link was used or has expired", body = String,
            content_type = "text/html"),
    )
)]
pub(crate) async fn show_link(
    State(connector): State<Connector>,
    Path(ticket): Path<String>,
) -> Response {
    let secret = SecretString::from(ticket.clone());
    match connector.look_at_link(&secret).await {
        Ok(page_text) => {
            // A ticket that is known consists of URL-safe base64, so it needs no encoding.
            let template = LinkTemplate { page: page_text, action: format!("/connect/{ticket}") };
            page(StatusCode::OK, Kind::WithButton, &template)
        }
        Err(error) => refuse(&error, &connector),
    }
}

/// Use the link up and go to the vendor
#[utoipa::path(
    post,
    path = "/connect/{ticket}",
    tag = "pages",
    params(("ticket" = String, Path, description = "The secret part of a one-time link",
        example = "b25lVGltZUxpbmtPZkZvcnR5VGhyZWVDaGFyYWN0ZXJz")),
    responses(
        (status = 303, description = "To the vendor's consent page, with a cookie that ties the \
            consent to this browser"),
        (status = 400, description = "Sent by another site's page", body = String,
            content_type = "text/html"),
        (status = 410, description = "The link was used or has expired", body = String,
            content_type = "text/html"),
    )
)]
pub(crate) async fn follow_link(
    State(connector): State<Connector>,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !is_own(&headers) {
        return refuse(&ConnectError::Mismatch, &connector);
    }
    let begun = {
        let connector = connector.clone();
        detached(async move { connector.follow_link(&SecretString::from(ticket)).await }).await
    };
    let begun = match begun {
        Some(Ok(begun)) => begun,
        Some(Err(error)) => return refuse(&error, &connector),
        None => return fail(&connector),
    };
    let location = HeaderValue::from_str(begun.url.as_str()).ok();
    match location.zip(cookie::set(&begun.browser)) {
        Some((location, cookie)) => {
            let headers = [(LOCATION, location), (SET_COOKIE, cookie)];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        None => fail(&connector),
    }
}

fn fail(connector: &Connector) -> Response {
    let outcome = Outcome::failed(Reason::Here);
    connected::render(StatusCode::INTERNAL_SERVER_ERROR, &outcome, connector)
}

/// The page for a link that does not work.
fn refuse(error: &ConnectError, connector: &Connector) -> Response {
    let reason = Reason::from(error);
    let status = match reason {
        Reason::Expired => StatusCode::GONE,
        Reason::NotConfigured | Reason::Here => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    connected::render(status, &Outcome::failed(reason), connector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oa_03_the_page_names_the_receiving_account_and_what_will_be_read() {
        let page = LinkPage {
            account: "a•••@example.com".to_owned(),
            vendor: "Fitbit (Google Health)",
            reads: vec!["Steps, distance and calories".to_owned(), "Heart rate".to_owned()],
        };
        let html = LinkTemplate { page, action: "/connect/abc".to_owned() }.render().unwrap();
        insta::assert_snapshot!(html);
    }
}
