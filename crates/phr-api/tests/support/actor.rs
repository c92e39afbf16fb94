use axum::{
    body::Body,
    http::{Method, Request, header},
};
use phr_model::PersonId;
use serde_json::{Value, json};

use super::{Reply, TestApp};

/// Everybody's password in tests.
pub(crate) const PASSWORD: &str = "plum kettle orbit window";

/// Somebody who uses the API.
#[derive(Clone)]
pub(crate) struct Actor<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) email: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl<'a> Actor<'a> {
    pub(crate) fn nobody(app: &'a TestApp) -> Self {
        Self { app, email: String::new(), access: String::new(), refresh: String::new() }
    }

    pub(crate) async fn registered(app: &'a TestApp, name: &str) -> Self {
        let email = format!("{name}@example.com");
        Self::registered_as(app, name, &email).await
    }

    pub(crate) async fn registered_as(app: &'a TestApp, name: &str, email: &str) -> Self {
        let body = json!({"email": email, "name": name, "password": PASSWORD});
        app.nobody().post("/auth/register", &body).await.expect(201);
        Self::signed_in(app, email).await
    }

    pub(crate) async fn signed_in(app: &'a TestApp, email: &str) -> Self {
        let body = json!({"email": email, "password": PASSWORD});
        let pair = app.nobody().post("/auth/login", &body).await.expect(200);
        let mut actor = Self { email: email.to_owned(), ..Self::nobody(app) };
        actor.keep(&pair);
        actor
    }

    /// Keeps a new pair of tokens.
    pub(crate) fn keep(&mut self, pair: &Value) {
        pair["access_token"].as_str().unwrap().clone_into(&mut self.access);
        pair["refresh_token"].as_str().unwrap().clone_into(&mut self.refresh);
    }

    /// The same person with another access token.
    pub(crate) fn with_access(&self, access: &str) -> Self {
        Self { access: access.to_owned(), ..self.clone() }
    }

    pub(crate) fn request(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(path);
        if !self.access.is_empty() {
            let bearer = format!("Bearer {}", self.access);
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.app.send(self.request(&Method::GET, path, None)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.app.send(self.request(&Method::POST, path, Some(body))).await
    }

    /// A POST without a body.
    pub(crate) async fn press(&self, path: &str) -> Reply {
        self.app.send(self.request(&Method::POST, path, None)).await
    }

    pub(crate) async fn try_refresh(&self, token: &str) -> Reply {
        let body = json!({"refresh_token": token});
        self.app.nobody().post("/auth/refresh", &body).await
    }

    pub(crate) async fn id(&self) -> PersonId {
        let me = self.get("/auth/me").await.expect(200);
        me["id"].as_str().unwrap().parse().unwrap()
    }
}
