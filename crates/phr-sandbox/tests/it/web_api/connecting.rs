//! Consent and the exchange of codes.

use rstest::rstest;

use super::support::{
    Fitbit, ID, SCOPES, SECRET, changed, code, decide, error, exchange, form, ines, token,
};
use crate::support::{CALLBACK, INES, JONAS, VERIFIER, answer, options, plain_http, value};
use phr_sandbox::{Application, Sandbox, WebApiMood};

async fn start() -> Sandbox {
    Sandbox::start(options()).await.unwrap()
}

async fn page(sandbox: &Sandbox, changes: &[(&str, &str)]) -> crate::support::Answer {
    let url = format!("{}/oauth2/authorize", sandbox.base_url());
    let fields = changed(form(SCOPES, INES), changes);
    answer(plain_http().get(url).query(&fields).send().await.unwrap()).await
}

#[tokio::test]
async fn the_consent_page_has_a_tick_box_for_each_scope() {
    let sandbox = start().await;
    let page = page(&sandbox, &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("emulated Fitbit"));
    assert_eq!(page.text.matches("type=checkbox").count(), 5);
    assert!(page.text.contains(&format!("value=\"{JONAS}\">")));
}

#[tokio::test]
async fn the_callback_brings_a_code_of_forty_digits_and_the_state() {
    let callback = decide(&start().await, &form(SCOPES, INES)).await;
    assert_eq!(value(&callback, "state"), "s-1");
    let code = value(&callback, "code");
    assert!(code.len() == 40 && code.bytes().all(|byte| byte.is_ascii_hexdigit()), "{code}");
}

#[tokio::test]
async fn tokens_tell_who_the_person_is_and_what_was_granted() {
    let (sandbox, fitbit) = ines().await;
    let ines = &sandbox.world().people()[0];
    assert_eq!(fitbit.granted["user_id"], ines.legacy_user_id.as_str());
    assert_eq!(fitbit.granted["expires_in"], 28_800);
    let mut scopes: Vec<&str> = fitbit.granted["scope"].as_str().unwrap().split(' ').collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["activity", "heartrate", "oxygen_saturation", "profile", "weight"]);
    assert_eq!(fitbit.refresh.len(), 64);
}

#[tokio::test]
async fn a_person_may_take_fewer_scopes_and_the_rest_is_refused() {
    let sandbox = start().await;
    let fields = changed(form(SCOPES, INES), &[("scopes", "activity"), ("scopes", "location")]);
    let callback = decide(&sandbox, &fields).await;
    let granted = token(&sandbox.base_url(), &exchange(value(&callback, "code"))).await.json();
    assert_eq!(granted["scope"], "activity");
    let fitbit = Fitbit::of(&sandbox, INES, "activity").await;
    assert_eq!(fitbit.get("activities/steps/date/today/7d").await.status, 200);
    for path in
        ["body/log/weight/date/today", "profile", "spo2/date/today", "devices", "sleep/date/today"]
    {
        let refused = fitbit.get(path).await;
        assert_eq!(error(&refused), (403, "insufficient_scope".to_owned()), "{path}");
    }
}

#[rstest]
#[case::by_the_button(&[("decision", "deny")])]
#[case::by_ticking_nothing(&[("scopes", "")])]
#[tokio::test]
async fn a_denial_comes_back_with_the_state(#[case] changes: &[(&str, &str)]) {
    let callback = decide(&start().await, &changed(form(SCOPES, INES), changes)).await;
    assert_eq!(value(&callback, "error"), "access_denied");
    assert_eq!((value(&callback, "state"), value(&callback, "code")), ("s-1", ""));
}

#[rstest]
#[case::client("client_id", "23ABCD")]
#[case::trailing_slash("redirect_uri", "http://127.0.0.1:8000/integrations/fitbit/callback/")]
#[case::implicit("response_type", "token")]
#[case::scope("scope", "activity heart_rate")]
#[case::no_scope("scope", "")]
#[case::method("code_challenge_method", "S512")]
#[case::short_challenge("code_challenge", "short")]
#[case::no_redirect_of_two("redirect_uri", "")]
#[tokio::test]
async fn a_defect_is_shown_and_never_redirected(#[case] name: &str, #[case] changed_to: &str) {
    let page = page(&start().await, &[(name, changed_to)]).await;
    assert_eq!(page.status, 400);
    assert!(page.text.starts_with("<!doctype html>") && !page.headers.contains_key("location"));
}

#[tokio::test]
async fn a_web_view_is_refused() {
    let sandbox = start().await;
    let agent = "Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36";
    let url = format!("{}/oauth2/authorize", sandbox.base_url());
    let request = plain_http().get(url).query(&form(SCOPES, INES)).header("user-agent", agent);
    assert_eq!(request.send().await.unwrap().status(), 403);
}

#[rstest]
#[case::verifier("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wr", "invalid_grant")]
#[case::no_verifier("code_verifier", "", "invalid_request")]
#[case::redirect_uri("redirect_uri", "http://elsewhere.example/", "invalid_grant")]
#[case::no_redirect_uri("redirect_uri", "", "invalid_grant")]
#[case::no_code("code", "", "invalid_request")]
#[case::grant_type("grant_type", "client_credentials", "unsupported_grant_type")]
#[tokio::test]
async fn a_code_is_bound_to_its_request(
    #[case] name: &str,
    #[case] changed_to: &str,
    #[case] kind: &str,
) {
    let sandbox = start().await;
    let code = code(&sandbox, INES, SCOPES).await;
    let fields = changed(exchange(&code), &[(name, changed_to)]);
    let refused = token(&sandbox.base_url(), &fields).await;
    assert_eq!(error(&refused), (400, kind.to_owned()));
    assert_eq!(refused.json()["success"], false);
}

#[tokio::test]
async fn a_code_works_once_and_its_refusal_quotes_it() {
    let sandbox = start().await;
    let code = code(&sandbox, INES, SCOPES).await;
    assert_eq!(token(&sandbox.base_url(), &exchange(&code)).await.status, 200);
    let again = token(&sandbox.base_url(), &exchange(&code)).await;
    assert_eq!(again.json()["errors"][0]["message"], format!("Authorization code invalid: {code}"));
}

#[tokio::test]
async fn the_challenge_is_plain_unless_it_says_otherwise() {
    let sandbox = start().await;
    let plain = [("code_challenge", VERIFIER), ("code_challenge_method", "")];
    let callback = decide(&sandbox, &changed(form(SCOPES, INES), &plain)).await;
    let code = value(&callback, "code");
    assert_eq!(token(&sandbox.base_url(), &exchange(code)).await.status, 200);
}

#[tokio::test]
async fn a_wrong_secret_is_refused_with_the_header_in_the_text() {
    let sandbox = start().await;
    let code = code(&sandbox, INES, SCOPES).await;
    let url = format!("{}/oauth2/token", sandbox.base_url());
    let ask = async |request: reqwest::RequestBuilder| {
        answer(request.form(&exchange(&code)).send().await.unwrap()).await
    };
    let http = plain_http();
    let wrong = ask(http.post(&url).basic_auth(ID, Some("guessed"))).await;
    assert_eq!(error(&wrong), (401, "invalid_client".to_owned()));
    assert!(wrong.text.contains("Received header = Basic "), "{}", wrong.text);
    let stranger = ask(http.post(&url).basic_auth("23ABCD", Some(SECRET))).await;
    assert_eq!(error(&stranger), (401, "invalid_client".to_owned()));
    assert_eq!(ask(http.post(&url)).await.status, 401);
    assert_eq!(ask(http.post(&url).basic_auth(ID, Some(SECRET))).await.status, 200);
}

#[tokio::test]
async fn a_public_client_names_itself_and_must_use_pkce() {
    let sandbox = start().await;
    let mood = WebApiMood { application: Application::Client, ..WebApiMood::default() };
    sandbox.world().set_web_api_mood(mood);
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    assert_eq!(page(&sandbox, &without).await.status, 400);
    let code = code(&sandbox, INES, SCOPES).await;
    let fields = changed(exchange(&code), &[("client_id", ID)]);
    let url = format!("{}/oauth2/token", sandbox.base_url());
    let answer = plain_http().post(url).form(&fields).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn the_only_redirect_uri_need_not_be_named() {
    let redirect_uris = vec![CALLBACK.to_owned()];
    let options = phr_sandbox::Options { redirect_uris, ..options() };
    let sandbox = Sandbox::start(options).await.unwrap();
    let callback = decide(&sandbox, &changed(form(SCOPES, INES), &[("redirect_uri", "")])).await;
    let code = value(&callback, "code");
    let fields = changed(exchange(code), &[("redirect_uri", "")]);
    assert_eq!(token(&sandbox.base_url(), &fields).await.status, 200);
}

/// Where `prompt=none` leads.
async fn silently(sandbox: &Sandbox, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let url = format!("{}/oauth2/authorize", sandbox.base_url());
    let mut fields = changed(form(SCOPES, INES), changes);
    fields.retain(|(name, _)| !matches!(*name, "decision" | "scopes"));
    fields.push(("prompt", "none"));
    let response = plain_http().get(url).query(&fields).send().await.unwrap();
    assert_eq!(response.status(), 302, "{}", response.text().await.unwrap());
    let location = response.headers()["location"].to_str().unwrap();
    url::Url::parse(location).unwrap().query_pairs().into_owned().collect()
}

#[tokio::test]
async fn without_a_prompt_only_a_former_consent_helps() {
    let sandbox = start().await;
    let refused = silently(&sandbox, &[("account", "")]).await;
    assert_eq!((value(&refused, "error"), value(&refused, "state")), ("consent_required", "s-1"));
    Fitbit::of(&sandbox, INES, SCOPES).await;
    let callback = silently(&sandbox, &[("account", "")]).await;
    let granted = token(&sandbox.base_url(), &exchange(value(&callback, "code"))).await.json();
    assert_eq!(granted["user_id"], sandbox.world().people()[0].legacy_user_id.as_str());
    let more = silently(&sandbox, &[("account", ""), ("scope", "weight sleep")]).await;
    assert_eq!(value(&more, "error"), "consent_required");
    Fitbit::of(&sandbox, JONAS, SCOPES).await;
    let anybody = silently(&sandbox, &[("account", "")]).await;
    assert_eq!(value(&anybody, "error"), "login_required");
    let jonas = silently(&sandbox, &[("account", JONAS)]).await;
    assert_eq!(value(&jonas, "code").len(), 40);
}

#[tokio::test]
async fn a_prompt_needs_a_redirect_uri() {
    let defect = page(&start().await, &[("prompt", "none"), ("redirect_uri", "")]).await;
    assert_eq!(defect.status, 400);
    assert!(defect.text.contains("redirect_uri"));
}

#[tokio::test]
async fn the_consent_page_lists_the_scopes_of_every_metric() {
    let page = page(&start().await, &[("scope", super::support::ALL)]).await;
    for scope in ["sleep", "respiratory_rate", "temperature", "cardio_fitness"] {
        assert!(page.text.contains(&format!("<small>{scope}</small>")), "{scope}");
    }
}
