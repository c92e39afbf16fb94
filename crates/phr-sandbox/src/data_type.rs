//! The emulated data types and what Google says about each (page "Data types").

mod operation;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use operation::Operation;

/// A data type of the Google Health API, by its kebab-case id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataType {
    /// Samples about every two seconds, beats per minute.
    HeartRate,
    /// One value a day, beats per minute.
    DailyRestingHeartRate,
    /// Samples each minute of sleep, percent.
    OxygenSaturation,
    /// One value a day with bounds, percent.
    DailyOxygenSaturation,
    /// Weigh-ins, grams.
    Weight,
    /// Minutes, steps.
    Steps,
    /// Minutes, millimetres.
    Distance,
    /// Minutes, kilocalories without basal.
    ActiveEnergyBurned,
    /// Roll-ups only, kilocalories with basal.
    TotalCalories,
    /// Minutes in which somebody climbed, floors. Not listed.
    Floors,
    /// Readings of a scale, percent.
    BodyFat,
    /// Typed in, millimetres.
    Height,
    /// One value a day, milliseconds.
    DailyHeartRateVariability,
    /// One value a day, breaths per minute.
    DailyRespiratoryRate,
    /// One value a day beside what is usual, degrees Celsius.
    DailySleepTemperature,
    /// One value a day, millilitres per kilogram and minute.
    DailyVo2Max,
    /// Minutes by level of activity; several levels [packed](crate::levels) into one value.
    ActiveMinutes,
    /// Nights and naps, minutes asleep.
    Sleep,
    /// Workouts, seconds without pauses.
    Exercise,
}

/// How the points of a data type sit in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A start and an end.
    Interval,
    /// One instant.
    Sample,
    /// One civil date.
    Daily,
    /// A start and an end, without civil times.
    Session,
}

/// How the points of a window become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RollUp {
    /// JSON member of a sum printed as int64.
    WholeSum(&'static str),
    /// JSON member of a sum printed as double.
    Sum(&'static str),
    /// JSON member of a mean.
    Mean(&'static str),
    /// Prefix of the members `Avg`, `Max` and `Min`.
    MeanMaxMin(&'static str),
    /// Minutes of each level of activity.
    Levels,
}

impl DataType {
    /// All emulated data types.
    pub const ALL: [Self; 19] = [
        Self::HeartRate,
        Self::DailyRestingHeartRate,
        Self::OxygenSaturation,
        Self::DailyOxygenSaturation,
        Self::Weight,
        Self::Steps,
        Self::Distance,
        Self::ActiveEnergyBurned,
        Self::TotalCalories,
        Self::Floors,
        Self::BodyFat,
        Self::Height,
        Self::DailyHeartRateVariability,
        Self::DailyRespiratoryRate,
        Self::DailySleepTemperature,
        Self::DailyVo2Max,
        Self::ActiveMinutes,
        Self::Sleep,
        Self::Exercise,
    ];

    /// The id in paths, such as `heart-rate`.
    pub fn id(self) -> &'static str {
        match self {
            Self::HeartRate => "heart-rate",
            Self::DailyRestingHeartRate => "daily-resting-heart-rate",
            Self::OxygenSaturation => "oxygen-saturation",
            Self::DailyOxygenSaturation => "daily-oxygen-saturation",
            Self::Weight => "weight",
            Self::Steps => "steps",
            Self::Distance => "distance",
            Self::ActiveEnergyBurned => "active-energy-burned",
            Self::TotalCalories => "total-calories",
            Self::Floors => "floors",
            Self::BodyFat => "body-fat",
            Self::Height => "height",
            Self::DailyHeartRateVariability => "daily-heart-rate-variability",
            Self::DailyRespiratoryRate => "daily-respiratory-rate",
            Self::DailySleepTemperature => "daily-sleep-temperature-derivations",
            Self::DailyVo2Max => "daily-vo2-max",
            Self::ActiveMinutes => "active-minutes",
            Self::Sleep => "sleep",
            Self::Exercise => "exercise",
        }
    }

    /// The prefix in filters, such as `heart_rate`.
    pub fn filter_name(self) -> String {
        self.id().replace('-', "_")
    }

    /// The JSON member, such as `heartRate`.
    pub fn member(self) -> &'static str {
        match self {
            Self::HeartRate => "heartRate",
            Self::DailyRestingHeartRate => "dailyRestingHeartRate",
            Self::OxygenSaturation => "oxygenSaturation",
            Self::DailyOxygenSaturation => "dailyOxygenSaturation",
            Self::Weight => "weight",
            Self::Steps => "steps",
            Self::Distance => "distance",
            Self::ActiveEnergyBurned => "activeEnergyBurned",
            Self::TotalCalories => "totalCalories",
            Self::Floors => "floors",
            Self::BodyFat => "bodyFat",
            Self::Height => "height",
            Self::DailyHeartRateVariability => "dailyHeartRateVariability",
            Self::DailyRespiratoryRate => "dailyRespiratoryRate",
            Self::DailySleepTemperature => "dailySleepTemperatureDerivations",
            Self::DailyVo2Max => "dailyVo2Max",
            Self::ActiveMinutes => "activeMinutes",
            Self::Sleep => "sleep",
            Self::Exercise => "exercise",
        }
    }

    /// How its points sit in time.
    pub fn kind(self) -> Kind {
        match self {
            Self::HeartRate
            | Self::OxygenSaturation
            | Self::Weight
            | Self::BodyFat
            | Self::Height => Kind::Sample,
            Self::Steps
            | Self::Distance
            | Self::ActiveEnergyBurned
            | Self::TotalCalories
            | Self::Floors
            | Self::ActiveMinutes => Kind::Interval,
            Self::Sleep | Self::Exercise => Kind::Session,
            _ => Kind::Daily,
        }
    }

    /// The methods that Google supports for it.
    pub fn operations(self) -> &'static [Operation] {
        use Operation::{DailyRollUp, Get, List, Reconcile, RollUp};
        match self {
            Self::HeartRate
            | Self::Steps
            | Self::Distance
            | Self::ActiveEnergyBurned
            | Self::ActiveMinutes => &[List, Reconcile, RollUp, DailyRollUp],
            Self::Weight | Self::BodyFat => &[List, Reconcile, RollUp, DailyRollUp, Get],
            Self::TotalCalories => &[RollUp, DailyRollUp],
            Self::Floors => &[Reconcile, RollUp, DailyRollUp],
            Self::Height | Self::Sleep | Self::Exercise => &[List, Reconcile, Get],
            _ => &[List, Reconcile],
        }
    }

    /// The scope family that covers it, such as `activity_and_fitness`.
    pub fn scope_family(self) -> &'static str {
        match self {
            Self::Steps
            | Self::Distance
            | Self::ActiveEnergyBurned
            | Self::TotalCalories
            | Self::Floors
            | Self::DailyVo2Max
            | Self::ActiveMinutes
            | Self::Exercise => "activity_and_fitness",
            Self::Sleep => "sleep",
            _ => "health_metrics_and_measurements",
        }
    }

    /// The longest range of one roll-up, in days.
    pub fn roll_up_cap_days(self) -> i64 {
        match self {
            Self::HeartRate | Self::TotalCalories | Self::ActiveMinutes => 14,
            _ => 90,
        }
    }

    /// Decimal digits kept below the unit: weight in milligrams, energy in 0.0001 kcal,
    /// saturation in 0.01 %. Whole numbers keep sums exact.
    pub(crate) fn digits(self) -> u32 {
        match self {
            Self::OxygenSaturation | Self::DailyOxygenSaturation | Self::BodyFat => 2,
            Self::Weight => 3,
            Self::ActiveEnergyBurned | Self::TotalCalories => 4,
            _ => 0,
        }
    }

    /// The value member of a data point.
    pub(crate) fn value_member(self) -> &'static str {
        match self {
            Self::HeartRate | Self::DailyRestingHeartRate => "beatsPerMinute",
            Self::OxygenSaturation | Self::BodyFat => "percentage",
            Self::DailyOxygenSaturation => "averagePercentage",
            Self::Weight => "weightGrams",
            Self::Steps | Self::Floors => "count",
            Self::Height => "heightMillimeters",
            Self::DailyHeartRateVariability => "averageHeartRateVariabilityMilliseconds",
            Self::DailyRespiratoryRate => "breathsPerMinute",
            Self::DailySleepTemperature => "nightlyTemperatureCelsius",
            Self::DailyVo2Max => "vo2Max",
            Self::ActiveMinutes => "activeMinutesByActivityLevel",
            Self::Sleep => "summary",
            Self::Exercise => "activeDuration",
            Self::Distance => "millimeters",
            Self::ActiveEnergyBurned | Self::TotalCalories => "kcal",
        }
    }

    /// How a window of points becomes one value; types without roll-ups never get that far.
    pub(crate) fn roll_up(self) -> RollUp {
        match self {
            Self::Steps | Self::Floors => RollUp::WholeSum("countSum"),
            Self::Distance => RollUp::WholeSum("millimetersSum"),
            Self::ActiveEnergyBurned | Self::TotalCalories => RollUp::Sum("kcalSum"),
            Self::Weight => RollUp::Mean("weightGramsAvg"),
            Self::ActiveMinutes => RollUp::Levels,
            Self::BodyFat => RollUp::Mean("bodyFatPercentageAvg"),
            Self::HeartRate | Self::DailyRestingHeartRate => RollUp::MeanMaxMin("beatsPerMinute"),
            _ => RollUp::Mean("percentageAvg"),
        }
    }

    /// Points on a page: by default, and at most (page sizes beyond are cut silently).
    pub(crate) fn page_sizes(self) -> (usize, usize) {
        if self.kind() == Kind::Session { (25, 25) } else { (1_440, 10_000) }
    }

    /// Whether points carry a `name`.
    pub(crate) fn is_identifiable(self) -> bool {
        matches!(self, Self::Weight | Self::BodyFat | Self::Height | Self::Sleep | Self::Exercise)
    }

    /// In base units; `None` when it does not fit.
    pub(crate) fn to_base(self, value: f64) -> Option<i32> {
        let scaled = (value * 10f64.powi(self.digits().cast_signed())).round();
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
        (scaled.abs() <= f64::from(i32::MAX)).then_some(scaled as i32)
    }

    /// From base units to the unit of the API.
    #[expect(clippy::cast_precision_loss, reason = "sums stay far below 2^53")]
    pub(crate) fn in_units(self, value: i64) -> f64 {
        value as f64 / 10f64.powi(self.digits().cast_signed())
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for DataType {
    type Err = String;

    /// Reads a kebab-case id; the error lists the known ones.
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|known| known.id() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::id).join(", ");
            format!("unknown data type {text:?}; known are {known}")
        })
    }
}

impl Serialize for DataType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for DataType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
