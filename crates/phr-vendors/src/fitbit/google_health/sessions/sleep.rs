//! Nights and naps (page "Data types", sleep).

use phr_model::Part;
use serde::{Deserialize, de::Error};

use super::{Interval, no_time};
use crate::fitbit::{
    json::{Listed, Maybe, Nested, Number, Truth},
    session::{MINUTE, Session, Stage, Stretch},
};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SleepPoint {
    sleep: Nested<Sleep>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Sleep {
    interval: Nested<Interval>,
    stages: Listed<StageTime>,
    summary: Nested<Summary>,
    metadata: Nested<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StageTime {
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

impl SleepPoint {
    /// A night without a summary is summed up here; one that tells nothing of sleep is skipped.
    pub(super) fn session<E: Error>(self) -> Result<Option<Session>, E> {
        let Some(sleep) = self.sleep.0 else { return Err(no_time()) };
        let interval = sleep.interval.0.unwrap_or_default();
        let time = interval.stretch().ok_or_else(no_time)?;
        let stages: Vec<_> = sleep.stages.0.iter().filter_map(StageTime::stretch).collect();
        let summary = sleep.summary.0.unwrap_or_default();
        let told = summary.minutes_asleep.0.and_then(|minutes| minutes.to_base(MINUTE));
        let Some(value) = told.or_else(|| Stage::asleep(&stages)) else { return Ok(None) };
        let mut parts = Stage::totals(&stages, |stage| summary.minutes(stage));
        let processed = sleep.metadata.0.and_then(|metadata| metadata.processed.0);
        if processed != Some(Truth(true)) {
            parts.push((Part::Unfinished, 0));
        }
        Ok(Some(Session { time, end_offset: interval.end_offset(), value, parts, stages }))
    }
}

impl StageTime {
    /// Stretches of a kind that is not known are left out, as are those without a readable time: the
    /// night's own figures do not depend on them.
    fn stretch(&self) -> Option<(Part, Stretch)> {
        let stage = Stage::named(self.kind.0.as_deref()?)?;
        Some((stage.stretch, self.time.stretch()?))
    }
}

impl Summary {
    /// Google's minutes of a stage.
    fn minutes(&self, stage: &Stage) -> Option<i64> {
        let is_named =
            |of: &&StageSummary| of.kind.0.as_deref().and_then(Stage::named) == Some(stage);
        self.stages_summary.0.iter().find(is_named)?.minutes.0?.to_base(MINUTE)
    }
}
