//! What apps are told when something is wrong (RFC 6749 section 5.2): JSON of its own form.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use phr_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{error::ApiError, layer::finish::Finished};

/// Why an app's request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "error": "invalid_grant",
    "error_description": "This code does not work. Ask the person again."
}))]
pub struct OauthError {
    /// One of the codes of RFC 6749.
    #[schema(value_type = String)]
    pub error: &'static str,
    /// For developers.
    #[schema(value_type = String)]
    pub error_description: &'static str,
}

impl OauthError {
    /// The request lacks something, or has it twice.
    pub(super) fn request(error_description: &'static str) -> Self {
        Self { error: "invalid_request", error_description }
    }

    /// The app is not who it says it is.
    pub(super) fn client(error_description: &'static str) -> Self {
        Self { error: "invalid_client", error_description }
    }

    /// Code or refresh token do not work.
    pub(super) fn grant(error_description: &'static str) -> Self {
        Self { error: "invalid_grant", error_description }
    }
}

/// Why an endpoint for apps fails.
#[derive(Debug)]
pub enum Failure {
    /// The app is told in OAuth's form.
    Oauth(OauthError),
    /// The server cannot answer.
    Api(ApiError),
}

impl From<OauthError> for Failure {
    fn from(error: OauthError) -> Self {
        Self::Oauth(error)
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Api(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let error = match self {
            Self::Api(error) => return error.into_response(),
            Self::Oauth(error) => error,
        };
        let unknown = error.error == "invalid_client";
        let status = if unknown { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let mut response = (status, Json(error)).into_response();
        response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        if unknown {
            let basic = HeaderValue::from_static(r#"Basic realm="phr""#);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        }
        response.extensions_mut().insert(Finished);
        response
    }
}
