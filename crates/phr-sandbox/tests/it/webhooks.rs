//! Subscribers and deliveries, as a stranger to the client sees them.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, http::HeaderMap, http::StatusCode, routing::post};
use jiff::SignedDuration;
use phr_sandbox::{ADMIN_TOKEN, DataType, PROJECT_NUMBER, Sending, Source, WebhookMood};
use serde_json::{Value, json};

use crate::support::{Answer, Client, INES, JONAS, answer};

const SECRET: &str = "Bearer shared-value";

/// A server that keeps what it is sent and answers as told.
#[derive(Clone, Default)]
struct Ear {
    heard: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    refuses: Arc<Mutex<bool>>,
}

impl Ear {
    async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let ear = self.clone();
        let hear = move |headers: HeaderMap, body: Bytes| async move { ear.hear(headers, &body) };
        let router = Router::new().route("/", post(hear));
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/")
    }

    fn hear(&self, headers: HeaderMap, body: &Bytes) -> StatusCode {
        let ours = headers.get("authorization").is_some_and(|value| value == SECRET);
        let body = String::from_utf8(body.to_vec()).unwrap();
        if body == r#"{"type":"verification"}"# {
            return if ours { StatusCode::CREATED } else { StatusCode::UNAUTHORIZED };
        }
        self.heard.lock().unwrap().push((headers, body));
        if *self.refuses.lock().unwrap() { StatusCode::OK } else { StatusCode::NO_CONTENT }
    }

    /// Data types and operations told since the last time.
    fn told(&self) -> Vec<(String, String)> {
        let heard: Vec<_> = self.heard.lock().unwrap().drain(..).collect();
        let bodies = heard.iter().map(|(_, body)| serde_json::from_str::<Value>(body).unwrap());
        let items = bodies.flat_map(|body| body.as_array().unwrap().clone());
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        items
            .map(|item| (text(&item["data"]["dataType"]), text(&item["data"]["operation"])))
            .collect()
    }
}

async fn create(client: &Client, id: &str, endpoint: &str, types: &[&str]) -> Answer {
    let base = client.sandbox.base_url();
    let url = format!("{base}/v4/projects/{PROJECT_NUMBER}/subscribers?subscriberId={id}");
    let body = json!({
        "endpointUri": endpoint,
        "endpointAuthorization": { "secret": SECRET },
        "subscriberConfigs": [{ "dataTypes": types, "subscriptionCreatePolicy": "AUTOMATIC" }],
    });
    let request = client.http.post(url).bearer_auth(ADMIN_TOKEN).body(body.to_string());
    answer(request.send().await.unwrap()).await
}

async fn subscribed(types: &[&str]) -> (Client, Ear) {
    let (client, ear) = (Client::ines().await, Ear::default());
    let created = create(&client, "phr-backend", &ear.listen().await, types).await;
    assert_eq!((created.status, created.json()["done"].as_bool()), (200, Some(true)));
    (client, ear)
}

#[tokio::test]
async fn a_subscriber_is_created_listed_and_deleted() {
    let (client, _ear) = subscribed(&["steps"]).await;
    let twice = create(&client, "phr-backend", "http://127.0.0.1:1/", &["steps"]).await;
    assert_eq!(twice.status, 409);
    let url = |rest: &str| {
        format!("{}/v4/projects/{PROJECT_NUMBER}/subscribers{rest}", client.sandbox.base_url())
    };
    let list = client.http.get(url("")).bearer_auth(ADMIN_TOKEN);
    let listed = answer(list.try_clone().unwrap().send().await.unwrap()).await.json();
    assert_eq!(
        (listed["totalSize"].as_i64(), listed["subscribers"][0]["state"].as_str()),
        (Some(1), Some("ACTIVE"))
    );
    assert!(!listed.to_string().contains(SECRET));
    let delete = client.http.delete(url("/phr-backend")).bearer_auth(ADMIN_TOKEN);
    assert_eq!(delete.try_clone().unwrap().send().await.unwrap().status(), 200);
    assert_eq!(delete.send().await.unwrap().status(), 404);
    assert_eq!(answer(list.send().await.unwrap()).await.json(), json!({}));
}

#[tokio::test]
async fn an_endpoint_that_fails_the_handshake_is_not_registered() {
    let client = Client::ines().await;
    let nobody = create(&client, "phr-backend", "http://127.0.0.1:1/", &["steps"]).await;
    assert_eq!(nobody.json()["error"]["status"], "FAILED_PRECONDITION");
    let http = create(&client, "phr-backend", "http://phr.example/", &["steps"]).await;
    assert_eq!(http.status, 400);
    let ear = Ear::default().listen().await;
    let silent_type = create(&client, "phr-backend", &ear, &["oxygen-saturation"]).await;
    assert_eq!(silent_type.reason(), "INVALID_DATA_TYPE");
    assert_eq!(create(&client, "x", &ear, &["steps"]).await.reason(), "INVALID_SUBSCRIBER_NAME");
}

#[tokio::test]
async fn only_the_operator_manages_subscribers_and_only_by_number() {
    let client = Client::ines().await;
    let status = async |project: &str, token: Option<&str>| {
        let url = format!("{}/v4/projects/{project}/subscribers", client.sandbox.base_url());
        let mut request = client.http.get(url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(PROJECT_NUMBER, None).await, 401);
    assert_eq!(status(PROJECT_NUMBER, Some(&client.token)).await, 401);
    assert_eq!(status("my-project", Some(ADMIN_TOKEN)).await, 403);
    assert_eq!(status(PROJECT_NUMBER, Some(ADMIN_TOKEN)).await, 200);
}

#[tokio::test]
async fn a_change_is_told_once_and_without_values() {
    let (client, ear) = subscribed(&["weight", "steps"]).await;
    let at = "2026-11-21T07:00:00Z".parse().unwrap();
    client.world().add_sample(INES, DataType::Weight, at, 81_500.0, Source::Scale).unwrap();
    let sent = client.world().deliver_webhooks().await;
    assert_eq!(sent.len(), 1);
    {
        let heard = ear.heard.lock().unwrap();
        let (headers, body) = &heard[0];
        assert!(headers.contains_key("google-health-api-signature"));
        assert!(body.contains("2026-11-21T08:00:00") && !body.contains("81500"), "{body}");
    }
    assert_eq!(ear.told(), [("weight".to_owned(), "UPSERT".to_owned())]);
    assert_eq!(client.world().deliver_webhooks().await, []);
}

#[tokio::test]
async fn data_that_grows_with_the_clock_is_told() {
    let (client, ear) = subscribed(&["steps", "heart-rate"]).await;
    client.world().advance(SignedDuration::from_hours(3));
    client.world().deliver_webhooks().await;
    let mut told = ear.told();
    told.sort();
    assert_eq!(
        told.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(),
        ["heart-rate", "steps"]
    );
}

#[tokio::test]
async fn people_who_did_not_consent_are_not_talked_about() {
    let (client, ear) = subscribed(&["weight"]).await;
    let at = "2026-11-21T07:00:00Z".parse().unwrap();
    client.world().add_sample(JONAS, DataType::Weight, at, 81_500.0, Source::Scale).unwrap();
    client.world().deliver_webhooks().await;
    assert_eq!(ear.told(), []);
}

#[tokio::test]
async fn data_held_back_is_told_when_it_arrives() {
    let (client, ear) = subscribed(&["steps"]).await;
    let [from, to, until] =
        ["2026-11-20T08:00:00Z", "2026-11-20T10:00:00Z", "2026-11-22T15:00:00Z"]
            .map(|text| text.parse().unwrap());
    client.world().hold_back(INES, &[DataType::Steps], from, to, until).unwrap();
    client.world().deliver_webhooks().await;
    assert_eq!(ear.told(), []);
    client.world().clock().set(until);
    client.world().deliver_webhooks().await;
    assert!(!ear.told().is_empty());
}

#[tokio::test]
async fn what_is_not_answered_with_204_is_sent_again_for_a_week() {
    let (client, ear) = subscribed(&["weight"]).await;
    *ear.refuses.lock().unwrap() = true;
    client.world().tell_nothing_but_weight();
    for _ in 0..3 {
        client.world().deliver_webhooks().await;
        assert_eq!((ear.told().len(), client.world().pending_webhooks()), (1, 1));
    }
    client.world().advance(SignedDuration::from_hours(7 * 24));
    client.world().set_webhook_mood(WebhookMood { silent: true, ..WebhookMood::default() });
    client.world().deliver_webhooks().await;
    assert_eq!(client.world().pending_webhooks(), 0);
}

#[tokio::test]
async fn a_mood_repeats_forges_delays_and_keeps_silent() {
    let (client, ear) = subscribed(&["weight"]).await;
    let change = || client.world().tell_nothing_but_weight();
    let mood = WebhookMood { duplicates: 1, forgeries: 4, ..WebhookMood::default() };
    client.world().set_webhook_mood(mood);
    change();
    let sent = client.world().deliver_webhooks().await;
    let count = |wanted| sent.iter().filter(|sent| sent.sending == wanted).count();
    let counts = [Sending::Genuine, Sending::Duplicate, Sending::Forgery].map(count);
    assert_eq!(counts, [1, 1, 4]);
    ear.heard.lock().unwrap().clear();

    client.world().set_webhook_mood(WebhookMood { delay: 60, ..WebhookMood::default() });
    change();
    assert_eq!(client.world().deliver_webhooks().await, []);
    client.world().advance(SignedDuration::from_secs(60));
    assert!(!client.world().deliver_webhooks().await.is_empty());
    ear.heard.lock().unwrap().clear();

    client.world().set_webhook_mood(WebhookMood { silent: true, ..WebhookMood::default() });
    change();
    assert_eq!(client.world().deliver_webhooks().await, []);
    client.world().set_webhook_mood(WebhookMood::default());
    assert_eq!(client.world().deliver_webhooks().await, [], "it is never told");
}

trait Change {
    /// One more point of weight.
    fn tell_nothing_but_weight(&self);
}

impl Change for phr_sandbox::World {
    fn tell_nothing_but_weight(&self) {
        let at = "2026-11-21T07:00:00Z".parse().unwrap();
        self.add_sample(INES, DataType::Weight, at, 81_500.0, Source::Manual).unwrap();
    }
}
