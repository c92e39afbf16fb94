//! What is written when a day is observed again.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use phr_model::{Draft, Effective, Metric, Moment, Observation, Status, difference};
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

fn now(run: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + run * 3600).unwrap()
}

fn instant(run: i64, offset_seconds: i32) -> Effective {
    Effective::Instant(Moment { at: now(run), offset_seconds })
}

fn draft(id: u128, value: i64) -> Draft {
    Draft {
        parts: Vec::new(),
        id: Uuid::from_u128(id),
        metric: Metric::Steps,
        date: Date::constant(2026, 11, 20),
        effective: instant(0, 3600),
        value,
        low: None,
        high: None,
        preliminary: false,
    }
}

fn open(id: u128, value: i64) -> Draft {
    Draft { preliminary: true, ..draft(id, value) }
}

/// What is held after each of `runs` was said in turn.
fn told(runs: &[Vec<Draft>]) -> BTreeMap<Uuid, Observation> {
    let mut held = BTreeMap::new();
    for (run, said) in (1..).zip(runs) {
        tell(&mut held, said, run);
    }
    held
}

/// Says `said` in one run and writes the difference; how many rows were written.
fn tell(held: &mut BTreeMap<Uuid, Observation>, said: &[Draft], run: i64) -> usize {
    let rows: Vec<_> = held.values().cloned().collect();
    let written = difference(&rows, said.to_vec(), now(run));
    let count = written.len();
    held.extend(written.into_iter().map(|observation| (observation.says.id, observation)));
    count
}

/// Status, version and value of the one Observation after `runs`.
fn life(runs: &[Vec<Draft>]) -> (Status, u32, i64) {
    let held = told(runs);
    assert_eq!(held.len(), 1);
    let observation = held.values().next().unwrap();
    (observation.status, observation.version, observation.says.value)
}

#[rstest]
#[case::new(vec![vec![draft(1, 5)]], Status::Final, 1, 5)]
#[case::new_and_open(vec![vec![open(1, 5)]], Status::Preliminary, 1, 5)]
#[case::growing(vec![vec![open(1, 5)], vec![open(1, 6)]], Status::Preliminary, 2, 6)]
#[case::closing(vec![vec![open(1, 5)], vec![draft(1, 5)]], Status::Final, 2, 5)]
#[case::closing_with_more(vec![vec![open(1, 5)], vec![draft(1, 6)]], Status::Final, 2, 6)]
#[case::changed(vec![vec![draft(1, 5)], vec![draft(1, 6)]], Status::Corrected, 2, 6)]
#[case::changed_twice(
    vec![vec![draft(1, 5)], vec![draft(1, 6)], vec![draft(1, 7)]], Status::Corrected, 3, 7
)]
#[case::changed_and_back(
    vec![vec![draft(1, 5)], vec![draft(1, 6)], vec![draft(1, 5)]], Status::Corrected, 3, 5
)]
#[case::deleted(vec![vec![draft(1, 5)], vec![]], Status::EnteredInError, 2, 5)]
#[case::deleted_while_open(vec![vec![open(1, 5)], vec![]], Status::EnteredInError, 2, 5)]
#[case::still_deleted(vec![vec![draft(1, 5)], vec![], vec![]], Status::EnteredInError, 2, 5)]
#[case::reappeared(vec![vec![draft(1, 5)], vec![], vec![draft(1, 5)]], Status::Corrected, 3, 5)]
#[case::reappeared_otherwise(
    vec![vec![draft(1, 5)], vec![], vec![draft(1, 9)]], Status::Corrected, 3, 9
)]
#[case::reappeared_while_open(
    vec![vec![open(1, 5)], vec![], vec![open(1, 5)]], Status::Preliminary, 3, 5
)]
#[case::opened_anew(vec![vec![draft(1, 5)], vec![open(1, 5)]], Status::Final, 1, 5)]
#[case::opened_anew_and_grown(vec![vec![draft(1, 5)], vec![open(1, 6)]], Status::Corrected, 2, 6)]
#[case::opened_anew_and_closed(
    vec![vec![draft(1, 5)], vec![open(1, 6)], vec![draft(1, 6)]], Status::Corrected, 2, 6
)]
fn an_observation_has_the_life_its_readings_give_it(
    #[case] runs: Vec<Vec<Draft>>,
    #[case] status: Status,
    #[case] version: u32,
    #[case] value: i64,
) {
    assert_eq!(life(&runs), (status, version, value));
}

#[test]
fn a_withdrawn_observation_keeps_what_it_said() {
    let held = told(&[vec![draft(1, 5)], vec![]]);
    assert_eq!(held[&Uuid::from_u128(1)].says, draft(1, 5));
}

#[test]
fn a_version_is_issued_when_it_was_made() {
    let held = told(&[vec![draft(1, 5), draft(2, 5)], vec![draft(1, 6), draft(2, 5)]]);
    assert_eq!(held[&Uuid::from_u128(1)].issued, now(2));
    assert_eq!(held[&Uuid::from_u128(2)].issued, now(1));
}

#[rstest]
#[case::time(Draft { effective: instant(1, 3600), ..draft(1, 5) })]
#[case::offset(Draft { effective: instant(0, 0), ..draft(1, 5) })]
#[case::minimum(Draft { low: Some(1), ..draft(1, 5) })]
#[case::maximum(Draft { high: Some(9), ..draft(1, 5) })]
fn a_change_of_anything_said_is_a_new_version(#[case] changed: Draft) {
    assert_eq!(life(&[vec![draft(1, 5)], vec![changed]]), (Status::Corrected, 2, 5));
}

#[test]
fn what_stays_is_not_touched_by_what_changes_beside_it() {
    let mut held = told(&[vec![draft(1, 5), draft(2, 6), draft(3, 7)]]);
    assert_eq!(tell(&mut held, &[draft(1, 5), draft(2, 60), draft(4, 8)], 2), 3);
    let states: Vec<_> = held.values().map(|row| (row.status, row.version)).collect();
    let expected = [
        (Status::Final, 1),
        (Status::Corrected, 2),
        (Status::EnteredInError, 2),
        (Status::Final, 1),
    ];
    assert_eq!(states, expected);
}

fn said() -> impl Strategy<Value = Vec<Draft>> {
    let statement = (0..3_i64, any::<bool>());
    prop::collection::btree_map(0..6_u128, statement, 0..6).prop_map(|day| {
        let statement = |(id, (value, preliminary))| Draft { preliminary, ..draft(id, value) };
        day.into_iter().map(statement).collect()
    })
}

proptest! {
    /// T14, second half: reading a window again writes nothing.
    #[test]
    fn saying_the_same_again_writes_nothing(runs in prop::collection::vec(said(), 1..6)) {
        let mut held = told(&runs);
        let before = held.clone();
        for run in 100..105 {
            prop_assert_eq!(tell(&mut held, runs.last().unwrap(), run), 0);
        }
        prop_assert_eq!(held, before);
    }

    #[test]
    fn what_stands_is_what_was_said_last(runs in prop::collection::vec(said(), 1..6)) {
        let held = told(&runs);
        let standing: Vec<_> = held
            .values()
            .filter(|row| row.status != Status::EnteredInError)
            .map(|row| (row.says.id, row.says.value))
            .collect();
        let last = runs.last().unwrap().iter().map(|draft| (draft.id, draft.value));
        prop_assert_eq!(standing, last.collect::<Vec<_>>());
    }

    #[test]
    fn a_version_only_ever_grows_by_one_and_final_is_not_left_for_preliminary(
        runs in prop::collection::vec(said(), 1..8),
    ) {
        let mut held: BTreeMap<Uuid, Observation> = BTreeMap::new();
        for (run, said) in (1..).zip(&runs) {
            let before = held.clone();
            tell(&mut held, said, run);
            for (id, row) in &held {
                let Some(old) = before.get(id) else { continue };
                prop_assert!(row == old || row.version == old.version + 1);
                let settled = matches!(old.status, Status::Final | Status::Corrected);
                prop_assert!(!(settled && row.status == Status::Preliminary));
            }
        }
    }

    #[test]
    fn a_statement_is_preliminary_exactly_while_its_status_says_so(
        runs in prop::collection::vec(said(), 1..6),
    ) {
        for row in told(&runs).values().filter(|row| row.status != Status::EnteredInError) {
            prop_assert_eq!(row.says.preliminary, row.status == Status::Preliminary);
        }
    }
}
