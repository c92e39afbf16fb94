//! Misbehaviour as a client meets it.

use rstest::rstest;

use crate::support::{Client, INES, JONAS, token};
use phr_sandbox::{DataType, Fault, FaultKind};

async fn first_answer(fault: &str) -> (Client, crate::support::Answer) {
    let client = Client::ines().await;
    client.world().inject(fault.parse().unwrap());
    let answer = client.list("steps", &[]).await;
    (client, answer)
}

#[rstest]
#[case::rate_limit("rate-limit", 429, "RATE_LIMIT_EXCEEDED")]
#[case::status("status,status=503", 503, "")]
#[case::expired("expired-token", 401, "")]
#[case::revoked("revoked", 401, "")]
#[case::scope("missing-scope", 403, "MISSING_OAUTH_SCOPE")]
#[case::unlinked("unlinked", 400, "ACCOUNT_NOT_LINKED")]
#[case::no_profile("no-profile", 412, "")]
#[case::denied("permission-denied", 403, "RESOURCE_PERMISSION_DENIED")]
#[tokio::test]
async fn a_fault_answers_in_place_of_the_service(
    #[case] fault: &str,
    #[case] status: u16,
    #[case] reason: &str,
) {
    let (_, answer) = first_answer(fault).await;
    assert_eq!((answer.status, answer.reason().as_str()), (status, reason));
}

#[tokio::test]
async fn retry_after_is_sent_when_asked_for() {
    let (_, answer) = first_answer("rate-limit,retry-after=7").await;
    assert_eq!(answer.headers["retry-after"], "7");
    let (_, answer) = first_answer("rate-limit").await;
    assert!(!answer.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn an_html_error_is_not_json() {
    let (_, answer) = first_answer("html-error,status=502").await;
    assert_eq!(answer.status, 502);
    assert!(answer.text.starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn a_garbage_body_is_a_success_that_cannot_be_parsed() {
    let (_, answer) = first_answer("garbage-body").await;
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_str::<serde_json::Value>(&answer.text).is_err());
}

#[tokio::test]
async fn a_cut_body_ends_before_its_announced_length() {
    let client = Client::ines().await;
    client.world().inject(Fault::new(FaultKind::CutBody).times(1));
    let url = format!("{}/v4/users/me/dataTypes/steps/dataPoints", client.sandbox.base_url());
    let get = || client.http.get(&url).bearer_auth(&client.token).send();
    let response = get().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.content_length().unwrap() > 10_000);
    assert!(response.text().await.is_err());
    assert!(get().await.unwrap().text().await.is_ok());
}

#[tokio::test]
async fn short_and_empty_pages_lose_nothing() {
    let client = Client::ines().await;
    let filter =
        crate::support::within("heart_rate.sample_time.civil_time", "2026-11-18", "2026-11-19");
    let query = [("filter", filter.as_str()), ("pageSize", "4000")];
    let whole = client.walk("", "heart-rate", &query).await;
    client.world().clear_request_counts();
    client.world().inject("short-pages,every=2".parse().unwrap());
    client.world().inject("empty-pages,every=3".parse().unwrap());
    assert_eq!(client.walk("", "heart-rate", &query).await, whole);
    assert!(client.world().request_counts()["list heart-rate"] > 10);
}

#[tokio::test]
async fn a_walk_can_meet_an_expired_token_in_the_middle() {
    let client = Client::ines().await;
    client.world().inject(Fault::new(FaultKind::ExpiredToken).after(1).times(1));
    assert_eq!(client.list("steps", &[]).await.status, 200);
    assert_eq!(client.list("steps", &[]).await.status, 401);
    assert_eq!(client.list("steps", &[]).await.status, 401, "the token is really dead");
}

#[tokio::test]
async fn faults_can_be_about_one_type_or_one_person() {
    let client = Client::ines().await;
    client.world().inject(Fault::new(FaultKind::Status).about(DataType::Weight));
    client.world().inject(Fault::new(FaultKind::Status).of(JONAS));
    assert_eq!(client.list("steps", &[]).await.status, 200);
    assert_eq!(client.list("weight", &[]).await.status, 500);
    client.world().clear_faults();
    assert_eq!(client.list("weight", &[]).await.status, 200);
}

#[rstest]
#[case("invalid-client", 401, "invalid_client")]
#[case("invalid-grant", 400, "invalid_grant")]
#[tokio::test]
async fn the_token_endpoint_has_faults_of_its_own(
    #[case] fault: &str,
    #[case] status: u16,
    #[case] error: &str,
) {
    let client = Client::ines().await;
    client.world().inject(fault.parse().unwrap());
    let refused = token(&client.sandbox, &client.http, &[]).await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (status, Some(error)));
    assert_eq!(client.get("identity", &[]).await.status, 200);
}

#[tokio::test]
async fn the_token_endpoint_can_fail_like_any_other() {
    let client = Client::ines().await;
    client.world().inject("html-error,status=500,path=/token".parse().unwrap());
    let refused = token(&client.sandbox, &client.http, &[]).await;
    assert_eq!(refused.status, 500);
    assert!(refused.text.contains("<!DOCTYPE html>"));
}

#[tokio::test]
async fn a_revoked_grant_ends_the_refresh_token_too() {
    let (client, _) = first_answer("revoked,times=1").await;
    assert_eq!(client.get("identity", &[]).await.status, 401);
    assert!(client.world().revoke_grant(INES).is_ok());
}
