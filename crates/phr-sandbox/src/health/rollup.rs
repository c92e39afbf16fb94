//! `rollUp`: windows of physical time (page "Aggregate data", and as measured live).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::body::{self, Object};
use super::list::parse_family;
use super::write::{self, put};
use crate::data_type::{DataType, RollUp};
use crate::errors::{ApiError, ApiResult};
use crate::levels;
use crate::person::Person;
use crate::point::{DAY, Family};
use crate::tally::{Tally, by_window};
use crate::timeline::Timeline;
use crate::world::World;

/// `POST ...:rollUp`.
pub(super) fn roll_up(
    world: &World,
    person: &Person,
    data_type: DataType,
    body: &[u8],
) -> ApiResult<String> {
    let body = body::parse(body)?;
    let known = ["range", "windowSize", "pageSize", "pageToken", "dataSourceFamily"];
    let root = Object::root(&body, &known)?;
    let (start, end) = range(&root)?;
    let width = width(&root)?;
    let family = body_family(&root)?;
    refuse_token(&root)?;
    check_duration(data_type, end - start)?;
    check_page_size(data_type, root.int32("pageSize")?, end - start, width)?;
    let timeline = Timeline::reconciled(world, person, data_type, family);
    let windows = by_window(&timeline, &(start..end), width);
    Ok(points(windows.iter().rev(), |out, index| {
        let from = start + index * width;
        out.push_str("\"startTime\":");
        write::timestamp(out, from);
        out.push_str(",\"endTime\":");
        write::timestamp(out, (from + width).min(end));
        data_type
    }))
}

/// `{"rollupDataPoints":[...]}`, each with the times that `head` writes; `{}` for nothing.
pub(super) fn points<'a>(
    windows: impl Iterator<Item = (&'a i64, &'a Tally)>,
    head: impl Fn(&mut String, i64) -> DataType,
) -> String {
    let mut out = String::from("{");
    for (index, tally) in windows {
        out.push_str(if out.len() == 1 { "\"rollupDataPoints\":[{" } else { ",{" });
        let data_type = head(&mut out, *index);
        put!(out, ",\"{}\":{{", data_type.member());
        value(&mut out, data_type, tally);
        out.push_str("}}");
    }
    if out.len() > 1 {
        out.push(']');
    }
    out.push('}');
    out
}

/// The value of a window; a true zero has no member.
#[expect(clippy::cast_precision_loss, reason = "a count of samples")]
fn value(out: &mut String, data_type: DataType, tally: &Tally) {
    let mean = data_type.in_units(tally.sum) / tally.count as f64;
    match data_type.roll_up() {
        RollUp::WholeSum(_) | RollUp::Sum(_) | RollUp::Levels if tally.sum == 0 => {}
        RollUp::Levels => {
            out.push_str("\"activeMinutesRollupByActivityLevel\":[");
            let minutes = levels::unpacked(tally.sum);
            let some = levels::NAMES.into_iter().zip(minutes).filter(|(_, minutes)| *minutes > 0);
            for (index, (name, minutes)) in some.enumerate() {
                let joint = if index == 0 { "" } else { "," };
                put!(
                    out,
                    "{joint}{{\"activityLevel\":\"{name}\",\"activeMinutesSum\":\"{minutes}\"}}"
                );
            }
            out.push(']');
        }
        RollUp::WholeSum(member) => put!(out, "\"{member}\":\"{}\"", tally.sum),
        RollUp::Sum(member) => {
            put!(out, "\"{member}\":");
            write::decimal(out, tally.sum, data_type.digits());
        }
        RollUp::Mean(member) => {
            put!(out, "\"{member}\":");
            write::double(out, mean);
        }
        RollUp::MeanMaxMin(prefix) => {
            put!(out, "\"{prefix}Avg\":");
            write::double(out, mean);
            put!(out, ",\"{prefix}Max\":{},\"{prefix}Min\":{}", tally.max, tally.min);
        }
    }
}

fn range(root: &Object<'_>) -> ApiResult<(i64, i64)> {
    let range = root.object("range", &["startTime", "endTime"])?;
    let missing = || {
        ApiError::invalid_because(
            "INVALID_TIME_RANGE_INTERVAL_FORMAT",
            "The range must have a start time and an end time",
        )
    };
    let range = range.ok_or_else(missing)?;
    let time = |name| {
        let text = range.text(name)?.ok_or_else(missing)?;
        let parsed = Some(text).filter(|text| text.contains('T'));
        let parsed = parsed.and_then(|text| text.parse::<Timestamp>().ok());
        let kind = "type.googleapis.com/google.protobuf.Timestamp";
        parsed
            .map(Timestamp::as_microsecond)
            .ok_or_else(|| range.wrong(name, kind, &Value::from(text)))
    };
    let (start, end) = (time("startTime")?, time("endTime")?);
    if end <= start {
        return Err(ApiError::invalid_because(
            "INVALID_TIME_RANGE",
            "Query end time must be strictly larger than start time",
        ));
    }
    Ok((start, end))
}

/// `"3600s"`; at least a second, in microseconds.
fn width(root: &Object<'_>) -> ApiResult<i64> {
    let refused = |text: &str| {
        ApiError::invalid_because("INVALID_ROLLUP_WINDOW", format!("Invalid window size: {text}"))
    };
    let text = root.text("windowSize")?.ok_or_else(|| refused("it is missing"))?;
    let kind = "type.googleapis.com/google.protobuf.Duration";
    let seconds = text.strip_suffix('s').and_then(|number| number.parse::<f64>().ok());
    let seconds = seconds.filter(|seconds| seconds.is_finite() && seconds.abs() < 1e9);
    let seconds = seconds.ok_or_else(|| root.wrong("windowSize", kind, &Value::from(text)))?;
    if seconds < 1.0 {
        return Err(refused("it must be at least 1s"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 1e15")]
    Ok((seconds * 1e6).round() as i64)
}

pub(super) fn body_family(root: &Object<'_>) -> ApiResult<Family> {
    let name = root.text("dataSourceFamily")?.filter(|name| !name.is_empty());
    name.map_or(Ok(Family::All), parse_family)
}

/// Roll-ups answer in one page, so nobody can hold a token.
pub(super) fn refuse_token(root: &Object<'_>) -> ApiResult<()> {
    match root.text("pageToken")?.filter(|token| !token.is_empty()) {
        None => Ok(()),
        Some(_) => Err(ApiError::invalid_because("INVALID_PAGE_TOKEN", "Invalid page token.")),
    }
}

/// 14 or 90 days, bound included.
pub(super) fn check_duration(data_type: DataType, duration: i64) -> ApiResult<()> {
    let days = data_type.roll_up_cap_days();
    if duration <= days * DAY { Ok(()) } else { Err(too_long(data_type)) }
}

pub(super) fn too_long(data_type: DataType) -> ApiError {
    let days = data_type.roll_up_cap_days();
    ApiError::invalid_with(
        "INVALID_ROLLUP_QUERY_DURATION",
        format!("The query duration exceeds the maximum of {days} days for {data_type}"),
        json!({ "maxDurationDays": days.to_string() }),
    )
}

/// At most floor(cap / window); unset it counts as ceil(range / window) and meets the same
/// ceiling. It never limits the answer (measured live).
fn check_page_size(
    data_type: DataType,
    size: Option<i32>,
    duration: i64,
    width: i64,
) -> ApiResult<()> {
    let size = match size.map(i64::from) {
        Some(size) if size < 0 => {
            return Err(ApiError::invalid_because(
                "INVALID_PAGE_SIZE",
                format!("page_size ({size}) must not be negative."),
            ));
        }
        Some(0) | None => duration.div_euclid(width) + i64::from(duration % width > 0),
        Some(size) => size,
    };
    let ceiling = data_type.roll_up_cap_days() * DAY / width;
    // A single window wider than the cap is still one window.
    if size <= ceiling.max(1) { Ok(()) } else { Err(too_long(data_type)) }
}
