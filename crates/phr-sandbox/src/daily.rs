//! Daily values: resting heart rate, and what is computed of the night.

use std::ops::Range;

use jiff::civil::Date;

use crate::data_type::DataType;
use crate::overlay::Edits;
use crate::person::{Person, civil_date, date_of_day, day_of_date};
use crate::point::{DAY, Family, SECOND, Source};
use crate::timeline::Timeline;
use crate::world::World;

/// One value of a daily type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Daily {
    pub(crate) date: Date,
    pub(crate) value: DailyValue,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum DailyValue {
    /// Beats per minute.
    Resting(i64),
    /// Percent.
    Saturation { average: f64, low: f64, high: f64, deviation: f64 },
    /// In the unit of the API.
    Single(f64),
    /// Degrees Celsius; what is usual is not a number until there are nights to compare with.
    Temperature { nightly: f64, baseline: f64 },
}

/// At most `most` daily values of the civil days `from..to` (day numbers), newest first.
pub(crate) fn dailies(
    world: &World,
    person: &Person,
    data_type: DataType,
    family: Family,
    (from, to): (i64, i64),
    most: usize,
) -> Vec<Daily> {
    if !family.includes(Source::Derived) {
        return Vec::new();
    }
    let first = civil_date(person.begins);
    let edits = world.edits(person, data_type);
    let first = edits
        .as_ref()
        .and_then(|edits| edits.daily.keys().next().copied())
        .map_or(first, |overridden| overridden.min(first));
    let last = world.now_micros().div_euclid(DAY) + 2;
    (from.max(day_of_date(first))..to.min(last))
        .rev()
        .map(date_of_day)
        .filter_map(|date| daily(world, person, data_type, date))
        .take(most)
        .collect()
}

fn daily(world: &World, person: &Person, data_type: DataType, date: Date) -> Option<Daily> {
    let edits = world.edits(person, data_type);
    let set = edits.as_ref().and_then(|edits| edits.daily.get(&date).copied());
    let morning = morning(world, person, edits.as_deref(), date);
    let value = match data_type {
        DataType::DailyRestingHeartRate => resting(morning, set),
        DataType::DailyOxygenSaturation => saturation(world, person, morning, set),
        _ => nightly(person, data_type, date, morning, set),
    };
    value.map(|value| Daily { date, value })
}

/// When the values of the night before `date` are known, if they are by now.
fn morning(
    world: &World,
    person: &Person,
    edits: Option<&Edits>,
    date: Date,
) -> Option<(i64, i32)> {
    let now = world.now_micros();
    person.morning(date).filter(|(at, _)| {
        *at <= now && *at >= person.begins && !edits.is_some_and(|edits| edits.is_held(*at, now))
    })
}

/// The night whose saturation belongs to `date` (microseconds), once it is summed up.
pub(crate) fn night(world: &World, person: &Person, date: Date) -> Option<Range<i64>> {
    let edits = world.edits(person, DataType::DailyOxygenSaturation);
    morning(world, person, edits.as_deref(), date).map(|(at, _)| before(at))
}

fn before(morning: i64) -> Range<i64> {
    morning - 12 * 3600 * SECOND..morning
}

#[expect(clippy::cast_possible_truncation, reason = "a float saturates")]
fn resting(morning: Option<(i64, i32)>, set: Option<f64>) -> Option<DailyValue> {
    let measured = morning.map(|(_, bpm)| i64::from(bpm));
    set.map(|bpm| bpm.round() as i64).or(measured).map(DailyValue::Resting)
}

/// What the tracker makes of the rest of the night.
fn nightly(
    person: &Person,
    data_type: DataType,
    date: Date,
    morning: Option<(i64, i32)>,
    set: Option<f64>,
) -> Option<DailyValue> {
    let night = morning.and_then(|_| person.nightly(date));
    let value = match data_type {
        DataType::DailySleepTemperature => {
            let usual = night.and_then(|night| night.usual_temperature).unwrap_or(f64::NAN);
            let nightly = set.or(night.map(|night| night.temperature))?;
            return Some(DailyValue::Temperature { nightly, baseline: usual });
        }
        DataType::DailyHeartRateVariability => night.map(|night| night.variability),
        DataType::DailyRespiratoryRate => night.map(|night| night.breaths),
        _ => night.map(|night| night.fitness),
    };
    set.or(value).map(DailyValue::Single)
}

/// Mean and bounds of the readings of the night that ended in the morning.
fn saturation(
    world: &World,
    person: &Person,
    morning: Option<(i64, i32)>,
    set: Option<f64>,
) -> Option<DailyValue> {
    let measured = morning.and_then(|(at, _)| {
        let readings = DataType::OxygenSaturation;
        let timeline = Timeline::reconciled(world, person, readings, Family::All);
        let mut values = Vec::new();
        timeline.visit(&before(at), |point| {
            values.push(readings.in_units(i64::from(point.value)));
        });
        spread(&values)
    });
    match (set, measured) {
        (None, measured) => measured,
        (Some(average), Some(DailyValue::Saturation { low, high, deviation, .. })) => {
            Some(DailyValue::Saturation { average, low, high, deviation })
        }
        (Some(average), _) => Some(DailyValue::Saturation {
            average,
            low: average,
            high: average,
            deviation: f64::NAN,
        }),
    }
}

/// A single reading has no deviation: Google prints such doubles as `"NaN"`.
#[expect(clippy::cast_precision_loss, reason = "a count of minutes")]
fn spread(values: &[f64]) -> Option<DailyValue> {
    let count = values.len() as f64;
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().reduce(f64::max)?;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { f64::NAN };
    let round = |value: f64, factor: f64| (value * factor).round() / factor;
    Some(DailyValue::Saturation {
        average: round(mean, 10.0),
        low,
        high,
        deviation: round(deviation, 100.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_becomes_mean_bounds_and_deviation() {
        let Some(DailyValue::Saturation { average, low, high, deviation }) =
            spread(&[94.0, 95.0, 97.5])
        else {
            panic!("three readings")
        };
        assert_eq!((average, low, high, deviation), (95.5, 94.0, 97.5, 1.8));
    }

    #[test]
    fn one_reading_has_no_deviation_and_no_reading_no_value() {
        let Some(DailyValue::Saturation { deviation, .. }) = spread(&[94.0]) else {
            panic!("one reading")
        };
        assert!(deviation.is_nan());
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn a_value_set_by_hand_replaces_the_measured_one() {
        assert_eq!(resting(Some((0, 55)), Some(61.0)), Some(DailyValue::Resting(61)));
        assert_eq!(resting(Some((0, 55)), None), Some(DailyValue::Resting(55)));
    }
}
