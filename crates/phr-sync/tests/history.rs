//! History: bounded turns that never stand in anybody's way, progress, pausing, restarts.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use common::{Connected, NOON, Stage};
use jiff::{SignedDuration, ToSpan, civil::Date};
use phr_model::{DateRange, FITBIT, Metric};
use phr_sandbox::Fault;
use phr_store::{
    backfill::{BackfillState, Steer},
    connection::{Priority, Reach, Work},
};
use phr_sync::{BackfillStatus, Claim, HistoryError, SyncError};

const TODAY: Date = Date::constant(2026, 11, 20);

fn ago(days: i32) -> Date {
    TODAY.checked_sub(days.days()).unwrap()
}

async fn status(stage: &Stage, person: &Connected) -> BackfillStatus {
    stage.sync.backfill(person.id, FITBIT).await.unwrap().unwrap()
}

async fn ask(stage: &Stage, person: &Connected, from: Date) -> Result<BackfillStatus, SyncError> {
    let metrics = Some(vec![Metric::Steps]);
    stage.sync.request_backfill(person.id, FITBIT, from, metrics).await
}

/// Somebody whose recent days are held, and who asked for the last `days` of steps.
async fn asked(days: i32) -> (Stage, Connected) {
    let stage = Stage::at(NOON, 3_700).await;
    let person = stage.connect_activity(0).await;
    assert!(stage.sync.work_once().await.unwrap());
    assert!(!stage.sync.work_once().await.unwrap());
    ask(&stage, &person, ago(days)).await.unwrap();
    (stage, person)
}

async fn claim(stage: &Stage) -> Claim {
    stage.sync.claim(Reach::Everything).await.unwrap().unwrap()
}

async fn turn(stage: &Stage) {
    let claim = claim(stage).await;
    assert_eq!(claim.work(), Work::History);
    stage.sync.work(claim).await.unwrap();
}

async fn assert_held(stage: &Stage, person: &Connected, days: DateRange) {
    for day in days.days() {
        let held = stage.store.samples(person.id, Metric::Steps, day).await.unwrap();
        let theirs = stage.truth(person, phr_sandbox::DataType::Steps, day);
        assert_eq!(held.len(), theirs.len(), "{day}");
    }
}

#[tokio::test]
async fn a_new_connection_fetches_its_history_by_itself() {
    let stage = Stage::at(NOON, 200).await.history(30);
    let person = stage.connect_activity(0).await;
    stage.work_off().await;
    let status = status(&stage, &person).await;
    assert_eq!((status.state, status.from, status.to), (BackfillState::Done, ago(29), ago(5)));
    assert_eq!((status.days_total, status.days_left), (25, 0));
    for day in (DateRange { first: ago(29), last: ago(1) }).days() {
        stage.assert_activity_equals_vendor(&person, day).await;
    }
}

#[tokio::test]
async fn without_history_days_nothing_older_is_fetched() {
    let stage = Stage::at(NOON, 200).await;
    let person = stage.connect_activity(0).await;
    stage.work_off().await;
    assert_eq!(stage.sync.backfill(person.id, FITBIT).await.unwrap(), None);
    assert!(stage.store.samples(person.id, Metric::Steps, ago(5)).await.unwrap().is_empty());
}

#[tokio::test]
async fn history_of_a_young_account_begins_with_the_account() {
    let stage = Stage::at(NOON, 20).await.history(90);
    let person = stage.connect_activity(0).await;
    stage.work_off().await;
    let since = stage.connection(&person).await.member_since.unwrap();
    assert_eq!(status(&stage, &person).await.from, since);
    assert!(since > ago(30), "{since}");
}

#[tokio::test]
async fn a_turn_is_bounded_and_goes_back_from_the_newest_day() {
    let (stage, person) = asked(40).await;
    assert_eq!(status(&stage, &person).await.days_left, 36);
    turn(&stage).await;
    assert_eq!(status(&stage, &person).await.days_left, 36 - 14);
    assert_held(&stage, &person, DateRange { first: ago(18), last: ago(1) }).await;
    assert!(stage.store.samples(person.id, Metric::Steps, ago(19)).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_end_is_told_and_kept() {
    let (stage, person) = asked(60).await;
    assert_eq!(status(&stage, &person).await.expected_end, None);
    turn(&stage).await;
    stage.advance(SignedDuration::from_secs(28));
    let status_then = status(&stage, &person).await;
    let left = i64::from(status_then.days_left);
    let expected = stage.clock.now() + SignedDuration::from_secs(2 * left);
    assert_eq!(status_then.expected_end, Some(expected));
    stage.work_off().await;
    let done = status(&stage, &person).await;
    assert_eq!((done.state, done.days_left, done.expected_end), (BackfillState::Done, 0, None));
    assert_eq!(stage.connection(&person).await.history_due_at, None, "nothing is left to do");
}

#[tokio::test]
async fn ten_years_of_one_person_do_not_delay_anothers_today() {
    let (stage, _) = asked(3_640).await;
    for _ in 0..3 {
        turn(&stage).await;
    }
    let other = stage.connect_activity(1).await;
    let next = claim(&stage).await;
    assert_eq!(next.work(), Work::Recent(Priority::PersonWaiting));
    stage.sync.work(next).await.unwrap();
    stage.assert_activity_equals_vendor(&other, ago(1)).await;
    turn(&stage).await;
}

#[tokio::test]
async fn while_enough_workers_are_busy_with_history_the_others_wait_for_recent_days() {
    let (stage, _) = asked(100).await;
    assert!(stage.sync.claim(Reach::RecentOnly).await.unwrap().is_none());
    let other = stage.connect_activity(1).await;
    let next = stage.sync.claim(Reach::RecentOnly).await.unwrap().unwrap();
    stage.sync.work(next).await.unwrap();
    stage.assert_activity_equals_vendor(&other, ago(1)).await;
}

#[tokio::test]
async fn a_trigger_stops_the_turn_and_goes_first() {
    let (stage, person) = asked(100).await;
    let history = claim(&stage).await;
    stage.sync.request(person.id, FITBIT).await.unwrap();
    stage.sync.work(history).await.unwrap();
    assert_eq!(status(&stage, &person).await.days_left, 96, "it read on");
    let next = claim(&stage).await;
    assert_eq!(next.work(), Work::Recent(Priority::PersonWaiting));
    stage.sync.work(next).await.unwrap();
    turn(&stage).await;
}

#[tokio::test]
async fn a_person_who_waits_is_not_told_that_history_is_running() {
    let (stage, person) = asked(100).await;
    let history = claim(&stage).await;
    let (report, turned) = tokio::join!(stage.try_sync(&person), async {
        tokio::task::yield_now().await;
        stage.sync.work(history).await
    });
    turned.unwrap();
    assert_eq!(report.unwrap().outcome, phr_sync::Outcome::Complete);
    turn(&stage).await;
}

#[tokio::test]
async fn history_is_paused_resumed_and_cancelled() {
    let (stage, person) = asked(100).await;
    turn(&stage).await;
    let steer = async |steer| stage.sync.steer_backfill(person.id, FITBIT, steer).await;
    assert_eq!(steer(Steer::Pause).await.unwrap().state, BackfillState::Paused);
    stage.work_off().await;
    let paused = status(&stage, &person).await;
    assert_eq!((paused.state, paused.days_left), (BackfillState::Paused, 96 - 14));
    assert_eq!(steer(Steer::Pause).await.unwrap().state, BackfillState::Paused, "said twice");

    steer(Steer::Resume).await.unwrap();
    turn(&stage).await;
    assert_eq!(status(&stage, &person).await.days_left, 96 - 28);

    steer(Steer::Cancel).await.unwrap();
    stage.work_off().await;
    let cancelled = status(&stage, &person).await;
    assert_eq!((cancelled.state, cancelled.days_left), (BackfillState::Cancelled, 96 - 28));
    let refused = steer(Steer::Resume).await;
    assert!(matches!(refused, Err(SyncError::History(HistoryError::Ended))), "{refused:?}");
    assert_held(&stage, &person, DateRange { first: ago(32), last: ago(1) }).await;

    let again = ask(&stage, &person, ago(100)).await.unwrap();
    assert_eq!((again.state, again.days_left), (BackfillState::Running, 96 - 28));
}

#[tokio::test]
async fn pausing_stops_a_turn_that_is_under_way() {
    let (stage, person) = asked(100).await;
    let history = claim(&stage).await;
    stage.sync.steer_backfill(person.id, FITBIT, Steer::Pause).await.unwrap();
    stage.sync.work(history).await.unwrap();
    assert_eq!(status(&stage, &person).await.days_left, 96);
    stage.work_off().await;
    assert_eq!(status(&stage, &person).await.days_left, 96);
}

#[tokio::test]
async fn t9_a_process_that_dies_in_a_turn_is_continued_by_another() {
    let (stage, person) = asked(40).await;
    for requests in [1, 4, 9, 15] {
        let claimed = claim(&stage).await;
        assert_eq!(claimed.work(), Work::History);
        stage.world().clear_request_counts();
        let death = async {
            while stage.world().request_counts().values().sum::<u64>() < requests {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = death => {}
            done = stage.sync.work(claimed) => done.unwrap(),
        }
        stage.advance(SignedDuration::from_secs(61));
    }
    let other = phr_sync::SyncService { ..stage.sync.clone() };
    while other.work_once().await.unwrap() {}
    assert_eq!(status(&stage, &person).await.state, BackfillState::Done);
    assert_held(&stage, &person, DateRange { first: ago(40), last: ago(1) }).await;
}

#[tokio::test]
async fn t9_whoever_lost_the_lease_writes_nothing() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect_activity(0).await;
    let stalled = claim(&stage).await;
    stage.advance(SignedDuration::from_secs(61));
    let other = claim(&stage).await;
    stage.sync.work(other).await.unwrap();
    let digest = stage.store.digest(person.id).await.unwrap();
    let settled = stage.connection(&person).await;
    let lost = stage.sync.work(stalled).await;
    assert!(matches!(lost, Err(SyncError::Store(_))), "{lost:?}");
    assert_eq!(stage.store.digest(person.id).await.unwrap(), digest);
    assert_eq!(stage.connection(&person).await, settled);
}

#[tokio::test]
async fn a_vendor_that_fails_delays_history_and_loses_none() {
    let (stage, person) = asked(40).await;
    stage.world().inject("kind=status,status=503".parse::<Fault>().unwrap());
    turn(&stage).await;
    let failed = status(&stage, &person).await;
    assert_eq!(failed.last_error.as_deref(), Some("unavailable"));
    assert_eq!(failed.state, BackfillState::Running);
    assert!(!stage.sync.work_once().await.unwrap(), "not again at once");
    stage.world().clear_faults();
    stage.advance(SignedDuration::from_mins(10));
    stage.work_off().await;
    assert_eq!(status(&stage, &person).await.state, BackfillState::Done);
    assert_held(&stage, &person, DateRange { first: ago(40), last: ago(1) }).await;
}

#[tokio::test]
async fn a_spent_budget_is_no_failure_of_history() {
    let (stage, person) = asked(120).await;
    let stage = stage.with_budget(30);
    let mut turns = 0;
    while status(&stage, &person).await.state == BackfillState::Running {
        while stage.sync.work_once().await.unwrap() {}
        stage.advance(SignedDuration::from_secs(70));
        turns += 1;
        assert!(turns < 20, "{:?}", status(&stage, &person).await);
        assert_eq!(status(&stage, &person).await.last_error, None);
    }
    assert_held(&stage, &person, DateRange { first: ago(120), last: ago(1) }).await;
}

#[tokio::test]
async fn what_cannot_be_had_is_refused_and_starts_nothing() {
    let stage = Stage::at(NOON, 30).await;
    let person = stage.connect_activity(0).await;
    let refused = async |from| match ask(&stage, &person, from).await {
        Err(SyncError::History(error)) => error,
        other => panic!("{from}: {other:?}"),
    };
    assert_eq!(refused(ago(-1)).await, HistoryError::Future);
    let earliest = "2016-11-20".parse().unwrap();
    let too_old = "2016-11-19".parse().unwrap();
    assert_eq!(refused(too_old).await, HistoryError::TooOld { earliest });
    let since = "2026-10-21".parse().unwrap();
    assert_eq!(refused(earliest).await, HistoryError::BeforeAccount { since });
    assert!(ask(&stage, &person, since).await.is_ok());

    let weight = Some(vec![Metric::BodyWeight]);
    let refused = stage.sync.request_backfill(person.id, FITBIT, ago(9), weight).await;
    assert!(matches!(refused, Err(SyncError::Vendor(_))), "{refused:?}");
    let stranger = stage.register(&stage.world().people()[1].email).await;
    let refused = stage.sync.request_backfill(stranger, FITBIT, ago(9), None).await;
    assert!(matches!(refused, Err(SyncError::NotConnected)), "{refused:?}");
    let refused = stage.sync.steer_backfill(stranger, FITBIT, Steer::Pause).await;
    assert!(matches!(refused, Err(SyncError::NotConnected)), "{refused:?}");
}
