//! Refusals as the Web API words and shapes them (page "Error Messages").
//!
//! Like the original, messages quote tokens and headers: a client must never log them.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::mood::Retired;
use crate::errors::{html, json_text};

/// One error of the envelope `{"errors":[...],"success":false}`.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    field: Option<&'static str>,
    message: String,
    /// Validation errors and 429 come without `success`.
    success: bool,
}

pub(super) type Outcome<T> = Result<T, Refusal>;

impl Refusal {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, field: None, message: message.into(), success: true }
    }

    pub(super) fn expired_token(token: &str) -> Self {
        Self::new(401, "expired_token", format!("Access token expired: {token}"))
    }

    pub(super) fn invalid_token(token: &str) -> Self {
        Self::new(401, "invalid_token", format!("Access token invalid: {token}"))
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "invalid_request", "Authorization header required.")
    }

    /// Quotes the whole header.
    pub(super) fn invalid_client(header: &str) -> Self {
        let text = format!(
            "Invalid authorization header format. The header was not recognized to be a valid \
             header for any of known implementations or a client_id was not specified in case of \
             a public client Received header = {header}"
        );
        Self::new(401, "invalid_client", text)
    }

    pub(super) fn unknown_client(client: &str) -> Self {
        Self::new(401, "invalid_client", format!("Invalid client: {client}"))
    }

    pub(super) fn invalid_grant(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_grant", message)
    }

    pub(super) fn missing(parameter: &str) -> Self {
        Self::new(400, "invalid_request", format!("Missing parameters: {parameter}"))
    }

    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", message)
    }

    pub(super) fn unsupported_grant(given: &str) -> Self {
        Self::new(400, "unsupported_grant_type", format!("Unsupported grant type: {given}"))
    }

    pub(super) fn validation(field: &'static str, message: impl Into<String>) -> Self {
        let error = Self::new(400, "validation", message);
        Self { field: Some(field), success: false, ..error }
    }

    /// Says the same as a validation error about the range, if it is far too long.
    pub(super) fn too_many_points() -> Self {
        let text = "The number of data points queried exceeds limit.";
        Self { status: 422, ..Self::validation("Request", text) }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "not_found", "The API you are requesting could not be found.")
    }

    pub(super) fn insufficient_scope(area: &str) -> Self {
        let text = format!("This application does not have permission to access {area} data.");
        Self::new(403, "insufficient_scope", text)
    }

    pub(super) fn insufficient_permissions() -> Self {
        let text = "API client is not authorized by Fitbit to access the resource requested. Visit \
                    dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API \
                    authorization process.";
        Self::new(403, "insufficient_permissions", text)
    }

    pub(super) fn conflict(message: &str) -> Self {
        Self::new(409, "request", message)
    }

    pub(super) fn too_many() -> Self {
        let error = Self::new(429, "system", "Too Many Requests");
        Self { field: Some("n/a"), success: false, ..error }
    }

    pub(super) fn server_fault(status: u16) -> Self {
        let text = "An error occurred while processing your request. Error id: SANDBOX-0001";
        let error = Self::new(status, "request", text);
        Self { field: Some("500"), ..error }
    }

    /// The error of a status that was asked for.
    pub(super) fn of_status(status: u16, token: &str) -> Self {
        match status {
            401 => Self::invalid_token(token),
            403 => Self::insufficient_permissions(),
            404 => Self::not_found(),
            409 => Self::conflict("The request conflicts with another one."),
            429 => Self::too_many(),
            500..=599 => Self::server_fault(status),
            _ => Self { status, ..Self::invalid_request("The request cannot be processed.") },
        }
    }

    fn body(&self) -> Value {
        let mut error = json!({ "errorType": self.kind, "message": self.message });
        if let Some(field) = self.field {
            error["fieldName"] = json!(field);
        }
        let mut body = json!({ "errors": [error] });
        if self.success {
            body["success"] = json!(false);
        }
        body
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        json_text(self.status, self.body().to_string())
    }
}

/// Google's front end, which stood before Fitbit's since April 2026, now and then refused requests
/// that nothing was wrong with.
pub(super) fn front_end_denial() -> Response {
    let message = "The caller does not have permission";
    let error = json!({ "code": 403, "message": message, "status": "PERMISSION_DENIED" });
    let server = [(header::SERVER, "ESF")];
    (StatusCode::FORBIDDEN, server, Json(json!({ "error": error }))).into_response()
}

/// What proxies and maintenance answer.
pub(super) fn maintenance(status: u16) -> Response {
    let text = "Fitbit is scaling the servers. We will be back shortly.";
    html(status, page(&format!("{status} - Fitbit"), text))
}

/// 411 comes from the web server, not from the API.
pub(super) fn length_required() -> Response {
    html(411, page("411 Length Required", "A Content-Length is required."))
}

/// After the end: 410, in one of three forms.
pub(super) fn gone(form: Retired) -> Response {
    let text = "The Fitbit Web API is no longer available. Use the Google Health API.";
    match form {
        Retired::Json => Refusal::new(410, "system", text).into_response(),
        Retired::Html => html(410, page("410 Gone", text)),
        Retired::Empty => StatusCode::GONE.into_response(),
    }
}

fn page(title: &str, text: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\
         </head>\n<body><h1>{title}</h1><p>{text}</p></body>\n</html>\n"
    )
}
