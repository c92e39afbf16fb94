//! A person's sessions and password: seeing them, ending them, changing it.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Actor, PASSWORD, Reply, TestApp};

const NEW_PASSWORD: &str = "granite teapot swallows a comet";

async fn sessions(actor: &Actor<'_>) -> Vec<Value> {
    let list = actor.get("/auth/sessions").await.expect(200);
    list["sessions"].as_array().unwrap().clone()
}

async fn end(actor: &Actor<'_>, id: &str) -> Reply {
    let path = format!("/auth/sessions/{id}");
    actor.app.send(actor.request(&Method::DELETE, &path, None)).await
}

async fn change(actor: &Actor<'_>, current: &str, new: &str) -> Reply {
    let body = json!({"current_password": current, "new_password": new});
    actor.post("/auth/password", &body).await
}

async fn is_signed_out(actor: &Actor<'_>) {
    actor.get("/auth/me").await.problem(401);
    actor.try_refresh(&actor.refresh).await.problem(401);
}

#[tokio::test]
async fn tk_12_a_person_sees_where_they_are_signed_in() {
    let app = TestApp::start().await;
    let phone = app.person("ada").await;
    app.advance(60);
    let tablet = Actor::signed_in(&app, &phone.email).await;
    app.person("eve").await;
    let seen = sessions(&tablet).await;
    insta::assert_json_snapshot!(seen, { "[].id" => "[id]" }, @r#"
    [
      {
        "created_at": "2026-11-20T11:01:00Z",
        "current": true,
        "expires_at": "2027-02-18T11:01:00Z",
        "id": "[id]",
        "used_at": "2026-11-20T11:01:00Z"
      },
      {
        "created_at": "2026-11-20T11:00:00Z",
        "current": false,
        "expires_at": "2027-02-18T11:00:00Z",
        "id": "[id]",
        "used_at": "2026-11-20T11:00:00Z"
      }
    ]
    "#);
    assert!(sessions(&phone).await[1]["current"].as_bool().unwrap());
}

#[tokio::test]
async fn tk_12_a_session_that_nobody_uses_any_more_is_not_listed() {
    let app = TestApp::start().await;
    let phone = app.person("ada").await;
    app.advance(31 * 86_400);
    let tablet = Actor::signed_in(&app, &phone.email).await;
    assert_eq!(sessions(&tablet).await.len(), 1);
}

#[tokio::test]
async fn tk_12_a_person_can_end_one_of_their_sessions() {
    let app = TestApp::start().await;
    let phone = app.person("ada").await;
    let tablet = Actor::signed_in(&app, &phone.email).await;
    let seen = sessions(&tablet).await;
    let other = seen.iter().find(|session| session["current"] == false).unwrap();
    let id = other["id"].as_str().unwrap();
    end(&tablet, id).await.expect(204);
    is_signed_out(&phone).await;
    end(&tablet, id).await.problem(404);
    assert_eq!(sessions(&tablet).await.len(), 1);
}

#[tokio::test]
async fn tk_12_a_stranger_cannot_end_a_session() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let eve = app.person("eve").await;
    let id = sessions(&ada).await[0]["id"].as_str().unwrap().to_owned();
    end(&eve, &id).await.problem(404);
    ada.get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn tk_12_in_07_what_is_no_session_id_is_404() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for id in [
        "1",
        "current",
        "%00",
        "%ff",
        "..%2Fme",
        "x%3Fy",
        "' or 1=1 --".replace(' ', "%20").as_str(),
    ] {
        end(&ada, id).await.problem(404);
    }
}

#[tokio::test]
async fn tk_12_signing_out_everywhere_ends_every_session_of_the_person() {
    let app = TestApp::start().await;
    let phone = app.person("ada").await;
    let tablet = Actor::signed_in(&app, &phone.email).await;
    let eve = app.person("eve").await;
    phone.press("/auth/logout/all").await.expect(204);
    is_signed_out(&phone).await;
    is_signed_out(&tablet).await;
    eve.get("/auth/me").await.expect(200);
}

#[tokio::test]
async fn ac_10_another_password_ends_every_other_session() {
    let app = TestApp::start().await;
    let phone = app.person("ada").await;
    let tablet = Actor::signed_in(&app, &phone.email).await;
    change(&tablet, PASSWORD, NEW_PASSWORD).await.expect(204);
    is_signed_out(&phone).await;
    tablet.get("/auth/me").await.expect(200);
    tablet.try_refresh(&tablet.refresh).await.expect(200);
    let login = |password: &'static str| {
        let body = json!({"email": "ada@example.com", "password": password});
        async move { body }
    };
    app.nobody().post("/auth/login", &login(PASSWORD).await).await.problem(401);
    app.nobody().post("/auth/login", &login(NEW_PASSWORD).await).await.expect(200);
}

#[tokio::test]
async fn ac_10_without_the_present_password_nothing_changes() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let wrong = change(&ada, "not the password", NEW_PASSWORD).await;
    wrong.problem(422);
    assert_eq!(wrong.complaints(), ["current_password"]);
    Actor::signed_in(&app, &ada.email).await;
}

#[tokio::test]
async fn ac_10_a_stolen_access_token_is_no_way_around_the_brakes() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for _ in 0..5 {
        change(&ada, "not the password", NEW_PASSWORD).await.problem(422);
    }
    let braked = change(&ada, PASSWORD, NEW_PASSWORD).await;
    braked.problem(429);
    app.advance(braked.header("retry-after").parse().unwrap());
    change(&ada, PASSWORD, NEW_PASSWORD).await.expect(204);
}

#[tokio::test]
async fn ac_08_ac_10_a_new_password_obeys_the_same_rules() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for weak in ["short", "passwordpassword", "ada@example.com1", "zQjphsyf6ctifgu"] {
        let refused = change(&ada, PASSWORD, weak).await;
        refused.problem(422);
        assert_eq!(refused.complaints(), ["new_password"], "{weak}");
    }
}

#[tokio::test]
async fn ac_10_of_two_changes_at_once_one_holds() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (one, two) = tokio::join!(
        change(&ada, PASSWORD, NEW_PASSWORD),
        change(&ada, PASSWORD, "we never found the seventh umbrella"),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 422]);
}
