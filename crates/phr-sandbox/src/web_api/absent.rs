//! Endpoints that exist and have nothing to say.

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::Dates;
use super::errors::Outcome;
use super::route::Absent;
use crate::person::{Person, civil_date};
use crate::point::DAY;
use crate::world::World;

/// An empty list, in the endpoint's own form. Ranges are checked all the same.
pub(super) fn nothing(
    world: &World,
    person: &Person,
    absent: Absent,
    dates: Option<Dates<'_>>,
) -> Outcome<Answer> {
    let (_, _, root, most) = absent.facts();
    let days = dates.map(|dates| dates.resolve(person, world.now_micros(), most)).transpose()?;
    let mut body = json!({ root: [] });
    match (absent, dates) {
        (Absent::SleepList, _) => body["pagination"] = pagination(),
        (Absent::Sleep, Some(Dates::One(_))) => {
            body["summary"] =
                json!({ "totalMinutesAsleep": 0, "totalSleepRecords": 0, "totalTimeInBed": 0 });
        }
        _ => {}
    }
    let first = days.map_or(world.now_micros().div_euclid(DAY), |days| days.first);
    Ok(Answer::from(body).void_if(true, Some(root), civil_date(first * DAY)))
}

/// The emulated people's outings are not recognised as activities.
pub(super) fn activity_log() -> Answer {
    Answer::from(json!({ "activities": [], "pagination": pagination() }))
}

fn pagination() -> Value {
    json!({ "limit": 100, "next": "", "offset": 0, "previous": "", "sort": "asc" })
}
