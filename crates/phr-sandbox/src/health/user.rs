//! `users/me/identity`, `profile`, `settings` and `pairedDevices`.

use serde_json::{Value, json};

use super::query::Query;
use crate::errors::{ApiError, ApiResult};
use crate::person::{Person, civil_date};
use crate::tracker::Tracker;
use crate::world::World;

pub(super) fn identity(person: &Person) -> String {
    json!({
        "name": "users/me/identity",
        "healthUserId": person.summary.health_user_id,
        "legacyUserId": person.summary.legacy_user_id,
    })
    .to_string()
}

pub(super) fn profile(person: &Person) -> String {
    let date = civil_date(person.begins);
    let age = 31 + (person.index % 40);
    json!({
        "name": "users/me/profile",
        "age": age,
        "membershipStartDate": {
            "year": date.year(), "month": date.month(), "day": date.day(),
        },
    })
    .to_string()
}

/// Units are display preferences; the zone is the account's, wherever the person is.
pub(super) fn settings(world: &World, person: &Person) -> String {
    let zone = &person.summary.time_zone;
    let now = world.clock().now();
    let offset = jiff::tz::TimeZone::get(zone).map_or(0, |zone| zone.to_offset(now).seconds());
    json!({
        "name": "users/me/settings",
        "timeZone": zone,
        "utcOffset": format!("{offset}s"),
        "languageLocale": "en_GB",
        "foodLanguageCode": "en-GB",
        "distanceUnit": "DISTANCE_UNIT_KILOMETERS",
        "weightUnit": "WEIGHT_UNIT_KILOGRAMS",
        "heightUnit": "HEIGHT_UNIT_CENTIMETERS",
        "glucoseUnit": "GLUCOSE_UNIT_MG_DL",
        "temperatureUnit": "TEMPERATURE_UNIT_CELSIUS",
        "swimUnit": "SWIM_UNIT_METERS",
        "waterUnit": "WATER_UNIT_ML",
        "autoStrideEnabled": true,
        "strideLengthWalkingType": "STRIDE_LENGTH_TYPE_AUTO",
        "strideLengthRunningType": "STRIDE_LENGTH_TYPE_DEFAULT",
    })
    .to_string()
}

/// One tracker; it fits every page.
pub(super) fn devices(world: &World, person: &Person, query: &Query) -> ApiResult<String> {
    query.page_size(5, 100)?;
    if query.get("pageToken").is_some() {
        return Err(ApiError::invalid_because("INVALID_PAGE_TOKEN", "Invalid page token."));
    }
    Ok(json!({ "pairedDevices": [tracker(world, person)] }).to_string())
}

pub(super) fn device(world: &World, person: &Person, id: &str) -> ApiResult<String> {
    let found = Tracker::id(person).to_string() == id;
    if found { Ok(tracker(world, person).to_string()) } else { Err(ApiError::not_found()) }
}

fn tracker(world: &World, person: &Person) -> Value {
    let tracker = Tracker::of(world, person);
    json!({
        "name": format!("users/{}/pairedDevices/{}", person.summary.health_user_id, tracker.id),
        "deviceType": "TRACKER",
        "deviceVersion": person.device,
        "batteryStatus": tracker.battery_word(),
        "batteryLevel": tracker.battery,
        "lastSyncTime": tracker.synced.to_string(),
        "macAddress": format!("{:012X}", tracker.id),
        "features": ["STEPS", "HEART_RATE", "SPO2", "SLEEP"],
    })
}
