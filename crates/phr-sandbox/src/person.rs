//! A person: identity, whereabouts, and where their measurements come from.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::data_type::DataType;
use crate::dice::Dice;
use crate::point::{Point, SECOND};
use crate::synthetic::{Night, Synthetic};

/// Who a person is; what `GET /sandbox/people` lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonSummary {
    /// Display name.
    pub name: String,
    /// The Google account.
    pub email: String,
    /// `healthUserId` of the identity resource.
    pub health_user_id: String,
    /// `legacyUserId` of the identity resource (the former Fitbit id).
    pub legacy_user_id: String,
    /// IANA zone of the account's settings.
    pub time_zone: String,
}

impl PersonSummary {
    /// Ids follow from the seed and the e-mail address.
    pub(crate) fn invent(seed: u64, name: &str, email: &str, time_zone: &str) -> Self {
        const LETTERS: &[u8] = b"23456789BCDFGHJKLMNPQRSTVWXYZ";
        let letters: Vec<u64> = email.bytes().map(u64::from).collect();
        let mut dice = Dice::new(&[&[seed, 0x1D], &letters[..]].concat());
        let digits = 4_000_000_000_000_000_000 + dice.roll() % 1_000_000_000_000_000_000;
        let legacy = (0..6).map(|_| LETTERS[dice.between(0, 28).unsigned_abs() as usize]);
        Self {
            name: name.to_owned(),
            email: email.to_owned(),
            health_user_id: digits.to_string(),
            legacy_user_id: legacy.map(char::from).collect(),
            time_zone: time_zone.to_owned(),
        }
    }
}

/// Everything fixed about one person.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) index: usize,
    pub(crate) summary: PersonSummary,
    /// Display name of the tracker.
    pub(crate) device: &'static str,
    pub(crate) whereabouts: Whereabouts,
    pub(crate) life: Life,
    /// No measurement starts before this instant (microseconds).
    pub(crate) begins: i64,
}

/// Where measurements come from.
#[derive(Debug)]
pub(crate) enum Life {
    Invented(Synthetic),
    Recorded(Recorded),
}

/// Measurements and daily figures read from files.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    /// By data type and UTC day number, ascending.
    pub(crate) days: HashMap<(DataType, i64), Arc<[Point]>>,
    /// The account's own daily figures in base units, which may differ from the points.
    pub(crate) figures: HashMap<(DataType, Date), i64>,
}

impl Person {
    /// The vendor's own figure of a day, where it is not the sum of the points.
    pub(crate) fn figure(&self, data_type: DataType, date: Date) -> Option<i64> {
        match &self.life {
            Life::Invented(_) => None,
            Life::Recorded(recorded) => recorded.figures.get(&(data_type, date)).copied(),
        }
    }

    pub(crate) fn has_figures(&self) -> bool {
        matches!(&self.life, Life::Recorded(recorded) if !recorded.figures.is_empty())
    }

    /// When the values of the night before `date` are known, and the resting heart rate.
    pub(crate) fn morning(&self, date: Date) -> Option<(i64, i32)> {
        match &self.life {
            Life::Invented(life) => life.morning(&self.whereabouts, date),
            Life::Recorded(_) => None,
        }
    }
}

impl Person {
    /// What the tracker measured in the night before `date`.
    pub(crate) fn nightly(&self, date: Date) -> Option<Night> {
        match &self.life {
            Life::Invented(life) => Some(life.night(self.begins, date)),
            Life::Recorded(_) => None,
        }
    }
}

/// The zones a person lived in, in order.
#[derive(Debug, Clone)]
pub(crate) struct Whereabouts(Vec<Stay>);

#[derive(Debug, Clone)]
struct Stay {
    from: Timestamp,
    zone: TimeZone,
}

impl Whereabouts {
    pub(crate) fn at_home(zone: TimeZone) -> Self {
        Self(vec![Stay { from: Timestamp::MIN, zone }])
    }

    /// Continues the journey: from `from` on the person is in `zone`.
    pub(crate) fn then(mut self, from: Timestamp, zone: TimeZone) -> Self {
        self.0.push(Stay { from, zone });
        self
    }

    /// The offsets in force between two instants (microseconds).
    pub(crate) fn offsets(&self, from: i64, to: i64) -> Offsets {
        let (from, to) = (instant(from), instant(to));
        let mut changes = Vec::new();
        for (index, stay) in self.0.iter().enumerate() {
            let end = self.0.get(index + 1).map_or(Timestamp::MAX, |next| next.from);
            let (start, end) = (stay.from.max(from), end.min(to));
            if start >= end && !(start == end && start == from) {
                continue;
            }
            changes.push((start.as_microsecond(), stay.zone.to_offset(start).seconds()));
            let shifts = stay.zone.following(start).take_while(|shift| shift.timestamp() < end);
            changes.extend(
                shifts.map(|shift| (shift.timestamp().as_microsecond(), shift.offset().seconds())),
            );
        }
        Offsets(changes)
    }

    /// The zone at an instant.
    pub(crate) fn zone(&self, at: Timestamp) -> TimeZone {
        let stay = self.0.iter().rev().find(|stay| stay.from <= at);
        stay.map_or(TimeZone::UTC, |stay| stay.zone.clone())
    }

    /// The first instant at which the person's wall clock showed `civil`, if it ever did.
    pub(crate) fn instant(&self, civil: DateTime) -> Option<Timestamp> {
        self.0.iter().enumerate().find_map(|(index, stay)| {
            let end = self.0.get(index + 1).map_or(Timestamp::MAX, |next| next.from);
            let shown = stay.zone.to_ambiguous_timestamp(civil).compatible().ok()?;
            (stay.from <= shown && shown < end).then_some(shown)
        })
    }
}

/// UTC offsets in seconds by the instant from which they hold.
#[derive(Debug, Clone)]
pub(crate) struct Offsets(Vec<(i64, i32)>);

impl Offsets {
    pub(crate) fn utc() -> Self {
        Self(Vec::new())
    }

    /// The offset in force at an instant (microseconds); the nearest one outside the span.
    pub(crate) fn at(&self, instant: i64) -> i32 {
        let after = self.0.partition_point(|(from, _)| *from <= instant);
        self.0.get(after.saturating_sub(1)).map_or(0, |(_, offset)| *offset)
    }

    /// The wall clock at an instant, in microseconds as if it were UTC.
    pub(crate) fn civil(&self, instant: i64) -> i64 {
        instant + i64::from(self.at(instant)) * SECOND
    }
}

/// A timestamp from microseconds, saturating.
pub(crate) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// A civil date and time as microseconds, as if it were UTC.
pub(crate) fn civil_micros(civil: DateTime) -> i64 {
    let since = civil.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The date of civil microseconds.
pub(crate) fn civil_date(micros: i64) -> Date {
    date_of_day(micros.div_euclid(crate::point::DAY))
}

/// The date of a day number since 1970-01-01, saturating.
pub(crate) fn date_of_day(day: i64) -> Date {
    let epoch = Date::constant(1970, 1, 1);
    epoch.saturating_add(SignedDuration::from_hours(day.clamp(-10_000_000, 10_000_000) * 24))
}

/// The day number of a date since 1970-01-01.
pub(crate) fn day_of_date(date: Date) -> i64 {
    civil_micros(date.to_datetime(jiff::civil::Time::midnight())).div_euclid(crate::point::DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn offsets_follow_daylight_saving_and_journeys() {
        let home = Whereabouts::at_home(zone("Europe/Madrid"));
        let away = home.then("2026-11-01T12:00:00Z".parse().unwrap(), zone("Asia/Tokyo"));
        let offsets = away.offsets(at("2026-10-24T00:00:00Z"), at("2026-11-02T00:00:00Z"));
        let hours = |text| offsets.at(at(text)) / 3600;
        assert_eq!(hours("2026-10-25T00:59:59Z"), 2);
        assert_eq!(hours("2026-10-25T01:00:00Z"), 1);
        assert_eq!(hours("2026-11-01T11:59:59Z"), 1);
        assert_eq!(hours("2026-11-01T12:00:00Z"), 9);
    }

    #[test]
    fn a_wall_clock_time_that_was_flown_over_has_no_instant() {
        let home = Whereabouts::at_home(zone("America/Los_Angeles"));
        let away = home.then("2026-11-01T20:00:00Z".parse().unwrap(), zone("Asia/Tokyo"));
        assert_eq!(away.instant("2026-11-02T01:00:00".parse().unwrap()), None);
        let noon = away.instant("2026-11-02T12:00:00".parse().unwrap()).unwrap();
        assert_eq!(noon.to_string(), "2026-11-02T03:00:00Z");
    }

    #[test]
    fn dates_and_day_numbers_agree() {
        let date: Date = "2026-11-22".parse().unwrap();
        assert_eq!(date_of_day(day_of_date(date)), date);
        assert_eq!(day_of_date("1969-12-31".parse().unwrap()), -1);
    }

    #[test]
    fn identities_follow_from_the_address() {
        let ines = PersonSummary::invent(1, "Ines", "ines@example.com", "Europe/Madrid");
        assert_eq!(ines, PersonSummary::invent(1, "Ines", "ines@example.com", "Europe/Madrid"));
        assert_eq!((ines.health_user_id.len(), ines.legacy_user_id.len()), (19, 6));
    }
}
