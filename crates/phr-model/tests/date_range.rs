//! Ranges of civil days.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use jiff::{ToSpan, civil::Date};
use phr_model::{DateRange, time::runs};
use proptest::prelude::*;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

proptest! {
    #[test]
    fn chunks_hold_every_day_once(length in 0..400_i32, longest in 1..100_i32) {
        let days = DateRange::ending(date("2026-11-20"), length);
        let chunks = days.chunks(longest);
        prop_assert!(chunks.iter().all(|chunk| (1..=longest).contains(&chunk.len())));
        let listed: Vec<Date> = chunks.iter().flat_map(DateRange::days).collect();
        prop_assert_eq!(listed, days.days().collect::<Vec<_>>());
    }

    #[test]
    fn runs_hold_every_day_once(
        days in prop::collection::vec(0..60_i32, 0..40),
        longest in 1..20_i32,
    ) {
        let mut days: Vec<Date> =
            days.into_iter().map(|n| date("2026-02-01") + n.days()).collect();
        let runs = runs(days.clone(), longest);
        prop_assert!(runs.iter().all(|run| (1..=longest).contains(&run.len())));
        days.sort_unstable();
        days.dedup();
        prop_assert_eq!(runs.iter().flat_map(DateRange::days).collect::<Vec<_>>(), days);
    }
}

#[test]
fn a_range_ends_with_its_last_day_and_before_its_end() {
    let days = DateRange::ending(date("2026-03-01"), 14);
    assert_eq!((days.first, days.last), (date("2026-02-16"), date("2026-03-01")));
    assert_eq!((days.len(), days.end()), (14, date("2026-03-02")));
    assert!(days.contains(days.first) && days.contains(days.last) && !days.contains(days.end()));
}

#[test]
fn a_range_that_ends_before_it_starts_is_empty() {
    let days = DateRange { first: date("2026-03-02"), last: date("2026-03-01") };
    assert!(days.is_empty() && days.days().next().is_none() && days.chunks(7).is_empty());
}

#[test]
fn a_leap_year_has_all_its_days() {
    let days = DateRange { first: date("2024-01-01"), last: date("2024-12-31") };
    assert_eq!((days.len(), days.days().count()), (366, 366));
}

#[test]
fn days_apart_are_not_one_run() {
    let days = ["2026-02-03", "2026-02-01", "2026-02-02", "2026-02-05"].map(date);
    let found = runs(days.to_vec(), 14);
    assert_eq!(found.iter().map(DateRange::len).collect::<Vec<_>>(), [3, 1]);
}
