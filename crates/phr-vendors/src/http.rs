//! The one HTTP client and how much of an answer it reads.

use std::time::Duration;

use reqwest::{Client, Response, header::CONTENT_TYPE, redirect, retry};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const USER_AGENT: &str = concat!("phr-backend/", env!("CARGO_PKG_VERSION"));

/// The client for all vendor traffic: 3 s to connect, no redirects (they could carry tokens away),
/// no proxy variables, no retries of its own (they have one place, and codes are single-use). Each
/// request sets its own total time-out.
pub fn http_client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .user_agent(USER_AGENT)
        .build()
}

/// Why a body could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// Longer than allowed.
    TooLong,
    /// It did not come in time.
    TimedOut,
    /// It broke off, or its compression is damaged.
    Cut,
}

/// Reads a body of at most `cap` bytes, counted after decompression.
pub(crate) async fn read_capped(mut response: Response, cap: usize) -> Result<Vec<u8>, BodyError> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    let mut body = Vec::with_capacity(announced.unwrap_or(0).min(cap));
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(chunk)) if body.len() + chunk.len() > cap => return Err(BodyError::TooLong),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) if error.is_timeout() => return Err(BodyError::TimedOut),
            Err(_) => return Err(BodyError::Cut),
        }
    }
}

/// Whether the answer says that it is JSON, or does not say what it is.
pub(crate) fn may_be_json(response: &Response) -> bool {
    let Some(kind) = response.headers().get(CONTENT_TYPE) else { return true };
    let kind = kind.to_str().unwrap_or_default().to_ascii_lowercase();
    kind.starts_with("application/json")
}
