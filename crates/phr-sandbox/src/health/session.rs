//! Nights and workouts, as Google prints them: without civil times.

use super::write::{PointWriter, put, timestamp};
use crate::data_type::DataType;
use crate::point::Point;
use crate::sessions::{Night, PROCESSING, Stage, Workout};

/// The members of a session, inside its object.
pub(super) fn write(writer: &PointWriter<'_>, out: &mut String, point: &Point) {
    out.push_str("\"interval\":{");
    stretch(writer, out, point.at, point.end());
    out.push_str("},");
    if writer.data_type == DataType::Sleep {
        night(writer, out, &Night::of(writer.person, point));
    } else {
        workout(out, Workout::of(point));
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

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Asleep => "ASLEEP",
        Stage::Awake => "AWAKE",
        Stage::Deep => "DEEP",
        Stage::Light => "LIGHT",
        Stage::Rem => "REM",
    }
}

fn night(writer: &PointWriter<'_>, out: &mut String, night: &Night) {
    put!(out, "\"type\":\"{}\",\"stages\":[", if night.is_staged { "STAGES" } else { "CLASSIC" });
    for (index, part) in night.stretches.iter().enumerate() {
        out.push_str(if index == 0 { "{" } else { ",{" });
        stretch(writer, out, part.from, part.to);
        put!(out, ",\"type\":\"{}\"}}", name(part.stage));
    }
    out.push_str("],\"metadata\":{");
    if night.is_processed(writer.now) {
        out.push_str("\"processed\":true,");
    }
    let (kind, status) = match (night.is_nap, night.is_staged) {
        (true, _) => ("nap", "REJECTED_NAP"),
        (false, true) => ("mainSleep", "SUCCEEDED"),
        (false, false) => ("mainSleep", "REJECTED_COVERAGE"),
    };
    put!(out, "\"{kind}\":true,\"stagesStatus\":\"{status}\"}},\"summary\":{{");
    summary(out, night);
    out.push('}');
}

fn summary(out: &mut String, night: &Night) {
    let (length, asleep) = (night.length(), night.minutes_asleep());
    put!(out, "\"minutesInSleepPeriod\":\"{length}\",\"minutesAsleep\":\"{asleep}\"");
    let awake = night.minutes(Stage::Awake);
    put!(out, ",\"minutesAwake\":\"{awake}\",\"minutesToFallAsleep\":\"0\"");
    out.push_str(",\"minutesAfterWakeUp\":\"0\",\"stagesSummary\":[");
    for (index, stage) in night.stages().into_iter().enumerate() {
        let (joint, name) = (if index == 0 { "" } else { "," }, name(stage));
        let (minutes, count) = (night.minutes(stage), night.count(stage));
        put!(out, "{joint}{{\"type\":\"{name}\",\"minutes\":\"{minutes}\",\"count\":\"{count}\"}}");
    }
    out.push(']');
}

fn workout(out: &mut String, workout: Workout) {
    let (kind, name) = (if workout.walks { "WALKING" } else { "RUNNING" }, workout.name());
    put!(
        out,
        "\"exerciseType\":\"{kind}\",\"displayName\":\"{name}\",\"activeDuration\":\"{}s\",\
         \"metricsSummary\":{{\"caloriesKcal\":{},\"distanceMillimeters\":{},\
         \"averageHeartRateBeatsPerMinute\":\"{}\"}},\"exerciseMetadata\":{{}}",
        workout.seconds,
        workout.kilocalories,
        workout.millimetres,
        workout.pulse,
    );
}
