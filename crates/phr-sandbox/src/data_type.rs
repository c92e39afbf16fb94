//! The emulated data types and what Google says about each (page "Data types").

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
}

/// A method of `users.dataTypes.dataPoints`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Every source's points.
    List,
    /// The merged stream.
    Reconcile,
    /// Windows of physical time.
    RollUp,
    /// Windows of civil days.
    DailyRollUp,
    /// One identifiable point.
    Get,
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
}

impl Operation {
    /// The spelling in `allowed_actions`.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Reconcile => "reconcile",
            Self::RollUp => "rollup",
            Self::DailyRollUp => "dailyRollup",
            Self::Get => "get",
        }
    }

    /// The RPC in error metadata and the key in the request counts.
    pub(crate) fn rpc(self) -> &'static str {
        match self {
            Self::List => "ListDataPoints",
            Self::Reconcile => "ReconcileDataPoints",
            Self::RollUp => "RollUpDataPoints",
            Self::DailyRollUp => "DailyRollUpDataPoints",
            Self::Get => "GetDataPoint",
        }
    }

    /// The method's name as the last part of its discovery id.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Reconcile => "reconcile",
            Self::RollUp => "rollUp",
            Self::DailyRollUp => "dailyRollUp",
            Self::Get => "get",
        }
    }
}

impl DataType {
    /// All emulated data types.
    pub const ALL: [Self; 9] = [
        Self::HeartRate,
        Self::DailyRestingHeartRate,
        Self::OxygenSaturation,
        Self::DailyOxygenSaturation,
        Self::Weight,
        Self::Steps,
        Self::Distance,
        Self::ActiveEnergyBurned,
        Self::TotalCalories,
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
        }
    }

    /// How its points sit in time.
    pub fn kind(self) -> Kind {
        match self {
            Self::HeartRate | Self::OxygenSaturation | Self::Weight => Kind::Sample,
            Self::DailyRestingHeartRate | Self::DailyOxygenSaturation => Kind::Daily,
            Self::Steps | Self::Distance | Self::ActiveEnergyBurned | Self::TotalCalories => {
                Kind::Interval
            }
        }
    }

    /// The methods that Google supports for it.
    pub fn operations(self) -> &'static [Operation] {
        use Operation::{DailyRollUp, Get, List, Reconcile, RollUp};
        match self {
            Self::HeartRate | Self::Steps | Self::Distance | Self::ActiveEnergyBurned => {
                &[List, Reconcile, RollUp, DailyRollUp]
            }
            Self::Weight => &[List, Reconcile, RollUp, DailyRollUp, Get],
            Self::TotalCalories => &[RollUp, DailyRollUp],
            Self::OxygenSaturation | Self::DailyRestingHeartRate | Self::DailyOxygenSaturation => {
                &[List, Reconcile]
            }
        }
    }

    /// The scope family that covers it, such as `activity_and_fitness`.
    pub fn scope_family(self) -> &'static str {
        match self {
            Self::Steps | Self::Distance | Self::ActiveEnergyBurned | Self::TotalCalories => {
                "activity_and_fitness"
            }
            _ => "health_metrics_and_measurements",
        }
    }

    /// The longest range of one roll-up, in days.
    pub fn roll_up_cap_days(self) -> i64 {
        match self {
            Self::HeartRate | Self::TotalCalories => 14,
            _ => 90,
        }
    }

    /// Decimal digits kept below the unit: weight in milligrams, energy in 0.0001 kcal,
    /// saturation in 0.01 %. Whole numbers keep sums exact.
    pub(crate) fn digits(self) -> u32 {
        match self {
            Self::OxygenSaturation | Self::DailyOxygenSaturation => 2,
            Self::Weight => 3,
            Self::ActiveEnergyBurned | Self::TotalCalories => 4,
            _ => 0,
        }
    }

    /// The value member of a data point.
    pub(crate) fn value_member(self) -> &'static str {
        match self {
            Self::HeartRate | Self::DailyRestingHeartRate => "beatsPerMinute",
            Self::OxygenSaturation => "percentage",
            Self::DailyOxygenSaturation => "averagePercentage",
            Self::Weight => "weightGrams",
            Self::Steps => "count",
            Self::Distance => "millimeters",
            Self::ActiveEnergyBurned | Self::TotalCalories => "kcal",
        }
    }

    /// How a window of points becomes one value; daily types never get that far.
    pub(crate) fn roll_up(self) -> RollUp {
        match self {
            Self::Steps => RollUp::WholeSum("countSum"),
            Self::Distance => RollUp::WholeSum("millimetersSum"),
            Self::ActiveEnergyBurned | Self::TotalCalories => RollUp::Sum("kcalSum"),
            Self::Weight => RollUp::Mean("weightGramsAvg"),
            Self::OxygenSaturation | Self::DailyOxygenSaturation => RollUp::Mean("percentageAvg"),
            Self::HeartRate | Self::DailyRestingHeartRate => RollUp::MeanMaxMin("beatsPerMinute"),
        }
    }

    /// Whether points carry a `name`.
    pub(crate) fn is_identifiable(self) -> bool {
        self == Self::Weight
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
