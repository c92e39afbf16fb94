//! Instants, offsets and civil times as Google writes them.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::Offset,
};
use serde::Deserialize;

use super::json::{Leaf, Maybe, Nested, Number};

impl Leaf for Timestamp {
    /// RFC 3339 with any number of fraction digits; those beyond nanoseconds are dropped.
    fn text(text: &str) -> Option<Self> {
        if let Some(at) = exact_second(text).or_else(|| text.parse().ok()) {
            return Some(at);
        }
        let (seconds, rest) = text.split_once('.')?;
        let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = rest.get(..rest.len().checked_sub(zone.len())?.min(9))?;
        format!("{seconds}.{digits}{zone}").parse().ok()
    }
}

/// `2026-11-20T06:15:00Z` and nothing else: nearly all there is, and several times as fast as a
/// parser that must expect anything.
fn exact_second(text: &str) -> Option<Timestamp> {
    let &[
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
        b'Z',
    ] = text.as_bytes()
    else {
        return None;
    };
    let two = |tens: u8, ones: u8| {
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        digits.then(|| i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()).flatten()
    };
    let year = i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?);
    let date = Date::new(year, two(m1, m2)?, two(d1, d2)?).ok()?;
    let time = Time::new(two(h1, h2)?, two(n1, n2)?, two(s1, s2)?, 0).ok()?;
    Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
}

/// A protobuf duration in whole seconds (`"3600s"`, `"-14400s"`), as an offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OffsetSeconds(pub(super) i32);

/// Offsets beyond this are not of this world (jiff's limit).
const MOST_OFFSET: i32 = 93_599;

impl OffsetSeconds {
    pub(super) fn new(seconds: i64) -> Option<Self> {
        let seconds = i32::try_from(seconds).ok()?;
        (-MOST_OFFSET..=MOST_OFFSET).contains(&seconds).then_some(Self(seconds))
    }
}

impl Leaf for OffsetSeconds {
    fn text(text: &str) -> Option<Self> {
        let seconds = text.strip_suffix('s')?;
        let whole = seconds.split_once('.').map_or(seconds, |(whole, _)| whole);
        whole.parse().ok().and_then(Self::new)
    }
}

/// A protobuf duration of any length, in hundredths of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length(pub(super) i64);

impl Leaf for Length {
    fn text(text: &str) -> Option<Self> {
        let seconds = Number::text(text.strip_suffix('s')?)?;
        seconds.to_base(100).filter(|length| *length >= 0).map(Self)
    }
}

/// A small whole number of a civil date or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part(i32);

impl Leaf for Part {
    fn text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
    fn whole(whole: i64) -> Option<Self> {
        i32::try_from(whole).ok().map(Self)
    }
}

impl Maybe<Part> {
    /// The part, 0 if absent: Google leaves zeros out.
    pub(super) fn or_zero(self) -> i32 {
        self.0.map_or(0, |part| part.0)
    }
}

/// `google.type.Date`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CivilDate {
    year: Maybe<Part>,
    month: Maybe<Part>,
    day: Maybe<Part>,
}

impl CivilDate {
    pub(super) fn date(&self) -> Option<Date> {
        let year = i16::try_from(self.year.or_zero()).ok()?;
        let month = i8::try_from(self.month.or_zero()).ok()?;
        Date::new(year, month, i8::try_from(self.day.or_zero()).ok()?).ok()
    }
}

/// A civil date and time of Google: zeros are left out, midnight may have no time at all.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CivilDateTime {
    pub(super) date: Nested<CivilDate>,
    time: Nested<TimeOfDay>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TimeOfDay {
    hours: Maybe<Part>,
    minutes: Maybe<Part>,
    seconds: Maybe<Part>,
    nanos: Maybe<Part>,
}

impl CivilDateTime {
    pub(super) fn datetime(&self) -> Option<DateTime> {
        let date = self.date.0.as_ref()?.date()?;
        let Some(time) = &self.time.0 else { return Some(date.to_datetime(Time::midnight())) };
        let small = |part: Maybe<Part>| i8::try_from(part.or_zero()).ok();
        let (hours, minutes) = (small(time.hours)?, small(time.minutes)?);
        let time = Time::new(hours, minutes, small(time.seconds)?, time.nanos.or_zero()).ok()?;
        Some(date.to_datetime(time))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2026-11-20T06:15:00Z", Some("2026-11-20T06:15:00Z"))]
    #[case("2026-11-20T06:31:07.412905Z", Some("2026-11-20T06:31:07.412905Z"))]
    #[case("2026-11-20T06:31:07.123456789987Z", Some("2026-11-20T06:31:07.123456789Z"))]
    #[case("2026-11-20T07:15:00+01:00", Some("2026-11-20T06:15:00Z"))]
    #[case("2026-11-20T06:15:00", None)]
    #[case("2026-02-30T06:15:00Z", None)]
    #[case("yesterday", None)]
    #[case("1.é", None)]
    fn instants_have_any_number_of_fraction_digits(
        #[case] text: &str,
        #[case] instant: Option<&str>,
    ) {
        assert_eq!(Timestamp::text(text), instant.map(|text| text.parse().unwrap()));
    }

    proptest::proptest! {
        #[test]
        fn the_short_cut_for_whole_seconds_says_what_the_long_way_says(
            second in -62_000_000_000_i64..250_000_000_000,
            at in 0_usize..20,
            byte in b' '..b'~',
        ) {
            let text = Timestamp::from_second(second).unwrap().to_string();
            proptest::prop_assert_eq!(exact_second(&text), text.parse().ok());
            let mut damaged = text.into_bytes();
            damaged[at] = byte;
            let damaged = String::from_utf8(damaged).unwrap();
            if let Some(at) = exact_second(&damaged) {
                proptest::prop_assert_eq!(Some(at), damaged.parse().ok());
            }
        }
    }

    #[rstest]
    #[case("3600s", Some(3_600))]
    #[case("-14400s", Some(-14_400))]
    #[case("0s", Some(0))]
    #[case("19800.000s", Some(19_800))]
    #[case("3600", None)]
    #[case("99999s", None)]
    #[case("-2147483648s", None)]
    #[case("s", None)]
    fn offsets_are_durations(#[case] text: &str, #[case] seconds: Option<i32>) {
        assert_eq!(OffsetSeconds::text(text).map(|offset| offset.0), seconds);
    }
}
