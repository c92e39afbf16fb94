//! Nights and workouts are the same in both APIs.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::Value;

use super::support::{ALL, Fitbit};
use crate::support::{Client, INES, JONAS, options};
use phr_sandbox::{Options, People};

pub(super) const GOOGLE_SCOPES: &str = "https://www.googleapis.com/auth/googlehealth.activity_and_fitness.readonly \
    https://www.googleapis.com/auth/googlehealth.health_metrics_and_measurements.readonly \
    https://www.googleapis.com/auth/googlehealth.sleep.readonly";

pub(super) async fn both(email: &str) -> (Client, Fitbit) {
    let client = Client::connect(options(), email, GOOGLE_SCOPES).await;
    let fitbit = Fitbit::of(&client.sandbox, email, ALL).await;
    (client, fitbit)
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

/// Local time at the start of a session, and seconds from there, of a stretch within it.
fn place(interval: &Value, stretch: &Value) -> (String, i64) {
    let instant = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
    let seconds = interval["startUtcOffset"].as_str().unwrap().trim_end_matches('s');
    let offset = Offset::from_seconds(seconds.parse().unwrap()).unwrap();
    let (from, to) = (instant(&stretch["startTime"]), instant(&stretch["endTime"]));
    let local = offset.to_datetime(from).strftime("%Y-%m-%dT%H:%M:%S.000").to_string();
    (local, to.duration_since(from).as_secs())
}

type Stretches = Vec<(String, i64, String)>;

/// Start, seconds, minutes asleep and awake, of each stage, and all stretches.
type Night = (String, i64, i64, i64, Vec<(String, i64)>, Stretches);

fn of_google(point: &Value) -> Night {
    let sleep = &point["sleep"];
    let (start, seconds) = place(&sleep["interval"], &sleep["interval"]);
    let name = |stage: &Value| match (stage["type"].as_str().unwrap(), sleep["type"] == "CLASSIC") {
        ("AWAKE", false) => "wake".to_owned(),
        (name, _) => name.to_lowercase(),
    };
    let summary = &sleep["summary"];
    let stages = summary["stagesSummary"].as_array().unwrap();
    let mut stages: Vec<_> =
        stages.iter().map(|stage| (name(stage), number(&stage["minutes"]))).collect();
    stages.sort();
    let stretch = |stage: &Value| {
        let (from, seconds) = place(&sleep["interval"], stage);
        (from, seconds, name(stage))
    };
    let stretches = sleep["stages"].as_array().unwrap().iter().map(stretch).collect();
    let (asleep, awake) = (number(&summary["minutesAsleep"]), number(&summary["minutesAwake"]));
    (start, seconds, asleep, awake, stages, stretches)
}

fn of_fitbit(log: &Value) -> Night {
    let start = log["startTime"].as_str().unwrap().to_owned();
    let summary = log["levels"]["summary"].as_object().unwrap();
    let minutes = |(name, stage): (&String, &Value)| (name.clone(), number(&stage["minutes"]));
    let mut stages: Vec<_> = summary.iter().map(minutes).filter(|(_, it)| *it > 0).collect();
    stages.sort();
    let numbers = ["duration", "minutesAsleep", "minutesAwake"].map(|name| number(&log[name]));
    (start, numbers[0] / 1_000, numbers[1], numbers[2], stages, laid_over(log))
}

fn stretches(list: &Value) -> Vec<(jiff::civil::DateTime, i64, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = list.as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|row| {
            (text(&row["dateTime"]).parse().unwrap(), number(&row["seconds"]), text(&row["level"]))
        })
        .collect()
}

/// `shortData` interrupts what `data` tells.
fn laid_over(log: &Value) -> Stretches {
    let mut minutes: Vec<(jiff::civil::DateTime, String)> = Vec::new();
    for (from, seconds, level) in stretches(&log["levels"]["data"]) {
        for second in (0..seconds).step_by(60) {
            let at = from.saturating_add(jiff::SignedDuration::from_secs(second));
            minutes.push((at, level.clone()));
        }
    }
    for (from, seconds, level) in stretches(&log["levels"]["shortData"]) {
        let end = from.saturating_add(jiff::SignedDuration::from_secs(seconds));
        for minute in minutes.iter_mut().filter(|(at, _)| (from..end).contains(at)) {
            minute.1.clone_from(&level);
        }
    }
    let runs = minutes.chunk_by(|a, b| a.1 == b.1);
    let run = |run: &[(jiff::civil::DateTime, String)]| {
        let from = run[0].0.strftime("%Y-%m-%dT%H:%M:%S.000").to_string();
        (from, 60 * i64::try_from(run.len()).unwrap(), run[0].1.clone())
    };
    runs.map(run).collect()
}

#[tokio::test]
async fn every_night_and_nap_agrees_down_to_its_stretches() {
    for email in [INES, JONAS] {
        let (client, fitbit) = both(email).await;
        let points = client.walk(":reconcile", "sleep", &[]).await;
        let mut google: Vec<Night> = points.iter().map(of_google).collect();
        google.sort();
        let logs = fitbit.json("sleep/date/2026-10-10/2026-11-22").await;
        let logs = logs["sleep"].as_array().unwrap().clone();
        let mut nights: Vec<Night> = logs.iter().map(of_fitbit).collect();
        nights.sort();
        assert!(nights.len() > 30);
        for (google, fitbit) in google.iter().zip(&nights) {
            assert_eq!(google, fitbit);
        }
        assert_eq!(google.len(), nights.len());
        let brief =
            |log: &&Value| log["levels"]["shortData"].as_array().is_some_and(|it| !it.is_empty());
        assert!(logs.iter().filter(brief).count() > 5, "brief awakenings occur");
        assert!(logs.iter().any(|log| log["type"] == "classic"), "naps occur");
    }
}

#[tokio::test]
async fn a_night_belongs_to_the_date_on_which_google_ends_it() {
    let (client, fitbit) = both(INES).await;
    let points = client.walk(":reconcile", "sleep", &[]).await;
    let logs = fitbit.json("sleep/date/2026-10-10/2026-11-22").await;
    let mut dates: Vec<String> = logs["sleep"]
        .as_array()
        .unwrap()
        .iter()
        .map(|log| log["dateOfSleep"].as_str().unwrap().to_owned())
        .collect();
    let end = |point: &Value| {
        let interval = &point["sleep"]["interval"];
        let instant: Timestamp = interval["endTime"].as_str().unwrap().parse().unwrap();
        let seconds = interval["endUtcOffset"].as_str().unwrap().trim_end_matches('s');
        let offset = Offset::from_seconds(seconds.parse().unwrap()).unwrap();
        offset.to_datetime(instant).date().to_string()
    };
    let mut google: Vec<String> = points.iter().map(end).collect();
    google.sort();
    dates.sort();
    assert_eq!(dates, google);
}

#[tokio::test]
async fn a_recorded_night_agrees_and_has_no_stages() {
    let folder = tempfile::tempdir().unwrap();
    let text = "user,local_date,minutes_asleep,minutes_in_bed\n77,2016-04-12,327,346\n";
    std::fs::write(folder.path().join("sleep_by_day.csv"), text).unwrap();
    let weights = "user,local_time,kilograms,manual,fat_percent\n\
                   77,2016-04-12T06:30:00,62.5,False,22.35\n";
    std::fs::write(folder.path().join("weight.csv"), weights).unwrap();
    let people = People::Recordings(folder.path().to_owned());
    let wearer = "wearer-77@example.com";
    let recorded = Options { people, ..Options::default() };
    let client = Client::connect(recorded, wearer, GOOGLE_SCOPES).await;
    let fitbit = Fitbit::of(&client.sandbox, wearer, ALL).await;
    let points = client.walk(":reconcile", "sleep", &[]).await;
    let google: Vec<Night> = points.iter().map(of_google).collect();
    assert_eq!(points[0]["sleep"]["type"], "CLASSIC");
    let body = fitbit.json("sleep/date/2016-04-12").await;
    let log = &body["sleep"][0];
    assert_eq!(google, [of_fitbit(log)]);
    assert_eq!((&log["type"], &log["isMainSleep"]), (&"classic".into(), &true.into()));
    assert_eq!((&log["minutesAsleep"], &log["timeInBed"]), (&327.into(), &346.into()));
    assert_eq!(log["endTime"], "2016-04-12T07:00:00.000");
    assert!(body["summary"].get("stages").is_none());
    let fat = client.walk(":reconcile", "body-fat", &[]).await;
    assert_eq!(fat[0]["bodyFat"]["percentage"], 22.35);
    let weight = fitbit.json("body/log/weight/date/2016-04-12").await["weight"][0].clone();
    assert_eq!((&weight["fat"], &weight["weight"]), (&22.35.into(), &62.5.into()));
}

/// Start with offset, milliseconds, active milliseconds, kilocalories, millimetres, pulse, name.
type Workout = (String, i64, i64, i64, i64, i64, String);

#[tokio::test]
async fn every_workout_agrees() {
    for email in [INES, JONAS] {
        let (client, fitbit) = both(email).await;
        let points = client.walk(":reconcile", "exercise", &[]).await;
        let mut google: Vec<Workout> = points.iter().map(workout_of_google).collect();
        google.sort();
        let query =
            [("afterDate", "2026-10-01"), ("sort", "asc"), ("offset", "0"), ("limit", "100")];
        let body = fitbit.query("activities/list", &query).await.json();
        let rows = body["activities"].as_array().unwrap();
        let mut workouts: Vec<Workout> = rows.iter().map(workout_of_fitbit).collect();
        workouts.sort();
        assert!(google.len() > 10);
        assert_eq!(google, workouts);
    }
}

fn workout_of_google(point: &Value) -> Workout {
    let exercise = &point["exercise"];
    let interval = &exercise["interval"];
    let (local, seconds) = place(interval, interval);
    let offset: i64 =
        interval["startUtcOffset"].as_str().unwrap().trim_end_matches('s').parse().unwrap();
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.abs() / 3_600, offset.abs() / 60 % 60);
    let summary = &exercise["metricsSummary"];
    let active = exercise["activeDuration"].as_str().unwrap().trim_end_matches('s');
    (
        format!("{local}{sign}{hours:02}:{minutes:02}"),
        seconds * 1_000,
        active.parse::<i64>().unwrap() * 1_000,
        number(&summary["caloriesKcal"]),
        number(&summary["distanceMillimeters"]),
        number(&summary["averageHeartRateBeatsPerMinute"]),
        exercise["displayName"].as_str().unwrap().to_owned(),
    )
}

fn workout_of_fitbit(row: &Value) -> Workout {
    assert_eq!(row["distanceUnit"], "Kilometer");
    #[expect(clippy::cast_possible_truncation, reason = "a way on foot")]
    let way = (row["distance"].as_f64().unwrap() * 1e6).round() as i64;
    (
        row["startTime"].as_str().unwrap().to_owned(),
        number(&row["duration"]),
        number(&row["activeDuration"]),
        number(&row["calories"]),
        way,
        number(&row["averageHeartRate"]),
        row["activityName"].as_str().unwrap().to_owned(),
    )
}
