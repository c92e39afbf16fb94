//! What holds for every answer.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use phr_api::Settings;
use serde_json::json;

use crate::support::{TestApp, settings};

#[tokio::test]
async fn er_01_an_unknown_address_is_a_problem_document() {
    let app = TestApp::start().await;
    let reply = app.nobody().get("/no/such/thing").await;
    insta::assert_json_snapshot!(reply.expect(404), { ".instance" => "[request]" }, @r#"
    {
      "detail": "There is nothing at this address",
      "instance": "[request]",
      "status": 404,
      "title": "Not found",
      "type": "urn:phr:problem:not-found"
    }
    "#);
    reply.problem(404);
}

#[tokio::test]
async fn ou_09_a_wrong_method_is_405_and_says_which_are_right() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for (method, path, allowed) in [
        ("GET", "/auth/login", "POST"),
        ("DELETE", "/health/observations", "GET,HEAD"),
        ("TRACE", "/auth/me", "GET,HEAD"),
        ("PUT", "/connect/abc", "GET,HEAD,POST"),
    ] {
        let method: Method = method.parse().unwrap();
        let reply = app.send(ada.request(&method, path, None)).await;
        reply.problem(405);
        let mut found: Vec<_> = reply.header("allow").split(',').collect();
        found.sort_unstable();
        assert_eq!(found.join(","), allowed, "{path}");
    }
}

#[tokio::test]
async fn ou_01_ou_02_every_answer_carries_the_headers() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for path in ["/auth/me", "/livez", "/nothing", "/health/observations?page=0", "/auth/login"] {
        let reply = ada.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(reply.header(name), value, "{path} {name}");
        }
        assert_eq!(reply.header("x-request-id").len(), 36);
        assert_eq!(reply.header("server"), "");
        assert_eq!(reply.header("strict-transport-security"), "", "not over plain HTTP");
    }
}

#[tokio::test]
async fn tl_02_over_https_browsers_are_told_to_stay_there() {
    let public_url = "https://phr.example.com".parse().unwrap();
    let app = TestApp::with(Settings { public_url, ..settings() }).await;
    let reply = app.nobody().get("/livez").await;
    assert!(reply.header("strict-transport-security").starts_with("max-age=63072000"));
}

#[tokio::test]
async fn every_request_has_an_id_of_ours() {
    let app = TestApp::start().await;
    let mut request = app.nobody().request(&Method::GET, "/livez", None);
    request.headers_mut().insert("x-request-id", "mine".parse().unwrap());
    let first = app.send(request).await;
    let second = app.nobody().get("/livez").await;
    assert_ne!(first.header("x-request-id"), "mine");
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

async fn origin(app: &TestApp, method: &Method, origin: &str) -> crate::support::Reply {
    let request = Request::builder()
        .method(method)
        .uri("/auth/me")
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization")
        .body(axum::body::Body::empty())
        .unwrap();
    app.send(request).await
}

#[tokio::test]
async fn co_01_only_listed_origins_may_call_from_a_browser() {
    let cors_origins = vec!["https://app.example.com".to_owned()];
    let app = TestApp::with(Settings { cors_origins, ..settings() }).await;
    let allowed = "access-control-allow-origin";
    for method in [Method::GET, Method::OPTIONS] {
        let listed = origin(&app, &method, "https://app.example.com").await;
        assert_eq!(listed.header(allowed), "https://app.example.com");
        assert_eq!(listed.header("access-control-allow-credentials"), "");
        for stranger in [
            "https://app.example.com.evil.example",
            "https://evil-app.example.com",
            "http://app.example.com",
            "https://app.example.com:8443",
            "null",
            "*",
            "https://APP.example.com/",
            "https://example.com",
        ] {
            assert_eq!(origin(&app, &method, stranger).await.header(allowed), "", "{stranger}");
        }
    }
}

#[tokio::test]
async fn co_01_without_a_list_there_are_no_cors_headers() {
    let app = TestApp::start().await;
    let reply = origin(&app, &Method::GET, "https://app.example.com").await;
    assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control")));
}

#[tokio::test]
async fn the_probes_answer() {
    let app = TestApp::start().await;
    assert_eq!(app.nobody().get("/livez").await.expect(200), json!({"status": "ok"}));
    assert_eq!(app.nobody().get("/readyz").await.expect(200), json!({"status": "ok"}));
}

#[tokio::test]
async fn er_02_no_word_of_the_database_reaches_a_client() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.bed.ruin().await;
    for path in ["/health/observations", "/readyz", "/integrations/vendors"] {
        let reply = ada.get(path).await;
        if reply.status.is_server_error() {
            let detail = reply.text().to_lowercase();
            for word in [
                "sqlite",
                "postgres",
                "database",
                "select",
                "relation",
                "malformed",
                "disk image",
                "sqlx",
            ] {
                assert!(!detail.contains(word), "{path}: {detail}");
            }
        }
    }
}

#[tokio::test]
async fn docs_are_served_from_here_alone_and_can_be_switched_off() {
    let app = TestApp::start().await;
    assert_eq!(app.nobody().get("/docs").await.header("location"), "/docs/");
    let page = app.nobody().get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    assert!(!page.text().contains("https://"), "{}", page.text());
    let script = app.nobody().get("/docs/swagger-initializer.js").await.text();
    assert!(script.contains("/openapi.json"), "{script}");
    let off = TestApp::with(Settings { docs: false, ..settings() }).await;
    off.nobody().get("/docs").await.problem(404);
    off.nobody().get("/openapi.json").await.problem(404);
}

#[tokio::test]
async fn in_01_headers_may_have_sixteen_kib_and_a_hundred_fields() {
    let app = TestApp::start().await;
    for (length, fields, status) in
        [(16_000, 1, 200), (17_000, 1, 431), (10, 90, 200), (10, 101, 431)]
    {
        let mut request = Request::get("/livez");
        for n in 0..fields {
            request = request.header(format!("x-{n}"), "x".repeat(length));
        }
        let reply = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, status, "{fields} fields of {length} bytes");
        if status == 431 {
            assert!(reply.problem(431).contains("16 KiB"));
        }
    }
}

#[tokio::test]
async fn in_01_reading_has_no_body() {
    let app = TestApp::start().await;
    let get = |length: &str| {
        Request::get("/livez").header("content-length", length).body(Body::from("{}")).unwrap()
    };
    assert_eq!(app.send(get("2")).await.status, 413);
    assert_eq!(app.send(get("0")).await.status, 200);
}
