//! Request bodies, read as strictly as Google does: an unknown member is refused by name, `null`
//! counts as unset, numbers may be strings.

use serde_json::{Map, Value};

use crate::errors::{ApiError, ApiResult};

/// A JSON object at a path within the body.
#[derive(Debug)]
pub(super) struct Object<'a> {
    path: String,
    members: &'a Map<String, Value>,
}

/// Reads the body's text.
pub(super) fn parse(body: &[u8]) -> ApiResult<Value> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(body)
        .map_err(|error| ApiError::bad_field("", format!("Invalid JSON payload received. {error}")))
}

impl<'a> Object<'a> {
    /// The body itself, which may hold `known` members only.
    pub(super) fn root(value: &'a Value, known: &[&str]) -> ApiResult<Self> {
        Self::at("", value, known)
    }

    fn at(path: &str, value: &'a Value, known: &[&str]) -> ApiResult<Self> {
        let Value::Object(members) = value else {
            return Err(ApiError::bad_field(
                path,
                format!("Invalid value at '{path}', a JSON object was expected."),
            ));
        };
        let unknown = members
            .keys()
            .find(|name| !known.iter().any(|known| known == name || snake_case(known) == **name));
        if let Some(name) = unknown {
            let place = if path.is_empty() { String::new() } else { format!(" at '{path}'") };
            return Err(ApiError::bad_field(
                path,
                format!(
                    "Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find \
                     field."
                ),
            ));
        }
        Ok(Self { path: path.to_owned(), members })
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        let value = self.members.get(name).or_else(|| self.members.get(&snake_case(name)))?;
        (!value.is_null()).then_some(value)
    }

    fn path_of(&self, name: &str) -> String {
        let name = snake_case(name);
        if self.path.is_empty() { name } else { format!("{}.{name}", self.path) }
    }

    pub(super) fn object(&self, name: &str, known: &[&str]) -> ApiResult<Option<Self>> {
        self.get(name).map(|value| Self::at(&self.path_of(name), value, known)).transpose()
    }

    pub(super) fn text(&self, name: &str) -> ApiResult<Option<&'a str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, "TYPE_STRING", other)),
        }
    }

    pub(super) fn int32(&self, name: &str) -> ApiResult<Option<i32>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| self.wrong(name, "TYPE_INT32", value))
    }

    pub(super) fn wrong(&self, name: &str, kind: &str, value: &Value) -> ApiError {
        let path = self.path_of(name);
        ApiError::bad_field(&path, format!("Invalid value at '{path}' ({kind}), {value}"))
    }
}

fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_member_is_named_with_its_place() {
        let body = parse(br#"{"range":{"start":{"year":2026}}}"#).unwrap();
        let root = Object::root(&body, &["range"]).unwrap();
        let range = root.object("range", &["start", "end"]).unwrap().unwrap();
        let error = range.object("start", &["date", "time"]).unwrap_err();
        assert!(
            error.message().contains("Unknown name \"year\" at 'range.start': Cannot find field."),
            "{}",
            error.message()
        );
    }

    #[test]
    fn null_counts_as_unset_and_both_spellings_work() {
        let body = parse(br#"{"pageSize":null,"window_size":"60s","n":"5"}"#).unwrap();
        let root = Object::root(&body, &["pageSize", "windowSize", "n"]).unwrap();
        assert_eq!(root.int32("pageSize").unwrap(), None);
        assert_eq!(root.text("windowSize").unwrap(), Some("60s"));
        assert_eq!(root.int32("n").unwrap(), Some(5));
    }

    #[test]
    fn a_leading_zero_is_not_json() {
        assert!(parse(br#"{"month":08}"#).is_err());
    }
}
