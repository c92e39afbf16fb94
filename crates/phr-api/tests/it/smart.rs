//! Other people's apps: discovery, the page on which a person lets one in, and what it then reads.

use axum::http::Method;
use serde_json::json;

use super::{
    authorization::{ENDING, NAMED, Policy, ROUTES, call},
    fhir::{ada_with_a_day, bundle, entries, outcome, patient},
};
use crate::support::{Actor, BASE, Client, PASSWORD, TestApp, answer};

const READINGS: &str = "launch/patient patient/Observation.rs";

#[tokio::test]
async fn an_app_finds_everything_by_itself() {
    let app = TestApp::start().await;
    let found = app.nobody().get("/fhir/.well-known/smart-configuration").await;
    assert_eq!(found.header("content-type"), "application/json");
    insta::assert_json_snapshot!(found.expect(200));
    let statement = app.nobody().get("/fhir/metadata").await.expect(200);
    let uris = &statement["rest"][0]["security"]["extension"][0]["extension"];
    for (at, name) in ["authorization", "token", "introspection", "revocation"].iter().enumerate() {
        assert_eq!(uris[at]["valueUri"], found.json()[format!("{name}_endpoint")]);
    }
}

#[tokio::test]
async fn a_person_lets_an_app_in_and_it_reads() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let client = app.client(READINGS, None).await;
    let page = app.visit(&client.page(), None).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("Let Growth Chart read your record?"), "{}", page.text());
    let (tokens, reader) = client.launched(&ada).await;
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3_600);
    assert_eq!(tokens["scope"], READINGS);
    assert_eq!(tokens["patient"], patient(&ada).await);
    assert!(tokens.get("refresh_token").is_none(), "it did not ask for offline_access");
    let read = bundle(&reader.get("/fhir/Observation?code=29463-7").await);
    assert_eq!(read["total"], 1);
    app.advance(3_601);
    outcome(&reader.get("/fhir/Observation").await, 401);
}

#[tokio::test]
async fn ou_01_the_page_runs_nothing_is_kept_nowhere_and_framed_by_nobody() {
    let app = TestApp::start().await;
    let client = app.client(READINGS, None).await;
    let page = app.visit(&client.page(), None).await;
    assert_eq!(
        page.header("content-security-policy"),
        "default-src 'none'; style-src 'self'; base-uri 'none'; \
         form-action 'self' https://app.example.com; frame-ancestors 'none'"
    );
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("set-cookie"), "");
    assert!(!page.text().contains("<script"));
}

#[tokio::test]
async fn nobody_is_sent_to_a_stranger() {
    let app = TestApp::start().await;
    let client = app.client(READINGS, None).await;
    for changes in [
        ("client_id", "0f1e2d3c-4b5a-4697-8877-665544332211"),
        ("client_id", "growth-chart"),
        ("client_id", ""),
        ("redirect_uri", "https://evil.example/callback"),
        ("redirect_uri", "https://app.example.com/callback/../evil"),
        ("redirect_uri", ""),
    ] {
        let page = client.page_with(&[changes]);
        for reply in [app.visit(&page, None).await, app.submit(&page, "decision=deny").await] {
            assert_eq!(reply.status, 400, "{changes:?}");
            assert_eq!(reply.header("location"), "");
            assert!(reply.header("content-type").starts_with("text/html"));
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_to_the_app() {
    let app = TestApp::start().await;
    let client = app.client(READINGS, None).await;
    for (changes, error) in [
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("aud", ""), "invalid_request"),
        (("aud", "https://elsewhere.example/fhir"), "invalid_request"),
        (("state", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "openid system/*.rs"), "invalid_scope"),
    ] {
        let reply = app.visit(&client.page_with(&[changes]), None).await;
        assert_eq!(reply.status, 303, "{changes:?}");
        let told = answer(&reply);
        assert_eq!(told["error"], error, "{changes:?}");
        assert_eq!(told["iss"], BASE);
        assert_eq!(told.contains_key("state"), changes.0 != "state");
    }
}

#[tokio::test]
async fn the_person_may_say_no_without_signing_in() {
    let app = TestApp::start().await;
    let client = app.client(READINGS, None).await;
    let told = answer(&client.press("", "", "deny", &[]).await);
    assert_eq!((&*told["error"], &*told["state"]), ("access_denied", "of the app"));
    assert!(!told.contains_key("code"));
}

#[tokio::test]
async fn the_person_may_give_less() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let client = app.client("patient/Observation.rs patient/Patient.rs offline_access", None).await;
    let nothing = client.press(&ada.email, PASSWORD, "allow", &["offline_access"]).await;
    assert_eq!(nothing.status, 422);
    assert!(nothing.text().contains("Tick at least one thing"), "{}", nothing.text());
    // What was never on offer cannot be ticked.
    let ticked = ["patient/Patient.rs", "patient/*.rs", "patient/Device.rs"];
    let reply = client.press(&ada.email, PASSWORD, "allow", &ticked).await;
    let tokens = client.redeem(&answer(&reply)["code"]).await.expect(200);
    assert_eq!(tokens["scope"], "patient/Patient.rs");
    assert!(tokens.get("refresh_token").is_none());
    let reader = ada.with_access(tokens["access_token"].as_str().unwrap());
    assert_eq!(bundle(&reader.get("/fhir/Patient").await)["total"], 1);
    outcome(&reader.get("/fhir/Observation").await, 403);
}

#[tokio::test]
async fn a_wrong_password_is_told_on_the_page_and_keeps_what_was_ticked() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let client = app.client("patient/Observation.rs patient/Patient.rs", None).await;
    let ticked = ["patient/Patient.rs"];
    for (email, password) in [
        (&*ada.email, "a wrong long password"),
        ("nobody@example.com", PASSWORD),
        (&*ada.email, ""),
        ("", ""),
    ] {
        let reply = client.press(email, password, "allow", &ticked).await;
        assert_eq!(reply.status, 401);
        assert!(reply.text().contains("The address or the password is wrong."));
        assert_eq!(reply.text().matches(" checked").count(), 1, "{}", reply.text());
        assert!(!reply.text().contains("a wrong long password"));
    }
}

#[tokio::test]
async fn ac_11_guessing_on_the_page_is_slowed_down_like_any_sign_in() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let client = app.client(READINGS, None).await;
    let ticked = ["patient/Observation.rs"];
    for _ in 0..5 {
        client.press(&ada.email, "a wrong long password", "allow", &ticked).await;
    }
    let before = app.state.hashes_computed();
    let reply = client.press(&ada.email, PASSWORD, "allow", &ticked).await;
    assert_eq!(reply.status, 429, "{}", reply.text());
    assert!(!reply.header("retry-after").is_empty());
    assert!(reply.text().contains("too many attempts"), "{}", reply.text());
    assert_eq!(app.state.hashes_computed(), before);
    // The brake is the same one.
    let body = json!({"email": ada.email, "password": PASSWORD});
    app.nobody().post("/auth/login", &body).await.problem(429);
}

#[tokio::test]
async fn ou_05_another_sites_page_cannot_press_the_button() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let client = app.client(READINGS, None).await;
    let pairs = [
        ("email", &*ada.email),
        ("password", PASSWORD),
        ("decision", "allow"),
        ("scope", "patient/Observation.rs"),
    ];
    for headers in [
        [("sec-fetch-site", "cross-site"), ("origin", BASE)],
        [("sec-fetch-site", "same-site"), ("origin", BASE)],
    ] {
        let reply = app.post_form(&client.page(), &headers, crate::support::form(&pairs)).await;
        assert_eq!(reply.status, 400);
        assert_eq!(reply.header("location"), "");
    }
    let unsaid = app.submit(&client.page(), "decision=perhaps").await;
    assert_eq!(unsaid.status, 400);
    assert!(app.store.grants_of(ada.id().await, app.now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_app_token_opens_fhir_and_nothing_else() {
    let app = TestApp::with_vendor().await;
    let ada = app.person("ada").await;
    ada.connect(0).await;
    let client = app.client("patient/*.rs offline_access", None).await;
    let (tokens, reader) = client.launched(&ada).await;
    let before = app.store.digest(ada.id().await).await.unwrap();
    let own = ROUTES.iter().filter(|route| route.3 == Policy::Own);
    let own = own.map(|(method, _, path, _)| (*method, *path));
    let own = own.chain(ENDING.map(|(method, _, path)| (method, path)));
    let own = own.chain(NAMED.map(|(method, _, path)| (method, path)));
    let mut refused = 0;
    for (method, path) in own {
        let reply = call(&reader, method, path).await;
        if path.starts_with("/fhir") {
            assert_ne!(reply.status, 401, "{method} {path}");
        } else {
            assert_eq!(reply.status, 401, "{method} {path}");
            refused += 1;
        }
    }
    assert!(refused > 25, "{refused}");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    ada.try_refresh(refresh).await.problem(401);
    // Nor does a refresh token or a code open anything.
    let code = client.code(&ada).await;
    for secret in [refresh, &code] {
        outcome(&ada.with_access(secret).get("/fhir/Observation").await, 401);
    }
    assert_eq!(app.store.digest(ada.id().await).await.unwrap(), before);
    ada.get("/auth/me").await.expect(200);
}

async fn reader<'a>(app: &'a TestApp, ada: &Actor<'a>, scope: &str) -> Actor<'a> {
    let client: Client<'a> = app.client(scope, None).await;
    client.launched(ada).await.1
}

#[tokio::test]
async fn scopes_hold_for_includes_everything_and_exports() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let id = patient(&ada).await;
    let kinds = |bundle: &serde_json::Value| {
        let mut kinds: Vec<String> = entries(bundle)
            .iter()
            .map(|entry| entry["resource"]["resourceType"].as_str().unwrap().to_owned())
            .collect();
        kinds.dedup();
        kinds
    };
    let with = "/fhir/Observation?_count=2&_include=Observation:device\
        &_include=Observation:patient&_revinclude=Provenance:target";
    let everything = format!("/fhir/Patient/{id}/$everything");

    let readings = reader(&app, &ada, "patient/Observation.rs").await;
    assert_eq!(kinds(&bundle(&readings.get(with).await)), ["Observation"]);
    outcome(&readings.get(&everything).await, 403);
    outcome(&readings.get("/fhir/Device").await, 403);
    outcome(&readings.get(&format!("/fhir/Patient/{id}")).await, 403);

    let named = reader(&app, &ada, "patient/Patient.rs patient/Device.rs").await;
    assert_eq!(kinds(&bundle(&named.get(&everything).await)), ["Patient", "Device"]);
    outcome(&named.get("/fhir/Observation/$lastn").await, 403);

    let begun = named.get("/fhir/Patient/$export").await;
    let job = begun.header("content-location").strip_prefix(BASE).unwrap().to_owned();
    let files = named.get(&job).await.expect(200);
    let files: Vec<_> = files["output"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
    assert_eq!(files, ["Patient", "Device"]);
    outcome(&named.get(&format!("{job}/Observation.ndjson")).await, 403);
}

#[tokio::test]
async fn a_category_is_not_left_and_reading_is_not_searching() {
    let app = TestApp::start().await;
    let ada = ada_with_a_day(&app).await;
    let all = bundle(&ada.get("/fhir/Observation?code=41950-7").await);
    let steps = entries(&all)[0]["resource"]["id"].as_str().unwrap().to_owned();
    let vital = reader(&app, &ada, "patient/Observation.rs?category=vital-signs").await;
    assert_eq!(bundle(&vital.get("/fhir/Observation?code=41950-7").await)["total"], 0);
    assert_eq!(bundle(&vital.get("/fhir/Observation?_count=0").await)["total"], 25);
    outcome(&vital.get(&format!("/fhir/Observation/{steps}")).await, 404);
    let reading = reader(&app, &ada, "patient/Observation.r").await;
    reading.get(&format!("/fhir/Observation/{steps}")).await.expect(200);
    outcome(&reading.get("/fhir/Observation").await, 403);
    let first = reader(&app, &ada, "patient/Observation.read").await;
    assert_eq!(bundle(&first.get("/fhir/Observation?_count=0").await)["total"], 26);
}

#[tokio::test]
async fn az_02_an_app_reads_the_record_of_who_let_it_in_only() {
    let app = TestApp::start().await;
    let (ada, bob) = (ada_with_a_day(&app).await, app.person("bob").await);
    let client = app.client("patient/*.rs", None).await;
    let (tokens, reader) = client.launched(&bob).await;
    assert_eq!(tokens["patient"], patient(&bob).await);
    assert_eq!(bundle(&reader.get("/fhir/Observation").await)["total"], 0);
    let path = format!("/fhir/Patient/{}", patient(&ada).await);
    outcome(&reader.get(&path).await, 404);
}

#[tokio::test]
async fn the_person_sees_and_ends_an_apps_access() {
    let app = TestApp::start().await;
    let (ada, bob) = (ada_with_a_day(&app).await, app.person("bob").await);
    let client = app.client("patient/Observation.rs offline_access", None).await;
    let (tokens, reader) = client.launched(&ada).await;
    let (_, of_bob) = client.launched(&bob).await;
    app.advance(400);
    bundle(&reader.get("/fhir/Observation").await);
    let list = ada.get("/apps").await.expect(200);
    let [entry] = &list["apps"].as_array().unwrap()[..] else { panic!("{list}") };
    assert_eq!(entry["id"], client.id.to_string());
    assert_eq!(entry["name"], "Growth Chart");
    assert_eq!(entry["scopes"], json!(["patient/Observation.rs", "offline_access"]));
    assert_eq!(entry["since"], "2026-11-20T11:00:00Z");
    assert_eq!(entry["last_used_at"], "2026-11-20T11:06:40Z");
    let path = format!("/apps/{}", client.id);
    let ended = app.send(ada.request(&Method::DELETE, &path, None)).await;
    assert_eq!(ended.status, 204);
    outcome(&reader.get("/fhir/Observation").await, 401);
    assert_eq!(client.renew(tokens["refresh_token"].as_str().unwrap()).await.status, 400);
    assert_eq!(ada.get("/apps").await.expect(200), json!({"apps": []}));
    app.send(ada.request(&Method::DELETE, &path, None)).await.problem(404);
    app.send(ada.request(&Method::DELETE, "/apps/growth-chart", None)).await.problem(404);
    bundle(&of_bob.get("/fhir/Observation").await);
}

#[tokio::test]
async fn tk_06_access_ended_on_one_process_is_ended_on_every() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let client = app.client(READINGS, None).await;
    let (_, reader) = client.launched(&ada).await;
    let path = format!("/apps/{}", client.id);
    app.send(ada.request(&Method::DELETE, &path, None)).await.expect(204);
    let request = reader.request(&Method::GET, "/fhir/Observation", None);
    let elsewhere = tower::ServiceExt::oneshot(app.restarted(), request).await.unwrap();
    assert_eq!(elsewhere.status(), 401);
}

#[tokio::test]
async fn ac_10_another_password_ends_apps_and_signing_out_does_not() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let client = app.client(READINGS, None).await;
    let (_, reader) = client.launched(&ada).await;
    let again = Actor::signed_in(&app, &ada.email).await;
    ada.press("/auth/logout/all").await.expect(204);
    bundle(&reader.get("/fhir/Observation").await);
    again.get("/auth/me").await.problem(401);
    let again = Actor::signed_in(&app, &ada.email).await;
    let new = "granite teapot swallows a comet";
    let body = json!({"current_password": PASSWORD, "new_password": new});
    again.post("/auth/password", &body).await.expect(204);
    outcome(&reader.get("/fhir/Observation").await, 401);
}
