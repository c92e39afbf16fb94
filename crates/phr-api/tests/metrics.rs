//! What Prometheus gets to see: everything in the catalogue, nothing about anybody (LG-04).

#![expect(clippy::float_cmp, reason = "whole numbers, told as floats")]
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{Method, Request},
};
use phr_api::scrape::{self, Scrape};
use phr_telemetry::{
    Exporter, catalogue,
    exposition::{Sample, faults, instrument_of, samples},
};
use phr_vendors::Vendors;
use serde_json::json;
use tower::ServiceExt;

#[path = "support/mod.rs"]
mod support;

use support::{Actor, Reply, TestApp};

const TOKEN: &str = "a-token-for-prometheus-only";

/// A server that serves `/metrics` to whoever has the token.
fn served(app: &TestApp, exporter: &Exporter) -> Router {
    let vendors: Arc<Vendors> = app.state.sync.vendors.clone();
    let scrape = Scrape::new(exporter.clone(), app.store.clone(), vendors, app.state.clock.clone());
    let pages = phr_web::router(app.state.connector.clone());
    let metrics = scrape::router(scrape, Some(TOKEN.into()));
    phr_api::router(&app.state, pages.merge(metrics.into()))
}

async fn ask(router: &Router, bearer: Option<&str>) -> Reply {
    let mut request = Request::get("/metrics");
    if let Some(bearer) = bearer {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    let request = request.body(Body::empty()).unwrap();
    Reply::of(router.clone().oneshot(request).await.unwrap()).await
}

async fn scrape(router: &Router) -> String {
    let reply = ask(router, Some(TOKEN)).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    reply.text()
}

/// The sum of all series with these labels.
fn value(text: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let fits = |sample: &&Sample| {
        sample.name == name && labels.iter().all(|(label, value)| sample.label(label) == *value)
    };
    let samples = samples(text);
    let found: Vec<f64> = samples.iter().filter(fits).map(|sample| sample.value).collect();
    assert!(!found.is_empty(), "{name} {labels:?}\n{text}");
    found.iter().sum()
}

/// Everything a person does, well and badly; what of it must not be seen.
async fn a_day(app: &TestApp, ada: &Actor<'_>) -> Vec<String> {
    let account = app.vendor_account(0);
    let link = ada.post("/integrations/fitbit/authorize/url", &json!({})).await.expect(200);
    let path = url::Url::parse(link["url"].as_str().unwrap()).unwrap().path().to_owned();
    app.visit(&path, None).await;
    let sent_away = app.submit(&path, "").await;
    let cookie = support::cookie_of(&sent_away);
    let callback = app.consent(sent_away.header("location"), &account, |_| true).await;
    app.visit(&callback, Some(&cookie)).await;
    ada.press("/health/sync/immediate?date_str=2026-11-19").await.expect(200);
    ada.get("/health/observations?page_size=100").await.expect(200);
    ada.get("/health/samples?metric=steps&date_from=nonsense").await.problem(422);
    app.send(ada.request(&Method::GET, "/health/observations/61371", None)).await.problem(404);
    app.send(ada.request(&"BREW".parse().unwrap(), "/coffee/61371", None)).await.problem(404);
    ada.try_refresh(&ada.refresh).await.expect(200);
    let ticket = path.rsplit('/').next().unwrap().to_owned();
    let id = ada.id().await.to_string();
    vec![id, ada.email.clone(), ada.access.clone(), ada.refresh.clone(), account, ticket]
        .into_iter()
        .chain(["61371", "2026-11-19", "canary", "BREW", TOKEN].map(str::to_owned))
        .collect()
}

/// Whether the canary stands in the line, and not by chance amid the digits of a time.
fn tells(line: &str, canary: &str) -> bool {
    let digit = |text: Option<char>| text.is_some_and(|next| next.is_ascii_digit());
    line.match_indices(canary).any(|(at, found)| {
        let (before, after) = (&line[..at], &line[at + found.len()..]);
        !digit(before.chars().next_back()) && !digit(after.chars().next())
    })
}

/// One test, because a process has one recorder.
#[tokio::test]
async fn lg_04_a_scrape_tells_all_of_the_catalogue_and_nothing_about_anybody() {
    let exporter = Exporter::install().unwrap();
    let app = TestApp::with_vendor().await;
    let router = served(&app, &exporter);
    let app = TestApp { router: router.clone(), ..app };
    let ada = app.person("canary-ada").await;
    let canaries = a_day(&app, &ada).await;

    for wrong in [None, Some(""), Some("a-token"), Some(&*ada.access)] {
        assert_eq!(ask(&router, wrong).await.status, 401, "{wrong:?}");
    }
    let text = scrape(&router).await;
    assert_eq!(faults(&text), Vec::<String>::new());
    for canary in canaries {
        let found = text.lines().find(|line| tells(line, &canary));
        assert_eq!(found, None, "{canary} is exported");
    }

    let seen: BTreeSet<_> = samples(&text)
        .iter()
        .filter_map(|sample| instrument_of(&sample.name).map(|instrument| instrument.name))
        .collect();
    // No FHIR server is configured here.
    let expected = catalogue::ALL.iter().filter(|it| !it.name.starts_with("phr_fhir_"));
    let unseen: Vec<_> = expected.map(|it| it.name).filter(|name| !seen.contains(name)).collect();
    assert_eq!(unseen, ["process_start_time_seconds"], "which the binary knows");

    assert_eq!(value(&text, "phr_connections", &[("state", "active")]), 1.0);
    assert_eq!(value(&text, "phr_database_up", &[]), 1.0);
    assert!(value(&text, "phr_runs_total", &[("outcome", "complete"), ("error", "none")]) >= 1.0);
    assert!(value(&text, "phr_days_read_total", &[("metric", "steps")]) >= 1.0);
    assert!(value(&text, "phr_vendor_budget_left", &[]) < 1_000_000.0);
    let exchange = [("endpoint", "exchange"), ("class", "2xx")];
    assert_eq!(value(&text, "phr_vendor_requests_total", &exchange), 1.0);
    let unknown = [("route", "-"), ("method", "other"), ("status", "4xx")];
    assert_eq!(value(&text, "phr_http_request_seconds_count", &unknown), 1.0);
    let replaced = [("access", "write"), ("use_case", "replace_days")];
    assert!(value(&text, "phr_database_seconds_count", &replaced) >= 1.0);

    several_scrapes_ask_the_database_once(&app, &router).await;
    rt_02_a_clock_that_differs_is_seen(&app, &ada, &router).await;
    a_failing_connection_is_counted(&app, &ada, &router).await;
    assert_eq!(faults(&scrape(&router).await), Vec::<String>::new());
    app.sandbox.unwrap().stop().await;
    rt_09_a_vendor_that_is_down_leaves_the_server_ready(&router).await;
}

async fn several_scrapes_ask_the_database_once(app: &TestApp, router: &Router) {
    let asked = |text: &str| value(text, "phr_database_seconds_count", &[("use_case", "fleet")]);
    let before = asked(&scrape(router).await);
    for _ in 0..5 {
        scrape(router).await;
    }
    assert_eq!(asked(&scrape(router).await), before);
    app.advance(11);
    assert_eq!(asked(&scrape(router).await), before + 1.0);
}

async fn rt_02_a_clock_that_differs_is_seen(app: &TestApp, ada: &Actor<'_>, router: &Router) {
    app.advance(90);
    ada.press("/health/sync/immediate?date_str=2026-11-19").await.expect(200);
    let skew = value(&scrape(router).await, "phr_vendor_clock_skew_seconds", &[]);
    assert!((-110.0..=-90.0).contains(&skew), "{skew}");
}

async fn a_failing_connection_is_counted(app: &TestApp, ada: &Actor<'_>, router: &Router) {
    let fault = phr_sandbox::Fault::new(phr_sandbox::FaultKind::Unlinked);
    app.sandbox.as_ref().unwrap().world().inject(fault);
    ada.press("/health/sync/immediate?date_str=2026-11-19").await.problem(409);
    app.advance(11);
    let text = scrape(router).await;
    assert_eq!(value(&text, "phr_failing_connections", &[]), 1.0);
    let failed = [("outcome", "failed"), ("error", "account_not_linked")];
    assert_eq!(value(&text, "phr_runs_total", &failed), 1.0);
}

/// RT-09: readiness is about this server alone.
async fn rt_09_a_vendor_that_is_down_leaves_the_server_ready(router: &Router) {
    let request = Request::get("/readyz").body(Body::empty()).unwrap();
    assert_eq!(router.clone().oneshot(request).await.unwrap().status(), 200);
}
