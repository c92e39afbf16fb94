//! What a statement is made up of where one number does not say it all: the stages of a night, the
//! levels of activity, what a workout took.
//!
//! Metrics with parts are *parted*: a sample of theirs is about one part, or about the whole, and its
//! value holds which: `amount * 32 + code of the part`, the code of the whole being 0. So a night is
//! one sample for the minutes asleep, one for the minutes of each stage (all with the start and the
//! length of the night), and one for every stretch of a stage (with its own start and length), which
//! nothing is stated from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    exercise,
    metric::{Loinc, Metric},
    sample::Sample,
    terms::Code,
};

/// A part of a statement, or a stretch of a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Minutes of light activity.
    LightActivity,
    /// Minutes of moderate activity.
    ModerateActivity,
    /// Minutes of vigorous activity.
    VigorousActivity,
    /// Minutes of deep sleep.
    DeepSleep,
    /// Minutes of light sleep.
    LightSleep,
    /// Minutes of REM sleep.
    RemSleep,
    /// Minutes awake between going to bed and getting up.
    Awake,
    /// Energy of a workout.
    Energy,
    /// Distance of a workout.
    Distance,
    /// Mean heart rate of a workout.
    MeanHeartRate,
    /// What kind of workout it was: a place in [`exercise::KINDS`].
    ExerciseType,
    /// A stretch of deep sleep.
    StageDeep,
    /// A stretch of light sleep.
    StageLight,
    /// A stretch of REM sleep.
    StageRem,
    /// A stretch awake.
    StageAwake,
    /// A stretch asleep, of a night without stages.
    StageAsleep,
    /// A restless stretch, of a night without stages.
    StageRestless,
    /// A mark: the vendor is not done with the session yet.
    Unfinished,
}

/// A measured part: what, and how much in its base unit.
pub type Measured = (Part, i64);

/// What is particular to a part that is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartFacts {
    /// How FHIR names it.
    pub code: Code,
    /// Friendly unit; nothing of what is told in words.
    pub unit: &'static str,
    /// UCUM code of the unit.
    pub ucum: &'static str,
    /// Base units per unit: a power of ten.
    pub scale: i64,
}

/// Codes that a value has room for.
const CODES: i64 = 32;

impl Part {
    /// Every part.
    pub const ALL: [Self; 18] = [
        Self::LightActivity,
        Self::ModerateActivity,
        Self::VigorousActivity,
        Self::DeepSleep,
        Self::LightSleep,
        Self::RemSleep,
        Self::Awake,
        Self::Energy,
        Self::Distance,
        Self::MeanHeartRate,
        Self::ExerciseType,
        Self::StageDeep,
        Self::StageLight,
        Self::StageRem,
        Self::StageAwake,
        Self::StageAsleep,
        Self::StageRestless,
        Self::Unfinished,
    ];

    /// Its number in the values of samples. Never changes.
    fn code(self) -> i64 {
        match self {
            Self::LightActivity => 1,
            Self::ModerateActivity => 2,
            Self::VigorousActivity => 3,
            Self::DeepSleep => 4,
            Self::LightSleep => 5,
            Self::RemSleep => 6,
            Self::Awake => 7,
            Self::Energy => 8,
            Self::Distance => 9,
            Self::MeanHeartRate => 10,
            Self::ExerciseType => 11,
            Self::StageDeep => 16,
            Self::StageLight => 17,
            Self::StageRem => 18,
            Self::StageAwake => 19,
            Self::StageAsleep => 20,
            Self::StageRestless => 21,
            Self::Unfinished => 31,
        }
    }

    /// Its name in the API and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::LightActivity => "light_activity",
            Self::ModerateActivity => "moderate_activity",
            Self::VigorousActivity => "vigorous_activity",
            Self::DeepSleep => "deep_sleep",
            Self::LightSleep => "light_sleep",
            Self::RemSleep => "rem_sleep",
            Self::Awake => "awake",
            Self::Energy => "energy",
            Self::Distance => "distance",
            Self::MeanHeartRate => "mean_heart_rate",
            Self::ExerciseType => "exercise_type",
            Self::StageDeep => "stage_deep",
            Self::StageLight => "stage_light",
            Self::StageRem => "stage_rem",
            Self::StageAwake => "stage_awake",
            Self::StageAsleep => "stage_asleep",
            Self::StageRestless => "stage_restless",
            Self::Unfinished => "unfinished",
        }
    }

    /// How it is stated; none for stretches and marks, which are kept as samples only.
    pub fn facts(self) -> Option<PartFacts> {
        let minutes = |code, display| PartFacts {
            code: Code::Loinc(Loinc { code, display }),
            unit: "min",
            ucum: "min",
            scale: 100,
        };
        let of = |code, display, unit, ucum, scale| {
            let code = Code::Loinc(Loinc { code, display });
            PartFacts { code, unit, ucum, scale }
        };
        Some(match self {
            Self::LightActivity => minutes("101688-0", "Duration of light activity"),
            Self::ModerateActivity => minutes("101689-8", "Duration of moderate activity"),
            Self::VigorousActivity => minutes("101690-6", "Duration of vigorous activity"),
            Self::DeepSleep => minutes("93831-6", "Deep sleep duration"),
            Self::LightSleep => minutes("93830-8", "Light sleep duration"),
            Self::RemSleep => minutes("93829-0", "REM sleep duration"),
            Self::Awake => minutes("103210-1", "Awakening duration"),
            Self::Energy => {
                let name = "Calories burned in unspecified time Pedometer";
                of("55424-6", name, "kcal", "kcal", 1_000)
            }
            Self::Distance => of("103208-5", "Distance traveled", "km", "km", 1_000_000),
            Self::MeanHeartRate => {
                let name = "Heart rate unspecified time mean by Pedometer";
                of("55425-3", name, "beats/min", "/min", 10)
            }
            Self::ExerciseType => {
                PartFacts { code: Code::Local("exercise-type"), unit: "", ucum: "", scale: 1 }
            }
            _ => return None,
        })
    }

    /// `amount` in words, of a part that is no number.
    pub fn words(self, amount: i64) -> Option<&'static str> {
        (self == Self::ExerciseType).then(|| exercise::name(amount))
    }

    /// The value of a sample that is about this much of it.
    pub fn value(self, amount: i64) -> i64 {
        amount.saturating_mul(CODES).saturating_add(self.code())
    }

    /// The value of a sample of a parted metric that is about the whole.
    pub fn whole(amount: i64) -> i64 {
        amount.saturating_mul(CODES)
    }

    /// What the value of a sample of a parted metric is about, and how much. A code that is not known
    /// (a newer process wrote it) is taken for a mark.
    fn split(value: i64) -> (Option<Self>, i64) {
        let (amount, code) = (value.div_euclid(CODES), value.rem_euclid(CODES));
        let part = Self::ALL.into_iter().find(|part| part.code() == code);
        (if code == 0 { None } else { part.or(Some(Self::Unfinished)) }, amount)
    }

    /// Parts as a column of text: `deep_sleep:6200,light_sleep:30100`; none of none.
    pub fn to_text(parts: &[Measured]) -> Option<String> {
        let one = |(part, amount): &Measured| format!("{}:{amount}", part.key());
        let text: Vec<String> = parts.iter().map(one).collect();
        (!text.is_empty()).then(|| text.join(","))
    }

    /// Parts as [`Self::to_text`] wrote them.
    pub fn from_text(text: &str) -> Option<Vec<Measured>> {
        let one = |item: &str| {
            let (key, amount) = item.split_once(':')?;
            let part = Self::ALL.into_iter().find(|part| part.key() == key)?;
            Some((part, amount.parse().ok()?))
        };
        text.split(',').map(one).collect()
    }
}

impl Metric {
    /// What a sample is about (none: the whole), and how much of it in base units.
    pub fn reading(self, sample: &Sample) -> (Option<Part>, i64) {
        if self.facts().parted { Part::split(sample.value) } else { (None, sample.value) }
    }

    /// What a sample adds to the metric's own value; none of what is only about a part of it. Where
    /// there is no sample of the whole, the whole is what the parts come to.
    pub fn amount(self, sample: &Sample) -> Option<i64> {
        match (self, self.reading(sample)) {
            (Self::ActiveMinutes, (Some(_), amount)) | (_, (None, amount)) => Some(amount),
            (_, (Some(_), _)) => None,
        }
    }

    /// Whether a clinical statement may be made from `sample`; true of what no statement is about.
    pub fn trusts(self, sample: &Sample) -> bool {
        self.amount(sample).is_none_or(|amount| self.is_plausible(amount))
    }

    /// What samples of each part add up to, in the order of the parts.
    pub(crate) fn parts_of(self, samples: &[Sample]) -> Vec<Measured> {
        let mut sums = BTreeMap::<Part, i64>::new();
        for (part, amount) in samples.iter().map(|sample| self.reading(sample)) {
            let Some(part) = part else { continue };
            let sum = sums.entry(part).or_default();
            *sum = sum.saturating_add(amount);
        }
        sums.into_iter().collect()
    }
}
