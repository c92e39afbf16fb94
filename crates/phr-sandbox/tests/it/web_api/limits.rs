//! 150 requests an hour and person.

use rstest::rstest;

use super::support::{Fitbit, SCOPES, ines, ines_in};
use crate::support::{Answer, JONAS};
use phr_sandbox::{RetryAfter, WebApiMood};

fn told(answer: &Answer, name: &str) -> i64 {
    answer.headers[format!("fitbit-rate-limit-{name}")].to_str().unwrap().parse().unwrap()
}

fn of(quota_per_hour: u32) -> WebApiMood {
    WebApiMood { quota_per_hour, ..WebApiMood::default() }
}

#[tokio::test]
async fn every_answer_tells_what_is_left_until_the_full_hour() {
    let (sandbox, fitbit) = ines().await;
    sandbox.world().clock().set("2026-11-22T12:40:16Z".parse().unwrap());
    let first = fitbit.get("profile").await;
    assert_eq!(["limit", "remaining", "reset"].map(|name| told(&first, name)), [150, 149, 1_184]);
    let refused = fitbit.get("devices").await;
    assert_eq!((refused.status, told(&refused, "remaining")), (403, 148));
}

#[tokio::test]
async fn the_quota_is_each_persons_own_and_returns_at_the_full_hour() {
    let (sandbox, ines) = ines_in(of(2)).await;
    let jonas = Fitbit::of(&sandbox, JONAS, SCOPES).await;
    for status in [200, 200, 429, 429] {
        assert_eq!(ines.get("profile").await.status, status);
    }
    assert_eq!(jonas.get("profile").await.status, 200);
    sandbox.world().clock().set("2026-11-22T13:00:00Z".parse().unwrap());
    assert_eq!(ines.get("profile").await.status, 200);
}

#[tokio::test]
async fn tokens_do_not_count() {
    let (_sandbox, fitbit) = ines_in(of(1)).await;
    assert_eq!(fitbit.get("profile").await.status, 200);
    assert_eq!(fitbit.refreshed(&fitbit.refresh).await.status, 200);
}

#[rstest]
#[case(RetryAfter::Absent, None)]
#[case(RetryAfter::Right, Some("3600"))]
#[case(RetryAfter::Wrong, Some("1"))]
#[tokio::test]
async fn too_many_requests_say_when_to_come_back(
    #[case] retry_after: RetryAfter,
    #[case] expected: Option<&str>,
) {
    let (_sandbox, fitbit) = ines_in(WebApiMood { retry_after, ..of(1) }).await;
    fitbit.get("profile").await;
    let refused = fitbit.get("profile").await;
    assert_eq!((refused.status, told(&refused, "reset")), (429, 3_600));
    let said = refused.headers.get("retry-after").map(|value| value.to_str().unwrap());
    assert_eq!(said, expected);
    let text =
        r#"{"errors":[{"errorType":"system","fieldName":"n/a","message":"Too Many Requests"}]}"#;
    assert_eq!(refused.text, text);
}

#[tokio::test]
async fn what_is_left_may_lag_behind() {
    let (_sandbox, fitbit) = ines_in(WebApiMood { remaining_lag: 2, ..of(3) }).await;
    let mut left = Vec::new();
    for _ in 0..4 {
        left.push(told(&fitbit.get("profile").await, "remaining"));
    }
    assert_eq!(left, [3, 3, 2, 2]);
}

#[tokio::test]
async fn without_a_limit_nothing_is_told() {
    let (_sandbox, fitbit) = ines_in(of(0)).await;
    let answer = fitbit.get("profile").await;
    assert!(!answer.headers.contains_key("fitbit-rate-limit-limit"));
}
