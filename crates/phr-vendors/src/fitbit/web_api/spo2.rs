//! Oxygen saturation (page "SpO2"): measured in the main sleep, so a date is that of waking, and the
//! readings of a night may carry the date before.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use phr_model::{DateRange, Figure, Offsets, Sample, WallClock};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    answer::is_silent,
    asking::{Asking, Topic, pieces, range},
};
use crate::{
    error::VendorError,
    fitbit::{
        json::{Maybe, Nested, Number, ParseError, read},
        readings::{empty_days, readings},
    },
    vendor::DayReading,
};

/// 30 days are allowed.
const MOST_DAYS: i32 = 30;
/// Base units (0.01 %) of a percent.
const SCALE: i64 = 100;
/// What stands for "no measurement": zero, and the filler of exports.
const SENTINELS: [i64; 2] = [0, 5_000];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Night {
    #[serde(default)]
    date_time: Maybe<Date>,
    #[serde(default)]
    value: Nested<Spread>,
    #[serde(default)]
    minutes: Vec<Minute>,
}

#[derive(Deserialize)]
struct Spread {
    #[serde(default)]
    avg: Maybe<Number>,
    #[serde(default)]
    min: Maybe<Number>,
    #[serde(default)]
    max: Maybe<Number>,
}

#[derive(Deserialize)]
struct Minute {
    #[serde(default)]
    minute: Maybe<DateTime>,
    #[serde(default)]
    value: Maybe<Number>,
}

/// Mean and bounds of each night; a day without is missing.
pub(super) async fn figures(
    asking: Asking<'_>,
    days: DateRange,
) -> Result<BTreeMap<Date, Figure>, VendorError> {
    let topic = Topic { endpoint: "spo2", data_type: "spo2" };
    let mut figures = BTreeMap::new();
    for days in pieces(days, MOST_DAYS) {
        let path = format!("spo2/date/{}.json", range(days));
        figures.extend(of_days(&nights(asking, topic, &path).await?, days)?);
    }
    Ok(figures)
}

/// The figure of each of `days`.
pub(super) fn of_days(
    nights: &[Night],
    days: DateRange,
) -> Result<BTreeMap<Date, Figure>, VendorError> {
    let mut figures = BTreeMap::new();
    for night in nights {
        let date = night.date_time.0.ok_or(VendorError::Unreadable)?;
        let figure = night.value.0.as_ref().and_then(Spread::figure);
        figures.extend(figure.filter(|_| days.contains(date)).map(|figure| (date, figure)));
    }
    Ok(figures)
}

/// The readings by the civil day on which they were taken: those before midnight are found with the
/// next day's.
pub(super) async fn read_days(
    asking: Asking<'_>,
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<DayReading>, VendorError> {
    let topic = Topic { endpoint: "spo2 intraday", data_type: "spo2" };
    let asked = DateRange { first: days.first, last: days.end() };
    let path = format!("spo2/date/{}/all.json", range(asked));
    taken(&nights(asking, topic, &path).await?, days, offsets)
}

/// The readings of `days` among those of `nights`.
pub(super) fn taken(
    nights: &[Night],
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<DayReading>, VendorError> {
    let mut found = empty_days(days);
    for night in nights {
        let mut clock = WallClock::new(offsets, DateRange { first: days.first, last: days.end() });
        for minute in &night.minutes {
            let civil = minute.minute.0.ok_or(VendorError::Unreadable)?;
            let value = minute.value.0.and_then(|value| value.to_base(SCALE));
            let value = value.ok_or(VendorError::Unreadable)?;
            let (at, offset) = clock.tell(civil);
            if let Some(samples) = found.get_mut(&civil.date())
                && !SENTINELS.contains(&value)
            {
                let offset_seconds = offset.seconds();
                samples.push(Sample { at, seconds: 0, offset_seconds, value });
            }
        }
    }
    Ok(readings(found))
}

async fn nights(asking: Asking<'_>, topic: Topic, path: &str) -> Result<Vec<Night>, VendorError> {
    let nights: Vec<Night> =
        asking.get(topic, path, bare).await?.ok_or_else(|| asking.silence())?;
    asking.hear(!nights.is_empty());
    Ok(nights)
}

/// A bare array; one object where there is a single day; none where nothing is said.
pub(super) fn bare<T: DeserializeOwned>(body: &[u8]) -> Result<Option<Vec<T>>, ParseError> {
    match body.trim_ascii().first() {
        _ if is_silent(body) => Ok(None),
        Some(b'{') => read(body).map(|single| Some(vec![single])),
        _ => read(body).map(Some),
    }
}

impl Spread {
    fn figure(&self) -> Option<Figure> {
        let base = |number: Maybe<Number>| number.0?.to_base(SCALE).filter(|value| *value > 0);
        Some(Figure::Daily { value: base(self.avg)?, low: base(self.min), high: base(self.max) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn night(json: &str) -> Night {
        let mut nights: Vec<Night> = bare(json.as_bytes()).unwrap().unwrap();
        nights.remove(0)
    }

    #[test]
    fn a_night_has_mean_and_bounds_or_nothing() {
        let figure = |json| night(json).value.0.and_then(|spread| spread.figure());
        let daily = Figure::Daily { value: 9_560, low: Some(9_210), high: Some(9_890) };
        let plain = r#"[{"dateTime":"2026-03-14","value":{"avg":95.6,"min":92.1,"max":"98.9"}}]"#;
        assert_eq!(figure(plain), Some(daily));
        assert_eq!(figure(r#"{"dateTime":"2026-03-14"}"#), None);
        assert_eq!(figure(r#"[{"dateTime":"2026-03-14","value":{"avg":"NaN","min":90}}]"#), None);
        assert_eq!(figure(r#"[{"dateTime":"2026-03-14","value":{"avg":0}}]"#), None);
    }

    #[test]
    fn an_empty_array_says_that_there_is_nothing_and_an_empty_object_says_nothing() {
        assert_eq!(bare::<Night>(b"[]").unwrap().map(|nights| nights.len()), Some(0));
        assert!(bare::<Night>(b"{}").unwrap().is_none());
        assert!(bare::<Night>(b"").unwrap().is_none());
        assert!(bare::<Night>(b"<html>").is_err());
    }
}
