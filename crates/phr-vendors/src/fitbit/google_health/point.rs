//! Points, parsed straight from the answer's bytes: a few dozen bytes each.
//!
//! What is tolerated and what is not:
//! - Unknown members are passed over; numbers may be strings; `{}` is a page without points.
//! - A value that is missing is 0 where the API says so ("True zeros": steps, distance). Any other
//!   point whose value is missing or not a number is skipped and counted.
//! - A point whose time cannot be read makes the whole page unreadable: nobody could tell which
//!   day would then be incomplete.
//! - A page with an `error` member is an error, whatever its status said.

use std::fmt;

use jiff::{Timestamp, civil::DateTime, tz::Offset};
use phr_model::{Metric, Sample};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};

use super::{
    data_type::{PointTime, PointType},
    json::{Listed, Maybe, Nested, Number, ParseError},
    levels::{self, Level},
    page::{ItemReader, OneOf, Page, parse},
    times::{CivilDateTime, OffsetSeconds},
};

/// One point as the vendor gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When it was recorded, or when its interval began.
    pub at: Timestamp,
    /// Length of the interval; 0 for an instant.
    pub seconds: u32,
    /// Offset from UTC where the person was, if the vendor said so.
    pub offset_seconds: Option<i32>,
    /// What the clock on the wall showed, if the vendor said so.
    pub civil: Option<DateTime>,
    /// In the metric's base unit; minutes by level of activity [packed](super::levels) into one.
    pub value: i64,
}

impl Point {
    /// The point as a sample; `fallback` tells the offset if the vendor did not.
    pub(super) fn sample(&self, fallback: impl FnOnce(Timestamp) -> Offset) -> Sample {
        let offset_seconds = self.offset_seconds.unwrap_or_else(|| fallback(self.at).seconds());
        Sample { at: self.at, seconds: self.seconds, offset_seconds, value: self.value }
    }

    /// Civil time by the vendor's word: its own civil time, or instant and offset.
    pub(super) fn vendor_civil(&self) -> Option<DateTime> {
        let by_offset =
            || Some(Offset::from_seconds(self.offset_seconds?).ok()?.to_datetime(self.at));
        self.civil.or_else(by_offset)
    }
}

/// Parses a page of the points of `metric`; an error for metrics that have no points.
pub fn parse_page(metric: Metric, body: &[u8]) -> Result<Page, ParseError> {
    PointType::of(metric).ok_or(ParseError).and_then(|points| parse_points(points, body))
}

/// Parses a page of points of one type.
pub(super) fn parse_points(points: &'static PointType, body: &[u8]) -> Result<Page, ParseError> {
    parse("dataPoints", PointReader(points), body)
}

/// Reads points of one type.
#[derive(Clone, Copy)]
pub(super) struct PointReader(pub(super) &'static PointType);

impl ItemReader for PointReader {
    type Item = Point;

    fn read<'de, D: Deserializer<'de>>(self, json: D) -> Result<Option<Point>, D::Error> {
        json.deserialize_map(PointVisitor(self.0))?.ok_or_else(no_time)
    }
}

fn no_time<E: serde::de::Error>() -> E {
    E::custom("a point without a readable time")
}

/// Reads `{"name", "dataSource", "heartRate": {…}}`.
struct PointVisitor(&'static PointType);

impl<'de> Visitor<'de> for PointVisitor {
    /// None: no value member. None inside: no usable value.
    type Value = Option<Option<Point>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a point")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut point = None;
        while let Some(key) = map.next_key_seed(OneOf(&[self.0.member]))? {
            match key {
                Some(_) => point = Some(map.next_value_seed(ValueSeed(self.0))?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(point)
    }
}

/// Reads `{"sampleTime": {…}, "beatsPerMinute": "64"}` and its like.
struct ValueSeed(&'static PointType);

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Option<Point>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Option<Point>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a measurement")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self(points) = self;
        let (mut value, mut when) = (Reading::Absent, None);
        let time = match points.time {
            PointTime::Sample => "sampleTime",
            PointTime::Interval => "interval",
        };
        while let Some(key) = map.next_key_seed(OneOf(&[time, points.value]))? {
            match (key, points.time) {
                (Some(0), PointTime::Sample) => when = map.next_value::<SampleTime>()?.when(),
                (Some(0), PointTime::Interval) => when = map.next_value::<Interval>()?.when(),
                (Some(_), _) if points.levels => {
                    let levels = map.next_value::<Listed<Level>>()?;
                    value = Reading::Of(Some(Number::Whole(levels::packed(&levels))));
                }
                (Some(_), _) => value = Reading::Of(map.next_value::<Maybe<Number>>()?.0),
                (None, _) => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let when = when.ok_or_else(no_time)?;
        Ok(value.to_base(points).map(|value| when.point(value)))
    }
}

/// The value member of a point.
enum Reading {
    Absent,
    Of(Option<Number>),
}

impl Reading {
    fn to_base(&self, points: &PointType) -> Option<i64> {
        match self {
            Self::Absent => points.true_zero.then_some(0),
            Self::Of(number) if points.levels => number.as_ref()?.to_base(1),
            Self::Of(number) => number.as_ref()?.to_base(points.scale),
        }
    }
}

/// When a point was recorded.
struct When {
    at: Timestamp,
    seconds: u32,
    offset: Option<i32>,
    civil: Option<DateTime>,
}

impl When {
    /// An offset that is missing follows from civil time, if that is there.
    fn new(
        at: Timestamp,
        seconds: u32,
        offset: Maybe<OffsetSeconds>,
        civil: &Nested<CivilDateTime>,
    ) -> Self {
        let civil = civil.0.as_ref().and_then(CivilDateTime::datetime);
        let difference = |civil: DateTime| {
            let civil = Offset::UTC.to_timestamp(civil).ok()?;
            OffsetSeconds::new(civil.as_second() - at.as_second())
        };
        let offset = offset.0.or_else(|| civil.and_then(difference));
        Self { at, seconds, offset: offset.map(|offset| offset.0), civil }
    }

    fn point(&self, value: i64) -> Point {
        let Self { at, seconds, offset: offset_seconds, civil } = *self;
        Point { at, seconds, offset_seconds, civil, value }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SampleTime {
    physical_time: Maybe<Timestamp>,
    utc_offset: Maybe<OffsetSeconds>,
    civil_time: Nested<CivilDateTime>,
}

impl SampleTime {
    fn when(&self) -> Option<When> {
        Some(When::new(self.physical_time.0?, 0, self.utc_offset, &self.civil_time))
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Interval {
    start_time: Maybe<Timestamp>,
    end_time: Maybe<Timestamp>,
    start_utc_offset: Maybe<OffsetSeconds>,
    civil_start_time: Nested<CivilDateTime>,
}

impl Interval {
    /// None if an end is missing or lies before the start.
    fn when(&self) -> Option<When> {
        let (start, end) = (self.start_time.0?, self.end_time.0?);
        let seconds = u32::try_from(end.duration_since(start).as_secs()).ok()?;
        Some(When::new(start, seconds, self.start_utc_offset, &self.civil_start_time))
    }
}

#[cfg(test)]
mod tests;
