//! Which app it is that asks: by its id alone, or with its secret (RFC 6749 section 2.3.1).

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use phr_store::{account::SecretHash, app::App};
use phr_sync::entropy::hash_text;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use super::{
    error::{Failure, OauthError},
    form::{Parameters, is_form},
};
use crate::state::ApiState;

/// What an app says it is.
struct Presented {
    id: String,
    secret: Option<SecretHash>,
}

/// Reads a form and finds the app that sent it. A public app is known by its id; an app with a secret
/// must show it, in the Authorization header or in the form.
///
/// # Errors
/// `invalid_request` and `invalid_client`.
pub(super) async fn called(
    state: &ApiState,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(App, Parameters), Failure> {
    if !is_form(headers) {
        let form = "Send a form: Content-Type: application/x-www-form-urlencoded";
        return Err(OauthError::request(form).into());
    }
    let form = Parameters::parse(body);
    let presented = presented(headers, &form)?;
    let unknown = OauthError::client("There is no such app, or this is not its secret");
    let id = presented.id.parse().map_err(|_| unknown)?;
    let app = state.store.app(id).await?.ok_or(unknown)?;
    let is_itself = match (app.secret, presented.secret) {
        (None, None) => true,
        (Some(kept), Some(shown)) => kept.ct_eq(&shown).into(),
        _ => false,
    };
    if is_itself { Ok((app, form)) } else { Err(unknown.into()) }
}

fn presented(headers: &HeaderMap, form: &Parameters) -> Result<Presented, OauthError> {
    if form.repeated(&["client_id", "client_secret"]).is_some() {
        return Err(OauthError::request("client_id and client_secret are given once only"));
    }
    let named = form.one("client_id");
    match (basic(headers)?, form.one("client_secret")) {
        (Some(_), Some(_)) => Err(OauthError::request("Show the secret in one place only")),
        (Some((id, _)), None) if named.is_some_and(|named| named != id) => {
            Err(OauthError::request("client_id is not that of the Authorization header"))
        }
        (Some((id, secret)), None) => Ok(Presented { id, secret: Some(hash_text(&secret)) }),
        (None, secret) => {
            let id = named.ok_or(OauthError::client("client_id is missing"))?.to_owned();
            Ok(Presented { id, secret: secret.map(hash_text) })
        }
    }
}

/// Id and secret of the Authorization header, if it is a Basic one. Both are encoded as in forms.
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OauthError> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some((scheme, credentials)) = value.and_then(|value| value.split_once(' ')) else {
        return Ok(None);
    };
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let unreadable = OauthError::client("The Authorization header cannot be read");
    let decoded = STANDARD.decode(credentials.trim()).map_err(|_| unreadable)?;
    let decoded = String::from_utf8(decoded).map_err(|_| unreadable)?;
    let (id, secret) = decoded.split_once(':').ok_or(unreadable)?;
    Ok(Some((decode(id), decode(secret))))
}

fn decode(text: &str) -> String {
    // A name without a value: what stands before the first `=`, of which there is none unencoded.
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    pairs.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(header: &str, form: &str) -> Result<(String, bool), &'static str> {
        let mut headers = HeaderMap::new();
        if !header.is_empty() {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        }
        let read = presented(&headers, &Parameters::parse(form.as_bytes()));
        read.map(|it| (it.id, it.secret.is_some())).map_err(|error| error.error)
    }

    #[test]
    fn an_app_says_who_it_is_in_one_place() {
        let id = || "a".to_owned();
        assert_eq!(read("", "client_id=a"), Ok((id(), false)));
        assert_eq!(read("", "client_id=a&client_secret=s"), Ok((id(), true)));
        assert_eq!(read("Basic YTpz", ""), Ok((id(), true)));
        assert_eq!(read("basic YTpz", "client_id=a"), Ok((id(), true)));
        assert_eq!(read("Bearer YTpz", "client_id=a"), Ok((id(), false)));
        assert_eq!(read("Basic YTpz", "client_id=b"), Err("invalid_request"));
        assert_eq!(read("Basic YTpz", "client_id=a&client_secret=s"), Err("invalid_request"));
        assert_eq!(read("", "client_id=a&client_id=a"), Err("invalid_request"));
        assert_eq!(read("Basic !", "client_id=a"), Err("invalid_client"));
        assert_eq!(read("", ""), Err("invalid_client"));
    }
}
