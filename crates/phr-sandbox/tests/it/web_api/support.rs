//! A plain client of the Web API, written as somebody would who only knows the wire.

use std::future::Future;

use phr_sandbox::{Sandbox, WebApiMood};
use serde_json::Value;

use crate::support::{Answer, CALLBACK, CHALLENGE, INES, VERIFIER, answer, options, plain_http};

pub(super) const SCOPES: &str = "activity heartrate oxygen_saturation weight profile";
/// Those of every metric.
pub(super) const ALL: &str = "activity heartrate oxygen_saturation weight profile sleep \
    respiratory_rate temperature cardio_fitness";
pub(super) const ID: &str = "sandbox-client.apps.example.com";
pub(super) const SECRET: &str = "sandbox-secret";

/// A person's granted connection.
pub(super) struct Fitbit {
    pub(super) base: String,
    pub(super) http: reqwest::Client,
    pub(super) token: String,
    pub(super) refresh: String,
    pub(super) granted: Value,
}

/// The emulator, with a connection of Inés that has all scopes of this upstream.
pub(super) async fn ines() -> (Sandbox, Fitbit) {
    let sandbox = Sandbox::start(options()).await.unwrap();
    let fitbit = Fitbit::of(&sandbox, INES, SCOPES).await;
    (sandbox, fitbit)
}

/// The emulator, with a connection of Inés that has the scopes of every metric.
pub(super) async fn ines_with_all() -> (Sandbox, Fitbit) {
    let sandbox = Sandbox::start(options()).await.unwrap();
    let fitbit = Fitbit::of(&sandbox, INES, ALL).await;
    (sandbox, fitbit)
}

/// The same in a mood.
pub(super) async fn ines_in(mood: WebApiMood) -> (Sandbox, Fitbit) {
    let (sandbox, fitbit) = ines().await;
    sandbox.world().set_web_api_mood(mood);
    (sandbox, fitbit)
}

pub(super) fn form<'a>(scopes: &'a str, email: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("client_id", ID),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", scopes),
        ("state", "s-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("account", email),
        ("decision", "allow"),
    ];
    form.extend(scopes.split_whitespace().map(|scope| ("scopes", scope)));
    form
}

/// Puts others in the place of some fields; an empty value takes a field away.
pub(super) fn changed<'a>(
    mut fields: Vec<(&'a str, &'a str)>,
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    fields
}

/// Decides on the consent page and gives the redirect's parameters.
pub(super) async fn decide(sandbox: &Sandbox, form: &[(&str, &str)]) -> Vec<(String, String)> {
    let url = format!("{}/oauth2/authorize", sandbox.base_url());
    let response = plain_http().post(url).form(form).send().await.unwrap();
    assert_eq!(response.status(), 302, "{}", response.text().await.unwrap());
    let location = response.headers()["location"].to_str().unwrap();
    url::Url::parse(location).unwrap().query_pairs().into_owned().collect()
}

pub(super) async fn code(sandbox: &Sandbox, email: &str, scopes: &str) -> String {
    let callback = decide(sandbox, &form(scopes, email)).await;
    crate::support::value(&callback, "code").to_owned()
}

pub(super) fn exchange(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

/// Asks the token endpoint as the registered client.
pub(super) fn token(base: &str, fields: &[(&str, &str)]) -> impl Future<Output = Answer> + 'static {
    let request = plain_http().post(format!("{base}/oauth2/token")).basic_auth(ID, Some(SECRET));
    let sending = request.form(fields).send();
    async move { answer(sending.await.unwrap()).await }
}

/// Type of the first error.
pub(super) fn error(answer: &Answer) -> (u16, String) {
    let kind = answer.json()["errors"][0]["errorType"].as_str().unwrap_or_default().to_owned();
    (answer.status, kind)
}

impl Fitbit {
    pub(super) async fn of(sandbox: &Sandbox, email: &str, scopes: &str) -> Self {
        let code = code(sandbox, email, scopes).await;
        let granted = token(&sandbox.base_url(), &exchange(&code)).await.json();
        let text = |name: &str| granted[name].as_str().unwrap().to_owned();
        Self {
            base: sandbox.base_url(),
            http: plain_http(),
            token: text("access_token"),
            refresh: text("refresh_token"),
            granted,
        }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.get_in(path, "").await
    }

    /// With `Accept-Language`.
    pub(super) async fn get_in(&self, path: &str, language: &str) -> Answer {
        let version = if path.starts_with("sleep") { "1.2" } else { "1" };
        let url = format!("{}/{version}/user/-/{path}.json", self.base);
        let mut request = self.http.get(url).bearer_auth(&self.token);
        if !language.is_empty() {
            request = request.header("Accept-Language", language);
        }
        answer(request.send().await.unwrap()).await
    }

    /// With parameters.
    pub(super) async fn query(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        let version = if path.starts_with("sleep") { "1.2" } else { "1" };
        let url = format!("{}/{version}/user/-/{path}.json", self.base);
        let request = self.http.get(url).bearer_auth(&self.token).query(query);
        answer(request.send().await.unwrap()).await
    }

    /// An address of another page, as it was given.
    pub(super) async fn follow(&self, url: &str) -> Answer {
        answer(self.http.get(url).bearer_auth(&self.token).send().await.unwrap()).await
    }

    pub(super) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    pub(super) async fn refreshed(&self, refresh: &str) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        token(&self.base, &fields).await
    }

    /// The data set of an intraday answer: times and values.
    pub(super) async fn dataset(&self, path: &str, root: &str) -> Vec<(String, f64)> {
        let body = self.json(path).await;
        let rows = body[format!("activities-{root}-intraday")]["dataset"].as_array().unwrap();
        let row = |row: &Value| {
            (row["time"].as_str().unwrap().to_owned(), row["value"].as_f64().unwrap())
        };
        rows.iter().map(row).collect()
    }
}
