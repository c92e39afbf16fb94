//! Connecting as people do: our pages, the vendor's page, and back.

use axum::{
    body::Body,
    http::{Request, header},
};
use url::Url;

use super::{Actor, Reply, TestApp};

impl TestApp {
    /// The e-mail address of the vendor's person number `index`.
    pub(crate) fn vendor_account(&self, index: usize) -> String {
        self.sandbox.as_ref().unwrap().world().people()[index].email.clone()
    }

    /// What a browser does: no bearer, perhaps a cookie.
    pub(crate) async fn visit(&self, path: &str, cookie: Option<&str>) -> Reply {
        self.send(browser_request("GET", path, cookie, "")).await
    }

    /// A form sent by a browser.
    pub(crate) async fn submit(&self, path: &str, form: &str) -> Reply {
        self.send(browser_request("POST", path, None, form)).await
    }

    /// What a person does on the vendor's page; the path and query of the callback that follows.
    pub(crate) async fn consent(
        &self,
        page: &str,
        account: &str,
        tick: impl Fn(&str) -> bool,
    ) -> String {
        let page: Url = page.parse().unwrap();
        let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        let scopes = form.iter().find(|(name, _)| name == "scope").unwrap().1.clone();
        form.push(("account".to_owned(), account.to_owned()));
        for scope in scopes.split(' ').filter(|scope| tick(scope)) {
            form.push(("scopes".to_owned(), scope.to_owned()));
        }
        let decision = if scopes.split(' ').any(&tick) { "allow" } else { "deny" };
        form.push(("decision".to_owned(), decision.to_owned()));
        let mut target = page.clone();
        target.set_query(None);
        let reply = self.browser.post(target).form(&form).send().await.unwrap();
        let location: Url = reply.headers()["location"].to_str().unwrap().parse().unwrap();
        format!("{}?{}", location.path(), location.query().unwrap())
    }
}

impl Actor<'_> {
    /// The vendor's page and the cookie, as `GET /integrations/fitbit/authorize` gives them.
    pub(crate) async fn sent_away(&self) -> (String, String) {
        let reply = self.get("/integrations/fitbit/authorize").await;
        assert_eq!(reply.status, 302, "{}", reply.text());
        (reply.header("location").to_owned(), cookie_of(&reply))
    }

    /// The whole way, every box ticked.
    pub(crate) async fn connect(&self, index: usize) -> Reply {
        let (page, cookie) = self.sent_away().await;
        let account = self.app.vendor_account(index);
        let callback = self.app.consent(&page, &account, |_| true).await;
        self.app.visit(&callback, Some(&cookie)).await
    }
}

/// `name=value` of the cookie that an answer sets.
pub(crate) fn cookie_of(reply: &Reply) -> String {
    reply.header("set-cookie").split(';').next().unwrap().to_owned()
}

fn browser_request(method: &str, path: &str, cookie: Option<&str>, form: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    request
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap()
}
