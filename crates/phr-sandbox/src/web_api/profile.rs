//! Profile and devices.

use serde_json::json;

use super::answer::Answer;
use super::dates::local;
use super::grid::wall_clock;
use super::units::Units;
use crate::data_type::DataType;
use crate::dice::Dice;
use crate::person::{Person, civil_date};
use crate::point::Family;
use crate::timeline::Timeline;
use crate::tracker::Tracker;
use crate::world::World;

/// In centimetres; of people who never told it, one that follows from their id.
pub(super) fn height(world: &World, person: &Person) -> f64 {
    told_height(world, person).unwrap_or_else(|| invented_height(person))
}

/// The last one that was typed in, in centimetres.
fn told_height(world: &World, person: &Person) -> Option<f64> {
    let timeline = Timeline::reconciled(world, person, DataType::Height, Family::All);
    let last = timeline.days(&(i64::MIN..i64::MAX)).rev().find_map(|day| {
        let chunk = timeline.chunk(day);
        chunk.last().copied()
    });
    last.map(|point| f64::from(point.value) / 10.0)
}

fn invented_height(person: &Person) -> f64 {
    let letters: Vec<u64> = person.summary.legacy_user_id.bytes().map(u64::from).collect();
    let mut dice = Dice::new(&[&[0x4E1], &letters[..]].concat());
    f64::from(dice.between(1_560, 1_890)) / 10.0
}

/// The zone is where the person is: phones tell the account. Units are display preferences.
pub(super) fn profile(world: &World, person: &Person, units: Units) -> Answer {
    let now = world.clock().now();
    let zone = person.whereabouts.zone(now);
    let name = zone.iana_name().unwrap_or("UTC");
    let age = 31 + (person.index % 40);
    let mut user = json!({
        "age": age,
        "clockTimeDisplayFormat": "24hour",
        "displayName": person.summary.name,
        "distanceUnit": "METRIC",
        "encodedId": person.summary.legacy_user_id,
        "fullName": person.summary.name,
        "heightUnit": "METRIC",
        "locale": "en_US",
        "memberSince": civil_date(wall_clock(person, person.begins)),
        "offsetFromUTCMillis": i64::from(zone.to_offset(now).seconds()) * 1_000,
        "startDayOfWeek": "MONDAY",
        "timezone": name,
        "weightUnit": "en_US",
    });
    if let Some(height) = told_height(world, person) {
        user["height"] = json!(units.height(height));
    }
    Answer::from(json!({ "user": user }))
}

/// One tracker; its last sync is what the wall clock showed.
pub(super) fn devices(world: &World, person: &Person) -> Answer {
    let tracker = Tracker::of(world, person);
    let synced = wall_clock(person, tracker.synced.as_microsecond());
    Answer::from(json!([{
        "battery": tracker.battery_word(),
        "batteryLevel": tracker.battery,
        "deviceVersion": person.device,
        "features": [],
        "id": tracker.id.to_string(),
        "lastSyncTime": format!("{}.000", local(synced)),
        "mac": format!("{:012X}", tracker.id),
        "type": "TRACKER",
    }]))
}
