//! Civil time: which day a reading belongs to, and when a person's day began and ended.
//!
//! Instants are UTC. The civil day is the date on the wall where the person was, so a day has 23,
//! 24 or 25 hours, and more or fewer on a journey. Offsets seen in the data win over the account's
//! zone, because the zone only says where the person lives today.
//!
//! Days tile the time line: one ends where the next begins, whatever the clocks do.

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::Date,
    tz::{Offset, TimeZone},
};

use crate::{observation::Moment, sample::Sample};

/// Civil days `first..=last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateRange {
    /// First day.
    pub first: Date,
    /// Last day, included.
    pub last: Date,
}

impl DateRange {
    /// A single day.
    pub fn day(date: Date) -> Self {
        Self { first: date, last: date }
    }

    /// The `count` days that end with `last`; one day at the least.
    pub fn ending(last: Date, count: i32) -> Self {
        let first = last.checked_sub((count.max(1) - 1).days()).unwrap_or(last);
        Self { first, last }
    }

    /// The day after the last: half-open APIs want it.
    pub fn end(&self) -> Date {
        self.last.tomorrow().unwrap_or(self.last)
    }

    /// How many days; 0 if `last` is before `first`.
    pub fn len(&self) -> i32 {
        self.first.until(self.last).map_or(0, |span| (span.get_days() + 1).max(0))
    }

    /// Whether there is no day in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `date` is one of the days.
    pub fn contains(&self, date: Date) -> bool {
        (self.first..=self.last).contains(&date)
    }

    /// The days, oldest first.
    pub fn days(&self) -> impl DoubleEndedIterator<Item = Date> + use<> {
        let first = self.first;
        (0..self.len()).filter_map(move |n| first.checked_add(n.days()).ok())
    }

    /// Cut into ranges of at most `days` days, oldest first.
    pub fn chunks(&self, days: i32) -> Vec<Self> {
        let days = days.max(1);
        let starts = self.days().step_by(usize::try_from(days).unwrap_or(1));
        starts
            .map(|first| {
                let last = first.checked_add((days - 1).days()).unwrap_or(self.last);
                Self { first, last: last.min(self.last) }
            })
            .collect()
    }
}

/// Gathers single days into ranges of consecutive days, none longer than `longest`.
pub fn runs(mut days: Vec<Date>, longest: i32) -> Vec<DateRange> {
    days.sort_unstable();
    days.dedup();
    let mut runs: Vec<DateRange> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some(run) if run.end() == day && run.len() < longest => run.last = day,
            _ => runs.push(DateRange::day(day)),
        }
    }
    runs
}

/// Which offset from UTC was in force where the person was.
#[derive(Debug, Clone)]
pub struct Offsets {
    zone: TimeZone,
    /// Instants at which a new offset was first seen, in order.
    seen: Vec<(Timestamp, Offset)>,
}

impl Offsets {
    /// What `samples` (in any order) say, and the account's zone where they are silent.
    pub fn new<'a>(zone: TimeZone, samples: impl IntoIterator<Item = &'a Sample>) -> Self {
        let mut seen: Vec<_> =
            samples.into_iter().map(|sample| (sample.at, sample.offset())).collect();
        seen.sort_unstable();
        if let (Some((first, _)), Some((last, _))) = (seen.first(), seen.last()) {
            let turns = turns(&zone, *first, *last);
            // An offset that outlives a turn of the zone's clocks is seen anew behind it: it may
            // have been home before, and abroad after.
            let turned = |at: Timestamp| turns.partition_point(|turn| *turn <= at);
            seen.dedup_by_key(|(at, offset)| (*offset, turned(*at)));
        }
        Self { zone, seen }
    }

    /// The account's zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The offset in force at `at`: that of the last sample before it, or else the first after it.
    /// Where that sample was recorded on the account zone's own offset, the person was at home, and
    /// the zone's rules decide (they know about daylight saving in between).
    pub fn at(&self, at: Timestamp) -> Offset {
        let before = self.seen.partition_point(|(seen, _)| *seen <= at);
        match self.seen.get(before.saturating_sub(1)) {
            Some((seen, offset)) if self.zone.to_offset(*seen) != *offset => *offset,
            _ => self.zone.to_offset(at),
        }
    }

    /// When the civil day `date` began: when the date on the wall was last an earlier one. A date
    /// that comes twice (on a journey east across the date line) begins the second time, so that
    /// the day before keeps all its readings.
    pub fn start(&self, date: Date) -> Moment {
        let midnight = date.at(0, 0, 0, 0);
        let earliest = Offset::MAX.to_timestamp(midnight).unwrap_or(Timestamp::MIN);
        let latest = Offset::MIN.to_timestamp(midnight).unwrap_or(Timestamp::MAX);
        let marks = self.marks(earliest, latest);
        let before_midnight = marks.array_windows().rev().find_map(|[from, to]| {
            let offset = self.at(*from);
            let is_earlier = offset.to_datetime(*from) < midnight;
            is_earlier.then(|| offset.to_timestamp(midnight).map_or(*to, |end| end.min(*to)))
        });
        let at = before_midnight.unwrap_or(earliest);
        Moment { at, offset_seconds: self.at(at).seconds() }
    }

    /// `from`, `to` and the instants between them at which the offset may change, in order.
    pub(crate) fn marks(&self, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let seen = self.seen.iter().map(|(at, _)| *at).filter(|at| (from..to).contains(at));
        let mut marks = vec![from, to];
        marks.extend(seen.chain(turns(&self.zone, from, to)));
        marks.sort_unstable();
        marks
    }

    /// When the civil day `date` began and when the next one did. A date that was skipped (on a
    /// journey west across the date line, or by decree) still has its first second: a period must
    /// not end before it starts.
    pub fn bounds(&self, date: Date) -> (Moment, Moment) {
        let start = self.start(date);
        let end = self.start(date.tomorrow().unwrap_or(date));
        if end.at > start.at {
            return (start, end);
        }
        let at = start.at.checked_add(SignedDuration::from_secs(1)).unwrap_or(start.at);
        (start, Moment { at, ..start })
    }
}

/// When the clocks of `zone` turn, after `from` and up to `to`.
fn turns(zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    zone.following(from).map(|turn| turn.timestamp()).take_while(|turn| *turn <= to).collect()
}
