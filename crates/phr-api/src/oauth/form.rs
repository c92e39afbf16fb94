//! Parameters of OAuth: of an address, or of a form.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use url::form_urlencoded;

/// Parameters by name. One without a value counts as one that is not there (RFC 6749 section 3.1).
#[derive(Debug, Default)]
pub(super) struct Parameters(BTreeMap<String, Vec<String>>);

impl Parameters {
    /// Reads `name=value&...`.
    pub(super) fn parse(text: &[u8]) -> Self {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text).filter(|(_, value)| !value.is_empty()) {
            parameters.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Self(parameters)
    }

    /// All values of `name`.
    pub(super) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value of `name`, if it was given, and given once.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        match self.all(name) {
            [value] => Some(value),
            _ => None,
        }
    }

    /// The first of `names` that was given several times, which none may be (RFC 6749 section 3.1).
    pub(super) fn repeated<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().find(|name| self.all(name).len() > 1).copied()
    }
}

/// Whether the body is a form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_value_is_not_there_and_what_came_twice_is_told() {
        let parameters = Parameters::parse(b"a=1&b=&c=2&c=3&d=x%20y");
        assert_eq!(parameters.one("a"), Some("1"));
        assert_eq!(parameters.one("b"), None);
        assert_eq!(parameters.one("c"), None);
        assert_eq!(parameters.one("d"), Some("x y"));
        assert_eq!(parameters.repeated(&["a", "b"]), None);
        assert_eq!(parameters.repeated(&["a", "c"]), Some("c"));
    }
}
