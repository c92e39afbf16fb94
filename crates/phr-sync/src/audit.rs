//! Which older days are compared again at night. Pure rules.

use jiff::{ToSpan, civil::Date};
use phr_model::DateRange;

/// Days behind the look-back that are compared every night: most late data are weeks late.
const NEAR: i32 = 30;
/// Days of the slice that goes back through everything held, night by night: a year takes four
/// nights, ten years take forty.
const SLICE: i32 = 90;

/// What one night compares.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Night {
    /// The days just behind the look-back.
    pub(crate) near: Option<DateRange>,
    /// The slice of the rotation.
    pub(crate) slice: Option<DateRange>,
    /// The day from which the next night's slice goes back; none to begin anew.
    pub(crate) next_from: Option<Date>,
}

/// The night's days: those before `edge` (the first day of the look-back) and not before
/// `held_from`. `from` is where the last night left off.
pub(crate) fn night(edge: Date, held_from: Date, from: Option<Date>) -> Night {
    let near = back(edge.yesterday().ok(), NEAR, held_from);
    let behind = near.and_then(|near| near.first.yesterday().ok());
    // Once around, or overtaken by a longer look-back: begin anew.
    let in_turn = |from: &Date| *from >= held_from && behind.is_some_and(|behind| *from < behind);
    let slice = back(from.filter(in_turn).or(behind), SLICE, held_from);
    let rest = slice.and_then(|slice| slice.first.yesterday().ok());
    Night { near, slice, next_from: rest.filter(|rest| *rest >= held_from) }
}

/// At most `days` days up to `last`, none before `first`.
fn back(last: Option<Date>, days: i32, first: Date) -> Option<DateRange> {
    let last = last.filter(|last| *last >= first)?;
    let start = last.checked_sub((days - 1).days()).unwrap_or(first);
    Some(DateRange { first: start.max(first), last })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const EDGE: Date = date(2026, 11, 7);

    fn ago(days: i32) -> Date {
        EDGE.checked_sub(days.days()).unwrap()
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the rules give it")]
    fn range(first: Date, last: Date) -> Option<DateRange> {
        Some(DateRange { first, last })
    }

    #[test]
    fn the_month_behind_the_look_back_is_compared_every_night() {
        let night = night(EDGE, ago(1_000), Some(ago(500)));
        assert_eq!(night.near, range(ago(30), ago(1)));
    }

    #[test]
    fn the_slice_goes_on_where_the_last_night_left_off() {
        let first = night(EDGE, ago(1_000), None);
        assert_eq!(first.slice, range(ago(120), ago(31)));
        let second = night(EDGE, ago(1_000), first.next_from);
        assert_eq!(second.slice, range(ago(210), ago(121)));
    }

    #[test]
    fn after_the_oldest_day_the_rotation_begins_anew() {
        let last = night(EDGE, ago(130), Some(ago(121)));
        assert_eq!((last.slice, last.next_from), (range(ago(130), ago(121)), None));
    }

    #[test]
    fn what_is_not_held_is_not_compared() {
        let young = night(EDGE, ago(10), None);
        assert_eq!(young, Night { near: range(ago(10), ago(1)), slice: None, next_from: None });
        assert_eq!(night(EDGE, EDGE, Some(ago(3))).near, None);
    }

    #[test]
    fn a_position_that_makes_no_sense_begins_anew() {
        for from in [ago(-5), ago(3), ago(2_000)] {
            assert_eq!(night(EDGE, ago(1_000), Some(from)).slice, range(ago(120), ago(31)));
        }
    }

    proptest! {
        #[test]
        fn everything_held_is_compared_again_and_again(held in 1..4_000_i32) {
            let mut seen = std::collections::BTreeSet::new();
            let mut from = None;
            let mut nights = 0;
            loop {
                let night = night(EDGE, ago(held), from);
                for range in [night.near, night.slice].into_iter().flatten() {
                    seen.extend(range.days());
                }
                nights += 1;
                from = night.next_from;
                if from.is_none() {
                    break;
                }
            }
            prop_assert_eq!(seen.len(), usize::try_from(held).unwrap());
            prop_assert!(nights <= held / SLICE + 1, "{nights} nights for {held} days");
        }
    }
}
