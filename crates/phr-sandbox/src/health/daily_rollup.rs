//! `dailyRollUp`: windows of civil days where the person was.

use jiff::civil::{Date, Time};

use super::body::{self, Object};
use super::rollup::{body_family, check_duration, points, refuse_token, too_long};
use super::write;
use crate::data_type::DataType;
use crate::errors::{ApiError, ApiResult};
use crate::person::{Person, civil_micros};
use crate::point::DAY;
use crate::tally::by_civil_days;
use crate::timeline::Timeline;
use crate::world::World;

/// `POST ...:dailyRollUp`.
pub(super) fn daily_roll_up(
    world: &World,
    person: &Person,
    data_type: DataType,
    body: &[u8],
) -> ApiResult<String> {
    let body = body::parse(body)?;
    let known = ["range", "windowSizeDays", "pageSize", "pageToken", "dataSourceFamily"];
    let root = Object::root(&body, &known)?;
    let (start, end) = range(&root)?;
    let days = window_days(&root)?;
    let family = body_family(&root)?;
    refuse_token(&root)?;
    check_duration(data_type, end - start)?;
    check_page_size(data_type, root.int32("pageSize")?, end - start, days)?;
    let timeline = Timeline::reconciled(world, person, data_type, family);
    let windows = by_civil_days(&timeline, &(start..end), days);
    Ok(points(windows.iter().rev(), |out, index| {
        let from = start + index * days * DAY;
        out.push_str("\"civilStartTime\":");
        write::civil(out, from);
        out.push_str(",\"civilEndTime\":");
        write::civil(out, (from + days * DAY).min(end));
        data_type
    }))
}

/// Start and end in civil microseconds, the end excluded.
fn range(root: &Object<'_>) -> ApiResult<(i64, i64)> {
    let missing = || {
        ApiError::invalid_because(
            "INVALID_TIME_RANGE_INTERVAL_FORMAT",
            "The range must have a start and an end, each with a date",
        )
    };
    let range = root.object("range", &["start", "end"])?.ok_or_else(missing)?;
    let bound = |name| {
        let bound = range.object(name, &["date", "time"])?.ok_or_else(missing)?;
        let date = bound.object("date", &["year", "month", "day"])?.ok_or_else(missing)?;
        let time = bound.object("time", &["hours", "minutes", "seconds", "nanos"])?;
        civil(&date, time.as_ref())
    };
    let (start, end) = (bound("start")?, bound("end")?);
    if end <= start {
        return Err(ApiError::invalid_because(
            "INVALID_TIME_RANGE",
            "Query end time must be strictly larger than start time",
        ));
    }
    Ok((start, end))
}

fn civil(date: &Object<'_>, time: Option<&Object<'_>>) -> ApiResult<i64> {
    let read = |object: Option<&Object<'_>>, name| -> ApiResult<i32> {
        match object {
            Some(object) => Ok(object.int32(name)?.unwrap_or(0)),
            None => Ok(0),
        }
    };
    let (year, month, day) =
        (read(Some(date), "year")?, read(Some(date), "month")?, read(Some(date), "day")?);
    let (hour, minute) = (read(time, "hours")?, read(time, "minutes")?);
    let (second, nanos) = (read(time, "seconds")?, read(time, "nanos")?);
    let small = |number: i32| i8::try_from(number).ok();
    let civil = || {
        let date = Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
        let time = Time::new(small(hour)?, small(minute)?, small(second)?, nanos).ok()?;
        Some(civil_micros(date.to_datetime(time)))
    };
    civil().ok_or_else(|| {
        ApiError::invalid_because(
            "INVALID_CIVIL_DATE_TIME",
            format!("{year}-{month}-{day} {hour}:{minute}:{second} is not a civil time"),
        )
    })
}

fn window_days(root: &Object<'_>) -> ApiResult<i64> {
    match root.int32("windowSizeDays")?.unwrap_or(0) {
        0 => Ok(1),
        // Wider than any range: the window is cut at its end anyway.
        days if days > 0 => Ok(i64::from(days).min(1_000)),
        days => Err(ApiError::invalid_because(
            "INVALID_ROLLUP_WINDOW",
            format!("window_size_days ({days}) must be positive."),
        )),
    }
}

/// ceil(range / window) <= page size <= floor(cap / window), with the reasons seen live.
fn check_page_size(
    data_type: DataType,
    size: Option<i32>,
    duration: i64,
    days: i64,
) -> ApiResult<()> {
    let Some(size) = size.map(i64::from).filter(|size| *size != 0) else { return Ok(()) };
    let needed = duration.div_euclid(days * DAY) + i64::from(duration % (days * DAY) > 0);
    if size < needed {
        return Err(ApiError::invalid_because(
            "INVALID_DATA_POINT_NAME",
            format!(
                "page_size ({size}) is too small. Must be at least {needed} to cover the \
                 requested range with a window_size_days of {days}."
            ),
        ));
    }
    let ceiling = (data_type.roll_up_cap_days() / days).max(1);
    if size <= ceiling { Ok(()) } else { Err(too_long(data_type)) }
}
