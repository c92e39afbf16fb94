//! The shapes that apps were promised: paths, names, bodies and error texts.

use phr_model::{Metric, PatientId};
use phr_store::account::{NewPerson, Person};
use serde_json::json;

use crate::support::{Actor, PASSWORD, TestApp, sample, settings};

#[tokio::test]
async fn selecting_fitbit_answers_as_promised_and_twice_the_same() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let fitbit = json!({"vendor": "fitbit"});
    let first = ada.post("/integrations/vendors/select", &fitbit).await.expect(200);
    insta::assert_json_snapshot!(first, @r#"
    {
      "integration_id": 1,
      "message": "Successfully selected fitbit integration",
      "vendor": "fitbit"
    }
    "#);
    assert_eq!(ada.post("/integrations/vendors/select", &fitbit).await.expect(200), first);
}

#[tokio::test]
async fn an_observation_has_the_promised_fields() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let samples = vec![sample("2026-11-19", 37_800, 700, 0), sample("2026-11-19", 37_810, 740, 0)];
    app.hold(ada.id().await, Metric::HeartRate, "2026-11-19", samples).await;
    let page = ada.get("/health/observations").await.expect(200);
    insta::assert_json_snapshot!(
        page,
        { ".observations[].id" => "[id]", ".observations[].patient_id" => "[patient]" },
        @r#"
    {
      "has_more": false,
      "observations": [
        {
          "code": "8867-4",
          "code_system": "http://loinc.org",
          "date": "2026-11-19",
          "display": "Heart rate",
          "effective_datetime": "2026-11-19T10:00:00+01:00",
          "effective_end": "2026-11-19T10:59:59+01:00",
          "id": "[id]",
          "max": 74.0,
          "min": 70.0,
          "observation_type": "heart_rate",
          "patient_id": "[patient]",
          "status": "final",
          "unit": "beats/min",
          "value": 72.0,
          "version": 1
        }
      ],
      "page": 1,
      "page_size": 20,
      "total": 1
    }
    "#);
}

#[tokio::test]
async fn pages_are_exact_at_their_edges() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.hold_steps(ada.id().await, "2026-11-19", 5).await;
    for (query, length, has_more) in [
        ("page_size=5", 5, false),
        ("page_size=4", 4, true),
        ("page=2&page_size=4", 1, false),
        ("page=3&page_size=4", 0, false),
        ("page=1000000&page_size=100", 0, false),
    ] {
        let page = ada.get(&format!("/health/observations?{query}")).await.expect(200);
        let observations = page["observations"].as_array().unwrap();
        assert_eq!(observations.len(), length, "{query}");
        assert_eq!(page["has_more"], has_more, "{query}");
        assert_eq!(page["total"], 5, "{query}");
    }
}

#[tokio::test]
async fn observations_can_be_narrowed_by_type_and_days() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.hold_steps(ada.id().await, "2026-11-19", 5).await;
    let weight = vec![sample("2026-11-19", 25_200, 71_200_000, 0)];
    app.hold(ada.id().await, Metric::BodyWeight, "2026-11-19", weight).await;
    for (query, total) in [
        ("observation_type=body_weight", 1),
        ("observation_type=steps", 5),
        ("observation_type=spo2", 0),
        ("date_from=2026-11-18", 3),
        ("date_to=2026-11-16", 2),
        ("date_from=2026-11-16&date_to=2026-11-17&observation_type=steps", 2),
    ] {
        let page = ada.get(&format!("/health/observations?{query}")).await.expect(200);
        assert_eq!(page["total"], total, "{query}");
    }
}

#[tokio::test]
async fn missing_credentials_have_the_promised_text() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let text = "Fitbit OAuth credentials not configured";
    assert_eq!(ada.get("/integrations/fitbit/authorize").await.problem(503), text);
    assert_eq!(ada.press("/health/sync").await.problem(503), text);
    let link = ada.post("/integrations/fitbit/authorize/url", &json!({})).await;
    assert_eq!(link.problem(503), text);
}

#[tokio::test]
async fn an_account_without_a_patient_record_has_the_promised_text() {
    let app = TestApp::start().await;
    let operator = operator(&app).await;
    for path in [
        "/health/observations",
        "/health/samples?metric=steps&date_from=2026-11-01&date_to=2026-11-02",
        "/health/summary?metric=steps&bucket=day&date_from=2026-11-01&date_to=2026-11-02",
        "/health/coverage?date_from=2026-11-01&date_to=2026-11-02",
    ] {
        let detail = operator.get(path).await.problem(409);
        assert_eq!(detail, "User does not have a FHIR patient record", "{path}");
    }
    for path in ["/health/sync", "/health/sync/immediate"] {
        let detail = operator.press(path).await.problem(409);
        assert_eq!(detail, "User does not have a FHIR patient record", "{path}");
    }
}

#[tokio::test]
async fn too_many_syncs_have_the_promised_text() {
    let rates = phr_api::RateLimits::default();
    let app = TestApp::with_vendor_and(phr_api::Settings { rates, ..settings() }).await;
    let ada = app.person("ada").await;
    ada.connect(0).await;
    for _ in 0..6 {
        ada.press("/health/sync").await.expect(202);
    }
    let reply = ada.press("/health/sync").await;
    assert_eq!(reply.problem(429), "Rate limit exceeded. Please try again later.");
    assert_eq!(reply.header("retry-after"), "600");
    app.advance(600);
    ada.press("/health/sync").await.expect(202);
}

#[tokio::test]
async fn syncing_now_reports_each_metric_and_the_readings_are_there() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    ada.connect(0).await;
    let report = ada.press("/health/sync/immediate?date_str=2026-11-19").await.expect(200);
    assert_eq!(report["status"], "complete", "{report}");
    assert_eq!(report["date_from"], "2026-11-19");
    assert_eq!(report["date_to"], "2026-11-19");
    assert_eq!(report["results"].as_array().unwrap().len(), Metric::USUAL.len());
    let steps = ada.get("/health/observations?observation_type=steps").await.expect(200);
    assert_eq!(steps["total"], 1);
    let status = ada.get("/integrations/fitbit/status").await.expect(200);
    assert_eq!(status["connected"], true);
    assert!(status["last_sync_at"].is_string(), "{status}");
}

#[tokio::test]
async fn a_background_sync_is_queued_with_the_promised_shape() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    ada.connect(0).await;
    let queued = ada.press("/health/sync").await.expect(202);
    assert_eq!(queued["vendor"], "fitbit");
    assert_eq!(queued["status"], "queued");
    assert!(queued["message"].is_string());
    assert!(app.state.sync.work_once().await.unwrap());
    let page = ada.get("/health/observations").await.expect(200);
    assert!(page["total"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn syncing_without_a_connection_says_what_to_do() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    for path in ["/health/sync", "/health/sync/immediate"] {
        assert!(ada.press(path).await.problem(409).contains("not connected"), "{path}");
    }
}

#[tokio::test]
async fn the_status_tells_each_step_of_the_way() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let status = || async { ada.get("/integrations/fitbit/status").await.expect(200) };
    assert_eq!(status().await["status"], "not_selected");
    ada.post("/integrations/vendors/select", &json!({"vendor": "fitbit"})).await.expect(200);
    assert_eq!(status().await["status"], "selected");
    ada.connect(0).await;
    let active = status().await;
    assert_eq!(active["status"], "active");
    assert!(active["permissions"].as_array().unwrap().iter().all(|p| p["granted"] == true));
    let gone = json!({"vendor": "fitbit"});
    ada.post("/integrations/vendors/disconnect", &gone).await.expect(200);
    assert_eq!(status().await["status"], "disconnected");
    assert_eq!(status().await["connected"], false);
}

#[tokio::test]
async fn the_list_of_vendors_shows_what_can_be_connected() {
    let app = TestApp::with_vendor().await;
    let list = app.person("ada").await.get("/integrations/vendors").await.expect(200);
    insta::assert_json_snapshot!(list["vendors"][0], { ".reads" => "[reads]" }, @r#"
    {
      "configured": true,
      "integration_id": null,
      "reads": "[reads]",
      "status": "not_selected",
      "title": "Fitbit (Google Health)",
      "vendor": "fitbit"
    }
    "#);
}

/// An account without a FHIR Patient, as operators have.
async fn operator(app: &TestApp) -> Actor<'_> {
    let ada = app.person("ada").await;
    let person = app.store.person(ada.id().await).await.unwrap().unwrap();
    let operator = Person {
        id: phr_model::PersonId(uuid::Uuid::new_v4()),
        email: "operator@example.com".to_owned(),
        patient: None::<PatientId>,
        ..person
    };
    let new = NewPerson { person: operator, invitation: None };
    app.store.register(new, app.now()).await.unwrap();
    let body = json!({"email": "operator@example.com", "password": PASSWORD});
    let pair = app.nobody().post("/auth/login", &body).await.expect(200);
    let mut actor = app.nobody();
    actor.keep(&pair);
    actor
}
