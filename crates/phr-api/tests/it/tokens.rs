//! Access tokens (security requirements TK).

use axum::http::{Method, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use phr_api::{Settings, SigningKeys};
use rstest::rstest;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::support::{Actor, BASE, JWT_KEYS, TestApp, settings};

fn key() -> EncodingKey {
    EncodingKey::from_secret(JWT_KEYS.split_once(':').unwrap().1.as_bytes())
}

/// The parts of a token.
fn opened(token: &str) -> (Value, Value) {
    let mut parts = token.split('.');
    let mut part = || {
        let bytes = URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    (part(), part())
}

fn signed(header: &Header, claims: &Value) -> String {
    jsonwebtoken::encode(header, claims, &key()).unwrap()
}

fn our_header() -> Header {
    Header {
        typ: Some("at+jwt".to_owned()),
        kid: Some("first".to_owned()),
        ..Header::new(Algorithm::HS256)
    }
}

async fn is_refused(ada: &Actor<'_>, token: &str) {
    let reply = ada.with_access(token).get("/auth/me").await;
    reply.problem(401);
    assert!(reply.header("www-authenticate").starts_with("Bearer"));
}

#[tokio::test]
async fn tk_02_a_token_says_who_where_when_and_nothing_else() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (header, claims) = opened(&ada.access);
    assert_eq!(header, json!({"alg": "HS256", "typ": "at+jwt", "kid": "first"}));
    assert_eq!(claims["iss"], BASE);
    assert_eq!(claims["aud"], "phr-api");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    let names: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["aud", "exp", "iat", "iss", "jti", "sid", "sub"]);
}

#[tokio::test]
async fn tk_01_no_other_algorithm_is_believed() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (_, claims) = opened(&ada.access);
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let header = Header { alg: algorithm, ..our_header() };
        is_refused(&ada, &signed(&header, &claims)).await;
    }
    let payload = ada.access.split('.').nth(1).unwrap();
    for alg in ["none", "None", "RS256", "EdDSA"] {
        let header = json!({"alg": alg, "typ": "at+jwt", "kid": "first"});
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        is_refused(&ada, &format!("{header}.{payload}.")).await;
    }
    let unsigned = ada.access.rsplit_once('.').unwrap().0;
    is_refused(&ada, &format!("{unsigned}.")).await;
    is_refused(&ada, unsigned).await;
}

#[rstest]
#[case("iss", json!("https://evil.example"))]
#[case("aud", json!("other-api"))]
#[case("sub", json!("00000000-0000-4000-8000-000000000000"))]
#[case("sid", json!("00000000-0000-4000-8000-000000000000"))]
#[case("jti", json!("not a uuid"))]
#[case("iat", json!(4_000_000_000_i64))]
#[case("exp", json!(1_000_000_000))]
#[tokio::test]
async fn tk_02_each_claim_must_be_there_and_right(#[case] claim: &str, #[case] wrong: Value) {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (_, claims) = opened(&ada.access);
    ada.with_access(&signed(&our_header(), &claims)).get("/auth/me").await.expect(200);
    let mut missing = claims.clone();
    missing.as_object_mut().unwrap().remove(claim);
    is_refused(&ada, &signed(&our_header(), &missing)).await;
    let mut altered = claims;
    altered[claim] = wrong;
    is_refused(&ada, &signed(&our_header(), &altered)).await;
}

#[tokio::test]
async fn tk_02_the_type_and_the_key_id_must_be_ours() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (_, claims) = opened(&ada.access);
    for header in [
        Header { typ: Some("JWT".to_owned()), ..our_header() },
        Header { typ: None, ..our_header() },
        Header { kid: None, ..our_header() },
        Header { kid: Some("second".to_owned()), ..our_header() },
        Header { kid: Some("../../dev/null".to_owned()), ..our_header() },
    ] {
        is_refused(&ada, &signed(&header, &claims)).await;
    }
}

#[tokio::test]
async fn tk_03_a_critical_header_or_a_huge_token_is_refused() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (_, claims) = opened(&ada.access);
    let critical = Header { crit: Some(vec!["exp".to_owned()]), ..our_header() };
    is_refused(&ada, &signed(&critical, &claims)).await;
    is_refused(&ada, &format!("{}{}", ada.access, "a".repeat(5_000))).await;
}

#[tokio::test]
async fn tk_04_a_token_lives_15_minutes_and_30_seconds_of_grace() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.advance(900 + 29);
    ada.get("/auth/me").await.expect(200);
    app.advance(2);
    ada.get("/auth/me").await.problem(401);
}

#[tokio::test]
async fn tk_05_no_other_secret_works_as_a_bearer() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    let (page, cookie) = ada.sent_away().await;
    let page: url::Url = page.parse().unwrap();
    let state = page.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let link = ada.post("/integrations/fitbit/authorize/url", &json!({})).await.expect(200);
    let ticket = link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let invitation = app.invite().await;
    let cookie = cookie.split_once('=').unwrap().1.to_owned();
    for secret in [ada.refresh.clone(), state, ticket, cookie, invitation.expose_secret().into()] {
        is_refused(&ada, &secret).await;
    }
}

#[tokio::test]
async fn tk_06_signing_out_works_at_once() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    assert_eq!(ada.press("/auth/logout").await.status, 204);
    ada.get("/auth/me").await.problem(401);
    ada.try_refresh(&ada.refresh).await.problem(401);
}

#[tokio::test]
async fn tk_06_signing_out_works_at_once_on_every_process() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let other = app.restarted();
    let me = || ada.request(&Method::GET, "/auth/me", None);
    assert_eq!(tower::ServiceExt::oneshot(other.clone(), me()).await.unwrap().status(), 200);
    ada.press("/auth/logout").await.expect(204);
    assert_eq!(tower::ServiceExt::oneshot(other, me()).await.unwrap().status(), 401);
}

#[tokio::test]
async fn tk_13_a_token_is_read_from_the_header_only() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for name in ["token", "access_token"] {
        let reply = app.nobody().get(&format!("/auth/me?{name}={}", ada.access)).await;
        assert!(reply.problem(400).contains("Authorization header"));
        ada.get(&format!("/auth/me?{name}=x")).await.problem(400);
    }
    let mut request = app.nobody().request(&Method::GET, "/auth/me", None);
    let cookie = format!("access_token={}", ada.access).parse().unwrap();
    request.headers_mut().insert(header::COOKIE, cookie);
    app.send(request).await.problem(401);
    let body = json!({"access_token": ada.access});
    app.nobody().post("/auth/logout", &body).await.problem(401);
}

#[tokio::test]
async fn two_authorization_headers_or_another_scheme_are_refused() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let mut twice = ada.request(&Method::GET, "/auth/me", None);
    let bearer = format!("Bearer {}", ada.access).parse().unwrap();
    twice.headers_mut().append(header::AUTHORIZATION, bearer);
    app.send(twice).await.problem(401);
    let mut basic = app.nobody().request(&Method::GET, "/auth/me", None);
    let credentials = format!("Basic {}", ada.access).parse().unwrap();
    basic.headers_mut().insert(header::AUTHORIZATION, credentials);
    app.send(basic).await.problem(401);
}

#[tokio::test]
async fn tk_16_a_new_signing_key_logs_nobody_out() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let ring = format!("second:{},{JWT_KEYS}", "f".repeat(43));
    let rotated =
        Settings { signing_keys: SigningKeys::parse(&SecretString::from(ring)), ..settings() };
    let state = phr_api::ApiState::new(
        app.store.clone(),
        app.state.connector.clone(),
        app.state.sync.clone(),
        rotated,
    )
    .unwrap();
    let router = phr_api::router(&state, utoipa_axum::router::OpenApiRouter::new());
    let request = ada.request(&Method::GET, "/auth/me", None);
    let reply = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
    assert_eq!(reply.status(), 200);
    let refresh = json!({"refresh_token": ada.refresh});
    let request = app.nobody().request(&Method::POST, "/auth/refresh", Some(&refresh));
    let reply = tower::ServiceExt::oneshot(router, request).await.unwrap();
    let pair = crate::support::Reply::of(reply).await.expect(200);
    let (header, _) = opened(pair["access_token"].as_str().unwrap());
    assert_eq!(header["kid"], "second");
}

#[rstest]
#[case("", phr_api::SettingsError::NoSigningKey)]
#[case("short", phr_api::SettingsError::ShortSigningKey(1))]
#[case(
    "a:0123456789abcdef0123456789abcdef,a:fedcba9876543210fedcba9876543210",
    phr_api::SettingsError::RepeatedKeyId("a".to_owned())
)]
#[tokio::test]
async fn unfit_signing_keys_are_refused_at_start(
    #[case] ring: &str,
    #[case] expected: phr_api::SettingsError,
) {
    let app = TestApp::start().await;
    let keys = SigningKeys::parse(&SecretString::from(ring));
    let refused = phr_api::ApiState::new(
        app.store.clone(),
        app.state.connector.clone(),
        app.state.sync.clone(),
        Settings { signing_keys: keys, ..settings() },
    );
    assert_eq!(refused.err(), Some(expected));
}
