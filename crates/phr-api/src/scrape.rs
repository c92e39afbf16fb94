//! `GET /metrics` for Prometheus. Not part of the API: it is served only if the operator asks for
//! it, and says nothing about anybody (LG-04).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::{SignedDuration, Timestamp};
use phr_model::Clock;
use phr_store::{
    SharedStore,
    connection::{ConnectionState, Priority, Work},
    delivery::DestinationSeen,
    fleet::Fleet,
};
use phr_telemetry::{Exporter, catalogue as are, record};
use phr_vendors::Vendors;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;

/// Prometheus' text format (page "Exposition formats").
const FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
/// What was asked of the database is good for this long.
const FRESH: SignedDuration = SignedDuration::from_secs(10);
/// And for this many times as long as it took: scrapes keep the database busy for a twentieth of
/// the time at most, however many connections it counts.
const SPARING: i32 = 20;
/// A database that takes longer counts as down.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a scrape asks.
pub struct Scrape {
    exporter: Exporter,
    store: SharedStore,
    vendors: Arc<Vendors>,
    clock: Arc<dyn Clock>,
    /// When the database need not be asked before; held while it is, so that several scrapes ask once.
    surveyed: Mutex<Option<Survey>>,
}

#[derive(Clone, Copy)]
struct Survey {
    at: Timestamp,
    fresh: SignedDuration,
}

impl Scrape {
    /// Scrapes what `exporter` records and what `store` holds.
    pub fn new(
        exporter: Exporter,
        store: SharedStore,
        vendors: Arc<Vendors>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        Arc::new(Self { exporter, store, vendors, clock, surveyed: Mutex::new(None) })
    }

    /// Everything, in Prometheus' text format.
    pub async fn text(&self) -> String {
        self.survey().await;
        let names = self.vendors.names().into_iter();
        for vendor in names.filter_map(|name| self.vendors.get(name)) {
            if let Some(left) = vendor.budget_left() {
                record::budget_left(vendor.upstream(), left);
            }
        }
        self.exporter.text()
    }

    /// Asks the database how all connections are doing, unless it was asked a moment ago.
    async fn survey(&self) {
        let mut surveyed = self.surveyed.lock().await;
        let now = self.clock.now();
        if surveyed.is_some_and(|survey| survey.is_fresh(now)) {
            return;
        }
        let begun = Instant::now();
        let fleet = tokio::time::timeout(PATIENCE, self.store.fleet(now)).await;
        if let Ok(Ok(fleet)) = fleet {
            record::set(are::DATABASE_UP, 1.0);
            show(&fleet, now);
        } else {
            record::set(are::DATABASE_UP, 0.0);
        }
        let destinations = tokio::time::timeout(PATIENCE, self.store.destinations(now)).await;
        for seen in destinations.into_iter().flatten().flatten() {
            show_destination(&seen, now);
        }
        let took = SignedDuration::try_from(begun.elapsed()).unwrap_or_default();
        *surveyed = Some(Survey { at: now, fresh: FRESH.max(took.saturating_mul(SPARING)) });
    }
}

impl Survey {
    fn is_fresh(self, now: Timestamp) -> bool {
        // A clock that was set back must not keep a survey fresh for ever.
        now.duration_since(self.at).abs() < self.fresh
    }
}

/// Sets the gauges. What there is none of is set too, or it would stay what it was.
fn show(fleet: &Fleet, now: Timestamp) {
    for state in ConnectionState::ALL {
        let count = fleet.states.iter().find(|(found, _)| *found == state).map_or(0, |it| it.1);
        record::set_of(are::CONNECTIONS, state.key(), number(count));
    }
    for work in Priority::ALL.map(Work::Recent).into_iter().chain([Work::Audit, Work::History]) {
        let due = fleet.due.iter().find(|due| due.work == work);
        let count = due.map_or(0, |due| due.connections);
        record::set_of(are::DUE, kind(work), number(count));
        record::set_of(are::DUE_LAG, kind(work), due.map_or(0.0, |due| age(due.since, now)));
    }
    record::set(are::RUNNING, number(fleet.running));
    record::set(are::FAILING, number(fleet.failing));
    record::set(are::WITHDRAWALS, number(fleet.revocations));
    record::set(are::NOTICES_GIVEN_UP, number(fleet.given_up));
    record::set(are::NOTICE_LAG, fleet.untold_since.map_or(0.0, |since| age(since, now)));
    record::set(are::LAPSED_LEASE, fleet.lapsed_since.map_or(0.0, |since| age(since, now)));
    let age_if_any = |at: Option<Timestamp>| at.map_or(f64::NAN, |at| age(at, now));
    record::set(are::OLDEST_COMPLETE, age_if_any(fleet.oldest_complete));
    record::set(are::NEWEST_COMPLETE, age_if_any(fleet.newest_complete));
}

fn show_destination(seen: &DestinationSeen, now: Timestamp) {
    let set = |instrument, value| record::set_named(instrument, &seen.name, value);
    set(are::FHIR_LAG, number(seen.changes));
    set(are::FHIR_LAG_SECONDS, seen.lagging_since.map_or(0.0, |since| age(since, now)));
    set(are::FHIR_FAILING, number(seen.failing.iter().map(|(_, people)| people).sum()));
    set(are::FHIR_PARKED, number(seen.parked));
    set(are::FHIR_CLOSED, if seen.closed_until.is_some() { 1.0 } else { 0.0 });
}

fn kind(work: Work) -> &'static str {
    match work {
        Work::Recent(Priority::PersonWaiting) => "waiting",
        Work::Recent(Priority::Webhook) => "webhook",
        Work::Recent(Priority::Routine) => "routine",
        Work::Audit | Work::History => work.key(),
    }
}

fn age(since: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(since).as_secs_f64().max(0.0)
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 connections")]
fn number(count: u64) -> f64 {
    count as f64
}

/// `/metrics` alone, for whoever has `token`; for everybody who can reach it, if there is none.
pub fn router(scrape: Arc<Scrape>, token: Option<SecretString>) -> Router {
    let open = Router::new().route("/metrics", get(answer)).with_state(scrape);
    match token {
        Some(token) => open.route_layer(middleware::from_fn_with_state(Arc::new(token), guard)),
        None => open,
    }
}

async fn answer(State(scrape): State<Arc<Scrape>>) -> Response {
    ([(CONTENT_TYPE, FORMAT)], scrape.text().await).into_response()
}

async fn guard(State(token): State<Arc<SecretString>>, request: Request, next: Next) -> Response {
    if has(request.headers(), &token) {
        next.run(request).await
    } else {
        let challenge = HeaderValue::from_static("Bearer");
        (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response()
    }
}

/// Whether the caller sent `token`; how much of a wrong one was right shows in no time taken.
fn has(headers: &HeaderMap, token: &SecretString) -> bool {
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|sent| sent.strip_prefix("Bearer ")).unwrap_or_default();
    sent.as_bytes().ct_eq(token.expose_secret().as_bytes()).into()
}
