//! Looking at what is held as an auditor does: row by row, with what stands beside it, trusting
//! nothing. What is right is not decided here.

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};
use phr_model::{Coverage, DateRange, Metric, Observation, PersonId, Sample, sample::Statistics};
use uuid::Uuid;

use crate::{
    connection::{Connection, Lease},
    error::StoreError,
};

/// A row of samples: what is inside the blob, and what is said about it beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRow {
    /// The samples, in the order in which they are packed.
    pub samples: Vec<Sample>,
    /// Count, smallest, largest and sum as the columns say.
    pub statistics: Statistics,
    /// When the first sample was recorded, as the column says.
    pub first_at: Timestamp,
    /// When the last sample was recorded, as the column says.
    pub last_at: Timestamp,
    /// Whether the digest is that of the samples.
    pub digest_fits: bool,
}

/// A row of coverage with its counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageRow {
    /// What is known about the day.
    pub known: Coverage,
    /// Observations of the day that stand, as the counter says.
    pub observations: u32,
}

/// Everything that is held about one day of one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldDay {
    /// The metric.
    pub metric: Metric,
    /// The civil day.
    pub date: Date,
    /// A row for each source.
    pub samples: Vec<SampleRow>,
    /// What is known about it.
    pub coverage: Option<CoverageRow>,
    /// Its Observations, withdrawn ones too, by id.
    pub observations: Vec<Observation>,
}

impl HeldDay {
    /// A day of which nothing is held yet.
    pub fn empty(metric: Metric, date: Date) -> Self {
        Self { metric, date, samples: Vec::new(), coverage: None, observations: Vec::new() }
    }
}

/// A row that does not hold what it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    /// Table.
    pub table: &'static str,
    /// Column.
    pub column: &'static str,
    /// The day, if at least that can be read.
    pub date: Option<Date>,
}

/// The days of a range.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspected {
    /// Days of which anything is held, oldest first.
    pub days: Vec<HeldDay>,
    /// Rows that could not be read, and are missing above.
    pub unreadable: Vec<Unreadable>,
}

/// A connection as a job: when it is due and who works on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The connection.
    pub connection: Connection,
    /// When older days (history, or the audit) are to be worked on next.
    pub older_due_at: Option<Timestamp>,
    /// The lease's token, if somebody holds or held it.
    pub lease: Option<Uuid>,
    /// When the lease lapses.
    pub lease_until: Option<Timestamp>,
}

/// Rows that no walk over people and metrics comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strays {
    /// The table.
    pub table: &'static str,
    /// How many rows of people who do not exist, of unknown metrics or without a readable date.
    pub rows: u64,
}

/// Questions of an auditor.
#[async_trait]
pub trait Inspection: Send + Sync {
    /// First and last day of which anything is held.
    async fn held_span(
        &self,
        person: PersonId,
        metric: Metric,
    ) -> Result<Option<DateRange>, StoreError>;

    /// Everything that is held about the days of a range, all as of one moment.
    async fn inspect(
        &self,
        person: PersonId,
        metric: Metric,
        days: DateRange,
    ) -> Result<Inspected, StoreError>;

    /// A person's connections as jobs.
    async fn jobs(&self, person: PersonId) -> Result<Vec<Job>, StoreError>;

    /// Tables that hold rows nobody would come by, with how many.
    async fn strays(&self) -> Result<Vec<Strays>, StoreError>;

    /// How many of a person's Observations carry a revision that the person has not reached: readers
    /// of the change feed would pass over what is written next.
    async fn ahead_of_feed(&self, person: PersonId) -> Result<u64, StoreError>;

    /// Gives a connection back as if nobody had worked on it. False if the lease was lost.
    async fn release(&self, lease: Lease) -> Result<bool, StoreError>;
}
