//! What a run asks the vendor. One that says nothing at all has nothing, unless we hold something: then it
//! may as well be in trouble.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use phr_model::{Coverage, DateRange, Figure, Metric, Sample};
use phr_vendors::{DayReading, VendorError};

use super::Run;
use crate::session::Failure;

impl Run<'_> {
    /// The vendor's figures of the run's days.
    pub(super) async fn figures(
        &mut self,
        metric: Metric,
        held: &HashMap<Date, Coverage>,
    ) -> Result<BTreeMap<Date, Figure>, Failure> {
        let (vendor, days) = (self.vendor.clone(), self.days);
        let asked = self.session.ask(|access| {
            let vendor = vendor.clone();
            async move { vendor.daily_figures(&access, metric, days).await }
        });
        match asked.await {
            Err(Failure::Vendor(VendorError::NothingSaid)) if is_nothing_held(days, held) => {
                Ok(BTreeMap::new())
            }
            figures => figures,
        }
    }

    /// The samples of a window.
    pub(super) async fn readings(
        &mut self,
        metric: Metric,
        window: DateRange,
        witnesses: &[Sample],
        held: &HashMap<Date, Coverage>,
    ) -> Result<Vec<DayReading>, Failure> {
        let offsets = self.offsets(window, witnesses);
        let vendor = self.vendor.clone();
        let asked = self.session.ask(|access| {
            let (vendor, offsets) = (vendor.clone(), offsets.clone());
            async move { vendor.read_days(&access, metric, window, &offsets).await }
        });
        match asked.await {
            Err(Failure::Vendor(VendorError::NothingSaid)) if is_nothing_held(window, held) => {
                Ok(window.days().map(|date| DayReading { date, samples: Vec::new() }).collect())
            }
            readings => readings,
        }
    }
}

/// Whether we hold neither samples nor a figure of any of the days.
fn is_nothing_held(days: DateRange, held: &HashMap<Date, Coverage>) -> bool {
    let of_days = held.values().filter(|row| days.contains(row.date));
    of_days.into_iter().all(|row| row.samples == 0 && row.vendor.is_none())
}
