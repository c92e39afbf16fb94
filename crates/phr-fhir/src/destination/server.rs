//! HTTP to a FHIR server.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use phr_model::Clock;
use phr_telemetry::record;
use reqwest::{
    Client, Method, RequestBuilder, Response,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
    redirect, retry,
};
use url::Url;

use super::{
    Destination,
    auth::Credentials,
    capability::Abilities,
    failure::{Class, Failure},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A bundle of a hundred takes a busy server seconds.
pub(super) const TIMEOUT: Duration = Duration::from_mins(1);
const USER_AGENT: &str = concat!("phr-backend/", env!("CARGO_PKG_VERSION"));
const FHIR_JSON: &str = "application/fhir+json";
/// Bytes of an answer, at most.
const MOST: usize = 16 << 20;

/// One FHIR server.
pub(crate) struct Server {
    name: String,
    base: Url,
    credentials: Credentials,
    http: Client,
    clock: Arc<dyn Clock>,
}

/// A confirmation.
#[derive(Debug)]
pub(crate) struct Answer {
    /// `Location`, where the server tells.
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Server {
    /// A client for `destination`: no redirects (they could carry credentials and readings away), no
    /// proxy variables, no retries of its own (they have one place).
    pub(crate) fn new(
        destination: &Destination,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .user_agent(USER_AGENT)
            .build()?;
        Ok(Self {
            name: destination.name.clone(),
            base: destination.url.clone(),
            credentials: destination.credentials.clone(),
            http,
            clock,
        })
    }

    /// The address of something below the base; the base itself for an empty path.
    pub(crate) fn address(&self, path: &str) -> String {
        let base = self.base.as_str().trim_end_matches('/');
        if path.is_empty() { base.to_owned() } else { format!("{base}/{path}") }
    }

    /// What the server can do.
    pub(crate) async fn abilities(&self) -> Result<Abilities, Failure> {
        let answer = self.send(Method::GET, "metadata", None).await?;
        Abilities::read(&answer.body)
    }

    /// One request; whatever is no 2xx is a failure. A token that was refused is renewed once.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
    ) -> Result<Answer, Failure> {
        let first = self.attempt(method.clone(), path, body).await;
        match first {
            Err(failure) if failure.status == 401 && self.credentials.renew().await => {
                self.attempt(method, path, body).await
            }
            ended => ended,
        }
    }

    async fn attempt(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
    ) -> Result<Answer, Failure> {
        let begun = std::time::Instant::now();
        let ended = self.exchange(method, path, body).await;
        let class = ended.as_ref().map_or_else(|failure| failure.class.code(), |_| "ok");
        record::fhir_request(&self.name, class, begun.elapsed());
        ended
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
    ) -> Result<Answer, Failure> {
        let now = self.clock.now();
        let request = self.http.request(method, self.address(path));
        let request = self.credentials.sign(request, (&self.http, &self.base), now).await?;
        let answer = with(request, body).send().await;
        let answer = answer.map_err(|error| Failure::on_the_way(&error))?;
        judged(answer, now).await
    }
}

fn with(request: RequestBuilder, body: Option<&str>) -> RequestBuilder {
    let request = request
        .header(ACCEPT, FHIR_JSON)
        // A server may answer a search with what it found a minute ago.
        .header(CACHE_CONTROL, "no-cache")
        .header("Prefer", "return=minimal");
    match body {
        Some(body) => request.header(CONTENT_TYPE, FHIR_JSON).body(body.to_owned()),
        None => request,
    }
}

async fn judged(answer: Response, now: Timestamp) -> Result<Answer, Failure> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = read_capped(answer).await?;
    if !status.is_success() {
        return Err(Failure::of(status, &headers, &body, now));
    }
    let location = headers.get("location").and_then(|value| value.to_str().ok());
    Ok(Answer { location: location.map(str::to_owned), body })
}

/// The body, if it is not longer than anything we asked for.
pub(super) async fn read_capped(mut answer: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Failure::on_the_way(&error))? {
        if body.len() + chunk.len() > MOST {
            return Err(Failure::new(Class::Unreadable, "the answer is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("name", &self.name).finish_non_exhaustive()
    }
}
