//! What people do: arrive, press the button, wait until they are in step.

use std::time::{Duration, Instant};

use reqwest::{Client, Response, header, redirect::Policy};
use serde_json::{Value, json};
use url::Url;

/// The app.
pub(crate) struct App {
    home: String,
    google: String,
    http: Client,
}

/// Somebody with an account and a connection.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) email: String,
    token: String,
}

const PASSWORD: &str = "a tortoise in the chaos 7!";

impl App {
    pub(crate) fn new(home: String, google: &str) -> Self {
        let http = Client::builder()
            .redirect(Policy::none())
            .timeout(Duration::from_mins(1))
            .build()
            .unwrap();
        Self { home, google: google.to_owned(), http }
    }

    /// Registers, signs in and connects.
    pub(crate) async fn arrive(&self, email: &str) -> Person {
        let account = json!({"email": email, "password": PASSWORD, "name": "Somebody"});
        self.post("auth/register", None, &account).await;
        let token = self.sign_in(email).await;
        self.post("integrations/vendors/select", Some(&token), &json!({"vendor": "fitbit"})).await;
        let begin = self.http.get(format!("{}/integrations/fitbit/authorize", self.home));
        let sent_away = begin.bearer_auth(&token).send().await.unwrap();
        let cookie = sent_away.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = location(&sent_away);
        assert!(page.as_str().starts_with(&self.google), "{page}");
        let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        let scopes = form.iter().find(|(name, _)| name == "scope").unwrap().1.clone();
        form.push(("account".to_owned(), email.to_owned()));
        form.extend(scopes.split(' ').map(|scope| ("scopes".to_owned(), scope.to_owned())));
        form.push(("decision".to_owned(), "allow".to_owned()));
        let mut target = page;
        target.set_query(None);
        let allowed = self.http.post(target).form(&form).send().await.unwrap();
        let callback = self.http.get(location(&allowed)).header(header::COOKIE, cookie);
        let back = callback.send().await.unwrap();
        assert!(location(&back).path().starts_with("/connected"), "{back:?}");
        Person { email: email.to_owned(), token }
    }

    async fn sign_in(&self, email: &str) -> String {
        let credentials = json!({"email": email, "password": PASSWORD});
        let session = self.post("auth/login", None, &credentials).await;
        session["access_token"].as_str().unwrap().to_owned()
    }

    async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Value {
        let mut request = self.http.post(format!("{}/{path}", self.home)).json(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let reply = request.send().await.unwrap();
        let status = reply.status();
        let text = reply.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Asks for a sync, and does not care what becomes of it: the server may die over it.
    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    pub(crate) fn press(&self, person: &Person, server: String, and_wait: bool) {
        let path = if and_wait { "health/sync/immediate" } else { "health/sync" };
        let request = self.http.post(format!("{server}/{path}")).bearer_auth(&person.token);
        tokio::spawn(request.send());
    }

    /// Asks one server after the other, for none lets itself be asked all the time, until a sync has
    /// found everything complete.
    pub(crate) async fn bring_in_step(
        &self,
        person: &Person,
        servers: &[String],
        within: Duration,
    ) {
        let begun = Instant::now();
        for server in servers.iter().cycle() {
            let url = format!("{server}/health/sync/immediate");
            let reply = self.http.post(url).bearer_auth(&person.token).send().await.unwrap();
            let text = reply.text().await.unwrap();
            let answer: Value = serde_json::from_str(&text).unwrap_or_default();
            if answer["status"] == "complete" {
                return;
            }
            assert!(begun.elapsed() < within, "not in step for {within:?}: {text}");
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    /// Asks for the history again, which may stand back for minutes after what the vendor did to it,
    /// and waits until all of it is there.
    pub(crate) async fn bring_in_history(
        &self,
        person: &Person,
        servers: &[String],
        within: Duration,
    ) {
        let begun = Instant::now();
        for server in servers.iter().cycle() {
            let history = format!("{server}/health/backfill");
            let now = self.http.get(&history).bearer_auth(&person.token).send().await.unwrap();
            let now: Value = now.json().await.unwrap();
            if now["state"] != "running" {
                return;
            }
            let again = self.http.post(&history).json(&json!({"from": now["from"]}));
            let reply = again.bearer_auth(&person.token).send().await.unwrap();
            assert!(reply.status().is_success(), "{}", reply.text().await.unwrap());
            assert!(begun.elapsed() < within, "history not here for {within:?}: {now}");
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
    }
}

fn location(reply: &Response) -> Url {
    let location = reply.headers().get(header::LOCATION);
    let location = location.unwrap_or_else(|| panic!("no redirect: {reply:?}"));
    reply.url().join(location.to_str().unwrap()).unwrap()
}
