//! `GET /integrations/fitbit/callback`: the vendor sends the browser back.
//!
//! Order of checks: parameters given once and of sensible size, then the state is consumed, then
//! everything else (see [`Connector::finish`]). No text from outside is ever shown.

use axum::{
    extract::{RawQuery, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{LOCATION, SET_COOKIE},
    },
    response::{IntoResponse, Response},
};
use phr_model::FITBIT;
use phr_sync::{Callback, Connector, Finished};
use secrecy::SecretString;
use tracing::Instrument;
use url::form_urlencoded;

use crate::{
    confirm, connected, cookie,
    result::{Outcome, Reason},
};

/// Longest query that is looked at (IN-01).
const LONGEST_QUERY: usize = 8 * 1024;

/// Receive the vendor's answer
///
/// The vendor sends the browser here. The answer is a redirect to a clean address, so that the code
/// leaves the address bar; or a page that asks first, if connecting began in another browser.
#[utoipa::path(
    get,
    path = "/integrations/fitbit/callback",
    tag = "pages",
    params(
        ("state" = String, Query, description = "The state of the request", example = "af0ifjsldkj"),
        ("code" = Option<String>, Query, description = "The code, if permission was given",
            example = "4/P7q7W91a-oMsCeLvIaQm6bTrgtp7"),
        ("error" = Option<String>, Query, description = "Why not, if not",
            example = "access_denied"),
        ("iss" = Option<String>, Query, description = "Who answers (RFC 9207)",
            example = "https://accounts.google.com"),
    ),
    responses(
        (status = 303, description = "To the result page"),
        (status = 200, description = "A page that asks whether the receiving account is one's own",
            body = String, content_type = "text/html", example = "<!doctype html>"),
        (status = 400, description = "The answer does not fit, or was used or has expired",
            body = String, content_type = "text/html"),
    )
)]
pub(crate) async fn callback(
    State(connector): State<Connector>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(callback) = read(&query.unwrap_or_default()) else {
        return with_error(Reason::Mismatch, &connector);
    };
    let browser = cookie::read(&headers);
    let done = {
        let connector = connector.clone();
        detached(async move { connector.finish(FITBIT, callback, browser.as_ref()).await }).await
    };
    match done {
        Some(Ok(Finished::Ask { confirmation, page })) => confirm::ask(page, &confirmation),
        Some(Ok(finished)) => match Outcome::of(&finished, &connector) {
            Some(outcome) => to_result(&outcome),
            None => with_error(Reason::Here, &connector),
        },
        Some(Err(error)) => {
            tracing::info!(%error, "connecting failed");
            with_error(Reason::from(&error), &connector)
        }
        None => with_error(Reason::Here, &connector),
    }
}

/// The parameters that matter, each given once (OA-08). Google adds others, which are ignored.
fn read(query: &str) -> Option<Callback> {
    if query.len() > LONGEST_QUERY {
        return None;
    }
    let mut callback = Callback::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = value.into_owned();
        let repeated = match &*name {
            "code" => callback.code.replace(SecretString::from(value)).is_some(),
            "state" => callback.state.replace(SecretString::from(value)).is_some(),
            "error" => callback.error.replace(value).is_some(),
            "iss" => callback.issuer.replace(value).is_some(),
            _ => false,
        };
        if repeated {
            return None;
        }
    }
    Some(callback)
}

/// Runs a use case to its end even if the browser hangs up. None if it panicked.
pub(crate) async fn detached<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    tokio::spawn(work.in_current_span()).await.ok()
}

/// On to the clean address; the cookie has done its work.
pub(crate) fn to_result(outcome: &Outcome) -> Response {
    let Ok(location) = HeaderValue::from_str(&outcome.address()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [(LOCATION, location), (SET_COOKIE, cookie::clear())];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// What does not fit or has expired is refused on the spot; any other failure ends on the result
/// page.
pub(crate) fn with_error(reason: Reason, connector: &Connector) -> Response {
    let outcome = Outcome::failed(reason);
    match reason {
        Reason::Mismatch | Reason::Expired => {
            connected::render(StatusCode::BAD_REQUEST, &outcome, connector)
        }
        _ => to_result(&outcome),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oa_08_a_parameter_that_came_twice_is_refused() {
        for query in [
            "state=a&state=a&code=b",
            "state=a&code=b&code=b",
            "state=a&error=x&error=y",
            "state=a&code=b&iss=x&iss=x",
        ] {
            assert!(read(query).is_none(), "{query}");
        }
    }

    #[test]
    fn what_google_adds_is_ignored() {
        let callback = read("state=a&code=b&scope=x&authuser=0&prompt=consent").unwrap();
        assert!(callback.code.is_some() && callback.error.is_none());
    }
}
