//! Nights and workouts: what follows from start, length and value alone, so that both APIs tell the
//! same.

use crate::person::{Life, Person};
use crate::point::{MINUTE, Point, SECOND};

/// A night is summed up some time after its end.
pub(crate) const PROCESSING: i64 = 15 * MINUTE;
/// Sleep shorter than this has no stages.
const SHORTEST_NIGHT: i64 = 3 * 60 * MINUTE;
/// Workouts at least this long (seconds) are walks; the others are runs.
const WALKS: u16 = 3_600;

/// How somebody lies there; in the order of Google's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Of a night without stages.
    Asleep,
    Awake,
    Deep,
    Light,
    Rem,
}

/// A part of a night, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) stage: Stage,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// A night or a nap.
#[derive(Debug)]
pub(crate) struct Night {
    pub(crate) point: Point,
    pub(crate) is_nap: bool,
    /// Whether the tracker told stages: naps are too short, and the trackers of recordings could not.
    pub(crate) is_staged: bool,
    /// One after the other from start to end.
    pub(crate) stretches: Vec<Stretch>,
}

impl Night {
    pub(crate) fn of(person: &Person, point: &Point) -> Self {
        let is_nap = point.end() - point.at < SHORTEST_NIGHT;
        let is_staged = !is_nap && matches!(person.life, Life::Invented(_));
        Self { point: *point, is_nap, is_staged, stretches: stretches(point, is_staged) }
    }

    /// Minutes in bed.
    pub(crate) fn length(&self) -> i64 {
        (self.point.end() - self.point.at) / MINUTE
    }

    pub(crate) fn minutes_asleep(&self) -> i64 {
        i64::from(self.point.value)
    }

    pub(crate) fn minutes(&self, stage: Stage) -> i64 {
        self.of_stage(stage).map(|stretch| (stretch.to - stretch.from) / MINUTE).sum()
    }

    pub(crate) fn count(&self, stage: Stage) -> usize {
        self.of_stage(stage).count()
    }

    fn of_stage(&self, stage: Stage) -> impl Iterator<Item = &Stretch> {
        self.stretches.iter().filter(move |stretch| stretch.stage == stage)
    }

    /// The stages there are, each once.
    pub(crate) fn stages(&self) -> Vec<Stage> {
        let mut stages: Vec<Stage> = self.stretches.iter().map(|stretch| stretch.stage).collect();
        stages.sort_unstable();
        stages.dedup();
        stages
    }

    /// Whether the night is summed up by `now` (microseconds).
    pub(crate) fn is_processed(&self, now: i64) -> bool {
        now >= self.point.end() + PROCESSING
    }
}

/// As long asleep as the value says.
fn stretches(point: &Point, is_staged: bool) -> Vec<Stretch> {
    use Stage::{Asleep, Awake, Deep, Light, Rem};
    const CYCLE: [(Stage, i64); 4] = [(Light, 28), (Deep, 22), (Light, 18), (Rem, 20)];
    const WHOLE: [(Stage, i64); 1] = [(Asleep, i64::MAX)];
    let cycle: &[(Stage, i64)] = if is_staged { &CYCLE } else { &WHOLE };
    let length = (point.end() - point.at) / MINUTE;
    let mut asleep = i64::from(point.value).min(length);
    let mut awake = length - asleep;
    let mut stretches = Vec::new();
    let mut at = point.at;
    let mut add = |stage, minutes: i64| {
        if minutes > 0 {
            let to = at + minutes * MINUTE;
            stretches.push(Stretch { stage, from: at, to });
            at = to;
        }
    };
    let pause = awake.min(7);
    add(Awake, pause);
    awake -= pause;
    for (stage, minutes) in cycle.iter().cycle() {
        let minutes = asleep.min(*minutes);
        add(*stage, minutes);
        asleep -= minutes;
        if asleep == 0 {
            break;
        }
        if *stage == Rem {
            let pause = awake.min(6);
            add(Awake, pause);
            awake -= pause;
        }
    }
    add(Awake, awake);
    stretches
}

/// What a run or a walk of a length takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Workout {
    /// A run otherwise.
    pub(crate) walks: bool,
    /// Without pauses.
    pub(crate) seconds: i64,
    pub(crate) kilocalories: i64,
    pub(crate) millimetres: i64,
    /// Mean heart rate, beats per minute.
    pub(crate) pulse: i64,
}

impl Workout {
    pub(crate) fn of(point: &Point) -> Self {
        let walks = point.span >= WALKS;
        let (energy, speed, pulse) = if walks { (52, 1_420, 104) } else { (118, 2_650, 151) };
        let seconds = i64::from(point.value);
        Self {
            walks,
            seconds,
            kilocalories: seconds * energy / 600,
            millimetres: seconds * speed,
            pulse: pulse + (point.at / SECOND).rem_euclid(9),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        if self.walks { "Walk" } else { "Run" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::Source;

    fn night(minutes: u16, asleep: i32) -> Point {
        Point { at: 0, value: asleep, span: minutes * 60, source: Source::Derived }
    }

    #[test]
    fn the_stages_of_a_night_follow_each_other_and_add_up() {
        let parts = stretches(&night(451, 410), true);
        assert!(parts.windows(2).all(|pair| pair[0].to == pair[1].from), "{parts:?}");
        assert_eq!((parts[0].from, parts[parts.len() - 1].to), (0, 451 * MINUTE));
        let awake = parts.iter().filter(|part| part.stage == Stage::Awake);
        assert_eq!(awake.map(|part| part.to - part.from).sum::<i64>(), 41 * MINUTE);
    }

    #[test]
    fn nobody_sleeps_longer_than_they_lie() {
        let parts = stretches(&night(30, 97), false);
        assert_eq!(parts, [Stretch { stage: Stage::Asleep, from: 0, to: 30 * MINUTE }]);
    }
}
