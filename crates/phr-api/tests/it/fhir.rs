//! The read facade: capabilities, reading, content types and failures.

use axum::{
    body::Body,
    http::{Method, Request},
};
use phr_fhir::checker::check;
use phr_model::Metric;
use serde_json::Value;

use crate::support::{Actor, Reply, TestApp, sample};

/// Ada with a day of heart rate and steps, and a weigh-in.
pub(crate) async fn ada_with_a_day(app: &TestApp) -> Actor<'_> {
    let ada = app.person("ada").await;
    let (id, date) = (ada.id().await, "2026-11-19");
    let hours = (0..24).map(|hour| sample(date, hour * 3_600, 600 + hour, 0)).collect();
    app.hold(id, Metric::HeartRate, date, hours).await;
    app.hold(id, Metric::Steps, date, vec![sample(date, 36_000, 9_312, 60)]).await;
    app.hold(id, Metric::BodyWeight, date, vec![sample(date, 25_200, 73_612_500, 0)]).await;
    ada
}

pub(crate) async fn patient(ada: &Actor<'_>) -> String {
    ada.id().await.patient().to_string()
}

/// A Bundle without a fault.
#[track_caller]
pub(crate) fn bundle(reply: &Reply) -> Value {
    assert_eq!(reply.header("content-type"), "application/fhir+json; charset=utf-8");
    let bundle = reply.expect(200);
    assert_eq!(check(&bundle), [], "{bundle:#}");
    bundle
}

pub(crate) fn entries(bundle: &Value) -> &[Value] {
    bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(crate) async fn asked(
    ada: &Actor<'_>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    request = request.header("authorization", format!("Bearer {}", ada.access));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    ada.app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// An OperationOutcome of this status. Returns code and diagnostics.
#[track_caller]
pub(crate) fn outcome(reply: &Reply, status: u16) -> (String, String) {
    assert_eq!(reply.header("content-type"), "application/fhir+json; charset=utf-8");
    let outcome = reply.expect(status);
    assert_eq!(check(&outcome), []);
    let text = |name: &str| outcome["issue"][0][name].as_str().unwrap().to_owned();
    (text("code"), text("diagnostics"))
}

#[tokio::test]
async fn the_capability_statement_needs_no_sign_in() {
    let app = TestApp::start().await;
    let statement = app.nobody().get("/fhir/metadata").await.expect(200);
    insta::assert_json_snapshot!(statement);
}

#[tokio::test]
async fn every_parameter_that_is_promised_is_understood() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let statement = app.nobody().get("/fhir/metadata").await.expect(200);
    let strict = [("prefer", "handling=strict")];
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let kind = resource["type"].as_str().unwrap();
        for parameter in resource["searchParam"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            let value = if parameter["type"] == "date" { "2026" } else { "x" };
            let path = format!("/fhir/{kind}?{name}={value}");
            bundle(&asked(&ada, Method::GET, &path, &strict, "").await);
        }
    }
}

#[tokio::test]
async fn an_observation_is_read_with_its_version() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let page = bundle(&ada.get("/fhir/Observation?code=29463-7").await);
    let found = &entries(&page)[0]["resource"];
    let path = format!("/fhir/Observation/{}", found["id"].as_str().unwrap());
    let reply = ada.get(&path).await;
    assert_eq!(&reply.expect(200), found);
    assert_eq!(reply.header("etag"), "W/\"1\"");
    assert_eq!(reply.header("last-modified"), "Fri, 20 Nov 2026 11:00:00 GMT");
    assert_eq!(found["meta"]["versionId"], "1");
    assert_eq!(found["valueQuantity"]["value"].to_string(), "73.6125");
    for (name, value, status) in [
        ("if-none-match", "W/\"1\"", 304),
        ("if-none-match", "W/\"2\"", 200),
        ("if-modified-since", "Fri, 20 Nov 2026 11:00:00 GMT", 304),
    ] {
        let reply = asked(&ada, Method::GET, &path, &[(name, value)], "").await;
        assert_eq!(reply.status.as_u16(), status, "{name} {value}");
        assert_eq!(reply.body.is_empty(), status == 304);
    }
    let head = asked(&ada, Method::HEAD, &path, &[], "").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
}

#[tokio::test]
async fn a_correction_is_a_new_version_and_a_deletion_an_error() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let id = ada.id().await;
    let page = bundle(&ada.get("/fhir/Observation?code=41950-7").await);
    let steps = entries(&page)[0]["resource"]["id"].as_str().unwrap().to_owned();
    let path = format!("/fhir/Observation/{steps}");
    app.advance(60);
    let more = vec![sample("2026-11-19", 36_000, 9_400, 60)];
    app.hold(id, Metric::Steps, "2026-11-19", more).await;
    let corrected = ada.get(&path).await;
    assert_eq!(corrected.header("etag"), "W/\"2\"");
    assert_eq!(corrected.expect(200)["status"], "corrected");
    let history = bundle(&ada.get(&format!("{path}/_history")).await);
    assert_eq!(history["total"], 1);
    assert_eq!(history["entry"][0]["response"]["etag"], "W/\"2\"");
    assert_eq!(history["entry"][0]["resource"], corrected.json());
    ada.get(&format!("{path}/_history/2")).await.expect(200);
    outcome(&ada.get(&format!("{path}/_history/1")).await, 404);
    app.hold(id, Metric::Steps, "2026-11-19", vec![]).await;
    assert_eq!(ada.get(&path).await.expect(200)["status"], "entered-in-error");
    let count = async |query: &str| {
        bundle(&ada.get(&format!("/fhir/Observation?{query}")).await)["total"].clone()
    };
    assert_eq!(count("code=41950-7").await, 0);
    assert_eq!(count("code=41950-7&status=entered-in-error").await, 1);
    assert_eq!(count(&format!("_id={steps}")).await, 1);
    assert_eq!(count(&format!("_id={steps}&status=final")).await, 0);
}

#[tokio::test]
async fn the_patient_and_the_device_are_the_persons_own() {
    let app = TestApp::start().await;
    let (ada, bob) = (ada_with_a_day(&app).await, app.person("bob").await);
    let (own, other) = (patient(&ada).await, patient(&bob).await);
    let read = ada.get(&format!("/fhir/Patient/{own}")).await.expect(200);
    assert_eq!(check(&read), []);
    assert_eq!(read["name"][0]["text"], "ada");
    outcome(&ada.get(&format!("/fhir/Patient/{other}")).await, 404);
    outcome(&ada.get("/fhir/Patient/nobody").await, 404);
    let found = bundle(&ada.get("/fhir/Patient").await);
    assert_eq!((&found["total"], &found["entry"][0]["resource"]), (&1.into(), &read));
    assert_eq!(bundle(&ada.get(&format!("/fhir/Patient?_id={other}")).await)["total"], 0);
    let by_identifier =
        format!("/fhir/Patient?identifier=http://127.0.0.1:8000/fhir/sid/user%7C{own}");
    assert_eq!(bundle(&ada.get(&by_identifier).await)["total"], 1);
    let devices = bundle(&ada.get(&format!("/fhir/Device?patient=Patient/{own}")).await);
    let device = &devices["entry"][0]["resource"];
    let path = format!("/fhir/Device/{}", device["id"].as_str().unwrap());
    assert_eq!(&ada.get(&path).await.expect(200), device);
    outcome(&bob.get(&path).await, 404);
    assert_eq!(bundle(&ada.get(&format!("/fhir/Device?patient={other}")).await)["total"], 0);
}

#[tokio::test]
async fn t10_nobody_reads_what_is_somebody_elses() {
    let app = TestApp::start().await;
    let (ada, bob) = (ada_with_a_day(&app).await, app.person("bob").await);
    let page = bundle(&ada.get("/fhir/Observation?_count=1").await);
    let id = entries(&page)[0]["resource"]["id"].as_str().unwrap().to_owned();
    for path in [
        format!("/fhir/Observation/{id}"),
        format!("/fhir/Observation/{id}/_history"),
        format!("/fhir/Observation/{id}/_history/1"),
        format!("/fhir/Provenance/{id}"),
        format!("/fhir/Patient/{}/$everything", patient(&ada).await),
    ] {
        outcome(&bob.get(&path).await, 404);
    }
    for query in [
        format!("Observation?_id={id}"),
        format!("Observation?patient={}", patient(&ada).await),
        format!("Provenance?target=Observation/{id}"),
    ] {
        assert_eq!(bundle(&bob.get(&format!("/fhir/{query}")).await)["total"], 0, "{query}");
    }
    // A cursor is good for one person only.
    let next = page["link"][1]["url"].as_str().unwrap();
    let next = next.strip_prefix("http://127.0.0.1:8000").unwrap();
    bundle(&ada.get(next).await);
    outcome(&bob.get(next).await, 400);
}

#[tokio::test]
async fn every_failure_is_an_operation_outcome() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let nobody = app.nobody();
    let refused = nobody.get("/fhir/Observation").await;
    assert_eq!(outcome(&refused, 401).0, "login");
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
    assert_eq!(outcome(&ada.get("/fhir/Observation/unknown").await, 404).0, "not-found");
    assert_eq!(outcome(&ada.get("/fhir/Medication").await, 404).0, "not-found");
    assert_eq!(outcome(&ada.get("/fhir").await, 404).0, "not-found");
    let posted = ada.post("/fhir/Observation", &serde_json::json!({})).await;
    assert_eq!(outcome(&posted, 405).0, "not-supported");
    let deleted = asked(&ada, Method::DELETE, "/fhir/Observation/x", &[], "").await;
    assert_eq!(outcome(&deleted, 405).0, "not-supported");
    let posted = ada.post("/fhir/Observation/_search", &serde_json::json!({})).await;
    assert_eq!(outcome(&posted, 415).0, "not-supported");
    let long = format!("/fhir/Observation?_id={}", "a".repeat(9_000));
    assert_eq!(outcome(&ada.get(&long).await, 414).0, "too-long");
    let (code, says) = outcome(&ada.get("/fhir/Observation?date=yesterday").await, 400);
    assert_eq!(code, "invalid");
    assert!(says.starts_with("date:"), "{says}");
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let settings = crate::support::settings();
    let rates = phr_api::RateLimits { reads_per_minute: Some(2), ..settings.rates };
    let app = TestApp::with(phr_api::Settings { rates, ..settings }).await;
    let ada = app.person("ada").await;
    for _ in 0..2 {
        bundle(&ada.get("/fhir/Observation").await);
    }
    let refused = ada.get("/fhir/Observation").await;
    assert_eq!(outcome(&refused, 429).0, "throttled");
    assert_eq!(refused.header("retry-after"), "30");
}

#[tokio::test]
async fn json_is_spoken_and_xml_is_not() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for (accept, status) in [
        ("application/fhir+json", 200),
        ("application/json;q=0.9, text/html", 200),
        ("*/*", 200),
        ("application/fhir+xml", 406),
        ("application/xml, text/xml", 406),
    ] {
        let accept = [("accept", accept)];
        let reply = asked(&ada, Method::GET, "/fhir/Observation", &accept, "").await;
        assert_eq!(reply.status.as_u16(), status, "{accept:?}");
        let reply = asked(&ada, Method::GET, "/fhir/metadata", &accept, "").await;
        assert_eq!(reply.status.as_u16(), status, "{accept:?}");
    }
    let xml = [("accept", "application/fhir+xml")];
    let forced = "/fhir/Observation?_format=json";
    assert_eq!(asked(&ada, Method::GET, forced, &xml, "").await.status, 200);
    let (code, _) = outcome(&ada.get("/fhir/Observation?_format=xml").await, 406);
    assert_eq!(code, "not-supported");
}
