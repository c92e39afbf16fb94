//! The slots of a day: what was recorded while the wall clock showed each of them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::dates::Detail;
use super::mood::RepeatedHour;
use crate::person::Person;
use crate::point::{DAY, MINUTE, SECOND};
use crate::tally::{by_window, visit_civil};
use crate::timeline::Timeline;

/// The wall clock at the start of a slot (civil microseconds), and what fell into it.
pub(super) type Slots = Vec<(i64, i64)>;

/// Nobody's wall clock is further from UTC.
const FURTHEST: i64 = 15 * 3600 * SECOND;

/// Sums in base units for every slot of `detail` that has begun, zeros included.
pub(super) fn sums(timeline: &Timeline<'_>, detail: &Detail, hours: RepeatedHour) -> Slots {
    let minutes = minutes(timeline, &detail.span);
    match hours {
        RepeatedHour::Repeated => fold(&minutes, detail.width),
        RepeatedHour::Merged => merged(&minutes, detail, timeline),
    }
}

/// Each minute whose wall clock showed a time within `span`, in the order in which they passed.
fn minutes(timeline: &Timeline<'_>, span: &Range<i64>) -> Slots {
    let from = span.start - FURTHEST;
    let to = (span.end + FURTHEST).min(timeline.now + 1);
    let tallies = by_window(timeline, &(from..to), MINUTE);
    let offsets = timeline.person.whereabouts.offsets(from, to.max(from));
    let mut minutes = Vec::new();
    let mut start = from;
    while start < to {
        let civil = offsets.civil(start);
        if span.contains(&civil) {
            let sum = tallies.get(&((start - from) / MINUTE)).map_or(0, |tally| tally.sum);
            minutes.push((civil, sum));
        }
        start += MINUTE;
    }
    minutes
}

/// Adds up neighbours of the same slot, as long as the clock goes forward.
fn fold(minutes: &[(i64, i64)], width: i64) -> Slots {
    let mut slots = Slots::new();
    let mut before = i64::MIN;
    for (civil, sum) in minutes {
        let slot = civil - civil.rem_euclid(width);
        match slots.last_mut().filter(|(last, _)| *last == slot && *civil > before) {
            Some((_, total)) => *total += sum,
            None => slots.push((slot, *sum)),
        }
        before = *civil;
    }
    slots
}

/// Every slot of the day once, up to the last one that has begun.
fn merged(minutes: &[(i64, i64)], detail: &Detail, timeline: &Timeline<'_>) -> Slots {
    let mut slots: BTreeMap<i64, i64> = BTreeMap::new();
    let end = detail.span.end.min(wall_clock(timeline.person, timeline.now) + 1);
    let mut slot = detail.span.start - detail.span.start.rem_euclid(detail.width);
    while slot < end {
        slots.insert(slot, 0);
        slot += detail.width;
    }
    for (civil, sum) in minutes {
        *slots.entry(civil - civil.rem_euclid(detail.width)).or_default() += sum;
    }
    slots.into_iter().collect()
}

/// Rounded means of samples; slots without any are missing.
pub(super) fn means(timeline: &Timeline<'_>, detail: &Detail, hours: RepeatedHour) -> Slots {
    let mut samples: Vec<(i64, i32)> = Vec::new();
    visit_civil(timeline, &detail.span, |civil, point| samples.push((civil, point.value)));
    if hours == RepeatedHour::Merged {
        samples.sort_by_key(|(civil, _)| *civil);
    }
    let (mut slots, mut before) = (Vec::<(i64, i64, i64)>::new(), i64::MIN);
    for (civil, value) in samples {
        let slot = civil - civil.rem_euclid(detail.width);
        match slots.last_mut().filter(|(last, ..)| *last == slot && civil >= before) {
            Some((_, sum, count)) => (*sum, *count) = (*sum + i64::from(value), *count + 1),
            None => slots.push((slot, i64::from(value), 1)),
        }
        before = civil;
    }
    slots.into_iter().map(|(slot, sum, count)| (slot, (2 * sum + count) / (2 * count))).collect()
}

/// What the person's wall clock shows, in civil microseconds.
pub(super) fn wall_clock(person: &Person, now: i64) -> i64 {
    person.whereabouts.offsets(now, now).civil(now)
}

/// The day number of civil microseconds.
pub(super) fn day_of(civil: i64) -> i64 {
    civil.div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_the_clock_shows_twice_stands_there_twice() {
        let hour = |minute: i64| (minute * MINUTE, 1);
        let minutes: Vec<_> = (0..60).chain(0..60).map(hour).collect();
        assert_eq!(fold(&minutes, 60 * MINUTE), [(0, 60), (0, 60)]);
        assert_eq!(fold(&minutes, 15 * MINUTE).len(), 8);
    }
}
