//! What the Health API refuses, and how.

use rstest::rstest;

use crate::support::{Client, INES, SCOPES, answer, options};
use phr_sandbox::Options;

const PREFIX: &str = "https://www.googleapis.com/auth/googlehealth.";

#[tokio::test]
async fn an_unknown_path_is_an_html_page() {
    let client = Client::ines().await;
    for path in ["devices", "dataTypes/steps", "dataTypes/steps/dataPoints:sum"] {
        let page = client.get(path, &[]).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    }
    let page = client.post("reconcile", "steps", "{}").await;
    assert!(page.text.starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn credentials_are_missing_wrong_or_of_the_wrong_kind() {
    let client = Client::ines().await;
    let url = format!("{}/v4/users/me/identity", client.sandbox.base_url());
    let none = answer(client.http.get(&url).send().await.unwrap()).await;
    assert_eq!((none.status, none.reason().as_str()), (401, "CREDENTIALS_MISSING"));
    assert_eq!(none.headers["www-authenticate"], "Bearer realm=\"https://accounts.google.com/\"");
    let wrong = answer(client.http.get(&url).bearer_auth("x").send().await.unwrap()).await;
    assert_eq!((wrong.status, wrong.reason().as_str()), (401, ""));
    assert_eq!(
        wrong.headers["www-authenticate"],
        "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\""
    );
    let key = answer(client.http.get(format!("{url}?key=abc")).send().await.unwrap()).await;
    assert!(key.text.contains("API keys are not supported"));
}

#[tokio::test]
async fn an_access_token_dies_after_an_hour() {
    let client = Client::ines().await;
    client.world().advance(jiff::SignedDuration::from_secs(3598));
    assert_eq!(client.get("identity", &[]).await.status, 200);
    client.world().advance(jiff::SignedDuration::from_secs(1));
    assert_eq!(client.get("identity", &[]).await.status, 401);
}

#[rstest]
#[case::none_of_the_methods("settings.readonly", "steps", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")]
#[case::another_types("health_metrics_and_measurements.readonly", "steps", "MISSING_OAUTH_SCOPE")]
#[case::activity_is_not_heart("activity_and_fitness.readonly", "heart-rate", "MISSING_OAUTH_SCOPE")]
#[tokio::test]
async fn a_missing_scope_has_two_reasons(
    #[case] scope: &str,
    #[case] data_type: &str,
    #[case] reason: &str,
) {
    let client = Client::connect(options(), INES, &format!("{PREFIX}{scope}")).await;
    let refused = client.list(data_type, &[]).await;
    assert_eq!((refused.status, refused.reason().as_str()), (403, reason));
}

#[tokio::test]
async fn each_user_resource_wants_its_scope() {
    let scope = format!("{PREFIX}settings.readonly");
    let client = Client::connect(options(), INES, &scope).await;
    for (path, status) in
        [("identity", 200), ("settings", 200), ("pairedDevices", 200), ("profile", 403)]
    {
        assert_eq!(client.get(path, &[]).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn writing_alone_reads_nothing_of_others() {
    let scope = format!("{PREFIX}activity_and_fitness.writeonly");
    let client = Client::connect(options(), INES, &scope).await;
    assert_eq!(client.list("steps", &[]).await.text, "{}\n");
}

#[tokio::test]
async fn scopes_of_other_products_spoil_the_token() {
    let scopes = format!("{SCOPES} https://www.googleapis.com/auth/calendar");
    let client = Client::connect(options(), INES, &scopes).await;
    let refused = client.list("steps", &[]).await;
    assert_eq!((refused.status, refused.reason().as_str()), (403, "DISALLOWED_OAUTH_SCOPES"));
}

#[tokio::test]
async fn a_scope_taken_away_is_missing_at_once() {
    let client = Client::ines().await;
    let scope = format!("{PREFIX}activity_and_fitness.readonly");
    client.world().withdraw_scope(INES, &scope).unwrap();
    assert_eq!(client.list("steps", &[]).await.reason(), "MISSING_OAUTH_SCOPE");
    assert_eq!(client.list("heart-rate", &[("pageSize", "1")]).await.status, 200);
}

#[tokio::test]
async fn the_numeric_user_is_refused_as_parent_without_a_reason() {
    let client = Client::ines().await;
    let id = client.get("identity", &[]).await.json()["healthUserId"].as_str().unwrap().to_owned();
    let base = client.sandbox.base_url();
    let get = async |path: String| {
        let request = client.http.get(format!("{base}/v4/users/{path}"));
        answer(request.bearer_auth(&client.token).send().await.unwrap()).await
    };
    let refused = get(format!("{id}/dataTypes/steps/dataPoints")).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"]["message"], "Request contains an invalid argument.");
    assert_eq!(refused.json()["error"].get("details"), None);
    assert_eq!(get(format!("{id}/pairedDevices")).await.status, 200);
    assert_eq!(get("-/identity".to_owned()).await.status, 200);
    assert_eq!(get("-/settings".to_owned()).await.status, 400);
}

#[tokio::test]
async fn numeric_users_can_be_switched_on() {
    let options = Options { refuse_numeric_user: false, ..options() };
    let client = Client::connect(options, INES, SCOPES).await;
    let id = client.get("identity", &[]).await.json()["healthUserId"].as_str().unwrap().to_owned();
    let url = format!("{}/v4/users/{id}/dataTypes/steps/dataPoints", client.sandbox.base_url());
    let request = client.http.get(url).bearer_auth(&client.token);
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[rstest]
#[case("list", "total-calories", "rollup, dailyRollup")]
#[case("reconcile", "total-calories", "rollup, dailyRollup")]
#[case("rollUp", "oxygen-saturation", "list, reconcile")]
#[case("dailyRollUp", "daily-resting-heart-rate", "list, reconcile")]
#[case("get", "steps", "list, reconcile, rollup, dailyRollup")]
#[tokio::test]
async fn methods_that_a_type_does_not_have_are_refused_with_those_it_has(
    #[case] method: &str,
    #[case] data_type: &str,
    #[case] actions: &str,
) {
    let client = Client::ines().await;
    let refused = match method {
        "list" => client.list(data_type, &[]).await,
        "reconcile" => client.reconcile(data_type, &[]).await,
        "get" => client.get(&format!("dataTypes/{data_type}/dataPoints/1"), &[]).await,
        _ => client.post(method, data_type, "{}").await,
    };
    assert_eq!(refused.reason(), "UNSUPPORTED_DATA_TYPE_ACTION");
    let detail = &refused.json()["error"]["details"][0];
    assert_eq!(detail["metadata"]["allowed_actions"], actions);
}

#[tokio::test]
async fn an_unsupported_list_is_worded_as_google_words_it() {
    let client = Client::ines().await;
    let refused = client.list("total-calories", &[]).await;
    insta::assert_snapshot!(refused.text, @r#"
    {
      "error": {
        "code": 400,
        "details": [
          {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "domain": "health.googleapis.com",
            "metadata": {
              "allowed_actions": "rollup, dailyRollup"
            },
            "reason": "UNSUPPORTED_DATA_TYPE_ACTION"
          }
        ],
        "message": "List is not supported for data type total-calories, but the following actions are supported: rollup, dailyRollup",
        "status": "INVALID_ARGUMENT"
      }
    }
    "#);
}

#[tokio::test]
async fn unknown_types_and_parameters_are_refused() {
    let client = Client::ines().await;
    let refused = client.list("heartRate", &[]).await;
    assert_eq!(refused.reason(), "INVALID_PARENT_DATA_TYPE_COLLECTION");
    let refused = client.list("heart-rate", &[("startTime", "2026-11-20T00:00:00Z")]).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text.contains("Unknown name \\\"startTime\\\""));
    let refused = client.list("heart-rate", &[("dataSourceFamily", "google-wearables")]).await;
    assert_eq!(refused.reason(), "INVALID_DATA_POINT_DATA_SOURCE_FAMILY");
    let refused = client.list("heart-rate", &[("filter", "heart_rate >")]).await;
    assert_eq!(refused.reason(), "INVALID_DATA_POINT_FILTER_DATA_TYPE_MEMBER");
}

#[tokio::test]
async fn an_account_may_be_unlinked_or_without_profile() {
    let client = Client::ines().await;
    client.world().set_unlinked(INES, true).unwrap();
    let refused = client.list("steps", &[]).await;
    assert_eq!((refused.status, refused.reason().as_str()), (400, "ACCOUNT_NOT_LINKED"));
    assert_eq!(refused.json()["error"]["status"], "FAILED_PRECONDITION");
    client.world().set_unlinked(INES, false).unwrap();
    client.world().set_no_profile(INES, true).unwrap();
    let refused = client.list("steps", &[]).await;
    assert_eq!(refused.status, 412);
    assert_eq!(refused.json()["error"]["message"], "Precondition check failed.");
}

#[tokio::test]
async fn the_quota_runs_out_and_comes_back_with_the_next_minute() {
    let options = Options { quota_per_minute: 3, ..options() };
    let client = Client::connect(options, INES, SCOPES).await;
    for _ in 0..3 {
        assert_eq!(client.get("identity", &[]).await.status, 200);
    }
    let refused = client.get("identity", &[]).await;
    assert_eq!((refused.status, refused.reason().as_str()), (429, "RATE_LIMIT_EXCEEDED"));
    assert!(!refused.headers.contains_key("retry-after"));
    client.world().advance(jiff::SignedDuration::from_mins(1));
    assert_eq!(client.get("identity", &[]).await.status, 200);
}
