//! The outermost layer: gives every request an id, logs one line about it, puts the headers on every
//! answer and writes problem documents.

use std::{sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{
            CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
            STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    middleware::Next,
    response::Response,
};
use phr_fhir::OperationOutcome;
use phr_sync::entropy;
use phr_telemetry::record;
use tracing::Instrument;

use crate::{fhir::FHIR_JSON, problem::Problem, state::ApiState};

/// What the API's own answers may do in a browser: nothing (OU-01). Pages bring their own.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// Two years, as browsers' preload lists ask for (TL-02).
const HSTS: &str = "max-age=63072000; includeSubDomains";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Runs a request and finishes its answer. Logged are method, route template, status and time: never
/// an address with its query, a header or a body (LG-01).
pub(crate) async fn finish(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    let id = entropy::uuid(&*state.entropy).hyphenated().to_string();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("-", MatchedPath::as_str);
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request",
        request.id = %id,
        %method,
        route,
        person.id = tracing::field::Empty,
    );
    let speaks_fhir = is_fhir(request.uri().path());
    let begun = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let took = begun.elapsed();
    record::http(route, method.as_str(), response.status().as_u16(), took);
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| log(&response, duration_ms));
    let mut response = write_problem(response, &id, speaks_fhir);
    let https = state.settings.public_url.scheme() == "https";
    put_headers(response.headers_mut(), &id, https);
    response
}

fn log(response: &Response, duration_ms: u64) {
    let status = response.status().as_u16();
    if response.status().is_server_error() {
        tracing::error!(status, duration_ms, "answered");
    } else {
        tracing::info!(status, duration_ms, "answered");
    }
}

/// Whether failures at this address are OperationOutcomes.
fn is_fhir(path: &str) -> bool {
    let rest = path.strip_prefix(crate::fhir::PREFIX);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// In the extensions of a failure whose form somebody else's standard prescribes: it stays as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finished;

/// Every failure that is not a page becomes a problem document, or an OperationOutcome where FHIR is
/// spoken; one that nobody has described is described by its status.
fn write_problem(response: Response, id: &str, speaks_fhir: bool) -> Response {
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    let finished = response.extensions().get::<Finished>().is_some();
    if !failed || finished || is_page(response.headers()) {
        return response;
    }
    let described = response.extensions().get::<Arc<Problem>>().cloned();
    let problem = described.unwrap_or_else(|| Arc::new(Problem::of_status(status)));
    let (kind, document) = if speaks_fhir {
        let outcome = OperationOutcome::of_status(status.as_u16(), &problem.detail);
        (FHIR_JSON, serde_json::to_vec(&outcome))
    } else {
        ("application/problem+json", serde_json::to_vec(&problem.document(id)))
    };
    let document = document.unwrap_or_default();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(seconds) = problem.retry_after {
        parts.headers.insert(axum::http::header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Response::from_parts(parts, Body::from(document))
}

fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

fn put_headers(headers: &mut HeaderMap, id: &str, https: bool) {
    let defaults = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, NOTHING),
        (RESOURCE_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}
