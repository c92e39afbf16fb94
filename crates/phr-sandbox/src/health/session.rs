//! Nights and workouts, as Google prints them: without civil times, and with much that follows from
//! start, length and value alone.

use super::write::{PointWriter, put, timestamp};
use crate::data_type::DataType;
use crate::point::{MINUTE, Point, SECOND};

/// A night is summed up some time after its end.
const PROCESSING: i64 = 15 * MINUTE;
/// Sleep shorter than this has no stages.
const SHORTEST_NIGHT: i64 = 3 * 60 * MINUTE;
/// Workouts at least this long (seconds) are walks; the others are runs.
const WALKS: u16 = 3_600;

/// The members of a session, inside its object.
pub(super) fn write(writer: &PointWriter<'_>, out: &mut String, point: &Point) {
    out.push_str("\"interval\":{");
    stretch(writer, out, point.at, point.end());
    out.push_str("},");
    if writer.data_type == DataType::Sleep {
        night(writer, out, point);
    } else {
        workout(out, point);
    }
    put!(out, ",\"createTime\":");
    timestamp(out, point.end());
    put!(out, ",\"updateTime\":");
    timestamp(out, point.end() + PROCESSING);
}

fn stretch(writer: &PointWriter<'_>, out: &mut String, from: i64, to: i64) {
    let (start, end) = (writer.offsets.at(from), writer.offsets.at(to));
    out.push_str("\"startTime\":");
    timestamp(out, from);
    put!(out, ",\"startUtcOffset\":\"{start}s\",\"endTime\":");
    timestamp(out, to);
    put!(out, ",\"endUtcOffset\":\"{end}s\"");
}

fn night(writer: &PointWriter<'_>, out: &mut String, point: &Point) {
    let is_nap = point.end() - point.at < SHORTEST_NIGHT;
    let stages = stages(point, is_nap);
    put!(out, "\"type\":\"{}\",\"stages\":[", if is_nap { "CLASSIC" } else { "STAGES" });
    for (index, (name, from, to)) in stages.iter().enumerate() {
        out.push_str(if index == 0 { "{" } else { ",{" });
        stretch(writer, out, *from, *to);
        put!(out, ",\"type\":\"{name}\"}}");
    }
    out.push_str("],\"metadata\":{");
    if writer.now >= point.end() + PROCESSING {
        out.push_str("\"processed\":true,");
    }
    let (kind, status) = if is_nap { ("nap", "REJECTED_NAP") } else { ("mainSleep", "SUCCEEDED") };
    put!(out, "\"{kind}\":true,\"stagesStatus\":\"{status}\"}},\"summary\":{{");
    summary(out, point, &stages);
    out.push('}');
}

fn summary(out: &mut String, point: &Point, stages: &[(&'static str, i64, i64)]) {
    let length = (point.end() - point.at) / MINUTE;
    let minutes = |name: &str| {
        let named = stages.iter().filter(|(stage, ..)| *stage == name);
        named.map(|(_, from, to)| (to - from) / MINUTE).sum::<i64>()
    };
    put!(out, "\"minutesInSleepPeriod\":\"{length}\",\"minutesAsleep\":\"{}\"", point.value);
    put!(out, ",\"minutesAwake\":\"{}\",\"minutesToFallAsleep\":\"0\"", minutes("AWAKE"));
    out.push_str(",\"minutesAfterWakeUp\":\"0\",\"stagesSummary\":[");
    let mut names: Vec<&str> = stages.iter().map(|(name, ..)| *name).collect();
    names.sort_unstable();
    names.dedup();
    for (index, name) in names.into_iter().enumerate() {
        let count = stages.iter().filter(|(stage, ..)| *stage == name).count();
        let (joint, minutes) = (if index == 0 { "" } else { "," }, minutes(name));
        put!(out, "{joint}{{\"type\":\"{name}\",\"minutes\":\"{minutes}\",\"count\":\"{count}\"}}");
    }
    out.push(']');
}

/// One after the other from start to end, as long asleep as the value says.
fn stages(point: &Point, is_nap: bool) -> Vec<(&'static str, i64, i64)> {
    const CYCLE: [(&str, i64); 4] = [("LIGHT", 28), ("DEEP", 22), ("LIGHT", 18), ("REM", 20)];
    const NAP: [(&str, i64); 1] = [("ASLEEP", 600)];
    let cycle: &[(&'static str, i64)] = if is_nap { &NAP } else { &CYCLE };
    let length = (point.end() - point.at) / MINUTE;
    let mut asleep = i64::from(point.value).min(length);
    let mut awake = length - asleep;
    let mut stages = Vec::new();
    let mut at = point.at;
    let mut add = |name, minutes: i64| {
        if minutes > 0 {
            stages.push((name, at, at + minutes * MINUTE));
            at += minutes * MINUTE;
        }
    };
    let pause = awake.min(7);
    add("AWAKE", pause);
    awake -= pause;
    for (name, minutes) in cycle.iter().cycle() {
        let minutes = asleep.min(*minutes);
        add(name, minutes);
        asleep -= minutes;
        if asleep == 0 {
            break;
        }
        if *name == "REM" {
            let pause = awake.min(6);
            add("AWAKE", pause);
            awake -= pause;
        }
    }
    add("AWAKE", awake);
    stages
}

/// What a run or a walk of this length takes.
fn workout(out: &mut String, point: &Point) {
    let walks = point.span >= WALKS;
    let (kind, name) = if walks { ("WALKING", "Walk") } else { ("RUNNING", "Run") };
    let (energy, speed, pulse) = if walks { (52, 1_420, 104) } else { (118, 2_650, 151) };
    let seconds = i64::from(point.value);
    let swing = (point.at / SECOND).rem_euclid(9);
    put!(
        out,
        "\"exerciseType\":\"{kind}\",\"displayName\":\"{name}\",\"activeDuration\":\"{seconds}s\",\
         \"metricsSummary\":{{\"caloriesKcal\":{},\"distanceMillimeters\":{},\
         \"averageHeartRateBeatsPerMinute\":\"{}\"}},\"exerciseMetadata\":{{}}",
        seconds * energy / 600,
        seconds * speed,
        pulse + swing,
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::Source;

    fn night(minutes: u16, asleep: i32) -> Point {
        Point { at: 0, value: asleep, span: minutes * 60, source: Source::Derived }
    }

    #[test]
    fn the_stages_of_a_night_follow_each_other_and_add_up() {
        let stages = stages(&night(451, 410), false);
        assert!(stages.windows(2).all(|pair| pair[0].2 == pair[1].1), "{stages:?}");
        assert_eq!((stages[0].1, stages[stages.len() - 1].2), (0, 451 * MINUTE));
        let awake = stages.iter().filter(|(name, ..)| *name == "AWAKE");
        assert_eq!(awake.map(|(_, from, to)| to - from).sum::<i64>(), 41 * MINUTE);
    }

    #[test]
    fn nobody_sleeps_longer_than_they_lie() {
        let stages = stages(&night(30, 97), true);
        assert_eq!(stages, [("ASLEEP", 0, 30 * MINUTE)]);
    }
}
