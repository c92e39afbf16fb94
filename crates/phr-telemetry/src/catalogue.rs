//! Every metric there is. A test ties this list to `docs/observability.md`, to the dashboard and to
//! the alert rules.

mod fhir;
mod vendor;

pub use fhir::*;
pub use vendor::*;

pub use crate::instrument::{Instrument, Kind, Label, Values};

const fn of(name: &'static str, values: &'static [&'static str]) -> Label {
    Label { name, values: Values::Of(values) }
}

const fn counter(name: &'static str, labels: &'static [Label], help: &'static str) -> Instrument {
    Instrument { name, kind: Kind::Counter, help, labels }
}

const fn gauge(name: &'static str, labels: &'static [Label], help: &'static str) -> Instrument {
    Instrument { name, kind: Kind::Gauge, help, labels }
}

const fn histogram(
    name: &'static str,
    buckets: &'static [f64],
    labels: &'static [Label],
    help: &'static str,
) -> Instrument {
    Instrument { name, kind: Kind::Histogram(buckets), help, labels }
}

/// From a cached page to the limit of a handler.
const ANSWER: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// From an index look-up to a statement that something is wrong with.
const STATEMENT: &[f64] = &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0];
/// From an unchanged fortnight to the first sync of years.
const RUN: &[f64] = &[0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0];

const WORK: Label = of("work", &["waiting", "webhook", "routine", "audit", "history"]);
const RUN_WORK: Label = of("work", &["recent", "audit", "history"]);
const STATE: Label = of("state", &["selected", "active", "reconnect_needed", "disconnected"]);
const UPSTREAM: Label = of("upstream", &["google-health", "web-api"]);
const OUTCOME: Label = of("outcome", &["complete", "partial", "failed", "not_permitted"]);
const ACCESS: Label = of("access", &["read", "write"]);

/// The stable codes of vendor errors.
const VENDOR_ERRORS: &[&str] = &[
    "none",
    "grant_withdrawn",
    "access_refused",
    "scope_missing",
    "account_not_linked",
    "refused",
    "misconfigured",
    "rate_limited",
    "budget_spent",
    "unavailable",
    "unreadable",
    "rejected",
    "nothing_said",
    "upstream_retired",
    "upstream_changed",
];
const ERROR: Label = of("error", VENDOR_ERRORS);
const METRIC: Label = of(
    "metric",
    &[
        "heart_rate",
        "spo2",
        "body_weight",
        "steps",
        "calories",
        "distance",
        "resting_heart_rate",
        "active_energy",
        "floors",
        "body_fat",
        "height",
        "hrv",
        "respiratory_rate",
        "skin_temperature_variation",
        "vo2max",
        "active_minutes",
        "sleep",
        "exercise",
    ],
);

/// Whether the database answered when the figures below were last asked for.
pub const DATABASE_UP: Instrument =
    gauge("phr_database_up", &[], "1 if the database answered the last scrape, else 0");
/// Connections by state.
pub const CONNECTIONS: Instrument =
    gauge("phr_connections", &[STATE], "Connections by state; reconnect_needed waits for people");
/// Connections that are due and that nobody works on.
pub const DUE: Instrument = gauge(
    "phr_due_connections",
    &[WORK],
    "Connections due and not being worked on, by kind of work",
);
/// How long the oldest of them has been due.
pub const DUE_LAG: Instrument =
    gauge("phr_due_lag_seconds", &[WORK], "How long the oldest due connection has been waiting");
/// Leases that hold.
pub const RUNNING: Instrument = gauge("phr_running", &[], "Connections being worked on right now");
/// How long ago the oldest lapsed lease lapsed.
pub const LAPSED_LEASE: Instrument = gauge(
    "phr_lapsed_lease_seconds",
    &[],
    "How long ago the oldest lease lapsed that nobody has taken over; 0 if there is none",
);
/// Active connections whose last run failed.
pub const FAILING: Instrument =
    gauge("phr_failing_connections", &[], "Active connections whose last run failed");
/// Age of the oldest complete sync of an active connection.
pub const OLDEST_COMPLETE: Instrument = gauge(
    "phr_oldest_complete_seconds",
    &[],
    "Age of the last complete sync of the active connection that has waited longest for one",
);
/// Age of the newest complete sync of all.
pub const NEWEST_COMPLETE: Instrument =
    gauge("phr_newest_complete_seconds", &[], "Age of the newest complete sync of any connection");
/// Grants that must still be withdrawn.
pub const WITHDRAWALS: Instrument = gauge(
    "phr_withdrawals_waiting",
    &[],
    "Grants of ended connections still to be withdrawn at the vendor",
);

/// Age of the oldest notice not yet delivered.
pub const NOTICE_LAG: Instrument = gauge(
    "phr_notice_lag_seconds",
    &[],
    "Age of the oldest notice that a receiver still waits for; 0 if there is none",
);
/// Notices given up.
pub const NOTICES_GIVEN_UP: Instrument =
    gauge("phr_notices_given_up", &[], "Notices given up, kept for an operator to look at");

/// Runs that ended.
pub const RUNS: Instrument = counter(
    "phr_runs_total",
    &[RUN_WORK, OUTCOME, ERROR],
    "Sync runs that ended, by outcome and error",
);
/// How long they took.
pub const RUN_SECONDS: Instrument =
    histogram("phr_run_seconds", RUN, &[RUN_WORK, OUTCOME], "How long sync runs took");
/// Days compared.
pub const DAYS_COMPARED: Instrument =
    counter("phr_days_compared_total", &[METRIC], "Days compared with the vendor's daily figures");
/// Days read.
pub const DAYS_READ: Instrument = counter(
    "phr_days_read_total",
    &[METRIC],
    "Days read because they differed, were open or were never read",
);
/// Days changed.
pub const DAYS_CHANGED: Instrument =
    counter("phr_days_changed_total", &[METRIC], "Days whose samples turned out changed");

/// Attempts to deliver notices.
pub const NOTICES: Instrument = counter(
    "phr_notices_total",
    &[of("channel", &["mail", "webhook"]), of("outcome", &["delivered", "postponed", "given_up"])],
    "Attempts to deliver a notice, by what became of it",
);

/// Time of a use case in the database.
pub const DATABASE_SECONDS: Instrument = histogram(
    "phr_database_seconds",
    STATEMENT,
    &[ACCESS, Label { name: "use_case", values: Values::OfSource }],
    "Time in the database by use case (a method of the store), without waiting for a connection",
);
/// Time until a connection to the database was free.
pub const DATABASE_WAIT: Instrument = histogram(
    "phr_database_wait_seconds",
    STATEMENT,
    &[ACCESS],
    "Waiting for a free database connection and, to write in SQLite, for the lock",
);

/// Requests answered.
pub const HTTP_SECONDS: Instrument = histogram(
    "phr_http_request_seconds",
    ANSWER,
    &[
        Label { name: "route", values: Values::OfSource },
        of("method", &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"]),
        of("status", &["1xx", "2xx", "3xx", "4xx", "5xx"]),
    ],
    "Time until an answer began, by route template; - for addresses that do not exist",
);

/// The version.
pub const BUILD: Instrument = gauge(
    "phr_build_info",
    &[Label { name: "version", values: Values::Version }],
    "Always 1; the version is in the label",
);
/// Memory.
pub const MEMORY: Instrument =
    gauge("process_resident_memory_bytes", &[], "Memory held, where the system tells (Linux)");
/// Start.
pub const STARTED: Instrument =
    gauge("process_start_time_seconds", &[], "When the process began, in seconds since 1970");

/// Every metric.
pub const ALL: [Instrument; 38] = [
    DATABASE_UP,
    CONNECTIONS,
    DUE,
    DUE_LAG,
    RUNNING,
    LAPSED_LEASE,
    FAILING,
    OLDEST_COMPLETE,
    NEWEST_COMPLETE,
    WITHDRAWALS,
    NOTICE_LAG,
    NOTICES_GIVEN_UP,
    RUNS,
    RUN_SECONDS,
    DAYS_COMPARED,
    DAYS_READ,
    DAYS_CHANGED,
    VENDOR_REQUESTS,
    VENDOR_SECONDS,
    BUDGET_LEFT,
    CLOCK_SKEW,
    TOKEN_REFRESHES,
    WEBHOOKS,
    NOTICES,
    FHIR_LAG,
    FHIR_LAG_SECONDS,
    FHIR_FAILING,
    FHIR_PARKED,
    FHIR_CLOSED,
    FHIR_OBSERVATIONS,
    FHIR_REQUESTS,
    FHIR_SECONDS,
    DATABASE_SECONDS,
    DATABASE_WAIT,
    HTTP_SECONDS,
    BUILD,
    MEMORY,
    STARTED,
];

/// The metric called `name`, if there is one.
pub fn find(name: &str) -> Option<&'static Instrument> {
    static CATALOGUE: [Instrument; ALL.len()] = ALL;
    CATALOGUE.iter().find(|instrument| instrument.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_the_conventions_and_are_used_once() {
        let names: BTreeSet<_> = ALL.iter().map(|instrument| instrument.name).collect();
        assert_eq!(names.len(), ALL.len());
        for instrument in ALL {
            let Instrument { name, kind, .. } = instrument;
            assert!(name.starts_with("phr_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), kind == Kind::Counter, "{name}");
            let is_histogram = matches!(kind, Kind::Histogram(_));
            assert!(!is_histogram || name.ends_with("_seconds"), "{name}");
        }
    }

    #[test]
    fn lg_04_no_label_takes_what_belongs_to_a_person() {
        let persons = [
            "0198c0de-7a11-7000-8000-000000000001",
            "ada@example.com",
            "2026-11-20",
            "61371",
            "ya29.a0AfH6SMB",
            "https://phr.example/connect/Zm9v",
            "/connect/Zm9vYmFy",
        ];
        for label in ALL.iter().flat_map(|instrument| instrument.labels) {
            let is_version = label.values == Values::Version;
            let taken = persons.iter().find(|value| label.values.allow(value) && !is_version);
            assert_eq!(taken, None, "{}", label.name);
        }
    }
}
