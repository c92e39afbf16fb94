//! The summary of one day.

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::{Dates, Hours};
use super::errors::Outcome;
use super::heart;
use super::series::{self, Series};
use super::units::Units;
use super::workouts;
use crate::oauth::Scopes;
use crate::person::Person;
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
    let of = |series: Series| series::of_day(world, person, series, day, units);
    let (workouts, way) = workouts::of_day(world, person, day, units);
    let (distance, calories) = (of(Series::Distance), of(Series::Calories));
    let logged = json!(units.distance(way));
    let distances = [("total", &distance), ("tracker", &distance), ("loggedActivities", &logged)]
        .map(|(name, distance)| json!({ "activity": name, "distance": distance }));
    let (active, total) = (of(Series::ActivityCalories), calories.as_i64().unwrap_or(0));
    let basal = total - active.as_i64().unwrap_or(0);
    let mut summary = json!({
        "activeScore": -1,
        "activityCalories": active,
        "caloriesBMR": basal,
        "caloriesOut": calories,
        "distances": distances,
        "elevation": of(Series::Elevation),
        "fairlyActiveMinutes": of(Series::FairlyActive),
        "floors": of(Series::Floors),
        "lightlyActiveMinutes": of(Series::LightlyActive),
        "marginalCalories": active,
        "sedentaryMinutes": of(Series::Sedentary),
        "steps": of(Series::Steps),
        "veryActiveMinutes": of(Series::VeryActive),
    });
    if scopes.contains("heartrate") {
        let heart = heart::days(world, person, day, Hours::Local);
        let heart = heart.get(&day.first).copied().unwrap_or_default();
        summary["heartRateZones"] = json!(heart.zones());
        if let Some(resting) = heart.resting {
            summary["restingHeartRate"] = json!(resting);
        }
    }
    let mut body = json!({ "activities": workouts, "summary": summary });
    if (0..=21).contains(&(day.today - day.first)) {
        body["goals"] = goals(units);
    }
    Ok(Answer::from(body))
}

fn goals(units: Units) -> Value {
    let distance = units.distance(8_050_000);
    json!({
        "activeMinutes": 30, "caloriesOut": 2400, "distance": distance, "floors": 10, "steps": 9000,
    })
}
