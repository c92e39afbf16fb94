//! Apps of others, from registration to reading.

use std::collections::HashMap;

use axum::{
    body::Body,
    http::{Request, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use phr_store::app::App;
use serde_json::Value;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{Actor, PASSWORD, Reply, TestApp};

/// Appendix B of RFC 7636.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Where the app waits for its code.
pub(crate) const REDIRECT: &str = "https://app.example.com/callback";

/// An app and how it asks.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) id: Uuid,
    pub(crate) secret: Option<String>,
    pub(crate) scope: String,
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl TestApp {
    /// An app that an operator has registered, with a secret or without.
    pub(crate) async fn client(&self, scope: &str, secret: Option<&str>) -> Client<'_> {
        let app = App {
            id: Uuid::new_v4(),
            name: "Growth Chart".to_owned(),
            redirect_uris: vec![REDIRECT.to_owned()],
            scopes: None,
            secret: secret.map(phr_sync::entropy::hash_text),
            created_at: self.now(),
        };
        let id = app.id;
        self.store.register_app(app).await.unwrap();
        let secret = secret.map(str::to_owned);
        Client { app: self, id, secret, scope: scope.to_owned() }
    }

    pub(crate) async fn post_form(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        form: String,
    ) -> Reply {
        let mut request = Request::post(path);
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(form)).unwrap()).await
    }
}

impl<'a> Client<'a> {
    /// The address that the app opens in the browser.
    pub(crate) fn page(&self) -> String {
        self.page_with(&[])
    }

    /// The same with other values of some parameters; an empty one leaves it out.
    pub(crate) fn page_with(&self, changes: &[(&str, &str)]) -> String {
        let id = self.id.to_string();
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", &*id),
            ("redirect_uri", REDIRECT),
            ("scope", &*self.scope),
            ("state", "of the app"),
            ("aud", "http://127.0.0.1:8000/fhir"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            pairs.retain(|(kept, _)| kept != name);
            pairs.push((name, value));
        }
        pairs.retain(|(_, value)| !value.is_empty());
        format!("/oauth/authorize?{}", form(&pairs))
    }

    /// The person presses a button of the page, with these boxes ticked.
    pub(crate) async fn press(
        &self,
        email: &str,
        password: &str,
        decision: &str,
        ticked: &[&str],
    ) -> Reply {
        let mut pairs = vec![("email", email), ("password", password), ("decision", decision)];
        pairs.extend(ticked.iter().map(|scope| ("scope", *scope)));
        let browser = [("sec-fetch-site", "same-origin")];
        self.app.post_form(&self.page(), &browser, form(&pairs)).await
    }

    /// The code for everything that was asked for.
    pub(crate) async fn code(&self, person: &Actor<'_>) -> String {
        let ticked: Vec<&str> = self.scope.split(' ').collect();
        let reply = self.press(&person.email, PASSWORD, "allow", &ticked).await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        answer(&reply)["code"].clone()
    }

    /// Asks one of the endpoints for apps.
    pub(crate) async fn ask(&self, path: &str, pairs: &[(&str, &str)]) -> Reply {
        let id = self.id.to_string();
        let mut pairs = pairs.to_vec();
        let basic = self
            .secret
            .as_ref()
            .map(|secret| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))));
        if basic.is_none() {
            pairs.push(("client_id", &id));
        }
        let headers: Vec<_> = basic.iter().map(|basic| ("authorization", &**basic)).collect();
        self.app.post_form(path, &headers, form(&pairs)).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Reply {
        self.redeem_with(code, VERIFIER, REDIRECT).await
    }

    pub(crate) async fn redeem_with(&self, code: &str, verifier: &str, redirect: &str) -> Reply {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ];
        self.ask("/oauth/token", &pairs).await
    }

    pub(crate) async fn renew(&self, refresh: &str) -> Reply {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        self.ask("/oauth/token", &pairs).await
    }

    /// Let in for everything it asks for: its tokens, and somebody who reads with them.
    pub(crate) async fn launched(&self, person: &Actor<'a>) -> (Value, Actor<'a>) {
        let tokens = self.redeem(&self.code(person).await).await.expect(200);
        let reader = person.with_access(tokens["access_token"].as_str().unwrap());
        (tokens, reader)
    }
}

/// What the app is told at its address.
#[track_caller]
pub(crate) fn answer(reply: &Reply) -> HashMap<String, String> {
    let location = reply.header("location");
    assert!(location.starts_with(REDIRECT), "{} {location} {}", reply.status, reply.text());
    location.parse::<Url>().unwrap().query_pairs().into_owned().collect()
}
