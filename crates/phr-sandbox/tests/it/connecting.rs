//! OAuth as a client walks through it.

use crate::support::{
    CALLBACK, CHALLENGE, Client, INES, JONAS, SCOPES, VERIFIER, answer, consent, exchange, options,
    plain_http, token, value,
};
use phr_sandbox::{Options, Sandbox};

const HEART: &str =
    "https://www.googleapis.com/auth/googlehealth.health_metrics_and_measurements.readonly";

async fn start() -> (Sandbox, reqwest::Client) {
    (Sandbox::start(options()).await.unwrap(), plain_http())
}

fn authorization(sandbox: &Sandbox, changes: &[(&str, &str)]) -> String {
    let mut parameters = vec![
        ("client_id", "sandbox-client.apps.example.com"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", SCOPES),
        ("state", "s-1"),
        ("access_type", "offline"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    parameters.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    parameters.extend(changes);
    let base = format!("{}/o/oauth2/v2/auth", sandbox.base_url());
    url::Url::parse_with_params(&base, parameters).unwrap().to_string()
}

#[tokio::test]
async fn the_consent_page_offers_each_person_and_each_scope() {
    let (sandbox, http) = start().await;
    let url = authorization(&sandbox, &[("login_hint", JONAS)]);
    let page = answer(http.get(url).send().await.unwrap()).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("emulated"));
    assert_eq!(page.text.matches("type=checkbox").count(), 4);
    assert!(page.text.contains(&format!("value=\"{JONAS}\" checked")));
    assert!(page.text.contains(&format!("value=\"{INES}\">")));
}

#[tokio::test]
async fn the_callback_echoes_the_state_and_tells_what_was_granted() {
    let (sandbox, http) = start().await;
    let callback = consent(&sandbox, &http, INES, SCOPES, &[]).await;
    assert_eq!(value(&callback, "state"), "s-1");
    assert_eq!(value(&callback, "iss"), sandbox.base_url());
    assert_eq!(value(&callback, "authuser"), "0");
    assert_eq!(value(&callback, "scope").split(' ').count(), 4);
    assert!(value(&callback, "code").starts_with("4/0"));
}

#[tokio::test]
async fn unticked_scopes_are_not_granted() {
    let (sandbox, http) = start().await;
    let form = [
        ("client_id", "sandbox-client.apps.example.com"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", SCOPES),
        ("account", INES),
        ("scopes", HEART),
        ("scopes", "https://www.googleapis.com/auth/calendar"),
        ("decision", "allow"),
    ];
    let url = format!("{}/o/oauth2/v2/auth", sandbox.base_url());
    let response = http.post(url).form(&form).send().await.unwrap();
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let callback: Vec<_> = url::Url::parse(&location).unwrap().query_pairs().into_owned().collect();
    assert_eq!(value(&callback, "scope"), HEART);
}

#[tokio::test]
async fn cancelling_answers_access_denied() {
    let (sandbox, http) = start().await;
    let url = authorization(&sandbox, &[]);
    let query = url.split_once('?').unwrap().1;
    let body = format!("{query}&decision=deny");
    let response = http
        .post(format!("{}/o/oauth2/v2/auth", sandbox.base_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    let location = response.headers()["location"].to_str().unwrap();
    assert_eq!(location, format!("{CALLBACK}?state=s-1&error=access_denied"));
}

#[tokio::test]
async fn requests_that_google_shows_an_error_page_for_never_redirect() {
    let (sandbox, http) = start().await;
    for (name, changed, code) in [
        (
            "redirect_uri",
            "http://127.0.0.1:8000/integrations/fitbit/callback/",
            "redirect_uri_mismatch",
        ),
        ("client_id", "somebody-else", "invalid_client"),
        ("response_type", "token", "invalid_request"),
        ("scope", "https://www.googleapis.com/auth/googlehealth.sleep", "invalid_scope"),
        ("code_challenge_method", "S512", "invalid_request"),
    ] {
        let url = authorization(&sandbox, &[(name, changed)]);
        let page = answer(http.get(url).send().await.unwrap()).await;
        assert!((400..500).contains(&page.status), "{name}");
        assert!(page.text.contains(code), "{name}: {}", page.text);
        assert!(!page.headers.contains_key("location"), "{name}");
    }
}

#[tokio::test]
async fn a_web_view_is_refused() {
    let (sandbox, http) = start().await;
    let agent = "Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36";
    let request = http.get(authorization(&sandbox, &[])).header("user-agent", agent);
    let page = answer(request.send().await.unwrap()).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("disallowed_useragent"));
}

#[tokio::test]
async fn a_code_is_exchanged_once_by_its_verifier_and_redirect_uri() {
    let (sandbox, http) = start().await;
    let code = async || {
        let callback = consent(&sandbox, &http, INES, SCOPES, &[]).await;
        value(&callback, "code").to_owned()
    };
    let ask = async |code: &str, changes: &[(&str, &str)]| {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let answer = token(&sandbox, &http, &fields).await;
        (answer.status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
    };
    let grant = (400, "invalid_grant".to_owned());
    assert_eq!(ask(&code().await, &[("code_verifier", "wrong")]).await, grant);
    assert_eq!(ask(&code().await, &[("code_verifier", "")]).await, grant);
    let elsewhere = ask(&code().await, &[("redirect_uri", "http://elsewhere.example")]).await;
    assert_eq!(elsewhere, (400, "redirect_uri_mismatch".to_owned()));
    let once = code().await;
    assert_eq!(ask(&once, &[]).await, (200, String::new()));
    assert_eq!(ask(&once, &[]).await, grant);
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_a_downgrade() {
    let (sandbox, http) = start().await;
    let url = format!("{}/o/oauth2/v2/auth", sandbox.base_url());
    let form = [
        ("client_id", "sandbox-client.apps.example.com"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", HEART),
        ("scopes", HEART),
        ("account", INES),
        ("decision", "allow"),
    ];
    let response = http.post(url).form(&form).send().await.unwrap();
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let callback: Vec<_> = url::Url::parse(&location).unwrap().query_pairs().into_owned().collect();
    let answer = exchange(&sandbox, &http, value(&callback, "code")).await;
    assert_eq!(answer.json()["error_description"], "Invalid code verifier.");
}

#[tokio::test]
async fn a_refresh_token_comes_offline_with_the_first_consent_or_when_asked_for() {
    let (sandbox, http) = start().await;
    let refresh = async |extra: &[(&str, &str)]| {
        let callback = consent(&sandbox, &http, INES, SCOPES, extra).await;
        let tokens = exchange(&sandbox, &http, value(&callback, "code")).await.json();
        tokens.get("refresh_token").is_some()
    };
    let offline = ("access_type", "offline");
    assert!(!refresh(&[]).await);
    assert!(!refresh(&[offline]).await, "the person consented before");
    assert!(refresh(&[offline, ("prompt", "select_account consent")]).await);
}

#[tokio::test]
async fn refreshing_keeps_the_refresh_token() {
    let (sandbox, http) = start().await;
    let callback = consent(&sandbox, &http, INES, SCOPES, &[("access_type", "offline")]).await;
    let tokens = exchange(&sandbox, &http, value(&callback, "code")).await.json();
    assert_eq!(tokens["expires_in"], 3599);
    assert_eq!(tokens["token_type"], "Bearer");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let again = token(&sandbox, &http, &fields).await.json();
    assert_ne!(again["access_token"], tokens["access_token"]);
    assert_eq!(again.get("refresh_token"), None);
    assert_eq!(again.get("refresh_token_expires_in"), None);
}

#[tokio::test]
async fn in_testing_mode_the_life_of_the_refresh_token_is_told() {
    let sandbox = Sandbox::start(Options { testing_mode: true, ..options() }).await.unwrap();
    let http = plain_http();
    let callback = consent(&sandbox, &http, INES, SCOPES, &[("access_type", "offline")]).await;
    let tokens = exchange(&sandbox, &http, value(&callback, "code")).await.json();
    assert_eq!(tokens["refresh_token_expires_in"], 604_799);
}

#[tokio::test]
async fn wrong_clients_are_told_apart_from_dead_tokens() {
    let (sandbox, http) = start().await;
    let dead = token(&sandbox, &http, &[("grant_type", "refresh_token"), ("refresh_token", "x")]);
    let dead = dead.await;
    assert_eq!((dead.status, &dead.json()["error"]), (400, &"invalid_grant".into()));
    let url = format!("{}/token", sandbox.base_url());
    let wrong = http.post(&url).basic_auth("sandbox-client.apps.example.com", Some("wrong"));
    let wrong = answer(wrong.form(&[("grant_type", "refresh_token")]).send().await.unwrap()).await;
    assert_eq!((wrong.status, &wrong.json()["error"]), (401, &"invalid_client".into()));
    let odd = token(&sandbox, &http, &[("grant_type", "password")]).await;
    assert_eq!(odd.json()["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn revoking_any_token_ends_the_whole_grant() {
    let client = Client::ines().await;
    let url = format!("{}/revoke", client.sandbox.base_url());
    let revoke = async || {
        let form = [("token", client.token.as_str())];
        answer(client.http.post(&url).form(&form).send().await.unwrap()).await
    };
    assert_eq!(revoke().await.status, 200);
    assert_eq!(client.get("identity", &[]).await.status, 401);
    let again = revoke().await;
    assert_eq!((again.status, &again.json()["error"]), (400, &"invalid_token".into()));
}

#[tokio::test]
async fn without_prompt_only_an_earlier_consent_helps() {
    let (sandbox, http) = start().await;
    let url = authorization(&sandbox, &[("prompt", "none"), ("login_hint", INES)]);
    let location = async || {
        let response = http.get(&url).send().await.unwrap();
        response.headers()["location"].to_str().unwrap().to_owned()
    };
    assert!(location().await.contains("error=consent_required"));
    consent(&sandbox, &http, INES, SCOPES, &[]).await;
    assert!(location().await.contains("code="));
}

#[tokio::test]
async fn earlier_scopes_are_included_only_when_asked_for() {
    let (sandbox, http) = start().await;
    consent(&sandbox, &http, INES, SCOPES, &[]).await;
    let alone = consent(&sandbox, &http, INES, HEART, &[]).await;
    assert_eq!(value(&alone, "scope"), HEART);
    let extra = [("include_granted_scopes", "true")];
    let together = consent(&sandbox, &http, INES, HEART, &extra).await;
    assert_eq!(value(&together, "scope").split(' ').count(), 4);
}

#[tokio::test]
async fn userinfo_tells_what_the_scopes_allow() {
    let client = Client::connect(options(), INES, "openid email").await;
    let url = format!("{}/oauth2/v3/userinfo", client.sandbox.base_url());
    let request = client.http.get(&url).bearer_auth(&client.token);
    let claims = answer(request.send().await.unwrap()).await.json();
    assert_eq!(claims["email"], INES);
    assert_eq!(claims.get("name"), None);
    let anonymous = answer(client.http.get(&url).send().await.unwrap()).await;
    assert_eq!(anonymous.status, 401);
}

#[tokio::test]
async fn discovery_points_at_this_server() {
    let (sandbox, http) = start().await;
    let url = format!("{}/.well-known/openid-configuration", sandbox.base_url());
    let found = answer(http.get(url).send().await.unwrap()).await.json();
    assert_eq!(found["issuer"], sandbox.base_url());
    assert_eq!(found["token_endpoint"], format!("{}/token", sandbox.base_url()));
}
