//! `POST /connect/confirm`: the person has seen which account would receive the readings and says
//! that it is theirs.

use askama::Template;
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use phr_sync::{Connector, LinkPage};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use crate::{
    callback::{detached, to_result, with_error},
    connected,
    origin::is_own,
    page::{Kind, page},
    result::{Outcome, Reason},
};

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmTemplate<'a> {
    page: LinkPage,
    confirmation: &'a str,
}

/// The page that asks.
pub(crate) fn ask(text: LinkPage, confirmation: &SecretString) -> Response {
    let template = ConfirmTemplate { page: text, confirmation: confirmation.expose_secret() };
    page(StatusCode::OK, Kind::WithButton, &template)
}

/// Connect although another browser began it
#[utoipa::path(
    post,
    path = "/connect/confirm",
    tag = "pages",
    request_body(
        content = String,
        content_type = "application/x-www-form-urlencoded",
        description = "`confirmation`: the secret of the page's form",
        example = "confirmation=b25lVGltZUNvbmZpcm1hdGlvbg"
    ),
    responses(
        (status = 303, description = "To the result page"),
        (status = 400, description = "Used or expired", body = String, content_type = "text/html"),
    )
)]
pub(crate) async fn confirm(
    State(connector): State<Connector>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(confirmation) = read(&body).filter(|_| is_own(&headers)) else {
        let outcome = Outcome::failed(Reason::Mismatch);
        return connected::render(StatusCode::BAD_REQUEST, &outcome, &connector);
    };
    let done = {
        let connector = connector.clone();
        detached(async move { connector.confirm(&confirmation).await }).await
    };
    match done {
        Some(Ok(finished)) => match Outcome::of(&finished, &connector) {
            Some(outcome) => to_result(&outcome),
            None => with_error(Reason::Here, &connector),
        },
        Some(Err(error)) => with_error(Reason::from(&error), &connector),
        None => with_error(Reason::Here, &connector),
    }
}

/// The one field of the form, given once.
fn read(body: &[u8]) -> Option<SecretString> {
    let mut fields = form_urlencoded::parse(body);
    let (name, value) = fields.next()?;
    let fits = name == "confirmation" && value.len() <= 128 && fields.next().is_none();
    fits.then(|| SecretString::from(value.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oa_04_the_page_asks_whether_the_receiving_account_is_ones_own() {
        let page = LinkPage {
            account: "e•••@example.com".to_owned(),
            vendor: "Fitbit (Google Health)",
            reads: vec!["Heart rate".to_owned()],
        };
        let html = ConfirmTemplate { page, confirmation: "one-time" }.render().unwrap();
        insta::assert_snapshot!(html);
    }

    #[test]
    fn the_form_has_one_field_given_once() {
        assert!(read(b"confirmation=abc").is_some());
        for body in ["", "confirmation=a&confirmation=b", "other=a", "confirmation=a&x=1"] {
            assert!(read(body.as_bytes()).is_none(), "{body}");
        }
    }
}
