//! Credentials.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::{Form, Json, Router, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use phr_fhir::destination::{Credentials, Smart};
use serde_json::{Value, json};

use crate::scene::{Scene, drain};

/// A private key in PEM, and its public key.
fn a_key() -> (String, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let encoded = STANDARD.encode(pair.to_pkcs8v1().unwrap().as_ref());
    let kind = "PRIVATE KEY";
    let pem = format!("-----BEGIN {kind}-----\n{encoded}\n-----END {kind}-----\n");
    (pem, pair.public_key().as_ref().to_vec())
}

async fn arrives_with(credentials: Credentials, header: &str) {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70]).await;
    scene.there().require(header);
    let mut destination = scene.destination();
    destination.credentials = credentials;
    drain(&scene.deliverer_to(vec![destination]).await).await;
    scene.assert_in_step(&[ada]).await;
}

#[tokio::test]
async fn user_and_password_are_sent() {
    let credentials = Credentials::Basic { user: "phr".to_owned(), password: "open sesame".into() };
    arrives_with(credentials, "Basic cGhyOm9wZW4gc2VzYW1l").await;
}

#[tokio::test]
async fn a_token_is_sent() {
    arrives_with(Credentials::Bearer("t0ken".into()), "Bearer t0ken").await;
}

#[tokio::test]
async fn a_token_in_a_file_is_read_at_every_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "first\n").unwrap();
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70]).await;
    let mut destination = scene.destination();
    destination.credentials = Credentials::BearerFile(file.clone());
    let deliverer = scene.deliverer_to(vec![destination]).await;
    scene.there().require("Bearer first");
    drain(&deliverer).await;
    scene.assert_in_step(&[ada]).await;
    std::fs::write(&file, "second").unwrap();
    scene.there().require("Bearer second");
    scene.weigh(ada, &[71]).await;
    drain(&deliverer).await;
    scene.assert_in_step(&[ada]).await;
}

/// A token endpoint that gives numbered tokens for assertions that are as they must be.
async fn token_endpoint(public_key: Vec<u8>) -> (String, Arc<AtomicU32>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let given = Arc::new(AtomicU32::new(0));
    let (audience, count) = (url.clone(), given.clone());
    let give = move |Form(form): Form<Value>| async move {
        assert_eq!(form["grant_type"], "client_credentials");
        assert!(form["scope"].as_str().unwrap().contains("system/Observation"));
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        assert_eq!(form["client_assertion_type"], kind);
        let assertion = form["client_assertion"].as_str().unwrap();
        let header = jsonwebtoken::decode_header(assertion).unwrap();
        assert_eq!((header.alg, header.kid.as_deref()), (Algorithm::ES384, Some("key-1")));
        let mut validation = Validation::new(Algorithm::ES384);
        validation.set_audience(&[&audience]);
        validation.validate_exp = false;
        let key = DecodingKey::from_ec_der(&public_key);
        let claims = jsonwebtoken::decode::<Value>(assertion, &key, &validation).unwrap().claims;
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("phr"), &json!("phr")));
        let number = count.fetch_add(1, Ordering::SeqCst);
        Json(json!({"access_token": format!("token-{number}"), "token_type": "bearer",
            "expires_in": 300}))
    };
    let router = Router::new().route("/token", post(give));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, given)
}

#[tokio::test]
async fn a_signed_assertion_is_exchanged_for_a_token_that_is_kept_while_it_lives() {
    let (private_key, public_key) = a_key();
    let (token_url, given) = token_endpoint(public_key).await;
    let smart = Smart::new("phr".to_owned(), private_key.as_bytes()).unwrap();
    let smart = smart.with_key_id(Some("key-1".to_owned()));
    let smart = smart.with_token_url(Some(token_url.parse().unwrap()));
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, "2026-03-01", 600).await;
    let mut destination = scene.destination();
    destination.credentials = Credentials::Smart(smart);
    let deliverer = scene.deliverer_to(vec![destination]).await;
    scene.there().require("Bearer token-0");
    drain(&deliverer).await;
    scene.assert_in_step(&[ada]).await;
    assert_eq!(given.load(Ordering::SeqCst), 1);
    // It lapses.
    scene.wait(271);
    scene.there().require("Bearer token-1");
    scene.weigh(ada, &[70]).await;
    drain(&deliverer).await;
    assert_eq!(given.load(Ordering::SeqCst), 2);
    // It is withdrawn: one more is fetched at once.
    scene.there().require("Bearer token-2");
    scene.weigh(ada, &[71]).await;
    drain(&deliverer).await;
    scene.assert_in_step(&[ada]).await;
    assert_eq!(given.load(Ordering::SeqCst), 3);
}

#[test]
fn a_key_of_another_kind_is_refused_and_not_quoted() {
    for pem in ["", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"] {
        let error = Smart::new("phr".to_owned(), pem.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
