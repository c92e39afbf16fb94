//! What an app and a person's browser do, over real HTTP: register, choose Fitbit, follow the
//! redirects, tick the boxes, come back.

use anyhow::{Context, bail};
use reqwest::{Client, Response, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

/// An HTTP client that follows no redirects by itself, so that each is seen.
pub(super) struct Browser {
    http: Client,
    base_url: Url,
}

/// A signed-in person, as the app sees them.
pub(super) struct SignedIn {
    pub(super) access_token: String,
    pub(super) patient_id: String,
}

impl Browser {
    pub(super) fn new(base_url: &Url) -> anyhow::Result<Self> {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, base_url: base_url.clone() })
    }

    /// Registers and signs in.
    pub(super) async fn register(
        &self,
        name: &str,
        email: &str,
        password: &str,
    ) -> anyhow::Result<SignedIn> {
        let account = json!({"email": email, "password": password, "name": name});
        self.post("auth/register", None, &account).await.context("registering")?;
        let credentials = json!({"email": email, "password": password});
        let login = self.post("auth/login", None, &credentials).await.context("signing in")?;
        let access_token = text(&login, "access_token")?;
        let me = self.http.get(self.url("auth/me")?).bearer_auth(&access_token).send().await?;
        let patient_id = text(&body(me).await?, "patient_id")?;
        Ok(SignedIn { access_token, patient_id })
    }

    /// Chooses Fitbit and goes through Google's consent page, ticking every box.
    pub(super) async fn connect(
        &self,
        person: &SignedIn,
        google_account: &str,
    ) -> anyhow::Result<()> {
        let token = &person.access_token;
        let vendor = json!({"vendor": "fitbit"});
        self.post("integrations/vendors/select", Some(token), &vendor).await?;
        let request = self.http.get(self.url("integrations/fitbit/authorize")?).bearer_auth(token);
        let sent_away = request.send().await?;
        let cookie = cookie(&sent_away).context("the server set no cookie")?;
        let consent_page = location(&sent_away)?;
        let page = self.http.get(consent_page.clone()).send().await?;
        if page.status() != StatusCode::OK {
            bail!("the consent page answered {}", page.status());
        }
        let form = consent_form(&consent_page, google_account);
        let allowed = self.http.post(without_query(&consent_page)).form(&form).send().await?;
        let callback = location(&allowed)?;
        let back = self.http.get(callback).header(header::COOKIE, cookie).send().await?;
        let result = location(&back)?;
        let shown = self.http.get(result).send().await?;
        if shown.status() != StatusCode::OK {
            bail!("connecting ended with {}", shown.status());
        }
        self.check_connected(token).await
    }

    async fn check_connected(&self, token: &str) -> anyhow::Result<()> {
        let url = self.url("integrations/fitbit/status")?;
        let status = body(self.http.get(url).bearer_auth(token).send().await?).await?;
        if status["connected"] == json!(true) {
            return Ok(());
        }
        bail!("the server says that Fitbit is not connected")
    }

    async fn post(&self, path: &str, token: Option<&str>, json: &Value) -> anyhow::Result<Value> {
        let mut request = self.http.post(self.url(path)?).json(json);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        body(request.send().await?).await
    }

    fn url(&self, path: &str) -> anyhow::Result<Url> {
        Ok(self.base_url.join(path)?)
    }
}

/// What the emulator's consent page would send: its own query, the account, and every scope ticked.
fn consent_form(page: &Url, account: &str) -> Vec<(String, String)> {
    let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    let scopes = form.iter().find(|(name, _)| name == "scope").map(|(_, scopes)| scopes.clone());
    form.push(("account".to_owned(), account.to_owned()));
    for scope in scopes.unwrap_or_default().split(' ') {
        form.push(("scopes".to_owned(), scope.to_owned()));
    }
    form.push(("decision".to_owned(), "allow".to_owned()));
    form
}

fn without_query(page: &Url) -> Url {
    let mut page = page.clone();
    page.set_query(None);
    page
}

fn location(response: &Response) -> anyhow::Result<Url> {
    let location = response.headers().get(header::LOCATION);
    let Some(location) = location.and_then(|value| value.to_str().ok()) else {
        bail!("{} answered {} instead of a redirect", response.url().path(), response.status());
    };
    Ok(response.url().join(location)?)
}

/// `name=value` of the cookie that a response set.
fn cookie(response: &Response) -> Option<String> {
    let cookie = response.headers().get(header::SET_COOKIE)?.to_str().ok()?;
    cookie.split(';').next().map(str::to_owned)
}

async fn body(response: Response) -> anyhow::Result<Value> {
    let (status, path) = (response.status(), response.url().path().to_owned());
    if !status.is_success() {
        bail!("{path} answered {status}");
    }
    Ok(response.json().await?)
}

fn text(json: &Value, field: &str) -> anyhow::Result<String> {
    let text = json[field].as_str().with_context(|| format!("the answer has no {field}"))?;
    Ok(text.to_owned())
}
