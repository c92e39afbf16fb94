//! Connecting a vendor, with an emulated Google at the other end (security requirements OA).

use serde_json::json;

use crate::support::{Actor, TestApp, cookie_of};

/// The one-time link of an app, as path.
async fn link(ada: &Actor<'_>, return_to: Option<&str>) -> String {
    let body = json!({"return_to": return_to});
    let link = ada.post("/integrations/fitbit/authorize/url", &body).await.expect(200);
    assert!(link["hint"].as_str().unwrap().contains("system browser"));
    url::Url::parse(link["url"].as_str().unwrap()).unwrap().path().to_owned()
}

async fn status(ada: &Actor<'_>) -> String {
    let status = ada.get("/integrations/fitbit/status").await.expect(200);
    status["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn oa_02_the_link_says_that_it_is_for_the_system_browser() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let link = ada.post("/integrations/fitbit/authorize/url", &json!({})).await.expect(200);
    let hint = link["hint"].as_str().unwrap();
    for word in ["system browser", "Custom Tabs", "ASWebAuthenticationSession", "web view"] {
        assert!(hint.contains(word), "{hint}");
    }
}

#[tokio::test]
async fn authorize_goes_straight_to_the_vendor_and_back_to_a_clean_page() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let reply = ada.connect(0).await;
    assert_eq!(reply.status, 303);
    assert_eq!(reply.header("location"), "/connected?status=success");
    assert_eq!(status(&ada).await, "active");
    let page = app.visit("/connected?status=success", None).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Connected"));
}

#[tokio::test]
async fn oa_01_the_link_works_once() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let path = link(&ada, None).await;
    assert_eq!(app.submit(&path, "").await.status, 303);
    assert_eq!(app.submit(&path, "").await.status, 410);
    assert_eq!(app.visit(&path, None).await.status, 410);
}

#[tokio::test]
async fn oa_01_the_link_works_for_two_minutes() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let path = link(&ada, None).await;
    app.advance(121);
    assert_eq!(app.submit(&path, "").await.status, 410);
}

#[tokio::test]
async fn oa_03_looking_at_the_link_names_the_account_and_uses_nothing_up() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let path = link(&ada, None).await;
    for _ in 0..10 {
        let page = app.visit(&path, None).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("a•••@example.com"), "{}", page.text());
        assert!(!page.text().contains("ada@example.com"));
        assert!(page.text().contains("heart rate"));
    }
    assert_eq!(app.submit(&path, "").await.status, 303);
}

#[tokio::test]
async fn oa_04_the_way_through_an_app_s_link_connects_in_the_same_browser() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let path = link(&ada, Some("phrapp://connected")).await;
    let sent_away = app.submit(&path, "").await;
    let cookie = sent_away.header("set-cookie");
    for part in ["__Host-phr-connect=", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let account = app.vendor_account(0);
    let callback = app.consent(sent_away.header("location"), &account, |_| true).await;
    let back = app.visit(&callback, Some(&cookie_of(&sent_away))).await;
    assert_eq!(back.header("location"), "/connected?status=success&return=1");
    assert!(back.header("set-cookie").contains("Max-Age=0"));
    let page = app.visit(back.header("location"), None).await;
    assert!(page.text().contains("href=\"phrapp://connected?status=success\""), "{}", page.text());
}

#[tokio::test]
async fn oa_04_a_callback_in_a_foreign_browser_asks_before_anything_connects() {
    let app = TestApp::with_vendor().await;
    let eve = app.person("eve").await;
    let (page, _cookie_stays_with_eve) = eve.sent_away().await;
    let victim = app.vendor_account(0);
    let callback = app.consent(&page, &victim, |_| true).await;
    let question = app.visit(&callback, None).await;
    assert_eq!(question.status, 200);
    assert!(question.text().contains("e•••@example.com"), "{}", question.text());
    assert_ne!(status(&eve).await, "active");
    let wrong = app.visit(&callback, Some("__Host-phr-connect=guessed")).await;
    assert_eq!(wrong.status, 400, "the state is used up");
    assert_ne!(status(&eve).await, "active");
}

#[tokio::test]
async fn oa_04_who_says_yes_on_the_page_that_asks_is_connected_once() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let (page, _) = ada.sent_away().await;
    let callback = app.consent(&page, &app.vendor_account(0), |_| true).await;
    let question = app.visit(&callback, None).await.text();
    let secret = question.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = format!("confirmation={secret}");
    let done = app.submit("/connect/confirm", &form).await;
    assert_eq!(done.header("location"), "/connected?status=success");
    assert_eq!(status(&ada).await, "active");
    assert_eq!(app.submit("/connect/confirm", &form).await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn oa_05_of_twenty_callbacks_at_once_one_wins() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let (page, cookie) = ada.sent_away().await;
    let callback = app.consent(&page, &app.vendor_account(0), |_| true).await;
    let visits = (0..20).map(|_| app.visit(&callback, Some(&cookie)));
    let replies = futures_util::future::join_all(visits).await;
    let won = replies.iter().filter(|reply| reply.status == 303).count();
    assert_eq!(won, 1);
    assert!(replies.iter().all(|reply| [303, 400].contains(&reply.status.as_u16())));
    assert_eq!(status(&ada).await, "active");
}

#[tokio::test]
async fn oa_05_a_state_is_good_for_ten_minutes_and_not_invented() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let (page, cookie) = ada.sent_away().await;
    let callback = app.consent(&page, &app.vendor_account(0), |_| true).await;
    app.advance(601);
    assert_eq!(app.visit(&callback, Some(&cookie)).await.status, 400);
    let invented = "/integrations/fitbit/callback?state=invented&code=x";
    assert_eq!(app.visit(invented, Some(&cookie)).await.status, 400);
    assert_ne!(status(&ada).await, "active");
}

#[tokio::test]
async fn oa_07_the_redirect_address_is_the_configured_one_whatever_the_host_header_says() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let mut request = ada.request(&axum::http::Method::GET, "/integrations/fitbit/authorize", None);
    for name in ["host", "x-forwarded-host", "forwarded"] {
        request.headers_mut().insert(name, "evil.example".parse().unwrap());
    }
    let reply = app.send(request).await;
    let page: url::Url = reply.header("location").parse().unwrap();
    let redirect = page.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1;
    assert_eq!(redirect, "http://127.0.0.1:8000/integrations/fitbit/callback");
}

#[tokio::test]
async fn oa_08_a_callback_that_does_not_fit_is_refused_and_uses_nothing_up() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let (page, cookie) = ada.sent_away().await;
    let callback = app.consent(&page, &app.vendor_account(0), |_| true).await;
    let (path, query) = callback.split_once('?').unwrap();
    let state = query.split('&').find(|pair| pair.starts_with("state=")).unwrap();
    for pollution in [
        format!("{callback}&code=other"),
        format!("{callback}&{state}"),
        format!("{callback}&error=access_denied"),
        path.to_owned(),
        format!("{path}?{state}"),
        format!("{path}?code=x"),
        format!("{path}?{state}&code={}", "x".repeat(2_049)),
        format!("{path}?{state}&code={}", "x".repeat(8_000)),
    ] {
        assert_eq!(app.visit(&pollution, Some(&cookie)).await.status, 400, "{pollution}");
    }
    let back = app.visit(&callback, Some(&cookie)).await;
    assert_eq!(back.header("location"), "/connected?status=success");
}

#[tokio::test]
async fn oa_09_saying_no_is_friendly_and_repeats_nothing_from_outside() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let (page, cookie) = ada.sent_away().await;
    let callback = app.consent(&page, &app.vendor_account(0), |_| false).await;
    assert!(callback.contains("error=access_denied"), "{callback}");
    let payload = "&error_description=%3Cscript%3Ealert(1)%3C/script%3E";
    let back = app.visit(&format!("{callback}{payload}"), Some(&cookie)).await;
    assert_eq!(back.header("location"), "/connected?status=declined");
    let text = app.visit("/connected?status=declined", None).await.text();
    assert!(text.contains("Nothing was read") && !text.contains("script"), "{text}");
    assert_eq!(app.visit(&callback, Some(&cookie)).await.status, 400, "the state is used up");
}

#[tokio::test]
async fn oa_10_the_pages_are_still_private_and_hold_nothing_foreign() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    for path in [link(&ada, None).await, "/connected?status=success".to_owned()] {
        let page = app.visit(&path, None).await;
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
        assert!(!policy.contains("script") && policy.contains("frame-ancestors 'none'"));
        let text = page.text();
        assert!(!text.contains("<script") && !text.contains(" style=") && !text.contains("http"));
    }
    let style = app.visit("/assets/style.css", None).await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(!style.text().contains("url("));
}

#[tokio::test]
async fn oa_11_only_listed_return_addresses_are_taken() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    for target in [
        "//evil.example",
        "javascript:alert(1)",
        "https://evil.example",
        "https://app.example.com/connected/../evil",
        "https://app.example.com.evil.example/connected",
        "phrapp://connected?x=1",
        "phrapp://connected\r\nset-cookie: a=b",
        &"x".repeat(600),
    ] {
        let body = json!({"return_to": target});
        let reply = ada.post("/integrations/fitbit/authorize/url", &body).await;
        reply.problem(422);
        assert_eq!(reply.complaints(), ["return_to"], "{target}");
    }
    for query in ["status=success&return=2", "status=success&return=99"] {
        let text = app.visit(&format!("/connected?{query}"), None).await.text();
        assert!(!text.contains("<a "), "{text}");
    }
    for query in ["status=success&return=https://evil.example", "to=/x", ""] {
        assert_eq!(app.visit(&format!("/connected?{query}"), None).await.status, 400);
    }
}

#[tokio::test]
async fn oa_12_a_box_that_was_not_ticked_is_named_and_the_rest_works() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let (page, cookie) = ada.sent_away().await;
    let account = app.vendor_account(0);
    let ticked = |scope: &str| !scope.contains("health_metrics");
    let callback = app.consent(&page, &account, ticked).await;
    let back = app.visit(&callback, Some(&cookie)).await;
    assert_eq!(back.header("location"), "/connected?status=partial&missing=1");
    let text = app.visit(back.header("location"), None).await.text();
    assert!(text.contains("heart rate, oxygen saturation and weight"), "{text}");
    let status = ada.get("/integrations/fitbit/status").await.expect(200);
    assert_eq!(status["connected"], true);
    let refused: Vec<_> = status["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|permission| permission["granted"] == false)
        .collect();
    assert_eq!(refused.len(), 1);
    let report = ada.press("/health/sync/immediate?date_str=2026-11-19").await.expect(200);
    let state = |metric: &str| {
        let results = report["results"].as_array().unwrap();
        results.iter().find(|result| result["metric"] == metric).unwrap()["status"].clone()
    };
    assert_eq!(state("steps"), "complete");
    assert_eq!(state("heart_rate"), "not_permitted");
}

#[tokio::test]
async fn oa_13_one_vendor_account_belongs_to_one_person() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let eve = app.person("eve").await;
    ada.connect(0).await;
    let second = eve.connect(0).await;
    assert_eq!(second.header("location"), "/connected?status=failed&reason=elsewhere");
    assert_ne!(status(&eve).await, "active");
    assert_eq!(status(&ada).await, "active");
}

#[tokio::test]
async fn disconnecting_twice_is_no_mistake_and_syncing_then_asks_to_connect() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    ada.connect(0).await;
    for _ in 0..2 {
        let gone = ada.post("/integrations/vendors/disconnect", &json!({"vendor": "fitbit"})).await;
        assert_eq!(gone.expect(200)["status"], "disconnected");
    }
    ada.press("/health/sync").await.problem(409);
}

#[tokio::test]
async fn a_link_can_be_asked_for_without_a_body() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let mut request =
        ada.request(&axum::http::Method::POST, "/integrations/fitbit/authorize/url", None);
    request.headers_mut().remove("content-type");
    let link = app.send(request).await.expect(200);
    assert!(link["url"].as_str().unwrap().starts_with("http://127.0.0.1:8000/connect/"));
}
