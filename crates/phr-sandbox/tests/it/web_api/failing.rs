//! Misbehaviour as a client meets it.

use rstest::rstest;

use super::support::{Fitbit, ines};
use crate::support::{Answer, answer};
use phr_sandbox::{DataType, Fault, FaultKind, Sandbox};

const STEPS: &str = "activities/steps/date/2026-11-20/1d";

async fn first_answer(fault: &str) -> (Sandbox, Fitbit, Answer) {
    let (sandbox, fitbit) = ines().await;
    sandbox.world().inject(fault.parse().unwrap());
    let answer = fitbit.get(STEPS).await;
    (sandbox, fitbit, answer)
}

#[rstest]
#[case::rate_limit("rate-limit", 429, "system")]
#[case::server_fault("status", 500, "request")]
#[case::expired("expired-token", 401, "expired_token")]
#[case::revoked("revoked", 401, "invalid_token")]
#[case::scope("missing-scope", 403, "insufficient_scope")]
#[case::gone("gone", 410, "system")]
#[tokio::test]
async fn a_fault_is_worded_as_this_api_words_it(
    #[case] fault: &str,
    #[case] status: u16,
    #[case] kind: &str,
) {
    let (_, _, answer) = first_answer(fault).await;
    assert_eq!(super::support::error(&answer), (status, kind.to_owned()));
}

#[tokio::test]
async fn refusals_of_tokens_quote_them() {
    let (_sandbox, fitbit, answer) = first_answer("expired-token,times=1").await;
    assert!(answer.text.contains(&format!("Access token expired: {}", fitbit.token)));
    assert_eq!(fitbit.get(STEPS).await.status, 401, "the token is really dead");
    assert_eq!(fitbit.refreshed(&fitbit.refresh).await.status, 200);
}

#[tokio::test]
async fn a_revoked_grant_ends_the_refresh_token_too() {
    let (_sandbox, fitbit, _) = first_answer("revoked,times=1").await;
    assert_eq!(fitbit.get(STEPS).await.status, 401);
    assert_eq!(fitbit.refreshed(&fitbit.refresh).await.status, 400);
}

#[tokio::test]
async fn the_front_end_refuses_in_googles_words_with_the_quotas_headers() {
    let (_, _, answer) = first_answer("permission-denied").await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["status"]),
        (403, &"PERMISSION_DENIED".into())
    );
    assert!(answer.headers.contains_key("fitbit-rate-limit-remaining"));
    assert_eq!(answer.headers["server"], "ESF");
}

#[rstest]
#[case("html-error,status=504", 504, "<!DOCTYPE html>")]
#[case("garbage-body", 200, "{\"dataPoints\"")]
#[case("empty-body", 200, "")]
#[case("empty-object", 200, "{}")]
#[tokio::test]
async fn a_body_can_be_something_else(
    #[case] fault: &str,
    #[case] status: u16,
    #[case] beginning: &str,
) {
    let (_, _, answer) = first_answer(fault).await;
    assert_eq!(answer.status, status);
    assert!(answer.text.starts_with(beginning) && answer.text.is_empty() == beginning.is_empty());
}

#[tokio::test]
async fn a_cut_body_ends_before_its_announced_length() {
    let (sandbox, fitbit) = ines().await;
    sandbox.world().inject(Fault::new(FaultKind::CutBody).times(1));
    let url = format!("{}/1/user/-/{STEPS}.json", fitbit.base);
    let get = || fitbit.http.get(&url).bearer_auth(&fitbit.token).send();
    let read = async || get().await?.text().await;
    assert!(read().await.is_err());
    assert!(read().await.is_ok());
}

#[tokio::test]
async fn numbers_and_texts_can_change_places() {
    let (sandbox, fitbit, swapped) = first_answer("swapped-numbers").await;
    sandbox.world().clear_faults();
    let usual = fitbit.json(STEPS).await["activities-steps"][0]["value"].clone();
    let swapped = swapped.json()["activities-steps"][0]["value"].clone();
    assert!(usual.is_string() && swapped.is_number());
    assert_eq!(usual.as_str().unwrap(), swapped.to_string());
}

#[tokio::test]
async fn units_and_members_can_be_wrong() {
    let (sandbox, fitbit) = ines().await;
    let path = "activities/distance/date/2026-11-20/1d";
    let (usual, us) = (fitbit.json(path).await, fitbit.get_in(path, "en_US").await.json());
    sandbox.world().inject(Fault::new(FaultKind::WrongUnits).times(1));
    assert_eq!(fitbit.json(path).await, us);
    sandbox.world().inject(Fault::new(FaultKind::UnknownFields).times(1));
    let strange = fitbit.json(path).await;
    assert!(strange.get("sandboxTrace").is_some() && strange != usual);
    assert_eq!(fitbit.json(path).await, usual);
}

#[tokio::test]
async fn faults_can_be_about_one_type() {
    let (sandbox, fitbit) = ines().await;
    sandbox.world().inject(Fault::new(FaultKind::Status).about(DataType::Weight));
    assert_eq!(fitbit.get(STEPS).await.status, 200);
    assert_eq!(fitbit.get("body/log/weight/date/today").await.status, 500);
}

#[rstest]
#[case("invalid-client", 401, "invalid_client")]
#[case("invalid-grant", 400, "invalid_grant")]
#[case("refresh-conflict", 409, "request")]
#[case("status,status=503,path=/oauth2/token", 503, "request")]
#[tokio::test]
async fn the_token_endpoint_has_faults_of_its_own(
    #[case] fault: &str,
    #[case] status: u16,
    #[case] kind: &str,
) {
    let (sandbox, fitbit) = ines().await;
    sandbox.world().inject(format!("{fault},times=1").parse().unwrap());
    let refused = fitbit.refreshed(&fitbit.refresh).await;
    assert_eq!(super::support::error(&refused), (status, kind.to_owned()));
    assert_eq!(fitbit.refreshed(&fitbit.refresh).await.status, 200, "nothing was spent");
}

#[tokio::test]
async fn requests_without_a_good_token_are_told_apart() {
    let (_sandbox, fitbit) = ines().await;
    let url = format!("{}/1/user/-/profile.json", fitbit.base);
    let ask = async |header: Option<&str>| {
        let request = fitbit.http.get(&url);
        let request = match header {
            Some(value) => request.header("Authorization", value),
            None => request,
        };
        super::support::error(&answer(request.send().await.unwrap()).await)
    };
    assert_eq!(ask(None).await, (401, "invalid_request".to_owned()));
    assert_eq!(ask(Some("Bearer made-up")).await, (401, "invalid_token".to_owned()));
    assert_eq!(ask(Some("Basic Zm9v")).await, (401, "invalid_client".to_owned()));
}
