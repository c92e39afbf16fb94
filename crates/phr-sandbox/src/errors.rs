//! Error answers as Google words and shapes them (AIP-193, RFC 6749).

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::faults::{Fault, FaultKind};

/// Domain of the service's own reasons.
const SERVICE: &str = "health.googleapis.com";
/// Domain of the front end's reasons.
const FRONT_END: &str = "googleapis.com";

/// A refusal of the Health API.
#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    name: &'static str,
    message: String,
    details: Vec<Value>,
    headers: Vec<(HeaderName, String)>,
}

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    fn new(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into(), details: Vec::new(), headers: Vec::new() }
    }

    /// 400 without details.
    pub(crate) fn invalid() -> Self {
        Self::new(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
    }

    /// 400 with the service's reason.
    pub(crate) fn invalid_because(reason: &str, message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message).because(SERVICE, reason, json!({}))
    }

    /// 400 of the JSON front end, which names the field.
    pub(crate) fn bad_field(field: &str, description: impl Into<String>) -> Self {
        let description = description.into();
        let mut error = Self::new(400, "INVALID_ARGUMENT", description.clone());
        error.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{ "field": field, "description": description }],
        }));
        error
    }

    /// 400 with metadata next to the reason.
    pub(crate) fn invalid_with(reason: &str, message: impl Into<String>, metadata: Value) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message).because(SERVICE, reason, metadata)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "NOT_FOUND", "Requested entity was not found.").because(
            SERVICE,
            "RESOURCE_NOT_FOUND",
            json!({}),
        )
    }

    pub(crate) fn credentials_missing(method: &str) -> Self {
        let message = "Request is missing required authentication credential. Expected OAuth 2 \
                       access token, login cookie or other valid authentication credential. See \
                       https://developers.google.com/identity/sign-in/web/devconsole-project.";
        Self::new(401, "UNAUTHENTICATED", message)
            .because(FRONT_END, "CREDENTIALS_MISSING", rpc(method))
            .challenge("")
    }

    pub(crate) fn token_invalid() -> Self {
        let message = "Request had invalid authentication credentials. Expected OAuth 2 access \
                       token, login cookie or other valid authentication credential. See \
                       https://developers.google.com/identity/sign-in/web/devconsole-project.";
        Self::new(401, "UNAUTHENTICATED", message).challenge(", error=\"invalid_token\"")
    }

    pub(crate) fn api_key(method: &str) -> Self {
        let message = "API keys are not supported by this API. Expected OAuth2 access token or \
                       other authentication credentials that assert a principal. See \
                       https://cloud.google.com/docs/authentication";
        Self::new(401, "UNAUTHENTICATED", message)
            .because(FRONT_END, "CREDENTIALS_MISSING", rpc(method))
            .challenge("")
    }

    /// The front end: the token has none of the method's scopes.
    pub(crate) fn scope_insufficient(method: &str) -> Self {
        Self::new(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.")
            .because(FRONT_END, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", rpc(method))
            .challenge(", error=\"insufficient_scope\"")
    }

    /// The service: the scope of the data type is missing.
    pub(crate) fn missing_scope() -> Self {
        Self::new(
            403,
            "PERMISSION_DENIED",
            "The caller does not have the OAuth scope required for this data type.",
        )
        .because(SERVICE, "MISSING_OAUTH_SCOPE", json!({}))
    }

    pub(crate) fn disallowed_scopes(scopes: &[&str]) -> Self {
        Self::new(403, "PERMISSION_DENIED", "Request contains disallowed OAuth scope(s).").because(
            SERVICE,
            "DISALLOWED_OAUTH_SCOPES",
            json!({ "disallowed_scopes": scopes.join(",") }),
        )
    }

    pub(crate) fn permission_denied() -> Self {
        Self::new(403, "PERMISSION_DENIED", "The caller does not have permission").because(
            SERVICE,
            "RESOURCE_PERMISSION_DENIED",
            json!({}),
        )
    }

    pub(crate) fn precondition(message: &str) -> Self {
        Self::new(400, "FAILED_PRECONDITION", message)
    }

    pub(crate) fn already_exists() -> Self {
        Self::new(409, "ALREADY_EXISTS", "Requested entity already exists.")
    }

    pub(crate) fn not_linked() -> Self {
        Self::new(400, "FAILED_PRECONDITION", "The account is not linked to Google Health.")
            .because(
                SERVICE,
                "ACCOUNT_NOT_LINKED",
                json!({ "redirect_uri": "https://fitbit.google.com/auth/signup" }),
            )
    }

    pub(crate) fn no_profile() -> Self {
        Self::new(412, "FAILED_PRECONDITION", "Precondition check failed.")
    }

    pub(crate) fn exhausted(retry_after: Option<u32>) -> Self {
        let message = "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute \
                       per user' of service 'health.googleapis.com'.";
        let mut error = Self::new(429, "RESOURCE_EXHAUSTED", message).because(
            FRONT_END,
            "RATE_LIMIT_EXCEEDED",
            json!({ "service": SERVICE }),
        );
        if let Some(seconds) = retry_after {
            error.headers.push((header::RETRY_AFTER, seconds.to_string()));
        }
        error
    }

    fn of_status(status: u16) -> Self {
        let (name, message) = match status {
            429 => return Self::exhausted(None),
            401 => return Self::token_invalid(),
            403 => return Self::permission_denied(),
            404 => return Self::not_found(),
            503 => ("UNAVAILABLE", "The service is currently unavailable."),
            504 => ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
            500..=599 => ("INTERNAL", "Internal error encountered."),
            _ => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
        };
        Self::new(status, name, message)
    }

    fn because(mut self, domain: &str, reason: &str, metadata: Value) -> Self {
        let mut info = json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": domain,
        });
        if metadata.as_object().is_some_and(|members| !members.is_empty()) {
            info["metadata"] = metadata;
        }
        self.details.push(info);
        self
    }

    fn challenge(mut self, error: &str) -> Self {
        let value = format!("Bearer realm=\"https://accounts.google.com/\"{error}");
        self.headers.push((header::WWW_AUTHENTICATE, value));
        self
    }

    /// The reason of the first `ErrorInfo`.
    #[cfg(test)]
    pub(crate) fn reason(&self) -> &str {
        self.details.first().and_then(|info| info["reason"].as_str()).unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    fn body(&self) -> Value {
        let mut error =
            json!({ "code": self.status, "message": self.message, "status": self.name });
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        json!({ "error": error })
    }
}

fn rpc(method: &str) -> Value {
    json!({
        "service": SERVICE,
        "method": format!("google.devicesandservices.health.v4.{method}"),
    })
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let text = serde_json::to_string_pretty(&self.body()).unwrap_or_default();
        let mut response = json_text(self.status, text);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

/// JSON as Google labels it.
pub(crate) fn json_text(status: u16, text: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json; charset=UTF-8")];
    (status_code(status), kind, text).into_response()
}

pub(crate) fn html(status: u16, text: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html; charset=UTF-8")];
    (status_code(status), kind, text).into_response()
}

/// What Google's front end says to a path it does not know.
pub(crate) fn unknown_path() -> Response {
    html(404, google_page(404, "Not Found", "The requested URL was not found on this server."))
}

fn google_page(status: u16, title: &str, text: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  \
         <title>Error {status} ({title})!!1</title>\n  <p><b>{status}.</b> <ins>That\u{2019}s an \
         error.</ins>\n  <p>{text} <ins>That\u{2019}s all we know.</ins>\n"
    )
}

/// An error of RFC 6749 section 5.2 or RFC 7009.
pub(crate) fn token_error(status: u16, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    (status_code(status), Json(body)).into_response()
}

/// Carries out a fault that any endpoint can suffer before it answers.
pub(crate) async fn for_any_endpoint(fault: &Fault) -> Option<Response> {
    match fault.kind {
        FaultKind::Latency => {
            tokio::time::sleep(Duration::from_millis(fault.ms.unwrap_or(1_000))).await;
            None
        }
        FaultKind::RateLimit => Some(ApiError::exhausted(fault.retry_after).into_response()),
        FaultKind::Status => Some(ApiError::of_status(fault.status.unwrap_or(500)).into_response()),
        FaultKind::HtmlError => {
            let status = fault.status.unwrap_or(502);
            let text = "The server encountered a temporary error and could not complete your \
                        request.";
            Some(html(status, google_page(status, "Server Error", text)))
        }
        FaultKind::GarbageBody => Some(json_text(200, "{\"dataPoints\":[{\"heartR".to_owned())),
        FaultKind::EmptyBody => Some(json_text(200, String::new())),
        FaultKind::EmptyObject => Some(json_text(200, "{}".to_owned())),
        FaultKind::CutBody => Some(cut(json_text(200, "{\"cut\":".repeat(64))).await),
        _ => None,
    }
}

/// Announces the whole body and closes the connection half-way.
pub(crate) async fn cut(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let announced = bytes.len().max(2);
    let half = bytes.slice(..bytes.len() / 2);
    let closed = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut on purpose");
    let chunks = futures_util::stream::iter([Ok(half), Err(closed)]);
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(announced));
    Response::from_parts(parts, Body::from_stream(chunks))
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The token of `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}
