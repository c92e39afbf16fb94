//! T11: nothing secret and nothing about anybody's health is ever logged, at any level.

#![cfg(test)]

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use phr_model::Metric;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

#[path = "support/mod.rs"]
mod support;

use support::{PASSWORD, TestApp, sample};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Values of the parameters of an address.
fn secrets_in(address: &str) -> Vec<String> {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| ["code", "state", "code_challenge"].contains(&&**name))
        .map(|(_, value)| value.into_owned())
        .collect()
}

#[tokio::test]
async fn t11_lg_01_no_token_code_password_address_or_reading_is_logged() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(our_levels())
        .with_ansi(false)
        .with_writer(captured.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let app = TestApp::with_vendor().await;
    let ada = app.person("canary-ada").await;
    let account = app.vendor_account(0);
    let mut canaries = vec![
        PASSWORD.to_owned(),
        ada.email.clone(),
        ada.access.clone(),
        ada.refresh.clone(),
        account.clone(),
        "61371".to_owned(),
        "61.371".to_owned(),
    ];
    let link = ada.post("/integrations/fitbit/authorize/url", &json!({})).await.expect(200);
    let path = url::Url::parse(link["url"].as_str().unwrap()).unwrap().path().to_owned();
    canaries.push(path.rsplit('/').next().unwrap().to_owned());
    app.visit(&path, None).await;
    let sent_away = app.submit(&path, "").await;
    let cookie = support::cookie_of(&sent_away);
    canaries.push(cookie.split_once('=').unwrap().1.to_owned());
    canaries.extend(secrets_in(sent_away.header("location")));
    let callback = app.consent(sent_away.header("location"), &account, |_| true).await;
    canaries.extend(secrets_in(&callback));
    app.visit(&callback, Some(&cookie)).await;
    app.visit(&callback, Some(&cookie)).await;
    ada.press("/health/sync/immediate?date_str=2026-11-19").await.expect(200);
    let reading = vec![sample("2026-11-18", 36_000, 61_371, 60)];
    app.hold(ada.id().await, Metric::Steps, "2026-11-18", reading).await;
    for path in [
        "/health/observations?page_size=100",
        "/health/samples?metric=steps&date_from=2026-11-18&date_to=2026-11-19",
        "/health/coverage?date_from=2026-11-18&date_to=2026-11-19",
        "/health/summary?metric=steps&bucket=day&date_from=2026-11-18&date_to=2026-11-19",
    ] {
        ada.get(path).await.expect(200);
    }
    ada.get(&format!("/auth/me?access_token={}", ada.access)).await.problem(400);
    let wrong = "the wrong canary password";
    canaries.push(wrong.to_owned());
    let body = json!({"email": ada.email, "password": wrong});
    app.nobody().post("/auth/login", &body).await.problem(401);
    let client = app.client("patient/*.rs offline_access", Some("the canary secret")).await;
    let code = client.code(&ada).await;
    let tokens = client.redeem(&code).await.expect(200);
    client.redeem(&code).await.expect(400);
    canaries.extend([code, "the canary secret".to_owned(), support::VERIFIER.to_owned()]);
    for token in ["access_token", "refresh_token"] {
        canaries.push(tokens[token].as_str().unwrap().to_owned());
    }
    ada.try_refresh(&ada.refresh).await.expect(200);
    ada.post("/integrations/vendors/disconnect", &json!({"vendor": "fitbit"})).await.expect(200);
    ada.press("/auth/logout").await;

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("answered"), "the capture works");
    assert!(log.contains("/health/observations"), "route templates are logged");
    for canary in canaries {
        let found = log.lines().find(|line| line.contains(&canary));
        assert!(found.is_none(), "{canary} is logged: {}", found.unwrap_or_default());
    }
}

/// Everything.
fn our_levels() -> tracing::Level {
    tracing::Level::TRACE
}
