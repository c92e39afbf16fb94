//! The read facade: bulk export.

use axum::http::Method;
use phr_fhir::checker::check;
use phr_model::Metric;
use serde_json::Value;

use super::fhir::{ada_with_a_day, asked, outcome};
use crate::support::{Actor, TestApp, sample};

/// Begins an export and returns the path of its job.
async fn begin(ada: &Actor<'_>, query: &str) -> String {
    let prefer = [("prefer", "respond-async"), ("accept", "application/fhir+json")];
    let path = format!("/fhir/Patient/$export{query}");
    let begun = asked(ada, Method::GET, &path, &prefer, "").await;
    assert_eq!(begun.status, 202, "{}", begun.text());
    let place = begun.header("content-location");
    place.strip_prefix("http://127.0.0.1:8000").unwrap().to_owned()
}

/// The resources of a file, line by line.
async fn lines(ada: &Actor<'_>, file: &Value) -> Vec<Value> {
    let url = file["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:8000").unwrap();
    let accept = [("accept", "application/fhir+ndjson")];
    let reply = asked(ada, Method::GET, url, &accept, "").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/fhir+ndjson");
    let text = reply.text();
    let lines: Vec<Value> = text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    for line in &lines {
        assert_eq!(line["resourceType"], file["type"]);
        assert_eq!(check(line), []);
    }
    lines
}

#[tokio::test]
async fn an_export_holds_the_whole_record_once() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    // More than fits into memory at a time.
    for day in 10..18 {
        let date = format!("2026-10-{day}");
        let minutes = (0..96).map(|n| sample(&date, n * 900, 60_000_000 + n, 0)).collect();
        app.hold(ada.id().await, Metric::BodyWeight, &date, minutes).await;
    }
    let job = begin(&ada, "").await;
    let manifest = ada.get(&job).await.expect(200);
    assert_eq!(manifest["transactionTime"], "2026-11-20T11:00:00Z");
    assert_eq!(manifest["requiresAccessToken"], true);
    let output = manifest["output"].as_array().unwrap();
    let mut counts = Vec::new();
    for file in output {
        let lines = lines(&ada, file).await;
        let ids: std::collections::HashSet<_> = lines.iter().map(|it| &it["id"]).collect();
        assert_eq!(ids.len(), lines.len());
        counts.push(lines.len());
    }
    assert_eq!(counts, [1, 1, 26 + 8 * 96]);
}

#[tokio::test]
async fn an_export_is_narrowed_by_type_and_time() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    app.advance(600);
    let corrected = vec![sample("2026-11-19", 36_000, 9_400, 60)];
    app.hold(ada.id().await, Metric::Steps, "2026-11-19", corrected).await;
    app.hold(ada.id().await, Metric::BodyWeight, "2026-11-19", vec![]).await;
    let job = begin(&ada, "?_type=Observation&_since=2026-11-20T11:05:00Z").await;
    let manifest = ada.get(&job).await.expect(200);
    assert_eq!(manifest["output"].as_array().unwrap().len(), 1);
    let lines = lines(&ada, &manifest["output"][0]).await;
    let mut statuses: Vec<_> = lines.iter().map(|it| it["status"].as_str().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["corrected", "entered-in-error"]);
}

#[tokio::test]
async fn an_export_is_its_owners_and_ends() {
    let app = TestApp::start().await;
    let (ada, bob) = (ada_with_a_day(&app).await, app.person("bob").await);
    let job = begin(&ada, "").await;
    let file = format!("{job}/Observation.ndjson");
    outcome(&bob.get(&job).await, 404);
    outcome(&bob.get(&file).await, 404);
    outcome(&asked(&bob, Method::DELETE, &job, &[], "").await, 404);
    outcome(&app.nobody().get(&file).await, 401);
    outcome(&ada.get(&format!("{job}/Group.ndjson")).await, 404);
    ada.get(&job).await.expect(200);
    assert_eq!(asked(&ada, Method::DELETE, &job, &[], "").await.status, 202);
    outcome(&ada.get(&job).await, 404);
    outcome(&ada.get(&file).await, 404);
    let another = begin(&ada, "").await;
    app.advance(600);
    ada.get(&another).await.expect(200);
}

#[tokio::test]
async fn a_mistake_is_told_before_the_export_begins() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for query in ["_type=Group", "_since=soon", "_outputFormat=csv"] {
        outcome(&ada.get(&format!("/fhir/Patient/$export?{query}")).await, 400);
    }
    let strict = [("prefer", "handling=strict, respond-async")];
    let path = "/fhir/Patient/$export?unheard=of";
    outcome(&asked(&ada, Method::GET, path, &strict, "").await, 400);
    outcome(&ada.get("/fhir/export/unknown").await, 404);
}
