//! All connections at a glance, for operators: numbers and times, nobody's name.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{
    connection::{ConnectionState, Work},
    error::StoreError,
};

/// How all connections are doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fleet {
    /// How many there are in each state; states that nobody is in are left out.
    pub states: Vec<(ConnectionState, u64)>,
    /// What is due and not being worked on, by kind of work; kinds with nothing due are left out.
    pub due: Vec<Due>,
    /// Leases that hold.
    pub running: u64,
    /// When the oldest lease lapsed that nobody has taken over since: its process died.
    pub lapsed_since: Option<Timestamp>,
    /// Active connections whose last run failed.
    pub failing: u64,
    /// Since when the active connection has been incomplete that was longest: its last complete
    /// sync, or, without any, its consent.
    pub oldest_complete: Option<Timestamp>,
    /// The newest complete sync of all.
    pub newest_complete: Option<Timestamp>,
    /// Grants still to be withdrawn.
    pub revocations: u64,
    /// When the oldest notice was written that some receiver still waits for.
    pub untold_since: Option<Timestamp>,
    /// Notices given up, kept for an operator to look at.
    pub given_up: u64,
}

/// Connections due for one kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Which kind.
    pub work: Work,
    /// How many.
    pub connections: u64,
    /// Since when the first of them has been due.
    pub since: Timestamp,
}

/// Looking at all connections.
#[async_trait]
pub trait Fleets: Send + Sync {
    /// How all connections are doing `now`, as of one moment. Reads every connection's row: for
    /// scrapes that are cached, not for requests.
    async fn fleet(&self, now: Timestamp) -> Result<Fleet, StoreError>;
}
