//! How fine a metric's Observations are. What is kept is one form of each metric; the others can be
//! made from its samples at any time, under ids of their own.

use serde::{Deserialize, Serialize};

use crate::{
    metric::{Forming, Metric},
    observation::Effective,
    observe::HeartRateForm,
};

/// How much time an Observation speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The civil day.
    Daily,
    /// A local hour.
    Hourly,
    /// A local minute.
    Minute,
    /// A single reading.
    Sample,
    /// A night, a nap, a workout.
    Session,
}

impl Form {
    /// Every form, the coarsest first.
    pub const ALL: [Self; 5] =
        [Self::Daily, Self::Hourly, Self::Minute, Self::Sample, Self::Session];

    /// The form's name in configuration.
    pub fn key(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Hourly => "hourly",
            Self::Minute => "minute",
            Self::Sample => "sample",
            Self::Session => "session",
        }
    }

    /// The form called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.key() == key)
    }

    /// The form of a statement that is true at or over `effective`, which is not about a session.
    /// Periods include their ends, and there are no others: whatever is neither a minute nor an hour is a civil day, which journeys
    /// make as long or short as they like.
    pub fn of(effective: &Effective) -> Self {
        match effective {
            Effective::Instant(_) => Self::Sample,
            Effective::Period(start, end) => match end.at.as_second() - start.at.as_second() {
                59 => Self::Minute,
                3_599 => Self::Hourly,
                _ => Self::Daily,
            },
        }
    }

    /// The form of a statement about `metric`. A session may last as long as it likes.
    pub fn of_statement(metric: Metric, effective: &Effective) -> Self {
        match metric.facts().forming {
            Forming::Sessions => Self::Session,
            _ => Self::of(effective),
        }
    }

    /// The form in which Observations of `metric` are kept.
    pub fn kept(metric: Metric, heart_rate: HeartRateForm) -> Self {
        match (metric.facts().forming, heart_rate) {
            (Forming::HourlyMean, HeartRateForm::Hourly) => Self::Hourly,
            (Forming::HourlyMean, HeartRateForm::Sample) | (Forming::EverySample, _) => {
                Self::Sample
            }
            (Forming::DailyTotal | Forming::DailyValue, _) => Self::Daily,
            (Forming::Sessions, _) => Self::Session,
        }
    }

    /// The forms that `metric` has, the coarsest first. What adds up is counted by the minute and
    /// has no single readings; nobody averages a weight; what is computed once a day is the vendor's
    /// own.
    pub fn of_metric(metric: Metric) -> &'static [Self] {
        match metric {
            Metric::HeartRate => &[Self::Daily, Self::Hourly, Self::Minute, Self::Sample],
            Metric::Spo2 => &[Self::Daily, Self::Sample],
            Metric::BodyWeight | Metric::BodyFat | Metric::Height => &[Self::Sample],
            Metric::Steps
            | Metric::Calories
            | Metric::Distance
            | Metric::ActiveEnergy
            | Metric::Floors
            | Metric::ActiveMinutes => &[Self::Daily, Self::Hourly, Self::Minute],
            Metric::RestingHeartRate
            | Metric::Hrv
            | Metric::RespiratoryRate
            | Metric::SkinTemperatureVariation
            | Metric::Vo2max => &[Self::Daily],
            Metric::Sleep | Metric::Exercise => &[Self::Session],
        }
    }
}
