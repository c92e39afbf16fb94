//! The judge itself is judged: every kind of damage done to a record is found and named, and a record
//! without damage is not accused.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use std::{collections::BTreeSet, path::Path};

use common::{Connected, NOON, Stage, Upstream, exact, options};
use jiff::{SignedDuration, civil::Date};
use phr_model::{FITBIT, Metric, PersonId};
use phr_sandbox::{DataType, Fault, Source};
use phr_store::{DatabaseUrl, SqliteStore, bed, connection::Priority};
use phr_sync::verify::{
    Class, Verified,
    record::{self, Strictness},
    vendor::{self, Extent},
};
use rstest::rstest;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

const YESTERDAY: Date = Date::constant(2026, 11, 19);
const EVERYTHING: Extent = Extent { days: 3, samples: true, today: true };

/// Someone with three days of data.
async fn synced() -> (Stage, Connected) {
    let stage = Stage::on(bed::open_file().await, options(NOON, 5)).await.look_back(3);
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    (stage, person)
}

async fn connect(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// The record's codes of findings after `damage` was done to a copy of the database.
async fn codes_after(
    stage: &Stage,
    person: PersonId,
    number: usize,
    damage: &'static str,
) -> BTreeSet<&'static str> {
    let DatabaseUrl::Sqlite(held) = stage.bed.url() else { panic!("copies are made of files") };
    let copy = held.with_file_name(format!("copy{number}.sqlite"));
    let mut original = connect(held).await;
    let into = sqlx::AssertSqlSafe(format!("vacuum into '{}'", copy.display()));
    sqlx::raw_sql(into).execute(&mut original).await.unwrap();
    sqlx::raw_sql(damage).execute(&mut connect(&copy).await).await.unwrap();
    let store = SqliteStore::open(&copy).await.unwrap();
    let verified = of_record(&store, person, stage).await;
    verified.findings.iter().map(|finding| finding.what.code()).collect()
}

async fn of_record(store: &SqliteStore, person: PersonId, stage: &Stage) -> Verified {
    let mut verified = record::strays(store).await.unwrap();
    let now = stage.clock.now();
    let strictness = Strictness::default();
    verified.append(record::verify(store, person, now, strictness, &|_, _| {}).await.unwrap());
    verified
}

async fn at_vendor(stage: &Stage, person: &Connected) -> Verified {
    vendor::verify(&stage.sync, person.id, EVERYTHING, &|_, _| {}).await.unwrap()
}

fn codes(verified: &Verified) -> BTreeSet<&'static str> {
    verified.findings.iter().map(|finding| finding.what.code()).collect()
}

/// What is done behind the store's back, and what is found then.
const DAMAGES: [(&str, &[&str]); 22] = [
    ("select 1", &[]),
    ("update sample_day set digest = zeroblob(32) where metric = 'steps'", &["samples_digest"]),
    ("update sample_day set data = x'0101' where metric = 'body_weight'", &["unreadable"]),
    ("update sample_day set total = total + 1", &["samples_statistics"]),
    ("update sample_day set last_at = last_at + 1", &["samples_statistics"]),
    (
        "delete from observation where metric = 'heart_rate' and civil_date = '2026-11-19'",
        &["coverage_observations", "observation_missing"],
    ),
    ("update coverage set observations = observations + 1", &["coverage_observations"]),
    ("update coverage set samples = samples + 1", &["coverage_count"]),
    ("update coverage set implausible = 7 where metric = 'steps'", &["coverage_count"]),
    (
        "update coverage set state = 'not_worn' where metric = 'steps' and state = 'complete'",
        &["coverage_state"],
    ),
    ("update coverage set ours = null where metric = 'calories'", &["coverage_figure"]),
    ("delete from coverage where metric = 'steps'", &["coverage_missing"]),
    ("update observation set value = value + 1 where metric = 'steps'", &["observation_value"]),
    (
        "update observation set started_at = started_at + 1 where metric = 'heart_rate'",
        &["observation_period"],
    ),
    // Not what a newer process writes, so it counts as written by an older one.
    (
        "update observation set version = 0 where status = 'preliminary'",
        &["feed_ahead", "observation_status"],
    ),
    (
        "insert into observation select person, zeroblob(16), metric, civil_date, started_at,
             start_offset, ended_at, end_offset, value, low, high, preliminary, status, version,
             issued, revision, parts from observation where metric = 'steps' limit 1",
        &["coverage_observations", "observation_foreign"],
    ),
    (
        "update observation set person = zeroblob(16) where metric = 'steps'",
        &["coverage_observations", "observation_missing", "stray_rows"],
    ),
    ("update person set revision = revision - 1", &["feed_ahead"]),
    ("update connection set due_at = null", &["never_due"]),
    ("update connection set due_at = 0", &["overdue"]),
    ("update connection set lease_until = 1", &["lease_torn"]),
    ("update connection set state = 'reconnect_needed'", &["due_in_vain"]),
];

#[tokio::test]
async fn every_damage_is_found_and_named() {
    let (stage, person) = synced().await;
    for (number, (damage, expected)) in DAMAGES.into_iter().enumerate() {
        let found = codes_after(&stage, person.id, number, damage).await;
        assert_eq!(found, expected.iter().copied().collect(), "{damage}");
    }
}

#[tokio::test]
async fn a_record_in_step_equals_the_vendor_to_the_last_sample() {
    let (stage, person) = synced().await;
    let before = stage.connection(&person).await;
    let verified = at_vendor(&stage, &person).await;
    assert_eq!(verified.findings, []);
    assert!(verified.is_whole());
    assert!(verified.samples_at_vendor > 50_000, "{}", verified.samples_at_vendor);
    assert_eq!(stage.connection(&person).await, before, "looking changes nothing");
}

/// Every metric, through both upstreams: what is derived without samples follows from the figures.
#[rstest]
#[tokio::test]
async fn a_record_of_everything_is_whole(
    #[values(Upstream::GoogleHealth, Upstream::WebApi)] upstream: Upstream,
) {
    let mut stage = Stage::on(bed::open_file().await, exact(NOON, 5)).await.look_back(3);
    stage.switch(upstream);
    stage.fetch(Metric::ALL);
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let verified = at_vendor(&stage, &person).await;
    assert_eq!((verified.findings.as_slice(), verified.is_whole()), (&[][..], true));
    let DatabaseUrl::Sqlite(file) = stage.bed.url() else { panic!("copies are made of files") };
    let store = SqliteStore::open(file).await.unwrap();
    let verified = of_record(&store, person.id, &stage).await;
    assert_eq!(verified.findings, []);
}

#[tokio::test]
async fn what_the_vendor_changed_meanwhile_is_named_by_day() {
    let (stage, person) = synced().await;
    let [first, second, third] =
        [0, 1, 2].map(|index| stage.truth(&person, DataType::Steps, YESTERDAY)[index * 40].0);
    let (world, email) = (stage.world(), &person.email);
    world.change_sample(email, DataType::Steps, first, 4_000.0).unwrap();
    let minute = SignedDuration::from_mins(1);
    world.delete_samples(email, DataType::Steps, second, second + minute).unwrap();
    let beside = third + SignedDuration::from_secs(7);
    world.add_sample(email, DataType::HeartRate, beside, 61.0, Source::Watch).unwrap();
    let verified = at_vendor(&stage, &person).await;
    let expected = [
        "vendor_figure_differs",
        "vendor_sample_differs",
        "vendor_sample_foreign",
        "vendor_sample_lost",
    ];
    assert_eq!(codes(&verified), BTreeSet::from(expected));
    assert!(verified.findings.iter().all(|finding| finding.date == Some(YESTERDAY)));
    assert_eq!((verified.count(Class::Lost), verified.count(Class::Doubled)), (1, 1));
    stage.sync(&person).await;
    assert_eq!(at_vendor(&stage, &person).await.findings, []);
}

#[tokio::test]
async fn history_that_is_still_to_come_is_not_missing() {
    let (stage, person) = synced().await;
    let extent = Extent { days: 5, ..EVERYTHING };
    let verified = vendor::verify(&stage.sync, person.id, extent, &|_, _| {}).await.unwrap();
    assert_eq!(verified.findings, []);
}

#[tokio::test]
async fn nobody_is_acquitted_while_the_vendor_is_silent() {
    let (stage, person) = synced().await;
    stage.world().inject("kind=status,status=503".parse::<Fault>().unwrap());
    let verified = at_vendor(&stage, &person).await;
    assert!(verified.is_equal() && !verified.is_whole(), "{:?}", verified.unchecked);
    assert_eq!(verified.unchecked[0].reason, "unavailable");
    stage.world().clear_faults();
    stage.sync(&person).await;
}

#[tokio::test]
async fn a_sync_that_is_running_is_left_alone() {
    let (stage, person) = synced().await;
    let connection = stage.connection(&person).await;
    let (now, token) = (stage.clock.now(), uuid::Uuid::new_v4());
    let until = now + SignedDuration::from_mins(1);
    let (_, lease) = stage.store.claim(connection.id, now, until, token).await.unwrap().unwrap();
    let verified = at_vendor(&stage, &person).await;
    assert_eq!(verified.unchecked[0].reason, "busy");
    assert!(stage.store.extend_lease(lease, until).await.unwrap(), "the lease was taken away");
}

#[tokio::test]
async fn a_trigger_during_a_check_is_not_forgotten() {
    let (stage, person) = synced().await;
    let connection = stage.connection(&person).await;
    let (now, token) = (stage.clock.now(), uuid::Uuid::new_v4());
    let until = now + SignedDuration::from_mins(1);
    let claim = stage.store.claim(connection.id, now, until, token).await.unwrap();
    stage.store.make_due(connection.id, Priority::PersonWaiting, now).await.unwrap();
    assert!(stage.store.release(claim.unwrap().1).await.unwrap());
    let connection = stage.store.connection_of(person.id, FITBIT).await.unwrap().unwrap();
    assert_eq!((connection.due_at, connection.priority), (Some(now), Priority::PersonWaiting));
}

#[tokio::test]
async fn who_is_not_connected_is_not_asked_for() {
    let (stage, person) = synced().await;
    let connection = stage.connection(&person).await;
    stage.store.disconnect(connection.id, stage.clock.now()).await.unwrap();
    let verified = at_vendor(&stage, &person).await;
    assert!(verified.is_equal() && verified.is_whole());
    assert_eq!(verified.unchecked[0].reason, "not_connected");
}
