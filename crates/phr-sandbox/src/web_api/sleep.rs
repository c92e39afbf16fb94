//! Nights and naps (version 1.2 of the API).
//!
//! Times are those of the wall clock at the start of a session, all through to its end; its date is
//! the local one of its end.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};

use super::answer::Answer;
use super::dates::{Dates, Days, local};
use super::errors::Outcome;
use super::pages::Page;
use crate::data_type::DataType;
use crate::dice::Dice;
use crate::person::{Person, civil_date};
use crate::point::{DAY, Family, MINUTE, Point, SECOND, Source};
use crate::sessions::{Night, Stage, Stretch};
use crate::timeline::{LONGEST, Timeline};
use crate::world::World;

/// Days of a request at most.
const MOST: i64 = 100;
/// Awake no longer than this lies over the other stages, in `shortData`.
const BRIEF: i64 = 3 * MINUTE;
/// Milliseconds after which a pending night is to be asked for again.
const RETRY_AFTER: u32 = 3_000;
/// No zone is further from UTC.
const MARGIN: i64 = 15 * 3600 * SECOND;

/// A session with its place in local time.
struct Log {
    night: Night,
    /// Seconds from UTC at the start.
    offset: i32,
    /// What the wall clock showed at the end, in civil microseconds.
    woke: i64,
    is_main: bool,
}

/// The sessions of each date, newest first; a single date has a summary.
pub(super) fn by_date(world: &World, person: &Person, dates: Dates<'_>) -> Outcome<Answer> {
    let days = dates.resolve(person, world.now_micros(), MOST)?;
    let (logs, is_pending) = logs(world, person, &days.civil());
    if is_pending && world.web_api().mood.sleep_pending {
        let meta = json!({ "retryDuration": RETRY_AFTER, "state": "pending" });
        return Ok(Answer::from(json!({ "meta": meta })));
    }
    let rows: Vec<Value> = logs.iter().rev().map(|log| log.document(person)).collect();
    let mut body = json!({ "sleep": rows });
    if let Dates::One(_) = dates {
        body["summary"] = summary(&logs);
    }
    Ok(Answer::from(body).void_if(logs.is_empty(), Some("sleep"), days.first_date()))
}

/// A page of all sessions, by their end.
pub(super) fn list(world: &World, person: &Person, path: &str, query: &str) -> Outcome<Answer> {
    let page = Page::asked(world, person, path, query)?;
    let (logs, _) = logs(world, person, &page.range());
    let (logs, pagination) = page.cut(world, logs);
    let rows: Vec<Value> = logs.iter().map(|log| log.document(person)).collect();
    let body = json!({ "pagination": pagination, "sleep": rows });
    let today = civil_date(super::dates::today(person, world.now_micros()) * DAY);
    Ok(Answer::from(body).void_if(logs.is_empty(), Some("sleep"), today))
}

/// Minutes in bed of each day on which there are any.
pub(super) fn minutes_in_bed(world: &World, person: &Person, days: Days) -> BTreeMap<i64, i64> {
    let mut minutes = BTreeMap::new();
    let range = days.civil();
    for log in logs(world, person, &(range.start..range.end + DAY)).0 {
        let end = log.civil(log.night.point.end());
        let mut from = log.civil(log.night.point.at);
        while from < end {
            let day = from.div_euclid(DAY);
            let to = end.min((day + 1) * DAY);
            *minutes.entry(day).or_insert(0) += (to - from) / MINUTE;
            from = to;
        }
    }
    minutes
}

/// The sessions that ended while the wall clock showed a time within `civil`, ascending; and whether
/// there is one more that is not summed up yet.
fn logs(world: &World, person: &Person, civil: &Range<i64>) -> (Vec<Log>, bool) {
    let timeline = Timeline::reconciled(world, person, DataType::Sleep, Family::All);
    let started = civil.start.saturating_sub(MARGIN + LONGEST)..civil.end.saturating_add(MARGIN);
    let offsets = timeline.offsets(&started);
    let (mut logs, mut is_pending) = (Vec::new(), false);
    timeline.visit(&started, |point| {
        let woke = offsets.civil(point.end());
        if !civil.contains(&woke) {
            return;
        }
        let night = Night::of(person, point);
        if !night.is_processed(timeline.now) {
            is_pending = true;
            return;
        }
        logs.push(Log { night, offset: offsets.at(point.at), woke, is_main: false });
    });
    for date in logs.chunk_by_mut(|a, b| a.woke.div_euclid(DAY) == b.woke.div_euclid(DAY)) {
        let longest = date.iter_mut().filter(|log| !log.night.is_nap);
        if let Some(log) = longest.max_by_key(|log| log.night.length()) {
            log.is_main = true;
        }
    }
    (logs, is_pending)
}

fn summary(logs: &[Log]) -> Value {
    let total = |count: fn(&Night) -> i64| logs.iter().map(|log| count(&log.night)).sum::<i64>();
    let mut summary = json!({
        "totalMinutesAsleep": total(Night::minutes_asleep),
        "totalSleepRecords": logs.len(),
        "totalTimeInBed": total(Night::length),
    });
    if logs.iter().any(|log| log.night.is_staged) {
        let staged = || logs.iter().filter(|log| log.night.is_staged);
        let minutes = |stage| staged().map(|log| log.night.minutes(stage)).sum::<i64>();
        summary["stages"] = json!({
            "deep": minutes(Stage::Deep),
            "light": minutes(Stage::Light),
            "rem": minutes(Stage::Rem),
            "wake": minutes(Stage::Awake),
        });
    }
    summary
}

impl Log {
    /// Civil microseconds of an instant by the clock at the start.
    fn civil(&self, instant: i64) -> i64 {
        instant + i64::from(self.offset) * SECOND
    }

    fn time(&self, instant: i64) -> String {
        format!("{}.000", local(self.civil(instant)))
    }

    fn document(&self, person: &Person) -> Value {
        let (night, point) = (&self.night, &self.night.point);
        let (length, asleep) = (night.length(), night.minutes_asleep());
        json!({
            "dateOfSleep": civil_date(self.woke),
            "duration": i64::from(point.span) * 1_000,
            "efficiency": (asleep * 100 / length.max(1)).min(100),
            "endTime": self.time(point.end()),
            "infoCode": if night.is_staged { 0 } else { 1 + i32::from(night.is_nap) },
            "isMainSleep": self.is_main,
            "levels": self.levels(),
            "logId": log_id(person, point),
            "logType": if point.source == Source::Manual { "manual" } else { "auto_detected" },
            "minutesAfterWakeup": 0,
            "minutesAsleep": asleep,
            "minutesAwake": night.minutes(Stage::Awake),
            "minutesToFallAsleep": 0,
            "startTime": self.time(point.at),
            "timeInBed": length,
            "type": if night.is_staged { "stages" } else { "classic" },
        })
    }

    fn levels(&self) -> Value {
        let night = &self.night;
        let rows = |parts: &[Stretch]| -> Vec<Value> {
            let row = |part: &Stretch| {
                let (time, level) = (self.time(part.from), level(part.stage, night.is_staged));
                let seconds = (part.to - part.from) / SECOND;
                json!({ "dateTime": time, "level": level, "seconds": seconds })
            };
            parts.iter().map(row).collect()
        };
        if !night.is_staged {
            let parts = [Stage::Asleep, Stage::Awake];
            let mut summary = json!({ "restless": { "count": 0, "minutes": 0 } });
            for stage in parts {
                let (count, minutes) = (night.count(stage), night.minutes(stage));
                summary[level(stage, false)] = json!({ "count": count, "minutes": minutes });
            }
            return json!({ "data": rows(&night.stretches), "summary": summary });
        }
        let (data, brief) = overlaid(&night.stretches);
        let mut summary = json!({});
        for stage in [Stage::Deep, Stage::Light, Stage::Rem, Stage::Awake] {
            let (count, minutes) = (night.count(stage), night.minutes(stage));
            summary[level(stage, true)] =
                json!({ "count": count, "minutes": minutes, "thirtyDayAvgMinutes": 0 });
        }
        json!({ "data": rows(&data), "shortData": rows(&brief), "summary": summary })
    }
}

/// Whoever is awake for a moment is not told in `data`: the stage before goes on there.
fn overlaid(stretches: &[Stretch]) -> (Vec<Stretch>, Vec<Stretch>) {
    let (mut data, mut brief) = (Vec::<Stretch>::new(), Vec::new());
    for part in stretches {
        let is_brief = part.stage == Stage::Awake && part.to - part.from <= BRIEF;
        match data.last_mut() {
            Some(last) if is_brief || last.stage == part.stage => {
                last.to = part.to;
                if is_brief {
                    brief.push(*part);
                }
            }
            _ => data.push(*part),
        }
    }
    (data, brief)
}

fn level(stage: Stage, is_staged: bool) -> &'static str {
    match stage {
        Stage::Asleep => "asleep",
        Stage::Awake if is_staged => "wake",
        Stage::Awake => "awake",
        Stage::Deep => "deep",
        Stage::Light => "light",
        Stage::Rem => "rem",
    }
}

/// Beyond 2^53, and another one after an edit.
pub(super) fn log_id(person: &Person, point: &Point) -> u64 {
    let user = person.summary.health_user_id.parse().unwrap_or(0);
    let value = i64::from(point.value).cast_unsigned();
    let parts = [user, point.at.cast_unsigned(), point.source as u64, value, 0x10C];
    Dice::new(&parts).roll() % 90_000_000_000_000_000 + 10_000_000_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(stage: Stage, from: i64, to: i64) -> Stretch {
        Stretch { stage, from: from * MINUTE, to: to * MINUTE }
    }

    #[test]
    fn brief_awakenings_lie_over_the_stage_before_them() {
        let night = [
            part(Stage::Awake, 0, 7),
            part(Stage::Light, 7, 30),
            part(Stage::Awake, 30, 33),
            part(Stage::Light, 33, 40),
            part(Stage::Awake, 40, 44),
        ];
        let (data, brief) = overlaid(&night);
        assert_eq!(data, [night[0], part(Stage::Light, 7, 40), night[4]]);
        assert_eq!(brief, [night[2]]);
    }

    #[test]
    fn a_night_that_begins_with_a_moment_awake_begins_so() {
        let night = [part(Stage::Awake, 0, 2), part(Stage::Light, 2, 30)];
        assert_eq!(overlaid(&night), (night.to_vec(), Vec::new()));
    }
}
