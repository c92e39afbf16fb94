//! The document says what the server does, and the server does what the document says.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::Value;

use crate::support::TestApp;

async fn document(app: &TestApp) -> Value {
    app.nobody().get("/openapi.json").await.expect(200)
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn the_document_is_openapi_3_1_with_this_server() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["servers"][0]["url"], "http://127.0.0.1:8000");
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
}

#[tokio::test]
async fn every_documented_operation_is_routed() {
    let app = TestApp::start().await;
    for (method, path, _) in operations(&document(&app).await) {
        let method: Method = method.parse().unwrap();
        let path = path.replace("{ticket}", "unknown").replace("{id}", "unknown");
        let path = path.replace("{vendor}", "fitbit").replace("{version}", "1");
        let path = path.replace("{file}", "Observation.ndjson");
        let reply = app.send(app.nobody().request(&method, &path, None)).await;
        assert!(![404, 405].contains(&reply.status.as_u16()), "{method} {path}");
    }
}

#[tokio::test]
async fn every_route_is_documented() {
    let app = TestApp::start().await;
    let documented: BTreeSet<String> =
        operations(&document(&app).await).into_iter().map(|(_, path, _)| path).collect();
    let undocumented = ["/assets/style.css", "/docs", "/docs/", "/docs/{*rest}", "/openapi.json"];
    let routed = routes_of(&format!("{:?}", app.router));
    assert!(routed.len() > 20, "{routed:?}");
    for path in routed {
        assert!(documented.contains(&path) || undocumented.contains(&&*path), "{path}");
    }
}

/// Paths that occur in the router's own description of itself.
fn routes_of(description: &str) -> BTreeSet<String> {
    let quoted = description.split('"').skip(1).step_by(2);
    let paths = quoted.filter(|text| text.starts_with('/'));
    // The fallback has two paths of its own.
    paths.filter(|path| *path != "/" && !path.contains("__private")).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_operation_has_a_summary_an_id_and_an_answer_with_an_example() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let name = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{name}");
        assert!(ids.insert(operation["operationId"].to_string()), "{name}");
        if let Some(body) = operation["requestBody"]["content"].as_object() {
            assert!(body.values().all(|media| has_example(&document, media)), "{name}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name} {parameter}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            let content = response["content"].as_object();
            for media in content.into_iter().flat_map(|content| content.values()) {
                let exempt = status.starts_with('4') && path.starts_with("/connect");
                let page = path.contains("callback");
                assert!(has_example(&document, media) || exempt || page, "{name} {status}");
            }
        }
    }
}

fn has_example(document: &Value, media: &Value) -> bool {
    if media.get("example").is_some() || media.get("examples").is_some() {
        return true;
    }
    let Some(reference) = media["schema"]["$ref"].as_str() else { return false };
    let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
    schema.get("example").is_some() || schema.get("examples").is_some()
}

#[tokio::test]
async fn az_01_every_operation_outside_the_public_ones_asks_for_the_bearer() {
    let app = TestApp::start().await;
    let public = [
        "/auth/register",
        "/auth/login",
        "/auth/refresh",
        "/webhooks/fitbit",
        "/fhir/metadata",
        "/fhir/.well-known/smart-configuration",
        "/oauth/token",
        "/oauth/introspect",
        "/oauth/revoke",
        "/livez",
        "/readyz",
    ];
    for (method, path, operation) in operations(&document(&app).await) {
        let is_page = operation["tags"][0] == "pages";
        let asks = operation["security"][0]["bearer"].is_array();
        assert_eq!(asks, !public.contains(&&*path) && !is_page, "{method} {path}");
    }
}

#[tokio::test]
async fn the_document_changes_only_on_purpose() {
    let app = TestApp::start().await;
    insta::assert_json_snapshot!(document(&app).await);
}
