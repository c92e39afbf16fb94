//! The remote control over HTTP.

use serde_json::{Value, json};

use crate::support::{Answer, Client, INES, answer};
use phr_sandbox::{Options, People, Sandbox, run_until};

async fn send(client: &Client, method: &str, path: &str, body: Option<Value>) -> Answer {
    let url = format!("{}/sandbox/{path}", client.sandbox.base_url());
    let request = client.http.request(method.parse().unwrap(), url);
    let request = body.iter().fold(request, reqwest::RequestBuilder::json);
    answer(request.send().await.unwrap()).await
}

#[tokio::test]
async fn the_clock_is_set_moved_and_let_go() {
    let client = Client::ines().await;
    let now = json!({ "now": "2026-11-01T00:00:00Z" });
    let set = send(&client, "PUT", "clock", Some(now)).await.json();
    assert_eq!(set, json!({ "now": "2026-11-01T00:00:00Z", "follow": false }));
    let moved = send(&client, "POST", "clock/advance", Some(json!({ "seconds": 90 }))).await;
    assert_eq!(moved.json()["now"], "2026-11-01T00:01:30Z");
    let free = send(&client, "PUT", "clock", Some(json!({ "follow": true }))).await.json();
    assert_eq!(free["follow"], true);
    assert_eq!(send(&client, "PUT", "clock", Some(json!({}))).await.status, 400);
}

#[tokio::test]
async fn people_and_requests_are_listed_without_secrets() {
    let client = Client::ines().await;
    client.list("steps", &[]).await;
    let people = send(&client, "GET", "people", None).await.json();
    assert_eq!(people[0]["email"], INES);
    let requests = send(&client, "GET", "requests", None).await;
    assert_eq!(requests.json()["counts"]["list steps"], 1);
    assert_eq!(requests.json()["counts"]["token"], 1);
    assert!(!requests.text.contains("ya29"));
}

#[tokio::test]
async fn faults_arrive_as_objects_or_strings_and_bad_ones_are_explained() {
    let client = Client::ines().await;
    let object = json!({ "kind": "status", "status": 503, "times": 1 });
    assert_eq!(send(&client, "POST", "faults", Some(object)).await.status, 200);
    assert_eq!(send(&client, "POST", "faults", Some(json!("latency,ms=1"))).await.status, 200);
    assert_eq!(send(&client, "GET", "faults", None).await.json().as_array().unwrap().len(), 2);
    assert_eq!(client.list("steps", &[]).await.status, 503);
    let bad = send(&client, "POST", "faults", Some(json!("kind=explode"))).await;
    assert_eq!(bad.status, 400);
    assert!(bad.text.contains("rate-limit"));
    send(&client, "DELETE", "faults", None).await;
    assert_eq!(send(&client, "GET", "faults", None).await.json(), json!([]));
}

#[tokio::test]
async fn samples_are_read_added_changed_and_deleted() {
    let client = Client::ines().await;
    let path = format!("people/{INES}/samples");
    let span = "data_type=weight&from=2026-11-22T11:00:00Z&to=2026-11-22T12:00:00Z";
    let listed = format!("{path}?{span}");
    let at = "2026-11-22T11:30:00Z";
    let sample = |value: f64| json!({ "data_type": "weight", "instant": at, "value": value });
    assert_eq!(send(&client, "POST", &path, Some(sample(70_000.5))).await.status, 200);
    assert_eq!(send(&client, "GET", &listed, None).await.json()[0]["value"], 70_000.5);
    assert_eq!(send(&client, "PUT", &path, Some(sample(71_000.0))).await.status, 200);
    assert_eq!(send(&client, "GET", &listed, None).await.json()[0]["value"], 71_000.0);
    assert_eq!(send(&client, "DELETE", &listed, None).await.json()["deleted"], 1);
    assert_eq!(send(&client, "PUT", &path, Some(sample(1.0))).await.status, 404);
    assert_eq!(send(&client, "POST", "people/nobody/samples", Some(sample(1.0))).await.status, 404);
    assert_eq!(send(&client, "POST", &path, Some(sample(-1.0))).await.status, 400);
}

#[tokio::test]
async fn accounts_and_grants_are_spoilt_on_demand() {
    let client = Client::ines().await;
    let person = format!("people/{INES}");
    send(&client, "PUT", &format!("{person}/unlinked"), Some(json!(true))).await;
    assert_eq!(client.get("identity", &[]).await.status, 400);
    send(&client, "PUT", &format!("{person}/unlinked"), Some(json!(false))).await;
    send(&client, "PUT", &format!("{person}/no-profile"), Some(json!(true))).await;
    assert_eq!(client.get("identity", &[]).await.status, 412);
    send(&client, "PUT", &format!("{person}/no-profile"), Some(json!(false))).await;
    let scope = "https://www.googleapis.com/auth/googlehealth.settings.readonly";
    send(&client, "DELETE", &format!("{person}/scopes?scope={scope}"), None).await;
    assert_eq!(client.get("settings", &[]).await.status, 403);
    send(&client, "DELETE", &format!("{person}/grant"), None).await;
    assert_eq!(client.get("identity", &[]).await.status, 401);
}

#[tokio::test]
async fn late_data_and_daily_figures_are_set() {
    let client = Client::ines().await;
    let late = json!({
        "data_types": ["steps"], "from": "2026-11-01T00:00:00Z", "to": "2026-11-22T12:00:00Z",
        "until": "2026-11-23T00:00:00Z",
    });
    assert_eq!(send(&client, "POST", &format!("people/{INES}/late"), Some(late)).await.status, 200);
    assert_eq!(client.daily_roll_up("steps", "2026-11-10", "2026-11-20").await.text, "{}\n");
    let figure = json!({ "data_type": "steps", "date": "2026-11-12", "value": 4321.0 });
    send(&client, "PUT", &format!("people/{INES}/daily"), Some(figure)).await;
    let daily = client.daily_roll_up("steps", "2026-11-10", "2026-11-20").await.text;
    assert!(daily.contains("\"4321\""), "{daily}");
}

#[tokio::test]
async fn expiring_access_tokens_leaves_refreshing_possible() {
    let client = Client::ines().await;
    send(&client, "POST", "access-tokens/expire", None).await;
    assert_eq!(client.get("identity", &[]).await.status, 401);
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_it() {
    let first =
        Sandbox::start(Options { people: People::None, ..Options::default() }).await.unwrap();
    let port = first.base_url().rsplit(':').next().unwrap().parse().unwrap();
    let second = Sandbox::start(Options { port, people: People::None, ..Options::default() }).await;
    assert!(second.unwrap_err().to_string().contains(&port.to_string()));
    first.stop().await;
}

#[tokio::test]
async fn serving_ends_with_its_shutdown() {
    let mut url = String::new();
    let options = Options { people: People::None, ..Options::default() };
    run_until(options, |sandbox| url = sandbox.base_url(), async {}).await.unwrap();
    assert!(url.starts_with("http://127.0.0.1:"));
    assert!(reqwest::get(format!("{url}/sandbox/people")).await.is_err());
}
