//! Total energy by the hour. Google gives it as roll-ups of physical time only, so the hours are
//! laid out here: from local midnight to local midnight, wherever the person was.

use jiff::{SignedDuration, Timestamp, civil::Date};
use phr_model::{DateRange, Offsets, Sample};

use super::{
    api::Api,
    roll_up::{Hour, TOTAL_CALORIES},
};
use crate::{
    error::VendorError,
    fitbit::readings::{empty_days, readings},
    vendor::{Access, DayReading},
};

const HOUR: i64 = 3_600;
/// The longest range of one request (14 days, page "Aggregate data").
const LONGEST: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The hours of `days`; the last of a day may be cut short by midnight.
pub(super) async fn read_hours(
    api: &Api,
    access: &Access,
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<DayReading>, VendorError> {
    let days_in_time = layout(days, offsets);
    let mut found = empty_days(days);
    for (start, end) in requests(&days_in_time) {
        for hour in TOTAL_CALORIES.hourly(api, access, start, end).await? {
            let Some(day) = day_of(&days_in_time, hour.at) else { continue };
            found.entry(day).or_default().push(sample(hour, offsets));
        }
    }
    Ok(readings(found))
}

/// A civil day in physical time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DayInTime {
    date: Date,
    start: Timestamp,
    end: Timestamp,
}

/// The days in physical time: without overlap, and empty where a journey skipped a date.
fn layout(days: DateRange, offsets: &Offsets) -> Vec<DayInTime> {
    let mut midnight = offsets.start(days.first).at;
    let laid_out = days.days().map(|date| {
        let start = midnight;
        midnight = offsets.start(DateRange::day(date).end()).at.max(start);
        DayInTime { date, start, end: midnight }
    });
    laid_out.collect()
}

/// As few requests as possible: consecutive days share one as long as every midnight falls on a
/// full hour from its start and the range is not too long.
fn requests(days: &[DayInTime]) -> Vec<(Timestamp, Timestamp)> {
    let mut requests: Vec<(Timestamp, Timestamp)> = Vec::new();
    for day in days.iter().filter(|day| day.start < day.end) {
        match requests.last_mut() {
            Some((start, end)) if continues(*start, *end, day) => *end = day.end,
            _ => requests.push((day.start, day.end)),
        }
    }
    requests
}

fn continues(start: Timestamp, end: Timestamp, day: &DayInTime) -> bool {
    let aligned = day.start.duration_since(start).as_secs() % HOUR == 0;
    end == day.start && aligned && day.end.duration_since(start) <= LONGEST
}

fn day_of(days: &[DayInTime], at: Timestamp) -> Option<Date> {
    let next = days.partition_point(|day| day.start <= at);
    let day = days.get(next.checked_sub(1)?)?;
    (at < day.end).then_some(day.date)
}

pub(super) fn sample(hour: Hour, offsets: &Offsets) -> Sample {
    let Hour { at, seconds, value } = hour;
    Sample { at, seconds, offset_seconds: offsets.at(at).seconds(), value }
}

#[cfg(test)]
mod tests {
    use jiff::{civil::date, tz::TimeZone};

    use super::*;

    fn plan(zone: &str, first: Date, last: Date) -> Vec<String> {
        let offsets = Offsets::new(TimeZone::get(zone).unwrap(), []);
        let requests = requests(&layout(DateRange { first, last }, &offsets));
        requests.iter().map(|(start, end)| format!("{start} {end}")).collect()
    }

    #[test]
    fn consecutive_days_share_a_request_across_a_clock_change() {
        let plan = plan("Europe/Madrid", date(2026, 10, 20), date(2026, 10, 28));
        assert_eq!(plan, ["2026-10-19T22:00:00Z 2026-10-28T23:00:00Z"]);
    }

    #[test]
    fn fourteen_days_with_the_long_one_exceed_the_limit_and_are_split() {
        let plan = plan("Europe/Madrid", date(2026, 10, 20), date(2026, 11, 2));
        assert_eq!(
            plan,
            [
                "2026-10-19T22:00:00Z 2026-11-01T23:00:00Z",
                "2026-11-01T23:00:00Z 2026-11-02T23:00:00Z",
            ]
        );
    }

    #[test]
    fn a_midnight_off_the_hour_begins_a_request_of_its_own() {
        let plan = plan("Australia/Lord_Howe", date(2026, 10, 3), date(2026, 10, 5));
        assert_eq!(
            plan,
            [
                "2026-10-02T13:30:00Z 2026-10-04T13:00:00Z",
                "2026-10-04T13:00:00Z 2026-10-05T13:00:00Z",
            ]
        );
    }

    #[test]
    fn a_day_that_never_was_asks_for_nothing() {
        // Samoa went from 29 to 31 December 2011.
        let zone = TimeZone::get("Pacific/Apia").unwrap();
        let offsets = Offsets::new(zone, []);
        let days = DateRange { first: date(2011, 12, 29), last: date(2011, 12, 31) };
        let days = layout(days, &offsets);
        assert_eq!(days[1].start, days[1].end);
        assert_eq!(day_of(&days, days[1].start), Some(date(2011, 12, 31)));
        assert_eq!(requests(&days), [(days[0].start, days[2].end)]);
    }
}
