//! Weigh-ins (page "Get Weight Log"). The time series of the body is no measurement: it has a value for
//! every day.
//!
//! A weigh-in at 23:59:59 is one without a time of day. It stays there, where Fitbit (and Google Health
//! after it) shows it: the date is right, and its id the same through both upstreams.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use phr_model::{DateRange, Figure, Offsets, Sample, WallClock, figure::mark};
use serde::Deserialize;

use super::{
    answer::Place,
    asking::{Asking, Topic, pieces, range},
    units::KILOGRAMS_IN_A_POUND,
};
use crate::{
    error::VendorError,
    fitbit::{
        json::{Maybe, Number},
        readings::{empty_days, readings},
    },
    vendor::DayReading,
};

/// 31 days are allowed.
pub(super) const MOST_DAYS: i32 = 31;
/// Milligrams of a kilogram.
const SCALE: i64 = 1_000_000;
pub(super) const PLACE: Place<'static> = Place { root: "weight", scale: SCALE };
const TOPIC: Topic = Topic { endpoint: "weight", data_type: "weight" };

#[derive(Deserialize)]
pub(super) struct Log {
    #[serde(default)]
    date: Maybe<Date>,
    #[serde(default)]
    time: Maybe<Time>,
    /// A row without it is a day without a weigh-in.
    weight: Option<Maybe<Number>>,
    #[serde(default, rename = "logId")]
    id: Maybe<Number>,
}

/// A weigh-in, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WeighIn {
    date: Date,
    time: Time,
    milligrams: i64,
    /// Not unique: one sample set has two logs of one id.
    id: i64,
}

/// What tells that weigh-ins of a day changed; a day without any is missing.
pub(super) async fn marks(
    asking: Asking<'_>,
    days: DateRange,
) -> Result<BTreeMap<Date, Figure>, VendorError> {
    let mut all = Vec::new();
    for days in pieces(days, MOST_DAYS) {
        all.extend(weigh_ins(asking, days).await?);
    }
    Ok(of_days(&all))
}

/// The figure of each day on which somebody was weighed.
pub(super) fn of_days(weigh_ins: &[WeighIn]) -> BTreeMap<Date, Figure> {
    let mut by_day: BTreeMap<Date, Vec<WeighIn>> = BTreeMap::new();
    for weigh_in in weigh_ins {
        by_day.entry(weigh_in.date).or_default().push(*weigh_in);
    }
    let figure = |weigh_ins: &[WeighIn]| Figure::Mark {
        fingerprint: mark(weigh_ins.iter().flat_map(WeighIn::words)),
    };
    by_day.iter().map(|(date, weigh_ins)| (*date, figure(weigh_ins))).collect()
}

/// The weigh-ins of `days`, at most [`MOST_DAYS`].
pub(super) async fn read_days(
    asking: Asking<'_>,
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<DayReading>, VendorError> {
    Ok(taken(&weigh_ins(asking, days).await?, days, offsets))
}

/// Samples of weigh-ins, which are in order.
pub(super) fn taken(weigh_ins: &[WeighIn], days: DateRange, offsets: &Offsets) -> Vec<DayReading> {
    let mut found = empty_days(days);
    let mut clock = WallClock::new(offsets, days);
    for weigh_in in weigh_ins {
        clock.begin();
        let (at, offset) = clock.tell(weigh_in.date.to_datetime(weigh_in.time));
        let (offset_seconds, value) = (offset.seconds(), weigh_in.milligrams);
        let sample = Sample { at, seconds: 0, offset_seconds, value };
        found.entry(weigh_in.date).or_default().push(sample);
    }
    readings(found)
}

/// The weigh-ins of `days` in order, in kilograms for sure.
async fn weigh_ins(asking: Asking<'_>, days: DateRange) -> Result<Vec<WeighIn>, VendorError> {
    let path = format!("body/log/weight/date/{}.json", range(days));
    let logs = asking.rooted::<Log>(TOPIC, &path, PLACE).await?.rows;
    let mut weigh_ins = understood(&logs, days)?;
    if !weigh_ins.is_empty() {
        let pounds = asking.rooted_in_us_units::<Log>(TOPIC, &path, PLACE).await?.rows;
        let pounds = understood(&pounds, days)?;
        let mean = |all: &[WeighIn]| {
            let sum: i64 = all.iter().map(|it| it.milligrams).fold(0, i64::saturating_add);
            sum / i64::try_from(all.len().max(1)).unwrap_or(i64::MAX)
        };
        KILOGRAMS_IN_A_POUND.check(mean(&weigh_ins), mean(&pounds))?;
    }
    weigh_ins.sort_unstable();
    Ok(weigh_ins)
}

pub(super) fn understood(logs: &[Log], days: DateRange) -> Result<Vec<WeighIn>, VendorError> {
    let logs = logs.iter().filter(|log| log.weight.is_some());
    let all = logs.map(|log| log.understood().ok_or(VendorError::Unreadable));
    let mut all = all.collect::<Result<Vec<_>, _>>()?;
    all.retain(|weigh_in| days.contains(weigh_in.date));
    Ok(all)
}

/// The last second of a day says that no time was given.
const NO_TIME: Time = Time::constant(23, 59, 59, 0);

impl Log {
    fn understood(&self) -> Option<WeighIn> {
        let milligrams = self.weight?.0?.to_base(SCALE).filter(|weight| *weight > 0)?;
        let id = self.id.0.and_then(|id| id.to_base(1)).unwrap_or(0);
        Some(WeighIn { date: self.date.0?, time: self.time.0.unwrap_or(NO_TIME), milligrams, id })
    }
}

impl WeighIn {
    fn words(&self) -> [i64; 3] {
        let second = self.time.duration_since(Time::midnight()).as_secs();
        [second, self.milligrams, self.id]
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;
    use crate::fitbit::json::read;

    fn log(json: &str) -> Option<WeighIn> {
        read::<Log>(json.as_bytes()).unwrap().understood()
    }

    #[test]
    fn a_weigh_in_is_read_to_the_milligram_whatever_is_text() {
        let read = log(r#"{"bmi":24.31,"date":"2026-03-14","fat":21.4,"logId":"1773471931000",
                "source":"Aria","time":"07:05:31","weight":"74.3"}"#);
        let (date, time) = (date(2026, 3, 14), time(7, 5, 31, 0));
        let weigh_in = WeighIn { date, time, milligrams: 74_300_000, id: 1_773_471_931_000 };
        assert_eq!(read, Some(weigh_in));
    }

    #[test]
    fn without_a_time_a_weigh_in_is_of_the_day() {
        let read = log(r#"{"date":"2026-03-14","weight":74.2}"#).unwrap();
        assert_eq!(read.time, NO_TIME);
    }

    #[test]
    fn what_has_no_date_or_weight_is_no_weigh_in() {
        for json in [
            r#"{"date":"2026-03-14"}"#,
            r#"{"weight":74.2}"#,
            r#"{"date":"2026-03-14","weight":"NaN"}"#,
            r#"{"date":"2026-03-14","weight":0}"#,
        ] {
            assert_eq!(log(json), None, "{json}");
        }
    }
}
