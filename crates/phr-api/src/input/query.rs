//! The query string as an [`Input`].

use axum::{extract::FromRequestParts, http::request::Parts};

use super::fields::{Fields, Input, Place, Today};
use crate::{error::ApiError, state::ApiState};

/// The query string's parameters.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: Input> FromRequestParts<ApiState> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        let mut fields = Fields::new(Place::Query, Today::of(state));
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            fields.take_in(&name, value.into_owned(), T::NAMES);
        }
        fields.finish().map(Self)
    }
}
