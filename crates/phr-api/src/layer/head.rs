//! How much a request may say before its body, and that reading has no body (IN-01).

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::problem::Problem;

/// Names and values of all header fields together.
const MOST_BYTES: usize = 16 * 1024;
/// Header fields.
const MOST_FIELDS: usize = 100;

/// Path and query.
const LONGEST_ADDRESS: usize = 8 * 1024;

/// Refuses what is larger.
pub(crate) async fn limit(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if address_length(&request) > LONGEST_ADDRESS {
        Problem::of_status(StatusCode::URI_TOO_LONG).into_response()
    } else if bytes > MOST_BYTES || headers.len() > MOST_FIELDS {
        Problem::of_status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).into_response()
    } else if reads && has_body(headers) {
        Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE).into_response()
    } else {
        next.run(request).await
    }
}

fn address_length(request: &Request) -> usize {
    request.uri().path_and_query().map_or(0, |address| address.as_str().len())
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}
