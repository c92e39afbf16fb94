//! Samples, Observations and coverage: the record itself.

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};
use phr_model::{
    Coverage, CoverageState, DateRange, Draft, Metric, Observation, PersonId, Reason, Sample,
};
use uuid::Uuid;

use crate::{connection::Lease, error::StoreError};

/// One day as a sync read it: the window's new content.
#[derive(Debug, Clone)]
pub struct DayWrite {
    /// All samples of the day, in order of time.
    pub samples: Vec<Sample>,
    /// What `observe` says about them.
    pub drafts: Vec<Draft>,
    /// What is known about the day now. Names the metric and the date.
    pub coverage: Coverage,
}

/// What writing days changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// Days whose samples were not the same before.
    pub days: u32,
    /// Samples now held in the written days.
    pub samples: u64,
    /// Observations written for the first time.
    pub created: u32,
    /// Observations with a new version.
    pub revised: u32,
    /// Observations withdrawn as entered in error.
    pub withdrawn: u32,
}

impl Changes {
    /// How many Observations were changed in one way or another.
    pub fn observations(&self) -> u32 {
        self.created + self.revised + self.withdrawn
    }
}

/// What to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObservationFilter {
    /// Only this metric.
    pub metric: Option<Metric>,
    /// From this civil day.
    pub from: Option<Date>,
    /// To this civil day, included.
    pub to: Option<Date>,
}

/// A page of Observations.
#[derive(Debug, Clone)]
pub struct ObservationPage {
    /// Newest first (by civil day, then by start, then by id).
    pub observations: Vec<Observation>,
    /// How many match in all: exact.
    pub total: u64,
}

/// The figures of one metric in short, for people and tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricTotals {
    /// The metric.
    pub metric: Metric,
    /// Days with data (samples or Observations).
    pub days: u32,
    /// Samples held.
    pub samples: u64,
    /// Observations that stand (withdrawn ones are not counted).
    pub observations: u64,
    /// The newest Observation that stands.
    pub latest: Option<Observation>,
}

/// The record.
#[async_trait]
pub trait Readings: Send + Sync {
    /// Replaces days: samples, Observations (by `phr_model::difference` with what is held) and
    /// coverage, in one transaction that checks the lease. Writing the same again changes nothing,
    /// not even a time stamp.
    async fn replace_days(
        &self,
        lease: Lease,
        person: PersonId,
        vendor: &str,
        days: Vec<DayWrite>,
        now: Timestamp,
    ) -> Result<Changes, StoreError>;

    /// Notes why days could not be read. Samples, figures and `read_at` stay as they are.
    async fn note_days(
        &self,
        lease: Lease,
        person: PersonId,
        metric: Metric,
        days: &[Date],
        state: CoverageState,
        reason: Reason,
    ) -> Result<(), StoreError>;

    /// What is known about the days of a range, oldest first; days without a row are missing.
    async fn coverage(
        &self,
        person: PersonId,
        metric: Option<Metric>,
        days: DateRange,
    ) -> Result<Vec<Coverage>, StoreError>;

    /// The samples of one day, in order of time.
    async fn samples(
        &self,
        person: PersonId,
        metric: Metric,
        date: Date,
    ) -> Result<Vec<Sample>, StoreError>;

    /// The next day with samples in `days`, its samples in order of time; none when there is none.
    /// Walk a range by asking again from the day after.
    async fn next_day_with_samples(
        &self,
        person: PersonId,
        metric: Metric,
        days: DateRange,
    ) -> Result<Option<(Date, Vec<Sample>)>, StoreError>;

    /// A page of the Observations that stand, newest first. `page` counts from 1.
    async fn observations(
        &self,
        person: PersonId,
        filter: ObservationFilter,
        page: u32,
        page_size: u32,
    ) -> Result<ObservationPage, StoreError>;

    /// One Observation of this person, withdrawn or not.
    async fn observation(
        &self,
        person: PersonId,
        id: Uuid,
    ) -> Result<Option<Observation>, StoreError>;

    /// All Observations of a metric in a range that stand, oldest first.
    async fn observations_between(
        &self,
        person: PersonId,
        metric: Metric,
        days: DateRange,
    ) -> Result<Vec<Observation>, StoreError>;

    /// The record in short, a row per metric that has any.
    async fn totals(&self, person: PersonId) -> Result<Vec<MetricTotals>, StoreError>;

    /// SHA-256 over samples, Observations and coverage of a person in a fixed order: two stores
    /// that hold the same answer the same.
    async fn digest(&self, person: PersonId) -> Result<[u8; 32], StoreError>;
}
