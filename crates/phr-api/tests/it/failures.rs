//! Every way to fail has the same shape (security requirements ER).

use axum::{
    body::Body,
    http::{Method, Request, header},
    routing::get,
};
use serde_json::json;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;

use crate::support::{Reply, TestApp};

fn post(path: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header(header::CONTENT_TYPE, kind).body(body.into()).unwrap()
}

/// One request for each status that a layer, a route or a handler may give without being asked.
fn failing_requests() -> Vec<(u16, Request<Body>)> {
    let json = "application/json";
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let mut large_head = get("/livez");
    large_head.headers_mut().insert("x-large", "x".repeat(17_000).parse().unwrap());
    vec![
        (400, post("/auth/login", json, "{")),
        (400, post("/auth/login", json, "")),
        (400, get("/auth/me?access_token=x")),
        (401, get("/auth/me")),
        (404, get("/nothing")),
        (405, get("/auth/login")),
        (413, post("/auth/login", json, "x".repeat(257 * 1024))),
        (414, get(&format!("/livez?{}", "x".repeat(8 * 1024)))),
        (415, post("/auth/login", "text/plain", "{}")),
        (422, post("/auth/login", json, "{}")),
        (431, large_head),
        (500, get("/panic")),
    ]
}

async fn panicking() -> &'static str {
    panic!("secret 61.371")
}

#[tokio::test]
async fn er_01_in_11_every_failure_is_a_problem_document_panics_too() {
    let app = TestApp::start().await;
    let extra = OpenApiRouter::new().route("/panic", get(panicking));
    let router = phr_api::router(&app.state, extra);
    for (status, request) in failing_requests() {
        let what = format!("{} {:.40}", request.method(), request.uri().to_string());
        let reply = Reply::of(router.clone().oneshot(request).await.unwrap()).await;
        assert_eq!(reply.status, status, "{what}: {}", reply.text());
        reply.problem(status);
        assert!(!reply.text().contains("61.371"), "{what}");
    }
}

#[tokio::test]
async fn er_01_a_mistake_in_the_body_as_a_whole_has_the_empty_pointer() {
    let app = TestApp::start().await;
    let reply = app.send(post("/auth/login", "application/json", "{")).await;
    insta::assert_json_snapshot!(reply.expect(400), { ".instance" => "[request]" }, @r#"
    {
      "detail": "The body is not valid JSON",
      "errors": [
        {
          "detail": "The body is not valid JSON",
          "pointer": ""
        }
      ],
      "instance": "[request]",
      "status": 400,
      "title": "Malformed request",
      "type": "urn:phr:problem:malformed"
    }
    "#);
}

#[tokio::test]
async fn in_01_an_address_has_eight_kib_at_most() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let path = |length: usize| format!("/nothing?{}", "x".repeat(length - "/nothing?".len()));
    ada.get(&path(8 * 1024)).await.problem(404);
    assert!(ada.get(&path(8 * 1024 + 1)).await.problem(414).contains("8 KiB"));
    ada.get(&format!("/{}", "x".repeat(8 * 1024))).await.problem(414);
}

#[tokio::test]
async fn er_03_each_kind_of_failure_has_its_status() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let unsigned = app.nobody().get("/health/observations").await;
    unsigned.problem(401);
    assert!(unsigned.header("www-authenticate").starts_with("Bearer"));
    let session = "/auth/sessions/0f1e2d3c-4b5a-4697-8877-665544332211";
    let missing = app.send(ada.request(&Method::DELETE, session, None)).await;
    missing.problem(404);
    // Nothing is connected yet.
    ada.press("/health/sync/immediate?date_str=2026-11-19").await.problem(409);
    ada.post("/integrations/vendors/select", &json!({"vendor": "x"})).await.problem(422);
    for _ in 0..5 {
        let body = json!({"email": ada.email, "password": "not the password"});
        app.nobody().post("/auth/login", &body).await.problem(401);
    }
    let body = json!({"email": ada.email, "password": "not the password"});
    let slowed = app.nobody().post("/auth/login", &body).await;
    slowed.problem(429);
    assert!(slowed.header("retry-after").parse::<u32>().unwrap() > 0);
}
