//! Civil days where the person was: daylight saving, journeys, the date line.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::{Client, INES, JONAS, SCOPES, options};
use phr_sandbox::{DataType, Options, Reading, World};

fn world(now: &str) -> World {
    let options = Options { now: Some(now.parse().unwrap()), ..options() };
    World::new(options).unwrap()
}

/// Energy is recorded each minute, worn or not: it measures how long a civil day was.
fn minutes(world: &World, email: &str, date: &str) -> usize {
    shown_on(world, email, date).len()
}

fn shown_on(world: &World, email: &str, date: &str) -> Vec<Reading> {
    let noon: Timestamp = format!("{date}T12:00:00Z").parse().unwrap();
    let date: Date = date.parse().unwrap();
    let around = SignedDuration::from_hours(40);
    let points = world.points(email, DataType::TotalCalories, noon - around, noon + around);
    let shown = |point: &Reading| {
        let offset = Offset::from_seconds(point.utc_offset).unwrap();
        offset.to_datetime(point.start).date() == date
    };
    points.unwrap().into_iter().filter(shown).collect()
}

#[test]
fn days_of_daylight_saving_have_23_and_25_hours() {
    assert_eq!(minutes(&world("2026-11-22T12:00:00Z"), JONAS, "2026-10-25"), 25 * 60);
    assert_eq!(minutes(&world("2026-04-10T12:00:00Z"), JONAS, "2026-03-29"), 23 * 60);
    assert_eq!(minutes(&world("2026-04-10T12:00:00Z"), JONAS, "2026-03-28"), 24 * 60);
}

#[test]
fn a_journey_west_makes_a_day_longer_and_home_again_shorter() {
    let world = world("2026-11-22T12:00:00Z");
    assert_eq!(minutes(&world, JONAS, "2026-11-13"), 30 * 60);
    assert_eq!(minutes(&world, JONAS, "2026-11-16"), 18 * 60);
}

#[test]
fn across_the_date_line_a_day_shrinks_and_on_the_way_back_one_doubles() {
    let world = world("2026-11-22T12:00:00Z");
    let lengths: Vec<usize> = (24..=31)
        .map(|day| format!("2026-10-{day}"))
        .chain((1..=4).map(|day| format!("2026-11-0{day}")))
        .map(|date| minutes(&world, INES, &date) / 60)
        .collect();
    assert!(lengths.iter().any(|hours| *hours < 14), "{lengths:?}");
    assert!(lengths.iter().any(|hours| *hours > 34), "{lengths:?}");
}

#[tokio::test]
async fn the_daily_roll_up_follows_the_civil_day_of_the_journey() {
    let client = Client::jonas().await;
    let answer = client.daily_roll_up("total-calories", "2026-11-13", "2026-11-14").await.json();
    let sum = answer["rollupDataPoints"][0]["totalCalories"]["kcalSum"].as_f64().unwrap();
    let points = shown_on(client.world(), JONAS, "2026-11-13");
    assert_eq!(points.len(), 30 * 60);
    assert!((sum - points.iter().map(|point| point.value).sum::<f64>()).abs() < 1e-6);
}

#[tokio::test]
async fn points_carry_the_offset_of_where_the_person_was() {
    let client = Client::jonas().await;
    let offset = async |from: &str, to: &str| {
        let filter = crate::support::within("heart_rate.sample_time.physical_time", from, to);
        let page = client.list("heart-rate", &[("filter", &filter), ("pageSize", "1")]).await;
        page.json()["dataPoints"][0]["heartRate"]["sampleTime"]["utcOffset"].clone()
    };
    assert_eq!(offset("2026-11-12T10:00:00Z", "2026-11-12T11:00:00Z").await, "3600s");
    assert_eq!(offset("2026-11-15T15:00:00Z", "2026-11-15T16:00:00Z").await, "-18000s");
    let settings = client.get("settings", &[]).await.json();
    assert_eq!(settings["timeZone"], "Europe/Berlin");
}

#[tokio::test]
async fn a_civil_filter_means_the_wall_clock_of_the_person() {
    let client = Client::connect(options(), INES, SCOPES).await;
    let filter =
        crate::support::within("heart_rate.sample_time.civil_time", "2026-10-28", "2026-10-29");
    let points = client.walk("", "heart-rate", &[("filter", &filter), ("pageSize", "5000")]).await;
    let date = |point: &Value| point["heartRate"]["sampleTime"]["civilTime"]["date"]["day"].clone();
    assert!(points.len() > 10_000, "{}", points.len());
    assert!(points.iter().all(|point| date(point) == 28));
}
