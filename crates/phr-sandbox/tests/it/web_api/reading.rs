//! Days: series, heart rate, saturation, weigh-ins, profile.

use rstest::rstest;
use serde_json::{Value, json};

use super::support::{Fitbit, SCOPES, error, ines};
use crate::support::{INES, JONAS};
use phr_sandbox::{DataType, Source};

const DAY: &str = "2026-11-20";

fn days(body: &Value, root: &str) -> Vec<(String, Value)> {
    let rows = body[root].as_array().unwrap();
    let row = |row: &Value| (row["dateTime"].as_str().unwrap().to_owned(), row["value"].clone());
    rows.iter().map(row).collect()
}

#[tokio::test]
async fn series_have_text_for_every_day_until_today() {
    let (_sandbox, fitbit) = ines().await;
    let body = fitbit.json("activities/steps/date/2026-11-20/2026-11-25").await;
    let days = days(&body, "activities-steps");
    let dates: Vec<&str> = days.iter().map(|(date, _)| date.as_str()).collect();
    assert_eq!(dates, ["2026-11-20", "2026-11-21", "2026-11-22"]);
    assert!(days[0].1.as_str().unwrap().parse::<u32>().unwrap() > 1_000);
}

#[tokio::test]
async fn days_without_data_are_zeros() {
    let (_sandbox, fitbit) = ines().await;
    let body = fitbit.json("activities/steps/date/2026-05-02/7d").await;
    let days = days(&body, "activities-steps");
    assert_eq!(days.len(), 7);
    assert!(days.iter().all(|(_, value)| value == "0"));
}

#[tokio::test]
async fn the_tracker_series_says_so_in_its_root() {
    let (_sandbox, fitbit) = ines().await;
    let body = fitbit.json("activities/tracker/distance/date/today/1w").await;
    assert_eq!(body["activities-tracker-distance"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn miles_and_pounds_come_only_when_asked_for() {
    let (_sandbox, fitbit) = ines().await;
    let path = format!("activities/distance/date/{DAY}/1d");
    let value = async |language: &str| -> f64 {
        let body = fitbit.get_in(&path, language).await.json();
        body["activities-distance"][0]["value"].as_str().unwrap().parse().unwrap()
    };
    let (metric, us) = (value("").await, value("en_US").await);
    assert!((metric / us - 1.609_344).abs() < 1e-4);
    assert_eq!([value("en_GB").await, value("en-US").await], [metric, metric]);
}

#[tokio::test]
async fn a_day_of_heart_rate_has_zones_and_a_resting_rate() {
    let (_sandbox, fitbit) = ines().await;
    let body = fitbit.json(&format!("activities/heart/date/{DAY}/1d")).await;
    let value = &body["activities-heart"][0]["value"];
    let zones = value["heartRateZones"].as_array().unwrap();
    assert_eq!(zones.len(), 4);
    let minutes: i64 = zones.iter().map(|zone| zone["minutes"].as_i64().unwrap()).sum();
    assert!((1_200..=1_440).contains(&minutes), "{minutes}");
    assert!((40..80).contains(&value["restingHeartRate"].as_i64().unwrap()));
}

#[tokio::test]
async fn a_single_changed_sample_moves_the_days_energy() {
    let (sandbox, fitbit) = ines().await;
    let path = format!("activities/heart/date/{DAY}/1d");
    let before = fitbit.json(&path).await;
    let from = "2026-11-20T10:00:00Z".parse().unwrap();
    let to = "2026-11-20T10:05:00Z".parse().unwrap();
    let point = sandbox.world().points(INES, DataType::HeartRate, from, to).unwrap()[0];
    let world = sandbox.world();
    world.change_sample(INES, DataType::HeartRate, point.start, point.value + 1.0).unwrap();
    assert_ne!(fitbit.json(&path).await, before);
}

#[tokio::test]
async fn a_day_without_heart_rate_has_zones_without_minutes() {
    let (_sandbox, fitbit) = ines().await;
    let body = fitbit.json("activities/heart/date/2026-05-02/1d").await;
    let value = &body["activities-heart"][0]["value"];
    assert_eq!(value["heartRateZones"][0], json!({ "name": "Out of Range", "min": 30, "max": 97 }));
    assert!(value.get("restingHeartRate").is_none());
}

#[tokio::test]
async fn saturation_is_an_object_for_a_day_and_a_bare_array_for_a_range() {
    let (_sandbox, fitbit) = ines().await;
    let day = fitbit.json(&format!("spo2/date/{DAY}")).await;
    assert_eq!(day["dateTime"], DAY);
    let [low, mean, high] = ["min", "avg", "max"].map(|name| day["value"][name].as_f64().unwrap());
    assert!(80.0 < low && low < mean && mean < high && high <= 100.0);
    let range = fitbit.json(&format!("spo2/date/{DAY}/{DAY}")).await;
    assert_eq!(range, json!([day]));
}

#[tokio::test]
async fn nothing_is_known_of_nights_before_the_account() {
    let (_sandbox, fitbit) = ines().await;
    assert_eq!(fitbit.json("spo2/date/2026-05-02").await, json!({}));
    assert_eq!(fitbit.json("spo2/date/2026-05-01/2026-05-02").await, json!([]));
    assert_eq!(fitbit.json("spo2/date/2026-05-02/all").await, json!({}));
}

#[tokio::test]
async fn minutes_of_saturation_belong_to_the_date_of_waking() {
    let (_sandbox, fitbit) = ines().await;
    let night = fitbit.json(&format!("spo2/date/{DAY}/all")).await;
    assert_eq!(night["dateTime"], DAY);
    let minutes = night["minutes"].as_array().unwrap();
    assert!(minutes.len() > 200);
    let of = |index: usize| minutes[index]["minute"].as_str().unwrap();
    assert!(of(0).starts_with("2026-11-19T2") || of(0).starts_with("2026-11-20T0"), "{}", of(0));
    assert!(of(minutes.len() - 1).starts_with(DAY));
}

#[tokio::test]
async fn a_weigh_in_without_time_stands_at_the_end_of_its_day() {
    let (sandbox, fitbit) = ines().await;
    let at = "2026-11-20T22:59:59Z".parse().unwrap();
    let world = sandbox.world();
    world.add_sample(INES, DataType::Weight, at, 74_321.0, Source::Manual).unwrap();
    let logs = fitbit.json(&format!("body/log/weight/date/{DAY}")).await;
    let log = logs["weight"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&log["date"], &log["time"]), (&DAY.into(), &"23:59:59".into()));
    assert_eq!((&log["weight"], &log["source"]), (&74.3.into(), &"API".into()));
    assert_eq!(log["logId"], 1_795_219_199_000_i64, "the wall clock, as if it were UTC");
}

#[rstest]
#[case("", 74.3)]
#[case("en_US", 163.8)]
#[case("en_GB", 11.7)]
#[tokio::test]
async fn weights_are_rounded_in_the_unit_asked_for(#[case] language: &str, #[case] weight: f64) {
    let (sandbox, fitbit) = ines().await;
    let at = "2026-11-22T11:00:00Z".parse().unwrap();
    let world = sandbox.world();
    world.add_sample(INES, DataType::Weight, at, 74_321.0, Source::Scale).unwrap();
    let logs = fitbit.get_in("body/log/weight/date/today", language).await.json();
    let log = logs["weight"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((log["weight"].as_f64(), &log["source"]), (Some(weight), &"Aria".into()));
}

#[tokio::test]
async fn the_body_series_has_a_weight_for_days_without_weigh_in() {
    let (_sandbox, fitbit) = ines().await;
    let series = fitbit.json("body/weight/date/today/30d").await;
    let logs = fitbit.json("body/log/weight/date/today/30d").await;
    let count = |body: &Value, root: &str| body[root].as_array().unwrap().len();
    assert_eq!(count(&series, "body-weight"), 30);
    assert!((1..30).contains(&count(&logs, "weight")));
    assert!(series["body-weight"][0]["value"].is_string());
}

#[rstest]
#[case::weight("body/log/weight/date/2026-10-01/2026-10-31", 200)]
#[case::weight_too_long("body/log/weight/date/2026-10-01/2026-11-01", 400)]
#[case::far_too_long("body/log/weight/date/2026-01-01/2026-11-01", 422)]
#[case::fat_too_long("body/log/fat/date/2026-10-01/2026-10-31", 400)]
#[case::minutes_too_long("spo2/date/2026-10-01/2026-10-31/all", 400)]
#[case::series("activities/steps/date/2024-01-01/2026-11-01", 200)]
#[case::series_too_long("activities/steps/date/2023-01-01/2026-11-01", 400)]
#[case::active_too_long("activities/activityCalories/date/2026-10-01/2026-10-31", 400)]
#[case::backwards("activities/steps/date/2026-11-02/2026-11-01", 400)]
#[case::no_date("activities/steps/date/2026-02-30/1d", 400)]
#[case::before_2009("activities/steps/date/2008-12-31/1d", 400)]
#[case::no_period("activities/steps/date/today/2d", 400)]
#[case::without_end("activities/steps/date/today/max", 500)]
#[case::unknown("activities/lightness/date/today/1d", 404)]
#[tokio::test]
async fn ranges_have_limits(#[case] path: &str, #[case] status: u16) {
    let (_sandbox, fitbit) = ines().await;
    let answer = fitbit.get(path).await;
    assert_eq!(answer.status, status, "{}", answer.text);
    if status == 400 || status == 422 {
        assert_eq!(error(&answer).1, "validation");
        assert!(answer.json().get("success").is_none());
    }
}

#[tokio::test]
async fn the_profile_tells_the_zone_of_now() {
    let (sandbox, fitbit) = ines().await;
    let user = fitbit.json("profile").await["user"].clone();
    assert_eq!(user["encodedId"], sandbox.world().people()[0].legacy_user_id.as_str());
    let zone = |user: &Value| (user["timezone"].clone(), user["offsetFromUTCMillis"].clone());
    assert_eq!(zone(&user), ("Europe/Madrid".into(), 3_600_000.into()));
    sandbox.world().clock().set("2026-10-30T12:00:00Z".parse().unwrap());
    let fitbit = Fitbit::of(&sandbox, INES, SCOPES).await;
    let abroad = fitbit.json("profile").await["user"].clone();
    assert_eq!(zone(&abroad), ("Asia/Tokyo".into(), 32_400_000.into()));
}

#[tokio::test]
async fn devices_are_a_bare_array_with_local_times() {
    let (sandbox, _) = ines().await;
    let fitbit = Fitbit::of(&sandbox, INES, "settings").await;
    let devices = fitbit.json("devices").await;
    assert_eq!(devices[0]["lastSyncTime"], "2026-11-22T13:00:00.000");
    assert_eq!(
        (&devices[0]["type"], &devices[0]["deviceVersion"]),
        (&"TRACKER".into(), &"Charge 6".into())
    );
}

#[tokio::test]
async fn the_summary_of_a_day_agrees_with_its_series() {
    let (_sandbox, fitbit) = ines().await;
    let day = fitbit.json(&format!("activities/date/{DAY}")).await;
    for (series, member) in [("steps", "steps"), ("calories", "caloriesOut")] {
        let body = fitbit.json(&format!("activities/{series}/date/{DAY}/1d")).await;
        let value = body[format!("activities-{series}")][0]["value"].as_str().unwrap().to_owned();
        assert_eq!(day["summary"][member].to_string(), value);
    }
    assert_eq!(day["summary"]["distances"][0]["activity"], "total");
    assert!(day.get("goals").is_some() && day["summary"].get("restingHeartRate").is_some());
    let past = fitbit.json("activities/date/2026-10-20").await;
    assert!(past.get("goals").is_none());
}

#[tokio::test]
async fn everybody_reads_their_own_data_only() {
    let (sandbox, fitbit) = ines().await;
    let people = sandbox.world().people();
    let status = async |user: &str| {
        let url = format!("{}/1/user/{user}/profile.json", fitbit.base);
        let request = fitbit.http.get(url).bearer_auth(&fitbit.token);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(&people[0].legacy_user_id).await, 200);
    assert_eq!(status(&people[1].legacy_user_id).await, 403);
    let jonas = Fitbit::of(&sandbox, JONAS, SCOPES).await;
    let id = jonas.json("profile").await["user"]["encodedId"].clone();
    assert_eq!(id, people[1].legacy_user_id.as_str());
}

#[tokio::test]
async fn late_changed_and_deleted_data_show_in_days_long_past() {
    let (sandbox, fitbit) = ines().await;
    let world = sandbox.world();
    let path = format!("activities/steps/date/{DAY}/1d");
    let steps = async || {
        let body = fitbit.json(&path).await;
        body["activities-steps"][0]["value"].as_str().unwrap().parse::<i64>().unwrap()
    };
    let before = steps().await;
    let [from, to, until] =
        ["2026-11-20T06:00:00Z", "2026-11-20T18:00:00Z", "2026-11-22T15:00:00Z"]
            .map(|text| text.parse().unwrap());
    world.hold_back(INES, &[DataType::Steps], from, to, until).unwrap();
    assert!(steps().await < before);
    world.clock().set(until);
    assert_eq!(steps().await, before);
    let date = DAY.parse().unwrap();
    world.override_daily(INES, DataType::Steps, date, 12_345.0).unwrap();
    assert_eq!(steps().await, 12_345);
    let logs = async || {
        let body = fitbit.json("body/log/weight/date/2026-11-22/30d").await;
        body["weight"].as_array().unwrap().len()
    };
    let weigh_ins = logs().await;
    let start = "2026-11-01T00:00:00Z".parse().unwrap();
    world.delete_samples(INES, DataType::Weight, start, until).unwrap();
    assert!(logs().await < weigh_ins);
}
