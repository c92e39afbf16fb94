//! The way to an authorization server's token endpoint.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use phr_model::Clock;
use phr_telemetry::record::{self, Answer};
use reqwest::{StatusCode, header::HeaderMap};
use tracing::debug;

use crate::{
    error::VendorError,
    http::{BodyError, may_be_json, read_capped},
};

/// A token answer has a few hundred bytes; a longer body is none.
const LONGEST_ANSWER: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// What status and headers say by themselves, whatever the body is.
pub(super) type Refusal = fn(StatusCode, &HeaderMap, Timestamp) -> Option<VendorError>;

/// Our HTTP client on the way to the authorization server.
pub(super) struct TokenLine {
    /// What the upstream is called in metrics and traces.
    pub(super) upstream: &'static str,
    pub(super) refusal: Refusal,
    pub(super) http: reqwest::Client,
    pub(super) clock: Arc<dyn Clock>,
}

impl TokenLine {
    /// The answer, if it is one that an authorization server would give. Sent once, whatever
    /// happens: codes are single-use.
    #[tracing::instrument(name = "vendor call", skip_all, fields(upstream = self.upstream, endpoint))]
    pub(super) async fn answer(
        &self,
        endpoint: &'static str,
        request: Result<reqwest::Request, reqwest::Error>,
    ) -> Result<oauth2::HttpResponse, VendorError> {
        let mut request = request.map_err(|_| VendorError::Rejected)?;
        *request.timeout_mut() = Some(TIMEOUT);
        let started = Instant::now();
        let sent = self.http.execute(request).await;
        let status = sent.as_ref().map_or(0, |response| response.status().as_u16());
        let ms = started.elapsed().as_millis();
        let seen = if status == 0 { Answer::None } else { Answer::Status(status) };
        record::vendor_request(self.upstream, endpoint, seen, started.elapsed());
        debug!(endpoint, status, %ms, "the authorization server answered");
        let response = sent.map_err(|_| VendorError::Unavailable)?;
        let status = response.status();
        if let Some(error) = (self.refusal)(status, response.headers(), self.clock.now()) {
            return Err(error);
        }
        if status.is_server_error() || status.is_redirection() {
            return Err(VendorError::Unavailable);
        }
        if !may_be_json(&response) {
            return Err(VendorError::Unreadable);
        }
        let body = read_capped(response, LONGEST_ANSWER).await.map_err(|error| match error {
            BodyError::TimedOut => VendorError::Unavailable,
            BodyError::TooLong | BodyError::Cut => VendorError::Unreadable,
        })?;
        // Serde would take an array for the object whose members it lists.
        if body.trim_ascii_start().first().is_some_and(|first| *first != b'{') {
            return Err(VendorError::Unreadable);
        }
        let mut answer = oauth2::HttpResponse::new(body);
        *answer.status_mut() = status;
        Ok(answer)
    }
}
