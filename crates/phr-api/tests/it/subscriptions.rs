//! Notifications of Fitbit's Web API, from the subscription to the run that they start (security
//! requirements WH-01 to WH-09).

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request},
};
use jiff::SignedDuration;
use phr_api::WebhookCounts;
use phr_model::FITBIT;
use phr_sandbox::{
    DataType, Options, Sending, Source, SubscriberError, WebApiMood, WebhookMood, World,
};
use phr_store::connection::{Connection, ConnectionState, Priority};
use phr_sync::tokens::Tokens;
use phr_vendors::{
    Budget, InstantPace, Rates, Vendors,
    fitbit::web_api::{self, WebApi, hooks::SubscriberHooks},
    http_client,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::support::{Actor, BASE, Reply, TestApp, settings};

const CODE: &str = "5b0c9e6f3a7d41e2b8f60193c7ad5e40918e72c4ba60d35f7712e09ac4f8b6d1";

/// A server that reads Fitbit's Web API and wants to be notified.
async fn app() -> TestApp {
    let mut app = TestApp::with_vendor_and(settings()).await;
    let Options { client_id, client_secret, .. } = Options::default();
    let secret = SecretString::from(client_secret);
    let base = app.sandbox.as_ref().unwrap().base_url().parse().unwrap();
    let redirect = format!("{BASE}/integrations/fitbit/callback").parse().unwrap();
    let fitbit = web_api::Settings::at(&base, client_id, secret.clone(), redirect);
    let budget = Arc::new(Budget::new(Rates::hourly(1_000_000), app.clock.clone()));
    let fitbit = fitbit.with_subscriptions(true);
    let vendor = WebApi::new(&fitbit, http_client().unwrap(), budget, app.clock.clone());
    let vendor = vendor.with_pace(Arc::new(InstantPace::default()));
    let vendors = Arc::new(Vendors::new([Arc::new(vendor) as Arc<dyn phr_vendors::Vendor>]));
    app.state.connector.vendors = vendors.clone();
    app.state.sync.vendors = vendors;
    app.state = app.state.with_webhooks(Arc::new(SubscriberHooks::new(&secret, CODE.into())));
    app.router = phr_api::router(&app.state, phr_web::router(app.state.connector.clone()));
    let mood = WebApiMood { quota_per_hour: 0, ..world(&app).web_api_mood() };
    world(&app).set_web_api_mood(mood);
    app
}

fn world(app: &TestApp) -> &World {
    app.sandbox.as_ref().unwrap().world()
}

/// Serves the application on a socket and has the emulated Fitbit verify and notify it.
async fn register(app: &TestApp) {
    assert_eq!(world(app).register_subscriber(&served(app).await, CODE).await, Ok(()));
}

async fn served(app: &TestApp) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/webhooks/fitbit", listener.local_addr().unwrap());
    let service = app.router.clone();
    tokio::spawn(async move { axum::serve(listener, service).await });
    endpoint
}

/// Somebody who is subscribed and whose days are all read.
async fn in_step<'a>(app: &'a TestApp, name: &str) -> Actor<'a> {
    register(app).await;
    let person = app.person(name).await;
    person.connect(0).await;
    work(app).await;
    person
}

async fn work(app: &TestApp) {
    while app.state.sync.work_once().await.unwrap() {}
}

async fn connection(person: &Actor<'_>) -> Connection {
    let id = person.id().await;
    person.app.store.connection_of(id, FITBIT).await.unwrap().unwrap()
}

/// The access token at Fitbit.
async fn token(person: &Actor<'_>) -> SecretString {
    let (app, id) = (person.app, connection(person).await.id);
    let (sealed, _) = app.store.tokens(id).await.unwrap().unwrap();
    Tokens::open(&app.state.sync.vault, id, &sealed.envelope).unwrap().access
}

async fn fitbit(app: &TestApp, token: &SecretString, method: Method, path: &str) -> Value {
    let url = format!("{}/1/user/-/{path}.json", app.sandbox.as_ref().unwrap().base_url());
    let request = app.browser.request(method, url).bearer_auth(token.expose_secret());
    let body = request.header("content-length", "0").send().await.unwrap().bytes().await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

/// Collections and ids that Fitbit has subscriptions of.
async fn subscribed(app: &TestApp, token: &SecretString) -> Vec<(String, String)> {
    let listed = fitbit(app, token, Method::GET, "apiSubscriptions").await;
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = listed["apiSubscriptions"].as_array().unwrap().iter();
    let mut rows: Vec<_> =
        rows.map(|row| (text(row, "collectionType"), text(row, "subscriptionId"))).collect();
    rows.sort();
    rows
}

async fn collections(person: &Actor<'_>) -> Vec<String> {
    let rows = subscribed(person.app, &token(person).await).await;
    rows.into_iter().map(|(collection, _)| collection).collect()
}

/// Requests for subscriptions since the last time.
fn requests(app: &TestApp) -> u64 {
    let counts = world(app).request_counts();
    world(app).clear_request_counts();
    counts.get("web-api subscriptions").copied().unwrap_or_default()
}

/// Requests that were refused, but for the wrong code of the registration.
fn refused(app: &TestApp) -> u64 {
    app.state.webhook_counts().refused - 1
}

fn weigh_in(app: &TestApp) {
    let (email, at) = (app.vendor_account(0), "2026-11-19T20:00:00Z".parse().unwrap());
    world(app).add_sample(&email, DataType::Weight, at, 81_500.0, Source::Scale).unwrap();
}

async fn statuses(app: &TestApp) -> Vec<(Sending, Option<u16>)> {
    let sent = world(app).deliver_webhooks().await;
    sent.into_iter().map(|sent| (sent.sending, sent.status)).collect()
}

async fn post(app: &TestApp, signature: &str, body: &str) -> Reply {
    let mut request = Request::builder().method(Method::POST).uri("/webhooks/fitbit");
    if !signature.is_empty() {
        request = request.header("x-fitbit-signature", signature);
    }
    app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// Signed by Fitbit.
async fn hear(app: &TestApp, body: &str) -> Reply {
    post(app, &world(app).sign_notification(body.as_bytes()), body).await
}

fn about(owner: &str, collection: &str, date: &str) -> String {
    json!([{ "collectionType": collection, "date": date, "ownerId": owner, "ownerType": "user",
        "subscriptionId": "x" }])
    .to_string()
}

#[tokio::test]
async fn wh_03_the_address_proves_itself_by_the_code_and_by_no_other() {
    let app = app().await;
    let endpoint = served(&app).await;
    assert_eq!(world(&app).register_subscriber(&endpoint, CODE).await, Ok(()));
    let unverified = SubscriberError::Unverified { right: Some(404), wrong: Some(404) };
    assert_eq!(world(&app).register_subscriber(&endpoint, "guessed").await, Err(unverified));
    for query in ["", "?verify=", "?verify", "?code=x", "?verify=a&verify=b"] {
        app.visit(&format!("/webhooks/fitbit{query}"), None).await.problem(404);
    }
    assert_eq!(app.visit(&format!("/webhooks/fitbit?verify={CODE}"), None).await.status, 204);
}

#[tokio::test]
async fn who_connects_is_subscribed_to_what_was_permitted_in_three_requests_at_most() {
    let app = app().await;
    register(&app).await;
    let ada = app.person("ada").await;
    world(&app).clear_request_counts();
    ada.connect(0).await;
    assert_eq!(requests(&app), 2);
    let id = connection(&ada).await.id.0.simple();
    let wanted = ["activities", "body"].map(|name| (name.to_owned(), format!("{id}-{name}")));
    assert_eq!(subscribed(&app, &token(&ada).await).await, wanted, "sleep was not asked for");

    let bob = app.person("bob").await;
    let (page, cookie) = bob.sent_away().await;
    let page = page.replace("scope=activity", "scope=sleep+activity");
    let callback = app.consent(&page, &app.vendor_account(1), |scope| scope != "weight").await;
    world(&app).clear_request_counts();
    app.visit(&callback, Some(&cookie)).await;
    assert_eq!(requests(&app), 2);
    assert_eq!(collections(&bob).await, ["activities", "sleep"]);
}

#[tokio::test]
async fn a_change_at_the_vendor_is_in_the_api_without_anybody_asking() {
    let app = app().await;
    let person = in_step(&app, "ada").await;
    let path = "/health/observations?observation_type=body_weight";
    let weights = |page: Value| page["total"].as_u64().unwrap();
    let before = weights(person.get(path).await.expect(200));
    weigh_in(&app);
    assert_eq!(statuses(&app).await, [(Sending::Genuine, Some(204))]);
    let due = connection(&person).await;
    assert_eq!((due.priority, due.due_at), (Priority::Webhook, Some(app.now())));
    assert_eq!(due.hooked.from.unwrap().to_string(), "2026-11-19");
    assert!(app.state.sync.work_once().await.unwrap());
    assert_eq!(weights(person.get(path).await.expect(200)), before + 1);
    assert_eq!(statuses(&app).await, [], "nothing is told twice");
}

#[tokio::test]
async fn duplicates_disorder_and_forgeries_change_nothing_about_the_result() {
    let app = app().await;
    let person = in_step(&app, "ada").await;
    let mood =
        WebhookMood { duplicates: 2, disorder: true, forgeries: 3, ..WebhookMood::default() };
    world(&app).set_webhook_mood(mood);
    weigh_in(&app);
    let sent = statuses(&app).await;
    assert_eq!(sent.len(), 6);
    for (sending, status) in sent {
        let expected = if sending == Sending::Forgery { 404 } else { 204 };
        assert_eq!(status, Some(expected), "{sending:?}");
    }
    assert!(app.state.sync.work_once().await.unwrap());
    assert!(!app.state.sync.work_once().await.unwrap(), "it was due once");
    assert_eq!(connection(&person).await.hooked.from, None, "the run reached it");
    assert_eq!(refused(&app), 3);
}

#[tokio::test]
async fn wh_01_forged_requests_find_nothing_here_and_start_no_work() {
    let app = app().await;
    let person = in_step(&app, "ada").await;
    let before = connection(&person).await;
    let body = about(before.vendor_user.as_deref().unwrap(), "body", "2026-11-19");
    let signature = world(&app).sign_notification(body.as_bytes());
    post(&app, &signature, &body.replace("19", "18")).await.problem(404);
    post(&app, &signature[..20], &body).await.problem(404);
    post(&app, "", &body).await.problem(404);
    for senseless in ["", "not json", "7"] {
        post(&app, &signature, senseless).await.problem(404);
    }
    assert_eq!(connection(&person).await, before);
    assert_eq!(refused(&app), 6);
}

#[tokio::test]
async fn wh_08_whoever_is_unknown_and_whatever_is_not_understood_is_answered_with_204() {
    let app = app().await;
    let person = in_step(&app, "ada").await;
    let before = connection(&person).await;
    for body in [&about("ZZZZZZ", "sleep", "2026-11"), "[{}]", "not json", "[]"] {
        assert_eq!(hear(&app, body).await.status, 204, "{body}");
    }
    let large = format!("[{}]", " ".repeat(1024 * 1024));
    hear(&app, &large).await.problem(413);
    assert_eq!(connection(&person).await, before);
    assert_eq!(refused(&app), 1);
    let WebhookCounts { known, unknown, unreadable, .. } = app.state.webhook_counts();
    assert_eq!((known, unknown, unreadable), (0, 1, 2));
}

#[tokio::test]
async fn wh_05_an_end_that_is_told_is_believed_when_the_vendor_refuses() {
    let app = app().await;
    let person = in_step(&app, "ada").await;
    let owner = connection(&person).await.vendor_user.unwrap();
    for end in ["userRevokedAccess", "deleteUser"] {
        assert_eq!(hear(&app, &about(&owner, end, "2016-11-19")).await.status, 204);
        let due = connection(&person).await;
        assert_eq!((due.priority, due.hooked.from), (Priority::Webhook, None));
        assert!(app.state.sync.work_once().await.unwrap());
        assert_eq!(connection(&person).await.state, ConnectionState::Active, "an old one");
    }
    world(&app).delete_fitbit_account(&app.vendor_account(0)).unwrap();
    assert_eq!(statuses(&app).await, [(Sending::Genuine, Some(204))]);
    assert!(app.state.sync.work_once().await.unwrap());
    assert_eq!(connection(&person).await.state, ConnectionState::ReconnectNeeded);
}

#[tokio::test]
async fn whoever_disconnects_is_unsubscribed_before_the_grant_is_withdrawn() {
    let app = app().await;
    let person = in_step(&app, "ada").await;
    let (id, token) = (person.id().await, token(&person).await);
    world(&app).inject("kind=status,status=503,path=oauth2/revoke".parse().unwrap());
    world(&app).clear_request_counts();
    assert!(app.state.connector.disconnect(id, FITBIT).await.unwrap());
    assert_eq!(requests(&app), 3);
    assert_eq!(subscribed(&app, &token).await, []);
    app.advance(24 * 3_600);
    app.state.connector.withdraw_due().await.unwrap();
    assert_eq!(requests(&app), 1, "the one that listed: it is tried once");
    weigh_in(&app);
    assert_eq!(statuses(&app).await, []);
}

#[tokio::test]
async fn a_subscription_that_cannot_be_ended_does_not_keep_anybody_connected() {
    let app = app().await;
    let person = in_step(&app, "ada").await;
    world(&app).inject("kind=status,status=503,path=apiSubscriptions".parse().unwrap());
    world(&app).clear_request_counts();
    assert!(app.state.connector.disconnect(person.id().await, FITBIT).await.unwrap());
    assert_eq!(requests(&app), 1, "what fails once is not tried with the next");
    let waiting = app.store.due_revocations(app.now()).await.unwrap();
    assert!(waiting.is_empty(), "the grant is withdrawn");
}

#[tokio::test]
async fn who_connected_before_is_subscribed_at_night_beside_what_stands_in_the_way() {
    let app = app().await;
    let person = app.person("ada").await;
    person.connect(0).await;
    work(&app).await;
    assert_eq!(connection(&person).await.state, ConnectionState::Active);
    assert_eq!(collections(&person).await, [""; 0], "there was no subscriber yet");
    register(&app).await;
    fitbit(&app, &token(&person).await, Method::POST, "body/apiSubscriptions/foreign").await;
    for _ in 0..24 {
        world(&app).advance(SignedDuration::from_hours(1));
        app.advance(3_600);
        world(&app).clear_request_counts();
        work(&app).await;
        if requests(&app) > 0 {
            break;
        }
    }
    let person = Actor::signed_in(&app, &person.email).await;
    let id = connection(&person).await.id.0.simple();
    let wanted = [("activities", format!("{id}-activities")), ("body", "foreign".to_owned())];
    let wanted = wanted.map(|(collection, id)| (collection.to_owned(), id));
    assert_eq!(subscribed(&app, &token(&person).await).await, wanted);
}
