//! The truth for tests to compare with, without going through HTTP.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::daily::{DailyValue, dailies};
use crate::data_type::{DataType, Kind, RollUp};
use crate::levels;
use crate::person::{day_of_date, instant};
use crate::point::{DAY, Family, Source};
use crate::tally::by_date;
use crate::timeline::Timeline;
use crate::world::{World, WorldError};

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The instant, or the start of the interval.
    pub start: Timestamp,
    /// The end of an interval; equal to `start` for samples.
    pub end: Timestamp,
    /// The offset from UTC where the person was, in seconds.
    pub utc_offset: i32,
    /// In the unit of the API: beats per minute, percent, grams, steps, millimetres, kcal.
    pub value: f64,
    /// Who recorded it.
    pub source: Source,
}

impl World {
    /// Every source's visible points that start in `from..to`, ascending: what `list` pages
    /// through. Daily types have none.
    ///
    /// # Errors
    /// [`WorldError::NoSuchPerson`].
    pub fn points(
        &self,
        email: &str,
        data_type: DataType,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Reading>, WorldError> {
        let person = self.person(email)?;
        let timeline = Timeline::listed(self, person, data_type, Family::All);
        Ok(readings(&timeline, &(from.as_microsecond()..to.as_microsecond())))
    }

    /// The merged stream without double counting: what `reconcile` pages through.
    ///
    /// # Errors
    /// [`WorldError::NoSuchPerson`].
    pub fn reconciled_points(
        &self,
        email: &str,
        data_type: DataType,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Reading>, WorldError> {
        let person = self.person(email)?;
        let timeline = Timeline::reconciled(self, person, data_type, Family::All);
        Ok(readings(&timeline, &(from.as_microsecond()..to.as_microsecond())))
    }

    /// The vendor's figure of a civil day: the sum of steps, distance or energy, the mean of
    /// heart rate, saturation or weight, or the value of a daily type. `None` without data.
    ///
    /// # Errors
    /// [`WorldError::NoSuchPerson`].
    pub fn daily_total(
        &self,
        email: &str,
        data_type: DataType,
        date: Date,
    ) -> Result<Option<f64>, WorldError> {
        let person = self.person(email)?;
        let day = day_of_date(date);
        if data_type.kind() == Kind::Daily {
            let values = dailies(self, person, data_type, Family::All, (day, day + 1), 1);
            return Ok(values.first().map(|daily| match daily.value {
                #[expect(clippy::cast_precision_loss, reason = "a pulse")]
                DailyValue::Resting(bpm) => bpm as f64,
                DailyValue::Saturation { average, .. } => average,
                DailyValue::Single(value) => value,
                DailyValue::Temperature { nightly, .. } => nightly,
            }));
        }
        let timeline = Timeline::reconciled(self, person, data_type, Family::All);
        let tallies = by_date(&timeline, &(day * DAY..(day + 1) * DAY));
        Ok(tallies.get(&day).map(|tally| {
            let sum = data_type.in_units(tally.sum);
            match data_type.roll_up() {
                RollUp::WholeSum(_) | RollUp::Sum(_) => sum,
                #[expect(clippy::cast_precision_loss, reason = "minutes of a day")]
                RollUp::Levels => levels::unpacked(tally.sum).iter().sum::<i64>() as f64,
                #[expect(clippy::cast_precision_loss, reason = "a count of samples")]
                RollUp::Mean(_) | RollUp::MeanMaxMin(_) => sum / tally.count as f64,
            }
        }))
    }
}

fn readings(timeline: &Timeline<'_>, range: &Range<i64>) -> Vec<Reading> {
    let offsets = timeline.offsets(range);
    let mut readings = Vec::new();
    timeline.visit(range, |point| {
        readings.push(Reading {
            start: instant(point.at),
            end: instant(point.end()),
            utc_offset: offsets.at(point.at),
            value: timeline.data_type.in_units(i64::from(point.value)),
            source: point.source,
        });
    });
    readings
}
