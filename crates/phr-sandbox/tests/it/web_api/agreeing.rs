//! The same people tell both APIs the same.

use std::fs;

use serde_json::Value;

use super::support::{Fitbit, SCOPES};
use crate::support::{self, Client, INES, JONAS, options, within};
use phr_sandbox::{DataType, Options, People, Sandbox, WebApiMood};

fn google_days(answer: &Value, data_type: &str, member: &str) -> Vec<(String, f64)> {
    let windows = answer["rollupDataPoints"].as_array().unwrap();
    let day = |window: &Value| {
        let date = &window["civilStartTime"]["date"];
        let [year, month, day] = ["year", "month", "day"].map(|name| date[name].as_i64().unwrap());
        let value = &window[data_type][member];
        let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        (format!("{year}-{month:02}-{day:02}"), number.unwrap_or(0.0))
    };
    let mut days: Vec<_> = windows.iter().map(day).filter(|(_, value)| *value > 0.0).collect();
    days.sort_by(|a, b| a.0.cmp(&b.0));
    days
}

async fn fitbit_days(fitbit: &Fitbit, series: &str, from: &str) -> Vec<(String, f64)> {
    let path = format!("activities/{series}/date/{from}/2026-11-21");
    let body = fitbit.json(&path).await;
    let rows = body[format!("activities-{series}")].as_array().unwrap().clone();
    let row = |row: Value| {
        let value = row["value"].as_str().unwrap().parse().unwrap();
        (row["dateTime"].as_str().unwrap().to_owned(), value)
    };
    rows.into_iter().map(row).filter(|(_, value)| *value > 0.0).collect()
}

async fn both(email: &str) -> (Client, Fitbit) {
    let client = Client::connect(options(), email, support::SCOPES).await;
    let fitbit = Fitbit::of(&client.sandbox, email, SCOPES).await;
    (client, fitbit)
}

#[tokio::test]
async fn daily_steps_distance_and_calories_agree_wherever_the_person_was() {
    for email in [INES, JONAS] {
        let (client, fitbit) = both(email).await;
        let google = async |data_type, member, name: &str, from: &str| {
            let answer = client.daily_roll_up(data_type, from, "2026-11-22").await;
            google_days(&answer.json(), name, member)
        };
        let from = "2026-10-10";
        let steps = google("steps", "countSum", "steps", from).await;
        assert_eq!(steps, fitbit_days(&fitbit, "steps", from).await);
        let ways = google("distance", "millimetersSum", "distance", from).await;
        let ways: Vec<_> = ways.into_iter().map(|(date, value)| (date, value / 1e6)).collect();
        assert_eq!(ways, fitbit_days(&fitbit, "distance", from).await);
        // Google sums energy up over fourteen days at most, Fitbit in whole kilocalories.
        let from = "2026-11-08";
        let energy = google("total-calories", "kcalSum", "totalCalories", from).await;
        let whole: Vec<_> = energy.into_iter().map(|(date, kcal)| (date, kcal.round())).collect();
        assert_eq!(whole, fitbit_days(&fitbit, "calories", from).await);
    }
}

#[tokio::test]
async fn every_sample_of_heart_rate_agrees_to_the_second() {
    // The day on which Jonas flew home from New York.
    let (client, fitbit) = both(JONAS).await;
    let filter = within("heart_rate.sample_time.civil_time", "2026-11-16", "2026-11-17");
    let query = [("filter", filter.as_str())];
    let mut google: Vec<(String, String, i64)> = client
        .walk(":reconcile", "heart-rate", &query)
        .await
        .iter()
        .map(|point| {
            let (time, rate) = (&point["heartRate"]["sampleTime"], &point["heartRate"]);
            let civil = &time["civilTime"]["time"];
            let part = |name: &str| civil[name].as_i64().unwrap_or(0);
            let clock =
                format!("{:02}:{:02}:{:02}", part("hours"), part("minutes"), part("seconds"));
            let bpm = rate["beatsPerMinute"].as_str().unwrap().parse().unwrap();
            (time["physicalTime"].as_str().unwrap().to_owned(), clock, bpm)
        })
        .collect();
    google.sort();
    assert!(google.len() > 15_000);
    let samples = fitbit.dataset("activities/heart/date/2026-11-16/1d/1sec", "heart").await;
    #[expect(clippy::cast_possible_truncation, reason = "a pulse")]
    let samples: Vec<(String, i64)> =
        samples.into_iter().map(|(time, value)| (time, value as i64)).collect();
    let google: Vec<(String, i64)> = google.into_iter().map(|(_, time, bpm)| (time, bpm)).collect();
    assert!(samples == google, "{} and {} samples", samples.len(), google.len());
}

#[tokio::test]
async fn nights_and_resting_rates_agree() {
    let (client, fitbit) = both(INES).await;
    let google = client.list("daily-oxygen-saturation", &[("pageSize", "1")]).await.json();
    let google = &google["dataPoints"][0]["dailyOxygenSaturation"];
    let date = &google["date"];
    let date = format!("{}-{}-{}", date["year"], date["month"], date["day"]);
    let night = fitbit.json(&format!("spo2/date/{date}")).await;
    assert_eq!(night["value"]["avg"].as_f64(), google["averagePercentage"].as_f64());
    let google = client.list("daily-resting-heart-rate", &[("pageSize", "1")]).await.json();
    let bpm = google["dataPoints"][0]["dailyRestingHeartRate"]["beatsPerMinute"].clone();
    let heart = fitbit.json(&format!("activities/heart/date/{date}/1d")).await;
    let resting = &heart["activities-heart"][0]["value"]["restingHeartRate"];
    assert_eq!(resting.to_string(), bpm.as_str().unwrap());
}

#[tokio::test]
async fn weigh_ins_agree_to_the_gram_if_fitbit_would_not_round() {
    let (client, fitbit) = both(INES).await;
    let mood = WebApiMood { weight_decimals: 3, ..WebApiMood::default() };
    client.world().set_web_api_mood(mood);
    let from = "2026-11-01T00:00:00Z".parse().unwrap();
    let to = "2026-11-22T12:00:00Z".parse().unwrap();
    let truth = client.world().reconciled_points(INES, DataType::Weight, from, to).unwrap();
    let truth: Vec<f64> = truth.iter().map(|point| point.value.round()).collect();
    let logs = fitbit.json("body/log/weight/date/2026-11-01/2026-11-22").await;
    let logs = logs["weight"].as_array().unwrap();
    let grams = |log: &Value| (log["weight"].as_f64().unwrap() * 1000.0).round();
    assert_eq!(logs.iter().map(grams).collect::<Vec<_>>(), truth);
}

const WEARER: &str = "wearer-77@example.com";

async fn recorded() -> (Sandbox, Fitbit) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        (
            "calories_by_hour.csv",
            "user,local_time,kilocalories\n77,2016-04-12T00:00:00,61\n77,2016-04-12T01:00:00,62\n",
        ),
        (
            "heart_rate_by_5_seconds.csv",
            "user,local_time,beats_per_minute\n77,2016-04-12T07:21:00,97\n\
             77,2016-04-12T07:21:05,102\n",
        ),
        ("steps_by_minute.csv", "user,local_time,steps\n77,2016-04-12T07:01:00,10\n"),
        (
            "activity_by_day.csv",
            "user,local_date,steps,distance_km,kilocalories\n77,2016-04-12,12,0.5,2390\n",
        ),
        (
            "weight.csv",
            "user,local_time,kilograms,manual\n77,2016-04-12T06:30:00,62.5999985,False\n\
             77,2016-04-12T23:59:59,62.4,True\n",
        ),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let people = People::Recordings(folder.path().to_owned());
    let sandbox = Sandbox::start(Options { people, ..Options::default() }).await.unwrap();
    let fitbit = Fitbit::of(&sandbox, WEARER, SCOPES).await;
    (sandbox, fitbit)
}

#[tokio::test]
async fn recorded_days_come_back_as_the_account_told_them() {
    let (_sandbox, fitbit) = recorded().await;
    for (series, value) in [("steps", "12"), ("distance", "0.5"), ("calories", "2390")] {
        let body = fitbit.json(&format!("activities/{series}/date/2016-04-12/1d")).await;
        assert_eq!(body[format!("activities-{series}")][0]["value"], value);
    }
    let steps = fitbit.dataset("activities/steps/date/2016-04-12/1d/1min", "steps").await;
    let worn: Vec<_> = steps.into_iter().filter(|(_, value)| *value > 0.0).collect();
    assert_eq!(worn, [("07:01:00".to_owned(), 10.0)]);
    let energy = fitbit.dataset("activities/calories/date/2016-04-12/1d/15min", "calories").await;
    assert_eq!(energy[..4].iter().map(|(_, value)| value).sum::<f64>(), 61.0);
}

#[tokio::test]
async fn recorded_samples_and_weigh_ins_come_back_in_local_time() {
    let (_sandbox, fitbit) = recorded().await;
    let samples = fitbit.dataset("activities/heart/date/2016-04-12/1d/1sec", "heart").await;
    assert_eq!(samples, [("07:21:00".to_owned(), 97.0), ("07:21:05".to_owned(), 102.0)]);
    let logs = fitbit.json("body/log/weight/date/2016-04-12").await;
    let log = |index: usize| {
        let log = &logs["weight"][index];
        ["time", "weight", "source", "logId"].map(|name| log[name].to_string()).join(" ")
    };
    assert_eq!(log(0), r#""06:30:00" 62.6 "Aria" 1460442600000"#);
    assert_eq!(log(1), r#""23:59:59" 62.4 "API" 1460505599000"#);
    assert_eq!(fitbit.json("spo2/date/2016-04-12").await, serde_json::json!({}));
}
