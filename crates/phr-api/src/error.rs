//! Everything a request can fail with, and the one place where a failure becomes a status.

mod sync;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use phr_store::StoreError;
use phr_vendors::{HookRefusal, Strangers, VendorError};

use crate::problem::{FieldError, Problem};

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No valid access token (or, at sign-in and refresh, no valid credentials).
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// A secret was put where it may be logged (TK-13).
    #[error("a token in the query string")]
    TokenInQuery,
    /// The request's fields have mistakes.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// The request does not fit together.
    #[error("{0}")]
    Malformed(&'static str),
    /// The body is not the JSON object that it claims to be.
    #[error("{0}")]
    BadBody(&'static str),
    /// The body is too large.
    #[error("body too large")]
    TooLarge,
    /// The body is not JSON.
    #[error("unsupported media type")]
    NotJson,
    /// The body is not a form.
    #[error("unsupported media type")]
    NotForm,
    /// The client wants something that is not JSON.
    #[error("not acceptable")]
    NotAcceptable,
    /// A parameter of a FHIR search has a mistake.
    #[error("{0}")]
    BadSearch(String),
    /// Nothing there, or not yours.
    #[error("not found")]
    NotFound,
    /// The caller is known and may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The state of things does not allow it.
    #[error("{1}")]
    Conflict(&'static str, &'static str),
    /// The account has no FHIR Patient: an operator's, not a person's.
    #[error("no patient record")]
    NoPatient,
    /// Too many requests; seconds to wait.
    #[error("too many requests")]
    RateLimited(u64),
    /// Too busy; seconds to wait.
    #[error("busy")]
    Busy(u64),
    /// The vendor's credentials are missing.
    #[error("vendor not configured")]
    VendorNotConfigured,
    /// The vendor failed.
    #[error(transparent)]
    Vendor(VendorError),
    /// Nobody has set a webhook up here.
    #[error("webhooks are not set up")]
    WebhookNotSetUp,
    /// A webhook is refused, in the way its vendor expects.
    #[error("{0}")]
    Webhook(HookRefusal, Strangers),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A defect of ours.
    #[error("{0}")]
    Internal(&'static str),
}

impl ApiError {
    /// A mistake in one parameter of the query.
    pub fn query(name: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::Query { parameter: name.to_owned(), detail: detail.into() }])
    }

    /// A mistake in one field of the body.
    pub fn body(name: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::Body { pointer: format!("/{name}"), detail: detail.into() }])
    }

    /// A mistake in the body as a whole.
    pub fn whole_body(detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::whole_body(detail)])
    }

    /// What the client is told. No wildcard: a new error must choose.
    fn problem(&self) -> Problem {
        match self {
            Self::Unauthenticated(detail) => {
                Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in first", *detail)
            }
            Self::TokenInQuery => Problem::new(
                StatusCode::BAD_REQUEST,
                "token-in-query",
                "Token in the wrong place",
                "Send the access token in the Authorization header (`Authorization: Bearer ...`). \
                 Addresses end up in logs and histories, so tokens in them are refused.",
            ),
            Self::Invalid(errors) => invalid(errors),
            Self::Malformed(detail) => {
                Problem::new(StatusCode::BAD_REQUEST, "malformed", "Malformed request", *detail)
            }
            Self::BadBody(detail) => {
                Problem::new(StatusCode::BAD_REQUEST, "malformed", "Malformed request", *detail)
                    .about_the_body()
            }
            Self::TooLarge => Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE),
            Self::NotJson => Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "Unsupported media type",
                "Send the body as uncompressed `Content-Type: application/json`",
            )
            .about_the_body(),
            Self::NotForm => Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-form",
                "Unsupported media type",
                "Send the parameters as `Content-Type: application/x-www-form-urlencoded`",
            ),
            Self::NotAcceptable => Problem::new(
                StatusCode::NOT_ACCEPTABLE,
                "not-acceptable",
                "Not acceptable",
                "Only JSON is spoken here: `Accept: application/fhir+json`",
            ),
            Self::BadSearch(detail) => {
                Problem::new(StatusCode::BAD_REQUEST, "bad-search", "Bad search", detail.as_str())
            }
            Self::NotFound => Problem::of_status(StatusCode::NOT_FOUND),
            Self::Forbidden(detail) => {
                Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", *detail)
            }
            Self::Conflict(code, detail) => {
                Problem::new(StatusCode::CONFLICT, code, "Not possible now", *detail)
            }
            Self::NoPatient => Problem::new(
                StatusCode::CONFLICT,
                "no-patient-record",
                "No patient record",
                "User does not have a FHIR patient record",
            ),
            Self::RateLimited(seconds) => rate_limited().retry_after(*seconds),
            Self::Busy(seconds) => {
                Problem::of_status(StatusCode::SERVICE_UNAVAILABLE).retry_after(*seconds)
            }
            Self::VendorNotConfigured => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "vendor-not-configured",
                "Vendor not configured",
                "Fitbit OAuth credentials not configured",
            ),
            Self::Vendor(error) => vendor(error),
            Self::WebhookNotSetUp => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "webhook-not-set-up",
                "Webhooks are not set up",
                "The operator has not set FITBIT_WEBHOOK_AUTHORIZATION (FITBIT_SUBSCRIBER_CODE, with \
                 FITBIT_UPSTREAM=web-api)",
            ),
            Self::Webhook(refusal, strangers) => webhook(*refusal, *strangers),
            Self::Store(error) => store(error),
            Self::Internal(_) => Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

fn invalid(errors: &[FieldError]) -> Problem {
    let say = |error: &FieldError| match error {
        FieldError::Body { pointer: place, detail }
        | FieldError::Query { parameter: place, detail } => {
            let place = if place.is_empty() { "body" } else { place.trim_start_matches('/') };
            format!("{place}: {detail}")
        }
    };
    let detail = errors.iter().map(say).collect::<Vec<_>>().join("; ");
    let title = "The request has mistakes";
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-input", title, detail);
    Problem { errors: errors.to_vec(), ..problem }
}

fn rate_limited() -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate-limited",
        "Too many requests",
        "Rate limit exceeded. Please try again later.",
    )
}

fn store(error: &StoreError) -> Problem {
    if error.is_transient() {
        Problem::of_status(StatusCode::SERVICE_UNAVAILABLE).retry_after(2)
    } else {
        Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

fn webhook(refusal: HookRefusal, strangers: Strangers) -> Problem {
    let to_strangers = match strangers {
        Strangers::Unauthorized => StatusCode::UNAUTHORIZED,
        Strangers::NotFound => StatusCode::NOT_FOUND,
    };
    let refused = |status, code, detail| Problem::new(status, code, "Webhook refused", detail);
    match refusal {
        HookRefusal::Unauthorized => refused(
            to_strangers,
            "webhook-unauthorized",
            "The Authorization header is missing or is not the value registered with the vendor",
        ),
        HookRefusal::Forged => refused(
            to_strangers,
            "webhook-forged",
            "The signature is missing or does not fit the body",
        ),
        HookRefusal::Malformed => refused(
            StatusCode::BAD_REQUEST,
            "webhook-malformed",
            "The body is not a JSON object or a list of them",
        ),
        HookRefusal::TooMany => refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "webhook-too-large",
            "A notification may have 1 MiB and 1,000 items at most",
        ),
        HookRefusal::NoKeys { wait } => {
            Problem::of_status(StatusCode::SERVICE_UNAVAILABLE).retry_after(wait.as_secs())
        }
    }
}

fn vendor(error: &VendorError) -> Problem {
    let unavailable = |detail| {
        let title = "The vendor does not answer";
        Problem::new(StatusCode::BAD_GATEWAY, "vendor-unavailable", title, detail)
    };
    match error {
        VendorError::Throttled { wait } => {
            rate_limited().retry_after(wait.map_or(60, |wait| wait.as_secs()))
        }
        VendorError::BudgetSpent { wait } => rate_limited().retry_after(wait.as_secs()),
        VendorError::GrantWithdrawn | VendorError::AccessRefused | VendorError::OtherUpstream => {
            ApiError::from(phr_sync::SyncError::ReconnectNeeded).problem()
        }
        VendorError::ScopeMissing => Problem::new(
            StatusCode::CONFLICT,
            "scope-missing",
            "Permission missing",
            "The permission for this data was not given. Connect again and tick it.",
        ),
        VendorError::AccountNotLinked => Problem::new(
            StatusCode::CONFLICT,
            "vendor-account-not-linked",
            "The vendor account is not ready",
            "Open the Fitbit app once and sign in with this Google account, then try again",
        ),
        VendorError::Refused => unavailable("The vendor refuses access at the moment"),
        VendorError::Misconfigured(_) => {
            unavailable("The vendor refuses this server's configuration; the operator must act")
        }
        VendorError::Unavailable => unavailable("The vendor cannot be reached at the moment"),
        VendorError::Unreadable | VendorError::NothingSaid => {
            unavailable("The vendor's answer cannot be read")
        }
        VendorError::Retired => {
            unavailable("The vendor has switched off the API in use; the operator must act")
        }
        VendorError::Rejected => unavailable("The vendor rejects the request"),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match &self {
            // The store's sources name tables and system errors, never values.
            Self::Store(error) => tracing::error!(error = %chain(error), "storage failed"),
            Self::Internal(what) => tracing::error!(what, "internal error"),
            Self::Vendor(error) => tracing::warn!(code = error.code(), "vendor failed"),
            _ => {}
        }
        self.problem().into_response()
    }
}

/// An error and its sources on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
