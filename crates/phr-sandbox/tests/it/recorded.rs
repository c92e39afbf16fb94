//! Recordings over HTTP.

use std::fs;

use serde_json::Value;

use crate::support::{Client, SCOPES, within};
use phr_sandbox::{Options, People, Sandbox, StartError};

const WEARER: &str = "wearer-77@example.com";

const FILES: [(&str, &str); 4] = [
    (
        "calories_by_hour.csv",
        "user,local_time,kilocalories\n77,2016-04-12T00:00:00,61\n77,2016-04-12T01:00:00,62\n",
    ),
    ("steps_by_minute.csv", "user,local_time,steps\n77,2016-04-12T07:01:00,10\n"),
    (
        "activity_by_day.csv",
        "user,local_date,steps,distance_km,kilocalories\n77,2016-04-12,12,0.5,2390\n",
    ),
    ("weight.csv", "user,local_time,kilograms,manual\n77,2016-04-12T06:30:00,62.5,True\n"),
];

async fn client() -> Client {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let people = People::Recordings(folder.path().to_owned());
    Client::connect(Options { people, ..Options::default() }, WEARER, SCOPES).await
}

fn sums(answer: &Value, data_type: &str) -> Vec<Value> {
    let windows = answer["rollupDataPoints"].as_array().unwrap();
    windows.iter().map(|window| window[data_type].clone()).collect()
}

#[tokio::test]
async fn hours_of_energy_come_back_as_recorded_and_parts_of_hours_evenly() {
    let client = client().await;
    let (from, to) = ("2016-04-12T04:00:00Z", "2016-04-12T06:00:00Z");
    let hours = client.roll_up("total-calories", from, to, "3600s").await;
    assert!(hours.text.contains("\"kcalSum\": 62\n"), "{}", hours.text);
    let halves = client.roll_up("total-calories", from, to, "1800s").await.json();
    let halves: Vec<Option<f64>> =
        sums(&halves, "totalCalories").iter().map(|value| value["kcalSum"].as_f64()).collect();
    assert_eq!(halves, [31.0, 31.0, 30.5, 30.5].map(Some));
}

#[tokio::test]
async fn daily_roll_ups_tell_the_accounts_own_figures() {
    let client = client().await;
    for (data_type, member, text) in [
        ("steps", "steps", r#"{"countSum":"12"}"#),
        ("distance", "distance", r#"{"millimetersSum":"500000"}"#),
        ("total-calories", "totalCalories", r#"{"kcalSum":2390}"#),
    ] {
        let answer = client.daily_roll_up(data_type, "2016-04-10", "2016-04-13").await.json();
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(sums(&answer, member), [expected], "{data_type}");
    }
    let (from, to) = ("2016-04-12T04:00:00Z", "2016-04-13T04:00:00Z");
    let minutes = client.roll_up("steps", from, to, "86400s").await.json();
    assert_eq!(sums(&minutes, "steps"), [serde_json::json!({ "countSum": "10" })]);
}

#[tokio::test]
async fn a_typed_weigh_in_says_so_and_keeps_its_local_time() {
    let client = client().await;
    let filter = within("weight.sample_time.civil_time", "2016-04-12", "2016-04-13");
    let page = client.list("weight", &[("filter", &filter)]).await.json();
    let point = &page["dataPoints"][0];
    assert_eq!(point["dataSource"]["recordingMethod"], "MANUAL");
    assert_eq!(point["weight"]["weightGrams"], 62_500);
    assert_eq!(point["weight"]["sampleTime"]["physicalTime"], "2016-04-12T10:30:00Z");
    assert_eq!(point["weight"]["sampleTime"]["utcOffset"], "-14400s");
}

#[tokio::test]
async fn a_folder_without_recordings_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let people = People::Recordings(folder.path().to_owned());
    let started = Sandbox::start(Options { people, ..Options::default() }).await;
    assert!(matches!(started, Err(StartError::Recordings(_))));
}
