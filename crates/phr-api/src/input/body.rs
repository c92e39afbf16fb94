//! A JSON body as an [`Input`]: one flat object of texts and lists of texts.

use std::fmt;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use super::{
    fields::{Fields, Input, Place, Today},
    scan::oddity,
};
use crate::{error::ApiError, state::ApiState};

/// The fields of a JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: Input> FromRequest<ApiState> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, ApiError> {
        let today = Today::of(state);
        if T::MAY_BE_ABSENT && !request.headers().contains_key(header::CONTENT_TYPE) {
            return Fields::new(Place::Body, today).finish().map(Self);
        }
        if !is_plain_json(request.headers()) {
            return Err(ApiError::NotJson);
        }
        // The body-limit layer is the only reason for a readable connection to fail here.
        let bytes = Bytes::from_request(request, state).await.map_err(|_| ApiError::TooLarge)?;
        if let Some(odd) = oddity(&bytes) {
            return Err(ApiError::whole_body(odd.advice()));
        }
        let object: Object = serde_json::from_slice(&bytes).map_err(|error| refusal(&error))?;
        let mut fields = Fields::new(Place::Body, today);
        for (name, value) in object.0 {
            match value {
                Value::String(text) if !T::LISTS.contains(&name.as_str()) => {
                    fields.take_in(&name, text, T::NAMES);
                }
                Value::Array(items) if T::LISTS.contains(&name.as_str()) => {
                    match items.into_iter().map(text).collect() {
                        Some(texts) => fields.take_in_list(&name, texts),
                        None => fields.fail(&name, "a JSON array of strings"),
                    }
                }
                _ if T::LISTS.contains(&name.as_str()) && !value.is_null() => {
                    fields.fail(&name, "a JSON array of strings");
                }
                // Null is how clients spell "not given".
                Value::Null if T::NAMES.contains(&name.as_str()) => {}
                _ if T::NAMES.contains(&name.as_str()) => fields.fail(&name, "a JSON string"),
                _ => fields.take_in(&name, String::new(), T::NAMES),
            }
        }
        fields.finish().map(Self)
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Declared as JSON, in UTF-8, and not compressed (IN-02).
fn is_plain_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = declared.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
        && !headers.contains_key(header::CONTENT_ENCODING)
}

fn refusal(error: &serde_json::Error) -> ApiError {
    if error.is_data() {
        return ApiError::BadBody("The body must be one JSON object");
    }
    ApiError::BadBody("The body is not valid JSON")
}

/// An object as a list, so that a repeated name is seen instead of overwritten.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Object(entries))
    }
}
