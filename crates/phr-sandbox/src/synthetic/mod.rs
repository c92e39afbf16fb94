//! Invented people: plausible days that follow from a seed.
//!
//! Any UTC day of any data type can be produced on its own, because each minute follows from the
//! seed, the person and the plan of the civil day it falls into.

mod journey;
mod minutes;
mod night;
mod plan;
mod points;
mod sessions;

use jiff::civil::Date;

use crate::person::{Whereabouts, day_of_date};
use crate::point::MINUTE;

pub(crate) use journey::invent_people;
pub(crate) use night::Night;
use plan::Plan;

/// The body and habits of an invented person.
#[derive(Debug, Clone)]
pub(crate) struct Synthetic {
    /// Already specific to the person.
    pub(crate) seed: u64,
    /// Resting heart rate, beats per minute.
    resting: i32,
    /// Basal energy of a minute in 0.0001 kcal.
    basal: i32,
    /// Length of a step in millimetres.
    stride: i32,
    /// Body weight in milligrams.
    weight: i32,
    /// Share of fat in 0.01 %.
    fat: i32,
    /// In millimetres.
    height: i32,
}

impl Synthetic {
    /// When the values of the night before `date` are known (microseconds), and the resting
    /// heart rate of the date. `None` on days not worn and dates the person flew over.
    pub(crate) fn morning(&self, whereabouts: &Whereabouts, date: Date) -> Option<(i64, i32)> {
        let day = day_of_date(date);
        let plan = self.plan(day);
        if !plan.worn {
            return None;
        }
        let wake = instant_of(whereabouts, date, plan.wake + 5)?;
        let mut dice = crate::dice::Dice::new(&[self.seed, 0x4E57, day.cast_unsigned()]);
        Some((wake, self.resting + dice.between(-2, 3)))
    }

    fn plan(&self, day: i64) -> Plan {
        Plan::of(self.seed, day)
    }
}

/// The instant of a minute of a civil date, in microseconds.
fn instant_of(whereabouts: &Whereabouts, date: Date, minute: i32) -> Option<i64> {
    let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
    let civil =
        jiff::civil::DateTime::from_parts(date, jiff::civil::Time::new(hour, minute, 0, 0).ok()?);
    whereabouts.instant(civil).map(jiff::Timestamp::as_microsecond)
}

/// Minutes since the epoch of an instant.
fn epoch_minute(micros: i64) -> i64 {
    micros.div_euclid(MINUTE)
}
