use jiff::civil::date;
use phr_model::ConnectionId;
use uuid::Uuid;

use super::*;

const METRICS: [Metric; 2] = [Metric::Steps, Metric::HeartRate];

fn known(date: Date, state: CoverageState, reason: Option<Reason>) -> KnownDay {
    KnownDay { date, state, reason, read_closed: true }
}

fn range(first: Date, last: Date) -> DateRange {
    DateRange { first, last }
}

fn june(day: i8) -> Date {
    date(2026, 6, day)
}

/// What is left of June's first `days` days of both metrics.
fn left(days: i8, steps: &[KnownDay], heart_rate: &[KnownDay]) -> Left {
    let mut left = Left::default();
    left.add(Metric::Steps, range(june(1), june(days)), steps);
    left.add(Metric::HeartRate, range(june(1), june(days)), heart_rate);
    left
}

#[test]
fn settled_days_are_not_left_and_all_others_are() {
    use CoverageState::{Complete, Differs, NotPermitted, NotWorn, Partial, Pending, VendorError};
    let states = [Complete, NotWorn, Differs, Partial, NotPermitted, Pending, VendorError];
    let known: Vec<_> = (1..).zip(states).map(|(n, state)| known(june(n), state, None)).collect();
    let left = left(7, &known, &known);
    assert_eq!(left.days(&METRICS, june(1)), BTreeSet::from([june(5), june(6), june(7)]));
}

#[test]
fn a_day_that_was_not_over_when_it_was_read_is_left() {
    let open = KnownDay { read_closed: false, ..known(june(1), CoverageState::Partial, None) };
    assert_eq!(left(1, &[open], &[open]).days(&METRICS, june(1)).len(), 1);
}

#[test]
fn the_newest_fortnight_goes_first() {
    let chunk = left(30, &[], &[]).next(0).unwrap();
    assert_eq!(chunk.days, range(june(17), june(30)));
    assert_eq!(chunk.dates().len(), 14);
    assert_eq!(chunk.wanted.len(), 2);
}

#[test]
fn only_what_lacks_is_fetched() {
    let settled: Vec<_> = (1..=30).map(|n| known(june(n), CoverageState::Complete, None)).collect();
    let chunk = left(30, &settled, &settled[..29]).next(0).unwrap();
    assert_eq!(chunk.wanted, BTreeMap::from([(Metric::HeartRate, BTreeSet::from([june(30)]))]));
}

#[test]
fn days_that_failed_wait_for_those_that_were_not_tried() {
    let failed = known(june(30), CoverageState::VendorError, Some(Reason::VendorUnavailable));
    let chunk = left(30, &[failed], &[failed]).next(0).unwrap();
    assert_eq!(chunk.days.last, june(29));
    let limited = known(june(30), CoverageState::VendorError, Some(Reason::RateLimited));
    assert_eq!(left(30, &[limited], &[]).next(0).unwrap().days.last, june(30));
}

#[test]
fn a_day_that_always_fails_does_not_stand_before_the_others() {
    let failed: Vec<_> =
        (1..=30).map(|n| known(june(n), CoverageState::VendorError, None)).collect();
    let left = left(30, &failed, &failed);
    let lasts: Vec<_> = (0..4).map(|n| left.next(n).unwrap().days.last).collect();
    assert_eq!(lasts, [june(30), june(16), june(2), june(18)]);
    assert!(left.next(u32::MAX).is_some());
}

#[test]
fn nothing_left_is_nothing_to_do() {
    assert!(Left::default().is_empty());
    assert_eq!(Left::default().next(3), None);
}

fn connection(kept_from: Option<Date>, member_since: Option<Date>) -> Connection {
    Connection {
        id: ConnectionId(Uuid::nil()),
        number: 1,
        person: phr_model::PersonId(Uuid::nil()),
        vendor: "fitbit".to_owned(),
        state: phr_store::connection::ConnectionState::Active,
        upstream: "google-health".to_owned(),
        zones: None,
        vendor_user: None,
        scopes: Vec::new(),
        zone: None,
        connected_at: None,
        reconnect_by: None,
        last_complete_at: None,
        last_run_at: None,
        last_error: None,
        attempts: 0,
        due_at: None,
        priority: phr_store::connection::Priority::Routine,
        audit_due_at: None,
        audit_from: None,
        history_due_at: None,
        history_attempts: 0,
        kept_from,
        member_since,
        hooked: phr_store::hook::Hooked::default(),
        leased_until: None,
        devices: None,
    }
}

fn backfill(state: BackfillState) -> Backfill {
    Backfill {
        connection: ConnectionId(Uuid::nil()),
        from: june(1),
        metrics: vec![Metric::Steps],
        state,
        requested_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        begun_at: Some(Timestamp::UNIX_EPOCH),
        days_settled: 10,
        last_error: None,
    }
}

#[test]
fn a_running_request_reaches_back_for_its_metrics_only() {
    let connection = connection(Some(june(20)), None);
    let running = backfill(BackfillState::Running);
    let since = wanted_since(&connection, Some(&running), &METRICS);
    let expected = [(Metric::Steps, june(1)), (Metric::HeartRate, june(20))];
    assert_eq!(since, BTreeMap::from(expected));
}

#[test]
fn without_a_running_request_the_kept_days_are_wanted_all_the_same() {
    let connection = connection(Some(june(20)), None);
    for state in [BackfillState::Paused, BackfillState::Cancelled, BackfillState::Done] {
        let since = wanted_since(&connection, Some(&backfill(state)), &METRICS);
        assert_eq!(since.values().collect::<Vec<_>>(), [&june(20), &june(20)], "{state:?}");
    }
}

#[test]
fn nothing_is_wanted_before_the_account_existed() {
    let connection = connection(None, Some(june(10)));
    let running = backfill(BackfillState::Running);
    let since = wanted_since(&connection, Some(&running), &METRICS);
    assert_eq!(since, BTreeMap::from([(Metric::Steps, june(10))]));
}

#[test]
fn the_end_is_expected_at_the_pace_so_far() {
    let now = Timestamp::from_second(600).unwrap();
    let running = backfill(BackfillState::Running);
    assert_eq!(expected_end(now, &running, 5), Timestamp::from_second(900).ok());
    assert_eq!(expected_end(now, &backfill(BackfillState::Paused), 5), None);
    assert_eq!(expected_end(now, &Backfill { days_settled: 0, ..running }, 5), None);
}
