//! Days older than the look-back: outages that leave no hole, and the audit that finds what came
//! late, changed or went away.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use common::{Connected, LOOK_BACK, NOON, Stage};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use phr_model::{Coverage, CoverageState, DateRange, FITBIT, Metric, Status};
use phr_sandbox::{DataType, Fault};
use phr_sync::MetricReport;

const TODAY: Date = Date::constant(2026, 11, 20);
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn ago(days: i32) -> Date {
    TODAY.checked_sub(days.days()).unwrap()
}

fn noon_of(date: Date) -> Timestamp {
    date.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
}

/// The civil days from `first` until yesterday.
fn until_yesterday(stage: &Stage, first: Date) -> impl Iterator<Item = Date> {
    let today = stage.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    DateRange { first, last: today.yesterday().unwrap() }.days().collect::<Vec<_>>().into_iter()
}

async fn coverage(stage: &Stage, person: &Connected, metric: Metric, day: Date) -> Coverage {
    let days = DateRange::day(day);
    let rows = stage.store.coverage(person.id, Some(metric), days).await.unwrap();
    rows.into_iter().next().unwrap()
}

/// How many days of `metric` were read by work of this kind since `since`.
async fn days_read(
    stage: &Stage,
    person: &Connected,
    work: &str,
    metric: Metric,
    since: Timestamp,
) -> u32 {
    let runs = stage.store.runs(person.id, 1_000).await.unwrap();
    let runs = runs.iter().filter(|run| run.started_at >= since && run.work == work);
    let reports = runs.flat_map(|run| {
        serde_json::from_str::<Vec<MetricReport>>(&run.report).unwrap().into_iter()
    });
    reports.filter(|report| report.metric == metric).map(|report| report.days_read).sum()
}

/// A stage on which somebody's last 35 days are held, of which a run looks back at five.
async fn held() -> (Stage, Connected) {
    let stage = Stage::at(NOON, 200).await.history(35);
    let person = stage.connect_activity(0).await;
    stage.work_off().await;
    stage.assert_activity_equals_vendor(&person, ago(34)).await;
    (stage, person)
}

/// The night comes, and with it the audit.
async fn night(stage: &Stage) {
    stage.advance(DAY);
    stage.work_off().await;
}

#[tokio::test]
async fn t1_an_outage_of_an_hour_a_day_or_eight_days_leaves_no_hole() {
    for hours in [1, 25, 8 * 24] {
        let stage = Stage::at(NOON, 30).await.look_back(14);
        let person = stage.connect_activity(0).await;
        stage.work_off().await;
        stage.world().inject("kind=status,status=503".parse::<Fault>().unwrap());
        for _ in 0..4 {
            stage.advance(SignedDuration::from_mins(hours * 15));
            stage.sync.work_once().await.unwrap();
        }
        stage.world().clear_faults();
        stage.advance(SignedDuration::from_hours(2));
        stage.work_off().await;
        for day in until_yesterday(&stage, ago(13)) {
            stage.assert_activity_equals_vendor(&person, day).await;
        }
        assert!(stage.connection(&person).await.last_error.is_none(), "{hours} h");
    }
}

#[tokio::test]
async fn t1_an_outage_longer_than_the_look_back_leaves_no_hole() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect_activity(0).await;
    stage.work_off().await;
    stage.world().inject("kind=status,status=503".parse::<Fault>().unwrap());
    for _ in 0..12 {
        stage.advance(DAY);
        stage.work_off().await;
    }
    stage.world().clear_faults();
    night(&stage).await;
    for day in until_yesterday(&stage, ago(LOOK_BACK - 1)) {
        stage.assert_activity_equals_vendor(&person, day).await;
        let row = coverage(&stage, &person, Metric::Steps, day).await;
        assert!(row.read_closed && row.state != CoverageState::VendorError, "{row:?}");
    }
}

#[tokio::test]
async fn t1_sixty_days_without_any_process_leave_no_hole() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect_activity(0).await;
    stage.work_off().await;
    stage.advance(DAY * 60);
    stage.work_off().await;
    for day in until_yesterday(&stage, ago(LOOK_BACK - 1)) {
        stage.assert_activity_equals_vendor(&person, day).await;
    }
}

#[tokio::test]
async fn reconnecting_after_sixty_days_fetches_the_gap_and_nothing_else() {
    let (stage, person) = held().await;
    assert!(stage.connector.disconnect(person.id, FITBIT).await.unwrap());
    stage.advance(DAY * 60);
    let back = stage.clock.now();
    stage.reconnect_activity(&person).await;
    stage.work_off().await;
    for day in until_yesterday(&stage, ago(34)) {
        stage.assert_activity_equals_vendor(&person, day).await;
    }
    let recent = days_read(&stage, &person, "recent", Metric::Steps, back).await;
    let older = days_read(&stage, &person, "history", Metric::Steps, back).await;
    // The day on which they left was not over when it was last read.
    assert_eq!((recent, older), (5, 61 - 5));
}

#[tokio::test]
async fn a_metric_permitted_later_gets_the_history_of_the_others() {
    let stage = Stage::at(NOON, 60).await.history(12);
    let person = stage.connect_activity(0).await;
    stage.work_off().await;
    assert!(stage.store.samples(person.id, Metric::BodyWeight, ago(8)).await.unwrap().is_empty());
    stage.advance(SignedDuration::from_hours(1));
    stage.consent(person.id, &person.email, |_| true).await.unwrap();
    stage.work_off().await;
    for day in (DateRange { first: ago(11), last: ago(1) }).days() {
        stage.assert_equals_vendor(&person, day).await;
    }
}

#[tokio::test]
async fn t2_a_sample_that_changed_before_the_look_back_is_found_by_the_audit() {
    let (stage, person) = held().await;
    let day = ago(20);
    let (at, steps) = stage.truth(&person, DataType::Steps, day)[3];
    stage.world().change_sample(&person.email, DataType::Steps, at, steps + 40.0).unwrap();
    stage.sync(&person).await;
    let days = DateRange::day(day);
    let before = stage.store.observations_between(person.id, Metric::Steps, days).await.unwrap();
    night(&stage).await;
    stage.assert_activity_equals_vendor(&person, day).await;
    let after = stage.store.observations_between(person.id, Metric::Steps, days).await.unwrap();
    assert_eq!(after[0].says.value, before[0].says.value + 40);
    assert_eq!((after[0].status, after[0].version), (Status::Corrected, 2));
}

#[tokio::test]
async fn t3_what_was_deleted_before_the_look_back_is_withdrawn_by_the_audit() {
    let (stage, person) = held().await;
    let days = DateRange::day(ago(25));
    let before = stage.store.observations_between(person.id, Metric::Steps, days).await.unwrap();
    let samples = stage.truth(&person, DataType::Steps, days.first);
    let (from, to) = (samples[0].0, samples.last().unwrap().0 + SignedDuration::from_mins(1));
    for data_type in [DataType::Steps, DataType::Distance] {
        stage.world().delete_samples(&person.email, data_type, from, to).unwrap();
    }
    night(&stage).await;
    let after = stage.store.observations_between(person.id, Metric::Steps, days).await.unwrap();
    assert!(after.is_empty(), "{after:?}");
    let tombstone = stage.store.observation(person.id, before[0].says.id).await.unwrap().unwrap();
    assert_eq!((tombstone.status, tombstone.version), (Status::EnteredInError, 2));
    stage.assert_activity_equals_vendor(&person, days.first).await;
}

/// Lets `late` days of activity arrive an hour from now, of which the youngest is `age` days old.
fn hold_back(stage: &Stage, person: &Connected, age: i32, late: i32) {
    let until = stage.clock.now() + SignedDuration::from_hours(1);
    let (from, to) = (noon_of(ago(age + late)), noon_of(ago(age)));
    let types = [DataType::Steps, DataType::Distance];
    stage.world().hold_back(&person.email, &types, from, to, until).unwrap();
}

#[tokio::test]
async fn t4_a_device_that_syncs_ten_or_forty_days_late_leaves_no_hole() {
    for age in [1, 30, 60] {
        let stage = Stage::at(NOON, 200).await.history(90);
        let email = stage.world().people()[0].email.clone();
        let id = stage.register(&email).await;
        let person = Connected { id, email };
        hold_back(&stage, &person, age, 10);
        stage.reconnect_activity(&person).await;
        stage.work_off().await;
        let day = ago(age + 5);
        let held = stage.store.samples(person.id, Metric::Steps, day).await.unwrap();
        assert!(held.is_empty(), "{age}");
        night(&stage).await;
        for day in until_yesterday(&stage, ago(age + 10)) {
            stage.assert_activity_equals_vendor(&person, day).await;
        }
    }
}

#[tokio::test]
async fn every_held_day_is_compared_again_within_a_round() {
    let stage = Stage::at(NOON, 400).await.history(300);
    let person = stage.connect_activity(0).await;
    stage.work_off().await;
    let mut found = Vec::new();
    for age in [50, 140, 230, 290] {
        let at = stage.truth(&person, DataType::Steps, ago(age))[0].0;
        stage.world().change_sample(&person.email, DataType::Steps, at, 77.0).unwrap();
    }
    for _ in 0..3 {
        let before = stage.clock.now();
        night(&stage).await;
        found.push(days_read(&stage, &person, "audit", Metric::Steps, before).await);
    }
    assert_eq!(found, [1, 1, 2], "ninety days a night, the newest first");
    for age in [50, 140, 230, 290] {
        stage.assert_activity_equals_vendor(&person, ago(age)).await;
    }
}

#[tokio::test]
async fn what_differs_after_reading_again_says_so_with_both_figures() {
    let (stage, person) = held().await;
    let day = ago(20);
    stage.world().override_daily(&person.email, DataType::Steps, day, 12_345.0).unwrap();
    let first = stage.clock.now();
    night(&stage).await;
    let row = coverage(&stage, &person, Metric::Steps, day).await;
    assert_eq!(row.state, CoverageState::Differs);
    assert!(row.ours.is_some() && row.vendor.is_some() && row.ours != row.vendor, "{row:?}");
    assert_eq!(days_read(&stage, &person, "audit", Metric::Steps, first).await, 1);
    let second = stage.clock.now();
    night(&stage).await;
    let again = days_read(&stage, &person, "audit", Metric::Steps, second).await;
    assert_eq!(again, 0, "nothing new is known about it");
}

#[tokio::test]
async fn a_day_that_differs_is_read_again_once_in_a_round() {
    let stage = Stage::at(NOON, 400).await.history(200);
    let person = stage.connect_activity(0).await;
    stage.work_off().await;
    stage.world().override_daily(&person.email, DataType::Steps, ago(60), 12_345.0).unwrap();
    let mut read = Vec::new();
    for _ in 0..6 {
        let before = stage.clock.now();
        night(&stage).await;
        read.push(days_read(&stage, &person, "audit", Metric::Steps, before).await);
    }
    assert_eq!(read, [1, 0, 1, 0, 1, 0], "a round of 200 days takes two nights");
}

#[tokio::test]
async fn an_audit_of_what_did_not_change_changes_nothing_and_reads_nothing() {
    let (stage, person) = held().await;
    let held = async || {
        let days = DateRange { first: ago(34), last: ago(5) };
        stage.store.coverage(person.id, None, days).await.unwrap()
    };
    let (before, known) = (stage.clock.now(), held().await);
    night(&stage).await;
    assert_eq!(days_read(&stage, &person, "audit", Metric::Steps, before).await, 0);
    assert_eq!(held().await, known);
    let runs = stage.store.runs(person.id, 10).await.unwrap();
    assert!(runs.iter().any(|run| run.work == "audit" && run.started_at >= before));
}

#[tokio::test]
async fn an_audit_that_fails_comes_again_the_same_night() {
    let (stage, person) = held().await;
    let at = stage.truth(&person, DataType::Steps, ago(20))[0].0;
    stage.world().change_sample(&person.email, DataType::Steps, at, 99.0).unwrap();
    stage.world().inject("kind=status,status=503".parse::<Fault>().unwrap());
    night(&stage).await;
    stage.world().clear_faults();
    stage.advance(SignedDuration::from_hours(1));
    stage.work_off().await;
    stage.assert_activity_equals_vendor(&person, ago(20)).await;
}

#[tokio::test]
async fn an_audit_fetches_no_history() {
    let stage = Stage::at(NOON, 200).await;
    let person = stage.connect_activity(0).await;
    stage.work_off().await;
    let metrics = Some(vec![Metric::Steps]);
    stage.sync.request_backfill(person.id, FITBIT, ago(60), metrics).await.unwrap();
    stage.work_off().await;
    night(&stage).await;
    assert!(!stage.store.samples(person.id, Metric::Steps, ago(30)).await.unwrap().is_empty());
    assert!(stage.store.samples(person.id, Metric::Distance, ago(30)).await.unwrap().is_empty());
}
