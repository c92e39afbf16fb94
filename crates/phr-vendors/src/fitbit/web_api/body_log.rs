//! What people measure of their bodies (pages "Get Weight Log", "Get Body Fat Log"). The time series of the
//! body are no measurements: they have a value for every day.
//!
//! A reading at 23:59:59 is one without a time of day. It stays there, where Fitbit (and Google Health
//! after it) shows it: the date is right, and its id the same through both upstreams.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use phr_model::{DateRange, Figure, Offsets, Sample, WallClock, figure::mark};
use serde::Deserialize;

use super::{
    answer::Place,
    asking::{Asking, Topic, pieces, range},
    units::{KILOGRAMS_IN_A_POUND, Ratio},
};
use crate::{
    error::VendorError,
    fitbit::{
        json::{Maybe, Number},
        readings::{empty_days, readings},
    },
    vendor::DayReading,
};

/// A log of readings.
#[derive(Debug)]
pub(super) struct BodyLog {
    /// The member with the rows; in paths too.
    root: &'static str,
    /// Base units of the catalogue per unit.
    scale: i64,
    /// Days that may be asked for at once.
    pub(super) most_days: i32,
    /// How its units relate, where they follow the language of the request.
    units: Option<Ratio>,
    value: fn(&Log) -> Option<Maybe<Number>>,
}

pub(super) static WEIGHT: BodyLog = BodyLog {
    root: "weight",
    scale: 1_000_000,
    most_days: 31,
    units: Some(KILOGRAMS_IN_A_POUND),
    value: |log| log.weight,
};
pub(super) static FAT: BodyLog =
    BodyLog { root: "fat", scale: 100, most_days: 30, units: None, value: |log| log.fat };

#[derive(Deserialize)]
struct Log {
    #[serde(default)]
    date: Maybe<Date>,
    #[serde(default)]
    time: Maybe<Time>,
    /// A row without it is a day without a weigh-in.
    weight: Option<Maybe<Number>>,
    /// Percent. Stands in rows of weight too, where it was measured with it.
    fat: Option<Maybe<Number>>,
    #[serde(default, rename = "logId")]
    id: Maybe<Number>,
}

/// A reading, understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reading {
    date: Date,
    time: Time,
    /// Base units.
    value: i64,
    /// Not unique: one sample set has two logs of one id.
    id: i64,
}

impl BodyLog {
    /// What tells that readings of a day changed; a day without any is missing.
    pub(super) async fn marks(
        &self,
        asking: Asking<'_>,
        days: DateRange,
    ) -> Result<BTreeMap<Date, Figure>, VendorError> {
        let mut by_day: BTreeMap<Date, Vec<Reading>> = BTreeMap::new();
        for days in pieces(days, self.most_days) {
            for reading in self.read(asking, days).await? {
                by_day.entry(reading.date).or_default().push(reading);
            }
        }
        let figure = |readings: &[Reading]| Figure::Mark {
            fingerprint: mark(readings.iter().flat_map(Reading::words)),
        };
        Ok(by_day.iter().map(|(date, readings)| (*date, figure(readings))).collect())
    }

    /// The readings of `days`, at most [`Self::most_days`].
    pub(super) async fn read_days(
        &self,
        asking: Asking<'_>,
        days: DateRange,
        offsets: &Offsets,
    ) -> Result<Vec<DayReading>, VendorError> {
        let mut found = empty_days(days);
        let mut clock = WallClock::new(offsets, days);
        for reading in self.read(asking, days).await? {
            clock.begin();
            let (at, offset) = clock.tell(reading.date.to_datetime(reading.time));
            let (offset_seconds, value) = (offset.seconds(), reading.value);
            let sample = Sample { at, seconds: 0, offset_seconds, value };
            found.entry(reading.date).or_default().push(sample);
        }
        Ok(readings(found))
    }

    /// The readings of `days` in order, in metric units for sure.
    async fn read(&self, asking: Asking<'_>, days: DateRange) -> Result<Vec<Reading>, VendorError> {
        let topic = Topic { endpoint: "body log", data_type: self.root };
        let place = Place { root: self.root, scale: self.scale };
        let path = format!("body/log/{}/date/{}.json", self.root, range(days));
        let logs = asking.rooted::<Log>(topic, &path, place).await?.rows;
        let mut readings = self.understood(&logs, days)?;
        if let Some(units) = self.units.filter(|_| !readings.is_empty()) {
            let foreign = asking.rooted_in_us_units::<Log>(topic, &path, place).await?.rows;
            units.check(mean(&readings), mean(&self.understood(&foreign, days)?))?;
        }
        readings.sort_unstable();
        Ok(readings)
    }

    fn understood(&self, logs: &[Log], days: DateRange) -> Result<Vec<Reading>, VendorError> {
        let logs = logs.iter().filter(|log| (self.value)(log).is_some());
        let all = logs.map(|log| log.understood(self).ok_or(VendorError::Unreadable));
        let mut all = all.collect::<Result<Vec<_>, _>>()?;
        all.retain(|reading| days.contains(reading.date));
        Ok(all)
    }
}

fn mean(readings: &[Reading]) -> i64 {
    let sum: i64 = readings.iter().map(|it| it.value).fold(0, i64::saturating_add);
    sum / i64::try_from(readings.len().max(1)).unwrap_or(i64::MAX)
}

/// The last second of a day says that no time was given.
const NO_TIME: Time = Time::constant(23, 59, 59, 0);

impl Log {
    fn understood(&self, log: &BodyLog) -> Option<Reading> {
        let value = (log.value)(self)?.0?.to_base(log.scale).filter(|value| *value > 0)?;
        let id = self.id.0.and_then(|id| id.to_base(1)).unwrap_or(0);
        Some(Reading { date: self.date.0?, time: self.time.0.unwrap_or(NO_TIME), value, id })
    }
}

impl Reading {
    fn words(&self) -> [i64; 3] {
        let second = self.time.duration_since(Time::midnight()).as_secs();
        [second, self.value, self.id]
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;
    use crate::fitbit::json::read;

    fn of(log: &BodyLog, json: &str) -> Option<Reading> {
        read::<Log>(json.as_bytes()).unwrap().understood(log)
    }

    #[test]
    fn a_weigh_in_is_read_to_the_milligram_whatever_is_text() {
        let json = r#"{"bmi":24.31,"date":"2026-03-14","fat":21.4,"logId":"1773471931000",
                "source":"Aria","time":"07:05:31","weight":"74.3"}"#;
        let (date, time, id) = (date(2026, 3, 14), time(7, 5, 31, 0), 1_773_471_931_000);
        assert_eq!(of(&WEIGHT, json), Some(Reading { date, time, value: 74_300_000, id }));
        assert_eq!(of(&FAT, json), Some(Reading { date, time, value: 2_140, id }));
    }

    #[test]
    fn without_a_time_a_weigh_in_is_of_the_day() {
        let read = of(&WEIGHT, r#"{"date":"2026-03-14","weight":74.2}"#).unwrap();
        assert_eq!(read.time, NO_TIME);
    }

    #[test]
    fn what_has_no_date_or_value_is_no_reading() {
        for json in [
            r#"{"date":"2026-03-14"}"#,
            r#"{"weight":74.2,"fat":21.4}"#,
            r#"{"date":"2026-03-14","weight":"NaN","fat":"NaN"}"#,
            r#"{"date":"2026-03-14","weight":0,"fat":-1}"#,
        ] {
            assert_eq!((of(&WEIGHT, json), of(&FAT, json)), (None, None), "{json}");
        }
    }
}
