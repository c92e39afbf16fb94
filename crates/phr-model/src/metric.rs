//! The metrics and what there is to know about each. The rows themselves are in the catalogue, the
//! only place where a metric's facts live.
//!
//! Values are integers in a *base unit* fine enough that nothing a vendor sends is rounded (steps,
//! millimetres, calories, milligrams, 0.01 %, 0.1 beats a minute), so sums never drift the way
//! floating point does. [`Facts::scale`] says how many base units make one unit of the API.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::catalogue::{activity, body, vitals};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Beats per minute, sampled every few seconds.
    HeartRate,
    /// Blood oxygen saturation, sampled during sleep.
    Spo2,
    /// Weigh-ins.
    BodyWeight,
    /// Steps, minute by minute.
    Steps,
    /// Total energy, basal included.
    Calories,
    /// Distance covered, minute by minute.
    Distance,
    /// The vendor's resting heart rate of a day.
    RestingHeartRate,
    /// Energy spent on activity, basal not included.
    ActiveEnergy,
    /// Floors climbed.
    Floors,
    /// Share of fat in the body's weight.
    BodyFat,
    /// How tall the person is.
    Height,
    /// Heart rate variability of a night: root mean square of successive differences (RMSSD).
    Hrv,
    /// Breaths a minute, of a night.
    RespiratoryRate,
    /// By how much the skin's temperature of a night differs from what is usual: may be negative.
    SkinTemperatureVariation,
    /// Cardio fitness: the most oxygen the body can take up.
    Vo2max,
    /// Minutes of activity, light, moderate and vigorous.
    ActiveMinutes,
    /// Nights and naps, each with its stages.
    Sleep,
    /// Workouts.
    Exercise,
}

/// How a metric is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// At an instant.
    Instant,
    /// Over an interval; values add up.
    Interval,
    /// Once a day, computed by the vendor.
    DailyValue,
    /// From a start to an end, with more than one value.
    Session,
}

/// How a day becomes Observations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forming {
    /// Every sample is a clinical statement of its own (a weigh-in).
    EverySample,
    /// The mean of each local hour, with minimum and maximum.
    HourlyMean,
    /// The sum of the local day; the vendor's own daily figure wins over the sum of its samples.
    DailyTotal,
    /// The vendor's daily value, with minimum and maximum where it gives them.
    DailyValue,
    /// Every session is a statement of its own, with its parts.
    Sessions,
}

/// FHIR R4 observation category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// `vital-signs`
    VitalSigns,
    /// `activity`
    Activity,
}

/// What the API reports for a metric: the strings of the REST contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiLabel {
    /// LOINC code, or one of ours where LOINC has none ([`Facts::local`]).
    pub code: &'static str,
    /// Friendly name.
    pub display: &'static str,
    /// Friendly unit.
    pub unit: &'static str,
}

/// A LOINC code with its official long common name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loinc {
    /// LOINC number.
    pub code: &'static str,
    /// LOINC long common name.
    pub display: &'static str,
}

/// Everything that is particular to one metric.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The metric these facts are about.
    pub metric: Metric,
    /// Its name in the API (`observation_type`) and in the database.
    pub key: &'static str,
    /// How it is recorded.
    pub kind: Kind,
    /// How a day of it becomes Observations.
    pub forming: Forming,
    /// What the REST API calls it.
    pub api: ApiLabel,
    /// FHIR codings of its Observations, the first being the one that the API reports.
    pub loinc: &'static [Loinc],
    /// Its code in the CodeSystem `{base}/fhir/CodeSystem/wearable-metric`, where LOINC has none.
    pub local: Option<&'static str>,
    /// UCUM code of its unit.
    pub ucum: &'static str,
    /// FHIR category.
    pub category: Category,
    /// R4 vital-signs profile it conforms to, if any.
    pub profile: Option<&'static str>,
    /// Base units per API unit (10 for heart rate: 0.1 beats/min; 1,000,000 for kg: mg).
    pub scale: i64,
    /// Plausible values of a sample, in base units. What lies outside is kept and shown, but no
    /// clinical statement is made from it.
    pub plausible: RangeInclusive<i64>,
    /// Whether the value of a sample also holds which part it is about ([`crate::part`]).
    pub parted: bool,
    /// Whether the vendor's daily figure can be recomputed from its samples, so that the two
    /// verify each other.
    pub verifiable: bool,
    /// By how much, in base units a sample, our sum may differ from the vendor's by rounding alone.
    pub rounding: i64,
}

impl Metric {
    /// Every metric, in the catalogue's order.
    pub const ALL: [Self; 18] = [
        Self::HeartRate,
        Self::Spo2,
        Self::BodyWeight,
        Self::Steps,
        Self::Calories,
        Self::Distance,
        Self::RestingHeartRate,
        Self::ActiveEnergy,
        Self::Floors,
        Self::BodyFat,
        Self::Height,
        Self::Hrv,
        Self::RespiratoryRate,
        Self::SkinTemperatureVariation,
        Self::Vo2max,
        Self::ActiveMinutes,
        Self::Sleep,
        Self::Exercise,
    ];

    /// Those that are fetched unless the operator chooses others: what the REST contract asks for.
    pub const USUAL: [Self; 7] = [
        Self::HeartRate,
        Self::Spo2,
        Self::BodyWeight,
        Self::Steps,
        Self::Calories,
        Self::Distance,
        Self::RestingHeartRate,
    ];

    /// The metric's row of the catalogue.
    pub fn facts(self) -> &'static Facts {
        match self {
            Self::HeartRate => &vitals::HEART_RATE,
            Self::Spo2 => &vitals::SPO2,
            Self::BodyWeight => &body::WEIGHT,
            Self::Steps => &activity::STEPS,
            Self::Calories => &activity::CALORIES,
            Self::Distance => &activity::DISTANCE,
            Self::RestingHeartRate => &vitals::RESTING_HEART_RATE,
            Self::ActiveEnergy => &activity::ACTIVE_ENERGY,
            Self::Floors => &activity::FLOORS,
            Self::BodyFat => &body::FAT,
            Self::Height => &body::HEIGHT,
            Self::Hrv => &vitals::HRV,
            Self::RespiratoryRate => &vitals::RESPIRATORY_RATE,
            Self::SkinTemperatureVariation => &vitals::SKIN_TEMPERATURE_VARIATION,
            Self::Vo2max => &activity::VO2MAX,
            Self::ActiveMinutes => &activity::ACTIVE_MINUTES,
            Self::Sleep => &activity::SLEEP,
            Self::Exercise => &activity::EXERCISE,
        }
    }

    /// The metric's name in the API and in the database.
    pub fn key(self) -> &'static str {
        self.facts().key
    }

    /// The metric called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.key() == key)
    }

    /// A value in base units as a number of API units (`725` heart-rate base units are `72.5`).
    #[expect(clippy::cast_precision_loss, reason = "plausible values are far below 2^53")]
    pub fn to_api(self, value: i64) -> f64 {
        value as f64 / self.facts().scale as f64
    }

    /// Whether days, weeks and months of it are sums; otherwise they are means.
    pub fn adds_up(self) -> bool {
        matches!(self.facts().forming, Forming::DailyTotal | Forming::Sessions)
    }

    /// Whether its samples tell of single hours: what is computed once a day, and what lasts for
    /// hours, does not.
    pub fn has_hours(self) -> bool {
        !matches!(self.facts().kind, Kind::DailyValue | Kind::Session)
    }

    /// Whether a clinical statement may be made from `value` (base units).
    pub fn is_plausible(self, value: i64) -> bool {
        self.facts().plausible.contains(&value)
    }
}

impl std::fmt::Display for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key())
    }
}
