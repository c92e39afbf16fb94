//! What the tracker makes of a night, by the date of waking: breathing rate, heart rate
//! variability, temperature of the skin, and cardio fitness.

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::{Dates, local};
use super::errors::Outcome;
use super::units::rounded;
use crate::daily::{Daily, DailyValue, dailies};
use crate::data_type::DataType;
use crate::dice::Dice;
use crate::person::{Person, day_of_date};
use crate::point::{Family, MINUTE};
use crate::world::World;

/// Days of a request at most.
const MOST: i64 = 30;
/// A range of cardio fitness reaches so far to either side.
const EITHER_SIDE: f64 = 2.0;

/// A value of the night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nightly {
    BreathingRate,
    HeartRateVariability,
    SkinTemperature,
    /// Typed in by hand; nobody here does.
    CoreTemperature,
    CardioScore,
}

impl Nightly {
    pub(super) fn endpoint(self) -> &'static str {
        match self {
            Self::BreathingRate => "br",
            Self::HeartRateVariability => "hrv",
            Self::SkinTemperature => "temp skin",
            Self::CoreTemperature => "temp core",
            Self::CardioScore => "cardioscore",
        }
    }

    pub(super) fn scope(self) -> &'static str {
        match self {
            Self::BreathingRate => "respiratory_rate",
            Self::HeartRateVariability => "heartrate",
            Self::SkinTemperature | Self::CoreTemperature => "temperature",
            Self::CardioScore => "cardio_fitness",
        }
    }

    pub(super) fn data_type(self) -> Option<DataType> {
        match self {
            Self::BreathingRate => Some(DataType::DailyRespiratoryRate),
            Self::HeartRateVariability => Some(DataType::DailyHeartRateVariability),
            Self::SkinTemperature => Some(DataType::DailySleepTemperature),
            Self::CoreTemperature => None,
            Self::CardioScore => Some(DataType::DailyVo2Max),
        }
    }

    fn root(self) -> &'static str {
        match self {
            Self::BreathingRate => "br",
            Self::HeartRateVariability => "hrv",
            Self::SkinTemperature => "tempSkin",
            Self::CoreTemperature => "tempCore",
            Self::CardioScore => "cardioScore",
        }
    }
}

/// The nights that have a value; `all` tells more of each.
pub(super) fn nights(
    world: &World,
    person: &Person,
    (nightly, all): (Nightly, bool),
    dates: Dates<'_>,
) -> Outcome<Answer> {
    let days = dates.resolve(person, world.now_micros(), MOST)?;
    let span = (days.first, days.last + 1);
    let found = nightly
        .data_type()
        .map(|data_type| dailies(world, person, data_type, Family::All, span, usize::MAX));
    let ranges = world.web_api().mood.vo2max_ranges;
    let mut rows: Vec<Value> = found
        .into_iter()
        .flatten()
        .filter_map(|daily| match (nightly, all) {
            (Nightly::BreathingRate, true) => stages_of_breathing(daily),
            (Nightly::HeartRateVariability, true) => minutes(person, daily),
            _ => night(nightly, daily, ranges),
        })
        .collect();
    rows.reverse();
    let (void, root) = (rows.is_empty(), nightly.root());
    Ok(Answer::from(json!({ root: rows })).void_if(void, Some(root), days.first_date()))
}

/// What cannot be computed is null in one place and missing in the others.
fn night(nightly: Nightly, daily: Daily, ranges: bool) -> Option<Value> {
    let row = |value: Value| json!({ "dateTime": daily.date, "value": value });
    match (nightly, daily.value) {
        (Nightly::HeartRateVariability, DailyValue::Single(value)) if value.is_nan() => {
            Some(row(json!({ "dailyRmssd": null, "deepRmssd": null })))
        }
        (_, DailyValue::Single(value)) if value.is_nan() => None,
        (Nightly::BreathingRate, DailyValue::Single(value)) => {
            Some(row(json!({ "breathingRate": value })))
        }
        (Nightly::HeartRateVariability, DailyValue::Single(value)) => {
            let deep = rounded(value * 0.9, 3);
            Some(row(json!({ "dailyRmssd": rounded(value, 3), "deepRmssd": deep })))
        }
        (Nightly::CardioScore, DailyValue::Single(value)) => {
            Some(row(json!({ "vo2Max": fitness(value, ranges) })))
        }
        (Nightly::SkinTemperature, DailyValue::Temperature { nightly, baseline }) => {
            let relative = rounded(nightly - baseline, 3);
            let value = json!({ "nightlyRelative": relative });
            let row = json!({ "dateTime": daily.date, "logType": "other_sensors", "value": value });
            // Nothing to compare with yet.
            (!relative.is_nan()).then_some(row)
        }
        _ => None,
    }
}

/// A number as text, or a range around it.
fn fitness(value: f64, range: bool) -> String {
    if !range {
        return value.to_string();
    }
    let (low, high) = (rounded(value - EITHER_SIDE, 3), rounded(value + EITHER_SIDE, 3));
    format!("{low}-{high}")
}

/// By stage; -1 where there was too little of one.
fn stages_of_breathing(daily: Daily) -> Option<Value> {
    let DailyValue::Single(value) = daily.value else { return None };
    let full = if value.is_nan() { -1.0 } else { value };
    let mut dice = Dice::new(&[0xB4EA, day_of_date(daily.date).cast_unsigned()]);
    let mut of_stage = || {
        let shift = f64::from(dice.between(-8, 8)) / 10.0;
        let known = full > 0.0 && !dice.chance(0.1);
        json!({ "breathingRate": if known { rounded(full + shift, 1) } else { -1.0 } })
    };
    let value = json!({
        "deepSleepSummary": of_stage(),
        "lightSleepSummary": of_stage(),
        "remSleepSummary": of_stage(),
        "fullSleepSummary": { "breathingRate": full },
    });
    Some(json!({ "dateTime": daily.date, "value": value }))
}

/// Every five minutes of the hours before the morning.
fn minutes(person: &Person, daily: Daily) -> Option<Value> {
    let DailyValue::Single(value) = daily.value else { return None };
    let (morning, _) = person.morning(daily.date).filter(|_| !value.is_nan())?;
    let first = morning - morning.rem_euclid(5 * MINUTE) - 240 * MINUTE;
    let offset = person.whereabouts.offsets(first, first).at(first);
    let mut dice = Dice::new(&[0x4A5, day_of_date(daily.date).cast_unsigned()]);
    let mut minute = |index: i64| {
        let at = first + index * 5 * MINUTE + i64::from(offset) * crate::point::SECOND;
        let mut about = |usual: f64| rounded(usual * f64::from(dice.between(80, 120)) / 100.0, 3);
        let value = json!({
            "rmssd": about(value), "coverage": 0.98, "hf": about(512.0), "lf": about(430.0),
        });
        json!({ "minute": format!("{}.000", local(at)), "value": value })
    };
    let minutes: Vec<Value> = (0..36).map(&mut minute).collect();
    Some(json!({ "dateTime": daily.date, "minutes": minutes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily(value: DailyValue) -> Daily {
        Daily { date: "2026-03-14".parse().unwrap(), value }
    }

    #[test]
    fn the_middle_of_a_range_is_the_value() {
        assert_eq!(fitness(42.31, false), "42.31");
        assert_eq!(fitness(42.31, true), "40.31-44.31");
        assert_eq!(fitness(41.0, true), "39-43");
    }

    #[test]
    fn a_temperature_without_anything_to_compare_it_with_is_left_out() {
        let value = |baseline| DailyValue::Temperature { nightly: 33.6, baseline };
        let told = |baseline| night(Nightly::SkinTemperature, daily(value(baseline)), false);
        assert_eq!(told(f64::NAN), None);
        assert_eq!(told(34.0).unwrap()["value"]["nightlyRelative"], -0.4);
    }

    #[test]
    fn what_cannot_be_computed_is_null_missing_or_minus_one() {
        let nothing = daily(DailyValue::Single(f64::NAN));
        let variability = night(Nightly::HeartRateVariability, nothing, false).unwrap();
        assert!(variability["value"]["dailyRmssd"].is_null());
        assert_eq!(night(Nightly::CardioScore, nothing, false), None);
        let breathing = stages_of_breathing(nothing).unwrap();
        assert_eq!(breathing["value"]["fullSleepSummary"]["breathingRate"], -1.0);
    }
}
