//! Weigh-ins and readings of body fat, and the body series that have a value for every day.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::{Dates, clock};
use super::errors::Outcome;
use super::profile::height;
use super::units::{Units, rounded};
use crate::data_type::DataType;
use crate::person::{Person, civil_date, date_of_day};
use crate::point::{DAY, Family, SECOND, Source};
use crate::tally::visit_civil;
use crate::timeline::Timeline;
use crate::world::World;

/// Days of a request at most, of weigh-ins and of the weight series.
const MOST: i64 = 31;
/// The same of body fat.
const MOST_FAT: i64 = 30;
/// Days of the series of the body mass index.
const MOST_BMI: i64 = 1095;
/// The series carries a value on for so long.
const CARRIED: i64 = 366;

/// A time series of the body, which has a value for every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Weight,
    Bmi,
    Fat,
}

impl Body {
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Weight | Self::Bmi => DataType::Weight,
            Self::Fat => DataType::BodyFat,
        }
    }

    /// Root of the series, and days of a request at most.
    fn limits(self) -> (&'static str, i64) {
        match self {
            Self::Weight => ("body-weight", MOST),
            Self::Bmi => ("body-bmi", MOST_BMI),
            Self::Fat => ("body-fat", MOST_FAT),
        }
    }
}

/// One reading: wall clock in civil microseconds, milligrams or hundredths of a percent, and who
/// says so.
struct Reading {
    civil: i64,
    value: i64,
    source: Source,
}

impl Reading {
    /// Whole seconds; what a scale measures at once has the same.
    fn second(&self) -> i64 {
        self.civil.div_euclid(SECOND)
    }

    /// Percent, of a reading of fat.
    fn percent(&self) -> f64 {
        DataType::BodyFat.in_units(self.value)
    }

    /// A reading at 23:59:59 is one without time; its id is the wall clock in milliseconds.
    fn log(&self) -> Value {
        json!({
            "date": civil_date(self.civil),
            "logId": self.second() * 1_000,
            "source": source(self.source),
            "time": clock(self.civil),
        })
    }
}

fn readings(
    world: &World,
    person: &Person,
    data_type: DataType,
    civil: &Range<i64>,
) -> Vec<Reading> {
    let timeline = Timeline::reconciled(world, person, data_type, Family::All);
    let mut found = Vec::new();
    visit_civil(&timeline, civil, |civil, point| {
        found.push(Reading { civil, value: i64::from(point.value), source: point.source });
    });
    found
}

/// The weigh-ins, with the fat that was measured at the same moment.
pub(super) fn weights(
    world: &World,
    person: &Person,
    dates: Dates<'_>,
    units: Units,
) -> Outcome<Answer> {
    let days = dates.resolve(person, world.now_micros(), MOST)?;
    let decimals = world.web_api().mood.weight_decimals;
    let metres = height(world, person) / 100.0;
    let fat = readings(world, person, DataType::BodyFat, &days.civil());
    let fat: BTreeMap<i64, f64> =
        fat.iter().map(|reading| (reading.second(), reading.percent())).collect();
    let rows: Vec<Value> = readings(world, person, DataType::Weight, &days.civil())
        .iter()
        .map(|reading| {
            let mut log = reading.log();
            log["bmi"] = json!(bmi(metres, reading.value));
            log["weight"] = json!(units.weight(reading.value, decimals));
            if let Some(percent) = fat.get(&reading.second()) {
                log["fat"] = json!(percent);
            }
            log
        })
        .collect();
    let void = rows.is_empty();
    Ok(Answer::from(json!({ "weight": rows })).void_if(void, Some("weight"), days.first_date()))
}

/// The readings of body fat.
pub(super) fn fat(world: &World, person: &Person, dates: Dates<'_>) -> Outcome<Answer> {
    let days = dates.resolve(person, world.now_micros(), MOST_FAT)?;
    let rows: Vec<Value> = readings(world, person, DataType::BodyFat, &days.civil())
        .iter()
        .map(|reading| {
            let mut log = reading.log();
            log["fat"] = json!(reading.percent());
            log
        })
        .collect();
    let void = rows.is_empty();
    Ok(Answer::from(json!({ "fat": rows })).void_if(void, Some("fat"), days.first_date()))
}

/// `API` is what was typed in or came from elsewhere.
fn source(source: Source) -> &'static str {
    match source {
        Source::Scale => "Aria",
        _ => "API",
    }
}

#[expect(clippy::cast_precision_loss, reason = "a body's weight")]
fn bmi(metres: f64, milligrams: i64) -> f64 {
    rounded(milligrams as f64 / 1e6 / (metres * metres), 2)
}

/// A value for every day: the last reading is carried on. Not measurements.
pub(super) fn series(
    world: &World,
    person: &Person,
    body: Body,
    dates: Dates<'_>,
    units: Units,
) -> Outcome<Answer> {
    let (root, most) = body.limits();
    let days = dates.resolve(person, world.now_micros(), most)?;
    let decimals = world.web_api().mood.weight_decimals;
    let metres = height(world, person) / 100.0;
    let before = (days.first - CARRIED) * DAY..days.civil().end;
    let known = readings(world, person, body.data_type(), &before);
    let mut rows = Vec::new();
    for day in days.begun() {
        let reached = known.iter().take_while(|reading| reading.civil < (day + 1) * DAY);
        let Some(reading) = reached.last() else { continue };
        let value = match body {
            Body::Weight => units.weight(reading.value, decimals),
            Body::Bmi => bmi(metres, reading.value),
            Body::Fat => reading.percent(),
        };
        rows.push(json!({ "dateTime": date_of_day(day), "value": value.to_string() }));
    }
    let void = rows.is_empty();
    Ok(Answer::from(json!({ root: rows })).void_if(void, Some(root), days.first_date()))
}
