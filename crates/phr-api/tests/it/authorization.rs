//! Every route, as nobody, as a stranger and as the owner. A route that is missing from the list
//! fails the test, so that no route gets by without a decision.

use std::collections::BTreeSet;

use axum::http::Method;
use phr_model::Metric;
use serde_json::{Value, json};

use crate::support::{Actor, TestApp, sample};

/// What a route does for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Needs no sign-in and knows no owner.
    Public,
    /// Needs a signed-in person and shows only their own.
    Own,
}

use Policy::{Own, Public};

/// Every operation, with a request that succeeds for its owner.
pub(crate) const ROUTES: [(&str, &str, &str, Policy); 51] = [
    ("POST", "/auth/register", "/auth/register", Public),
    ("POST", "/auth/login", "/auth/login", Public),
    ("POST", "/auth/refresh", "/auth/refresh", Public),
    ("GET", "/auth/me", "/auth/me", Own),
    ("GET", "/auth/sessions", "/auth/sessions", Own),
    ("GET", "/integrations/vendors", "/integrations/vendors", Own),
    ("POST", "/integrations/vendors/select", "/integrations/vendors/select", Own),
    ("GET", "/integrations/fitbit/authorize", "/integrations/fitbit/authorize", Own),
    ("POST", "/integrations/fitbit/authorize/url", "/integrations/fitbit/authorize/url", Own),
    ("GET", "/integrations/fitbit/status", "/integrations/fitbit/status", Own),
    ("GET", "/integrations/fitbit/callback", "/integrations/fitbit/callback", Public),
    ("POST", "/health/sync", "/health/sync", Own),
    ("POST", "/health/sync/immediate", "/health/sync/immediate?date_str=2026-11-19", Own),
    ("GET", "/health/sync/runs", "/health/sync/runs", Own),
    ("GET", "/health/delivery", "/health/delivery", Own),
    ("GET", "/sync/status", "/sync/status", Own),
    ("POST", "/vendors/{vendor}/sync", "/vendors/fitbit/sync", Own),
    ("POST", "/health/backfill", "/health/backfill", Own),
    ("GET", "/health/backfill", "/health/backfill", Own),
    ("POST", "/health/backfill/pause", "/health/backfill/pause", Own),
    ("POST", "/health/backfill/resume", "/health/backfill/resume", Own),
    ("POST", "/health/backfill/cancel", "/health/backfill/cancel", Own),
    ("GET", "/health/observations", "/health/observations", Own),
    ("GET", "/health/changes", "/health/changes", Own),
    ("GET", "/health/changes/stream", "/health/changes/stream", Own),
    ("GET", "/health/samples", SAMPLES, Own),
    ("GET", "/health/summary", SUMMARY, Own),
    ("GET", "/health/coverage", COVERAGE, Own),
    ("GET", "/fhir/metadata", "/fhir/metadata", Public),
    ("GET", SMART_CONFIGURATION, SMART_CONFIGURATION, Public),
    ("GET", "/oauth/authorize", "/oauth/authorize", Public),
    ("POST", "/oauth/authorize", "/oauth/authorize", Public),
    ("POST", "/oauth/token", "/oauth/token", Public),
    ("POST", "/oauth/introspect", "/oauth/introspect", Public),
    ("POST", "/oauth/revoke", "/oauth/revoke", Public),
    ("GET", "/apps", "/apps", Own),
    ("GET", "/fhir/Observation", "/fhir/Observation", Own),
    ("GET", "/fhir/Observation/$lastn", "/fhir/Observation/$lastn", Own),
    ("GET", "/fhir/Patient", "/fhir/Patient", Own),
    ("GET", "/fhir/Patient/$export", "/fhir/Patient/$export", Own),
    ("GET", "/fhir/Device", "/fhir/Device", Own),
    ("GET", "/fhir/Provenance", "/fhir/Provenance?target=Observation/unknown", Own),
    ("GET", "/connect/{ticket}", "/connect/unknown", Public),
    ("POST", "/connect/{ticket}", "/connect/unknown", Public),
    ("POST", "/connect/confirm", "/connect/confirm", Public),
    ("GET", "/connected", "/connected?status=success", Public),
    ("POST", "/webhooks/fitbit", "/webhooks/fitbit", Public),
    ("GET", "/webhooks/fitbit", "/webhooks/fitbit?verify=x", Public),
    ("GET", "/livez", "/livez", Public),
    ("GET", "/readyz", "/readyz", Public),
    // Last: what ends things.
    ("POST", "/integrations/vendors/disconnect", "/integrations/vendors/disconnect", Own),
];

/// What needs the name of something: foreign names are tried in the tests of the facade.
pub(crate) const NAMED: [(&str, &str, &str); 12] = [
    ("DELETE", "/apps/{id}", "/apps/0f1e2d3c-4b5a-4697-8877-665544332211"),
    ("POST", "/fhir/Observation/_search", "/fhir/Observation/_search"),
    ("GET", "/fhir/Observation/{id}", "/fhir/Observation/unknown"),
    ("GET", "/fhir/Observation/{id}/_history", "/fhir/Observation/unknown/_history"),
    ("GET", "/fhir/Observation/{id}/_history/{version}", "/fhir/Observation/unknown/_history/1"),
    ("GET", "/fhir/Patient/{id}", "/fhir/Patient/unknown"),
    ("GET", "/fhir/Patient/{id}/$everything", "/fhir/Patient/unknown/$everything"),
    ("GET", "/fhir/Device/{id}", "/fhir/Device/unknown"),
    ("GET", "/fhir/Provenance/{id}", "/fhir/Provenance/unknown"),
    ("GET", "/fhir/export/{id}", "/fhir/export/unknown"),
    ("DELETE", "/fhir/export/{id}", "/fhir/export/unknown"),
    ("GET", "/fhir/export/{id}/{file}", "/fhir/export/unknown/Observation.ndjson"),
];

/// What ends sessions is walked on its own.
pub(crate) const ENDING: [(&str, &str, &str); 4] = [
    ("POST", "/auth/logout", "/auth/logout"),
    ("POST", "/auth/logout/all", "/auth/logout/all"),
    ("POST", "/auth/password", "/auth/password"),
    ("DELETE", "/auth/sessions/{id}", "/auth/sessions/0f1e2d3c-4b5a-4697-8877-665544332211"),
];

const SMART_CONFIGURATION: &str = "/fhir/.well-known/smart-configuration";
const SAMPLES: &str = "/health/samples?metric=steps&date_from=2026-11-01&date_to=2026-11-19";
const SUMMARY: &str =
    "/health/summary?metric=steps&bucket=day&date_from=2026-11-01&date_to=2026-11-19";
const COVERAGE: &str = "/health/coverage?metric=steps&date_from=2026-11-01&date_to=2026-11-19";

fn body_of(path: &str) -> Option<Value> {
    match path {
        "/integrations/vendors/select" | "/integrations/vendors/disconnect" => {
            Some(json!({"vendor": "fitbit"}))
        }
        "/integrations/fitbit/authorize/url" => Some(json!({})),
        "/health/backfill" => Some(json!({"from": "2026-11-19"})),
        _ => None,
    }
}

pub(crate) async fn call(actor: &Actor<'_>, method: &str, path: &str) -> crate::support::Reply {
    let method: Method = method.parse().unwrap();
    let body = body_of(path).filter(|_| method == Method::POST);
    actor.app.send(actor.request(&method, path, body.as_ref())).await
}

#[tokio::test]
async fn az_01_every_route_of_the_document_has_a_declared_policy() {
    let app = TestApp::start().await;
    let pages = phr_web::router(app.state.connector.clone());
    let document = serde_json::to_value(phr_api::document(&app.state, pages)).unwrap();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            documented.insert((method.to_uppercase(), path.clone()));
        }
    }
    let declared: BTreeSet<_> = ROUTES
        .iter()
        .map(|(method, path, ..)| (*method, *path))
        .chain(ENDING.map(|(method, path, _)| (method, path)))
        .chain(NAMED.map(|(method, path, _)| (method, path)))
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    assert_eq!(documented, declared);
}

#[tokio::test]
async fn az_01_without_a_valid_token_no_own_route_answers() {
    let app = TestApp::with_vendor().await;
    let ended = app.person("ended").await;
    ended.press("/auth/logout").await;
    let expired = app.person("expired").await;
    app.advance(931);
    let own = ROUTES.iter().filter(|route| route.3 == Own);
    let own = own.map(|(method, _, path, _)| (*method, *path));
    let own = own.chain(ENDING.map(|(method, _, path)| (method, path)));
    let own = own.chain(NAMED.map(|(method, _, path)| (method, path)));
    for (method, path) in own {
        for (who, actor) in [("nobody", &app.nobody()), ("ended", &ended), ("expired", &expired)] {
            let reply = call(actor, method, path).await;
            assert_eq!(reply.status, 401, "{who} {method} {path}");
            if path.starts_with("/fhir") {
                super::fhir::outcome(&reply, 401);
            } else {
                reply.problem(401);
            }
        }
    }
}

#[tokio::test]
async fn az_02_t10_a_stranger_sees_nothing_of_the_owner_on_any_route() {
    let app = TestApp::with_vendor().await;
    let owner = app.person("ada").await;
    let stranger = app.person("eve").await;
    owner.connect(0).await;
    let secret = owner.id().await;
    let samples = vec![sample("2026-11-18", 36_000, 61_371, 60)];
    app.hold(secret, Metric::Steps, "2026-11-18", samples).await;
    owner.connect(0).await;
    let patient = owner.get("/auth/me").await.json()["patient_id"].as_str().unwrap().to_owned();
    let canaries = ["61371", "ada@example.com", &secret.to_string(), &patient];
    let mut shown_to_owner = 0;
    for (method, _, path, policy) in ROUTES {
        if policy == Public {
            continue;
        }
        let theirs = call(&stranger, method, path).await.text();
        for canary in canaries {
            assert!(!theirs.contains(canary), "{method} {path} shows {canary} to a stranger");
        }
        let own = call(&owner, method, path).await;
        assert!(!own.status.is_server_error(), "{method} {path}: {}", own.text());
        assert!(own.status.is_success() || own.status == 302, "{method} {path}: {}", own.text());
        shown_to_owner += usize::from(canaries.iter().any(|canary| own.text().contains(canary)));
    }
    assert!(shown_to_owner >= 5, "the canaries must be visible to their owner");
}

#[tokio::test]
async fn az_02_t10_a_stranger_cannot_change_anything_of_the_owner() {
    let app = TestApp::with_vendor().await;
    let owner = app.person("ada").await;
    let stranger = app.person("eve").await;
    owner.connect(0).await;
    let before = app.store.digest(owner.id().await).await.unwrap();
    for (method, _, path, policy) in ROUTES {
        if policy == Own {
            call(&stranger, method, path).await;
        }
    }
    let status = owner.get("/integrations/fitbit/status").await.expect(200);
    assert_eq!(status["status"], "active");
    assert_eq!(app.store.digest(owner.id().await).await.unwrap(), before);
}

#[tokio::test]
async fn az_03_nobody_can_write_what_decides_access() {
    let app = TestApp::start().await;
    for field in ["id", "role", "is_active", "patient_id", "fhir_patient_id", "email_verified"] {
        let mut body = json!({"email": "eve@example.com", "name": "Eve",
            "password": crate::support::PASSWORD});
        body[field] = json!("admin");
        let reply = app.nobody().post("/auth/register", &body).await;
        reply.problem(422);
        assert_eq!(reply.complaints(), [field]);
    }
    assert!(app.store.people().await.unwrap().is_empty());
}

#[tokio::test]
async fn az_02_a_foreign_object_and_a_missing_one_get_the_same_answer() {
    let app = TestApp::start().await;
    let owner = app.person("ada").await;
    let stranger = app.person("eve").await;
    let sessions = owner.get("/auth/sessions").await.expect(200);
    let theirs = sessions["sessions"][0]["id"].as_str().unwrap().to_owned();
    let mut answers = Vec::new();
    for id in [&theirs, "0f1e2d3c-4b5a-4697-8877-665544332211"] {
        let mut answer =
            call(&stranger, "DELETE", &format!("/auth/sessions/{id}")).await.expect(404);
        answer["instance"] = Value::Null;
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
    owner.get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn az_07_what_fails_within_the_check_denies() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.bed.ruin().await;
    for (method, _, path, policy) in ROUTES {
        if policy == Own {
            let status = call(&ada, method, path).await.status.as_u16();
            assert!((400..600).contains(&status), "{method} {path}: {status}");
        }
    }
}

/// Fields of `value` that `schema` does not name.
fn undeclared(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    let variants = ["oneOf", "anyOf", "allOf"].iter().find_map(|kind| schema[kind].as_array());
    if let Some(variants) = variants {
        let faults = variants.iter().map(|one| undeclared(document, one, value, place));
        return faults.min_by_key(Vec::len).unwrap_or_default();
    }
    match value {
        Value::Object(fields) => {
            let fault = |(name, value): (&String, &Value)| {
                let place = format!("{place}/{name}");
                let declared = schema["properties"].get(name);
                match declared.or_else(|| schema.get("additionalProperties")) {
                    Some(declared) => undeclared(document, declared, value, &place),
                    None => vec![place],
                }
            };
            fields.iter().flat_map(fault).collect()
        }
        Value::Array(items) => {
            let fault = |item| undeclared(document, &schema["items"], item, place);
            items.iter().flat_map(fault).collect()
        }
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn az_09_answers_hold_declared_fields_only() {
    let app = TestApp::with_vendor().await;
    let owner = app.person("ada").await;
    owner.connect(0).await;
    let samples = vec![sample("2026-11-18", 36_000, 61_371, 60)];
    app.hold(owner.id().await, Metric::Steps, "2026-11-18", samples).await;
    owner.connect(0).await;
    let document = app.nobody().get("/openapi.json").await.expect(200);
    let mut checked = 0;
    for (method, template, path, policy) in ROUTES {
        let reply = call(&owner, method, path).await;
        let json = reply.header("content-type").contains("json");
        if policy == Public || !json {
            continue;
        }
        if path.starts_with("/fhir") {
            // FHIR declares the fields here.
            assert_eq!(phr_fhir::checker::check(&reply.json()), [], "{method} {path}");
            continue;
        }
        let status = reply.status.as_u16().to_string();
        let declared = &document["paths"][template][method.to_lowercase()]["responses"][&status];
        let schema = &declared["content"]["application/json"]["schema"];
        assert_ne!(*schema, Value::Null, "{method} {path} {status}");
        let faults = undeclared(&document, schema, &reply.json(), "");
        assert!(faults.is_empty(), "{method} {path}: {faults:?}");
        checked += 1;
    }
    assert!(checked >= 9, "{checked}");
}
