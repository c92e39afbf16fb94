//! What FHIR calls an Observation: codes and profile by metric and form.
//!
//! LOINC's codes for a whole day ("in 24 hour") are not true of an hour, and not of a day that is
//! still going; its plain codes are not true of a mean. So the codes depend on the form.

use crate::{
    form::Form,
    metric::{Loinc, Metric},
};

/// A code of LOINC, or one of ours where LOINC has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// LOINC's.
    Loinc(Loinc),
    /// Of the CodeSystem `{base}/fhir/CodeSystem/wearable-metric`.
    Local(&'static str),
}

/// How FHIR names an Observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Codings, the most exact first but for the code that a vital-signs profile demands.
    pub loinc: &'static [Loinc],
    /// The code of ours, where LOINC has none.
    pub local: Option<&'static str>,
    /// What people call it.
    pub text: &'static str,
    /// R4 vital-signs profile it conforms to, if any.
    pub profile: Option<&'static str>,
    /// The code of its minimum.
    pub low: Code,
    /// The code of its maximum.
    pub high: Code,
}

const HEART_RATE: Loinc = Loinc { code: "8867-4", display: "Heart rate" };
const HEART_RATE_MAXIMUM: Loinc =
    Loinc { code: "55426-1", display: "Heart rate unspecified time maximum by Pedometer" };
const HEART_RATE_24_HOUR_MEAN: Loinc =
    Loinc { code: "41924-2", display: "Heart rate 24 hour mean" };
const HEART_RATE_24_HOUR_MAXIMUM: Loinc =
    Loinc { code: "8873-2", display: "Heart rate 24 hour maximum" };
const HEART_RATE_24_HOUR_MINIMUM: Loinc =
    Loinc { code: "8883-1", display: "Heart rate 24 hour minimum" };
const SPO2_BY_PULSE_OXIMETRY: Loinc =
    Loinc { code: "59408-5", display: "Oxygen saturation in Arterial blood by Pulse oximetry" };
const SPO2: Loinc = Loinc { code: "2708-6", display: "Oxygen saturation in Arterial blood" };
const STEPS: Loinc =
    Loinc { code: "55423-8", display: "Number of steps in unspecified time Pedometer" };
const CALORIES: Loinc = Loinc { code: "41981-2", display: "Calories burned" };
const DISTANCE: Loinc = Loinc { code: "103208-5", display: "Distance traveled" };

impl Terms {
    /// How FHIR names an Observation of `metric` in `form`. `over` says whether its day is: until
    /// then a day is an interval like any other.
    pub fn of(metric: Metric, form: Form, over: bool) -> Self {
        let whole_day = form == Form::Daily && over;
        let usual = Self::usual(metric);
        let interval = |loinc| Self { loinc, ..usual };
        match metric {
            Metric::HeartRate if whole_day => Self {
                loinc: &[HEART_RATE_24_HOUR_MEAN],
                profile: None,
                low: Code::Loinc(HEART_RATE_24_HOUR_MINIMUM),
                high: Code::Loinc(HEART_RATE_24_HOUR_MAXIMUM),
                ..usual
            },
            // A single reading is not a mean.
            Metric::HeartRate if form == Form::Sample => interval(&[HEART_RATE]),
            Metric::Spo2 if form == Form::Sample => interval(&[SPO2_BY_PULSE_OXIMETRY, SPO2]),
            Metric::Steps if !whole_day => interval(&[STEPS]),
            Metric::Calories if !whole_day => interval(&[CALORIES]),
            Metric::Distance if !whole_day => interval(&[DISTANCE]),
            _ => usual,
        }
    }

    /// What the catalogue says.
    fn usual(metric: Metric) -> Self {
        let facts = metric.facts();
        let (low, high) = bounds(metric);
        let text = match metric {
            // Public data disagrees about what 41981-2 counts, so it is said.
            Metric::Calories => "Calories burned (active and basal)",
            _ => facts.api.display,
        };
        Self { loinc: facts.loinc, local: facts.local, text, profile: facts.profile, low, high }
    }
}

/// The codes of minimum and maximum.
fn bounds(metric: Metric) -> (Code, Code) {
    let (low, high) = match metric {
        Metric::HeartRate => {
            return (Code::Local("heart-rate-min"), Code::Loinc(HEART_RATE_MAXIMUM));
        }
        Metric::Spo2 => ("spo2-min", "spo2-max"),
        Metric::BodyWeight => ("body-weight-min", "body-weight-max"),
        Metric::Steps => ("steps-min", "steps-max"),
        Metric::Calories => ("calories-min", "calories-max"),
        Metric::Distance => ("distance-min", "distance-max"),
        Metric::RestingHeartRate => ("resting-heart-rate-min", "resting-heart-rate-max"),
        Metric::ActiveEnergy => ("active-energy-min", "active-energy-max"),
        Metric::Floors => ("floors-min", "floors-max"),
        Metric::BodyFat => ("body-fat-min", "body-fat-max"),
        Metric::Height => ("height-min", "height-max"),
        Metric::Hrv => ("hrv-min", "hrv-max"),
        Metric::RespiratoryRate => ("respiratory-rate-min", "respiratory-rate-max"),
        Metric::SkinTemperatureVariation => {
            ("skin-temperature-delta-min", "skin-temperature-delta-max")
        }
        Metric::Vo2max => ("vo2max-min", "vo2max-max"),
        Metric::ActiveMinutes => ("active-minutes-min", "active-minutes-max"),
        Metric::Sleep => ("sleep-min", "sleep-max"),
        Metric::Exercise => ("exercise-min", "exercise-max"),
    };
    (Code::Local(low), Code::Local(high))
}
