//! What is made of nights, and what activity there was: forms, limits, scopes.

use rstest::rstest;
use serde_json::{Value, json};

use super::support::{Fitbit, error, ines_with_all};
use crate::support::{INES, options};
use phr_sandbox::{DataType, Emptiness, Sandbox, Source, WebApiMood};

const DAY: &str = "2026-11-20";

#[rstest]
#[case("br", "br", "respiratory_rate", 30)]
#[case("hrv", "hrv", "heartrate", 30)]
#[case("temp/skin", "tempSkin", "temperature", 30)]
#[case("temp/core", "tempCore", "temperature", 30)]
#[case("cardioscore", "cardioScore", "cardio_fitness", 30)]
#[case("body/log/fat", "fat", "weight", 30)]
#[case("body/fat", "body-fat", "weight", 30)]
#[case("activities/activityCalories", "activities-activityCalories", "activity", 30)]
#[case("activities/floors", "activities-floors", "activity", 1_095)]
#[case("activities/active-zone-minutes", "activities-active-zone-minutes", "activity", 1_095)]
#[tokio::test]
async fn each_has_a_scope_a_limit_and_forms_of_nothing(
    #[case] path: &str,
    #[case] root: &str,
    #[case] scope: &str,
    #[case] most: i64,
) {
    let sandbox = Sandbox::start(options()).await.unwrap();
    let fitbit = Fitbit::of(&sandbox, INES, scope).await;
    let last: jiff::civil::Date = "2026-11-20".parse().unwrap();
    let ask = async |days: i64| {
        let first = last.saturating_sub(jiff::Span::new().days(days - 1));
        fitbit.get(&format!("{path}/date/{first}/{last}")).await
    };
    let [allowed, long] = [ask(most).await, ask(most + 1).await];
    assert_eq!(allowed.status, 200, "{}", allowed.text);
    assert_eq!(error(&long), (400, "validation".to_owned()));
    if most < 365 {
        let far = ask(5 * most + 1).await;
        assert_eq!(error(&far), (422, "validation".to_owned()));
        assert!(far.text.contains("The number of data points queried exceeds limit."));
    }
    let empty = WebApiMood { empty: Emptiness::EmptyRoot, ..WebApiMood::default() };
    sandbox.world().set_web_api_mood(empty);
    let nothing = fitbit.json(&format!("{path}/date/2025-05-01/2025-05-02")).await;
    assert_eq!(nothing, json!({ root: [] }));
    let other = if scope == "weight" { "profile" } else { "weight" };
    let stranger = Fitbit::of(&sandbox, INES, other).await;
    let refused = stranger.get(&format!("{path}/date/{DAY}/{DAY}")).await;
    assert_eq!(error(&refused), (403, "insufficient_scope".to_owned()));
}

#[tokio::test]
async fn nights_are_told_in_the_documented_form() {
    let (_sandbox, fitbit) = ines_with_all().await;
    let skin = fitbit.json(&format!("temp/skin/date/{DAY}")).await["tempSkin"][0].clone();
    assert_eq!((&skin["dateTime"], &skin["logType"]), (&DAY.into(), &"other_sensors".into()));
    assert!(skin["value"]["nightlyRelative"].is_f64());
    let variability = fitbit.json(&format!("hrv/date/{DAY}/all")).await["hrv"][0].clone();
    let minutes = variability["minutes"].as_array().unwrap();
    assert!(minutes.len() > 10 && minutes[0]["value"]["rmssd"].is_f64());
    assert_eq!(&minutes[0]["minute"].as_str().unwrap()[19..], ".000");
    let breathing = fitbit.json(&format!("br/date/{DAY}/all")).await["br"][0].clone();
    let daily = fitbit.json(&format!("br/date/{DAY}")).await["br"][0].clone();
    assert_eq!(breathing["value"]["fullSleepSummary"], daily["value"]);
    assert!(breathing["value"]["deepSleepSummary"]["breathingRate"].is_f64());
    let score = fitbit.json(&format!("cardioscore/date/{DAY}")).await;
    assert!(score["cardioScore"][0]["value"]["vo2Max"].is_string());
    assert_eq!(fitbit.json(&format!("temp/core/date/{DAY}")).await, json!({ "tempCore": [] }));
}

#[tokio::test]
async fn nights_before_there_is_anything_to_compare_with_have_no_temperature() {
    let (_sandbox, fitbit) = ines_with_all().await;
    let dates = "date/2026-10-13/2026-10-17";
    assert_eq!(fitbit.json(&format!("temp/skin/{dates}")).await, json!({ "tempSkin": [] }));
    assert!(fitbit.json(&format!("br/{dates}")).await["br"][0].is_object());
}

#[tokio::test]
async fn a_value_that_cannot_be_computed_is_null() {
    let (sandbox, fitbit) = ines_with_all().await;
    let date = DAY.parse().unwrap();
    let variability = DataType::DailyHeartRateVariability;
    sandbox.world().override_daily(INES, variability, date, f64::NAN).unwrap();
    let night = fitbit.json(&format!("hrv/date/{DAY}")).await["hrv"][0].clone();
    assert_eq!(night["value"]["dailyRmssd"], Value::Null);
}

#[tokio::test]
async fn a_reading_of_fat_keeps_its_moment() {
    let (sandbox, fitbit) = ines_with_all().await;
    let at = "2026-11-22T11:00:00Z".parse().unwrap();
    let world = sandbox.world();
    world.add_sample(INES, DataType::BodyFat, at, 21.47, Source::Scale).unwrap();
    let log =
        fitbit.json("body/log/fat/date/today").await["fat"].as_array().unwrap().last().cloned();
    let expected = json!({
        "date": "2026-11-22", "fat": 21.47, "logId": 1_795_348_800_000_i64, "source": "Aria",
        "time": "12:00:00",
    });
    assert_eq!(log, Some(expected));
    let series = fitbit.json("body/fat/date/today/1d").await;
    assert_eq!(series["body-fat"][0]["value"], "21.47");
}

#[tokio::test]
async fn the_levels_of_minutes_add_up_to_the_levels_of_the_day() {
    let (_sandbox, fitbit) = ines_with_all().await;
    let body = fitbit.json(&format!("activities/calories/date/{DAY}/1d/1min")).await;
    let slots = body["activities-calories-intraday"]["dataset"].as_array().unwrap().clone();
    for (level, series) in
        [(1, "minutesLightlyActive"), (2, "minutesFairlyActive"), (3, "minutesVeryActive")]
    {
        let day = fitbit.json(&format!("activities/{series}/date/{DAY}/1d")).await;
        let minutes = slots.iter().filter(|slot| slot["level"] == level).count();
        let told = day[format!("activities-{series}")][0]["value"].as_str().unwrap().to_owned();
        assert_eq!(told, minutes.to_string(), "{series}");
    }
}

#[tokio::test]
async fn nobody_has_more_minutes_than_a_day() {
    let (_sandbox, fitbit) = ines_with_all().await;
    let day = fitbit.json(&format!("activities/date/{DAY}")).await["summary"].clone();
    let names =
        ["sedentaryMinutes", "lightlyActiveMinutes", "fairlyActiveMinutes", "veryActiveMinutes"];
    let awake: i64 = names.iter().map(|name| day[name].as_i64().unwrap()).sum();
    assert!((700..1_200).contains(&awake), "{awake}");
    let floors = fitbit.json(&format!("activities/floors/date/{DAY}/1d")).await;
    assert_eq!(floors["activities-floors"][0]["value"], day["floors"].to_string());
    let elevation = day["elevation"].as_f64().unwrap();
    assert!((elevation - day["floors"].as_f64().unwrap() * 3.048).abs() < 1e-9);
}

#[tokio::test]
async fn floors_and_elevation_of_slots_add_up() {
    let (_sandbox, fitbit) = ines_with_all().await;
    for series in ["floors", "elevation"] {
        let path = format!("activities/{series}/date/{DAY}/1d/15min");
        let day = fitbit.json(&path).await[format!("activities-{series}")][0].clone();
        let total: f64 = day["value"].as_str().unwrap().parse().unwrap();
        let slots = fitbit.dataset(&path, series).await;
        let sum: f64 = slots.iter().map(|(_, value)| value).sum();
        assert!(total > 0.0 && (sum - total).abs() < 1e-6, "{series}: {sum} {total}");
    }
}

#[tokio::test]
async fn zone_minutes_count_twice_where_it_is_hard() {
    let (_sandbox, fitbit) = ines_with_all().await;
    let path = format!("activities/active-zone-minutes/date/{DAY}/{DAY}");
    let body = fitbit.json(&path).await;
    let value = &body["activities-active-zone-minutes"][0]["value"];
    let heart = fitbit.json(&format!("activities/heart/date/{DAY}/1d")).await;
    let zones = heart["activities-heart"][0]["value"]["heartRateZones"].clone();
    let minutes = |zone: usize| zones[zone]["minutes"].as_i64().unwrap();
    assert_eq!(value["fatBurnActiveZoneMinutes"], minutes(1));
    assert_eq!(value["cardioActiveZoneMinutes"], 2 * minutes(2));
    assert_eq!(value["activeZoneMinutes"], minutes(1) + 2 * (minutes(2) + minutes(3)));
}

#[tokio::test]
async fn days_can_be_asked_for_by_utc() {
    let (sandbox, fitbit) = ines_with_all().await;
    // Tokyo is nine hours ahead.
    let path = "activities/steps/date/2026-10-30/1d";
    let [from, to] =
        ["2026-10-30T00:00:00Z", "2026-10-31T00:00:00Z"].map(|text| text.parse().unwrap());
    let truth = sandbox.world().reconciled_points(INES, DataType::Steps, from, to).unwrap();
    let truth: f64 = truth.iter().map(|point| point.value).sum();
    let utc = fitbit.query(path, &[("timezone", "UTC")]).await.json();
    assert_eq!(utc["activities-steps"][0]["value"], truth.to_string());
    assert_ne!(fitbit.json(path).await, utc);
    let heart = "activities/heart/date/2026-10-30/1d";
    let utc = fitbit.query(heart, &[("timezone", "UTC")]).await.json();
    assert_ne!(fitbit.json(heart).await, utc);
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_accept_it() {
    let (_sandbox, fitbit) = ines_with_all().await;
    let plain = reqwest::Client::builder().no_gzip().build().unwrap();
    let url = format!("{}/1.2/user/-/sleep/date/{DAY}.json", fitbit.base);
    let ask = async |accepts: &str| {
        let request = plain.get(&url).bearer_auth(&fitbit.token).header("Accept-Encoding", accepts);
        let response = request.send().await.unwrap();
        let encoding = response.headers().get("content-encoding").cloned();
        (encoding, response.bytes().await.unwrap())
    };
    let (encoding, packed) = ask("gzip").await;
    assert_eq!(encoding.unwrap(), "gzip");
    assert_eq!(packed[..2], [0x1F, 0x8B]);
    let (encoding, text) = ask("identity").await;
    assert!(encoding.is_none() && packed.len() < text.len() / 2);
    let unpacked = fitbit.json(&format!("sleep/date/{DAY}")).await;
    assert_eq!(unpacked, serde_json::from_slice::<Value>(&text).unwrap());
}
