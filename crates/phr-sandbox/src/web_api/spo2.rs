//! Oxygen saturation, measured in the main sleep: the date is that of waking.

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::{Dates, local};
use super::errors::Outcome;
use super::units::rounded;
use crate::daily::{DailyValue, dailies, night};
use crate::data_type::DataType;
use crate::person::{Person, date_of_day};
use crate::point::Family;
use crate::timeline::Timeline;
use crate::world::World;

/// No limit is documented for daily values; minutes are limited to 30 days.
const MOST: i64 = 1095;
const MOST_DETAILED: i64 = 30;

/// Mean and bounds of each night.
pub(super) fn daily(world: &World, person: &Person, dates: Dates<'_>) -> Outcome<Answer> {
    let days = dates.resolve(person, world.now_micros(), MOST)?;
    let data_type = DataType::DailyOxygenSaturation;
    let span = (days.first, days.last + 1);
    let mut rows: Vec<Value> = dailies(world, person, data_type, Family::All, span, usize::MAX)
        .into_iter()
        .filter_map(|daily| match daily.value {
            // A mean that cannot be computed leaves a day without value.
            DailyValue::Saturation { average, .. } if average.is_nan() => {
                Some(json!({ "dateTime": daily.date }))
            }
            DailyValue::Saturation { average, low, high, .. } => {
                let value = json!({
                    "avg": rounded(average, 1), "min": rounded(low, 1), "max": rounded(high, 1),
                });
                Some(json!({ "dateTime": daily.date, "value": value }))
            }
            _ => None,
        })
        .collect();
    rows.reverse();
    Ok(bare(rows, dates).void_or(days.first_date()))
}

/// The readings of each night.
pub(super) fn minutes(world: &World, person: &Person, dates: Dates<'_>) -> Outcome<Answer> {
    let days = dates.resolve(person, world.now_micros(), MOST_DETAILED)?;
    let shown = world.web_api().mood.sees_intraday();
    let rows: Vec<Value> = days
        .begun()
        .filter(|_| shown)
        .filter_map(|day| {
            let minutes = night_of(world, person, day);
            (!minutes.is_empty())
                .then(|| json!({ "dateTime": date_of_day(day), "minutes": minutes }))
        })
        .collect();
    Ok(bare(rows, dates).void_or(days.first_date()))
}

fn night_of(world: &World, person: &Person, day: i64) -> Vec<Value> {
    let Some(night) = night(world, person, date_of_day(day)) else { return Vec::new() };
    let readings = DataType::OxygenSaturation;
    let timeline = Timeline::reconciled(world, person, readings, Family::All);
    let offsets = person.whereabouts.offsets(night.start, night.end);
    let mut minutes = Vec::new();
    timeline.visit(&night, |point| {
        let value = readings.in_units(i64::from(point.value));
        minutes.push(json!({ "minute": local(offsets.civil(point.at)), "value": value }));
    });
    minutes
}

/// One date gives the object itself, a range an array.
struct Bare(Value, bool);

fn bare(mut rows: Vec<Value>, dates: Dates<'_>) -> Bare {
    let void = rows.is_empty();
    match dates {
        Dates::One(_) => Bare(rows.pop().unwrap_or_else(|| json!({})), void),
        Dates::Two(..) => Bare(json!(rows), void),
    }
}

impl Bare {
    fn void_or(self, first: jiff::civil::Date) -> Answer {
        Answer::from(self.0).void_if(self.1, None, first)
    }
}
