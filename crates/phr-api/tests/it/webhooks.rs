//! What vendors may tell us, and what comes of it (security requirements WH-01 to WH-09).

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request},
};
use phr_api::{RateLimits, Settings, WebhookCounts};
use phr_model::FITBIT;
use phr_sandbox::{ADMIN_TOKEN, DataType, PROJECT_NUMBER, Sending, Source, WebhookMood, World};
use phr_store::connection::{Connection, ConnectionState, Priority};
use phr_vendors::{
    fitbit::google_health::hooks::{
        Authorization, Check, GoogleHooks,
        subscribers::{Registered, Subscribers},
    },
    http_client,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, TestApp, settings};

const SECRET: &str = "Bearer b0c8yE1n6Qv2K7Zq4Wf9Xr3Ts5Ua1HdJ";
const HELLO: &str = r#"{"type":"verification"}"#;

async fn app() -> TestApp {
    app_with(settings()).await
}

async fn app_with(settings: Settings) -> TestApp {
    let mut app = TestApp::with_vendor_and(settings).await;
    let sandbox = app.sandbox.as_ref().unwrap().base_url();
    let keyset = format!("{sandbox}/googlehealthapi/webhooks/webhooks_public_keyset.json");
    let authorization =
        Authorization { ring: vec![SecretString::from(SECRET)], check: Check::Always };
    let http = http_client().unwrap();
    let receiver =
        GoogleHooks::new(authorization, keyset.parse().unwrap(), http, app.clock.clone());
    app.state = app.state.with_webhooks(Arc::new(receiver));
    app.router = phr_api::router(&app.state, phr_web::router(app.state.connector.clone()));
    app
}

fn world(app: &TestApp) -> &World {
    app.sandbox.as_ref().unwrap().world()
}

async fn post(app: &TestApp, authorization: &str, signature: &str, body: &str) -> Reply {
    let mut request = Request::builder().method(Method::POST).uri("/webhooks/fitbit");
    for (name, value) in
        [("authorization", authorization), ("google-health-api-signature", signature)]
    {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Signed by Google, with our value.
async fn hear(app: &TestApp, body: &str) -> Reply {
    post(app, SECRET, &world(app).sign_webhook(body.as_bytes()), body).await
}

fn about(user: &str, day: &str) -> Value {
    let interval =
        json!({ "civilIso8601TimeInterval": { "startTime": format!("{day}T08:00:00") } });
    json!({ "data": { "healthUserId": user, "operation": "UPSERT", "dataType": "steps",
        "intervals": [interval] } })
}

/// Somebody connected whose days are all read.
async fn in_step<'a>(app: &'a TestApp, name: &str) -> (Actor<'a>, String) {
    let person = app.person(name).await;
    person.connect(0).await;
    while app.state.sync.work_once().await.unwrap() {}
    (person, world(app).people()[0].health_user_id.clone())
}

async fn connection(person: &Actor<'_>) -> Connection {
    let id = person.id().await;
    person.app.store.connection_of(id, FITBIT).await.unwrap().unwrap()
}

/// Serves the application on a socket and registers it with the emulated Google.
async fn subscribe(app: &TestApp) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/webhooks/fitbit", listener.local_addr().unwrap());
    let service = app.router.clone();
    tokio::spawn(async move { axum::serve(listener, service).await });
    let base = app.sandbox.as_ref().unwrap().base_url().parse().unwrap();
    let http = http_client().unwrap();
    let google = Subscribers::new(http, base, PROJECT_NUMBER.to_owned(), ADMIN_TOKEN.into());
    let endpoint = endpoint.parse().unwrap();
    let secret = SecretString::from(SECRET);
    let first = google.register("phr-backend", &endpoint, &secret).await;
    assert_eq!(first, Ok(Registered::Created));
    let again = google.register("phr-backend", &endpoint, &secret).await;
    assert_eq!(again, Ok(Registered::Confirmed));
}

async fn statuses(app: &TestApp) -> Vec<(Sending, Option<u16>)> {
    let sent = world(app).deliver_webhooks().await;
    sent.into_iter().map(|sent| (sent.sending, sent.status)).collect()
}

#[tokio::test]
async fn wh_03_the_handshake_is_answered_with_201_and_without_the_value_with_401() {
    let app = app().await;
    assert_eq!(post(&app, SECRET, "", HELLO).await.status, 201);
    post(&app, "", "", HELLO).await.problem(401);
    post(&app, "Bearer guessed", "", HELLO).await.problem(401);
    let body = json!([{ "data": { "healthUserId": "7", "note": HELLO } }]).to_string();
    assert_eq!(hear(&app, &body).await.status, 204, "a notification that contains it");
}

#[tokio::test]
async fn wh_07_a_genuine_notification_is_on_disk_before_it_is_answered() {
    let app = app().await;
    let (person, user) = in_step(&app, "ada").await;
    app.advance(60);
    assert_eq!(hear(&app, &json!([about(&user, "2026-11-19")]).to_string()).await.status, 204);
    let another = app.bed.another().await;
    let stored = another.connection_of(person.id().await, FITBIT).await.unwrap().unwrap();
    assert_eq!((stored.due_at, stored.priority), (Some(app.now()), Priority::Webhook));
    assert_eq!(stored.hooked.from.unwrap().to_string(), "2026-11-19");
}

#[tokio::test]
async fn wh_05_ten_thousand_times_the_same_is_one_run_and_no_double() {
    let app = app().await;
    let (person, user) = in_step(&app, "ada").await;
    let digest = app.store.digest(person.id().await).await.unwrap();
    let body = json!(vec![about(&user, "2026-11-19"); 100]).to_string();
    let signature = world(&app).sign_webhook(body.as_bytes());
    for _ in 0..100 {
        assert_eq!(post(&app, SECRET, &signature, &body).await.status, 204);
    }
    assert!(app.state.sync.work_once().await.unwrap());
    assert!(!app.state.sync.work_once().await.unwrap(), "it was due once");
    assert_eq!(app.store.digest(person.id().await).await.unwrap(), digest);
}

#[tokio::test]
async fn wh_08_accounts_that_nobody_here_has_are_counted_and_change_nothing() {
    let app = app().await;
    let (person, _) = in_step(&app, "ada").await;
    let before = connection(&person).await;
    for number in 0..50_u64 {
        let user = (4_000_000_000_000_000_000 + number * 7_919).to_string();
        let body = json!([about(&user, "2026-11-19"), {}]).to_string();
        assert_eq!(hear(&app, &body).await.status, 204);
    }
    assert_eq!(connection(&person).await, before);
    let counts = WebhookCounts { unknown: 50, unreadable: 50, ..WebhookCounts::default() };
    assert_eq!(app.state.webhook_counts(), counts);
}

#[tokio::test]
async fn forged_and_senseless_requests_start_no_work() {
    let app = app().await;
    let (person, user) = in_step(&app, "ada").await;
    let before = connection(&person).await;
    let body = json!([about(&user, "2026-11-19")]).to_string();
    let signature = world(&app).sign_webhook(body.as_bytes());
    post(&app, SECRET, &signature, &body.replace("UPSERT", "DELETE")).await.problem(401);
    post(&app, SECRET, "", &body).await.problem(401);
    post(&app, "", &signature, &body).await.problem(401);
    post(&app, "Bearer guessed", &signature, &body).await.problem(401);
    for senseless in ["", "not json", "7", "null"] {
        hear(&app, senseless).await.problem(400);
        post(&app, "", "", senseless).await.problem(401);
    }
    assert_eq!(connection(&person).await, before);
    assert_eq!(app.state.webhook_counts().refused, 12);
}

#[tokio::test]
async fn wh_09_a_mebibyte_and_a_thousand_items_are_the_most() {
    let app = app().await;
    let padded = |length: usize| format!("[{}]", " ".repeat(length - 2));
    assert_eq!(hear(&app, &padded(1024 * 1024)).await.status, 204);
    let detail = hear(&app, &padded(1024 * 1024 + 1)).await.problem(413);
    assert!(detail.contains("1 MiB"), "{detail}");
    let items = |count| json!(vec![about("7", "2026-11-19"); count]).to_string();
    assert_eq!(hear(&app, &items(1_000)).await.status, 204);
    hear(&app, &items(1_001)).await.problem(413);
}

#[tokio::test]
async fn wh_09_senders_have_a_rate_of_their_own() {
    let rates = RateLimits { webhooks_per_minute: Some(3), ..RateLimits::LIFTED };
    let app = app_with(Settings { rates, ..settings() }).await;
    for _ in 0..3 {
        post(&app, "", "", "{}").await.problem(401);
    }
    post(&app, "", "", "{}").await.problem(429);
    app.nobody().get("/livez").await.expect(200);
}

#[tokio::test]
async fn wh_09_browsers_of_other_origins_learn_nothing() {
    let origin = "https://app.example.com";
    let cors_origins = vec![origin.to_owned()];
    let app = app_with(Settings { cors_origins, ..settings() }).await;
    for (method, path, allowed) in [
        (Method::POST, "/webhooks/fitbit", false),
        (Method::OPTIONS, "/webhooks/fitbit", false),
        (Method::POST, "/auth/login", true),
    ] {
        let mut request = app.nobody().request(&method, path, None);
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let reply = app.send(request).await;
        let header = reply.headers.contains_key("access-control-allow-origin");
        assert_eq!(header, allowed, "{method} {path}");
        assert!(!reply.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn without_a_value_of_our_own_nothing_is_heard() {
    let app = TestApp::start().await;
    let detail = post(&app, "Bearer anything", "", HELLO).await.problem(503);
    assert!(detail.contains("FITBIT_WEBHOOK_AUTHORIZATION"), "{detail}");
    app.visit("/webhooks/fitbit?verify=anything", None).await.problem(503);
}

#[tokio::test]
async fn google_has_no_code_by_which_the_address_could_prove_itself() {
    let app = app().await;
    app.visit("/webhooks/fitbit?verify=anything", None).await.problem(404);
}

#[tokio::test]
async fn a_change_at_the_vendor_is_in_the_api_without_anybody_asking() {
    let app = app().await;
    let (person, _) = in_step(&app, "ada").await;
    subscribe(&app).await;
    let path = "/health/observations?observation_type=body_weight";
    let weights = |page: Value| page["total"].as_u64().unwrap();
    let before = weights(person.get(path).await.expect(200));
    let (email, at) = (app.vendor_account(0), "2026-11-19T20:00:00Z".parse().unwrap());
    world(&app).add_sample(&email, DataType::Weight, at, 81_500.0, Source::Scale).unwrap();
    assert_eq!(statuses(&app).await, [(Sending::Genuine, Some(204))]);
    assert_eq!(connection(&person).await.priority, Priority::Webhook);
    assert!(app.state.sync.work_once().await.unwrap());
    assert_eq!(weights(person.get(path).await.expect(200)), before + 1);
    assert_eq!(statuses(&app).await, [], "nothing is told twice");
}

#[tokio::test]
async fn duplicates_disorder_and_forgeries_change_nothing_about_the_result() {
    let app = app().await;
    let (person, _) = in_step(&app, "ada").await;
    subscribe(&app).await;
    let mood =
        WebhookMood { duplicates: 2, disorder: true, forgeries: 4, ..WebhookMood::default() };
    world(&app).set_webhook_mood(mood);
    let email = app.vendor_account(0);
    world(&app)
        .override_daily(&email, DataType::Steps, "2026-11-19".parse().unwrap(), 9.0)
        .unwrap();
    for (sending, status) in statuses(&app).await {
        let expected = if sending == Sending::Forgery { 401 } else { 204 };
        assert_eq!(status, Some(expected), "{sending:?}");
    }
    assert_eq!(world(&app).pending_webhooks(), 0);
    assert!(app.state.sync.work_once().await.unwrap());
    assert!(!app.state.sync.work_once().await.unwrap());
    assert_eq!(connection(&person).await.hooked.from, None, "the run reached it");
}

#[tokio::test]
async fn a_revoked_grant_is_told_and_ends_the_connection() {
    let app = app().await;
    let (person, _) = in_step(&app, "ada").await;
    subscribe(&app).await;
    world(&app).revoke_grant(&app.vendor_account(0)).unwrap();
    assert_eq!(statuses(&app).await, [(Sending::Genuine, Some(204))]);
    assert!(app.state.sync.work_once().await.unwrap());
    assert_eq!(connection(&person).await.state, ConnectionState::ReconnectNeeded);
}

#[tokio::test]
async fn wh_05_an_old_deletion_sent_again_disconnects_nobody() {
    let app = app().await;
    let (person, user) = in_step(&app, "ada").await;
    let deletion = json!([{ "data": { "healthUserId": user, "operation": "DELETE" } }]);
    assert_eq!(hear(&app, &deletion.to_string()).await.status, 204);
    assert!(app.state.sync.work_once().await.unwrap());
    assert_eq!(connection(&person).await.state, ConnectionState::Active);
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again() {
    let app = app().await;
    let (person, _) = in_step(&app, "ada").await;
    subscribe(&app).await;
    world(&app).inject("kind=status,status=503,path=webhooks_public_keyset".parse().unwrap());
    let email = app.vendor_account(0);
    world(&app)
        .override_daily(&email, DataType::Steps, "2026-11-19".parse().unwrap(), 9.0)
        .unwrap();
    assert_eq!(statuses(&app).await, [(Sending::Genuine, Some(503))]);
    world(&app).clear_faults();
    app.advance(30);
    assert_eq!(statuses(&app).await, [(Sending::Genuine, Some(204))]);
    assert_eq!(connection(&person).await.priority, Priority::Webhook);
}
