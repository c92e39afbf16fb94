//! Days that are not 24 hours long: daylight saving and journeys across time zones.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;
mod meddled;

use std::sync::Arc;

use common::{Connected, Stage};
use jiff::{ToSpan, civil::Date};
use meddled::Meddled;
use phr_model::{DateRange, Metric, Offsets};
use phr_sandbox::DataType;
use phr_sync::{
    Outcome,
    verify::record::{self, Strictness},
};

/// Syncs the fortnight before `now` and compares every day with the vendor's truth: each sample on
/// the vendor's civil day, each daily sum the vendor's own.
async fn a_fortnight_before(now: &str, person: usize) -> (Stage, Connected) {
    let stage = Stage::at(now, 60).await.look_back(14);
    let person = stage.connect(person).await;
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
    let today: Date = now[..10].parse().unwrap();
    for n in 1..13 {
        let day = today.checked_sub(n.days()).unwrap();
        stage.assert_equals_vendor(&person, day).await;
        let theirs = stage.world().daily_total(&person.email, DataType::Steps, day).unwrap();
        let days = DateRange::day(day);
        let ours = stage.store.observations_between(person.id, Metric::Steps, days).await.unwrap();
        let ours = ours.first().map(|ours| Metric::Steps.to_api(ours.says.value));
        assert_eq!(ours, theirs, "steps of {day}");
    }
    (stage, person)
}

#[tokio::test]
async fn t5_the_day_of_twenty_five_hours_is_complete() {
    let (stage, person) = a_fortnight_before("2026-10-30T11:00:00Z", 0).await;
    let day = Date::constant(2026, 10, 25);
    let hours = stage
        .store
        .observations_between(person.id, Metric::HeartRate, DateRange::day(day))
        .await
        .unwrap();
    let offsets: std::collections::BTreeSet<i32> =
        hours.iter().map(|hour| hour.says.effective.start().offset_seconds).collect();
    assert_eq!(offsets.len(), 2, "both offsets of the day occur");
}

#[tokio::test]
async fn t5_the_day_of_twenty_three_hours_is_complete() {
    let (stage, person) = a_fortnight_before("2026-04-03T11:00:00Z", 0).await;
    let day = Date::constant(2026, 3, 29);
    let zone = jiff::tz::TimeZone::get(&stage.world().people()[0].time_zone).unwrap();
    let (start, end) = Offsets::new(zone, &[]).bounds(day);
    assert_eq!(end.at.duration_since(start.at).as_hours(), 23);
    let steps = stage
        .store
        .observations_between(person.id, Metric::Steps, DateRange::day(day))
        .await
        .unwrap();
    assert!(steps.iter().all(|steps| steps.says.effective.start() == start));
}

#[tokio::test]
async fn t5_a_journey_of_the_last_fortnight_is_complete() {
    let (stage, person) = a_fortnight_before("2026-11-20T11:00:00Z", 1).await;
    let mut offsets = std::collections::BTreeSet::new();
    for n in 0..14 {
        let day = Date::constant(2026, 11, 20).checked_sub(n.days()).unwrap();
        let samples = stage.store.samples(person.id, Metric::Steps, day).await.unwrap();
        offsets.extend(samples.iter().map(|sample| sample.offset_seconds));
    }
    assert!(offsets.len() > 1, "the person stayed at home: {offsets:?}");
}

#[tokio::test]
async fn t5_a_journey_across_the_date_line_and_back_is_complete() {
    // The journey of the first person lies 20 to 30 days before the emulator's beginning.
    let stage = Stage::at("2026-11-20T11:00:00Z", 60).await.look_back(34);
    let person = stage.connect(0).await;
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
    let mut offsets = std::collections::BTreeSet::new();
    for n in 1..33 {
        let day = Date::constant(2026, 11, 20).checked_sub(n.days()).unwrap();
        stage.assert_equals_vendor(&person, day).await;
        let samples = stage.store.samples(person.id, Metric::Steps, day).await.unwrap();
        offsets.extend(samples.iter().map(|sample| sample.offset_seconds));
    }
    let (west, east) = (offsets.first().unwrap(), offsets.last().unwrap());
    assert!(east - west > 12 * 3_600, "no date line was crossed: {offsets:?}");
}

/// A vendor's daily value comes without an hour. Read before any steps, it is dated by the zone of
/// the account; steps that come after the account has moved say where the person really was.
#[tokio::test]
async fn a_resting_heart_rate_follows_the_steps_that_come_after_a_move() {
    let mut stage = Stage::at("2026-11-20T11:00:00Z", 30).await.look_back(14);
    let person = stage.connect(0).await;
    let vendor = emigrated(&mut stage);
    stage.sync(&person).await;
    assert!(resting_heart_rates(&stage, &person).await.contains(&-28_800));
    vendor.moves();
    stage.sync(&person).await;
    assert!(!resting_heart_rates(&stage, &person).await.contains(&-28_800));
    assert_verified(&stage, &person).await;
}

/// Nobody knows where they were, so what was said when the day was read stands, and is no mistake.
#[tokio::test]
async fn without_steps_a_day_keeps_the_zone_in_which_it_was_read() {
    let mut stage = Stage::at("2026-11-20T11:00:00Z", 30).await.look_back(14);
    let email = stage.world().people()[0].email.clone();
    let person = Connected { id: stage.register(&email).await, email };
    let vendor = emigrated(&mut stage);
    let all_but_steps = |scope: &str| !scope.contains("activity");
    stage.consent(person.id, &person.email, all_but_steps).await.unwrap();
    stage.sync(&person).await;
    let before = resting_heart_rates(&stage, &person).await;
    vendor.moves();
    stage.sync(&person).await;
    assert_eq!(resting_heart_rates(&stage, &person).await, before);
    assert!(before.contains(&-28_800));
    assert_verified(&stage, &person).await;
}

/// Lets the vendor say that accounts are in Los Angeles, and have no steps yet.
fn emigrated(stage: &mut Stage) -> Arc<Meddled> {
    let vendor = Arc::new(Meddled::new(stage.sync.vendors.get("fitbit").unwrap()));
    vendor.lives_in("America/Los_Angeles");
    stage.use_vendor(vendor.clone());
    vendor
}

async fn assert_verified(stage: &Stage, person: &Connected) {
    let (now, strictness) = (stage.clock.now(), Strictness::default());
    let verified = record::verify(&*stage.store, person.id, now, strictness, &|_, _| {});
    assert_eq!(verified.await.unwrap().findings, []);
}

/// The offsets by which the resting heart rates of the fortnight are dated.
async fn resting_heart_rates(stage: &Stage, person: &Connected) -> Vec<i32> {
    let days = DateRange::ending(Date::constant(2026, 11, 20), 14);
    let (store, metric) = (&stage.store, Metric::RestingHeartRate);
    let observations = store.observations_between(person.id, metric, days).await.unwrap();
    observations.iter().map(|held| held.says.effective.start().offset_seconds).collect()
}
