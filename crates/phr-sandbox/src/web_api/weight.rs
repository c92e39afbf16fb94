//! Weigh-ins, and the body series that has a value for every day.

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::{Dates, clock};
use super::errors::Outcome;
use super::profile::height;
use super::route::Body;
use super::units::{Units, rounded};
use crate::data_type::DataType;
use crate::person::{Person, civil_date, date_of_day};
use crate::point::{DAY, Family, SECOND, Source};
use crate::tally::visit_civil;
use crate::timeline::Timeline;
use crate::world::World;

/// Days of a request at most, of logs and of the weight series.
const MOST: i64 = 31;
/// Days of the series of the body mass index.
const MOST_BMI: i64 = 1095;
/// The series carries a weight on for so long.
const CARRIED: i64 = 366;

/// One weigh-in: wall clock in civil microseconds, milligrams, and who says so.
struct WeighIn {
    civil: i64,
    milligrams: i64,
    source: Source,
}

fn weigh_ins(world: &World, person: &Person, civil: &std::ops::Range<i64>) -> Vec<WeighIn> {
    let timeline = Timeline::reconciled(world, person, DataType::Weight, Family::All);
    let mut found = Vec::new();
    visit_civil(&timeline, civil, |civil, point| {
        let milligrams = i64::from(point.value);
        found.push(WeighIn { civil, milligrams, source: point.source });
    });
    found
}

/// The logs. A weigh-in at 23:59:59 is one without time; its id is the wall clock in milliseconds.
pub(super) fn log(
    world: &World,
    person: &Person,
    dates: Dates<'_>,
    units: Units,
) -> Outcome<Answer> {
    let days = dates.resolve(person, world.now_micros(), MOST)?;
    let decimals = world.web_api().mood.weight_decimals;
    let rows: Vec<Value> = weigh_ins(world, person, &days.civil())
        .iter()
        .map(|weigh_in| {
            json!({
                "bmi": bmi(person, weigh_in.milligrams),
                "date": civil_date(weigh_in.civil),
                "logId": weigh_in.civil.div_euclid(SECOND) * 1_000,
                "source": source(weigh_in.source),
                "time": clock(weigh_in.civil),
                "weight": units.weight(weigh_in.milligrams, decimals),
            })
        })
        .collect();
    let void = rows.is_empty();
    Ok(Answer::from(json!({ "weight": rows })).void_if(void, Some("weight"), days.first_date()))
}

/// `API` is what was typed in or came from elsewhere.
fn source(source: Source) -> &'static str {
    match source {
        Source::Scale => "Aria",
        _ => "API",
    }
}

#[expect(clippy::cast_precision_loss, reason = "a body's weight")]
fn bmi(person: &Person, milligrams: i64) -> f64 {
    let metres = height(person) / 100.0;
    rounded(milligrams as f64 / 1e6 / (metres * metres), 2)
}

/// A value for every day: the last weigh-in is carried on. Not measurements.
pub(super) fn series(
    world: &World,
    person: &Person,
    body: Body,
    dates: Dates<'_>,
    units: Units,
) -> Outcome<Answer> {
    let (root, most) = match body {
        Body::Weight => ("body-weight", MOST),
        Body::Bmi => ("body-bmi", MOST_BMI),
    };
    let days = dates.resolve(person, world.now_micros(), most)?;
    let decimals = world.web_api().mood.weight_decimals;
    let known = weigh_ins(world, person, &((days.first - CARRIED) * DAY..days.civil().end));
    let mut rows = Vec::new();
    for day in days.begun() {
        let reached = known.iter().take_while(|weigh_in| weigh_in.civil < (day + 1) * DAY);
        let Some(weigh_in) = reached.last() else { continue };
        let value = match body {
            Body::Weight => units.weight(weigh_in.milligrams, decimals),
            Body::Bmi => bmi(person, weigh_in.milligrams),
        };
        rows.push(json!({ "dateTime": date_of_day(day), "value": value.to_string() }));
    }
    let void = rows.is_empty();
    Ok(Answer::from(json!({ root: rows })).void_if(void, Some(root), days.first_date()))
}
