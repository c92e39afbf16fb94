//! Requests to an upstream: bearer, budget, capped bodies, and the one place that tries again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use phr_model::Clock;
use phr_telemetry::record::{self, Answer};
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode,
    header::{ACCEPT_LANGUAGE, CONTENT_LENGTH, HeaderMap},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use tracing::debug;
use url::Url;

use super::{failure::Failure, json::ParseError};
use crate::{
    allowance::Allowance,
    error::VendorError,
    http::{BodyError, may_be_json, read_capped},
    pace::Pace,
    skew::ClockWatch,
    vendor::Access,
};

const TIMEOUT: Duration = Duration::from_secs(30);
/// An order is given beside something else, which is not to wait for it.
const ORDER_TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;
const LONGEST_REFUSAL: usize = 64 * 1024;
/// Attempts in all.
const TRIES: u32 = 3;
/// The first back-off is drawn from zero to this; each further one from twice as much.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// A vendor's wait up to this is waited out here; a longer one is the caller's.
const PATIENCE: Duration = Duration::from_secs(5);
/// Our own budget is waited for up to this.
const BUDGET_PATIENCE: Duration = Duration::from_secs(2);
/// After a 429 that names no wait (Google documents none for this API).
const USUAL_REST: Duration = Duration::from_secs(30);

/// What an answer that is no success means; gets status, headers, body and the present time.
pub(super) type Classify = fn(StatusCode, &HeaderMap, &[u8], Timestamp) -> Failure;

/// An upstream's API.
pub(super) struct Api {
    /// What it is called in metrics and traces.
    pub(super) upstream: &'static str,
    pub(super) classify: Classify,
    pub(super) http: Client,
    pub(super) base: Url,
    pub(super) budget: Arc<dyn Allowance>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) pace: Arc<dyn Pace>,
    pub(super) watch: ClockWatch,
}

/// A request, without the person it is made for.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// For logs: `reconcile`, `heart`, …
    pub(super) endpoint: &'static str,
    /// For logs: `heart-rate`, or nothing.
    pub(super) data_type: &'static str,
    /// Below the host, encoded.
    pub(super) path: &'a str,
    /// What is sent with it.
    pub(super) ask: Ask<'a>,
}

/// What is sent with a request.
#[derive(Debug)]
pub(super) enum Ask<'a> {
    /// GET with this query.
    Get(&'a [(&'static str, &'a str)]),
    /// GET of a page, which can be asked for again in a smaller size: a 504 is not tried again here.
    Page(&'a [(&'static str, &'a str)]),
    /// GET in this language: units follow it.
    Speaking(&'static str),
    /// POST with this body.
    Post(&'a Value),
    /// A request without a body, whose success is all that matters. It is not tried again here: an
    /// order that could not be given is given another time.
    Order(Method),
}

impl Api {
    /// Sends `call` and reads the answer with `read`; tries again where that may help.
    pub(super) async fn call<T>(
        &self,
        access: &Access,
        call: &Call<'_>,
        read: impl Fn(&[u8]) -> Result<T, ParseError> + Send + Sync,
    ) -> Result<T, Failure> {
        let mut tries = 1;
        loop {
            self.admit(access).await.inspect_err(|_| {
                record::vendor_request(
                    self.upstream,
                    call.endpoint,
                    Answer::HeldBack,
                    Duration::ZERO,
                );
            })?;
            let failure = match self.attempt(access, call, &read).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            match self.second_chance(call, &failure, tries) {
                Some(wait) => self.pace.pause(wait).await,
                None => return Err(self.settle(access, failure).await),
            }
            tries += 1;
        }
    }

    /// Waits for the budget, if that is soon.
    async fn admit(&self, access: &Access) -> Result<(), VendorError> {
        for _ in 0..TRIES {
            match self.budget.take(access.connection, access.urgency).await {
                Ok(()) => return Ok(()),
                Err(wait) if wait < BUDGET_PATIENCE => self.pace.pause(wait).await,
                Err(wait) => return Err(VendorError::BudgetSpent { wait }),
            }
        }
        Err(VendorError::BudgetSpent { wait: BUDGET_PATIENCE })
    }

    /// How long to wait before the same request may be sent again, if it may.
    fn second_chance(&self, call: &Call<'_>, failure: &Failure, tries: u32) -> Option<Duration> {
        if tries >= TRIES || matches!(call.ask, Ask::Order(_)) {
            return None;
        }
        let backoff = self.pace.jitter(FIRST_BACKOFF * 2_u32.pow(tries - 1));
        let wait = match failure {
            Failure::TooBig if !matches!(call.ask, Ask::Page(_)) => backoff,
            Failure::Vendor(VendorError::Unavailable | VendorError::Unreadable) => backoff,
            Failure::Vendor(VendorError::Throttled { wait: Some(wait) }) if *wait <= PATIENCE => {
                *wait + self.pace.jitter(FIRST_BACKOFF)
            }
            _ => return None,
        };
        self.budget.may_retry().then_some(wait)
    }

    /// A person whom the vendor limits rests before anything else is asked for them.
    async fn settle(&self, access: &Access, failure: Failure) -> Failure {
        if let Failure::Vendor(VendorError::Throttled { wait }) = failure {
            self.budget.rest(access.connection, wait.unwrap_or(USUAL_REST)).await;
        }
        failure
    }

    #[tracing::instrument(
        name = "vendor call",
        skip_all,
        fields(upstream = self.upstream, endpoint = call.endpoint, data_type = call.data_type)
    )]
    async fn attempt<T>(
        &self,
        access: &Access,
        call: &Call<'_>,
        read: &(impl Fn(&[u8]) -> Result<T, ParseError> + Send + Sync),
    ) -> Result<T, Failure> {
        let started = Instant::now();
        let sent = self.request(access, call).send().await;
        let status = sent.as_ref().map_or(0, |response| response.status().as_u16());
        if let Ok(response) = &sent {
            self.watch.note(self.upstream, response.headers(), self.clock.now());
        }
        let outcome = match sent {
            Ok(response) => self.body(response, &call.ask).await,
            Err(_) => Err(VendorError::Unavailable.into()),
        };
        let Call { endpoint, data_type, .. } = call;
        let bytes = outcome.as_ref().map_or(0, Vec::len);
        let ms = started.elapsed().as_millis();
        let answer = if status == 0 { Answer::None } else { Answer::Status(status) };
        record::vendor_request(self.upstream, endpoint, answer, started.elapsed());
        debug!(endpoint, data_type, status, bytes, %ms, "the vendor answered");
        Ok(read(&outcome?).map_err(|ParseError| VendorError::Unreadable)?)
    }

    fn request(&self, access: &Access, call: &Call<'_>) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(call.path);
        let patience = if let Ask::Order(_) = call.ask { ORDER_TIMEOUT } else { TIMEOUT };
        let request = match &call.ask {
            Ask::Get(query) | Ask::Page(query) => {
                url.set_query(encode(query).as_deref());
                self.http.get(url)
            }
            Ask::Speaking(language) => self.http.get(url).header(ACCEPT_LANGUAGE, *language),
            Ask::Post(body) => self.http.post(url).json(body),
            // Without the length some servers answer 411.
            Ask::Order(method) => self.http.request(method.clone(), url).header(CONTENT_LENGTH, 0),
        };
        request.bearer_auth(access.token.expose_secret()).timeout(patience)
    }

    /// The body of a success, or what the refusal means. Whatever is said to an order that was carried
    /// out (`null`, `{}`, nothing) is passed over.
    async fn body(&self, response: Response, ask: &Ask<'_>) -> Result<Vec<u8>, Failure> {
        let (status, headers) = (response.status(), response.headers().clone());
        if matches!(ask, Ask::Order(_)) && status.is_success() {
            return Ok(Vec::new());
        }
        if status != StatusCode::OK {
            let body = read_capped(response, LONGEST_REFUSAL).await.unwrap_or_default();
            return Err((self.classify)(status, &headers, &body, self.clock.now()));
        }
        if !may_be_json(&response) {
            return Err(VendorError::Unreadable.into());
        }
        let body = read_capped(response, LONGEST_ANSWER).await;
        body.map_err(|error| match error {
            BodyError::TimedOut => VendorError::Unavailable.into(),
            BodyError::TooLong | BodyError::Cut => VendorError::Unreadable.into(),
        })
    }
}

/// Percent-encoded with `%20` for a space: Google documents no other spelling.
fn encode(query: &[(&str, &str)]) -> Option<String> {
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    let encoded = encoded.extend_pairs(query).finish();
    (!encoded.is_empty()).then(|| encoded.replace('+', "%20"))
}

#[cfg(test)]
mod tests {
    use phr_model::StoppedClock;

    use super::*;
    use crate::{allowance::Urgency, budget::Budget, pace::InstantPace, rate::Limits};

    fn request(ask: Ask<'_>) -> reqwest::Request {
        let clock: Arc<dyn Clock> =
            Arc::new(StoppedClock::at("2026-11-22T10:00:00Z".parse().unwrap()));
        let api = Api {
            upstream: "google-health",
            classify: |_, _, _, _| VendorError::Unavailable.into(),
            http: crate::http_client().unwrap(),
            base: "https://health.googleapis.com/".parse().unwrap(),
            budget: Arc::new(Budget::new(Limits::GOOGLE_HEALTH, clock.clone())),
            clock,
            pace: Arc::new(InstantPace::default()),
            watch: ClockWatch::default(),
        };
        let connection = "00000000-0000-4000-8000-000000000001".parse().unwrap();
        let token = "ya29.token".into();
        let access = Access { connection, token, urgency: Urgency::Person };
        let path = "/v4/users/me/dataTypes/steps/dataPoints:reconcile";
        let call = Call { endpoint: "reconcile", data_type: "steps", path, ask };
        api.request(&access, &call).build().unwrap()
    }

    #[test]
    fn a_filter_is_percent_encoded_with_no_plus_for_a_space() {
        let filter = r#"steps.interval.start_time >= "2026-11-20T06:59:58Z""#;
        let request = request(Ask::Page(&[("filter", filter), ("pageToken", "a+b/c=")]));
        insta::assert_snapshot!(request.url(), @"https://health.googleapis.com/v4/users/me/dataTypes/steps/dataPoints:reconcile?filter=steps.interval.start_time%20%3E%3D%20%222026-11-20T06%3A59%3A58Z%22&pageToken=a%2Bb%2Fc%3D");
    }

    #[test]
    fn every_request_has_a_time_out_and_hides_its_token() {
        let order = request(Ask::Order(Method::POST));
        assert_eq!(order.headers()["content-length"], "0");
        for request in [request(Ask::Get(&[])), request(Ask::Post(&Value::Null)), order] {
            assert!(request.timeout().is_some_and(|timeout| *timeout <= TIMEOUT));
            assert!(request.headers()["authorization"].is_sensitive());
            assert!(!format!("{request:?}").contains("ya29"));
        }
    }
}
