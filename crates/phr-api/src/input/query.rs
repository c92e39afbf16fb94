//! The query string as an [`Input`].

use axum::{extract::FromRequestParts, http::request::Parts};

use super::fields::{Fields, Input, Place, Today};
use crate::{error::ApiError, state::ApiState};

/// Longest query string that is looked at (IN-01).
const LONGEST_QUERY: usize = 8 * 1024;

/// The query string's parameters.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: Input> FromRequestParts<ApiState> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        if query.len() > LONGEST_QUERY {
            return Err(ApiError::Malformed("The query string may have 8 KiB at most"));
        }
        let mut fields = Fields::new(Place::Query, Today::of(state));
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            fields.take_in(&name, value.into_owned(), T::NAMES);
        }
        fields.finish().map(Self)
    }
}
