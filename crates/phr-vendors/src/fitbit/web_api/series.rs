//! What people do by day (page "Activity Time Series").

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use phr_model::{DateRange, Figure, Part, part::Measured};

use super::{
    answer::{Place, Row},
    asking::{Asking, Topic, pieces, range},
    units::KILOMETRES_IN_A_MILE,
};
use crate::error::VendorError;

/// 1,095 days are allowed.
const LONG: i32 = 1_000;
/// 30 days are allowed for energy of activity.
const SHORT: i32 = 30;

/// A resource of the activity series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Series {
    /// In paths and members.
    pub(super) name: &'static str,
    /// The member with the rows.
    pub(super) root: &'static str,
    /// Base units of the catalogue per unit.
    pub(super) scale: i64,
    /// Days that may be asked for at once.
    most_days: i32,
    /// Days without data are filled with zeros. A body at rest burns energy all day long, so a day of
    /// no energy has no data; on other days a zero may be a statement. It is none of what a device
    /// may be unable to measure (floors, without an altimeter).
    zero_counts: bool,
}

const fn series(name: &'static str, root: &'static str, scale: i64) -> Series {
    Series { name, root, scale, most_days: LONG, zero_counts: false }
}

pub(super) static STEPS: Series =
    Series { zero_counts: true, ..series("steps", "activities-steps", 1) };
pub(super) static DISTANCE: Series =
    Series { zero_counts: true, ..series("distance", "activities-distance", 1_000_000) };
/// With basal energy.
pub(super) static CALORIES: Series = series("calories", "activities-calories", 1_000);
pub(super) static FLOORS: Series = series("floors", "activities-floors", 1);
/// Energy of activity.
static ACTIVE_ENERGY: Series =
    Series { most_days: SHORT, ..series("activityCalories", "activities-activityCalories", 1_000) };
/// Minutes of activity by level; 100 base units are a minute.
static LEVELS: [(Part, Series); 3] = [
    (Part::LightActivity, series("minutesLightlyActive", "activities-minutesLightlyActive", 100)),
    (Part::ModerateActivity, series("minutesFairlyActive", "activities-minutesFairlyActive", 100)),
    (Part::VigorousActivity, series("minutesVeryActive", "activities-minutesVeryActive", 100)),
];

type Totals = BTreeMap<Date, i64>;

impl Series {
    pub(super) fn place(&self) -> Place<'static> {
        Place { root: self.root, scale: self.scale }
    }

    /// The figures of `days`; a day without data is missing.
    pub(super) async fn figures(
        &'static self,
        asking: Asking<'_>,
        days: DateRange,
    ) -> Result<BTreeMap<Date, Figure>, VendorError> {
        let mut figures = BTreeMap::new();
        for days in pieces(days, self.most_days) {
            let totals = self.stated(asking, days).await?;
            figures.extend(totals.into_iter().map(|(date, value)| (date, Figure::Total { value })));
        }
        Ok(figures)
    }

    /// Totals that are statements.
    async fn stated(
        &'static self,
        asking: Asking<'_>,
        days: DateRange,
    ) -> Result<Totals, VendorError> {
        let mut totals = self.totals(asking, days).await?;
        let zeros: BTreeSet<Date> =
            totals.iter().filter(|(_, total)| **total == 0).map(|(date, _)| *date).collect();
        if zeros.len() < totals.len() && self.has_units() {
            self.check_units(asking, days, totals.values().sum()).await?;
        }
        let alive = if zeros.is_empty() || !self.zero_counts {
            Totals::new()
        } else {
            CALORIES.totals(asking, days).await?
        };
        totals
            .retain(|date, total| *total > 0 || alive.get(date).is_some_and(|energy| *energy > 0));
        Ok(totals)
    }

    async fn totals(&self, asking: Asking<'_>, days: DateRange) -> Result<Totals, VendorError> {
        let topic = Topic { endpoint: "activity", data_type: self.name };
        let answer = asking.rooted(topic, &self.path(days), self.place()).await?;
        self.read(days, &answer.rows)
    }

    /// Sums of `days` in base units; a row without a value is none.
    fn read(&self, days: DateRange, rows: &[Row]) -> Result<Totals, VendorError> {
        let mut totals = Totals::new();
        for row in rows {
            let date = row.date().map_err(|_| VendorError::Unreadable)?;
            let value = row.value.0.and_then(|value| value.to_base(self.scale));
            if value.is_some_and(|value| value < 0) {
                return Err(VendorError::Unreadable);
            }
            totals.extend(value.filter(|_| days.contains(date)).map(|value| (date, value)));
        }
        Ok(totals)
    }

    /// Whether its numbers follow the language of the request.
    pub(super) fn has_units(&self) -> bool {
        self == &DISTANCE
    }

    /// Makes sure that `metric`, the sum of `days`, came in kilometres.
    pub(super) async fn check_units(
        &self,
        asking: Asking<'_>,
        days: DateRange,
        metric: i64,
    ) -> Result<(), VendorError> {
        let topic = Topic { endpoint: "activity", data_type: self.name };
        let path = self.path(days);
        let miles = asking.rooted_in_us_units(topic, &path, self.place()).await?;
        let miles: i64 = self.read(days, &miles.rows)?.values().sum();
        KILOMETRES_IN_A_MILE.check(metric, miles)
    }

    /// The day's figure in the head of an intraday answer.
    pub(super) fn head(&self, date: Date, rows: &[Row]) -> Result<i64, VendorError> {
        Ok(self.read(DateRange::day(date), rows)?.into_values().sum())
    }

    fn path(&self, days: DateRange) -> String {
        format!("activities/{}/date/{}.json", self.name, range(days))
    }
}

/// Energy of activity. There is none by the minute, so the vendor's word for the day is all there is.
pub(super) async fn active_energy(
    asking: Asking<'_>,
    days: DateRange,
) -> Result<BTreeMap<Date, Figure>, VendorError> {
    let mut figures = BTreeMap::new();
    for days in pieces(days, ACTIVE_ENERGY.most_days) {
        let totals = ACTIVE_ENERGY.stated(asking, days).await?;
        let figure = |value| Figure::Stated { value, parts: Vec::new() };
        figures.extend(totals.into_iter().map(|(date, value)| (date, figure(value))));
    }
    Ok(figures)
}

/// Minutes of activity: three series, by the day only too.
pub(super) async fn active_minutes(
    asking: Asking<'_>,
    days: DateRange,
) -> Result<BTreeMap<Date, Figure>, VendorError> {
    let mut levels: BTreeMap<Date, Vec<Measured>> = BTreeMap::new();
    for days in pieces(days, LONG) {
        for (part, series) in &LEVELS {
            for (date, minutes) in series.totals(asking, days).await? {
                levels.entry(date).or_default().push((*part, minutes));
            }
        }
    }
    let figures = levels.into_iter().filter_map(|(date, parts)| {
        let value = parts.iter().map(|(_, minutes)| minutes).sum();
        (value > 0).then_some((date, Figure::Stated { value, parts }))
    });
    Ok(figures.collect())
}
