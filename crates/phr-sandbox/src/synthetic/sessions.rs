//! Nights, naps and workouts of an invented person.

use super::{Synthetic, instant_of, plan::Outing};
use crate::person::{Whereabouts, date_of_day};
use crate::point::{MINUTE, Point, SECOND, Source};

/// Minutes of the shortest and the longest night that a tracker takes for one.
const NIGHT: std::ops::RangeInclusive<i64> = 180..=900;
/// Walks shorter than this (minutes) are no workouts.
const SHORTEST_WALK: i32 = 60;

impl Synthetic {
    /// The night that ends on a civil day, and its nap.
    pub(super) fn sleep(&self, place: &Whereabouts, civil: i64) -> Vec<Point> {
        let plan = self.plan(civil);
        if !plan.worn {
            return Vec::new();
        }
        let bed = self.plan(civil - 1).bed;
        let nap = plan.nap.and_then(|(from, minutes)| {
            let from = instant(place, civil, from)?;
            Some(self.asleep(from, from + i64::from(minutes) * MINUTE))
        });
        let night = instant(place, civil - 1, bed).zip(instant(place, civil, plan.wake));
        let night = night.filter(|(from, to)| NIGHT.contains(&((to - from) / MINUTE)));
        night.map(|(from, to)| self.asleep(from, to)).into_iter().chain(nap).collect()
    }

    /// Nobody sleeps all the time.
    fn asleep(&self, from: i64, to: i64) -> Point {
        let minutes = i32::try_from((to - from) / MINUTE).unwrap_or(0);
        let awake = minutes * self.dice(0x51EE, from).between(5, 13) / 100;
        session(from, to, minutes - awake)
    }

    /// Runs and long walks of a civil day.
    pub(super) fn workouts(&self, place: &Whereabouts, civil: i64) -> Vec<Point> {
        let plan = self.plan(civil);
        let counts =
            |outing: &&Outing| outing.effort > 0.5 || outing.to - outing.from >= SHORTEST_WALK;
        let workout = |outing: &Outing| {
            let from = instant(place, civil, outing.from)?;
            let minutes = i64::from(outing.to - outing.from);
            let paused = self.dice(0xACE5, from).between(0, 90);
            let seconds = i32::try_from(minutes * 60).unwrap_or(0) - paused;
            Some(session(from, from + minutes * MINUTE, seconds))
        };
        let outings = plan.outings.iter().filter(|_| plan.worn);
        outings.filter(counts).filter_map(workout).collect()
    }
}

fn session(from: i64, to: i64, value: i32) -> Point {
    let span = u16::try_from((to - from) / SECOND).unwrap_or(u16::MAX);
    Point { at: from, value, span, source: Source::Derived }
}

/// A minute of a civil day; minutes beyond the day are of the next one.
fn instant(place: &Whereabouts, civil: i64, minute: i32) -> Option<i64> {
    let (day, minute) = (civil + i64::from(minute / 1_440), minute % 1_440);
    instant_of(place, date_of_day(day), minute)
}
