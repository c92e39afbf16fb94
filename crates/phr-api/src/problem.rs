//! Errors as clients see them: RFC 9457 problem documents, the same shape everywhere.
//!
//! A handler answers with a [`Problem`] in the response's extensions and an empty body; the layer
//! [`crate::layer::finish`] writes the document, because only there the request's id is known.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Where in the request a mistake is, and what is allowed there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum FieldError {
    /// In the JSON body.
    Body {
        /// JSON pointer (RFC 6901); empty for the body as a whole.
        #[schema(example = "/email")]
        pointer: String,
        /// What is allowed.
        detail: String,
    },
    /// In the query string.
    Query {
        /// Name of the parameter.
        #[schema(example = "page_size")]
        parameter: String,
        /// What is allowed.
        #[schema(example = "a whole number from 1 to 100")]
        detail: String,
    },
}

impl FieldError {
    /// A mistake in the body as a whole: the empty pointer (RFC 6901, section 5).
    pub fn whole_body(detail: impl Into<String>) -> Self {
        Self::Body { pointer: String::new(), detail: detail.into() }
    }
}

/// The document (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "urn:phr:problem:invalid-input",
    "title": "The request has mistakes",
    "status": 422,
    "detail": "page_size: a whole number from 1 to 100",
    "instance": "urn:uuid:5b1f5c0e-5f5e-4b62-9c53-6a0c3c1f7c55",
    "errors": [{"parameter": "page_size", "detail": "a whole number from 1 to 100"}]
}))]
pub struct ProblemDocument {
    /// Names the kind of problem; stable, made for programs.
    pub r#type: String,
    /// The kind of problem for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// The id of the request, as in the `x-request-id` header and the server's log.
    pub instance: String,
    /// The mistakes, where the request has some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// A problem before it is tied to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// Last part of `type`.
    pub code: &'static str,
    /// The kind of problem for people.
    pub title: &'static str,
    /// What happened this time. Always our own words.
    pub detail: String,
    /// The mistakes of the request.
    pub errors: Vec<FieldError>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A problem with a detail of its own.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { status, code, title, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }

    /// Says that it is the body as a whole that is wrong.
    #[must_use]
    pub fn about_the_body(mut self) -> Self {
        self.errors.push(FieldError::whole_body(self.detail.clone()));
        self
    }

    /// What is said about a status that nobody has said anything about: an unknown route, a method
    /// that is not allowed, a body that a layer refused.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, title, detail) = match status {
            StatusCode::NOT_FOUND => ("not-found", "Not found", "There is nothing at this address"),
            StatusCode::METHOD_NOT_ALLOWED => (
                "method-not-allowed",
                "Method not allowed",
                "This address takes only the methods named in the Allow header",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => {
                ("body-too-large", "Body too large", "A request body may have 256 KiB at most")
            }
            StatusCode::URI_TOO_LONG => {
                ("address-too-long", "Address too long", "An address may have 8 KiB at most")
            }
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (
                "headers-too-large",
                "Headers too large",
                "A request may have 100 header fields and 16 KiB of them at most",
            ),
            StatusCode::SERVICE_UNAVAILABLE => {
                ("busy", "The server is busy", "The server is busy. Please try again shortly.")
            }
            StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => {
                ("timeout", "Too slow", "The answer took too long. Please try again.")
            }
            status if status.is_server_error() => (
                "internal",
                "Internal error",
                "Something went wrong here. The operator finds it under this request's id.",
            ),
            _ => ("bad-request", "Bad request", "The request cannot be understood"),
        };
        let problem = Self::new(status, code, title, detail);
        match status {
            StatusCode::SERVICE_UNAVAILABLE => problem.retry_after(1),
            StatusCode::PAYLOAD_TOO_LARGE => problem.about_the_body(),
            _ => problem,
        }
    }

    /// The document for the request called `request_id`.
    pub fn document(&self, request_id: &str) -> ProblemDocument {
        ProblemDocument {
            r#type: format!("urn:phr:problem:{}", self.code),
            title: self.title.to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            instance: format!("urn:uuid:{request_id}"),
            errors: self.errors.clone(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(r#"Bearer realm="phr", error="invalid_token""#),
            );
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
