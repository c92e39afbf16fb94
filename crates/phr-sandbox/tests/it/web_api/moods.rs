//! What differed between applications and years.

use rstest::rstest;
use serde_json::json;

use super::support::{Fitbit, SCOPES, error, exchange, ines, ines_in, token};
use crate::support::{INES, answer};
use phr_sandbox::{Application, Emptiness, Intraday, Retired, WebApiMood};

const INTRADAY: &str = "activities/heart/date/2026-11-20/1d/1min";

#[rstest]
#[case(Retired::Json, "{\"errors\"")]
#[case(Retired::Html, "<!DOCTYPE html>")]
#[case(Retired::Empty, "")]
#[tokio::test]
async fn after_the_end_every_path_is_gone(#[case] form: Retired, #[case] beginning: &str) {
    let mood = WebApiMood { retired: Some(form), ..WebApiMood::default() };
    let (sandbox, fitbit) = ines_in(mood).await;
    let data = fitbit.get("profile").await;
    assert_eq!(data.status, 410);
    assert!(data.text.starts_with(beginning) && data.text.is_empty() == beginning.is_empty());
    assert_eq!(fitbit.refreshed(&fitbit.refresh).await.status, 410);
    assert_eq!(token(&fitbit.base, &exchange("x")).await.status, 410);
    let url = format!("{}/oauth2/authorize", sandbox.base_url());
    assert_eq!(fitbit.http.get(url).send().await.unwrap().status(), 410);
    sandbox.world().set_web_api_mood(WebApiMood::default());
    assert_eq!(fitbit.get("profile").await.status, 200, "tokens survive");
}

#[tokio::test]
async fn without_approval_intraday_data_are_refused_or_left_out() {
    let mood = |intraday| WebApiMood { intraday, ..WebApiMood::default() };
    let (sandbox, fitbit) = ines_in(mood(Intraday::Refused)).await;
    let refused = fitbit.get(INTRADAY).await;
    assert_eq!(error(&refused), (403, "insufficient_permissions".to_owned()));
    assert_eq!(fitbit.get("activities/heart/date/2026-11-20/1d").await.status, 200);
    sandbox.world().set_web_api_mood(mood(Intraday::LeftOut));
    let body = fitbit.json(INTRADAY).await;
    assert!(
        body.get("activities-heart-intraday").is_none() && body.get("activities-heart").is_some()
    );
}

#[tokio::test]
async fn personal_applications_need_no_approval() {
    let mood = WebApiMood {
        application: Application::Personal,
        intraday: Intraday::Refused,
        ..WebApiMood::default()
    };
    let (_sandbox, fitbit) = ines_in(mood).await;
    assert_eq!(fitbit.get(INTRADAY).await.status, 200);
}

#[rstest]
#[case(Emptiness::EmptyRoot, r#"{"weight":[]}"#)]
#[case(Emptiness::Object, "{}")]
#[case(Emptiness::Nothing, "")]
#[case(Emptiness::Newline, "\n")]
#[case(Emptiness::Valueless, r#"{"weight":[{"dateTime":"2026-05-02"}]}"#)]
#[tokio::test]
async fn nothing_has_many_forms(#[case] empty: Emptiness, #[case] text: &str) {
    let mood = WebApiMood { empty, ..WebApiMood::default() };
    let (_sandbox, fitbit) = ines_in(mood).await;
    let answer = fitbit.get("body/log/weight/date/2026-05-02").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, text));
    assert!(fitbit.json("body/log/weight/date/today/30d").await["weight"][0].is_object());
}

#[tokio::test]
async fn one_endpoint_alone_can_have_its_own_form() {
    let empty_at = [("steps".to_owned(), Emptiness::EmptyRoot)].into();
    let (_sandbox, fitbit) = ines_in(WebApiMood { empty_at, ..WebApiMood::default() }).await;
    let steps = fitbit.json("activities/steps/date/2026-05-02/1d").await;
    assert_eq!(steps, json!({ "activities-steps": [] }));
    let weight = fitbit.json("body/log/weight/date/2026-05-02").await;
    assert_eq!(weight, json!({ "weight": [] }));
}

#[tokio::test]
async fn moods_are_read_and_set_over_http() {
    let (sandbox, fitbit) = ines().await;
    let url = format!("{}/sandbox/web-api", fitbit.base);
    let set =
        json!({ "retired": "html", "grace": "two-minutes", "empty-at": { "heart": "object" } });
    let request = fitbit.http.put(&url).header("Content-Type", "application/json");
    let told = answer(request.body(set.to_string()).send().await.unwrap()).await.json();
    assert_eq!((&told["retired"], &told["quota-per-hour"]), (&"html".into(), &150.into()));
    assert_eq!(sandbox.world().web_api_mood().retired, Some(Retired::Html));
    let unknown = fitbit.http.put(&url).header("Content-Type", "application/json");
    assert_eq!(unknown.body(r#"{"mood":"good"}"#).send().await.unwrap().status(), 422);
    assert_eq!(fitbit.http.get(&url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn requests_are_counted_by_endpoint() {
    let (sandbox, _) = ines().await;
    sandbox.world().clear_request_counts();
    let fitbit = Fitbit::of(&sandbox, INES, SCOPES).await;
    fitbit.get(INTRADAY).await;
    fitbit.get("nonsense").await;
    let counts = sandbox.world().request_counts();
    let names: Vec<&str> = counts.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["web-api authorize", "web-api heart intraday", "web-api token", "web-api unknown path"]
    );
}
