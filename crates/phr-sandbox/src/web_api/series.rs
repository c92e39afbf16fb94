//! Steps, calories and distance: by day and by slot.

use std::fmt::Write;

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::{Dates, Days, Window, clock};
use super::errors::Outcome;
use super::grid::sums;
use super::units::Units;
use crate::data_type::DataType;
use crate::person::{Person, date_of_day};
use crate::point::Family;
use crate::tally::by_date;
use crate::timeline::Timeline;
use crate::world::World;

/// A resource of the activity time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Series {
    Steps,
    /// With basal energy.
    Calories,
    /// Without.
    ActivityCalories,
    Distance,
}

impl Series {
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Steps, Self::Calories, Self::ActivityCalories, Self::Distance];
        all.into_iter().find(|series| series.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Calories => "calories",
            Self::ActivityCalories => "activityCalories",
            Self::Distance => "distance",
        }
    }

    pub(super) fn intraday_name(self) -> &'static str {
        match self {
            Self::Steps => "steps intraday",
            Self::Calories | Self::ActivityCalories => "calories intraday",
            Self::Distance => "distance intraday",
        }
    }

    pub(super) fn has_intraday(self) -> bool {
        self != Self::ActivityCalories
    }

    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Steps => DataType::Steps,
            Self::Calories => DataType::TotalCalories,
            Self::ActivityCalories => DataType::ActiveEnergyBurned,
            Self::Distance => DataType::Distance,
        }
    }

    /// The longest range in days.
    fn most(self) -> i64 {
        if self == Self::ActivityCalories { 30 } else { 1095 }
    }

    /// A day's sum; energy in whole kilocalories.
    pub(super) fn of_day(self, sum: i64, units: Units) -> Value {
        match self {
            Self::Steps => json!(sum),
            Self::Calories | Self::ActivityCalories => json!((sum + 5_000).div_euclid(10_000)),
            Self::Distance => plain(units.distance(sum)),
        }
    }

    /// A slot's sum; energy in full.
    fn of_slot(self, sum: i64, units: Units) -> Value {
        match self {
            Self::Calories | Self::ActivityCalories => plain(self.data_type().in_units(sum)),
            _ => self.of_day(sum, units),
        }
    }
}

/// A zero without decimals.
fn plain(value: f64) -> Value {
    if value == 0.0 { json!(0) } else { json!(value) }
}

/// Each day's sum as text; days without data are zeros.
pub(super) fn daily(
    world: &World,
    person: &Person,
    (series, tracker): (Series, bool),
    dates: Dates<'_>,
    units: Units,
) -> Outcome<Answer> {
    let days = dates.resolve(person, world.now_micros(), series.most())?;
    let (rows, void) = rows(world, person, series, days, units);
    let kind = if tracker { "tracker-" } else { "" };
    let root = format!("activities-{kind}{}", series.name());
    let answer = Answer::from(json!({ root.as_str(): rows }));
    Ok(answer.void_if(void, Some(&root), days.first_date()))
}

/// The days' values, and whether there is no data at all.
fn rows(
    world: &World,
    person: &Person,
    series: Series,
    days: Days,
    units: Units,
) -> (Vec<Value>, bool) {
    let timeline = Timeline::reconciled(world, person, series.data_type(), Family::All);
    let tallies = by_date(&timeline, &days.civil());
    let rows = days.begun().map(|day| {
        let sum = tallies.get(&day).map_or(0, |tally| tally.sum);
        let value = series.of_day(sum, units).to_string();
        json!({ "dateTime": date_of_day(day), "value": value })
    });
    (rows.collect(), tallies.is_empty())
}

/// The slots of a day, under the head of the daily series.
pub(super) fn intraday(
    world: &World,
    person: &Person,
    series: Series,
    window: Window<'_>,
    units: Units,
) -> Outcome<Answer> {
    let levels = ["1min", "5min", "15min"];
    let detail = window.resolve(person, world.now_micros(), &levels)?;
    let (rows, void) = rows(world, person, series, detail.days, units);
    let (hours, shown) = {
        let mood = &world.web_api().mood;
        (mood.repeated_hour, mood.sees_intraday())
    };
    let root = format!("activities-{}", series.name());
    let mut text = json!({ root.as_str(): rows }).to_string();
    if !shown {
        return Ok(Answer::written(text));
    }
    text.pop();
    let timeline = Timeline::reconciled(world, person, series.data_type(), Family::All);
    let (interval, kind) = detail.interval();
    let _ = write!(text, ",\"{root}-intraday\":{{\"dataset\":[");
    for (index, (civil, sum)) in sums(&timeline, &detail, hours).into_iter().enumerate() {
        let joint = if index == 0 { "" } else { "," };
        let _ = write!(text, "{joint}{{");
        if series == Series::Calories {
            let _ = write!(text, "\"level\":{},\"mets\":{},", level(sum, interval), mets(sum));
        }
        let value = series.of_slot(sum, units);
        let _ = write!(text, "\"time\":\"{}\",\"value\":{value}}}", clock(civil));
    }
    let _ = write!(text, "],\"datasetInterval\":{interval},\"datasetType\":\"{kind}\"}}}}");
    Ok(Answer::written(text).void_if(void, Some(&root), detail.days.first_date()))
}

/// 0 sedentary to 3 very active, by kilocalories a minute.
fn level(sum: i64, minutes: i64) -> u8 {
    match sum / minutes.max(1) {
        ..20_000 => 0,
        20_000..40_000 => 1,
        40_000..60_000 => 2,
        _ => 3,
    }
}

/// Ten times the metabolic equivalents, added up over the minutes of a slot: about a kilocalorie
/// and an eighth a minute is one equivalent.
fn mets(sum: i64) -> i64 {
    (sum * 10).div_euclid(11_250)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_kilocalories_and_slots_are_not() {
        let series = Series::Calories;
        assert_eq!(series.of_day(23_114_999, Units::Metric), json!(2_311));
        assert_eq!(series.of_slot(11_279, Units::Metric), json!(1.1279));
        assert_eq!(series.of_slot(0, Units::Metric), json!(0));
    }

    #[test]
    fn activity_calories_have_no_slots() {
        assert!(!Series::ActivityCalories.has_intraday());
        assert_eq!(Series::named("activityCalories"), Some(Series::ActivityCalories));
        assert_eq!(Series::named("elevation"), None);
    }
}
