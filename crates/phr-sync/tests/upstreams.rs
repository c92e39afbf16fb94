//! The same stories through both of Fitbit's APIs: whatever a wearer, their vendor and their network do,
//! what we hold is what the vendor holds.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use std::collections::BTreeMap;

use common::{Connected, NOON, SAMPLED, Stage, Upstream, exact, work_together};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use phr_model::{CoverageState, DateRange, FITBIT, Metric, Status};
use phr_sandbox::{DataType, WebApiMood};
use phr_store::connection::{ConnectionState, Priority};
use phr_sync::{Finished, Outcome, SyncError};

/// Runs each story once for each upstream, under the same name.
macro_rules! on_every_upstream {
    ($($story:ident),+ $(,)?) => {
        mod google_health {
            $(#[tokio::test] async fn $story() { super::$story(super::Upstream::GoogleHealth).await })+
        }
        mod web_api {
            $(#[tokio::test] async fn $story() { super::$story(super::Upstream::WebApi).await })+
        }
    };
}

on_every_upstream! {
    a_first_sync_brings_everything,
    a_person_may_permit_less,
    an_unchanged_fortnight_changes_nothing_and_costs_few_requests,
    data_that_come_late_are_found,
    data_that_are_corrected_are_found,
    data_that_are_deleted_go,
    eight_processes_refresh_a_token_once,
    a_limit_of_requests_is_waited_out,
    an_outage_changes_nothing_and_is_made_up_for,
    a_withdrawn_grant_is_noticed_once,
    days_of_25_and_23_hours_are_complete,
    a_journey_that_was_synced_on_its_way_stays_right,
    strange_answers_never_become_values,
}

const TODAY: Date = Date::constant(2026, 11, 20);

async fn stage(upstream: Upstream) -> Stage {
    Stage::through(upstream, exact(NOON, 30)).await
}

fn day(ago: i32) -> Date {
    TODAY.checked_sub(ago.days()).unwrap()
}

/// Readings to the second, zeros left out: where nothing happened, one API has a zero and the other
/// fills a grid with them.
fn told(readings: impl Iterator<Item = (Timestamp, f64)>) -> BTreeMap<i64, i64> {
    #[expect(clippy::cast_possible_truncation, reason = "rounded readings are small")]
    let rounded = |value: f64| (value * 100.0).round() as i64;
    let seconds = readings.map(|(at, value)| (at.as_second(), rounded(value)));
    seconds.filter(|(_, value)| *value != 0).collect()
}

/// What we hold of a day is what the vendor holds.
async fn assert_held(stage: &Stage, person: &Connected, date: Date) {
    for (metric, data_type, scale) in SAMPLED {
        let ours = stage.store.samples(person.id, metric, date).await.unwrap();
        let ours = told(ours.iter().map(|it| (it.at, metric.to_api(it.value) * scale)));
        let theirs = told(stage.truth(person, data_type, date).into_iter());
        let differing = theirs.iter().find(|(at, value)| ours.get(at) != Some(value));
        assert_eq!(differing, None, "{metric} of {date}: {} of {}", ours.len(), theirs.len());
        assert_eq!(ours.len(), theirs.len(), "{metric} of {date}");
    }
}

/// Daily Observations are the vendor's own figures; energy may be rounded to whole kilocalories.
async fn assert_daily(stage: &Stage, person: &Connected, date: Date) {
    let types = [
        (Metric::Steps, DataType::Steps, 1.0, 0.01),
        (Metric::Distance, DataType::Distance, 1e6, 0.6),
        (Metric::Calories, DataType::TotalCalories, 1.0, 0.51),
        (Metric::RestingHeartRate, DataType::DailyRestingHeartRate, 1.0, 0.01),
        (Metric::Spo2, DataType::DailyOxygenSaturation, 1.0, 0.051),
    ];
    for (metric, data_type, scale, slack) in types {
        let theirs = stage.world().daily_total(&person.email, data_type, date).unwrap();
        let ours = observations(stage, person, metric, date).await;
        let ours = ours.first().map(|ours| metric.to_api(ours.says.value) * scale);
        let same = match (ours, theirs) {
            (Some(ours), Some(theirs)) => (ours - theirs).abs() <= slack,
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        };
        assert!(same, "{metric} of {date}: {ours:?}, not {theirs:?}");
    }
}

async fn observations(
    stage: &Stage,
    person: &Connected,
    metric: Metric,
    date: Date,
) -> Vec<phr_model::Observation> {
    let days = DateRange::day(date);
    let all = stage.store.observations_between(person.id, metric, days).await.unwrap();
    all.into_iter().filter(|it| it.status != Status::EnteredInError).collect()
}

fn requests(stage: &Stage) -> u64 {
    stage.world().request_counts().values().sum()
}

/// The newest closed day on which the vendor has `data_type`.
fn day_with(stage: &Stage, person: &Connected, data_type: DataType) -> Date {
    (1..5).map(day).find(|date| !stage.truth(person, data_type, *date).is_empty()).unwrap()
}

async fn a_first_sync_brings_everything(upstream: Upstream) {
    let stage = stage(upstream).await;
    let person = stage.connect(0).await;
    let report = stage.sync(&person).await;
    assert_eq!(report.outcome, Outcome::Complete, "{report:?}");
    for ago in 0..5 {
        assert_held(&stage, &person, day(ago)).await;
    }
    for ago in 1..5 {
        assert_daily(&stage, &person, day(ago)).await;
    }
    let rows = stage.store.coverage(person.id, None, DateRange::ending(day(1), 4)).await.unwrap();
    let fine = |state| matches!(state, CoverageState::Complete | CoverageState::NotWorn);
    assert_eq!(rows.iter().find(|row| !fine(row.state)), None);
}

async fn a_person_may_permit_less(upstream: Upstream) {
    let stage = stage(upstream).await;
    let email = stage.world().people()[0].email.clone();
    let person = Connected { id: stage.register(&email).await, email };
    let vendor = stage.sync.vendors.get(FITBIT).unwrap();
    let of_heart = vendor.scopes().iter().find(|it| it.metrics.contains(&Metric::HeartRate));
    let of_heart = of_heart.unwrap().scope;
    let finished = stage.consent(person.id, &person.email, |it| it != of_heart).await.unwrap();
    let Finished::Connected { missing, .. } = finished else { panic!("{finished:?}") };
    assert_eq!(missing.iter().map(|facts| facts.scope).collect::<Vec<_>>(), [of_heart]);
    stage.sync(&person).await;
    assert!(!observations(&stage, &person, Metric::Steps, day(1)).await.is_empty());
    assert!(observations(&stage, &person, Metric::HeartRate, day(1)).await.is_empty());
    let days = DateRange::day(day(1));
    let rows = stage.store.coverage(person.id, Some(Metric::HeartRate), days).await.unwrap();
    assert_eq!(rows[0].state, CoverageState::NotPermitted);
}

async fn an_unchanged_fortnight_changes_nothing_and_costs_few_requests(upstream: Upstream) {
    let stage = stage(upstream).await.look_back(14);
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let digest = stage.store.digest(person.id).await.unwrap();
    stage.world().clear_request_counts();
    stage.sync(&person).await;
    assert!(requests(&stage) <= 14, "{:?}", stage.world().request_counts());
    assert_eq!(stage.store.digest(person.id).await.unwrap(), digest);
}

async fn data_that_come_late_are_found(upstream: Upstream) {
    let stage = stage(upstream).await;
    let person = stage.connect(0).await;
    let late = [DataType::Steps, DataType::Distance, DataType::HeartRate, DataType::Weight];
    let from: Timestamp = "2026-11-17T22:00:00Z".parse().unwrap();
    let until = stage.clock.now() + SignedDuration::from_hours(3);
    let to = from + SignedDuration::from_hours(26);
    stage.world().hold_back(&person.email, &late, from, to, until).unwrap();
    stage.sync(&person).await;
    assert_held(&stage, &person, day(2)).await;
    stage.advance(SignedDuration::from_hours(4));
    stage.sync(&person).await;
    for ago in 1..4 {
        assert_held(&stage, &person, day(ago)).await;
        assert_daily(&stage, &person, day(ago)).await;
    }
}

async fn data_that_are_corrected_are_found(upstream: Upstream) {
    let stage = stage(upstream).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let weighed = day_with(&stage, &person, DataType::Weight);
    let changes = [(DataType::Weight, weighed, 71_234.0), (DataType::HeartRate, day(1), 177.0)];
    for (data_type, date, value) in changes {
        let (at, _) = stage.truth(&person, data_type, date)[0];
        stage.world().change_sample(&person.email, data_type, at, value).unwrap();
    }
    let (at, steps) = stage.truth(&person, DataType::Steps, day(2))[0];
    stage.world().change_sample(&person.email, DataType::Steps, at, steps + 9.0).unwrap();
    stage.sync(&person).await;
    for ago in 1..5 {
        assert_held(&stage, &person, day(ago)).await;
        assert_daily(&stage, &person, day(ago)).await;
    }
    let weight = &observations(&stage, &person, Metric::BodyWeight, weighed).await[0];
    assert_eq!(weight.says.value, 71_234_000);
    assert_eq!((weight.status, weight.version), (Status::Corrected, 2));
}

async fn data_that_are_deleted_go(upstream: Upstream) {
    let stage = stage(upstream).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let weighed = day_with(&stage, &person, DataType::Weight);
    for (data_type, date) in [(DataType::Weight, weighed), (DataType::HeartRate, day(2))] {
        let all = stage.truth(&person, data_type, date);
        let (first, last) = (all[0].0, all[all.len() - 1].0 + SignedDuration::from_secs(1));
        stage.world().delete_samples(&person.email, data_type, first, last).unwrap();
    }
    stage.sync(&person).await;
    for ago in 1..5 {
        assert_held(&stage, &person, day(ago)).await;
    }
    assert!(observations(&stage, &person, Metric::BodyWeight, weighed).await.is_empty());
    assert!(observations(&stage, &person, Metric::HeartRate, day(2)).await.is_empty());
}

async fn eight_processes_refresh_a_token_once(upstream: Upstream) {
    let stage = Stage::through(upstream, exact(NOON, 2)).await.look_back(1);
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    stage.world().clear_request_counts();
    let mut processes = Vec::new();
    for _ in 0..8 {
        processes.push(stage.another_process().await);
    }
    for round in 1..=5 {
        stage.world().expire_access_tokens();
        let connection = stage.connection(&person).await;
        let now = stage.clock.now();
        stage.store.make_due(connection.id, Priority::Routine, now).await.unwrap();
        work_together(&processes).await;
        assert_eq!(refreshes(&stage), round);
    }
    assert_eq!(stage.connection(&person).await.state, ConnectionState::Active);
}

fn refreshes(stage: &Stage) -> u64 {
    let counts = stage.world().request_counts();
    let of = |endpoint: &str| counts.get(endpoint).copied().unwrap_or(0);
    of("token") + of("web-api token")
}

async fn a_limit_of_requests_is_waited_out(upstream: Upstream) {
    let stage = stage(upstream).await;
    let person = stage.connect(0).await;
    stage.world().inject("kind=rate-limit,retry-after=600".parse().unwrap());
    assert!(stage.try_sync(&person).await.is_err());
    let connection = stage.connection(&person).await;
    assert_eq!(connection.state, ConnectionState::Active);
    assert_eq!(connection.last_error.as_deref(), Some("rate_limited"));
    let wait = connection.due_at.unwrap().duration_since(stage.clock.now());
    assert!(wait >= SignedDuration::from_secs(600), "{wait:?}");
    stage.world().clear_faults();
    stage.advance(wait + SignedDuration::from_secs(1));
    assert!(stage.sync.work_once().await.unwrap());
    assert_eq!(stage.connection(&person).await.last_error, None);
    assert_held(&stage, &person, day(1)).await;
}

async fn an_outage_changes_nothing_and_is_made_up_for(upstream: Upstream) {
    let stage = stage(upstream).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let digest = stage.store.digest(person.id).await.unwrap();
    let (at, steps) = stage.truth(&person, DataType::Steps, day(1))[0];
    stage.world().change_sample(&person.email, DataType::Steps, at, steps + 5.0).unwrap();
    for fault in ["kind=status,status=503", "kind=html-error", "kind=garbage-body"] {
        stage.world().inject(fault.parse().unwrap());
        assert!(stage.try_sync(&person).await.is_err(), "{fault}");
        assert_eq!(stage.connection(&person).await.state, ConnectionState::Active, "{fault}");
        stage.world().clear_faults();
    }
    assert_eq!(stage.store.digest(person.id).await.unwrap(), digest);
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
    assert_held(&stage, &person, day(1)).await;
}

async fn a_withdrawn_grant_is_noticed_once(upstream: Upstream) {
    let stage = stage(upstream).await.look_back(1);
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    stage.world().revoke_grant(&person.email).unwrap();
    assert!(matches!(stage.try_sync(&person).await, Err(SyncError::ReconnectNeeded)));
    stage.world().clear_request_counts();
    for _ in 0..3 {
        stage.advance(SignedDuration::from_hours(7));
        assert!(!stage.sync.work_once().await.unwrap());
        assert!(matches!(stage.try_sync(&person).await, Err(SyncError::ReconnectNeeded)));
    }
    assert_eq!(requests(&stage), 0);
    assert_eq!(stage.connection(&person).await.last_error.as_deref(), Some("grant_withdrawn"));
}

async fn days_of_25_and_23_hours_are_complete(upstream: Upstream) {
    for (now, turned) in [
        ("2026-10-27T11:00:00Z", Date::constant(2026, 10, 25)),
        ("2026-03-31T11:00:00Z", Date::constant(2026, 3, 29)),
    ] {
        let stage = Stage::through(upstream, exact(now, 10)).await;
        let person = stage.connect(0).await;
        assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
        assert_held(&stage, &person, turned).await;
        assert_daily(&stage, &person, turned).await;
    }
}

/// Jonas was in New York from the ninth to the sixth day before the emulator's beginning, each time from
/// 20:00 UTC on, when his phone syncs.
async fn a_journey_that_was_synced_on_its_way_stays_right(upstream: Upstream) {
    let stage = Stage::through(upstream, exact(NOON, 30)).await;
    let beginning = stage.clock.now();
    stage.world().clock().set(beginning - SignedDuration::from_hours(24 * 10 - 9));
    let email = stage.world().people()[1].email.clone();
    let person = Connected { id: stage.register(&email).await, email };
    let small = |scope: &str| !["heartrate", "health_metrics"].iter().any(|it| scope.contains(it));
    stage.consent(person.id, &person.email, small).await.unwrap();
    for _ in 0..10 {
        stage.sync(&person).await;
        stage.advance(SignedDuration::from_hours(24));
    }
    stage.sync(&person).await;
    let mut offsets = std::collections::BTreeSet::new();
    for ago in 1..12 {
        let theirs = told(stage.truth(&person, DataType::Steps, day(ago)).into_iter());
        let ours = stage.store.samples(person.id, Metric::Steps, day(ago)).await.unwrap();
        offsets.extend(ours.iter().map(|sample| sample.offset_seconds));
        #[expect(clippy::cast_precision_loss, reason = "steps are few")]
        let ours = told(ours.iter().map(|sample| (sample.at, sample.value as f64)));
        assert_eq!(ours, theirs, "{}", day(ago));
    }
    assert_eq!(offsets.into_iter().collect::<Vec<_>>(), [-18_000, 3_600]);
}

/// Whatever comes instead of an answer, no value is wrong afterwards: either it is what it was, or the
/// day says that something is the matter.
async fn strange_answers_never_become_values(upstream: Upstream) {
    let stage = stage(upstream).await.look_back(3);
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let digest = stage.store.digest(person.id).await.unwrap();
    let values = stage.store.totals(person.id).await.unwrap();
    for kind in ["html-error", "garbage-body", "cut-body", "empty-body"] {
        stage.world().inject(format!("kind={kind}").parse().unwrap());
        let _ = stage.try_sync(&person).await;
        stage.world().clear_faults();
        let after = stage.store.totals(person.id).await.unwrap();
        assert_eq!(format!("{after:?}"), format!("{values:?}"), "{kind}");
    }
    stage.sync(&person).await;
    assert_eq!(stage.store.digest(person.id).await.unwrap(), digest);
}

#[path = "upstreams/web_api_only.rs"]
mod web_api_only;
