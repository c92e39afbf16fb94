//! Within a day: slots, samples, hours that are missing or occur twice.

use rstest::rstest;

use super::support::{Fitbit, SCOPES, error, ines};
use crate::support::{INES, JONAS, options};
use phr_sandbox::{Options, People, RepeatedHour, Sandbox, WebApiMood};

const DAY: &str = "2026-11-20";

#[tokio::test]
async fn a_day_of_steps_is_a_full_grid_that_adds_up() {
    let (_sandbox, fitbit) = ines().await;
    let series = fitbit.json(&format!("activities/steps/date/{DAY}/1d")).await;
    let total: f64 = series["activities-steps"][0]["value"].as_str().unwrap().parse().unwrap();
    for (level, count) in [("1min", 1_440), ("5min", 288), ("15min", 96)] {
        let path = format!("activities/steps/date/{DAY}/1d/{level}");
        let slots = fitbit.dataset(&path, "steps").await;
        assert_eq!((slots.len(), slots[0].0.as_str()), (count, "00:00:00"));
        assert_eq!(slots.iter().map(|(_, value)| value).sum::<f64>(), total);
    }
}

#[tokio::test]
async fn today_ends_now() {
    let (_sandbox, fitbit) = ines().await;
    let slots = fitbit.dataset("activities/steps/date/today/1d/1min", "steps").await;
    assert_eq!(slots.last().unwrap().0, "13:00:00");
}

#[tokio::test]
async fn calories_of_a_slot_have_a_level_and_metabolic_equivalents() {
    let (_sandbox, fitbit) = ines().await;
    let body = fitbit.json(&format!("activities/calories/date/{DAY}/1d/15min")).await;
    let slot = &body["activities-calories-intraday"]["dataset"][0];
    assert!(slot["level"].is_u64() && slot["mets"].is_i64() && slot["value"].is_f64(), "{slot}");
    assert_eq!(body["activities-calories-intraday"]["datasetInterval"], 15);
    assert_eq!(body["activities-calories-intraday"]["datasetType"], "minute");
}

#[tokio::test]
async fn samples_of_heart_rate_have_gaps_and_minutes_are_their_means() {
    let (_sandbox, fitbit) = ines().await;
    let path = |level: &str| format!("activities/heart/date/{DAY}/1d/{level}");
    let samples = fitbit.dataset(&path("1sec"), "heart").await;
    assert!((20_000..43_200).contains(&samples.len()), "{}", samples.len());
    let minutes = fitbit.dataset(&path("1min"), "heart").await;
    let (first, mean) = &minutes[700];
    let of_minute: Vec<f64> = samples
        .iter()
        .filter(|(time, _)| time[..5] == first[..5])
        .map(|(_, value)| *value)
        .collect();
    let exact = of_minute.iter().sum::<f64>() / of_minute.len() as f64;
    assert!((exact - mean).abs() <= 0.5, "{exact} {mean}");
}

#[tokio::test]
async fn times_of_day_cut_the_data_set_and_change_the_head() {
    let (_sandbox, fitbit) = ines().await;
    let path = format!("activities/heart/date/{DAY}/1d/1sec/time/08:00/08:01");
    let body = fitbit.json(&path).await;
    let head = &body["activities-heart"][0];
    assert!(head["value"].is_string() && head["heartRateZones"].is_array(), "{head}");
    let samples = fitbit.dataset(&path, "heart").await;
    assert!(samples.iter().all(|(time, _)| time.starts_with("08:00") || time.starts_with("08:01")));
    let whole = fitbit.json(&format!("activities/heart/date/{DAY}/1d/1sec")).await;
    assert!(whole["activities-heart"][0]["value"]["heartRateZones"].is_array());
}

#[tokio::test]
async fn no_detail_level_no_intraday_data() {
    let (_sandbox, fitbit) = ines().await;
    let path = format!("activities/heart/date/{DAY}/1d/time/08:00/09:00");
    let body = fitbit.json(&path).await;
    assert!(body.get("activities-heart-intraday").is_none());
}

#[rstest]
#[case::level("activities/steps/date/2026-11-20/1d/1sec")]
#[case::unknown_level("activities/heart/date/2026-11-20/1d/2min")]
#[case::two_days("activities/heart/date/2026-11-19/2026-11-20/1min")]
#[case::three_days("activities/heart/date/2026-11-18/2026-11-20/1min/time/10:00/09:00")]
#[case::backwards("activities/heart/date/2026-11-20/1d/1min/time/10:00/09:00")]
#[case::no_time("activities/heart/date/2026-11-20/1d/1min/time/1000/1100")]
#[tokio::test]
async fn a_request_covers_at_most_a_day_at_a_known_level(#[case] path: &str) {
    let (_sandbox, fitbit) = ines().await;
    assert_eq!(error(&fitbit.get(path).await), (400, "validation".to_owned()));
}

#[tokio::test]
async fn a_window_over_midnight_has_two_heads_and_one_data_set() {
    let (_sandbox, fitbit) = ines().await;
    let path = "activities/heart/date/2026-11-19/2026-11-20/1min/time/22:00/21:59";
    let body = fitbit.json(path).await;
    assert_eq!(body["activities-heart"].as_array().unwrap().len(), 2);
    let samples = fitbit.dataset(path, "heart").await;
    assert_eq!(&samples[0].0[..2], "22");
    assert_eq!(&samples.last().unwrap().0[..2], "21");
}

/// Jonas was in Berlin when the clocks went back on 25 October.
async fn jonas(hour: RepeatedHour) -> (Sandbox, Fitbit) {
    let sandbox = Sandbox::start(options()).await.unwrap();
    let mood = WebApiMood { repeated_hour: hour, ..WebApiMood::default() };
    sandbox.world().set_web_api_mood(mood);
    let fitbit = Fitbit::of(&sandbox, JONAS, SCOPES).await;
    (sandbox, fitbit)
}

#[tokio::test]
async fn an_hour_that_occurs_twice_is_told_twice_or_merged() {
    let path = "activities/calories/date/2026-10-25/1d/1min";
    let (_sandbox, fitbit) = jonas(RepeatedHour::Repeated).await;
    let twice = fitbit.dataset(path, "calories").await;
    assert_eq!(twice.len(), 1_500);
    assert_eq!((twice[179].0.as_str(), twice[180].0.as_str()), ("02:59:00", "02:00:00"));
    let (_sandbox, fitbit) = jonas(RepeatedHour::Merged).await;
    let merged = fitbit.dataset(path, "calories").await;
    assert_eq!(merged.len(), 1_440);
    let sum = |slots: &[(String, f64)]| slots.iter().map(|(_, value)| value).sum::<f64>();
    assert!((sum(&twice) - sum(&merged)).abs() < 1e-6);
}

#[rstest]
#[case(RepeatedHour::Repeated, 1_380, None)]
#[case(RepeatedHour::Merged, 1_440, Some(0.0))]
#[tokio::test]
async fn an_hour_that_never_was_misses_or_is_zero(
    #[case] hour: RepeatedHour,
    #[case] count: usize,
    #[case] at_half_past_two: Option<f64>,
) {
    let now = Some("2026-04-10T12:00:00Z".parse().unwrap());
    let people = People::Synthetic { count: 1, days_of_history: 20 };
    let sandbox = Sandbox::start(Options { now, people, ..options() }).await.unwrap();
    let mood = WebApiMood { repeated_hour: hour, ..WebApiMood::default() };
    sandbox.world().set_web_api_mood(mood);
    let fitbit = Fitbit::of(&sandbox, INES, SCOPES).await;
    // Madrid is where Inés was on 29 March 2026; her journey ended before.
    let slots = fitbit.dataset("activities/calories/date/2026-03-29/1d/1min", "calories").await;
    assert_eq!(slots.len(), count);
    let found = slots.iter().find(|(time, _)| time == "02:30:00");
    assert_eq!(found.map(|(_, value)| *value), at_half_past_two);
}
