//! Subscriptions and notifications.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::support::{ALL, Fitbit, SCOPES, error, ines};
use crate::support::{Answer, INES, JONAS, answer, options};
use phr_sandbox::{DataType, Sandbox, Sending, Source, SubscriberError, WebhookMood, World};

const CODE: &str = "e4a1c7";

/// The endpoint that is told.
#[derive(Clone, Default)]
struct Ear {
    heard: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    refuses: Arc<Mutex<bool>>,
}

impl Ear {
    async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ear = self.clone();
        let verify = |Query(query): Query<Vec<(String, String)>>| async move {
            let right = query.iter().any(|(name, value)| name == "verify" && value == CODE);
            if right { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
        };
        let hear = move |headers: HeaderMap, body: Bytes| async move {
            ear.heard.lock().unwrap().push((headers, body));
            if *ear.refuses.lock().unwrap() { StatusCode::OK } else { StatusCode::NO_CONTENT }
        };
        let router = Router::new().route("/hook", get(verify).post(hear));
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/hook")
    }

    /// The items told since the last time.
    fn told(&self) -> Vec<Value> {
        let heard: Vec<_> = self.heard.lock().unwrap().drain(..).collect();
        let bodies = heard.iter().map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap());
        bodies.flat_map(|body| body.as_array().unwrap().clone()).collect()
    }

    /// Collections and dates.
    fn collections(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let told = self.told();
        told.iter().map(|item| (text(&item["collectionType"]), text(&item["date"]))).collect()
    }
}

async fn send(fitbit: &Fitbit, method: &str, path: &str) -> Answer {
    let url = format!("{}/1/user/-/{path}.json", fitbit.base);
    let method = method.parse().unwrap();
    let request = fitbit.http.request(method, url).bearer_auth(&fitbit.token);
    answer(request.header("Content-Length", "0").send().await.unwrap()).await
}

async fn subscribed(collections: &[&str]) -> (Sandbox, Fitbit, Ear) {
    let ((sandbox, fitbit), ear) = (ines().await, Ear::default());
    sandbox.world().register_subscriber(&ear.listen().await, CODE).await.unwrap();
    for collection in collections {
        let path = format!("{collection}/apiSubscriptions/7f31-{collection}");
        assert_eq!(send(&fitbit, "POST", &path).await.status, 201);
    }
    (sandbox, fitbit, ear)
}

fn weigh_in(world: &World) {
    let at = "2026-11-19T23:30:00Z".parse().unwrap();
    world.add_sample(INES, DataType::Weight, at, 81_500.0, Source::Scale).unwrap();
}

#[tokio::test]
async fn an_endpoint_must_know_the_code_and_refuse_any_other() {
    let (sandbox, fitbit) = ines().await;
    let endpoint = Ear::default().listen().await;
    let unknown = sandbox.world().register_subscriber(&endpoint, "guessed").await;
    let statuses = SubscriberError::Unverified { right: Some(404), wrong: Some(404) };
    assert_eq!(unknown, Err(statuses));
    let early = send(&fitbit, "POST", "body/apiSubscriptions/1").await;
    assert_eq!(error(&early), (400, "validation".to_owned()));
    let url = format!("{}/sandbox/web-api/subscriber", fitbit.base);
    let put = |body: Value| {
        let request = fitbit.http.put(&url).header("Content-Type", "application/json");
        request.body(body.to_string()).send()
    };
    let right = put(json!({ "endpoint": endpoint, "verify": CODE })).await.unwrap();
    assert_eq!(right.status(), 200);
    let wrong = put(json!({ "endpoint": endpoint, "verify": "guessed" })).await.unwrap();
    assert_eq!(wrong.status(), 400);
}

#[tokio::test]
async fn subscriptions_are_made_listed_and_deleted() {
    let (sandbox, fitbit, _ear) = subscribed(&["body"]).await;
    let path = "body/apiSubscriptions/7f31-body";
    let again = send(&fitbit, "POST", path).await;
    assert_eq!(again.status, 200);
    let owner = sandbox.world().people()[0].legacy_user_id.clone();
    let expected = json!({
        "collectionType": "body", "ownerId": owner, "ownerType": "user", "subscriberId": "1",
        "subscriptionId": "7f31-body",
    });
    assert_eq!(again.json(), expected);
    let listed = fitbit.json("body/apiSubscriptions").await;
    assert_eq!(listed, json!({ "apiSubscriptions": [expected] }));
    assert_eq!(send(&fitbit, "POST", "body/apiSubscriptions/another").await.status, 409);
    assert_eq!(send(&fitbit, "DELETE", path).await.status, 204);
    assert_eq!(send(&fitbit, "DELETE", path).await.status, 404);
    assert_eq!(fitbit.json("apiSubscriptions").await, json!({ "apiSubscriptions": [] }));
}

#[tokio::test]
async fn a_collection_needs_its_scope_and_everything_needs_all() {
    let (_sandbox, fitbit, _ear) = subscribed(&[]).await;
    let long = format!("body/apiSubscriptions/{}", "x".repeat(51));
    assert_eq!(send(&fitbit, "POST", &long).await.status, 400);
    assert_eq!(send(&fitbit, "POST", "sleep/apiSubscriptions/1").await.status, 403);
    assert_eq!(send(&fitbit, "POST", "apiSubscriptions/1").await.status, 403);
    assert_eq!(send(&fitbit, "POST", "heart/apiSubscriptions/1").await.status, 404);
}

#[tokio::test]
async fn a_change_is_told_by_its_local_date_without_values() {
    let (sandbox, _fitbit, ear) = subscribed(&["body", "activities"]).await;
    weigh_in(sandbox.world());
    assert_eq!(sandbox.world().deliver_webhooks().await.len(), 1);
    {
        let heard = ear.heard.lock().unwrap();
        let (headers, body) = &heard[0];
        let signed = sandbox.world().sign_notification(body);
        assert_eq!(headers["x-fitbit-signature"], signed.as_str());
        assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    }
    let told = ear.told();
    assert_eq!(told[0]["date"], "2026-11-20", "half past midnight in Madrid");
    assert_eq!(told[0]["subscriptionId"], "7f31-body");
    assert_eq!(told[0].as_object().unwrap().len(), 5);
    assert!(sandbox.world().deliver_webhooks().await.is_empty());
}

#[tokio::test]
async fn data_that_grows_with_the_clock_is_told() {
    let (sandbox, _fitbit, ear) = subscribed(&["activities"]).await;
    sandbox.world().advance(SignedDuration::from_hours(2));
    sandbox.world().deliver_webhooks().await;
    let date = "2026-11-22".to_owned();
    assert_eq!(ear.collections(), [("activities".to_owned(), date)]);
}

async fn sleeper() -> (Sandbox, Fitbit, Ear) {
    let (sandbox, ear) = (Sandbox::start(options()).await.unwrap(), Ear::default());
    let fitbit = Fitbit::of(&sandbox, INES, ALL).await;
    sandbox.world().register_subscriber(&ear.listen().await, CODE).await.unwrap();
    for collection in ["sleep", "body", "activities"] {
        let path = format!("{collection}/apiSubscriptions/7f31-{collection}");
        assert_eq!(send(&fitbit, "POST", &path).await.status, 201);
    }
    (sandbox, fitbit, ear)
}

#[tokio::test]
async fn edited_nights_workouts_and_readings_of_fat_are_told() {
    let (sandbox, _fitbit, ear) = sleeper().await;
    let world = sandbox.world();
    let [from, to] =
        ["2026-11-19T18:00:00Z", "2026-11-20T06:00:00Z"].map(|text| text.parse().unwrap());
    let told = async |collection: &str| {
        world.deliver_webhooks().await;
        ear.collections().contains(&(collection.to_owned(), "2026-11-20".to_owned()))
    };
    let night = world.points(INES, DataType::Sleep, from, to).unwrap()[0].start;
    world.change_sample(INES, DataType::Sleep, night, 300.0).unwrap();
    assert!(told("sleep").await);
    // The night began on the day before: its end is told too.
    let end = night.saturating_add(SignedDuration::from_mins(1)).unwrap();
    world.delete_samples(INES, DataType::Sleep, night, end).unwrap();
    assert!(told("sleep").await);
    let noon = "2026-11-20T12:00:00Z".parse().unwrap();
    world.add_sample(INES, DataType::BodyFat, noon, 22.4, Source::Scale).unwrap();
    assert!(told("body").await);
    world.add_sample(INES, DataType::Exercise, noon, 1_800.0, Source::Watch).unwrap();
    assert!(told("activities").await);
    assert!(!told("sleep").await, "nothing is told twice");
}

#[tokio::test]
async fn a_night_is_told_when_it_can_be_read() {
    let (sandbox, fitbit, ear) = sleeper().await;
    let world = sandbox.world();
    let at = "2026-11-22T12:00:00Z".parse().unwrap();
    world.add_sample(INES, DataType::Sleep, at, 40.0, Source::Manual).unwrap();
    let asleep =
        |told: &[(String, String)]| told.iter().any(|(collection, _)| collection == "sleep");
    world.advance(SignedDuration::from_mins(61));
    world.deliver_webhooks().await;
    assert!(!asleep(&ear.collections()));
    world.advance(SignedDuration::from_mins(15));
    world.deliver_webhooks().await;
    assert!(asleep(&ear.collections()));
    let log = fitbit.json("sleep/date/2026-11-22").await["sleep"][0].clone();
    assert_eq!((&log["logType"], &log["minutesAsleep"]), (&"manual".into(), &40.into()));
}

#[tokio::test]
async fn people_who_did_not_subscribe_are_not_talked_about() {
    let (sandbox, _fitbit, ear) = subscribed(&["body"]).await;
    Fitbit::of(&sandbox, JONAS, SCOPES).await;
    let at = "2026-11-21T07:00:00Z".parse().unwrap();
    let world = sandbox.world();
    world.add_sample(JONAS, DataType::Weight, at, 81_500.0, Source::Scale).unwrap();
    world.deliver_webhooks().await;
    assert_eq!(ear.collections(), []);
}

#[tokio::test]
async fn a_person_who_removes_the_app_is_told_once() {
    let (sandbox, _fitbit, ear) = subscribed(&["body", "userRevokedAccess"]).await;
    sandbox.world().revoke_grant(INES).unwrap();
    sandbox.world().deliver_webhooks().await;
    let told = ear.told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["collectionType"], "userRevokedAccess");
    weigh_in(sandbox.world());
    assert!(sandbox.world().deliver_webhooks().await.is_empty(), "the subscriptions are gone");
}

#[tokio::test]
async fn a_deleted_account_is_told_by_each_subscription() {
    let (sandbox, fitbit, ear) = subscribed(&["body", "activities"]).await;
    let url = format!("{}/sandbox/people/{INES}/fitbit-account", fitbit.base);
    assert_eq!(fitbit.http.delete(url).send().await.unwrap().status(), 200);
    sandbox.world().deliver_webhooks().await;
    let told = ear.told();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|item| item["collectionType"] == "deleteUser"));
    assert_eq!(fitbit.get("profile").await.status, 401);
}

#[tokio::test]
async fn a_mood_repeats_forges_and_keeps_silent() {
    let (sandbox, _fitbit, ear) = subscribed(&["body"]).await;
    let world = sandbox.world();
    let mood = WebhookMood { duplicates: 1, forgeries: 3, ..WebhookMood::default() };
    world.set_webhook_mood(mood);
    weigh_in(world);
    let sent = world.deliver_webhooks().await;
    let count = |wanted| sent.iter().filter(|sent| sent.sending == wanted).count();
    let counts = [Sending::Genuine, Sending::Duplicate, Sending::Forgery].map(count);
    assert_eq!(counts, [1, 1, 3]);
    let heard: Vec<_> = ear.heard.lock().unwrap().drain(..).collect();
    let genuine = heard.iter().filter(|(headers, body)| {
        let signed = world.sign_notification(body);
        headers.get("x-fitbit-signature").is_some_and(|value| value == signed.as_str())
    });
    assert_eq!(genuine.count(), 2);

    world.set_webhook_mood(WebhookMood { silent: true, ..WebhookMood::default() });
    weigh_in(world);
    assert_eq!(world.deliver_webhooks().await, []);
    world.set_webhook_mood(WebhookMood { delay: 60, ..WebhookMood::default() });
    weigh_in(world);
    assert_eq!(world.deliver_webhooks().await, [], "silence is never made up for");
    world.advance(SignedDuration::from_secs(60));
    assert_eq!(world.deliver_webhooks().await.len(), 1);
}

#[tokio::test]
async fn a_subscriber_that_fails_again_and_again_is_disabled() {
    let (sandbox, _fitbit, ear) = subscribed(&["body"]).await;
    let world = sandbox.world();
    *ear.refuses.lock().unwrap() = true;
    weigh_in(world);
    for _ in 0..10 {
        assert_eq!(world.deliver_webhooks().await.len(), 1);
    }
    assert!(world.is_subscriber_disabled());
    *ear.refuses.lock().unwrap() = false;
    assert_eq!(world.deliver_webhooks().await, []);
    world.register_subscriber(&ear.listen().await, CODE).await.unwrap();
    weigh_in(world);
    assert_eq!(world.deliver_webhooks().await.len(), 1);
}
