//! The cookie that ties a consent to the browser in which it began (OA-04).

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use secrecy::{ExposeSecret, SecretString};

/// The prefix makes browsers refuse the cookie from anywhere but this very host over a secure
/// channel (or loopback). The API sets the same one when it answers a browser directly.
const NAME: &str = "__Host-phr-connect";

/// Longest value that is looked at.
const LONGEST: usize = 128;

/// `Set-Cookie` for a consent that begins: 10 minutes, as long as its state lives.
pub(crate) fn set(browser: &SecretString) -> Option<HeaderValue> {
    let cookie = format!(
        "{NAME}={}; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax",
        browser.expose_secret()
    );
    HeaderValue::from_str(&cookie).ok()
}

/// `Set-Cookie` for a consent that ended.
pub(crate) fn clear() -> HeaderValue {
    HeaderValue::from_static(
        "__Host-phr-connect=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax",
    )
}

/// The cookie's value, if the browser sent it exactly once.
pub(crate) fn read(headers: &HeaderMap) -> Option<SecretString> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == NAME)
        .map(|(_, value)| value);
    let value = values.next()?;
    let alone = values.next().is_none();
    (alone && value.len() <= LONGEST).then(|| SecretString::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(line: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static(line));
        read(&headers).map(|value| value.expose_secret().to_owned())
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        assert_eq!(read_from("a=b; __Host-phr-connect=x-Y_1; c=d"), Some("x-Y_1".to_owned()));
        assert_eq!(read_from("phr-connect=x"), None);
    }

    #[test]
    fn a_cookie_that_came_twice_counts_as_none() {
        assert_eq!(read_from("__Host-phr-connect=a; __Host-phr-connect=b"), None);
    }

    #[test]
    fn ou_04_the_cookie_is_only_for_this_host_and_not_for_scripts() {
        let cookie = set(&SecretString::from("value")).unwrap();
        insta::assert_snapshot!(
            cookie.to_str().unwrap(),
            @"__Host-phr-connect=value; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax"
        );
    }
}
