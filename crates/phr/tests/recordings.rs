//! Real input: what real trackers recorded in 2016 goes through the whole product, from the
//! emulated vendor to the REST API, and everything that comes out is compared with the files.
//!
//! Runs when `PHR_RECORDINGS` names a folder in the format of docs/recordings.md. The files are
//! read here by code of the test's own.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]
#![expect(clippy::print_stdout, reason = "how much was compared belongs into the gate's output")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use common::Demo;
use jiff::Timestamp;
use serde_json::Value;

/// `(wearer, local date or hour)` and what was recorded then.
type Recorded<T> = BTreeMap<(String, String), T>;

/// What there is in the files.
const RECORDED: &str = "steps,distance,calories,heart_rate,body_weight,sleep";

fn rows(folder: &Path, file: &str) -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_path(folder.join(file)).unwrap();
    reader.records().map(Result::unwrap).collect()
}

/// Daily figures of the account: steps, kilometres, kilocalories.
fn activity(folder: &Path) -> Recorded<(i64, f64, f64)> {
    let row = |row: &csv::StringRecord| {
        let figures = (row[2].parse().unwrap(), row[3].parse().unwrap(), row[4].parse().unwrap());
        ((row[0].to_owned(), row[1].to_owned()), figures)
    };
    rows(folder, "activity_by_day.csv").iter().map(row).collect()
}

/// Sums of `file`'s third column by local day.
fn sums(folder: &Path, file: &str) -> Recorded<i64> {
    let mut sums = Recorded::new();
    for row in rows(folder, file) {
        let day = (row[0].to_owned(), row[1][..10].to_owned());
        *sums.entry(day).or_default() += row[2].parse::<i64>().unwrap();
    }
    sums
}

/// Heart rates by local hour; days in the 5-second file replace those of the minute file.
fn heart_rates(folder: &Path) -> Recorded<Vec<i64>> {
    let fine = rows(folder, "heart_rate_by_5_seconds.csv");
    let fine_days: BTreeSet<(String, String)> =
        fine.iter().map(|row| (row[0].to_owned(), row[1][..10].to_owned())).collect();
    let coarse = rows(folder, "heart_rate_by_minute.csv")
        .into_iter()
        .filter(|row| !fine_days.contains(&(row[0].to_owned(), row[1][..10].to_owned())));
    let mut hours = Recorded::new();
    for row in fine.iter().cloned().chain(coarse) {
        let hour = (row[0].to_owned(), row[1][..13].to_owned());
        hours.entry(hour).or_insert_with(Vec::new).push(row[2].parse().unwrap());
    }
    hours
}

/// Everybody's Observations of one type, by wearer and the first `length` characters of their local
/// start.
async fn observed(demo: &Demo, metric: &str, length: usize) -> Recorded<Value> {
    let mut observed = Recorded::new();
    for person in &demo.people {
        let wearer = person.name.trim_start_matches("Wearer ").to_owned();
        for observation in demo.observations(person, metric).await {
            let at = observation["effective_datetime"].as_str().unwrap()[..length].to_owned();
            assert!(observed.insert((wearer.clone(), at), observation).is_none(), "twice");
        }
    }
    observed
}

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("PHR_RECORDINGS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: PHR_RECORDINGS names no folder");
    }
    folder
}

fn value(observation: &Value, field: &str) -> f64 {
    observation[field].as_f64().unwrap()
}

fn assert_same(what: &str, key: &(String, String), ours: f64, recorded: f64) {
    assert!((ours - recorded).abs() < 1e-9, "{what} of {key:?}: {ours} instead of {recorded}");
}

#[tokio::test]
async fn everything_recorded_comes_out_of_the_api() {
    let Some(folder) = folder() else { return };
    let demo =
        Demo::start(&["--recordings", folder.to_str().unwrap(), "--metrics", RECORDED]).await;
    daily_figures_are_the_accounts(&demo, &folder).await;
    hours_of_heart_rate_are_right(&demo, &folder).await;
    weigh_ins_are_right_to_the_gram(&demo, &folder).await;
    nights_are_right_to_the_minute(&demo, &folder).await;
    every_sample_is_kept(&demo, &folder);
    coverage_says_where_the_account_differs(&demo, &folder).await;
}

/// The same wearers through Fitbit's former Web API: the same Observations.
#[tokio::test]
async fn the_web_api_says_the_same() {
    let Some(folder) = folder() else { return };
    let upstream = ["--upstream", "web-api"];
    let recorded = ["--recordings", folder.to_str().unwrap(), "--metrics", RECORDED];
    let demo = Demo::start(&[upstream.as_slice(), &recorded].concat()).await;
    daily_figures_are_the_accounts(&demo, &folder).await;
    hours_of_heart_rate_are_right(&demo, &folder).await;
    weigh_ins_are_right_to_the_gram(&demo, &folder).await;
    nights_are_right_to_the_minute(&demo, &folder).await;
}

async fn daily_figures_are_the_accounts(demo: &Demo, folder: &Path) {
    let activity = activity(folder);
    let minutes = sums(folder, "steps_by_minute.csv");
    let days: BTreeSet<_> = activity.keys().chain(minutes.keys()).cloned().collect();
    let steps = observed(demo, "steps", 10).await;
    assert_eq!(steps.keys().cloned().collect::<BTreeSet<_>>(), days);
    for (key, observation) in &steps {
        let recorded = activity.get(key).map_or_else(|| minutes[key], |(steps, _, _)| *steps);
        #[expect(clippy::cast_precision_loss, reason = "steps of a day are few")]
        assert_same("steps", key, value(observation, "value"), recorded as f64);
    }
    let distances = observed(demo, "distance", 10).await;
    let calories = observed(demo, "calories", 10).await;
    for (key, (_, kilometres, kilocalories)) in &activity {
        assert_same("distance", key, value(&distances[key], "value"), *kilometres);
        assert_same("calories", key, value(&calories[key], "value"), *kilocalories);
    }
    println!("{} days of steps, {} of distance and calories", steps.len(), activity.len());
}

#[expect(clippy::cast_precision_loss, reason = "heart rates of an hour are few")]
async fn hours_of_heart_rate_are_right(demo: &Demo, folder: &Path) {
    let recorded = heart_rates(folder);
    let observed = observed(demo, "heart_rate", 13).await;
    assert_eq!(observed.keys().collect::<Vec<_>>(), recorded.keys().collect::<Vec<_>>());
    for (key, rates) in &recorded {
        let observation = &observed[key];
        let mean = rates.iter().sum::<i64>() as f64 / rates.len() as f64;
        let off = (value(observation, "value") - mean).abs();
        assert!(off <= 0.05 + 1e-9, "mean heart rate of {key:?} is off by {off}");
        assert_same("minimum", key, value(observation, "min"), *rates.iter().min().unwrap() as f64);
        assert_same("maximum", key, value(observation, "max"), *rates.iter().max().unwrap() as f64);
    }
    println!("{} hours of heart rate", recorded.len());
}

async fn weigh_ins_are_right_to_the_gram(demo: &Demo, folder: &Path) {
    let observed = observed(demo, "body_weight", 19).await;
    let recorded: Recorded<f64> = rows(folder, "weight.csv")
        .iter()
        .map(|row| ((row[0].to_owned(), row[1].to_owned()), row[2].parse().unwrap()))
        .collect();
    assert_eq!(observed.keys().collect::<Vec<_>>(), recorded.keys().collect::<Vec<_>>());
    for (key, kilograms) in &recorded {
        assert_same("weight", key, value(&observed[key], "value"), *kilograms);
    }
    println!("{} weigh-ins", recorded.len());
}

/// Hundredths of minutes asleep, and the minutes in bed, which the night lasted, by the day of waking.
async fn nights_are_right_to_the_minute(demo: &Demo, folder: &Path) {
    let recorded: Recorded<(i64, i64)> = rows(folder, "sleep_by_day.csv")
        .iter()
        .map(|row| {
            let asleep: i64 = row[2].parse().unwrap();
            ((row[0].to_owned(), row[1].to_owned()), (asleep * 100, row[3].parse().unwrap()))
        })
        .collect();
    let mut nights = Recorded::new();
    for ((wearer, _), night) in observed(demo, "sleep", 19).await {
        let instant = |field: &str| night[field].as_str().unwrap().parse::<Timestamp>().unwrap();
        let in_bed = instant("effective_end").duration_since(instant("effective_datetime"));
        let woke = night["effective_end"].as_str().unwrap()[..10].to_owned();
        #[expect(clippy::cast_possible_truncation, reason = "nights are short")]
        let hundredths = (value(&night, "value") * 100.0).round() as i64;
        assert!(nights.insert((wearer, woke), (hundredths, in_bed.as_mins())).is_none(), "twice");
    }
    assert_eq!(nights, recorded);
    println!("{} nights", recorded.len());
}

fn every_sample_is_kept(demo: &Demo, folder: &Path) {
    let mut recorded: BTreeMap<(String, &str), u64> = BTreeMap::new();
    for ((wearer, _), rates) in heart_rates(folder) {
        *recorded.entry((wearer, "heart_rate")).or_default() += rates.len() as u64;
    }
    for (file, metric) in [("steps_by_minute.csv", "steps"), ("calories_by_hour.csv", "calories")] {
        for row in rows(folder, file) {
            *recorded.entry((row[0].to_owned(), metric)).or_default() += 1;
        }
    }
    for ((wearer, metric), count) in recorded {
        let person = demo.people.iter().find(|person| person.name.ends_with(&wearer)).unwrap();
        assert_eq!(person.metrics[metric]["samples"], count, "{metric} samples of {wearer}");
    }
}

/// A day differs where the account's steps are not the sum of its minutes; both figures are shown.
async fn coverage_says_where_the_account_differs(demo: &Demo, folder: &Path) {
    let minutes = sums(folder, "steps_by_minute.csv");
    let expected: Recorded<(i64, i64)> = activity(folder)
        .into_iter()
        .map(|(key, (account, _, _))| {
            (key.clone(), (minutes.get(&key).copied().unwrap_or(0), account))
        })
        .filter(|(_, (ours, account))| ours != account)
        .collect();
    let mut found = Recorded::new();
    for person in &demo.people {
        let wearer = person.name.trim_start_matches("Wearer ").to_owned();
        for day in demo.coverage(person, "steps", "2016-03-29", "2016-05-13").await {
            if day["state"] == "differs" {
                let figures = (value(&day, "ours"), value(&day, "vendor"));
                #[expect(clippy::cast_possible_truncation, reason = "steps are whole")]
                let figures = (figures.0 as i64, figures.1 as i64);
                found.insert((wearer.clone(), day["date"].as_str().unwrap().to_owned()), figures);
            }
        }
    }
    assert_eq!(found, expected);
    println!("{} days of steps differ, each with both figures", found.len());
}
