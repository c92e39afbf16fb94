//! Days in another form: where a destination wants a metric finer or coarser than it is kept, its
//! Observations are made from the samples of each day that changed.
//!
//! What is made is written down, all of a day in one transaction, before any of it is sent. So a
//! process that dies in the middle leaves behind what the next one sends, byte by byte the same, and
//! what a day does not say any more can be withdrawn.

use async_trait::async_trait;
use jiff::civil::Date;
use phr_model::{Coverage, Form, Metric, Observation, Sample};
use uuid::Uuid;

use crate::{
    delivery::{DeliveryLease, Pending},
    error::StoreError,
};

/// A place among a person's days, in the order in which they last changed: behind this day. The
/// default is before everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayPosition {
    /// The person's revision.
    pub revision: i64,
    /// The day's metric; empty before the first day of the revision.
    pub metric: String,
    /// The day; empty likewise.
    pub date: String,
}

impl DayPosition {
    /// After all days of `revision`.
    pub fn end_of(revision: i64) -> Self {
        Self { revision: revision.saturating_add(1), ..Self::default() }
    }
}

/// A day that changed since a destination last got it, with all that decides what is said about it.
#[derive(Debug, Clone)]
pub struct ChangedDay {
    /// Where it stands: whoever has dealt with it goes on from here.
    pub position: DayPosition,
    /// What is known about it. Names the metric and the date.
    pub known: Coverage,
    /// Its samples, in order of time.
    pub samples: Vec<Sample>,
    /// Steps of the day and of those next to it: they bear witness to where the person was.
    pub steps: Vec<Sample>,
    /// The zone of the vendor account.
    pub zone: Option<String>,
    /// Its Observations as they are kept, withdrawn ones too.
    pub kept: Vec<Observation>,
    /// Its Observations as they were last made for the destination, withdrawn ones too.
    pub made: Vec<Observation>,
    /// The form it went in because the one that is wanted was too many Observations.
    pub coarser: Option<Form>,
}

/// A day made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeDay {
    /// The metric.
    pub metric: Metric,
    /// The day.
    pub date: Date,
    /// What is new or different.
    pub changed: Vec<Observation>,
    /// What is delivered as it is kept from here on.
    pub released: Vec<Uuid>,
    /// The form it goes in, if that is a coarser one than is wanted.
    pub coarser: Option<Form>,
}

/// Days in another form.
#[async_trait]
pub trait MadeDays: Send + Sync {
    /// The next day behind `after` that is of one of `metrics`, or of which anything was made for the
    /// destination; all as of one moment.
    async fn next_changed_day(
        &self,
        lease: &DeliveryLease,
        after: &DayPosition,
        metrics: &[Metric],
    ) -> Result<Option<ChangedDay>, StoreError>;

    /// Writes a day down under the lease.
    async fn write_made(&self, lease: &DeliveryLease, day: MadeDay) -> Result<(), StoreError>;

    /// What was made of a day, behind the id `after`, at most `limit`, by id.
    async fn pending_of_day(
        &self,
        lease: &DeliveryLease,
        day: (Metric, Date),
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<Pending>, StoreError>;
}
