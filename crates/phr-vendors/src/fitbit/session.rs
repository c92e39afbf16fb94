//! Nights and workouts: few, long, and with more than one value each.

use jiff::Timestamp;
use phr_model::{Offsets, Part, Sample};

/// Base units (0.01 min) of a minute.
pub(super) const MINUTE: i64 = 100;

/// A night or a workout as the vendor gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) time: Stretch,
    /// In force at its end, if the vendor said so.
    pub(super) end_offset: Option<i32>,
    /// Base units.
    pub(super) value: i64,
    pub(super) parts: Vec<(Part, i64)>,
    /// Stretches within it.
    pub(super) stages: Vec<(Part, Stretch)>,
}

/// From a start on, for some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) at: Timestamp,
    pub(super) seconds: u32,
    /// In force at its start, if the vendor said so.
    pub(super) offset: Option<i32>,
}

impl Stretch {
    /// None if the end lies before the start.
    pub(super) fn between(start: Timestamp, end: Timestamp, offset: Option<i32>) -> Option<Self> {
        let seconds = u32::try_from(end.duration_since(start).as_secs()).ok()?;
        Some(Self { at: start, seconds, offset })
    }

    /// In base units of time.
    pub(super) fn length(self) -> i64 {
        i64::from(self.seconds) * MINUTE / 60
    }

    fn sample(self, value: i64, offsets: &Offsets) -> Sample {
        let offset_seconds = self.offset.unwrap_or_else(|| offsets.at(self.at).seconds());
        Sample { at: self.at, seconds: self.seconds, offset_seconds, value }
    }
}

impl Session {
    /// One sample of the whole, one of each part, one of each stretch.
    pub(super) fn samples(&self, offsets: &Offsets) -> Vec<Sample> {
        let whole = self.time.sample(Part::whole(self.value), offsets);
        let parts = self.parts.iter().map(|(part, amount)| (self.time, part.value(*amount)));
        let stages = self.stages.iter().map(|(part, time)| (*time, part.value(time.length())));
        let others = parts.chain(stages).map(|(time, value)| time.sample(value, offsets));
        std::iter::once(whole).chain(others).collect()
    }
}

/// A stage of sleep.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stage {
    name: &'static str,
    /// What a stretch of it is.
    pub(super) stretch: Part,
    /// What all of them come to. A night without stages is told in the last two, which are no depth
    /// of sleep.
    total: Option<Part>,
    is_sleep: bool,
}

const fn stage(name: &'static str, stretch: Part, total: Option<Part>, is_sleep: bool) -> Stage {
    Stage { name, stretch, total, is_sleep }
}

/// Every stage, by Google's name.
static STAGES: [Stage; 6] = [
    stage("DEEP", Part::StageDeep, Some(Part::DeepSleep), true),
    stage("LIGHT", Part::StageLight, Some(Part::LightSleep), true),
    stage("REM", Part::StageRem, Some(Part::RemSleep), true),
    stage("AWAKE", Part::StageAwake, Some(Part::Awake), false),
    stage("ASLEEP", Part::StageAsleep, None, true),
    stage("RESTLESS", Part::StageRestless, None, false),
];

impl Stage {
    /// The stage called `name` (`DEEP`, `deep`); none if it is not known.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        // Fitbit says "wake" in nights with stages, "awake" in others.
        let name = if name == "wake" { "AWAKE" } else { name };
        STAGES.iter().find(|stage| stage.name.eq_ignore_ascii_case(name))
    }

    /// What the stages come to: as `told` by the vendor, or else the sum of their stretches.
    pub(super) fn totals(
        stretches: &[(Part, Stretch)],
        told: impl Fn(&Self) -> Option<i64>,
    ) -> Vec<(Part, i64)> {
        let total = |stage: &Self| {
            let mut of_stage =
                stretches.iter().filter(|(part, _)| *part == stage.stretch).peekable();
            let some = of_stage.peek().is_some();
            let summed = || some.then(|| of_stage.map(|(_, time)| time.length()).sum());
            Some((stage.total?, told(stage).or_else(summed)?))
        };
        STAGES.iter().filter_map(total).collect()
    }

    /// What all stretches of sleep come to; none without stretches.
    pub(super) fn asleep(stretches: &[(Part, Stretch)]) -> Option<i64> {
        let is_sleep = |part| STAGES.iter().any(|stage| stage.stretch == part && stage.is_sleep);
        let sleep = stretches.iter().filter(|(part, _)| is_sleep(*part));
        (!stretches.is_empty()).then(|| sleep.map(|(_, time)| time.length()).sum())
    }
}
