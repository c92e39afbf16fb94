//! Heart rate: zones and resting rate by day, samples within a day.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::{Dates, Days, Hours, Window, clock};
use super::errors::Outcome;
use super::grid::means;
use super::units::rounded;
use crate::daily::{DailyValue, dailies};
use crate::data_type::DataType;
use crate::person::{Person, date_of_day, day_of_date};
use crate::point::{DAY, Family, MINUTE};
use crate::tally::visit_civil;
use crate::timeline::Timeline;
use crate::world::World;

/// 1,095 days by one client, 365 by another; the wider one.
const MOST: i64 = 1095;
const ROOT: &str = "activities-heart";

/// Name and bounds; the upper one belongs to the next zone.
const ZONES: [(&str, i64, i64); 4] =
    [("Out of Range", 30, 97), ("Fat Burn", 97, 121), ("Cardio", 121, 149), ("Peak", 149, 220)];

/// A minute costs so many millionths of a kilocalorie for each beat: invented, but it moves with
/// every sample, as the original did.
const PER_BEAT: i64 = 22_000;

/// Minutes and millionths of kilocalories in each zone.
type Zones = [(i64, i64); 4];

/// What a day comes to.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Day {
    /// None without samples.
    zones: Option<Zones>,
    pub(super) resting: Option<i64>,
}

impl Day {
    /// The zones; without samples they have bounds only.
    pub(super) fn zones(self) -> Vec<Value> {
        let zones = ZONES.iter().enumerate().map(|(index, (name, min, max))| {
            let mut zone = json!({ "name": name, "min": min, "max": max });
            if let Some((minutes, energy)) = self.zones.and_then(|zones| zones.get(index).copied())
            {
                zone["minutes"] = json!(minutes);
                #[expect(clippy::cast_precision_loss, reason = "a day's energy")]
                let energy = energy as f64 / 1e6;
                zone["caloriesOut"] = json!(rounded(energy, 5));
            }
            zone
        });
        zones.collect()
    }

    fn value(self) -> Value {
        let mut value = json!({ "customHeartRateZones": [], "heartRateZones": self.zones() });
        if let Some(resting) = self.resting {
            value["restingHeartRate"] = json!(resting);
        }
        value
    }

    fn is_void(self) -> bool {
        self.zones.is_none() && self.resting.is_none()
    }
}

/// The days that have any data.
pub(super) fn days(world: &World, person: &Person, days: Days, hours: Hours) -> BTreeMap<i64, Day> {
    let mut found: BTreeMap<i64, Day> = BTreeMap::new();
    let timeline = hours.of(Timeline::reconciled(world, person, DataType::HeartRate, Family::All));
    let mut minute = Minute::default();
    visit_civil(&timeline, &days.civil(), |civil, point| {
        let at = civil.div_euclid(MINUTE);
        if minute.at != at {
            minute.close(&mut found);
            minute = Minute { at, ..Minute::default() };
        }
        minute.sum += i64::from(point.value);
        minute.count += 1;
    });
    minute.close(&mut found);
    let resting = DataType::DailyRestingHeartRate;
    let span = (days.first, days.last + 1);
    for daily in dailies(world, person, resting, Family::All, span, usize::MAX) {
        if let DailyValue::Resting(bpm) = daily.value {
            found.entry(day_of_date(daily.date)).or_default().resting = Some(bpm);
        }
    }
    found
}

/// The samples of a minute of the wall clock.
#[derive(Debug, Default)]
struct Minute {
    at: i64,
    sum: i64,
    count: i64,
}

impl Minute {
    fn close(&self, days: &mut BTreeMap<i64, Day>) {
        if self.count == 0 {
            return;
        }
        let mean = (2 * self.sum + self.count) / (2 * self.count);
        let zone = ZONES.iter().rposition(|(_, min, _)| mean >= *min).unwrap_or(0);
        let day = days.entry((self.at * MINUTE).div_euclid(DAY)).or_default();
        let zones = day.zones.get_or_insert_default();
        if let Some((minutes, energy)) = zones.get_mut(zone) {
            *minutes += 1;
            *energy += self.sum * PER_BEAT / self.count;
        }
    }
}

/// Zones and resting rate of each day.
pub(super) fn daily(
    world: &World,
    person: &Person,
    dates: Dates<'_>,
    hours: Hours,
) -> Outcome<Answer> {
    let range = dates.resolve_from(hours.today(person, world.now_micros()), MOST)?;
    let found = days(world, person, range, hours);
    let rows: Vec<Value> = range.begun().map(|day| row(&found, day)).collect();
    let void = found.values().all(|day| day.is_void());
    Ok(Answer::from(json!({ ROOT: rows })).void_if(void, Some(ROOT), range.first_date()))
}

/// Minutes in the zones above the first, doubled above the second; days without any are missing.
pub(super) fn zone_minutes(world: &World, person: &Person, dates: Dates<'_>) -> Outcome<Answer> {
    const ROOT: &str = "activities-active-zone-minutes";
    let range = dates.resolve(person, world.now_micros(), MOST)?;
    let mut rows = Vec::new();
    for (day, found) in days(world, person, range, Hours::Local) {
        let Some([_, (fat, _), (cardio, _), (peak, _)]) = found.zones else { continue };
        let (cardio, peak) = (2 * cardio, 2 * peak);
        let total = fat + cardio + peak;
        let value = json!({
            "activeZoneMinutes": total,
            "cardioActiveZoneMinutes": cardio,
            "fatBurnActiveZoneMinutes": fat,
            "peakActiveZoneMinutes": peak,
        });
        if total > 0 {
            rows.push(json!({ "dateTime": date_of_day(day), "value": value }));
        }
    }
    let void = rows.is_empty();
    Ok(Answer::from(json!({ ROOT: rows })).void_if(void, Some(ROOT), range.first_date()))
}

fn row(found: &BTreeMap<i64, Day>, day: i64) -> Value {
    let value = found.get(&day).copied().unwrap_or_default().value();
    json!({ "dateTime": date_of_day(day), "value": value })
}

/// Samples (`1sec`) or means, under a head of one of two shapes.
pub(super) fn intraday(world: &World, person: &Person, window: Window<'_>) -> Outcome<Answer> {
    let levels = ["1sec", "1min", "5min", "15min"];
    let detail = window.resolve(person, world.now_micros(), &levels)?;
    let (hours, shown) = {
        let mood = &world.web_api().mood;
        (mood.repeated_hour, mood.sees_intraday())
    };
    let timeline = Timeline::reconciled(world, person, DataType::HeartRate, Family::All);
    let slots = means(&timeline, &detail, hours);
    let rows: Vec<Value> = if detail.timed {
        detail.days.begun().map(|day| timed_row(day, &slots)).collect()
    } else {
        let found = days(world, person, detail.days, Hours::Local);
        detail.days.begun().map(|day| row(&found, day)).collect()
    };
    let mut text = json!({ ROOT: rows }).to_string();
    if !shown {
        return Ok(Answer::written(text));
    }
    let (interval, kind) = detail.interval();
    text.pop();
    let _ = write!(text, ",\"{ROOT}-intraday\":{{\"dataset\":[");
    for (index, (civil, value)) in slots.iter().enumerate() {
        let joint = if index == 0 { "" } else { "," };
        let _ = write!(text, "{joint}{{\"time\":\"{}\",\"value\":{value}}}", clock(*civil));
    }
    let _ = write!(text, "],\"datasetInterval\":{interval},\"datasetType\":\"{kind}\"}}}}");
    let void = slots.is_empty();
    Ok(Answer::written(text).void_if(void, Some(ROOT), detail.days.first_date()))
}

/// Requests with times of day have the zones beside a value, which is the mean as text.
fn timed_row(day: i64, slots: &[(i64, i64)]) -> Value {
    let of_day = slots.iter().filter(|(civil, _)| super::grid::day_of(*civil) == day);
    let (sum, count) = of_day.fold((0, 0), |(sum, count), (_, bpm)| (sum + bpm, count + 1));
    #[expect(clippy::cast_precision_loss, reason = "a day of samples")]
    let mean = if count == 0 { 0.0 } else { sum as f64 / f64::from(count) };
    json!({
        "dateTime": date_of_day(day),
        "customHeartRateZones": [],
        "heartRateZones": [],
        "value": format!("{mean:.2}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_counts_in_the_zone_of_its_mean() {
        let mut days = BTreeMap::new();
        for (sum, count) in [(193, 2), (191, 2), (150, 1)] {
            Minute { at: 600, sum, count }.close(&mut days);
        }
        let zones = days[&0].zones();
        let minutes = zones.iter().map(|zone| zone["minutes"].as_i64());
        assert_eq!(minutes.collect::<Vec<_>>(), [1, 1, 0, 1].map(Some));
    }

    #[test]
    fn a_day_without_samples_has_zones_with_bounds_only() {
        let zones = Day::default().zones();
        assert_eq!(zones[1], json!({ "name": "Fat Burn", "min": 97, "max": 121 }));
    }
}
