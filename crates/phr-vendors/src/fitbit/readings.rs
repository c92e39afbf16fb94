//! Samples gathered by civil day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use phr_model::{DateRange, Sample};

use crate::vendor::DayReading;

/// An entry for each day.
pub(super) fn empty_days(days: DateRange) -> BTreeMap<Date, Vec<Sample>> {
    days.days().map(|date| (date, Vec::new())).collect()
}

/// Sorted readings.
pub(super) fn readings(days: BTreeMap<Date, Vec<Sample>>) -> Vec<DayReading> {
    let sorted = days.into_iter().map(|(date, mut samples)| {
        samples.sort_unstable();
        DayReading { date, samples }
    });
    sorted.collect()
}
