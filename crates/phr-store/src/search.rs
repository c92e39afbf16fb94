//! Finding Observations by any combination of what FHIR searches for, a page at a time.

use async_trait::async_trait;
use jiff::civil::Date;
use phr_model::{Metric, PersonId, Status};
use uuid::Uuid;

use crate::{
    error::StoreError,
    feed::{Change, Position},
};

/// What an Observation speaks of, which decides its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// An instant.
    Instant,
    /// A period of a day that may still change.
    OpenPeriod,
    /// A period of a day that is over.
    ClosedPeriod,
}

impl Extent {
    /// Every extent.
    pub const ALL: [Self; 3] = [Self::Instant, Self::OpenPeriod, Self::ClosedPeriod];
}

/// Observations of a metric and of these extents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// The metric.
    pub metric: Metric,
    /// Its extents.
    pub extents: Vec<Extent>,
}

/// A point in an Observation's life that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    /// When it begins to be true.
    Start,
    /// When it ends to be true (included); its start, if it is true at an instant.
    End,
    /// When its present version was made.
    Issued,
}

/// By whose clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reading {
    /// Microseconds since 1970-01-01T00:00:00Z.
    Universal,
    /// What the clock on the wall showed where the person was, as microseconds since
    /// 1970-01-01T00:00:00 there.
    OnTheWall,
}

/// Compares an edge with a time, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// What is compared.
    pub edge: Edge,
    /// By whose clock.
    pub reading: Reading,
    /// At this time or after it; else at it or before it.
    pub at_least: bool,
    /// The time in microseconds.
    pub micros: i64,
}

/// Holds where one of the alternatives does; an alternative holds where all its comparisons do.
pub type TimeFilter = Vec<Vec<Comparison>>;

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// By civil day, start and id.
    Date {
        /// The newest first.
        descending: bool,
    },
    /// In the order in which they were changed.
    Changed {
        /// The last changed first.
        descending: bool,
    },
}

/// Which Observations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservationSearch {
    /// Only these series; none: all.
    pub series: Option<Vec<Series>>,
    /// Only with these statuses; none: those that stand.
    pub statuses: Option<Vec<Status>>,
    /// Only these.
    pub ids: Option<Vec<Uuid>>,
    /// All of these must hold.
    pub times: Vec<TimeFilter>,
    /// The order.
    pub order: Order,
}

impl ObservationSearch {
    /// All that stand, newest first.
    pub const ALL: Self = Self {
        series: None,
        statuses: None,
        ids: None,
        times: Vec::new(),
        order: Order::Date { descending: true },
    };
}

/// The last Observation of a page, whatever the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its civil day.
    pub date: Date,
    /// Its start, microseconds since 1970.
    pub start: i64,
    /// Where it stands among the changes; its id is in here.
    pub position: Position,
}

impl Place {
    /// Where `found` stands.
    pub fn of(found: &Change) -> Self {
        let says = &found.observation.says;
        let start = says.effective.start().at.as_microsecond();
        Self { date: says.date, start, position: found.position }
    }
}

/// Searching.
#[async_trait]
pub trait Searches: Send + Sync {
    /// The first `limit` that match, after `after` in their order.
    async fn search(
        &self,
        person: PersonId,
        search: &ObservationSearch,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError>;

    /// How many match.
    async fn count(&self, person: PersonId, search: &ObservationSearch) -> Result<u64, StoreError>;
}
