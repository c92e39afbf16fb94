//! Writing JSON as Google prints it: int64 as strings, doubles without trailing zeros, zero
//! members of civil times left out.

use jiff::civil::Date;

use super::session;
use crate::data_type::{DataType, Kind};
use crate::levels;
use crate::person::{Offsets, Person, civil_date};
use crate::point::{DAY, Point, SECOND, Source};

/// Writing to a `String` cannot fail.
macro_rules! put {
    ($out:expr, $($argument:tt)*) => {{
        use std::fmt::Write as _;
        let _ = write!($out, $($argument)*);
    }};
}
pub(super) use put;

/// A double; `"NaN"` when there is none.
pub(super) fn double(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("\"NaN\"");
    } else {
        put!(out, "{value}");
    }
}

/// A whole number of base units, as an exact decimal.
pub(super) fn decimal(out: &mut String, value: i64, digits: u32) {
    let unit = 10i64.pow(digits);
    let (whole, rest) = (value.abs() / unit, value.abs() % unit);
    if value < 0 {
        out.push('-');
    }
    put!(out, "{whole}");
    if rest > 0 {
        let width = digits as usize;
        let fraction = format!("{rest:0width$}");
        put!(out, ".{}", fraction.trim_end_matches('0'));
    }
}

/// `{"year":2026,"month":11,"day":20}`.
pub(super) fn date(out: &mut String, date: Date) {
    put!(out, "{{\"year\":{},\"month\":{},\"day\":{}}}", date.year(), date.month(), date.day());
}

/// `{"date":{...},"time":{...}}` without zero members; midnight is `"time":{}`.
pub(super) fn civil(out: &mut String, civil: i64) {
    out.push_str("{\"date\":");
    date(out, civil_date(civil));
    out.push_str(",\"time\":{");
    let micros = civil.rem_euclid(DAY);
    let seconds = micros / SECOND;
    let members = [
        ("hours", seconds / 3600),
        ("minutes", seconds / 60 % 60),
        ("seconds", seconds % 60),
        ("nanos", micros % SECOND * 1000),
    ];
    let mut joint = "";
    for (name, value) in members.into_iter().filter(|(_, value)| *value != 0) {
        put!(out, "{joint}\"{name}\":{value}");
        joint = ",";
    }
    out.push_str("}}");
}

/// RFC 3339 in UTC with as many fraction digits as needed: none, three or six.
pub(super) fn timestamp(out: &mut String, micros: i64) {
    let date = civil_date(micros);
    let rest = micros.rem_euclid(DAY);
    let (seconds, fraction) = (rest / SECOND, rest % SECOND);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    put!(out, "\"{:04}-{:02}-{:02}T", date.year(), date.month(), date.day());
    put!(out, "{hour:02}:{minute:02}:{second:02}");
    match fraction {
        0 => {}
        _ if fraction % 1000 == 0 => put!(out, ".{:03}", fraction / 1000),
        _ => put!(out, ".{fraction:06}"),
    }
    out.push_str("Z\"");
}

/// Writes the data points of one person and data type.
pub(super) struct PointWriter<'a> {
    pub(super) person: &'a Person,
    pub(super) data_type: DataType,
    pub(super) offsets: Offsets,
    /// A reconciled point has no data source, and its name is called `dataPointName`.
    pub(super) reconciled: bool,
    /// Microseconds: what has just ended is not summed up yet.
    pub(super) now: i64,
}

impl PointWriter<'_> {
    pub(super) fn point(&self, out: &mut String, point: &Point) {
        out.push('{');
        self.head(out, point.source, Some(point));
        put!(out, "\"{}\":{{", self.data_type.member());
        match self.data_type.kind() {
            Kind::Session => {
                session::write(self, out, point);
                return out.push_str("}}");
            }
            Kind::Interval => self.interval(out, point),
            _ => self.sample_time(out, point),
        }
        self.value(out, point.value);
        out.push_str("}}");
    }

    /// Name and data source.
    pub(super) fn head(&self, out: &mut String, source: Source, named: Option<&Point>) {
        if let Some(point) = named.filter(|_| self.data_type.is_identifiable()) {
            let member = if self.reconciled { "dataPointName" } else { "name" };
            put!(out, "\"{member}\":\"{}\",", self.name(point));
        }
        if !self.reconciled {
            out.push_str("\"dataSource\":");
            data_source(out, source, self.person.device);
            out.push(',');
        }
    }

    /// The resource name, with the numeric user id.
    fn name(&self, point: &Point) -> String {
        let (user, id) = (&self.person.summary.health_user_id, point_id(self.person, point));
        format!("users/{user}/dataTypes/{}/dataPoints/{id}", self.data_type)
    }

    fn sample_time(&self, out: &mut String, point: &Point) {
        let offset = self.offsets.at(point.at);
        out.push_str("\"sampleTime\":{\"physicalTime\":");
        timestamp(out, point.at);
        put!(out, ",\"utcOffset\":\"{offset}s\",\"civilTime\":");
        civil(out, point.at + i64::from(offset) * SECOND);
        out.push('}');
    }

    fn interval(&self, out: &mut String, point: &Point) {
        let (start, end) = (self.offsets.at(point.at), self.offsets.at(point.end()));
        out.push_str("\"interval\":{\"startTime\":");
        timestamp(out, point.at);
        put!(out, ",\"startUtcOffset\":\"{start}s\",\"endTime\":");
        timestamp(out, point.end());
        put!(out, ",\"endUtcOffset\":\"{end}s\",\"civilStartTime\":");
        civil(out, point.at + i64::from(start) * SECOND);
        out.push_str(",\"civilEndTime\":");
        civil(out, point.end() + i64::from(end) * SECOND);
        out.push('}');
    }

    /// A true zero has no value member (page "True zeros").
    fn value(&self, out: &mut String, value: i32) {
        let member = self.data_type.value_member();
        match self.data_type {
            DataType::HeartRate | DataType::Steps | DataType::Distance | DataType::Floors => {
                if value != 0 {
                    put!(out, ",\"{member}\":\"{value}\"");
                }
            }
            DataType::ActiveMinutes => self.levels(out, value),
            DataType::Height => put!(out, ",\"{member}\":\"{value}\""),
            _ => {
                put!(out, ",\"{member}\":");
                decimal(out, i64::from(value), self.data_type.digits());
            }
        }
    }
}

impl PointWriter<'_> {
    /// Minutes of each level that there are any of.
    fn levels(&self, out: &mut String, value: i32) {
        let minutes = levels::unpacked(i64::from(value));
        let some = levels::NAMES.into_iter().zip(minutes).filter(|(_, minutes)| *minutes > 0);
        for (index, (name, minutes)) in some.enumerate() {
            if index == 0 {
                put!(out, ",\"{}\":[", self.data_type.value_member());
            } else {
                out.push(',');
            }
            put!(out, "{{\"activityLevel\":\"{name}\",\"activeMinutes\":\"{minutes}\"}}");
        }
        if value > 0 {
            out.push(']');
        }
    }
}

/// The last part of a point's name: stable, whatever is done to the value.
pub(super) fn point_id(person: &Person, point: &Point) -> u64 {
    let user = person.summary.health_user_id.parse().unwrap_or(0);
    let parts = [user, point.at.cast_unsigned(), point.source as u64];
    crate::dice::Dice::new(&parts).roll() % 8_000_000_000_000_000_000 + 1_000_000_000_000_000_000
}

fn data_source(out: &mut String, source: Source, device: &str) {
    match source {
        Source::Watch | Source::Derived => {
            let method = if source == Source::Watch { "PASSIVELY_MEASURED" } else { "DERIVED" };
            put!(
                out,
                "{{\"recordingMethod\":\"{method}\",\"device\":{{\"displayName\":\"{device}\"}},\
                 \"platform\":\"FITBIT\"}}"
            );
        }
        Source::Phone => out.push_str(
            "{\"recordingMethod\":\"PASSIVELY_MEASURED\",\"device\":{\"displayName\":\
             \"MobileTrack\",\"formFactor\":\"PHONE\"},\"platform\":\"FITBIT\"}",
        ),
        Source::Scale => out.push_str(
            "{\"recordingMethod\":\"ACTIVELY_MEASURED\",\"device\":{\"displayName\":\"Aria\",\
             \"formFactor\":\"SCALE\"},\"platform\":\"FITBIT\"}",
        ),
        Source::Manual => {
            out.push_str("{\"recordingMethod\":\"MANUAL\",\"platform\":\"FITBIT\"}");
        }
        Source::HealthConnect => out.push_str(
            "{\"recordingMethod\":\"UNKNOWN\",\"application\":{\"packageName\":\
             \"com.example.scaleapp\"},\"platform\":\"HEALTH_CONNECT\"}",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn decimals_have_no_trailing_zeros() {
        let weight = |value| written(|out| decimal(out, value, 3));
        assert_eq!(weight(73_612_500), "73612.5");
        assert_eq!(weight(73_250_000), "73250");
        assert_eq!(weight(5), "0.005");
        assert_eq!(weight(-1_050), "-1.05");
    }

    #[test]
    fn doubles_print_as_google_prints_them() {
        assert_eq!(written(|out| double(out, 98.0)), "98");
        assert_eq!(written(|out| double(out, 61.4)), "61.4");
        assert_eq!(written(|out| double(out, f64::NAN)), "\"NaN\"");
    }

    #[test]
    fn zero_members_of_civil_times_are_left_out() {
        let midnight = day_micros("2026-11-20");
        insta::assert_snapshot!(written(|out| civil(out, midnight)),
            @r#"{"date":{"year":2026,"month":11,"day":20},"time":{}}"#);
        let later = midnight + 7 * 3600 * SECOND + 412_905;
        insta::assert_snapshot!(written(|out| civil(out, later)),
            @r#"{"date":{"year":2026,"month":11,"day":20},"time":{"hours":7,"nanos":412905000}}"#);
    }

    #[test]
    fn timestamps_carry_the_fraction_digits_they_need() {
        let midnight = day_micros("2026-11-20");
        let text = |micros| written(|out| timestamp(out, midnight + micros));
        assert_eq!(text(0), "\"2026-11-20T00:00:00Z\"");
        assert_eq!(text(500_000), "\"2026-11-20T00:00:00.500Z\"");
        assert_eq!(text(412_905), "\"2026-11-20T00:00:00.412905Z\"");
    }

    fn day_micros(date: &str) -> i64 {
        crate::person::day_of_date(date.parse().unwrap()) * DAY
    }
}
