//! Heart, breath, blood and skin.

use crate::metric::{ApiLabel, Category, Facts, Forming, Kind, Loinc, Metric};

const PULSE: Loinc = Loinc { code: "8867-4", display: "Heart rate" };
const SPO2_BY_PULSE_OXIMETRY: Loinc =
    Loinc { code: "59408-5", display: "Oxygen saturation in Arterial blood by Pulse oximetry" };
const SATURATION: Loinc = Loinc { code: "2708-6", display: "Oxygen saturation in Arterial blood" };
const SPO2_MEAN: Loinc = Loinc { code: "103209-3", display: "Mean oxygen saturation" };

pub(crate) static HEART_RATE: Facts = Facts {
    metric: Metric::HeartRate,
    key: "heart_rate",
    kind: Kind::Instant,
    forming: Forming::HourlyMean,
    api: ApiLabel { code: "8867-4", display: "Heart rate", unit: "beats/min" },
    loinc: &[
        PULSE,
        Loinc { code: "55425-3", display: "Heart rate unspecified time mean by Pedometer" },
    ],
    local: None,
    ucum: "/min",
    category: Category::VitalSigns,
    profile: Some("http://hl7.org/fhir/StructureDefinition/heartrate"),
    scale: 10,
    plausible: 200..=3_000,
    parted: false,
    verifiable: true,
    rounding: 0,
};

pub(crate) static SPO2: Facts = Facts {
    metric: Metric::Spo2,
    key: "spo2",
    kind: Kind::Instant,
    forming: Forming::DailyValue,
    api: ApiLabel { code: "59408-5", display: "Oxygen saturation", unit: "%" },
    loinc: &[SPO2_BY_PULSE_OXIMETRY, SATURATION, SPO2_MEAN],
    local: None,
    ucum: "%",
    category: Category::VitalSigns,
    profile: Some("http://hl7.org/fhir/StructureDefinition/oxygensat"),
    scale: 100,
    plausible: 5_000..=10_000,
    parted: false,
    verifiable: false,
    rounding: 0,
};

pub(crate) static RESTING_HEART_RATE: Facts = Facts {
    metric: Metric::RestingHeartRate,
    key: "resting_heart_rate",
    kind: Kind::DailyValue,
    forming: Forming::DailyValue,
    api: ApiLabel { code: "40443-4", display: "Resting heart rate", unit: "beats/min" },
    loinc: &[Loinc { code: "40443-4", display: "Heart rate --resting" }, PULSE],
    local: None,
    ucum: "/min",
    category: Category::VitalSigns,
    profile: Some("http://hl7.org/fhir/StructureDefinition/heartrate"),
    scale: 10,
    plausible: 200..=2_000,
    parted: false,
    verifiable: false,
    rounding: 0,
};

// RMSSD has no LOINC number: 80404-7 is the standard deviation, another figure.
pub(crate) static HRV: Facts = Facts {
    metric: Metric::Hrv,
    key: "hrv",
    kind: Kind::DailyValue,
    forming: Forming::DailyValue,
    api: ApiLabel { code: "hrv-rmssd", display: "Heart rate variability (RMSSD)", unit: "ms" },
    loinc: &[],
    local: Some("hrv-rmssd"),
    ucum: "ms",
    category: Category::VitalSigns,
    profile: None,
    scale: 1_000,
    plausible: 1_000..=300_000,
    parted: false,
    verifiable: false,
    rounding: 0,
};

pub(crate) static RESPIRATORY_RATE: Facts = Facts {
    metric: Metric::RespiratoryRate,
    key: "respiratory_rate",
    kind: Kind::DailyValue,
    forming: Forming::DailyValue,
    api: ApiLabel { code: "9279-1", display: "Respiratory rate", unit: "breaths/min" },
    loinc: &[Loinc { code: "9279-1", display: "Respiratory rate" }],
    local: None,
    ucum: "/min",
    category: Category::VitalSigns,
    profile: Some("http://hl7.org/fhir/StructureDefinition/resprate"),
    scale: 100,
    plausible: 400..=6_000,
    parted: false,
    verifiable: false,
    rounding: 0,
};

// A difference is in kelvin: `Cel` is a point on a scale that does not begin at nothing.
pub(crate) static SKIN_TEMPERATURE_VARIATION: Facts = Facts {
    metric: Metric::SkinTemperatureVariation,
    key: "skin_temperature_variation",
    kind: Kind::DailyValue,
    forming: Forming::DailyValue,
    api: ApiLabel {
        code: "skin-temperature-delta",
        display: "Skin temperature variation",
        unit: "°C difference",
    },
    loinc: &[],
    local: Some("skin-temperature-delta"),
    ucum: "K",
    category: Category::VitalSigns,
    profile: None,
    scale: 1_000,
    plausible: -10_000..=10_000,
    parted: false,
    verifiable: false,
    rounding: 0,
};
