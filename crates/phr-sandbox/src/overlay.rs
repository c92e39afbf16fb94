//! What was done to a person's data after the fact: an overlay over the base.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;

use crate::point::{Point, Source};

/// The changes to one data type of one person.
#[derive(Debug, Default, Clone)]
pub(crate) struct Edits {
    changed: BTreeMap<(i64, Source), i32>,
    deleted: Vec<Range<i64>>,
    /// Ascending.
    added: Vec<Point>,
    held: Vec<Hold>,
    /// Daily figures set by hand, in the unit of the API.
    pub(crate) daily: BTreeMap<Date, f64>,
}

/// Points of a device that has not synced yet.
#[derive(Debug, Clone)]
struct Hold {
    range: Range<i64>,
    until: i64,
}

impl Edits {
    /// The points of one chunk as they are `now`: nothing unfinished, nothing held back.
    pub(crate) fn apply(&self, base: &[Point], chunk: &Range<i64>, now: i64) -> Vec<Point> {
        let kept = base.iter().filter(|point| !self.is_deleted(point.at)).map(|point| {
            let value = self.changed.get(&(point.at, point.source)).copied();
            Point { value: value.unwrap_or(point.value), ..*point }
        });
        let added = self.added.iter().filter(|point| chunk.contains(&point.at)).copied();
        let mut points: Vec<Point> =
            kept.chain(added).filter(|point| self.is_visible(point, now)).collect();
        points.sort_by_key(|point| (point.at, point.source));
        points
    }

    pub(crate) fn is_visible(&self, point: &Point, now: i64) -> bool {
        point.end() <= now && !self.is_held(point.at, now)
    }

    pub(crate) fn is_held(&self, at: i64, now: i64) -> bool {
        self.held.iter().any(|hold| now < hold.until && hold.range.contains(&at))
    }

    fn is_deleted(&self, at: i64) -> bool {
        self.deleted.iter().any(|range| range.contains(&at))
    }

    pub(crate) fn change(&mut self, at: i64, source: Source, value: i32) {
        match self.added.iter_mut().find(|point| (point.at, point.source) == (at, source)) {
            Some(point) => point.value = value,
            None => {
                self.changed.insert((at, source), value);
            }
        }
    }

    pub(crate) fn delete(&mut self, range: Range<i64>) {
        self.added.retain(|point| !range.contains(&point.at));
        self.deleted.push(range);
    }

    pub(crate) fn add(&mut self, point: Point) {
        let index = self.added.partition_point(|other| other.at <= point.at);
        self.added.insert(index, point);
    }

    pub(crate) fn hold(&mut self, range: Range<i64>, until: i64) {
        self.held.push(Hold { range, until });
    }

    pub(crate) fn first_added(&self) -> Option<i64> {
        self.added.first().map(|point| point.at)
    }

    /// Whether points may differ from the base at all.
    pub(crate) fn touches_points(&self) -> bool {
        !(self.changed.is_empty()
            && self.deleted.is_empty()
            && self.added.is_empty()
            && self.held.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: i64 = 1_000;

    fn sample(at: i64, value: i32) -> Point {
        Point { at, value, span: 0, source: Source::Watch }
    }

    fn values(edits: &Edits, base: &[Point], now: i64) -> Vec<i32> {
        edits.apply(base, &(0..LATER), now).iter().map(|point| point.value).collect()
    }

    #[test]
    fn deleted_points_vanish_and_new_ones_may_take_their_place() {
        let mut edits = Edits::default();
        edits.delete(2..4);
        edits.add(sample(3, 30));
        assert_eq!(values(&edits, &[sample(1, 1), sample(2, 2), sample(4, 4)], LATER), [1, 30, 4]);
    }

    #[test]
    fn an_added_point_can_be_changed_and_deleted_again() {
        let mut edits = Edits::default();
        edits.add(sample(3, 30));
        edits.change(3, Source::Watch, 31);
        assert_eq!(values(&edits, &[], LATER), [31]);
        edits.delete(0..LATER);
        assert_eq!(values(&edits, &[], LATER), [0; 0]);
    }

    #[test]
    fn held_back_points_arrive_when_their_time_comes() {
        let mut edits = Edits::default();
        edits.hold(2..3, 500);
        let base = [sample(1, 1), sample(2, 2)];
        assert_eq!(values(&edits, &base, 499), [1]);
        assert_eq!(values(&edits, &base, 500), [1, 2]);
    }

    #[test]
    fn an_interval_is_invisible_until_it_has_ended() {
        let base = [Point { span: 60, ..sample(0, 7) }];
        let end = base[0].end();
        assert_eq!(values(&Edits::default(), &base, end - 1), [0; 0]);
        assert_eq!(values(&Edits::default(), &base, end), [7]);
    }
}
