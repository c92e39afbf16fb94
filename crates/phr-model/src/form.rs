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
}

impl Form {
    /// Every form, the coarsest first.
    pub const ALL: [Self; 4] = [Self::Daily, Self::Hourly, Self::Minute, Self::Sample];

    /// The form's name in configuration.
    pub fn key(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Hourly => "hourly",
            Self::Minute => "minute",
            Self::Sample => "sample",
        }
    }

    /// The form called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.key() == key)
    }

    /// The form of a statement that is true at or over `effective`. Periods include their ends, and
    /// there are no others: whatever is neither a minute nor an hour is a civil day, which journeys
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

    /// The form in which Observations of `metric` are kept.
    pub fn kept(metric: Metric, heart_rate: HeartRateForm) -> Self {
        match (metric.facts().forming, heart_rate) {
            (Forming::HourlyMean, HeartRateForm::Hourly) => Self::Hourly,
            (Forming::HourlyMean, HeartRateForm::Sample) | (Forming::EverySample, _) => {
                Self::Sample
            }
            (Forming::DailyTotal | Forming::DailyValue, _) => Self::Daily,
        }
    }

    /// The forms that `metric` has, the coarsest first. What adds up is counted by the minute and
    /// has no single readings; nobody averages a weight; a resting heart rate is the vendor's own.
    pub fn of_metric(metric: Metric) -> &'static [Self] {
        match metric {
            Metric::HeartRate => &Self::ALL,
            Metric::Spo2 => &[Self::Daily, Self::Sample],
            Metric::BodyWeight => &[Self::Sample],
            Metric::Steps | Metric::Calories | Metric::Distance => {
                &[Self::Daily, Self::Hourly, Self::Minute]
            }
            Metric::RestingHeartRate => &[Self::Daily],
        }
    }
}
