//! Mistakes in requests: each a 4xx that names the field and says what is allowed, never a 5xx, and
//! nothing is written.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

const DAYS: &str = "date_from=2026-11-01&date_to=2026-11-02";

/// Paths with a bad query and the parameter that must be named.
fn bad_queries() -> Vec<(String, &'static str)> {
    let mut table: Vec<(String, &'static str)> = Vec::new();
    let mut observations = |query: &str, name| {
        table.push((format!("/health/observations?{query}"), name));
    };
    for page in
        ["0", "-1", "1.5", "1e3", "abc", "", "%20", "2147483648", "9223372036854775808", "+1"]
    {
        observations(&format!("page={page}"), "page");
    }
    for size in ["0", "101", "-5", "1000000", "ten", ""] {
        observations(&format!("page_size={size}"), "page_size");
    }
    for kind in ["heartrate", "HEART_RATE", "", "heart_rate,steps", "'%20or%201=1--", "%00"] {
        observations(&format!("observation_type={kind}"), "observation_type");
    }
    for date in [
        "2026-13-01",
        "2026-02-29",
        "2026-00-10",
        "2026-1-1",
        "20261101",
        "2026-11-01T00:00:00Z",
        "yesterday",
        "",
        "0000-00-00",
        "10000-01-01",
        "-2026-01-01",
        "1899-12-31",
        "2026-11-22",
        "2036-01-01",
        "2026-11-01%00",
        "2026%2D11%2D31",
    ] {
        observations(&format!("date_from={date}"), "date_from");
        observations(&format!("date_to={date}"), "date_to");
    }
    observations("date_from=2026-11-03&date_to=2026-11-02", "date_from");
    observations("page=1&page=1", "page");
    observations("date_to=2026-11-01&date_to=2026-11-02", "date_to");
    observations("pagesize=10", "pagesize");
    observations("limit=10", "limit");
    observations("patient_id=someone", "patient_id");
    for path in ["samples?", "summary?bucket=day&", "coverage?"] {
        let mut health = |query: &str, name| table.push((format!("/health/{path}{query}"), name));
        health(&format!("metric=pulse&{DAYS}"), "metric");
        health("metric=steps&date_from=2026-11-02&date_to=2026-11-01", "date_from");
        health("metric=steps&date_from=2025-11-01&date_to=2026-11-02", "date_to");
        health("metric=steps&date_from=2024-11-01", "date_to");
        health(&format!("metric=steps&metric=steps&{DAYS}"), "metric");
        health(&format!("metric=steps&{DAYS}&x=1"), "x");
    }
    for limit in ["0", "100001", "-1", "many"] {
        table.push((format!("/health/samples?metric=steps&{DAYS}&limit={limit}"), "limit"));
    }
    for limit in ["0", "1001", "-1", "", "many"] {
        table.push((format!("/health/changes?limit={limit}"), "limit"));
    }
    for path in ["/health/changes", "/health/changes/stream"] {
        for cursor in ["", "0", "made-up", "MHww.x", "%00", "%C3%A9"] {
            table.push((format!("{path}?cursor={cursor}"), "cursor"));
        }
        table.push((format!("{path}?observation_type=pulse"), "observation_type"));
        table.push((format!("{path}?since=0"), "since"));
    }
    table.push(("/health/changes/stream?limit=1".to_owned(), "limit"));
    table.push((format!("/health/samples?{DAYS}"), "metric"));
    table.push((format!("/health/summary?metric=steps&{DAYS}"), "bucket"));
    table.push((format!("/health/summary?metric=steps&bucket=year&{DAYS}"), "bucket"));
    for limit in ["0", "101", "-1", "", "all"] {
        table.push((format!("/health/sync/runs?limit={limit}"), "limit"));
        table.push((format!("/health/delivery?limit={limit}"), "limit"));
    }
    table.push(("/health/sync/runs?page=2".to_owned(), "page"));
    for path in ["/auth/me", "/integrations/vendors", "/integrations/fitbit/status", "/sync/status"]
    {
        table.push((format!("{path}?verbose=1"), "verbose"));
    }
    table
}

#[tokio::test]
async fn in_04_in_05_in_06_a_bad_parameter_is_named_and_refused() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for (path, name) in bad_queries() {
        let reply = ada.get(&path).await;
        assert_eq!(reply.status, 422, "{path}: {}", reply.text());
        let detail = reply.problem(422);
        assert_eq!(reply.complaints(), [name], "{path}");
        assert!(detail.starts_with(&format!("{name}: ")), "{path}: {detail}");
    }
}

#[tokio::test]
async fn in_04_a_sync_takes_only_days_that_have_begun() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    ada.connect(0).await;
    for query in ["date_str=2026-11-31", "date_str=2026-11-22", "date_str=", "date=2026-11-01"] {
        let reply = ada.press(&format!("/health/sync/immediate?{query}")).await;
        reply.problem(422);
        assert_eq!(reply.complaints(), [query.split('=').next().unwrap()]);
    }
}

#[tokio::test]
async fn a_problem_says_what_is_allowed() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let path = "/health/observations?page=0&page_size=101&observation_type=pulse&date_to=soon";
    let problem = ada.get(path).await;
    insta::assert_json_snapshot!(problem.expect(422), { ".instance" => "[request]" }, @r#"
    {
      "detail": "page: a whole number from 1 to 1000000; page_size: a whole number from 1 to 100; observation_type: one of heart_rate, spo2, body_weight, steps, calories, distance, resting_heart_rate, active_energy, floors, body_fat, height, hrv, respiratory_rate, skin_temperature_variation, vo2max, active_minutes, sleep, exercise; date_to: a calendar day as YYYY-MM-DD, from 1900-01-01 to today",
      "errors": [
        {
          "detail": "a whole number from 1 to 1000000",
          "parameter": "page"
        },
        {
          "detail": "a whole number from 1 to 100",
          "parameter": "page_size"
        },
        {
          "detail": "one of heart_rate, spo2, body_weight, steps, calories, distance, resting_heart_rate, active_energy, floors, body_fat, height, hrv, respiratory_rate, skin_temperature_variation, vo2max, active_minutes, sleep, exercise",
          "parameter": "observation_type"
        },
        {
          "detail": "a calendar day as YYYY-MM-DD, from 1900-01-01 to today",
          "parameter": "date_to"
        }
      ],
      "instance": "[request]",
      "status": 422,
      "title": "The request has mistakes",
      "type": "urn:phr:problem:invalid-input"
    }
    "#);
}

#[tokio::test]
async fn in_03_a_bad_field_is_named_and_nothing_is_written() {
    let app = TestApp::start().await;
    let good = json!({"email": "ada@example.com", "name": "Ada", "password": PASSWORD});
    for (field, value) in [
        ("email", json!("ada")),
        ("email", json!("ada@")),
        ("email", json!("@example.com")),
        ("email", json!("a b@example.com")),
        ("email", json!("a@b@example.com")),
        ("email", json!(format!("{}@example.com", "a".repeat(300)))),
        ("email", json!("ada@example.com\r\nbcc: eve@example.com")),
        ("email", json!(7)),
        ("email", json!(["ada@example.com"])),
        ("email", Value::Null),
        ("name", json!(" ")),
        ("name", json!("")),
        ("name", json!("a".repeat(101))),
        ("name", json!("Ada\u{202e}ecalevoL")),
        ("name", json!("Ada\0")),
        ("name", json!({"first": "Ada"})),
        ("password", json!("short")),
        ("password", json!(123_456_789_012_345_i64)),
        ("nickname", json!("Ada")),
        ("a/b~c", json!("x")),
    ] {
        let mut body = good.clone();
        body[field] = value.clone();
        let reply = app.nobody().post("/auth/register", &body).await;
        reply.problem(422);
        let named = field.replace('~', "~0").replace('/', "~1");
        assert_eq!(reply.complaints(), [named], "{field}: {value}");
    }
    assert!(app.store.people().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_unknown_vendor_is_refused_with_the_known_ones() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for path in ["/integrations/vendors/select", "/integrations/vendors/disconnect"] {
        for body in [json!({"vendor": "garmin"}), json!({"vendor": "Fitbit"}), json!({})] {
            let reply = ada.post(path, &body).await;
            assert!(reply.problem(422).contains("fitbit"));
            assert_eq!(reply.complaints(), ["vendor"]);
        }
    }
    assert!(app.store.connections_of(ada.id().await).await.unwrap().is_empty());
}

fn raw(path: &str, content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(Method::POST).uri(path);
    request.header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap()
}

#[tokio::test]
async fn in_02_a_body_that_is_not_json_is_told_so() {
    let app = TestApp::start().await;
    for body in [
        "",
        "{",
        "{\"email\":}",
        "[]",
        "null",
        "\"text\"",
        "7",
        "{\"email\":\"a\"} x",
        "{\"email\":\"a\",\"email\":\"b\"",
        "{'email':'a'}",
        "NaN",
    ] {
        let reply = app.send(raw("/auth/login", "application/json", body)).await;
        reply.problem(400);
        assert_eq!(reply.complaints(), [""], "{body}");
    }
    let not_utf8 = vec![b'{', b'"', 0xff, 0xfe, b'"', b':', b'1', b'}'];
    app.send(raw("/auth/login", "application/json", not_utf8)).await.problem(400);
}

#[tokio::test]
async fn in_02_half_a_character_is_refused() {
    let app = TestApp::start().await;
    for half in ["\\ud800", "\\udc00", "\\ud83d\\ud83d", "\\ud83dx"] {
        let body = format!("{{\"email\":\"ada@example.com\",\"password\":\"{half}\"}}");
        let reply = app.send(raw("/auth/login", "application/json", body)).await;
        assert!(reply.problem(422).starts_with("body: text of whole characters"));
        assert_eq!(reply.complaints(), [""]);
    }
}

#[tokio::test]
async fn in_01_nesting_ends_at_32_levels() {
    let app = TestApp::start().await;
    let nested = |levels: usize| {
        format!("{{\"email\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
    };
    let reply = app.send(raw("/auth/login", "application/json", nested(32))).await;
    assert!(reply.complaints().contains(&"email".to_owned()), "{}", reply.text());
    for levels in [33, 200, 5_000] {
        let reply = app.send(raw("/auth/login", "application/json", nested(levels))).await;
        assert!(reply.problem(422).contains("32 levels"));
        assert_eq!(reply.complaints(), [""]);
    }
}

#[tokio::test]
async fn in_02_a_name_given_twice_is_refused() {
    let app = TestApp::start().await;
    let body = r#"{"email":"a@b.example","email":"c@d.example","password":"x"}"#;
    let reply = app.send(raw("/auth/login", "application/json", body)).await;
    reply.problem(422);
    assert_eq!(reply.complaints(), ["email"]);
}

#[tokio::test]
async fn in_02_another_content_type_or_a_compressed_body_is_415() {
    let app = TestApp::start().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let reply = app.send(raw("/auth/login", kind, "{}")).await;
        assert!(reply.problem(415).contains("application/json"));
        assert_eq!(reply.complaints(), [""]);
    }
    let mut compressed = raw("/auth/login", "application/json", "{}");
    compressed.headers_mut().insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    app.send(compressed).await.problem(415);
    let charset = raw("/auth/login", "Application/JSON; charset=utf-8", "{}");
    app.send(charset).await.problem(422);
}

#[tokio::test]
async fn in_01_a_body_over_256_kib_is_413_with_or_without_a_length() {
    let app = TestApp::start().await;
    let body = |size: usize| format!("{{\"email\":\"{}\"}}", "a".repeat(size - 12));
    app.send(raw("/auth/login", "application/json", body(256 * 1024))).await.problem(422);
    for size in [256 * 1024 + 1, 2 << 20] {
        app.send(raw("/auth/login", "application/json", body(size))).await.problem(413);
        let mut declared = raw("/auth/login", "application/json", body(size));
        declared.headers_mut().insert(header::CONTENT_LENGTH, size.into());
        app.send(declared).await.problem(413);
        let chunks = futures_util::stream::iter(
            body(size)
                .into_bytes()
                .chunks(1_000)
                .map(|c| Ok::<_, std::io::Error>(c.to_vec()))
                .collect::<Vec<_>>(),
        );
        let chunked = raw("/auth/login", "application/json", Body::from_stream(chunks));
        app.send(chunked).await.problem(413);
    }
}

#[tokio::test]
async fn in_07_odd_paths_are_404() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for path in [
        "/nothing",
        "/health",
        "/health/observations/",
        "/health/observations/1",
        "/auth/../auth/me",
        "/integrations/garmin/status",
        "/auth/sessions/",
        "/..%2f..%2fetc%2fpasswd",
        "/%00",
    ] {
        let reply = ada.get(path).await;
        assert_eq!(reply.problem(404), "There is nothing at this address", "{path}");
    }
    // The bare address leads to the documentation where that is served.
    assert_eq!(ada.get("/").await.status, 303);
    let wide = app.visit("/connect/..%2F..%2Fetc", None).await;
    assert_eq!(wide.status, 410);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn in_03_ac_09_whatever_is_sent_to_register_is_never_a_server_error(
        email in ".{0,60}", name in ".{0,60}", password in ".{0,20}", extra in ".{1,10}",
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = TestApp::start().await;
            let mut body = json!({"email": email, "name": name, "password": password});
            body[&extra] = json!(name);
            let reply = app.nobody().post("/auth/register", &body).await;
            assert!(reply.status.is_client_error() || reply.status == 201, "{}", reply.text());
        });
    }

    #[test]
    fn whatever_is_asked_for_is_never_a_server_error(query in "[a-z_=&%0-9.-]{0,80}") {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = TestApp::start().await;
            let ada = app.person("ada").await;
            for path in ["observations", "changes", "samples", "summary", "coverage"] {
                let reply = ada.get(&format!("/health/{path}?{query}")).await;
                assert!(!reply.status.is_server_error(), "{path}?{query}");
            }
        });
    }
}
