//! Refresh tokens: rotation, lost answers, theft (security requirements TK).

use axum::http::Method;
use serde_json::json;

use crate::support::{Actor, PASSWORD, TestApp};

async fn refreshed<'a>(actor: &Actor<'a>) -> Actor<'a> {
    let pair = actor.try_refresh(&actor.refresh).await.expect(200);
    let mut next = actor.clone();
    next.keep(&pair);
    next
}

#[tokio::test]
async fn tk_07_a_refresh_token_is_exchanged_and_both_tokens_are_new() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let next = refreshed(&ada).await;
    assert_ne!(ada.refresh, next.refresh);
    assert_ne!(ada.access, next.access);
    assert_eq!(next.refresh.len(), 43, "256 bits");
    next.get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn tk_07_the_database_holds_no_usable_token() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let bytes = app.bed.contents().await;
    for secret in [&ada.refresh, &ada.access, PASSWORD] {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "a secret lies in the database");
    }
}

#[tokio::test]
async fn tk_08_a_used_token_that_comes_back_ends_the_session() {
    let app = TestApp::start().await;
    let first = app.person("ada").await;
    let second = refreshed(&first).await;
    let third = refreshed(&second).await;
    first.try_refresh(&first.refresh).await.problem(401);
    third.try_refresh(&third.refresh).await.problem(401);
    third.get("/auth/me").await.problem(401);
}

#[tokio::test]
async fn tk_09_a_lost_answer_does_not_sign_anybody_out() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let lost = ada.try_refresh(&ada.refresh).await.expect(200);
    app.advance(59);
    let next = refreshed(&ada).await;
    next.get("/auth/me").await.expect(200);
    let lost = lost["refresh_token"].as_str().unwrap();
    ada.try_refresh(lost).await.problem(401);
}

#[tokio::test]
async fn tk_09_after_a_minute_a_used_token_is_dead() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    refreshed(&ada).await;
    app.advance(61);
    ada.try_refresh(&ada.refresh).await.problem(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tk_10_fifty_refreshes_at_once_leave_one_living_token() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let attempts = (0..50).map(|_| ada.try_refresh(&ada.refresh));
    let replies = futures_util::future::join_all(attempts).await;
    let mut tokens = Vec::new();
    for reply in replies {
        match reply.status.as_u16() {
            200 => tokens.push(reply.json()["refresh_token"].as_str().unwrap().to_owned()),
            401 => {}
            other => panic!("{other}: {}", reply.text()),
        }
    }
    assert!(!tokens.is_empty());
    let mut living = 0;
    for token in &tokens {
        living += u32::from(ada.try_refresh(token).await.status == 200);
    }
    assert!(living <= 1, "{living} tokens live");
}

#[tokio::test]
async fn tk_11_a_session_nobody_uses_ends_after_30_days() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.advance(29 * 86_400);
    let next = refreshed(&ada).await;
    app.advance(30 * 86_400 + 1);
    next.try_refresh(&next.refresh).await.problem(401);
}

#[tokio::test]
async fn tk_11_every_session_ends_after_90_days() {
    let app = TestApp::start().await;
    let mut ada = app.person("ada").await;
    for _ in 0..4 {
        app.advance(20 * 86_400);
        ada = refreshed(&ada).await;
    }
    app.advance(10 * 86_400 - 60);
    let pair = ada.try_refresh(&ada.refresh).await.expect(200);
    assert_eq!(pair["expires_in"], 60, "not beyond the session's end");
    app.advance(120);
    ada.keep(&pair);
    ada.try_refresh(&ada.refresh).await.problem(401);
}

#[tokio::test]
async fn tk_15_signing_in_again_ends_the_session_that_is_sent_along() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let body = json!({"email": ada.email, "password": PASSWORD});
    let request = ada.request(&Method::POST, "/auth/login", Some(&body));
    let pair = app.send(request).await.expect(200);
    ada.get("/auth/me").await.problem(401);
    let mut again = ada.clone();
    again.keep(&pair);
    again.get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn two_devices_have_two_sessions() {
    let app = TestApp::start().await;
    let phone = app.person("ada").await;
    let tablet = Actor::signed_in(&app, &phone.email).await;
    phone.press("/auth/logout").await;
    tablet.get("/auth/me").await.expect(200);
    refreshed(&tablet).await;
}

#[tokio::test]
async fn an_invented_refresh_token_is_refused() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    for token in ["x", &"A".repeat(43), "' or 1=1 --"] {
        nobody.try_refresh(token).await.problem(401);
    }
}
