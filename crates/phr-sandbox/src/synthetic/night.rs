//! What a tracker makes of a night: a value each, known in the morning.

use jiff::civil::Date;

use super::Synthetic;
use crate::dice::Dice;
use crate::person::day_of_date;
use crate::point::DAY;

/// Nights before there is anything to compare a temperature with.
const NIGHTS_TO_LEARN: i64 = 5;

/// The values of one night, in the units of the API.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Night {
    /// RMSSD in milliseconds.
    pub(crate) variability: f64,
    /// Breaths per minute.
    pub(crate) breaths: f64,
    /// Of the skin, degrees Celsius.
    pub(crate) temperature: f64,
    /// The temperature of an ordinary night, once it is known.
    pub(crate) usual_temperature: Option<f64>,
    /// VO2max in millilitres per kilogram and minute.
    pub(crate) fitness: f64,
}

impl Synthetic {
    /// The night before `date` of somebody whose data begins at `begins` (microseconds).
    pub(crate) fn night(&self, begins: i64, date: Date) -> Night {
        let day = day_of_date(date);
        let mut habits = Dice::new(&[self.seed, 0x4AB1]);
        let mut dice = Dice::new(&[self.seed, 0x9168, day.cast_unsigned()]);
        let mut about = |usual: i32, spread: i32| f64::from(usual + dice.between(-spread, spread));
        let temperature = habits.between(3_360, 3_450);
        let known = day - begins.div_euclid(DAY) >= NIGHTS_TO_LEARN;
        Night {
            variability: about(habits.between(28_000, 62_000), 9_000) / 1_000.0,
            breaths: about(habits.between(132, 168), 9) / 10.0,
            temperature: about(temperature, 60) / 100.0,
            usual_temperature: known.then_some(f64::from(temperature) / 100.0),
            // A body changes slowly: a new value a week.
            fitness: f64::from(
                habits.between(340, 500)
                    + i32::try_from(day.div_euclid(7).rem_euclid(5)).unwrap_or(0),
            ) / 10.0,
        }
    }
}
