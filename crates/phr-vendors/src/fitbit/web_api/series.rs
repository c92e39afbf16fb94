//! Steps, distance and energy by day (page "Activity Time Series").

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use phr_model::{DateRange, Figure, Metric};

use super::{
    answer::{Place, Row},
    asking::{Asking, Topic, pieces, range},
    units::KILOMETRES_IN_A_MILE,
};
use crate::error::VendorError;

/// 1,095 days are allowed.
const MOST_DAYS: i32 = 1_000;

/// A resource of the activity series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Series {
    /// In paths and members.
    pub(super) name: &'static str,
    /// The member with the rows.
    pub(super) root: &'static str,
    /// Base units of the catalogue per unit.
    pub(super) scale: i64,
}

pub(super) static STEPS: Series = Series { name: "steps", root: "activities-steps", scale: 1 };
/// With basal energy.
pub(super) static CALORIES: Series =
    Series { name: "calories", root: "activities-calories", scale: 1_000 };
pub(super) static DISTANCE: Series =
    Series { name: "distance", root: "activities-distance", scale: 1_000_000 };

type Totals = BTreeMap<Date, i64>;

/// What totals come to. Whatever a vendor says, it is a number.
pub(super) fn sum(totals: &Totals) -> i64 {
    totals.values().copied().fold(0, i64::saturating_add)
}

impl Series {
    /// The series behind a metric.
    pub(super) fn of(metric: Metric) -> Option<&'static Self> {
        match metric {
            Metric::Steps => Some(&STEPS),
            Metric::Calories => Some(&CALORIES),
            Metric::Distance => Some(&DISTANCE),
            _ => None,
        }
    }

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
        for days in pieces(days, MOST_DAYS) {
            let totals = self.stated(asking, days).await?;
            figures.extend(totals.into_iter().map(|(date, value)| (date, Figure::Total { value })));
        }
        Ok(figures)
    }

    /// Days without data are filled with zeros. A body at rest burns energy all day long, so a day of
    /// no energy has no data, and a zero of anything else is a statement on other days only.
    async fn stated(
        &'static self,
        asking: Asking<'_>,
        days: DateRange,
    ) -> Result<Totals, VendorError> {
        let mut totals = self.totals(asking, days).await?;
        let zeros: BTreeSet<Date> =
            totals.iter().filter(|(_, total)| **total == 0).map(|(date, _)| *date).collect();
        if self == &DISTANCE && zeros.len() < totals.len() {
            self.check_units(asking, days, sum(&totals)).await?;
        }
        if zeros.is_empty() {
            return Ok(totals);
        }
        let alive =
            if self == &CALORIES { Totals::new() } else { CALORIES.totals(asking, days).await? };
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
    pub(super) fn read(&self, days: DateRange, rows: &[Row]) -> Result<Totals, VendorError> {
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
        let miles = self.read(days, &miles.rows)?;
        KILOMETRES_IN_A_MILE.check(metric, sum(&miles))
    }

    /// The day's figure in the head of an intraday answer.
    pub(super) fn head(&self, date: Date, rows: &[Row]) -> Result<i64, VendorError> {
        Ok(sum(&self.read(DateRange::day(date), rows)?))
    }

    fn path(&self, days: DateRange) -> String {
        format!("activities/{}/date/{}.json", self.name, range(days))
    }
}
