//! A plain HTTP client of the emulator, written as somebody would who only knows the wire.

use phr_sandbox::{Options, People, Sandbox, World};
use reqwest::header::LOCATION;
use serde_json::Value;
use url::Url;

pub(crate) const CALLBACK: &str = "http://127.0.0.1:8000/integrations/fitbit/callback";
pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const SCOPES: &str = "https://www.googleapis.com/auth/googlehealth.activity_and_fitness.readonly \
    https://www.googleapis.com/auth/googlehealth.health_metrics_and_measurements.readonly \
    https://www.googleapis.com/auth/googlehealth.profile.readonly \
    https://www.googleapis.com/auth/googlehealth.settings.readonly";
pub(crate) const INES: &str = "ines@example.com";
pub(crate) const JONAS: &str = "jonas@example.com";

/// Two invented people at a standing clock, without quota.
pub(crate) fn options() -> Options {
    Options {
        now: Some(NOW.parse().unwrap()),
        people: People::Synthetic { count: 2, days_of_history: 40 },
        quota_per_minute: 0,
        ..Options::default()
    }
}

pub(crate) struct Client {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: reqwest::Client,
    pub(crate) token: String,
}

/// The text and status of an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) headers: reqwest::header::HeaderMap,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The reason of the first error detail.
    pub(crate) fn reason(&self) -> String {
        self.json()["error"]["details"][0]["reason"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) async fn answer(response: reqwest::Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

pub(crate) fn plain_http() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Consents as `email` and gives the parameters of the callback.
pub(crate) async fn consent(
    sandbox: &Sandbox,
    http: &reqwest::Client,
    email: &str,
    scopes: &str,
    extra: &[(&str, &str)],
) -> Vec<(String, String)> {
    let url = format!("{}/o/oauth2/v2/auth", sandbox.base_url());
    let mut form = vec![
        ("client_id", "sandbox-client.apps.example.com"),
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
    form.extend(extra);
    let response = http.post(url).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 302, "{}", response.text().await.unwrap());
    let location = response.headers()[LOCATION].to_str().unwrap();
    Url::parse(location).unwrap().query_pairs().into_owned().collect()
}

pub(crate) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// Asks the token endpoint, as the registered client.
pub(crate) async fn token(
    sandbox: &Sandbox,
    http: &reqwest::Client,
    fields: &[(&str, &str)],
) -> Answer {
    let mut form =
        vec![("client_id", "sandbox-client.apps.example.com"), ("client_secret", "sandbox-secret")];
    form.extend(fields);
    let url = format!("{}/token", sandbox.base_url());
    answer(http.post(url).form(&form).send().await.unwrap()).await
}

pub(crate) async fn exchange(sandbox: &Sandbox, http: &reqwest::Client, code: &str) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    token(sandbox, http, &fields).await
}

impl Client {
    /// A person's granted connection.
    pub(crate) async fn connect(options: Options, email: &str, scopes: &str) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let http = plain_http();
        let callback = consent(&sandbox, &http, email, scopes, &[("access_type", "offline")]).await;
        let tokens = exchange(&sandbox, &http, value(&callback, "code")).await.json();
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        Self { sandbox, http, token }
    }

    pub(crate) async fn ines() -> Self {
        Self::connect(options(), INES, SCOPES).await
    }

    pub(crate) async fn jonas() -> Self {
        Self::connect(options(), JONAS, SCOPES).await
    }

    pub(crate) fn world(&self) -> &World {
        self.sandbox.world()
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        let url = format!("{}/v4/users/me/{path}", self.sandbox.base_url());
        let request = self.http.get(url).bearer_auth(&self.token).query(query);
        answer(request.send().await.unwrap()).await
    }

    pub(crate) async fn list(&self, data_type: &str, query: &[(&str, &str)]) -> Answer {
        self.get(&format!("dataTypes/{data_type}/dataPoints"), query).await
    }

    pub(crate) async fn reconcile(&self, data_type: &str, query: &[(&str, &str)]) -> Answer {
        self.get(&format!("dataTypes/{data_type}/dataPoints:reconcile"), query).await
    }

    pub(crate) async fn post(&self, method: &str, data_type: &str, body: &str) -> Answer {
        let base = self.sandbox.base_url();
        let url = format!("{base}/v4/users/me/dataTypes/{data_type}/dataPoints:{method}");
        let request = self.http.post(url).bearer_auth(&self.token).body(body.to_owned());
        answer(request.send().await.unwrap()).await
    }

    pub(crate) async fn roll_up(
        &self,
        data_type: &str,
        from: &str,
        to: &str,
        window: &str,
    ) -> Answer {
        let body = format!(
            r#"{{"range":{{"startTime":"{from}","endTime":"{to}"}},"windowSize":"{window}"}}"#
        );
        self.post("rollUp", data_type, &body).await
    }

    /// `from` and `to` as `YYYY-MM-DD`, `to` excluded.
    pub(crate) async fn daily_roll_up(&self, data_type: &str, from: &str, to: &str) -> Answer {
        self.post("dailyRollUp", data_type, &daily_body(from, to)).await
    }

    /// Every point of a walk through the pages.
    pub(crate) async fn walk(
        &self,
        path: &str,
        data_type: &str,
        query: &[(&str, &str)],
    ) -> Vec<Value> {
        let (mut points, mut token) = (Vec::new(), String::new());
        loop {
            let mut query = query.to_vec();
            if !token.is_empty() {
                query.push(("pageToken", &token));
            }
            let path = format!("dataTypes/{data_type}/dataPoints{path}");
            let page = self.get(&path, &query).await.json();
            points.extend(page["dataPoints"].as_array().cloned().unwrap_or_default());
            match page["nextPageToken"].as_str() {
                Some(next) => next.clone_into(&mut token),
                None => return points,
            }
        }
    }
}

pub(crate) fn daily_body(from: &str, to: &str) -> String {
    let date = |text: &str| {
        let date: jiff::civil::Date = text.parse().unwrap();
        format!(
            r#"{{"date":{{"year":{},"month":{},"day":{}}}}}"#,
            date.year(),
            date.month(),
            date.day()
        )
    };
    format!(r#"{{"range":{{"start":{},"end":{}}},"windowSizeDays":1}}"#, date(from), date(to))
}

/// A filter for civil days or physical instants, whichever the literals are.
pub(crate) fn within(field: &str, from: &str, to: &str) -> String {
    format!("{field} >= \"{from}\" AND {field} < \"{to}\"")
}
