//! From the clock on the wall to the time line, for vendors that give nothing but wall-clock times.
//!
//! A time that the clocks skipped moves forward by the gap. A time that they showed twice is the first
//! of the two, unless the order of the readings shows that the clock went back before it. That rule is
//! the same for daylight saving and for journeys: both are changes of the offset.

use jiff::{Timestamp, civil::DateTime, tz::Offset};

use crate::time::{DateRange, Offsets};

/// A stretch of physical time with one offset.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    start: Timestamp,
    end: Timestamp,
    offset: Offset,
}

impl Stretch {
    /// The instant at which the wall showed `civil`, if it did so within the stretch.
    fn instant(&self, civil: DateTime) -> Option<Timestamp> {
        let at = self.offset.to_timestamp(civil).ok()?;
        (self.start <= at && at < self.end).then_some(at)
    }
}

/// Tells for readings in their order when they were made.
#[derive(Debug, Clone)]
pub struct WallClock {
    stretches: Vec<Stretch>,
    before: Option<(DateTime, Timestamp)>,
}

impl WallClock {
    /// A clock for readings of `days`, where the person was as `offsets` say.
    pub fn new(offsets: &Offsets, days: DateRange) -> Self {
        let midnight = |date: jiff::civil::Date| date.at(0, 0, 0, 0);
        let from = Offset::MAX.to_timestamp(midnight(days.first)).unwrap_or(Timestamp::MIN);
        let to = Offset::MIN.to_timestamp(midnight(days.end())).unwrap_or(Timestamp::MAX);
        let mut stretches: Vec<Stretch> = Vec::new();
        for [start, end] in offsets.marks(from, to).array_windows() {
            let offset = offsets.at(*start);
            match stretches.last_mut().filter(|last| last.offset == offset) {
                Some(last) => last.end = *end,
                None => stretches.push(Stretch { start: *start, end: *end, offset }),
            }
        }
        Self { stretches, before: None }
    }

    /// Forgets what came before: the next reading begins another series.
    pub fn begin(&mut self) {
        self.before = None;
    }

    /// When the wall showed `civil`, and the offset in force then.
    pub fn tell(&mut self, civil: DateTime) -> (Timestamp, Offset) {
        let (at, offset) = self.choose(civil);
        self.before = Some((civil, at));
        (at, offset)
    }

    fn choose(&self, civil: DateTime) -> (Timestamp, Offset) {
        let shown = self.stretches.iter().filter_map(|it| Some((it.instant(civil)?, it.offset)));
        let mut first = None;
        for candidate in shown {
            let fits = self.before.is_none_or(|(shown_before, before)| {
                if civil < shown_before { candidate.0 > before } else { candidate.0 >= before }
            });
            if fits {
                return candidate;
            }
            first.get_or_insert(candidate);
        }
        first.unwrap_or_else(|| self.skipped(civil))
    }

    /// A time that no clock showed: by the offset before the gap, so that it moves forward.
    fn skipped(&self, civil: DateTime) -> (Timestamp, Offset) {
        let by = |offset: Offset| offset.to_timestamp(civil).unwrap_or(Timestamp::MAX);
        let over = |it: &&Stretch| it.end <= by(it.offset);
        let before = self.stretches.iter().rev().find(over).or(self.stretches.first());
        let at = before.map_or(Timestamp::MAX, |it| by(it.offset));
        let within = self.stretches.iter().find(|it| it.start <= at && at < it.end);
        let offset = within.or(self.stretches.last()).map_or(Offset::UTC, |it| it.offset);
        (at, offset)
    }
}
