//! What the vendor holds, we hold: new, late, changed and deleted data, any number of times.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use common::{Connected, LOOK_BACK, NOON, Stage};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, date},
};
use phr_model::{CoverageState, DateRange, FITBIT, Metric, Reason, Status};
use phr_sandbox::{DataType, Fault, Source};
use phr_store::reading::ObservationFilter;
use phr_sync::{Outcome, SyncError};

const TODAY: Date = Date::constant(2026, 11, 20);

fn days_before_today() -> impl Iterator<Item = Date> {
    (1..LOOK_BACK).map(|n| TODAY.checked_sub(n.days()).unwrap())
}

/// The first civil day before today on which the vendor has `data_type`.
fn day_with(stage: &Stage, person: &Connected, data_type: DataType) -> Date {
    days_before_today().find(|day| !stage.truth(person, data_type, *day).is_empty()).unwrap()
}

async fn observation_of(
    stage: &Stage,
    person: &Connected,
    metric: Metric,
    day: Date,
) -> Vec<phr_model::Observation> {
    let days = DateRange::day(day);
    stage.store.observations_between(person.id, metric, days).await.unwrap()
}

#[tokio::test]
async fn a_fortnight_arrives_complete() {
    let stage = Stage::at(NOON, 30).await.look_back(14);
    let person = stage.connect(0).await;
    let report = stage.sync(&person).await;
    assert_eq!(report.outcome, Outcome::Complete, "{report:?}");
    let days = DateRange::ending(TODAY, 14);
    for day in days.days() {
        stage.assert_equals_vendor(&person, day).await;
    }
    for row in stage.store.coverage(person.id, None, days).await.unwrap() {
        let fine = match row.date {
            TODAY => matches!(row.state, CoverageState::Partial),
            _ => matches!(row.state, CoverageState::Complete | CoverageState::NotWorn),
        };
        assert!(fine, "{row:?}");
    }
}

#[tokio::test]
async fn daily_sums_are_the_vendors_own() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let types = [
        (Metric::Steps, DataType::Steps, 1.0),
        (Metric::Distance, DataType::Distance, 1e6),
        (Metric::Calories, DataType::TotalCalories, 1.0),
        (Metric::RestingHeartRate, DataType::DailyRestingHeartRate, 1.0),
        (Metric::Spo2, DataType::DailyOxygenSaturation, 1.0),
    ];
    for (metric, data_type, scale) in types {
        for day in days_before_today() {
            let theirs = stage.world().daily_total(&person.email, data_type, day).unwrap();
            let ours = observation_of(&stage, &person, metric, day).await;
            let ours = ours.first().map(|ours| metric.to_api(ours.says.value) * scale);
            let same = match (ours, theirs) {
                (Some(ours), Some(theirs)) => (ours - theirs).abs() < 0.01,
                (ours, theirs) => ours.is_none() && theirs.is_none(),
            };
            assert!(same, "{metric} of {day}: {ours:?}, not {theirs:?}");
        }
    }
}

#[tokio::test]
async fn t14_running_again_leaves_the_store_byte_identical() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let digest = stage.store.digest(person.id).await.unwrap();
    for _ in 0..5 {
        stage.sync(&person).await;
        assert_eq!(stage.store.digest(person.id).await.unwrap(), digest);
    }
}

#[tokio::test]
async fn an_unchanged_fortnight_costs_at_most_twelve_requests() {
    let stage = Stage::at(NOON, 30).await.look_back(14);
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    stage.world().clear_request_counts();
    stage.sync(&person).await;
    let requests: u64 = stage.world().request_counts().values().sum();
    assert!(requests <= 12, "{:?}", stage.world().request_counts());
}

#[tokio::test]
async fn devices_are_asked_for_a_few_times_a_day_and_kept() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    let asked = || {
        let counts = stage.world().request_counts();
        let of_devices = counts.iter().filter(|(endpoint, _)| endpoint.contains("pairedDevices"));
        of_devices.map(|(_, count)| count).sum::<u64>()
    };
    for (hours, times) in [(0, 1), (2, 1), (1, 2)] {
        stage.advance(SignedDuration::from_hours(hours));
        stage.sync(&person).await;
        assert_eq!(asked(), times);
    }
    let known = phr_sync::KnownDevices::of(&stage.connection(&person).await).unwrap();
    assert_eq!(known.devices.len(), 1);
    assert!(known.devices[0].battery_percent.is_some());
    assert!(known.asked_at.duration_since(known.devices[0].last_sync_at.unwrap()).as_secs() < 900);
}

#[tokio::test]
async fn t2_a_changed_old_sample_changes_sample_and_observation() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let day = day_with(&stage, &person, DataType::Weight);
    let (at, _) = stage.truth(&person, DataType::Weight, day)[0];
    stage.world().change_sample(&person.email, DataType::Weight, at, 71_234.0).unwrap();
    stage.sync(&person).await;
    let observation = &observation_of(&stage, &person, Metric::BodyWeight, day).await[0];
    assert_eq!(observation.says.value, 71_234_000);
    assert_eq!((observation.status, observation.version), (Status::Corrected, 2));
    stage.assert_equals_vendor(&person, day).await;
}

#[tokio::test]
async fn t2_one_heartbeat_changed_among_thousands_is_found() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let day = day_with(&stage, &person, DataType::HeartRate);
    let (at, rate) = stage.truth(&person, DataType::HeartRate, day)[1_000];
    stage.world().change_sample(&person.email, DataType::HeartRate, at, rate + 30.0).unwrap();
    stage.sync(&person).await;
    stage.assert_equals_vendor(&person, day).await;
}

#[tokio::test]
async fn t3_a_deleted_sample_is_withdrawn_and_its_tombstone_stays() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let day = day_with(&stage, &person, DataType::Weight);
    let before = observation_of(&stage, &person, Metric::BodyWeight, day).await;
    let (first, last) = (before[0].says.effective.start().at, before.last().unwrap());
    let end = last.says.effective.start().at + SignedDuration::from_secs(1);
    stage.world().delete_samples(&person.email, DataType::Weight, first, end).unwrap();
    stage.sync(&person).await;
    assert!(observation_of(&stage, &person, Metric::BodyWeight, day).await.is_empty());
    let tombstone = stage.store.observation(person.id, before[0].says.id).await.unwrap().unwrap();
    assert_eq!((tombstone.status, tombstone.version), (Status::EnteredInError, 2));
    assert!(stage.store.samples(person.id, Metric::BodyWeight, day).await.unwrap().is_empty());
}

#[tokio::test]
async fn t4_a_device_that_syncs_ten_days_late_leaves_no_hole() {
    let stage = Stage::at(NOON, 30).await.look_back(14);
    let person = stage.connect(0).await;
    let until: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let (from, to) = (until - SignedDuration::from_hours(240), until);
    let types = [DataType::HeartRate, DataType::Steps, DataType::Distance];
    stage.world().hold_back(&person.email, &types, from, to, until).unwrap();
    stage.sync(&person).await;
    let day = date(2026, 11, 15);
    assert!(stage.store.samples(person.id, Metric::Steps, day).await.unwrap().is_empty());
    stage.advance(SignedDuration::from_hours(2));
    stage.sync(&person).await;
    for day in DateRange::ending(date(2026, 11, 19), 10).days() {
        stage.assert_equals_vendor(&person, day).await;
    }
}

#[tokio::test]
async fn a_day_is_preliminary_until_it_is_over() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let today = observation_of(&stage, &person, Metric::Steps, TODAY).await;
    assert_eq!(today[0].status, Status::Preliminary);
    stage.advance(SignedDuration::from_hours(24));
    stage.sync(&person).await;
    let yesterday = observation_of(&stage, &person, Metric::Steps, TODAY).await;
    assert_eq!((yesterday[0].status, yesterday[0].version), (Status::Final, 2));
    stage.assert_equals_vendor(&person, TODAY).await;
}

#[tokio::test]
async fn the_vendors_daily_figure_wins_and_coverage_tells_both() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    let day = day_with(&stage, &person, DataType::Steps);
    stage.world().override_daily(&person.email, DataType::Steps, day, 12_345.0).unwrap();
    stage.sync(&person).await;
    let observation = &observation_of(&stage, &person, Metric::Steps, day).await[0];
    assert_eq!(observation.says.value, 12_345);
    let coverage =
        stage.store.coverage(person.id, Some(Metric::Steps), DateRange::day(day)).await.unwrap();
    assert_eq!(coverage[0].state, CoverageState::Differs);
    assert_eq!(coverage[0].reason, Some(Reason::FigureMismatch));
    assert_ne!(coverage[0].ours, coverage[0].vendor);
    stage.assert_equals_vendor(&person, day).await;
}

#[tokio::test]
async fn a_metric_that_fails_does_not_stop_the_others() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    stage.world().inject("kind=status,status=503,path=distance".parse::<Fault>().unwrap());
    let report = stage.sync(&person).await;
    assert_eq!(report.outcome, Outcome::Partial);
    let failed: Vec<_> = report.metrics.iter().filter(|metric| metric.error.is_some()).collect();
    assert_eq!(failed.len(), 1, "{report:?}");
    assert_eq!(failed[0].metric, Metric::Distance);
    let days = DateRange::ending(TODAY, LOOK_BACK);
    let rows = stage.store.coverage(person.id, Some(Metric::Distance), days).await.unwrap();
    assert!(rows.iter().all(|row| row.state == CoverageState::VendorError), "{rows:?}");
    stage.world().clear_faults();
    let report = stage.sync(&person).await;
    assert_eq!(report.outcome, Outcome::Complete);
    stage.assert_equals_vendor(&person, date(2026, 11, 18)).await;
}

#[tokio::test]
async fn a_failed_comparison_takes_back_nothing_that_is_known() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let digest = stage.store.digest(person.id).await.unwrap();
    stage.world().inject("kind=status,status=500,data-type=heart-rate".parse::<Fault>().unwrap());
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Partial);
    assert_eq!(stage.store.digest(person.id).await.unwrap(), digest);
    stage.world().clear_faults();
    let report = stage.sync(&person).await;
    assert!(report.metrics.iter().all(|metric| metric.days_changed == 0), "{report:?}");
}

#[tokio::test]
async fn days_read_before_a_failure_stay_read() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    let fault = "kind=status,status=503,path=heart-rate/dataPoints:reconcile,after=30";
    stage.world().inject(fault.parse::<Fault>().unwrap());
    stage.sync(&person).await;
    let days = DateRange::ending(TODAY, LOOK_BACK);
    let states = async || -> Vec<CoverageState> {
        let rows = stage.store.coverage(person.id, Some(Metric::HeartRate), days).await.unwrap();
        rows.iter().map(|row| row.state).collect()
    };
    let first = states().await;
    assert!(first.contains(&CoverageState::VendorError), "{first:?}");
    assert!(first.contains(&CoverageState::Complete), "{first:?}");
    let read = first.iter().filter(|state| **state != CoverageState::VendorError).count();
    stage.sync(&person).await;
    let second = states().await;
    let still = second.iter().filter(|state| **state != CoverageState::VendorError).count();
    assert!(still >= read, "{second:?} after {first:?}");
}

#[tokio::test]
async fn a_long_first_sync_under_the_real_budget_gets_there() {
    let stage = Stage::at(NOON, 60).await.look_back(40).with_budget(240);
    let person = stage.connect(0).await;
    let mut runs = 0;
    while stage.connection(&person).await.last_complete_at.is_none() {
        assert!(stage.sync.work_once().await.unwrap() || runs > 0);
        stage.advance(SignedDuration::from_secs(70));
        runs += 1;
        assert!(runs < 12, "{:?}", stage.connection(&person).await);
    }
    for day in DateRange::ending(date(2026, 11, 19), 39).days() {
        stage.assert_equals_vendor(&person, day).await;
    }
}

#[tokio::test]
async fn a_day_that_has_not_begun_is_refused() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    let tomorrow = Some(date(2026, 11, 21));
    let refused = stage.sync.sync_now(person.id, FITBIT, tomorrow, None).await;
    assert!(matches!(refused, Err(SyncError::NotBegun)), "{refused:?}");
}

#[tokio::test]
async fn t1_a_failed_fetch_changes_nothing_and_is_made_up_for() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    let digest = stage.store.digest(person.id).await.unwrap();
    for fault in ["kind=html-error", "kind=garbage-body", "kind=cut-body", "kind=status"] {
        stage.world().inject(fault.parse::<Fault>().unwrap());
        assert!(stage.try_sync(&person).await.is_err(), "{fault}");
        stage.world().clear_faults();
        let filter = ObservationFilter { metric: None, from: None, to: None };
        let page = stage.store.observations(person.id, filter, 1, 20).await.unwrap();
        assert!(page.total > 0, "{fault} lost what we hold");
    }
    stage.advance(SignedDuration::from_hours(8 * 24));
    let stage = stage.look_back(14);
    stage.sync(&person).await;
    assert_ne!(stage.store.digest(person.id).await.unwrap(), digest);
    for n in 0..8 {
        stage.assert_equals_vendor(&person, TODAY.checked_add(n.days()).unwrap()).await;
    }
}

#[tokio::test]
async fn t13_short_and_empty_pages_and_ties_lose_nothing() {
    for fault in ["kind=short-pages", "kind=empty-pages,every=2"] {
        let stage = Stage::at(NOON, 30).await;
        let person = stage.connect(0).await;
        // Two scales in the same second, and a page that ends between them.
        let at: Timestamp = "2026-11-18T06:30:00Z".parse().unwrap();
        for (offset, grams) in [(0, 70_000.0), (0, 70_500.0), (60, 70_100.0), (120, 70_200.0)] {
            let at = at + SignedDuration::from_secs(offset);
            let source = if grams > 70_400.0 { Source::HealthConnect } else { Source::Manual };
            stage.world().add_sample(&person.email, DataType::Weight, at, grams, source).unwrap();
        }
        stage.world().inject(fault.parse::<Fault>().unwrap());
        let report = stage.sync(&person).await;
        assert_eq!(report.outcome, Outcome::Complete, "{fault}: {report:?}");
        for day in days_before_today() {
            stage.assert_equals_vendor(&person, day).await;
        }
    }
}

#[tokio::test]
async fn of_two_immediate_syncs_one_works_and_the_other_says_so() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    let (first, second) = tokio::join!(stage.try_sync(&person), stage.try_sync(&person));
    let results = [first, second];
    let worked = results.iter().filter(|result| result.is_ok()).count();
    let busy = results.iter().filter(|result| matches!(result, Err(SyncError::Running))).count();
    assert_eq!((worked, busy), (1, 1), "{results:?}");
    stage.assert_equals_vendor(&person, date(2026, 11, 18)).await;
}

#[tokio::test]
async fn a_crash_between_fetch_and_commit_loses_and_doubles_nothing() {
    let undisturbed = Stage::at(NOON, 30).await;
    let reference = undisturbed.connect(0).await;
    undisturbed.sync(&reference).await;
    let expected = undisturbed.store.totals(reference.id).await.unwrap();

    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    for stop_after in [1, 2, 5, 9, 14, 20, 33] {
        let (killed, mut kill) = tokio::sync::mpsc::unbounded_channel();
        let listener = std::sync::Arc::new(move |_| {
            let _ = killed.send(());
        });
        let run = stage.sync.sync_now(person.id, FITBIT, None, Some(listener));
        let death = async {
            for _ in 0..stop_after {
                kill.recv().await;
            }
        };
        tokio::select! {
            biased;
            () = death => {}
            result = run => assert!(result.is_ok(), "{result:?}"),
        }
        // The lease of the dead run lapses by itself.
        assert!(matches!(stage.try_sync(&person).await, Err(SyncError::Running) | Ok(_)));
        stage.advance(SignedDuration::from_mins(6));
    }
    stage.sync(&person).await;
    for day in days_before_today() {
        stage.assert_equals_vendor(&person, day).await;
    }
    let held = stage.store.totals(person.id).await.unwrap();
    for (held, expected) in held.iter().zip(&expected) {
        assert!(held.observations >= expected.observations, "{held:?} after {expected:?}");
        assert_eq!(held.days, expected.days, "{}", held.metric);
    }
}

#[tokio::test]
async fn a_worker_takes_what_is_due_and_nothing_else() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    assert!(stage.sync.work_once().await.unwrap(), "a new connection is due at once");
    assert!(!stage.sync.work_once().await.unwrap(), "and then not for an hour");
    let next = stage.connection(&person).await.due_at.unwrap();
    let wait = next.duration_since(stage.clock.now());
    assert!(wait > SignedDuration::from_mins(50) && wait < SignedDuration::from_mins(70));
    stage.sync.request(person.id, FITBIT).await.unwrap();
    assert!(stage.sync.work_once().await.unwrap(), "the person asked");
}

#[tokio::test]
async fn only_the_day_asked_for_is_synced() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect(0).await;
    let day = date(2026, 11, 17);
    let report = stage.sync.sync_now(person.id, FITBIT, Some(day), None).await.unwrap();
    assert_eq!(report.days, DateRange::day(day));
    stage.assert_equals_vendor(&person, day).await;
    let other = stage.store.samples(person.id, Metric::Steps, date(2026, 11, 18)).await.unwrap();
    assert!(other.is_empty());
}
