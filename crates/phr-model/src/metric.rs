//! The metric catalogue: the only place where a metric's facts live.
//!
//! Values are integers in a *base unit* fine enough that nothing a vendor sends is rounded (steps,
//! millimetres, calories, milligrams, 0.01 %, 0.1 beats a minute), so sums never drift the way
//! floating point does. [`Facts::scale`] says how many base units make one unit of the API.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

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
    /// LOINC code.
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
    /// Whether the vendor's daily figure can be recomputed from its samples, so that the two
    /// verify each other.
    pub verifiable: bool,
    /// By how much, in base units a sample, our sum may differ from the vendor's by rounding alone.
    pub rounding: i64,
}

const HEART_RATE: Loinc = Loinc { code: "8867-4", display: "Heart rate" };
const SPO2_BY_PULSE_OXIMETRY: Loinc =
    Loinc { code: "59408-5", display: "Oxygen saturation in Arterial blood by Pulse oximetry" };
const SPO2: Loinc = Loinc { code: "2708-6", display: "Oxygen saturation in Arterial blood" };
const SPO2_MEAN: Loinc = Loinc { code: "103209-3", display: "Mean oxygen saturation" };

/// The catalogue, in the order people see it.
static CATALOGUE: [Facts; 7] = [
    Facts {
        metric: Metric::HeartRate,
        key: "heart_rate",
        kind: Kind::Instant,
        forming: Forming::HourlyMean,
        api: ApiLabel { code: "8867-4", display: "Heart rate", unit: "beats/min" },
        loinc: &[
            HEART_RATE,
            Loinc { code: "55425-3", display: "Heart rate unspecified time mean by Pedometer" },
        ],
        ucum: "/min",
        category: Category::VitalSigns,
        profile: Some("http://hl7.org/fhir/StructureDefinition/heartrate"),
        scale: 10,
        plausible: 200..=3_000,
        verifiable: true,
        rounding: 0,
    },
    Facts {
        metric: Metric::Spo2,
        key: "spo2",
        kind: Kind::Instant,
        forming: Forming::DailyValue,
        api: ApiLabel { code: "59408-5", display: "Oxygen saturation", unit: "%" },
        loinc: &[SPO2_BY_PULSE_OXIMETRY, SPO2, SPO2_MEAN],
        ucum: "%",
        category: Category::VitalSigns,
        profile: Some("http://hl7.org/fhir/StructureDefinition/oxygensat"),
        scale: 100,
        plausible: 5_000..=10_000,
        verifiable: false,
        rounding: 0,
    },
    Facts {
        metric: Metric::BodyWeight,
        key: "body_weight",
        kind: Kind::Instant,
        forming: Forming::EverySample,
        api: ApiLabel { code: "29463-7", display: "Body weight", unit: "kg" },
        loinc: &[Loinc { code: "29463-7", display: "Body weight" }],
        ucum: "kg",
        category: Category::VitalSigns,
        profile: Some("http://hl7.org/fhir/StructureDefinition/bodyweight"),
        scale: 1_000_000,
        plausible: 500_000..=650_000_000,
        verifiable: true,
        rounding: 0,
    },
    Facts {
        metric: Metric::Steps,
        key: "steps",
        kind: Kind::Interval,
        forming: Forming::DailyTotal,
        api: ApiLabel { code: "41950-7", display: "Number of steps", unit: "steps" },
        loinc: &[Loinc { code: "41950-7", display: "Number of steps in 24 hour Measured" }],
        ucum: "{steps}",
        category: Category::Activity,
        profile: None,
        scale: 1,
        plausible: 0..=100_000,
        verifiable: true,
        rounding: 0,
    },
    Facts {
        metric: Metric::Calories,
        key: "calories",
        kind: Kind::Interval,
        forming: Forming::DailyTotal,
        api: ApiLabel { code: "41981-2", display: "Calories burned", unit: "kcal" },
        loinc: &[
            Loinc { code: "41981-2", display: "Calories burned" },
            Loinc { code: "41979-6", display: "Calories burned in 24 hour Calculated" },
        ],
        ucum: "kcal",
        category: Category::Activity,
        profile: None,
        scale: 1_000,
        plausible: 0..=20_000_000,
        verifiable: true,
        rounding: 1,
    },
    Facts {
        metric: Metric::Distance,
        key: "distance",
        kind: Kind::Interval,
        forming: Forming::DailyTotal,
        api: ApiLabel { code: "41953-1", display: "Distance walked", unit: "km" },
        loinc: &[
            Loinc { code: "41953-1", display: "Walking distance 24 hour Calculated" },
            Loinc { code: "103208-5", display: "Distance traveled" },
        ],
        ucum: "km",
        category: Category::Activity,
        profile: None,
        scale: 1_000_000,
        plausible: 0..=500_000_000,
        verifiable: true,
        rounding: 0,
    },
    Facts {
        metric: Metric::RestingHeartRate,
        key: "resting_heart_rate",
        kind: Kind::DailyValue,
        forming: Forming::DailyValue,
        api: ApiLabel { code: "40443-4", display: "Resting heart rate", unit: "beats/min" },
        loinc: &[Loinc { code: "40443-4", display: "Heart rate --resting" }, HEART_RATE],
        ucum: "/min",
        category: Category::VitalSigns,
        profile: Some("http://hl7.org/fhir/StructureDefinition/heartrate"),
        scale: 10,
        plausible: 200..=2_000,
        verifiable: false,
        rounding: 0,
    },
];

impl Metric {
    /// Every metric, in the catalogue's order.
    pub const ALL: [Self; 7] = [
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
        let [heart_rate, spo2, body_weight, steps, calories, distance, resting] = &CATALOGUE;
        match self {
            Self::HeartRate => heart_rate,
            Self::Spo2 => spo2,
            Self::BodyWeight => body_weight,
            Self::Steps => steps,
            Self::Calories => calories,
            Self::Distance => distance,
            Self::RestingHeartRate => resting,
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
