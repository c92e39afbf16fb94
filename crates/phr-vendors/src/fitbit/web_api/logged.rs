//! Nights and workouts by day. There is no figure of a day of them, so they are read, and the
//! fingerprint of what they say tells whether it changed.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};
use phr_model::{DateRange, Figure, Offsets, Sample, figure::fingerprint};

use super::{
    asking::{Asking, pieces},
    exercise, sleep,
};
use crate::{
    error::VendorError,
    fitbit::{
        readings::{empty_days, readings},
        session::Session,
    },
    vendor::DayReading,
};

/// Of sleep 100 days are allowed, but so many nights with their stages are long; workouts come in pages.
pub(super) const MOST_DAYS: i32 = 30;

/// A night or a workout of a day.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Logged {
    pub(super) date: Date,
    pub(super) session: Session,
}

/// A log of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionLog {
    Sleep,
    Exercise,
}

impl SessionLog {
    /// What tells that sessions of a day changed; a day without any is missing.
    pub(super) async fn marks(
        self,
        asking: Asking<'_>,
        days: DateRange,
    ) -> Result<BTreeMap<Date, Figure>, VendorError> {
        // Where the person was does not matter here: the mark only ever compares with itself.
        let utc = Offsets::new(TimeZone::UTC, []);
        let days = self.samples(asking, days, &utc, Nights::Finished).await?;
        let some = days.into_iter().filter(|(_, samples)| !samples.is_empty());
        Ok(some
            .map(|(date, samples)| (date, Figure::Mark { fingerprint: fingerprint(&samples) }))
            .collect())
    }

    pub(super) async fn read_days(
        self,
        asking: Asking<'_>,
        days: DateRange,
        offsets: &Offsets,
    ) -> Result<Vec<DayReading>, VendorError> {
        self.samples(asking, days, offsets, Nights::All).await.map(readings)
    }

    async fn samples(
        self,
        asking: Asking<'_>,
        days: DateRange,
        offsets: &Offsets,
        nights: Nights,
    ) -> Result<BTreeMap<Date, Vec<Sample>>, VendorError> {
        let mut found = empty_days(days);
        for days in pieces(days, MOST_DAYS) {
            let logged = match (self, nights) {
                (Self::Sleep, Nights::All) => sleep::read(asking, days, offsets).await?,
                (Self::Sleep, Nights::Finished) => {
                    sleep::read_finished(asking, days, offsets).await?
                }
                (Self::Exercise, _) => exercise::read(asking, days, offsets).await?,
            };
            for Logged { date, session } in logged {
                found.entry(date).or_default().extend(session.samples(offsets));
            }
        }
        Ok(found)
    }
}

/// Which nights must be there: a day cannot be read as long as one of its nights is being summed up.
#[derive(Debug, Clone, Copy)]
enum Nights {
    All,
    Finished,
}
