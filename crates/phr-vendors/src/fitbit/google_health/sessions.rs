//! Nights and workouts (page "Data types", sessions). A night belongs to the day of waking, a workout to
//! the day it began.

mod exercise;
mod sleep;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::Offset};
use phr_model::{DateRange, Metric, Offsets, Sample};
use serde::{Deserialize, Deserializer};

use self::{exercise::ExercisePoint, sleep::SleepPoint};
use super::{
    page::ItemReader,
    span,
    times::{CivilDateTime, OffsetSeconds},
    walk::Walk,
};
use crate::{
    error::VendorError,
    fitbit::{
        api::Api,
        json::{Maybe, Nested},
        readings::{empty_days, readings},
        session::{Session, Stretch},
    },
    vendor::{Access, DayReading},
};

/// Days of one request: a page holds 25 sessions, and few people nap or train twice a day.
const DAYS_AT_ONCE: i32 = 14;

/// A type whose points are sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionType {
    Sleep,
    Exercise,
}

impl SessionType {
    pub(super) fn of(metric: Metric) -> Option<Self> {
        match metric {
            Metric::Sleep => Some(Self::Sleep),
            Metric::Exercise => Some(Self::Exercise),
            _ => None,
        }
    }

    /// In paths, filters and JSON alike.
    fn id(self) -> &'static str {
        match self {
            Self::Sleep => "sleep",
            Self::Exercise => "exercise",
        }
    }

    /// The sessions of `days`. Google filters nights by their end only, workouts by their start.
    fn filter(self, days: DateRange) -> String {
        let field = match self {
            Self::Sleep => "interval.civil_end_time",
            Self::Exercise => "interval.civil_start_time",
        };
        span::sessions(self.id(), field, days)
    }
}

/// Every session of `days`, each as samples of its day.
pub(super) async fn read_sessions(
    api: &Api,
    access: &Access,
    sessions: SessionType,
    days: DateRange,
    offsets: &Offsets,
) -> Result<Vec<DayReading>, VendorError> {
    let walk = Walk { api, access, data_type: sessions.id() };
    let mut found: BTreeMap<Date, Vec<Sample>> = empty_days(days);
    for days in days.chunks(DAYS_AT_ONCE) {
        for session in read(&walk, sessions, days).await? {
            let samples = session.samples(offsets);
            // What the vendor finds in these days is of these days, whatever we think of its offset.
            let date = date_of(&session, sessions, offsets).clamp(days.first, days.last);
            found.entry(date).or_default().extend(samples);
        }
    }
    Ok(readings(found))
}

/// Day by day where a request for all of them takes more than a page.
async fn read(
    walk: &Walk<'_>,
    sessions: SessionType,
    days: DateRange,
) -> Result<Vec<Session>, VendorError> {
    let (all, is_cut) = walk.sessions(&sessions.filter(days), sessions).await?;
    if !is_cut {
        return Ok(all);
    }
    let mut found = Vec::new();
    for date in days.days() {
        let of_day = sessions.filter(DateRange::day(date));
        found.extend(walk.sessions(&of_day, sessions).await?.0);
    }
    Ok(found)
}

/// The day it belongs to.
fn date_of(session: &Session, sessions: SessionType, offsets: &Offsets) -> Date {
    let Session { time, end_offset, .. } = session;
    let (at, offset) = match sessions {
        SessionType::Sleep => {
            let length = jiff::SignedDuration::from_secs(i64::from(time.seconds));
            (time.at.checked_add(length).unwrap_or(time.at), *end_offset)
        }
        SessionType::Exercise => (time.at, time.offset),
    };
    let known = offset.and_then(|seconds| Offset::from_seconds(seconds).ok());
    known.unwrap_or_else(|| offsets.at(at)).to_datetime(at).date()
}

impl ItemReader for SessionType {
    type Item = Session;

    fn read<'de, D: Deserializer<'de>>(self, json: D) -> Result<Option<Session>, D::Error> {
        match self {
            Self::Sleep => SleepPoint::deserialize(json)?.session(),
            Self::Exercise => ExercisePoint::deserialize(json)?.session(),
        }
    }
}

/// A session's or a stretch's time.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Interval {
    start_time: Maybe<Timestamp>,
    end_time: Maybe<Timestamp>,
    start_utc_offset: Maybe<OffsetSeconds>,
    end_utc_offset: Maybe<OffsetSeconds>,
    civil_end_time: Nested<CivilDateTime>,
}

impl Interval {
    /// None if an end is missing or lies before the start.
    fn stretch(&self) -> Option<Stretch> {
        let offset = self.start_utc_offset.0.map(|offset| offset.0);
        Stretch::between(self.start_time.0?, self.end_time.0?, offset)
    }

    /// The offset at the end, told or to be seen from civil time.
    fn end_offset(&self) -> Option<i32> {
        let told = self.end_utc_offset.0;
        let seen = || {
            let civil = self.civil_end_time.0.as_ref()?.datetime()?;
            let civil = Offset::UTC.to_timestamp(civil).ok()?;
            OffsetSeconds::new(civil.as_second() - self.end_time.0?.as_second())
        };
        told.or_else(seen).map(|offset| offset.0)
    }
}

fn no_time<E: serde::de::Error>() -> E {
    E::custom("a session without a readable time")
}

#[cfg(test)]
mod tests;
