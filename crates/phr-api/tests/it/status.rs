//! How syncing goes, as people see it.

use phr_model::FITBIT;
use phr_sandbox::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::{Actor, TestApp};

async fn synced(app: &TestApp) -> Actor<'_> {
    let ada = app.person("ada").await;
    ada.connect(0).await;
    ada.press("/health/sync/immediate").await.expect(200);
    ada
}

async fn only_connection(actor: &Actor<'_>) -> Value {
    actor.get("/sync/status").await.expect(200)["connections"][0].clone()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn whoever_has_chosen_nothing_has_no_connections() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    assert_eq!(ada.get("/sync/status").await.expect(200), json!({"connections": []}));
    assert_eq!(ada.get("/health/sync/runs").await.expect(200), json!({"runs": []}));
    let status = ada.get("/integrations/fitbit/status").await.expect(200);
    assert_eq!(status["doctor"]["detail_code"], "not_selected");
}

#[tokio::test]
async fn a_new_connection_has_its_days_before_it() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    ada.connect(0).await;
    let before = only_connection(&ada).await;
    assert_eq!((&before["status"], &before["running"]), (&"active".into(), &false.into()));
    // Three days of seven metrics.
    assert_eq!((&before["days_unsettled"], &before["last_outcome"]), (&21.into(), &Value::Null));
    assert_eq!(before["doctor"]["detail_code"], "first_sync_pending");
    ada.press("/health/sync/immediate").await.expect(200);
    let after = only_connection(&ada).await;
    assert_eq!((&after["days_unsettled"], &after["last_outcome"]), (&0.into(), &"complete".into()));
    assert_eq!(after["doctor"]["verdict"], "healthy");
    assert!(after["last_sync_at"].is_string() && after["next_sync_at"].is_string());
    assert!(after["metrics"].as_array().unwrap().iter().all(|it| it["last_outcome"] == "complete"));
}

#[tokio::test]
async fn a_sync_that_runs_is_shown_as_running() {
    let app = TestApp::with_vendor().await;
    let ada = synced(&app).await;
    app.lease(ada.id().await).await;
    assert_eq!(only_connection(&ada).await["running"], true);
    app.advance(3_601);
    let again = Actor::signed_in(&app, &ada.email).await;
    assert_eq!(only_connection(&again).await["running"], false, "a lease lapses");
}

#[tokio::test]
async fn the_status_of_fitbit_keeps_its_fields_and_has_new_ones() {
    let app = TestApp::with_vendor().await;
    let ada = synced(&app).await;
    let status = ada.get("/integrations/fitbit/status").await.expect(200);
    for field in [
        "vendor",
        "connected",
        "status",
        "integration_id",
        "permissions",
        "zone",
        "connected_at",
        "reconnect_by",
        "last_sync_at",
        "last_complete_at",
        "last_error",
        "next_sync_at",
    ] {
        assert!(keys(&status).contains(&field), "{field}");
    }
    assert_eq!(
        status["granted_scopes"].as_array().unwrap().len(),
        status["permissions"].as_array().unwrap().len()
    );
    assert_eq!(
        (&status["missing_scopes"], &status["metrics_not_permitted"]),
        (&json!([]), &json!([]))
    );
    let device = &status["devices"][0];
    assert_eq!(keys(device), ["battery", "battery_percent", "last_sync_at", "name", "type"]);
    assert_eq!(device["type"], "tracker");
    assert!(status["devices_read_at"].is_string());
    assert_eq!(status["doctor"]["who_must_act"], "nobody");
}

#[tokio::test]
async fn a_permission_that_was_not_ticked_is_named_with_its_metrics() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let (page, cookie) = ada.sent_away().await;
    let account = app.vendor_account(0);
    let callback = app.consent(&page, &account, |scope| !scope.contains("measurements")).await;
    app.visit(&callback, Some(&cookie)).await;
    ada.press("/health/sync/immediate").await.expect(200);
    let status = ada.get("/integrations/fitbit/status").await.expect(200);
    let missing = status["missing_scopes"][0].as_str().unwrap();
    assert!(missing.contains("health_metrics_and_measurements"));
    let metrics = json!(["heart_rate", "spo2", "body_weight", "resting_heart_rate"]);
    assert_eq!(status["metrics_not_permitted"], metrics);
    assert_eq!(status["doctor"]["detail_code"], "scope_missing");
    assert!(status["doctor"]["what_to_do"].as_str().unwrap().contains("heart rate"));
    let connection = only_connection(&ada).await;
    assert_eq!(connection["days_unsettled"], 0, "what is not permitted is no backlog");
    let permitted = |it: &&Value| it["permitted"] == true;
    assert_eq!(connection["metrics"].as_array().unwrap().iter().filter(permitted).count(), 3);
}

#[tokio::test]
async fn an_outage_is_told_with_its_cause_and_passes() {
    let app = TestApp::with_vendor().await;
    let ada = synced(&app).await;
    let world = app.sandbox.as_ref().unwrap().world();
    world.inject(Fault::new(FaultKind::Unlinked));
    app.advance(60);
    ada.press("/health/sync/immediate").await.problem(409);
    let status = ada.get("/integrations/fitbit/status").await.expect(200);
    insta::assert_json_snapshot!(status["doctor"], { ".since" => "[since]" });
    let run = &ada.get("/health/sync/runs?limit=1").await.expect(200)["runs"][0];
    assert_eq!((&run["status"], &run["error"]), (&"failed".into(), &"account_not_linked".into()));
    assert_eq!(run["message"], status["doctor"]["cause"]);
    world.clear_faults();
    ada.press("/health/sync/immediate").await.expect(200);
    let status = ada.get("/integrations/fitbit/status").await.expect(200);
    assert_eq!(status["doctor"]["verdict"], "healthy");
}

#[tokio::test]
async fn runs_are_listed_newest_first_with_their_metrics() {
    let app = TestApp::with_vendor().await;
    let ada = synced(&app).await;
    app.advance(60);
    ada.press("/health/sync/immediate").await.expect(200);
    let runs = ada.get("/health/sync/runs").await.expect(200)["runs"].clone();
    let runs = runs.as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs[0]["started_at"].as_str() > runs[1]["started_at"].as_str());
    assert_eq!((&runs[0]["vendor"], &runs[0]["message"]), (&"fitbit".into(), &Value::Null));
    assert_eq!(runs[0]["results"].as_array().unwrap().len(), 7);
    let read = |run: &Value| run["results"][0]["days_read"].as_u64().unwrap();
    assert!(read(&runs[1]) > read(&runs[0]), "the first run read what there was");
    let one = ada.get("/health/sync/runs?limit=1").await.expect(200)["runs"].clone();
    assert_eq!(one.as_array().unwrap()[..], runs[..1]);
}

#[tokio::test]
async fn a_sync_may_be_requested_by_vendor_any_number_of_times() {
    let app = TestApp::with_vendor().await;
    let ada = synced(&app).await;
    for _ in 0..3 {
        let queued = ada.press("/vendors/fitbit/sync").await.expect(202);
        assert_eq!(queued, ada.press("/health/sync").await.expect(202));
    }
    let connection = app.store.connection_of(ada.id().await, FITBIT).await.unwrap().unwrap();
    assert_eq!(connection.due_at, Some(app.now()));
    assert!(app.state.sync.work_once().await.unwrap());
    assert!(!app.state.sync.work_once().await.unwrap(), "requests coalesce");
}

#[tokio::test]
async fn a_request_fails_as_the_old_one_does() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    for path in ["/vendors/garmin/sync", "/vendors/Fitbit/sync", "/vendors/%7Bvendor%7D/sync"] {
        assert_eq!(ada.press(path).await.problem(404), "There is nothing at this address");
    }
    let path = "/vendors/fitbit/sync";
    assert_eq!(ada.press(path).await.problem(409), ada.press("/health/sync").await.problem(409));
    assert_eq!(ada.press(&format!("{path}?now=1")).await.complaints(), ["now"]);
    let unconfigured = TestApp::start().await;
    let eve = unconfigured.person("eve").await;
    eve.press(path).await.problem(503);
}

#[tokio::test]
async fn az_02_another_persons_connections_and_runs_are_not_there() {
    let app = TestApp::with_vendor().await;
    synced(&app).await;
    let eve = app.person("eve").await;
    assert_eq!(eve.get("/sync/status").await.expect(200), json!({"connections": []}));
    assert_eq!(eve.get("/health/sync/runs").await.expect(200), json!({"runs": []}));
    eve.press("/vendors/fitbit/sync").await.problem(409);
}
