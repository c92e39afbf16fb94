//! Recordings: real or hand-made measurements in CSV files, served instead of invented people.
//!
//! A folder holds any of these files, each with a header line; further columns are ignored.
//! `user` is a pseudonym (letters, digits, `-`, `_`), times are the wearer's local civil time
//! without offset, in the zone [`ZONE`].
//!
//! | file | columns | one row is |
//! | --- | --- | --- |
//! | `heart_rate_by_5_seconds.csv` | `user,local_time,beats_per_minute` | a sample; where a wearer and day are here, they replace the minute file |
//! | `heart_rate_by_minute.csv` | `user,local_time,beats_per_minute` | a minute's heart rate |
//! | `steps_by_minute.csv` | `user,local_time,steps` | a minute with at least one step |
//! | `calories_by_hour.csv` | `user,local_time,kilocalories` | total energy of an hour |
//! | `activity_by_day.csv` | `user,local_date,steps,distance_km,kilocalories` | the account's own daily figures |
//! | `sleep_by_day.csv` | `user,local_date,minutes_asleep,minutes_in_bed` | the night that ended on a day, at [`WAKING`] |
//! | `weight.csv` | `user,local_time,kilograms,manual` | a weigh-in; `manual` is `True` or `False`; a column `fat_percent` may add a reading of body fat |
//!
//! Each user becomes a person `wearer-<user>@example.com` with a Charge HR. The daily figures are
//! what `dailyRollUp` answers even where they differ from the sum of the minutes; days without a
//! row answer the sum. The day's distance is spread over the day's step minutes in proportion to
//! their steps. Emulated time stands at the local midnight after the last recorded day.

mod rows;
mod wearer;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::person::Person;
use rows::{read, read_some};
use wearer::Wearer;

pub use rows::RecordingError;

/// The zone of all recorded wearers; the recordings do not tell it.
pub const ZONE: &str = "America/New_York";

/// When recorded nights end, in local time; the recordings do not tell it either.
pub const WAKING: Time = Time::constant(7, 0, 0, 0);

/// Longer ones do not fit into a point.
const LONGEST_NIGHT: i32 = 18 * 60;

/// The tracker that all recorded wearers wear.
pub(crate) const DEVICE: &str = "Charge HR";

/// What a folder holds.
pub(crate) struct Loaded {
    pub(crate) people: Vec<Person>,
    /// First and last local date.
    pub(crate) span: (Date, Date),
    /// The local midnight after the last date.
    pub(crate) end: Timestamp,
}

/// First and last local date of the recordings in a folder.
///
/// # Errors
/// As for serving them: unreadable files, wrong rows, no recordings at all.
pub fn span(folder: &Path) -> Result<(Date, Date), RecordingError> {
    load(folder, 0).map(|loaded| loaded.span)
}

pub(crate) fn load(folder: &Path, seed: u64) -> Result<Loaded, RecordingError> {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let mut wearers = Wearers { zone: &zone, all: BTreeMap::new() };
    wearers.heart_rate(folder, "heart_rate_by_5_seconds.csv", true)?;
    wearers.heart_rate(folder, "heart_rate_by_minute.csv", false)?;
    wearers.steps(folder)?;
    wearers.calories(folder)?;
    wearers.activity(folder)?;
    wearers.sleep(folder)?;
    wearers.weight(folder)?;
    let nothing = || RecordingError::Nothing { folder: folder.to_owned() };
    let dates = || wearers.all.values().flat_map(|wearer| wearer.dates.iter().copied());
    let span = dates().min().zip(dates().max()).ok_or_else(nothing)?;
    let midnight = |date: Date| {
        let zoned = date.to_zoned(zone.clone());
        zoned.map_or(Timestamp::MAX, |midnight| midnight.timestamp())
    };
    let end = midnight(span.1.tomorrow().unwrap_or(span.1));
    let begins = midnight(span.0).as_microsecond();
    let people = std::mem::take(&mut wearers.all).into_iter().enumerate();
    let people = people
        .map(|(index, (user, wearer))| wearer.into_person(index, &user, seed, begins, &zone))
        .collect();
    Ok(Loaded { people, span, end })
}

struct Wearers<'z> {
    zone: &'z TimeZone,
    all: BTreeMap<String, Wearer>,
}

impl Wearers<'_> {
    fn wearer(&mut self, user: &str, date: Date) -> &mut Wearer {
        if !self.all.contains_key(user) {
            self.all.insert(user.to_owned(), Wearer::default());
        }
        let wearer = self.all.entry(user.to_owned()).or_default();
        wearer.dates.insert(date);
        wearer
    }

    fn heart_rate(
        &mut self,
        folder: &Path,
        file: &str,
        detailed: bool,
    ) -> Result<(), RecordingError> {
        read(folder, file, ["user", "local_time", "beats_per_minute"], |row| {
            let time = row.time(1)?;
            let at = row.instant(1, time, self.zone)?;
            let value = row.whole(2)?;
            self.wearer(row.user(0)?, time.date()).heart_rate(time.date(), at, value, detailed);
            Ok(())
        })
    }

    fn steps(&mut self, folder: &Path) -> Result<(), RecordingError> {
        read(folder, "steps_by_minute.csv", ["user", "local_time", "steps"], |row| {
            let time = row.time(1)?;
            let at = row.instant(1, time, self.zone)?;
            let value = row.whole(2)?;
            self.wearer(row.user(0)?, time.date()).steps(time.date(), at, value);
            Ok(())
        })
    }

    fn calories(&mut self, folder: &Path) -> Result<(), RecordingError> {
        read(folder, "calories_by_hour.csv", ["user", "local_time", "kilocalories"], |row| {
            let time = row.time(1)?;
            let at = row.instant(1, time, self.zone)?;
            let value = row.decimal(2, 4)?;
            self.wearer(row.user(0)?, time.date()).calories(at, value);
            Ok(())
        })
    }

    fn activity(&mut self, folder: &Path) -> Result<(), RecordingError> {
        let columns = ["user", "local_date", "steps", "distance_km", "kilocalories"];
        read(folder, "activity_by_day.csv", columns, |row| {
            let date = row.date(1)?;
            let (steps, millimetres) = (row.whole(2)?, row.decimal(3, 6)?);
            let energy = row.decimal(4, 4)?;
            self.wearer(row.user(0)?, date).figures(date, steps, millimetres, energy);
            Ok(())
        })
    }

    fn sleep(&mut self, folder: &Path) -> Result<(), RecordingError> {
        let columns = ["user", "local_date", "minutes_asleep", "minutes_in_bed"];
        read(folder, "sleep_by_day.csv", columns, |row| {
            let date = row.date(1)?;
            let end = row.instant(1, date.to_datetime(WAKING), self.zone)?;
            let in_bed = row.counted(3, LONGEST_NIGHT)?;
            let asleep = row.counted(2, in_bed)?;
            let seconds = u16::try_from(in_bed * 60).unwrap_or(u16::MAX);
            self.wearer(row.user(0)?, date).sleep(end, seconds, asleep);
            Ok(())
        })
    }

    fn weight(&mut self, folder: &Path) -> Result<(), RecordingError> {
        let columns = ["user", "local_time", "kilograms", "manual", "fat_percent"];
        read_some(folder, "weight.csv", (columns, 4), |row| {
            let time = row.time(1)?;
            let at = row.instant(1, time, self.zone)?;
            let (milligrams, manual) = (row.decimal(2, 6)?, row.truth(3)?);
            let fat = row.decimal_if_any(4, 2)?;
            self.wearer(row.user(0)?, time.date()).weight(at, milligrams, fat, manual);
            Ok(())
        })
    }
}

#[cfg(test)]
#[path = "recordings_tests.rs"]
mod tests;
