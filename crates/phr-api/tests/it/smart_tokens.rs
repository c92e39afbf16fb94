//! Other people's apps: codes, tokens, and proving who they are.

use serde_json::json;

use super::fhir::{ada_with_a_day, bundle, outcome};
use crate::support::{REDIRECT, Reply, TestApp, VERIFIER};

const LASTING: &str = "patient/Observation.rs patient/Patient.rs offline_access";
const SECRET: &str = "an app's secret of forty-three characters..";

/// An error in OAuth's form (RFC 6749 section 5.2).
#[track_caller]
fn refused(reply: &Reply, status: u16) -> String {
    let error = reply.expect(status);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("www-authenticate").starts_with("Basic"), status == 401);
    assert!(!error["error_description"].as_str().unwrap().is_empty());
    error["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_code_needs_its_verifier_and_its_address() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let client = app.client(LASTING, None).await;
    let other = VERIFIER.replace('d', "e");
    for (verifier, redirect) in [(&*other, REDIRECT), (VERIFIER, "https://app.example.com/other")] {
        let code = client.code(&ada).await;
        let reply = client.redeem_with(&code, verifier, redirect).await;
        assert_eq!(refused(&reply, 400), "invalid_grant");
        // Whoever has tried it does not get another try.
        assert_eq!(refused(&client.redeem(&code).await, 400), "invalid_grant");
    }
    for (verifier, redirect) in [("short", REDIRECT), ("", REDIRECT), (VERIFIER, "")] {
        let reply = client.redeem_with("code", verifier, redirect).await;
        assert_eq!(refused(&reply, 400), "invalid_request");
    }
}

#[tokio::test]
async fn a_code_works_for_a_minute_and_for_its_app() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let client = app.client(LASTING, None).await;
    let thief = app.client(LASTING, None).await;
    let code = client.code(&ada).await;
    assert_eq!(refused(&thief.redeem(&code).await, 400), "invalid_grant");
    app.advance(59);
    client.redeem(&code).await.expect(200);
    let code = client.code(&ada).await;
    app.advance(60);
    assert_eq!(refused(&client.redeem(&code).await, 400), "invalid_grant");
}

#[tokio::test]
async fn a_code_that_comes_back_ends_what_came_of_it() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let client = app.client(LASTING, None).await;
    let code = client.code(&ada).await;
    let tokens = client.redeem(&code).await.expect(200);
    let reader = ada.with_access(tokens["access_token"].as_str().unwrap());
    bundle(&reader.get("/fhir/Observation").await);
    assert_eq!(refused(&client.redeem(&code).await, 400), "invalid_grant");
    outcome(&reader.get("/fhir/Observation").await, 401);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(refused(&client.renew(refresh).await, 400), "invalid_grant");
    assert_eq!(ada.get("/apps").await.expect(200), json!({"apps": []}));
}

#[tokio::test]
async fn refresh_tokens_rotate_and_a_copy_ends_everything() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let client = app.client(LASTING, None).await;
    let (first, _) = client.launched(&ada).await;
    app.advance(3_600);
    let reply = client.renew(first["refresh_token"].as_str().unwrap()).await;
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("pragma"), "no-cache");
    let second = reply.expect(200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(second["scope"], first["scope"]);
    assert_eq!(second["patient"], first["patient"]);
    let reader = ada.with_access(second["access_token"].as_str().unwrap());
    bundle(&reader.get("/fhir/Observation").await);
    let replayed = client.renew(first["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refused(&replayed, 400), "invalid_grant");
    outcome(&reader.get("/fhir/Observation").await, 401);
    let successor = client.renew(second["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refused(&successor, 400), "invalid_grant");
}

#[tokio::test]
async fn lasting_access_ends_after_a_month_without_use() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let client = app.client(LASTING, None).await;
    let (tokens, _) = client.launched(&ada).await;
    app.advance(30 * 86_400);
    let reply = client.renew(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refused(&reply, 400), "invalid_grant");
}

#[tokio::test]
async fn a_renewed_token_may_read_less_and_never_more() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let client = app.client("patient/Observation.rs offline_access", None).await;
    let (tokens, _) = client.launched(&ada).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let with = async |refresh: &str, scope: &str| {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", scope)];
        client.ask("/oauth/token", &pairs).await
    };
    for more in ["patient/*.rs", "patient/Observation.rs patient/Patient.rs", "openid"] {
        assert_eq!(refused(&with(refresh, more).await, 400), "invalid_scope", "{more}");
    }
    let less = with(refresh, "patient/Observation.r").await.expect(200);
    assert_eq!(less["scope"], "patient/Observation.r");
    let reader = ada.with_access(less["access_token"].as_str().unwrap());
    outcome(&reader.get("/fhir/Observation").await, 403);
    let again = client.renew(less["refresh_token"].as_str().unwrap()).await.expect(200);
    assert_eq!(again["scope"], "patient/Observation.rs offline_access");
}

#[tokio::test]
async fn an_app_with_a_secret_must_show_it() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let client = app.client(LASTING, Some(SECRET)).await;
    let code = client.code(&ada).await;
    let with = |secret: Option<&str>| {
        let secret = secret.map(str::to_owned);
        crate::support::Client { secret, ..client.clone() }
    };
    for secret in [None, Some("not the secret"), Some("")] {
        assert_eq!(refused(&with(secret).redeem(&code).await, 401), "invalid_client");
    }
    let public = app.client(LASTING, None).await;
    let claiming = crate::support::Client { secret: Some(SECRET.to_owned()), ..public };
    assert_eq!(refused(&claiming.redeem(&code).await, 401), "invalid_client");
    let posted = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
        ("client_secret", SECRET),
    ];
    with(None).ask("/oauth/token", &posted).await.expect(200);
    let code = client.code(&ada).await;
    client.redeem(&code).await.expect(200);
}

#[tokio::test]
async fn what_the_token_endpoint_does_not_understand_is_told_in_its_own_form() {
    let app = TestApp::start().await;
    let client = app.client(LASTING, None).await;
    for (pairs, error) in [
        (vec![], "invalid_request"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (vec![("grant_type", "client_credentials")], "unsupported_grant_type"),
        (vec![("grant_type", "authorization_code")], "invalid_request"),
        (vec![("grant_type", "refresh_token")], "invalid_request"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "unknown")], "invalid_grant"),
        (vec![("grant_type", "refresh_token"), ("grant_type", "password")], "invalid_request"),
    ] {
        assert_eq!(refused(&client.ask("/oauth/token", &pairs).await, 400), error, "{pairs:?}");
    }
    for path in ["/oauth/token", "/oauth/introspect", "/oauth/revoke"] {
        let reply = app.nobody().post(path, &json!({"token": "x"})).await;
        assert_eq!(refused(&reply, 400), "invalid_request");
        let reply = app.submit(path, "client_id=unknown").await;
        assert_eq!(refused(&reply, 401), "invalid_client");
    }
}

#[tokio::test]
async fn an_app_with_a_secret_learns_what_its_own_tokens_are_worth() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let client = app.client(LASTING, Some(SECRET)).await;
    let (tokens, _) = client.launched(&ada).await;
    let worth = async |by: &crate::support::Client<'_>, token: &str| {
        by.ask("/oauth/introspect", &[("token", token)]).await.expect(200)
    };
    let access = tokens["access_token"].as_str().unwrap();
    let known = worth(&client, access).await;
    let expected = json!({
        "active": true, "scope": LASTING, "client_id": client.id.to_string(),
        "token_type": "Bearer", "iat": app.now().as_second(), "exp": app.now().as_second() + 3_600,
        "iss": "http://127.0.0.1:8000", "aud": "http://127.0.0.1:8000/fhir",
        "patient": tokens["patient"],
    });
    assert_eq!(known, expected);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(worth(&client, refresh).await["active"], true);
    let inactive = json!({"active": false});
    let other = app.client(LASTING, Some("another secret")).await;
    assert_eq!(worth(&other, access).await, inactive);
    for token in ["unknown", &ada.access, &ada.refresh] {
        assert_eq!(worth(&client, token).await, inactive);
    }
    app.advance(3_600);
    assert_eq!(worth(&client, access).await, inactive);
    let public = app.client(LASTING, None).await;
    let reply = public.ask("/oauth/introspect", &[("token", access)]).await;
    assert_eq!(refused(&reply, 401), "invalid_client");
}

#[tokio::test]
async fn an_app_gives_its_tokens_back() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let client = app.client(LASTING, None).await;
    let thief = app.client(LASTING, None).await;
    let (tokens, reader) = client.launched(&ada).await;
    let access = tokens["access_token"].as_str().unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for token in [access, refresh, "unknown"] {
        thief.ask("/oauth/revoke", &[("token", token)]).await.expect(200);
    }
    bundle(&reader.get("/fhir/Observation").await);
    client.ask("/oauth/revoke", &[("token", access)]).await.expect(200);
    outcome(&reader.get("/fhir/Observation").await, 401);
    let renewed = client.renew(refresh).await.expect(200);
    let reader = ada.with_access(renewed["access_token"].as_str().unwrap());
    bundle(&reader.get("/fhir/Observation").await);
    let refresh = renewed["refresh_token"].as_str().unwrap();
    client.ask("/oauth/revoke", &[("token", refresh)]).await.expect(200);
    outcome(&reader.get("/fhir/Observation").await, 401);
    assert_eq!(refused(&client.renew(refresh).await, 400), "invalid_grant");
    assert_eq!(refused(&client.ask("/oauth/revoke", &[]).await, 400), "invalid_request");
}

#[tokio::test]
async fn no_secret_of_an_app_lies_in_the_database() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let client = app.client(LASTING, Some(SECRET)).await;
    let code = client.code(&ada).await;
    let tokens = client.redeem(&code).await.expect(200);
    let contents = app.bed.contents().await;
    let lies_there =
        |secret: &str| contents.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(lies_there("Growth Chart"));
    for secret in [
        SECRET,
        &code,
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
    ] {
        assert!(!lies_there(secret));
    }
}
