//! Workouts (page "Data types", exercise).

use phr_model::{Part, exercise::place};
use serde::{Deserialize, de::Error};

use super::{Interval, no_time};
use crate::fitbit::{
    google_health::times::Length,
    json::{Maybe, Nested, Number},
    session::{MINUTE, Session},
};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ExercisePoint {
    exercise: Nested<Exercise>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are Google's")]
struct Exercise {
    interval: Nested<Interval>,
    exercise_type: Maybe<String>,
    active_duration: Maybe<Length>,
    metrics_summary: Nested<Metrics>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metrics {
    calories_kcal: Maybe<Number>,
    distance_millimeters: Maybe<Number>,
    average_heart_rate_beats_per_minute: Maybe<Number>,
}

impl ExercisePoint {
    /// The duration without pauses, or else from start to end.
    pub(super) fn session<E: Error>(self) -> Result<Option<Session>, E> {
        let Some(exercise) = self.exercise.0 else { return Err(no_time()) };
        let interval = exercise.interval.0.unwrap_or_default();
        let time = interval.stretch().ok_or_else(no_time)?;
        let active = exercise.active_duration.0.map(|length| rounded(length.0));
        let metrics = exercise.metrics_summary.0.unwrap_or_default();
        let kind = place(exercise.exercise_type.0.as_deref().unwrap_or_default());
        let measured = [
            (Part::Energy, metrics.calories_kcal, 1_000),
            (Part::Distance, metrics.distance_millimeters, 1),
            (Part::MeanHeartRate, metrics.average_heart_rate_beats_per_minute, 10),
        ];
        let measured = measured
            .into_iter()
            .filter_map(|(part, number, scale)| Some((part, number.0?.to_base(scale)?)));
        Ok(Some(Session {
            time,
            end_offset: interval.end_offset(),
            value: active.unwrap_or_else(|| time.length()),
            parts: measured.chain([(Part::ExerciseType, kind)]).collect(),
            stages: Vec::new(),
        }))
    }
}

/// Hundredths of a second as hundredths of a minute, rounded half up.
fn rounded(hundredths: i64) -> i64 {
    (hundredths * MINUTE / 100 + 30) / 60
}
