//! Workouts: the list, and those of a day in its summary.

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::{Days, clock, local};
use super::errors::Outcome;
use super::pages::Page;
use super::sleep::log_id;
use super::units::Units;
use crate::data_type::DataType;
use crate::person::{Person, civil_date, instant};
use crate::point::{DAY, Family, Point, SECOND};
use crate::sessions::{PROCESSING, Workout};
use crate::tally::{by_window, visit_civil};
use crate::timeline::Timeline;
use crate::world::World;

const WALK: u32 = 90_013;
const RUN: u32 = 90_009;

/// A workout with what the wall clock showed at its start, in civil microseconds.
struct Log {
    civil: i64,
    point: Point,
}

/// A page of all workouts, by their start, which has the offset of its time.
pub(super) fn list(
    world: &World,
    person: &Person,
    (path, query): (&str, &str),
    units: Units,
) -> Outcome<Answer> {
    let page = Page::asked(world, person, path, query)?;
    let logs = logs(world, person, &page.range());
    let (logs, pagination) = page.cut(world, logs);
    let rows: Vec<Value> = logs.iter().map(|log| log.listed(world, person, units)).collect();
    let body = json!({ "activities": rows, "pagination": pagination });
    let today = civil_date(super::dates::today(person, world.now_micros()) * DAY);
    Ok(Answer::from(body).void_if(logs.is_empty(), Some("activities"), today))
}

/// Those of a day, and the millimetres of all of them.
pub(super) fn of_day(world: &World, person: &Person, day: Days, units: Units) -> (Vec<Value>, i64) {
    let logs = logs(world, person, &day.civil());
    let way = logs.iter().map(|log| Workout::of(&log.point).millimetres).sum();
    (logs.iter().map(|log| log.summarised(world, person, units)).collect(), way)
}

fn logs(world: &World, person: &Person, civil: &std::ops::Range<i64>) -> Vec<Log> {
    let timeline = Timeline::reconciled(world, person, DataType::Exercise, Family::All);
    let mut logs = Vec::new();
    visit_civil(&timeline, civil, |civil, point| logs.push(Log { civil, point: *point }));
    logs
}

impl Log {
    /// What both forms have.
    fn common(&self, world: &World, person: &Person, units: Units) -> Value {
        let workout = Workout::of(&self.point);
        let modified = instant(self.point.end() + PROCESSING);
        json!({
            "activityName": workout.name(),
            "calories": workout.kilocalories,
            "distance": units.distance(workout.millimetres),
            "duration": i64::from(self.point.span) * 1_000,
            "hasActiveZoneMinutes": true,
            "lastModified": modified.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
            "logId": log_id(person, &self.point),
            "steps": self.steps(world, person),
        })
    }

    fn listed(&self, world: &World, person: &Person, units: Units) -> Value {
        let workout = Workout::of(&self.point);
        let mut row = self.common(world, person, units);
        let offset = (self.civil - self.point.at) / SECOND;
        let start = format!("{}.000{}", local(self.civil), written(offset));
        row["activeDuration"] = json!(workout.seconds * 1_000);
        row["activityTypeId"] = json!(type_id(workout));
        row["averageHeartRate"] = json!(workout.pulse);
        row["distanceUnit"] = json!(if units == Units::Us { "Mile" } else { "Kilometer" });
        row["logType"] = json!("auto_detected");
        row["originalDuration"] = row["duration"].clone();
        row["originalStartTime"] = json!(start);
        row["startTime"] = json!(start);
        row
    }

    fn summarised(&self, world: &World, person: &Person, units: Units) -> Value {
        let workout = Workout::of(&self.point);
        let mut row = self.common(world, person, units);
        row["activityId"] = json!(type_id(workout));
        row["description"] = json!("");
        row["hasStartTime"] = json!(true);
        row["isFavorite"] = json!(false);
        row["name"] = json!(workout.name());
        row["startDate"] = json!(civil_date(self.civil));
        row["startTime"] = json!(clock(self.civil)[..5]);
        row
    }

    fn steps(&self, world: &World, person: &Person) -> i64 {
        let range = self.point.at..self.point.end();
        let timeline = Timeline::reconciled(world, person, DataType::Steps, Family::All);
        let width = (range.end - range.start).max(SECOND);
        by_window(&timeline, &range, width).get(&0).map_or(0, |tally| tally.sum)
    }
}

fn type_id(workout: Workout) -> u32 {
    if workout.walks { WALK } else { RUN }
}

/// `-06:00` of seconds.
fn written(offset: i64) -> String {
    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_have_a_sign_and_minutes() {
        assert_eq!([-21_600, 0, 19_800].map(written), ["-06:00", "+00:00", "+05:30"]);
    }
}
