//! How often is too often (security requirement RL-01).

use std::net::SocketAddr;

use axum::{extract::ConnectInfo, http::Method};
use phr_api::{Network, RateLimits, Settings};

use crate::support::{Reply, TestApp, settings};

fn limited() -> Settings {
    Settings { rates: RateLimits::default(), ..settings() }
}

async fn from(app: &TestApp, address: &str, forwarded: &str) -> Reply {
    let mut request = app.nobody().request(&Method::POST, "/auth/refresh", None);
    let address: SocketAddr = address.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(address));
    request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
    app.send(request).await
}

#[tokio::test]
async fn rl_01_a_stranger_may_ask_60_times_a_minute() {
    let app = TestApp::with(limited()).await;
    for n in 0..60 {
        let reply = from(&app, "203.0.113.9:4000", &format!("198.51.100.{n}")).await;
        reply.problem(400);
    }
    let reply = from(&app, "203.0.113.9:4001", "198.51.100.77").await;
    assert_eq!(reply.problem(429), "Rate limit exceeded. Please try again later.");
    let wait: i64 = reply.header("retry-after").parse().unwrap();
    from(&app, "203.0.113.10:4000", "x").await.problem(400);
    app.advance(wait);
    from(&app, "203.0.113.9:4000", "x").await.problem(400);
}

#[tokio::test]
async fn tl_03_behind_a_trusted_proxy_clients_are_told_apart() {
    let trusted_proxies = vec![Network::parse("10.0.0.0/8").unwrap()];
    let app = TestApp::with(Settings { trusted_proxies, ..limited() }).await;
    for _ in 0..60 {
        from(&app, "10.1.2.3:4000", "198.51.100.1").await.problem(400);
    }
    from(&app, "10.1.2.3:4000", "198.51.100.1").await.problem(429);
    from(&app, "10.1.2.3:4000", "198.51.100.2").await.problem(400);
}

#[tokio::test]
async fn rl_01_one_person_s_reads_are_limited_and_leave_others_alone() {
    let rates = RateLimits { reads_per_minute: Some(10), ..RateLimits::LIFTED };
    let app = TestApp::with(Settings { rates, ..settings() }).await;
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    for _ in 0..10 {
        ada.get("/auth/me").await.expect(200);
    }
    let reply = ada.get("/auth/me").await;
    reply.problem(429);
    assert_eq!(reply.header("retry-after"), "6");
    eve.get("/auth/me").await.expect(200);
    ada.press("/auth/logout").await.expect(204);
}

#[tokio::test]
async fn rl_01_who_waits_as_told_is_let_in() {
    let rates = RateLimits { writes_per_minute: Some(7), ..RateLimits::LIFTED };
    let app = TestApp::with(Settings { rates, ..settings() }).await;
    let ada = app.person("ada").await;
    let body = serde_json::json!({"vendor": "fitbit"});
    for _ in 0..40 {
        let reply = ada.post("/integrations/vendors/select", &body).await;
        if reply.status == 429 {
            app.advance(reply.header("retry-after").parse().unwrap());
            ada.post("/integrations/vendors/select", &body).await.expect(200);
        }
    }
}
