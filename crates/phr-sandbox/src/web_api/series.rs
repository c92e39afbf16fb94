//! The activity time series: by day and by slot.

use std::fmt::Write;

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::{Dates, Days, Hours, Window, clock};
use super::errors::Outcome;
use super::grid::{Slots, sums, wall_clock};
use super::sleep::minutes_in_bed;
use super::units::Units;
use crate::data_type::DataType;
use crate::levels::unpacked;
use crate::person::{Life, Person, date_of_day};
use crate::point::{DAY, Family, MINUTE};
use crate::tally::by_date;
use crate::timeline::Timeline;
use crate::world::World;

/// A floor is ten feet: so many millimetres.
const FLOOR: i64 = 3_048;

/// A resource of the activity time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Series {
    Steps,
    /// With basal energy.
    Calories,
    /// Without.
    ActivityCalories,
    Distance,
    Floors,
    /// What the floors are high.
    Elevation,
    LightlyActive,
    FairlyActive,
    VeryActive,
    /// Minutes that have passed, neither active nor in bed.
    Sedentary,
}

impl Series {
    const ALL: [Self; 10] = [
        Self::Steps,
        Self::Calories,
        Self::ActivityCalories,
        Self::Distance,
        Self::Floors,
        Self::Elevation,
        Self::LightlyActive,
        Self::FairlyActive,
        Self::VeryActive,
        Self::Sedentary,
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|series| series.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Calories => "calories",
            Self::ActivityCalories => "activityCalories",
            Self::Distance => "distance",
            Self::Floors => "floors",
            Self::Elevation => "elevation",
            Self::LightlyActive => "minutesLightlyActive",
            Self::FairlyActive => "minutesFairlyActive",
            Self::VeryActive => "minutesVeryActive",
            Self::Sedentary => "minutesSedentary",
        }
    }

    pub(super) fn intraday_name(self) -> &'static str {
        match self {
            Self::Steps => "steps intraday",
            Self::Distance => "distance intraday",
            Self::Floors => "floors intraday",
            Self::Elevation => "elevation intraday",
            _ => "calories intraday",
        }
    }

    pub(super) fn has_intraday(self) -> bool {
        use Series::{Calories, Distance, Elevation, Floors, Steps};
        matches!(self, Steps | Calories | Distance | Floors | Elevation)
    }

    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Steps => DataType::Steps,
            Self::Calories => DataType::TotalCalories,
            Self::ActivityCalories => DataType::ActiveEnergyBurned,
            Self::Distance => DataType::Distance,
            Self::Floors | Self::Elevation => DataType::Floors,
            _ => DataType::ActiveMinutes,
        }
    }

    /// The longest range in days.
    fn most(self) -> i64 {
        if self == Self::ActivityCalories { 30 } else { 1095 }
    }

    /// A day's sum; energy in whole kilocalories.
    fn of_day(self, sum: i64, units: Units) -> Value {
        let [light, fair, very] = unpacked(sum);
        match self {
            Self::Steps | Self::Floors => json!(sum),
            Self::Calories | Self::ActivityCalories => json!((sum + 5_000).div_euclid(10_000)),
            Self::Distance => plain(units.distance(sum)),
            Self::Elevation => plain(units.elevation(sum * FLOOR)),
            Self::LightlyActive => json!(light),
            Self::FairlyActive => json!(fair),
            Self::VeryActive => json!(very),
            Self::Sedentary => json!(light + fair + very),
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
    (dates, hours): (Dates<'_>, Hours),
    units: Units,
) -> Outcome<Answer> {
    let today = hours.today(person, world.now_micros());
    let days = dates.resolve_from(today, series.most())?;
    let (values, void) = values(world, person, series, (days, hours), units);
    let kind = if tracker { "tracker-" } else { "" };
    let root = format!("activities-{kind}{}", series.name());
    let answer = Answer::from(json!({ root.as_str(): rows(values) }));
    Ok(answer.void_if(void, Some(&root), days.first_date()))
}

fn rows(values: Vec<(i64, Value)>) -> Vec<Value> {
    let row = |(day, value): (i64, Value)| json!({ "dateTime": date_of_day(day), "value": value.to_string() });
    values.into_iter().map(row).collect()
}

/// The value of one day.
pub(super) fn of_day(
    world: &World,
    person: &Person,
    series: Series,
    day: Days,
    units: Units,
) -> Value {
    let (values, _) = values(world, person, series, (day, Hours::Local), units);
    values.into_iter().next().map_or(json!(0), |(_, value)| value)
}

/// The days' values, and whether there is no data at all.
fn values(
    world: &World,
    person: &Person,
    series: Series,
    (days, hours): (Days, Hours),
    units: Units,
) -> (Vec<(i64, Value)>, bool) {
    let timeline = hours.of(Timeline::reconciled(world, person, series.data_type(), Family::All));
    let tallies = by_date(&timeline, &days.civil());
    let value = |day| series.of_day(tallies.get(&day).map_or(0, |tally| tally.sum), units);
    let values = days.begun().map(|day| (day, value(day)));
    let values = if series == Series::Sedentary {
        sedentary(world, person, days, values.collect())
    } else {
        values.collect()
    };
    (values, tallies.is_empty())
}

/// From the active minutes of each day to the others.
fn sedentary(
    world: &World,
    person: &Person,
    days: Days,
    active: Vec<(i64, Value)>,
) -> Vec<(i64, Value)> {
    let in_bed = minutes_in_bed(world, person, days);
    let now = wall_clock(person, world.now_micros());
    let rest = |(day, active): (i64, Value)| {
        let passed = (now - day * DAY).clamp(0, DAY) / MINUTE;
        let busy = active.as_i64().unwrap_or(0) + in_bed.get(&day).copied().unwrap_or(0);
        (day, json!((passed - busy).max(0)))
    };
    active.into_iter().map(rest).collect()
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
    let (values, void) = values(world, person, series, (detail.days, Hours::Local), units);
    let (hours, shown) = {
        let mood = &world.web_api().mood;
        (mood.repeated_hour, mood.sees_intraday())
    };
    let root = format!("activities-{}", series.name());
    let mut text = json!({ root.as_str(): rows(values) }).to_string();
    if !shown {
        return Ok(Answer::written(text));
    }
    text.pop();
    let slots = |data_type| {
        let timeline = Timeline::reconciled(world, person, data_type, Family::All);
        sums(&timeline, &detail, hours)
    };
    let known = series == Series::Calories && matches!(person.life, Life::Invented(_));
    let active = if known { slots(DataType::ActiveMinutes) } else { Slots::new() };
    let (interval, kind) = detail.interval();
    let _ = write!(text, ",\"{root}-intraday\":{{\"dataset\":[");
    for (index, (civil, sum)) in slots(series.data_type()).into_iter().enumerate() {
        let joint = if index == 0 { "" } else { "," };
        let _ = write!(text, "{joint}{{");
        if series == Series::Calories {
            let level = active.get(index).map_or(level(sum, interval), |(_, sum)| highest(*sum));
            let _ = write!(text, "\"level\":{level},\"mets\":{},", mets(sum));
        }
        let value = series.of_slot(sum, units);
        let _ = write!(text, "\"time\":\"{}\",\"value\":{value}}}", clock(civil));
    }
    let _ = write!(text, "],\"datasetInterval\":{interval},\"datasetType\":\"{kind}\"}}}}");
    Ok(Answer::written(text).void_if(void, Some(&root), detail.days.first_date()))
}

/// 0 sedentary to 3 very active: the highest level of activity in a slot.
fn highest(active: i64) -> usize {
    unpacked(active).iter().rposition(|minutes| *minutes > 0).map_or(0, |level| level + 1)
}

/// The same by kilocalories a minute, where activity was not recorded.
fn level(sum: i64, minutes: i64) -> usize {
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
    use crate::levels::minute_of;

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
        assert_eq!(Series::named("lightness"), None);
    }

    #[test]
    fn floors_are_ten_feet_high() {
        let high = |units| Series::Elevation.of_day(8, units);
        assert_eq!([Units::Metric, Units::Us].map(high), [json!(24.384), json!(80.0)]);
    }

    #[test]
    fn each_level_of_activity_has_a_series_and_a_number() {
        let sum = 3 * i64::from(minute_of(0)) + 2 * i64::from(minute_of(1));
        let minutes = [Series::LightlyActive, Series::FairlyActive, Series::VeryActive]
            .map(|series| series.of_day(sum, Units::Metric));
        assert_eq!(minutes, [json!(3), json!(2), json!(0)]);
        assert_eq!([0, 1, sum, i64::from(minute_of(2))].map(highest), [0, 1, 2, 3]);
    }
}
