//! The summary of one day.

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::{Dates, Days};
use super::errors::Outcome;
use super::heart;
use super::series::Series;
use super::units::Units;
use crate::oauth::Scopes;
use crate::person::Person;
use crate::point::Family;
use crate::tally::by_date;
use crate::timeline::Timeline;
use crate::world::World;

/// Sums of the day; zeros without data. Goals only come for the last three weeks.
pub(super) fn day(
    world: &World,
    person: &Person,
    date: &str,
    units: Units,
    scopes: &Scopes,
) -> Outcome<Answer> {
    let day = Dates::One(date).resolve(person, world.now_micros(), 1)?;
    let of = |series: Series| series.of_day(sum(world, person, series, day), units);
    let (distance, calories) = (of(Series::Distance), of(Series::Calories));
    let distances =
        ["total", "tracker"].map(|name| json!({ "activity": name, "distance": distance }));
    let (active, total) = (of(Series::ActivityCalories), calories.as_i64().unwrap_or(0));
    let basal = total - active.as_i64().unwrap_or(0);
    let mut summary = json!({
        "activeScore": -1,
        "activityCalories": active,
        "caloriesBMR": basal,
        "caloriesOut": calories,
        "distances": distances,
        "steps": of(Series::Steps),
    });
    if scopes.contains("heartrate") {
        let heart = heart::days(world, person, day).remove(&day.first).unwrap_or_default();
        summary["heartRateZones"] = json!(heart.zones());
        if let Some(resting) = heart.resting {
            summary["restingHeartRate"] = json!(resting);
        }
    }
    let mut body = json!({ "activities": [], "summary": summary });
    if (0..=21).contains(&(day.today - day.first)) {
        body["goals"] = goals(units);
    }
    Ok(Answer::from(body))
}

fn sum(world: &World, person: &Person, series: Series, day: Days) -> i64 {
    let timeline = Timeline::reconciled(world, person, series.data_type(), Family::All);
    by_date(&timeline, &day.civil()).get(&day.first).map_or(0, |tally| tally.sum)
}

fn goals(units: Units) -> Value {
    let distance = units.distance(8_050_000);
    json!({ "activeMinutes": 30, "caloriesOut": 2400, "distance": distance, "steps": 9000 })
}
