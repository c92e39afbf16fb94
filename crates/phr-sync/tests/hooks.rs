//! What notifications do to runs: how far they reach back, and how often they come.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use common::{Connected, NOON, Stage};
use jiff::{
    SignedDuration,
    civil::{Date, date},
};
use phr_model::{DateRange, FITBIT, Metric};
use phr_sandbox::{DataType, Fault, Source};
use phr_store::{connection::Priority, hook::Hint};

/// Long before the look-back of five days.
const LONG_AGO: Date = date(2026, 11, 2);

async fn hear(stage: &Stage, person: &Connected, from: Option<Date>) {
    let vendor_user = stage.connection(person).await.vendor_user.unwrap();
    let hints = [Hint { vendor_user, from }];
    let heard = stage.store.hear(FITBIT, &hints, stage.clock.now()).await.unwrap();
    assert_eq!((heard.known, heard.unknown), (1, 0));
}

async fn work(stage: &Stage) -> bool {
    stage.sync.work_once().await.unwrap()
}

/// The connection is due in so many hours, give or take the tenth that is drawn.
async fn assert_due_in(stage: &Stage, person: &Connected, hours: i64) {
    let due_at = stage.connection(person).await.due_at.unwrap();
    let minutes = due_at.duration_since(stage.clock.now()).as_mins();
    assert!((hours * 54..=hours * 66).contains(&minutes), "{minutes} minutes, not {hours} hours");
}

#[tokio::test]
async fn a_hint_before_the_look_back_is_honoured_once() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    while work(&stage).await {}
    let at = "2026-11-02T19:00:00Z".parse().unwrap();
    stage.world().add_sample(&person.email, DataType::Weight, at, 81_500.0, Source::Scale).unwrap();
    hear(&stage, &person, Some(LONG_AGO)).await;
    assert_eq!(stage.connection(&person).await.priority, Priority::Webhook);
    assert!(work(&stage).await);
    let read = stage.store.samples(person.id, Metric::BodyWeight, LONG_AGO).await.unwrap();
    assert!(read.iter().any(|sample| sample.at == at), "{read:?}");
    assert_eq!(stage.connection(&person).await.hooked.from, None);
    let runs = stage.store.runs(person.id, 1).await.unwrap();
    assert_eq!(runs[0].outcome, "complete");
}

#[tokio::test]
async fn a_run_that_fails_leaves_the_hint_standing() {
    let stage = Stage::at(NOON, 10).await;
    let person = stage.connect(0).await;
    while work(&stage).await {}
    hear(&stage, &person, Some(date(2026, 11, 12))).await;
    let fault: Fault = "kind=status,status=503,path=steps".parse().unwrap();
    stage.world().inject(fault);
    assert!(work(&stage).await);
    assert_eq!(stage.connection(&person).await.hooked.from, Some(date(2026, 11, 12)));
    stage.world().clear_faults();
    stage.advance(SignedDuration::from_hours(2));
    assert!(work(&stage).await);
    assert_eq!(stage.connection(&person).await.hooked.from, None);
    let days = DateRange { first: date(2026, 11, 12), last: date(2026, 11, 20) };
    let covered = stage.store.coverage(person.id, Some(Metric::Steps), days).await.unwrap();
    assert_eq!(covered.len(), 9);
}

#[tokio::test]
async fn a_sync_of_one_day_answers_no_hint() {
    let stage = Stage::at(NOON, 10).await;
    let person = stage.connect(0).await;
    while work(&stage).await {}
    hear(&stage, &person, Some(date(2026, 11, 12))).await;
    let today = Some(date(2026, 11, 20));
    stage.sync.sync_now(person.id, FITBIT, today, None).await.unwrap();
    assert_eq!(stage.connection(&person).await.hooked.from, Some(date(2026, 11, 12)));
}

#[tokio::test]
async fn polling_is_rarer_with_notifications_and_as_usual_when_they_miss_something() {
    let stage = Stage::at(NOON, 10).await;
    let person = stage.connect(0).await;
    while work(&stage).await {}
    assert_due_in(&stage, &person, 1).await;
    hear(&stage, &person, None).await;
    assert!(work(&stage).await);
    assert_due_in(&stage, &person, 6).await;
    stage.advance(SignedDuration::from_hours(7));
    assert!(work(&stage).await, "polling goes on");
    let connection = stage.connection(&person).await;
    assert_eq!(connection.hooked.missed, 1, "seven hours of data came without a word");
    assert_due_in(&stage, &person, 1).await;
    hear(&stage, &person, None).await;
    assert!(work(&stage).await);
    assert_eq!(stage.connection(&person).await.hooked.missed, 0);
    assert_due_in(&stage, &person, 6).await;
}
