//! One function for each thing that happens.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

use crate::catalogue as are;

/// A sync run ended; `work` says what it was for, `error` is the stable code of the vendor error, if there was one.
pub fn run(work: &'static str, outcome: &'static str, error: Option<&'static str>, took: Duration) {
    let error = error.unwrap_or("none");
    counter!(are::RUNS.name, "work" => work, "outcome" => outcome, "error" => error).increment(1);
    histogram!(are::RUN_SECONDS.name, "work" => work, "outcome" => outcome).record(took);
}

/// Days of one metric that a run compared, read and found changed.
pub fn days(metric: &'static str, compared: u32, read: u32, changed: u32) {
    counter!(are::DAYS_COMPARED.name, "metric" => metric).increment(compared.into());
    counter!(are::DAYS_READ.name, "metric" => metric).increment(read.into());
    counter!(are::DAYS_CHANGED.name, "metric" => metric).increment(changed.into());
}

/// How a request to a vendor went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It was answered with this status.
    Status(u16),
    /// No answer came.
    None,
    /// It was not sent: our own limits held it back.
    HeldBack,
}

impl Answer {
    /// The value of the label `class`.
    pub fn class(self) -> &'static str {
        match self {
            Self::Status(429) => "429",
            Self::Status(200..300) => "2xx",
            Self::Status(300..400) => "3xx",
            Self::Status(400..500) => "4xx",
            // Informational answers never arrive here; whatever else comes is no HTTP status.
            Self::Status(_) => "5xx",
            Self::None => "network",
            Self::HeldBack => "budget",
        }
    }
}

/// A request to `upstream` was answered, or not.
pub fn vendor_request(
    upstream: &'static str,
    endpoint: &'static str,
    answer: Answer,
    took: Duration,
) {
    let class = answer.class();
    counter!(are::VENDOR_REQUESTS.name,
        "upstream" => upstream, "endpoint" => endpoint, "class" => class)
    .increment(1);
    if answer != Answer::HeldBack {
        histogram!(are::VENDOR_SECONDS.name, "upstream" => upstream).record(took);
    }
}

/// Requests left of a project's limit in this minute.
pub fn budget_left(upstream: &'static str, requests: u32) {
    gauge!(are::BUDGET_LEFT.name, "upstream" => upstream).set(requests);
}

/// The vendor's clock minus ours.
pub fn clock_skew(upstream: &'static str, seconds: f64) {
    gauge!(are::CLOCK_SKEW.name, "upstream" => upstream).set(seconds);
}

/// An access token was renewed, or could not be: then `error` is the vendor error's stable code.
pub fn token_refresh(upstream: &'static str, error: Option<&'static str>) {
    let error = error.unwrap_or("none");
    counter!(are::TOKEN_REFRESHES.name, "upstream" => upstream, "error" => error).increment(1);
}

/// A webhook came in.
pub fn webhook(verdict: &'static str) {
    counter!(are::WEBHOOKS.name, "verdict" => verdict).increment(1);
}

/// An attempt to deliver a notice ended: `delivered`, `postponed` or `given_up`.
pub fn notice(channel: &'static str, outcome: &'static str) {
    counter!(are::NOTICES.name, "channel" => channel, "outcome" => outcome).increment(1);
}

/// A request to a FHIR server ended: `class` is `ok` or the stable code of the failure.
pub fn fhir_request(destination: &str, class: &'static str, took: Duration) {
    let name = || destination.to_owned();
    counter!(are::FHIR_REQUESTS.name, "destination" => name(), "class" => class).increment(1);
    histogram!(are::FHIR_SECONDS.name, "destination" => name()).record(took);
}

/// A FHIR server took or refused Observations: `delivered` or `parked`.
pub fn fhir_observations(destination: &str, outcome: &'static str, count: usize) {
    counter!(are::FHIR_OBSERVATIONS.name,
        "destination" => destination.to_owned(), "outcome" => outcome)
    .increment(count as u64);
}

/// Whether something in the database reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads.
    Read,
    /// Writes.
    Write,
}

impl Access {
    fn key(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A connection to the database was had after `waited`.
pub fn database_wait(access: Access, waited: Duration) {
    histogram!(are::DATABASE_WAIT.name, "access" => access.key()).record(waited);
}

/// A use case took so long in the database.
pub fn database(access: Access, use_case: &'static str, took: Duration) {
    histogram!(are::DATABASE_SECONDS.name, "access" => access.key(), "use_case" => use_case)
        .record(took);
}

/// A request was answered. `route` is the template, never the address.
pub fn http(route: &str, method: &str, status: u16, took: Duration) {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let method = known.into_iter().find(|known| *known == method).unwrap_or("other");
    let status = match status {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    histogram!(are::HTTP_SECONDS.name,
        "route" => route.to_owned(), "method" => method, "status" => status)
    .record(took);
}

/// One of the gauges that are asked for at each scrape.
pub fn set(instrument: are::Instrument, value: f64) {
    gauge!(instrument.name).set(value);
}

/// The same with its one label.
pub fn set_of(instrument: are::Instrument, label: &'static str, value: f64) {
    if let Some(name) = instrument.labels.first().map(|label| label.name) {
        gauge!(instrument.name, name => label).set(value);
    }
}

/// The same, with a name from the configuration as the label.
pub fn set_named(instrument: are::Instrument, name: &str, value: f64) {
    if let Some(label) = instrument.labels.first().map(|label| label.name) {
        gauge!(instrument.name, label => name.to_owned()).set(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_a_class_of_the_catalogue() {
        let class = are::VENDOR_REQUESTS.labels[2];
        let statuses = (100..600).map(Answer::Status);
        for answer in statuses.chain([Answer::None, Answer::HeldBack, Answer::Status(0)]) {
            assert!(class.values.allow(answer.class()), "{answer:?}");
        }
        assert_eq!(Answer::Status(404).class(), "4xx");
        assert_eq!(Answer::Status(429).class(), "429");
    }
}
