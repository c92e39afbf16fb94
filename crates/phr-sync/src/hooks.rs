//! What notifications change about a run: how far it reaches back, when the next one is due, and
//! what is said about a vendor that fell silent. Pure rules.

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use phr_model::DateRange;
use phr_store::hook::Hooked;

/// A hint reaches at most so many days back; what is older is the nightly audit's.
pub const FURTHEST_BACK: i32 = 90;

/// Polling is so many times rarer while notifications come in.
const RARER: i32 = 6;

/// But never rarer than this.
const RAREST: SignedDuration = SignedDuration::from_hours(24);

/// Notifications count as coming in for this long after the last one.
const FLOWING: SignedDuration = SignedDuration::from_hours(24);

/// A notification may take this long after the data; before, its absence means nothing.
const GRACE: SignedDuration = SignedDuration::from_hours(1);

/// The days of a run: the look-back, and back to the day that was hinted at.
pub(crate) fn days(look_back: DateRange, hinted: Option<Date>) -> DateRange {
    let furthest = DateRange::ending(look_back.last, FURTHEST_BACK).first;
    let hinted = hinted.map_or(look_back.first, |hinted| hinted.max(furthest));
    DateRange { first: look_back.first.min(hinted), ..look_back }
}

/// The oldest day worth remembering of a hint that came in on `today`.
pub fn oldest(today: Date) -> Date {
    today.saturating_sub(FURTHEST_BACK.days())
}

/// Whether notifications come in.
pub(crate) fn are_flowing(hooked: Hooked, now: Timestamp) -> bool {
    hooked.last_at.is_some_and(|at| now.duration_since(at) < FLOWING)
}

/// Time to the next routine run: longer where notifications come in and can be relied on.
pub(crate) fn interval(usual: SignedDuration, hooked: Hooked, now: Timestamp) -> SignedDuration {
    if are_flowing(hooked, now) && hooked.missed == 0 {
        usual.saturating_mul(RARER).min(RAREST).max(usual)
    } else {
        usual
    }
}

/// Whether a run found `changes` that should have been announced and were not: the connection used
/// to get notifications, and none came since the run before.
pub(crate) fn is_silent(
    hooked: Hooked,
    last_run_at: Option<Timestamp>,
    changes: u32,
    now: Timestamp,
) -> bool {
    let (Some(heard), Some(last_run)) = (hooked.last_at, last_run_at) else { return false };
    changes > 0 && heard <= last_run && now.duration_since(heard) >= GRACE
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3_600).unwrap()
    }

    fn heard(hour: i64) -> Hooked {
        Hooked { last_at: Some(at(hour)), ..Hooked::default() }
    }

    fn first(hinted: Option<Date>) -> Date {
        let days = days(DateRange::ending(date(2026, 11, 20), 14), hinted);
        assert_eq!(days.last, date(2026, 11, 20));
        days.first
    }

    #[test]
    fn a_hint_before_the_look_back_is_reached_and_one_inside_changes_nothing() {
        assert_eq!(first(None), date(2026, 11, 7));
        assert_eq!(first(Some(date(2026, 11, 19))), date(2026, 11, 7));
        assert_eq!(first(Some(date(2026, 12, 24))), date(2026, 11, 7));
        assert_eq!(first(Some(date(2026, 10, 1))), date(2026, 10, 1));
    }

    #[test]
    fn a_hint_of_long_ago_reaches_back_ninety_days() {
        assert_eq!(first(Some(date(1970, 1, 1))), date(2026, 8, 23));
        assert_eq!(first(Some(Date::MIN)), date(2026, 8, 23));
        assert_eq!(oldest(Date::MIN), Date::MIN);
    }

    #[test]
    fn polling_is_rarer_while_notifications_come_in() {
        assert_eq!(interval(HOUR, heard(100), at(101)), HOUR * 6);
        assert_eq!(interval(HOUR, heard(100), at(124)), HOUR, "a day later they do not");
        assert_eq!(interval(HOUR, Hooked::default(), at(101)), HOUR);
        let missed = Hooked { missed: 1, ..heard(100) };
        assert_eq!(interval(HOUR, missed, at(101)), HOUR, "they cannot be relied on");
    }

    #[test]
    fn polling_never_becomes_rarer_than_once_a_day() {
        assert_eq!(interval(HOUR * 12, heard(100), at(101)), HOUR * 24);
        assert_eq!(interval(HOUR * 48, heard(100), at(101)), HOUR * 48);
    }

    #[test]
    fn silence_is_a_change_that_nobody_announced() {
        let (run, now) = (Some(at(110)), at(120));
        assert!(is_silent(heard(100), run, 1, now));
        assert!(!is_silent(heard(100), run, 0, now), "nothing changed");
        assert!(!is_silent(heard(115), run, 1, now), "it was announced");
        assert!(!is_silent(Hooked::default(), run, 1, now), "it never got any");
        assert!(!is_silent(heard(100), None, 1, now), "there is nothing to compare with");
        let soon = Timestamp::from_second(100 * 3_600 + 1_800).unwrap();
        assert!(!is_silent(heard(100), Some(at(100) + SignedDuration::from_mins(1)), 1, soon));
    }
}
