//! What becomes of deliveries.

use jiff::Timestamp;
use phr_model::PersonId;
use uuid::Uuid;

use super::Delivered;
use crate::{feed::Position, made::DayPosition};

/// An Observation that a destination refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which.
    pub observation: Uuid,
    /// Our version.
    pub version: u32,
    /// HTTP status.
    pub status: u16,
    /// Why, without values.
    pub reason: String,
}

/// The same with its place, for people and operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Whose.
    pub person: PersonId,
    /// Where.
    pub destination: String,
    /// What and why.
    pub refused: Refused,
    /// Since when.
    pub parked_at: Timestamp,
}

/// What became of some Observations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Confirmed.
    pub delivered: Vec<(Uuid, Delivered)>,
    /// Refused.
    pub refused: Vec<Refused>,
    /// Nothing to send, or not any more.
    pub passed: Vec<Uuid>,
    /// The new place in the feed, if it moved.
    pub seen: Option<Position>,
    /// The new place among the days, if it moved.
    pub days: Option<DayPosition>,
}

/// How a turn ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Stable code of what failed it.
    pub error: Option<String>,
    /// When to go on; none: at once if there is more, else when something changes.
    pub due_at: Option<Timestamp>,
}

/// A failure of the server as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    /// Failures in a row, this one included.
    pub failures: u32,
    /// Stable code.
    pub error: String,
    /// Until when it is left alone; none: it is not, yet.
    pub closed_until: Option<Timestamp>,
}
