//! `rollUp` and `dailyRollUp`.

use rstest::rstest;
use serde_json::Value;

use crate::support::{Client, INES, daily_body};
use phr_sandbox::{DataType, Source};

fn windows(answer: &Value) -> Vec<Value> {
    answer["rollupDataPoints"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn windows_come_newest_first_and_the_last_one_is_cut_at_the_end() {
    let client = Client::ines().await;
    let (from, to) = ("2026-11-18T10:00:00Z", "2026-11-18T12:30:00Z");
    let answer = client.roll_up("total-calories", from, to, "3600s").await.json();
    let ends: Vec<&str> = answer["rollupDataPoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|window| window["endTime"].as_str().unwrap())
        .collect();
    assert_eq!(ends, ["2026-11-18T12:30:00Z", "2026-11-18T12:00:00Z", "2026-11-18T11:00:00Z"]);
    assert_eq!(answer.get("nextPageToken"), None);
}

#[tokio::test]
async fn windows_without_data_are_missing() {
    let client = Client::ines().await;
    let (from, to) = ("2026-11-17T23:00:00Z", "2026-11-18T23:00:00Z");
    let answer = client.roll_up("steps", from, to, "3600s").await.json();
    let count = windows(&answer).len();
    assert!((10..24).contains(&count), "{count}");
}

#[tokio::test]
async fn an_hour_of_heart_rate_is_its_mean_maximum_and_minimum() {
    let client = Client::ines().await;
    let (from, to) = ("2026-11-18T10:00:00Z", "2026-11-18T11:00:00Z");
    let answer = client.roll_up("heart-rate", from, to, "3600s").await.json();
    let (start, end) = (from.parse().unwrap(), to.parse().unwrap());
    let truth = client.world().points(INES, DataType::HeartRate, start, end).unwrap();
    let values: Vec<f64> = truth.iter().map(|point| point.value).collect();
    let value = &answer["rollupDataPoints"][0]["heartRate"];
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert_eq!(value["beatsPerMinuteAvg"].as_f64(), Some(mean));
    assert_eq!(value["beatsPerMinuteMax"].as_f64(), values.iter().copied().reduce(f64::max));
    assert_eq!(value["beatsPerMinuteMin"].as_f64(), values.iter().copied().reduce(f64::min));
}

#[tokio::test]
async fn roll_ups_count_overlapping_sources_once() {
    let client = Client::ines().await;
    let answer = client.daily_roll_up("steps", "2026-11-18", "2026-11-19").await.json();
    let sum = answer["rollupDataPoints"][0]["steps"]["countSum"].as_str().unwrap().to_owned();
    let (from, to) =
        ("2026-11-17T23:00:00Z".parse().unwrap(), "2026-11-18T23:00:00Z".parse().unwrap());
    let merged = client.world().reconciled_points(INES, DataType::Steps, from, to).unwrap();
    let all = client.world().points(INES, DataType::Steps, from, to).unwrap();
    let total = |points: &[phr_sandbox::Reading]| points.iter().map(|it| it.value).sum::<f64>();
    assert_eq!(sum, total(&merged).to_string());
    assert!(total(&all) > total(&merged));
}

#[tokio::test]
async fn the_end_of_a_daily_range_is_excluded_and_days_without_data_are_missing() {
    let client = Client::ines().await;
    let answer = client.daily_roll_up("weight", "2026-11-08", "2026-11-22").await.json();
    let days = windows(&answer);
    assert!((5..14).contains(&days.len()), "{}", days.len());
    assert!(days.iter().all(|day| day["civilStartTime"]["date"]["day"] != 22));
    let dates: Vec<i64> =
        days.iter().map(|day| day["civilStartTime"]["date"]["day"].as_i64().unwrap()).collect();
    assert!(dates.is_sorted_by(|a, b| a > b), "{dates:?}");
}

#[tokio::test]
async fn a_daily_range_may_start_and_end_within_a_day() {
    let client = Client::ines().await;
    let body = r#"{"range":{"start":{"date":{"year":2026,"month":11,"day":18},"time":{"hours":8}},
                   "end":{"date":{"year":2026,"month":11,"day":18},"time":{"hours":20}}}}"#;
    let part = client.post("dailyRollUp", "steps", body).await;
    assert!(part.text.contains("\"hours\": 20"), "{}", part.text);
    let whole = client.daily_roll_up("steps", "2026-11-18", "2026-11-19").await.json();
    let sum = |answer: &Value| {
        let text = answer["rollupDataPoints"][0]["steps"]["countSum"].as_str();
        text.unwrap().parse::<i64>().unwrap()
    };
    assert!(sum(&part.json()) < sum(&whole));
}

#[tokio::test]
async fn a_sum_of_zero_has_no_member() {
    let client = Client::ines().await;
    let date = "2026-11-18".parse().unwrap();
    client.world().override_daily(INES, DataType::Steps, date, 0.0).unwrap();
    let answer = client.daily_roll_up("steps", "2026-11-18", "2026-11-19").await.json();
    assert_eq!(answer["rollupDataPoints"][0]["steps"], serde_json::json!({}));
}

#[rstest]
#[case::two_weeks("heart-rate", "2026-11-08", 200)]
#[case::a_day_more("heart-rate", "2026-11-07", 400)]
#[case::a_quarter("steps", "2026-08-24", 200)]
#[case::a_day_more_than_a_quarter("steps", "2026-08-23", 400)]
#[tokio::test]
async fn ranges_have_a_longest_duration(
    #[case] data_type: &str,
    #[case] from: &str,
    #[case] status: u16,
) {
    let client = Client::ines().await;
    let answer = client.daily_roll_up(data_type, from, "2026-11-22").await;
    assert_eq!(answer.status, status);
    if status == 400 {
        assert_eq!(answer.reason(), "INVALID_ROLLUP_QUERY_DURATION");
        let days = &answer.json()["error"]["details"][0]["metadata"]["maxDurationDays"];
        assert_eq!(days, if data_type == "steps" { "90" } else { "14" });
    }
}

#[rstest]
#[case::unset("", 400)]
#[case::at_the_ceiling(",\"pageSize\":308", 200)]
#[case::above_the_ceiling(",\"pageSize\":309", 400)]
#[case::null(",\"pageSize\":null", 400)]
#[tokio::test]
async fn a_page_size_has_a_ceiling_even_unset(#[case] page_size: &str, #[case] status: u16) {
    let client = Client::ines().await;
    let body = format!(
        "{{\"range\":{{\"startTime\":\"2026-08-24T00:00:00Z\",\"endTime\":\"2026-11-22T00:00:00Z\"}},\
         \"windowSize\":\"25200s\"{page_size}}}"
    );
    assert_eq!(client.post("rollUp", "steps", &body).await.status, status);
}

#[tokio::test]
async fn a_daily_page_size_has_a_floor_and_a_ceiling() {
    let client = Client::ines().await;
    let body = |size: u32| {
        let body = daily_body("2026-11-08", "2026-11-22");
        format!("{},\"pageSize\":{size}}}", body.strip_suffix('}').unwrap())
    };
    let small = client.post("dailyRollUp", "heart-rate", &body(5)).await;
    assert_eq!(small.reason(), "INVALID_DATA_POINT_NAME");
    insta::assert_snapshot!(small.json()["error"]["message"].as_str().unwrap(),
        @"page_size (5) is too small. Must be at least 14 to cover the requested range with a window_size_days of 1.");
    assert_eq!(client.post("dailyRollUp", "heart-rate", &body(14)).await.status, 200);
    let large = client.post("dailyRollUp", "heart-rate", &body(15)).await;
    assert_eq!(large.reason(), "INVALID_ROLLUP_QUERY_DURATION");
}

#[rstest]
#[case::no_range("dailyRollUp", "{}", "INVALID_TIME_RANGE_INTERVAL_FORMAT")]
#[case::backwards(
    "rollUp",
    r#"{"range":{"startTime":"2026-11-20T00:00:00Z","endTime":"2026-11-20T00:00:00Z"},"windowSize":"60s"}"#,
    "INVALID_TIME_RANGE"
)]
#[case::no_window(
    "rollUp",
    r#"{"range":{"startTime":"2026-11-20T00:00:00Z","endTime":"2026-11-21T00:00:00Z"}}"#,
    "INVALID_ROLLUP_WINDOW"
)]
#[case::too_small_a_window(
    "rollUp",
    r#"{"range":{"startTime":"2026-11-20T00:00:00Z","endTime":"2026-11-21T00:00:00Z"},"windowSize":"0.5s"}"#,
    "INVALID_ROLLUP_WINDOW"
)]
#[case::impossible_date(
    "dailyRollUp",
    r#"{"range":{"start":{"date":{"year":2026,"month":2,"day":30}},"end":{"date":{"year":2026,"month":3,"day":1}}}}"#,
    "INVALID_CIVIL_DATE_TIME"
)]
#[case::bare_family(
    "rollUp",
    r#"{"range":{"startTime":"2026-11-20T00:00:00Z","endTime":"2026-11-21T00:00:00Z"},"windowSize":"60s","dataSourceFamily":"google-wearables"}"#,
    "INVALID_DATA_POINT_DATA_SOURCE_FAMILY"
)]
#[case::foreign_token(
    "rollUp",
    r#"{"range":{"startTime":"2026-11-20T00:00:00Z","endTime":"2026-11-21T00:00:00Z"},"windowSize":"60s","pageToken":"x"}"#,
    "INVALID_PAGE_TOKEN"
)]
#[tokio::test]
async fn a_wrong_body_is_refused_for_its_own_reason(
    #[case] method: &str,
    #[case] body: &str,
    #[case] reason: &str,
) {
    let client = Client::ines().await;
    let answer = client.post(method, "steps", body).await;
    assert_eq!((answer.status, answer.reason().as_str()), (400, reason));
}

#[rstest]
#[case::flat_date(r#"{"range":{"start":{"year":2026,"month":11,"day":18}}}"#, "Cannot find field")]
#[case::leading_zero(r#"{"range":{"start":{"date":{"month":08}}}}"#, "Invalid JSON payload")]
#[case::unknown(r#"{"windowSize":"60s"}"#, "Unknown name \"windowSize\"")]
#[case::wrong_type(r#"{"range":7}"#, "Invalid value at 'range'")]
#[tokio::test]
async fn a_body_that_is_not_the_request_is_refused_by_name(
    #[case] body: &str,
    #[case] message: &str,
) {
    let client = Client::ines().await;
    let answer = client.post("dailyRollUp", "steps", body).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains(&message.replace('"', "\\\"")), "{}", answer.text);
}

#[tokio::test]
async fn late_data_changes_the_days_figure_when_it_arrives() {
    let client = Client::ines().await;
    let world = client.world();
    let date = "2026-11-18".parse().unwrap();
    let total = || world.daily_total(INES, DataType::Steps, date).unwrap();
    let whole = total();
    let (from, to) =
        ("2026-11-18T11:00:00Z".parse().unwrap(), "2026-11-18T18:00:00Z".parse().unwrap());
    let until = "2026-11-24T00:00:00Z".parse().unwrap();
    world.hold_back(INES, &[DataType::Steps], from, to, until).unwrap();
    assert!(total() < whole);
    world.clock().set(until);
    assert_eq!(total(), whole);
}

#[tokio::test]
async fn changed_deleted_and_added_samples_change_the_figure() {
    let client = Client::ines().await;
    let world = client.world();
    let date = "2026-11-18".parse().unwrap();
    let total = || world.daily_total(INES, DataType::Steps, date).unwrap().unwrap();
    let (from, to) =
        ("2026-11-18T08:00:00Z".parse().unwrap(), "2026-11-18T20:00:00Z".parse().unwrap());
    let points = world.reconciled_points(INES, DataType::Steps, from, to).unwrap();
    let before = total();
    let first = points.iter().find(|point| point.value > 0.0).unwrap();
    world.change_sample(INES, DataType::Steps, first.start, first.value + 1000.0).unwrap();
    assert_eq!(total(), before + 1000.0);
    let night = "2026-11-18T02:00:00Z".parse().unwrap();
    world.add_sample(INES, DataType::Steps, night, 7.0, Source::Watch).unwrap();
    assert_eq!(total(), before + 1007.0);
    assert!(world.delete_samples(INES, DataType::Steps, from, to).unwrap() > 0);
    assert!(total() < before);
}
