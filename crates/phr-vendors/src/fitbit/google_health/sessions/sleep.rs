//! Nights and naps (page "Data types", sleep).

use phr_model::Part;
use serde::{Deserialize, de::Error};

use super::{Interval, MINUTE, Session, Stretch, no_time};
use crate::fitbit::google_health::json::{Listed, Maybe, Nested, Number, Truth};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SleepPoint {
    sleep: Nested<Sleep>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Sleep {
    interval: Nested<Interval>,
    stages: Listed<Stage>,
    summary: Nested<Summary>,
    metadata: Nested<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stage {
    #[serde(rename = "type")]
    kind: Maybe<String>,
    #[serde(flatten)]
    time: Interval,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Summary {
    minutes_asleep: Maybe<Number>,
    stages_summary: Listed<StageSummary>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StageSummary {
    #[serde(rename = "type")]
    kind: Maybe<String>,
    minutes: Maybe<Number>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    processed: Maybe<Truth>,
}

/// Google's stages: what a stretch of it is, what all of them come to, and whether it is sleep. A night
/// without stages is told in the last two, which are no depth of sleep.
const STAGES: [(&str, Part, Option<Part>, bool); 6] = [
    ("DEEP", Part::StageDeep, Some(Part::DeepSleep), true),
    ("LIGHT", Part::StageLight, Some(Part::LightSleep), true),
    ("REM", Part::StageRem, Some(Part::RemSleep), true),
    ("AWAKE", Part::StageAwake, Some(Part::Awake), false),
    ("ASLEEP", Part::StageAsleep, None, true),
    ("RESTLESS", Part::StageRestless, None, false),
];

impl SleepPoint {
    /// A night without a summary is summed up here; one that tells nothing of sleep is skipped.
    pub(super) fn session<E: Error>(self) -> Result<Option<Session>, E> {
        let Some(sleep) = self.sleep.0 else { return Err(no_time()) };
        let interval = sleep.interval.0.unwrap_or_default();
        let time = interval.stretch().ok_or_else(no_time)?;
        let stages: Vec<_> = sleep.stages.0.iter().filter_map(Stage::stretch).collect();
        let summary = sleep.summary.0.unwrap_or_default();
        let told = summary.minutes_asleep.0.and_then(|minutes| minutes.to_base(MINUTE));
        let Some(value) = told.or_else(|| asleep(&stages)) else { return Ok(None) };
        let mut parts = summary.parts(&stages);
        let processed = sleep.metadata.0.and_then(|metadata| metadata.processed.0);
        if processed != Some(Truth(true)) {
            parts.push((Part::Unfinished, 0));
        }
        Ok(Some(Session { time, end_offset: interval.end_offset(), value, parts, stages }))
    }
}

/// What all stretches of sleep come to; none without stages.
fn asleep(stages: &[(Part, Stretch)]) -> Option<i64> {
    let is_sleep = |part: Part| STAGES.iter().any(|(_, stage, _, sleep)| *stage == part && *sleep);
    let sleep = stages.iter().filter(|(part, _)| is_sleep(*part));
    (!stages.is_empty()).then(|| sleep.map(|(_, time)| time.length()).sum())
}

impl Stage {
    /// Stretches of a kind that is not known are left out, as are those without a readable time: the
    /// night's own figures do not depend on them.
    fn stretch(&self) -> Option<(Part, Stretch)> {
        let name = self.kind.0.as_deref()?;
        let (_, part, ..) = STAGES.iter().find(|(known, ..)| *known == name)?;
        Some((*part, self.time.stretch()?))
    }
}

impl Summary {
    /// Google's minutes of each stage, or else what its stretches come to.
    fn parts(&self, stages: &[(Part, Stretch)]) -> Vec<(Part, i64)> {
        let amount = |(name, stage, total, _): &(&str, Part, Option<Part>, bool)| {
            let is_named = |of: &&StageSummary| of.kind.0.as_deref() == Some(*name);
            let told = self.stages_summary.0.iter().find(is_named);
            let told = told.and_then(|of| of.minutes.0?.to_base(MINUTE));
            let mut stretches = stages.iter().filter(|(part, _)| part == stage).peekable();
            let some = stretches.peek().is_some();
            let summed = || some.then(|| stretches.map(|(_, time)| time.length()).sum());
            Some(((*total)?, told.or_else(summed)?))
        };
        STAGES.iter().filter_map(amount).collect()
    }
}
