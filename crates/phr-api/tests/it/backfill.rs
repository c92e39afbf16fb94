//! History through the front door.

use phr_model::FITBIT;
use phr_store::connection::Reach;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

const PATH: &str = "/health/backfill";

/// Somebody whose vendor account is three days old.
async fn connected(app: &TestApp) -> Actor<'_> {
    let ada = app.person("ada").await;
    ada.connect(0).await;
    ada
}

async fn is_due(app: &TestApp, ada: &Actor<'_>) -> bool {
    let connection = app.store.connection_of(ada.id().await, FITBIT).await.unwrap().unwrap();
    connection.history_due_at.is_some()
}

#[tokio::test]
async fn what_was_asked_for_is_accepted_and_shown() {
    let app = TestApp::with_vendor().await;
    let ada = connected(&app).await;
    let body = json!({"from": "2026-11-17", "metrics": ["steps", "body_weight"]});
    let accepted = ada.post(PATH, &body).await.expect(202);
    insta::assert_json_snapshot!(accepted, @r#"
    {
      "days_done": 0,
      "days_left": 1,
      "days_total": 1,
      "expected_end": null,
      "from": "2026-11-17",
      "last_error": null,
      "metrics": [
        "steps",
        "body_weight"
      ],
      "percent": 0,
      "requested_at": "2026-11-20T11:00:00Z",
      "state": "running",
      "to": "2026-11-17"
    }
    "#);
    assert_eq!(ada.get(PATH).await.expect(200), accepted);
    while let Some(claim) = app.state.sync.claim(Reach::Everything).await.unwrap() {
        app.state.sync.work(claim).await.unwrap();
    }
    let done = ada.get(PATH).await.expect(200);
    let figures = [&done["state"], &done["days_left"], &done["percent"]];
    assert_eq!(figures, [&json!("done"), &json!(0), &json!(100)]);
}

#[tokio::test]
async fn without_a_request_there_is_nothing_to_show_or_to_steer() {
    let app = TestApp::with_vendor().await;
    let ada = connected(&app).await;
    let none = ada.get(PATH).await.expect(200);
    assert_eq!((&none["state"], &none["from"]), (&json!("none"), &Value::Null));
    for steer in ["pause", "resume", "cancel"] {
        let detail = ada.press(&format!("{PATH}/{steer}")).await.problem(409);
        assert!(detail.contains("No history was asked for"), "{detail}");
    }
}

#[tokio::test]
async fn a_request_is_steered_and_says_when_it_has_ended() {
    let app = TestApp::with_vendor().await;
    let ada = connected(&app).await;
    ada.post(PATH, &json!({"from": "2026-11-17"})).await.expect(202);
    for (steer, state) in [("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")] {
        for _ in 0..2 {
            let steered = ada.press(&format!("{PATH}/{steer}")).await.expect(200);
            assert_eq!(steered["state"], state);
        }
    }
    assert!(ada.press(&format!("{PATH}/resume")).await.problem(409).contains("cancelled"));
}

#[tokio::test]
async fn what_cannot_be_had_is_named_and_starts_nothing() {
    let app = TestApp::with_vendor().await;
    let ada = connected(&app).await;
    for (body, field, says) in [
        (json!({}), "from", "required"),
        (json!({"from": "2026-11-22"}), "from", "not in the future"),
        (json!({"from": "2026-11-31"}), "from", "a calendar day"),
        (json!({"from": "20261101"}), "from", "a calendar day"),
        (json!({"from": 20_261_101}), "from", "a JSON string"),
        (json!({"from": "2016-11-19"}), "from", "at most ten years ago: not before 2016-11-20"),
        (json!({"from": "2026-11-16"}), "from", "began, on 2026-11-17"),
        (json!({"from": "2026-11-17", "metrics": ["pulse"]}), "metrics", "one or more of"),
        (json!({"from": "2026-11-17", "metrics": []}), "metrics", "one or more of"),
        (json!({"from": "2026-11-17", "metrics": ["steps", "steps"]}), "metrics", "each once"),
        (json!({"from": "2026-11-17", "metrics": "steps"}), "metrics", "a JSON array of strings"),
        (json!({"from": "2026-11-17", "metrics": [1]}), "metrics", "a JSON array of strings"),
        (json!({"from": "2026-11-17", "metrics": ["a\u{0}"]}), "metrics", "no control characters"),
        (json!({"from": "2026-11-17", "to": "2026-11-18"}), "to", "unknown field"),
    ] {
        let reply = ada.post(PATH, &body).await;
        let detail = reply.problem(422);
        assert_eq!(reply.complaints(), [field], "{body}");
        assert!(detail.contains(says), "{body}: {detail}");
    }
    assert!(!is_due(&app, &ada).await);
    assert_eq!(ada.get(PATH).await.expect(200)["state"], "none");
}

#[tokio::test]
async fn history_needs_a_connection_and_a_permission() {
    let app = TestApp::with_vendor().await;
    let eve = app.person("eve").await;
    let body = json!({"from": "2026-11-19", "metrics": ["body_weight"]});
    assert!(eve.post(PATH, &body).await.problem(409).contains("not connected"));
    let (page, cookie) = eve.sent_away().await;
    let account = app.vendor_account(1);
    let callback = app.consent(&page, &account, |scope| scope.contains("activity")).await;
    app.visit(&callback, Some(&cookie)).await;
    assert!(eve.post(PATH, &body).await.problem(409).contains("permission"));
    assert!(!is_due(&app, &eve).await);
}
