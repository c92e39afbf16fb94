//! Search parameters as they came, and those that were used.

use axum::http::{HeaderMap, request::Parts};
use url::form_urlencoded;

use crate::error::ApiError;

/// Parameters of one request at most.
const MOST: usize = 100;

/// Values of one parameter at most, between its commas.
const MOST_VALUES: usize = 200;

/// Parameters in their order: `(name, value)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Those of the address.
    pub(super) fn of_address(parts: &Parts) -> Result<Self, ApiError> {
        Self::default().and(parts.uri.query().unwrap_or_default().as_bytes())
    }

    /// With those of a form behind.
    pub(super) fn and(mut self, form: &[u8]) -> Result<Self, ApiError> {
        for (name, value) in form_urlencoded::parse(form) {
            if value.contains(char::is_control) || name.contains(char::is_control) {
                return Err(ApiError::BadSearch("no control characters in parameters".to_owned()));
            }
            self.0.push((name.into_owned(), value.into_owned()));
        }
        if self.0.len() > MOST {
            return Err(ApiError::BadSearch(format!("{MOST} parameters at most")));
        }
        Ok(self)
    }

    /// The first value of `name`.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of `name`.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(it, _)| it == name).map(|(_, value)| &**value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// As they stand in an address.
    pub(super) fn encoded(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(self.iter());
        form.finish()
    }
}

/// Whether the client wants parameters refused that we do not know.
pub(super) fn is_strict(headers: &HeaderMap) -> bool {
    let prefer = headers.get_all("prefer").iter().filter_map(|it| it.to_str().ok());
    prefer.flat_map(|it| it.split([',', ';'])).any(|it| it.trim() == "handling=strict")
}

/// The values between the commas; `\,` is a comma in a value.
pub(super) fn values(name: &str, list: &str) -> Result<Vec<String>, ApiError> {
    let mut values = vec![String::new()];
    let mut escaped = false;
    for c in list.chars() {
        match (c, escaped) {
            ('\\', false) => escaped = true,
            (',', false) => values.push(String::new()),
            (c, _) => {
                if let Some(value) = values.last_mut() {
                    value.push(c);
                }
                escaped = false;
            }
        }
    }
    if values.iter().any(String::is_empty) {
        return Err(ApiError::BadSearch(format!("{name}: a value is missing")));
    }
    if values.len() > MOST_VALUES {
        return Err(ApiError::BadSearch(format!("{name}: {MOST_VALUES} values at most")));
    }
    Ok(values)
}
