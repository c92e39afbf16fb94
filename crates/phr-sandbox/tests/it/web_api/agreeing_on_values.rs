//! Values of nights and days are the same in both APIs.

use std::collections::BTreeMap;

use rstest::rstest;
use serde_json::Value;

use super::agreeing_on_sessions::both;
use super::support::Fitbit;
use crate::support::{Client, INES, JONAS};
use phr_sandbox::{DataType, WebApiMood};

/// By date, in thousandths.
type Days = BTreeMap<String, i64>;

fn date(of: &Value) -> String {
    let [year, month, day] = ["year", "month", "day"].map(|name| of[name].as_i64().unwrap());
    format!("{year}-{month:02}-{day:02}")
}

#[expect(clippy::cast_possible_truncation, reason = "values of a day are small")]
fn thousandths(value: f64) -> i64 {
    (value * 1e3).round() as i64
}

async fn google_nights(client: &Client, data_type: &str, member: &str, value: &str) -> Days {
    let query = [("pageSize", "1000")];
    let body = client.list(data_type, &query).await.json();
    let points = body["dataPoints"].as_array().unwrap();
    let night = |point: &Value| {
        let night = &point[member];
        let baseline = match &night["baselineTemperatureCelsius"] {
            Value::Null => 0.0,
            baseline => baseline.as_f64()?,
        };
        Some((date(&night["date"]), thousandths(night[value].as_f64()? - baseline)))
    };
    let nights: Days = points.iter().filter_map(night).collect();
    nights.into_iter().filter(|(date, _)| date.as_str() >= "2026-10-24").collect()
}

async fn fitbit_nights(fitbit: &Fitbit, path: &str, root: &str, value: &str) -> Days {
    let body = fitbit.json(&format!("{path}/date/2026-10-24/2026-11-22")).await;
    let night = |row: &Value| {
        let value = &row["value"][value];
        let number = value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap());
        (row["dateTime"].as_str().unwrap().to_owned(), thousandths(number))
    };
    body[root].as_array().unwrap().iter().map(night).collect()
}

#[rstest]
#[case::breathing(
    ["daily-respiratory-rate", "dailyRespiratoryRate", "breathsPerMinute"],
    ["br", "br", "breathingRate"]
)]
#[case::variability(
    [
        "daily-heart-rate-variability",
        "dailyHeartRateVariability",
        "averageHeartRateVariabilityMilliseconds",
    ],
    ["hrv", "hrv", "dailyRmssd"]
)]
#[case::temperature(
    [
        "daily-sleep-temperature-derivations",
        "dailySleepTemperatureDerivations",
        "nightlyTemperatureCelsius",
    ],
    ["temp/skin", "tempSkin", "nightlyRelative"]
)]
#[case::fitness(
    ["daily-vo2-max", "dailyVo2Max", "vo2Max"],
    ["cardioscore", "cardioScore", "vo2Max"]
)]
#[tokio::test]
async fn what_is_made_of_a_night_agrees(#[case] google: [&str; 3], #[case] web: [&str; 3]) {
    for email in [INES, JONAS] {
        let (client, fitbit) = both(email).await;
        let google = google_nights(&client, google[0], google[1], google[2]).await;
        assert!(google.len() > 20);
        assert_eq!(google, fitbit_nights(&fitbit, web[0], web[1], web[2]).await);
    }
}

#[tokio::test]
async fn a_figure_set_by_hand_arrives_through_both() {
    let (client, fitbit) = both(INES).await;
    let date = "2026-11-20".parse().unwrap();
    client.world().override_daily(INES, DataType::DailyVo2Max, date, 42.31).unwrap();
    let told = async || {
        let body = fitbit.json("cardioscore/date/2026-11-20").await;
        body["cardioScore"][0]["value"]["vo2Max"].as_str().unwrap().to_owned()
    };
    assert_eq!(told().await, "42.31");
    let mood = WebApiMood { vo2max_ranges: true, ..WebApiMood::default() };
    client.world().set_web_api_mood(mood);
    assert_eq!(told().await, "40.31-44.31");
}

async fn google_days(
    client: &Client,
    data_type: &str,
    value: impl Fn(&Value) -> i64,
) -> BTreeMap<String, i64> {
    let answer = client.daily_roll_up(data_type, "2026-11-08", "2026-11-22").await.json();
    let windows = answer["rollupDataPoints"].as_array().unwrap();
    let day = |window: &Value| (date(&window["civilStartTime"]["date"]), value(window));
    windows.iter().map(day).filter(|(_, value)| *value > 0).collect()
}

async fn fitbit_days(fitbit: &Fitbit, series: &str) -> Days {
    let body = fitbit.json(&format!("activities/{series}/date/2026-11-08/2026-11-21")).await;
    let day = |row: &Value| {
        let value = row["value"].as_str().unwrap().parse().unwrap();
        (row["dateTime"].as_str().unwrap().to_owned(), value)
    };
    let rows = body[format!("activities-{series}")].as_array().unwrap();
    rows.iter().map(day).filter(|(_, value)| *value > 0).collect()
}

fn whole(value: &Value) -> i64 {
    value.as_str().map_or(0, |text| text.parse().unwrap())
}

#[tokio::test]
async fn minutes_of_each_level_agree() {
    for email in [INES, JONAS] {
        let (client, fitbit) = both(email).await;
        for (level, series) in [
            ("LIGHT", "minutesLightlyActive"),
            ("MODERATE", "minutesFairlyActive"),
            ("VIGOROUS", "minutesVeryActive"),
        ] {
            let of_level = |window: &Value| {
                let levels =
                    window["activeMinutes"]["activeMinutesRollupByActivityLevel"].as_array();
                let level =
                    levels.and_then(|levels| levels.iter().find(|it| it["activityLevel"] == level));
                level.map_or(0, |level| whole(&level["activeMinutesSum"]))
            };
            let google = google_days(&client, "active-minutes", of_level).await;
            assert!(google.len() > 3, "{level}");
            assert_eq!(google, fitbit_days(&fitbit, series).await, "{level}");
        }
    }
}

#[tokio::test]
async fn floors_and_active_energy_agree() {
    for email in [INES, JONAS] {
        let (client, fitbit) = both(email).await;
        let floors = google_days(&client, "floors", |day| whole(&day["floors"]["countSum"])).await;
        assert_eq!(floors, fitbit_days(&fitbit, "floors").await);
        #[expect(clippy::cast_possible_truncation, reason = "a day's energy")]
        let kcal =
            |day: &Value| day["activeEnergyBurned"]["kcalSum"].as_f64().unwrap().round() as i64;
        let energy = google_days(&client, "active-energy-burned", kcal).await;
        assert!(floors.len() > 10 && energy.len() > 10);
        assert_eq!(energy, fitbit_days(&fitbit, "activityCalories").await);
    }
}

#[tokio::test]
async fn readings_of_body_fat_agree_and_stand_beside_the_weigh_ins() {
    let (client, fitbit) = both(INES).await;
    let points = client.walk(":reconcile", "body-fat", &[]).await;
    let google = |point: &Value| {
        let fat = &point["bodyFat"];
        let time = &fat["sampleTime"]["civilTime"];
        (date(&time["date"]), thousandths(fat["percentage"].as_f64().unwrap()))
    };
    let google: Days = points.iter().map(google).collect();
    let google: Days =
        google.into_iter().filter(|(date, _)| date.as_str() >= "2026-10-24").collect();
    let fat = |row: &Value| {
        (row["date"].as_str().unwrap().to_owned(), thousandths(row["fat"].as_f64().unwrap()))
    };
    let logs = fitbit.json("body/log/fat/date/2026-10-24/2026-11-22").await;
    let logs: Days = logs["fat"].as_array().unwrap().iter().map(fat).collect();
    assert!(logs.len() > 10);
    assert_eq!(google, logs);
    let weights = fitbit.json("body/log/weight/date/2026-10-24/2026-11-22").await;
    let weights = weights["weight"].as_array().unwrap();
    let beside: Days = weights.iter().filter(|row| row.get("fat").is_some()).map(fat).collect();
    assert_eq!(beside, logs);
    assert!(beside.len() < weights.len(), "nobody types it in");
}

#[tokio::test]
async fn the_profile_tells_the_height_that_was_typed_in() {
    let (client, fitbit) = both(INES).await;
    let from = "2026-10-01T00:00:00Z".parse().unwrap();
    let to = "2026-11-22T12:00:00Z".parse().unwrap();
    let truth = client.world().points(INES, DataType::Height, from, to).unwrap();
    let centimetres = truth.last().unwrap().value / 10.0;
    assert_eq!(fitbit.json("profile").await["user"]["height"].as_f64(), Some(centimetres));
    let inches = fitbit.get_in("profile", "en_US").await.json()["user"]["height"].as_f64();
    assert!((inches.unwrap() * 2.54 - centimetres).abs() < 0.2);
}
