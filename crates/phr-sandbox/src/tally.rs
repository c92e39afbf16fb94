//! Adding up points: windows of physical time and of civil days.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::data_type::Kind;
use crate::person::date_of_day;
use crate::point::{DAY, Family, Point, SECOND};
use crate::timeline::Timeline;

/// What the points of a window come to, in base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) sum: i64,
    pub(crate) min: i32,
    pub(crate) max: i32,
}

impl Tally {
    fn of(value: i32) -> Self {
        Self { count: 1, sum: i64::from(value), min: value, max: value }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

type Windows = BTreeMap<i64, Tally>;

fn add(windows: &mut Windows, index: i64, tally: Tally) {
    windows.entry(index).and_modify(|sum| sum.merge(tally)).or_insert(tally);
}

/// Windows of `width` microseconds from `range.start`, by their number; empty ones are missing.
/// An interval that lies in several windows is shared evenly, and its parts add up exactly.
pub(crate) fn by_window(timeline: &Timeline<'_>, range: &Range<i64>, width: i64) -> Windows {
    let mut windows = Windows::new();
    timeline.visit_overlapping(range, |point| {
        if point.span == 0 {
            add(&mut windows, (point.at - range.start) / width, Tally::of(point.value));
            return;
        }
        let mut from = point.at.max(range.start);
        while from < point.end().min(range.end) {
            let index = (from - range.start) / width;
            let to = (range.start + (index + 1) * width).min(point.end()).min(range.end);
            add(&mut windows, index, Tally::of(share(point, from, to)));
            from = to;
        }
    });
    windows
}

/// The part of an interval's value that falls between two instants.
fn share(point: &Point, from: i64, to: i64) -> i32 {
    let span = i64::from(point.span) * SECOND;
    let until =
        |instant: i64| i128::from(point.value) * i128::from(instant - point.at) / i128::from(span);
    i32::try_from(until(to) - until(from)).unwrap_or(point.value)
}

/// Windows of `days` civil days from `range.start` to `range.end` (civil microseconds), by their
/// number. A point belongs to the day that the person's wall clock showed at its start.
pub(crate) fn by_civil_days(timeline: &Timeline<'_>, range: &Range<i64>, days: i64) -> Windows {
    let whole = range.start.rem_euclid(DAY) == 0 && range.end.rem_euclid(DAY) == 0;
    let mut windows = Windows::new();
    if whole {
        for (day, tally) in by_date(timeline, range) {
            add(&mut windows, (day - range.start / DAY) / days, tally);
        }
    } else {
        visit_civil(timeline, range, |civil, point| {
            let index = (civil - range.start) / (days * DAY);
            add(&mut windows, index, Tally::of(point.value));
        });
    }
    windows
}

/// One tally for each civil day number, with the vendor's own figure where there is one.
pub(crate) fn by_date(timeline: &Timeline<'_>, range: &Range<i64>) -> Windows {
    let mut tallies = sums_by_date(timeline, range);
    // The account's figures are of local days.
    if timeline.family != Family::All || timeline.in_utc {
        return tallies;
    }
    if timeline.person.has_figures() {
        apply_figures(timeline, range, &mut tallies);
    }
    apply_overrides(timeline, range, &mut tallies);
    tallies
}

fn sums_by_date(timeline: &Timeline<'_>, range: &Range<i64>) -> Windows {
    let mut tallies = Windows::new();
    visit_civil(timeline, range, |civil, point| {
        add(&mut tallies, civil.div_euclid(DAY), Tally::of(point.value));
    });
    tallies
}

/// A figure of the recording stands for the points of the recording: what was changed by hand
/// since then moves it. Days still running have no figure yet.
fn apply_figures(timeline: &Timeline<'_>, range: &Range<i64>, tallies: &mut Windows) {
    let edited = timeline.edits.as_ref().is_some_and(|edits| edits.touches_points());
    let recorded = edited.then(|| sums_by_date(&timeline.unedited(), range));
    let today = timeline.offsets(&(timeline.now..timeline.now)).civil(timeline.now);
    for day in range.start.div_euclid(DAY)..range.end.div_euclid(DAY).min(today.div_euclid(DAY)) {
        let figure = timeline.person.figure(timeline.data_type, date_of_day(day));
        let Some(figure) = figure else { continue };
        let sum = |tallies: &Windows| tallies.get(&day).map_or(0, |tally| tally.sum);
        let moved = recorded.as_ref().map_or(0, |recorded| sum(tallies) - sum(recorded));
        let tally = tallies.entry(day).or_insert(Tally { count: 1, sum: 0, min: 0, max: 0 });
        tally.sum = (figure + moved).max(0);
    }
}

fn apply_overrides(timeline: &Timeline<'_>, range: &Range<i64>, tallies: &mut Windows) {
    let Some(edits) = &timeline.edits else { return };
    for (date, value) in &edits.daily {
        let day = crate::person::day_of_date(*date);
        let Some(base) = timeline.data_type.to_base(*value).map(i64::from) else { continue };
        if !(range.start / DAY..range.end / DAY).contains(&day) {
            continue;
        }
        let tally = tallies.entry(day).or_insert(Tally { count: 1, sum: 0, min: 0, max: 0 });
        let times = if timeline.data_type.kind() == Kind::Interval { 1 } else { tally.count };
        tally.sum = base * times.cast_signed();
    }
}

/// Visits the points whose start the wall clock showed within `range` (civil microseconds).
pub(crate) fn visit_civil(
    timeline: &Timeline<'_>,
    range: &Range<i64>,
    mut visit: impl FnMut(i64, &Point),
) {
    const MARGIN: i64 = 15 * 3600 * SECOND;
    let physical = range.start.saturating_sub(MARGIN)..range.end.saturating_add(MARGIN);
    let offsets = timeline.offsets(&physical);
    timeline.visit(&physical, |point| {
        let civil = offsets.civil(point.at);
        if range.contains(&civil) {
            visit(civil, point);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::Source;

    #[test]
    fn the_parts_of_an_interval_add_up_exactly() {
        let hour = Point { at: 0, value: 1001, span: 3600, source: Source::Derived };
        let parts: Vec<i32> = (0..7)
            .map(|part| share(&hour, part * hour.end() / 7, (part + 1) * hour.end() / 7))
            .collect();
        assert_eq!(parts.iter().sum::<i32>(), 1001);
        assert!(parts.iter().all(|part| (142..=144).contains(part)));
    }
}
