//! Delivery to FHIR servers. There is no queue: what is to be sent is what a person's feed of
//! changes holds behind the position that a server has confirmed. So it cannot get out of step with
//! the record, and a server that is added later gets everything.
//!
//! The row of a person at a destination is the job. It is claimed with a lease, so one process at a
//! time sends a person's Observations, and a process that dies loses nothing.

mod outcome;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use phr_model::{Observation, PersonId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::outcome::{Parked, Progress, Refused, Settled, Trip};
use crate::{error::StoreError, feed::Position, made::DayPosition};

/// A FHIR server as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// What operators call it.
    pub name: String,
    /// Base address. When it changes, it is another server: everything is delivered anew.
    pub url: String,
    /// Digest of everything else that decides what is sent. When it changes, everything is looked
    /// at anew, and what turns out different is sent.
    pub settings: String,
}

/// The right to deliver one person's Observations to one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLease {
    /// Whose.
    pub person: PersonId,
    /// Where to.
    pub destination: String,
    /// Proof.
    pub token: Uuid,
}

/// Half of the SHA-256 of something that was sent: enough to know it again.
pub type Fingerprint = Uuid;

/// A resource that Observations refer to, as a destination confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduced {
    /// `Type/id` there.
    pub place: String,
    /// What was sent.
    pub digest: Fingerprint,
}

/// By `Type/id` as we name it.
pub type Introductions = BTreeMap<String, Introduced>;

/// A person's delivery that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The right to it.
    pub lease: DeliveryLease,
    /// The place in the feed up to which everything was confirmed or parked.
    pub seen: Position,
    /// The place among the person's days up to which those in another form were dealt with.
    pub days: DayPosition,
    /// The person's revision when this was claimed: all of it is in the feed.
    pub wanted: i64,
    /// Failures in a row.
    pub attempts: u32,
    /// Whether parked Observations are to be tried again.
    pub retry: bool,
    /// What the destination knows already.
    pub introduced: Introductions,
    /// Identifier of the person's existing chart there.
    pub chart: Option<String>,
    /// Failures of the destination in a row.
    pub failures: u32,
}

/// What there is to do at a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Deliver for this person.
    Deliver(Box<Claimed>),
    /// Find out whether the server is back; nobody else does until the lease ends.
    Probe {
        /// Its failures in a row.
        failures: u32,
    },
    /// Leave the server alone.
    Closed,
    /// Nothing is due.
    Idle,
}

/// An Observation that a destination confirmed, or may hold without our knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Our version; 0 if it was on its way when last heard of, [`Self::UNWANTED`] if it was withdrawn
    /// because another form is wanted.
    pub version: u32,
    /// What was sent.
    pub digest: Fingerprint,
    /// The server's own id, where it gives out its own.
    pub place: Option<String>,
}

impl Delivered {
    /// The version of what was withdrawn because the destination wants the metric in another form:
    /// whatever becomes of it here, nothing more of it is sent.
    pub const UNWANTED: u32 = u32::MAX;
}

/// Where an Observation that may have to be sent comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It is kept.
    Kept,
    /// It is kept, and its id is also that of one that was made for the destination.
    KeptAndMade,
    /// It was made for the destination, because it wants another form than is kept.
    Made,
}

/// An Observation that may have to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// As it is now.
    pub observation: Observation,
    /// Where it stands in the feed; revision 0 if it has no place there.
    pub position: Position,
    /// What the destination holds of it.
    pub delivered: Option<Delivered>,
    /// Where it comes from.
    pub origin: Origin,
}

/// How a destination is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationSeen {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Failures of the server in a row.
    pub failures: u32,
    /// Stable code of the last one.
    pub error: Option<String>,
    /// Until when it is left alone.
    pub closed_until: Option<Timestamp>,
    /// Confirmed in all.
    pub confirmed: u64,
    /// Confirmed in the last whole minute.
    pub last_minute: u64,
    /// People with something to send.
    pub lagging: u64,
    /// Since when the first of them has been waiting.
    pub lagging_since: Option<Timestamp>,
    /// Changes to look at; counted to [`MOST_COUNTED`].
    pub changes: u64,
    /// People whose last turn failed, by its stable code.
    pub failing: Vec<(String, u64)>,
    /// Observations it refuses.
    pub parked: u64,
    /// Days that go in a coarser form than is wanted, because they are too many Observations.
    pub coarser: u64,
}

/// Changes behind this are not counted.
pub const MOST_COUNTED: u32 = 100_000;

/// Delivery to FHIR servers.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Says which destinations there are. New ones get everybody's history; those that are not named
    /// are left alone from here on; failures of before are forgotten.
    async fn open_destinations(
        &self,
        destinations: &[Destination],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Makes due whoever changed without a note of it, which only older processes do. Reads every
    /// account's row.
    async fn enlist(&self, destination: &str, now: Timestamp) -> Result<(), StoreError>;

    /// Takes what is due at `destination`, until `lease_until`.
    async fn claim_delivery(
        &self,
        destination: &str,
        now: Timestamp,
        lease_until: Timestamp,
        token: Uuid,
    ) -> Result<Turn, StoreError>;

    /// Takes the delivery of one person, due or not; none while somebody else holds it.
    async fn claim_delivery_of(
        &self,
        person: PersonId,
        destination: &str,
        now: Timestamp,
        lease_until: Timestamp,
        token: Uuid,
    ) -> Result<Option<Claimed>, StoreError>;

    /// Prolongs a lease; false if it was lost.
    async fn extend_delivery(
        &self,
        lease: &DeliveryLease,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// What comes next in the person's feed after `after`, at most `limit`.
    async fn pending(
        &self,
        lease: &DeliveryLease,
        after: Position,
        limit: u32,
    ) -> Result<Vec<Pending>, StoreError>;

    /// Parked Observations that are to be tried again, at most `limit`.
    async fn pending_again(
        &self,
        lease: &DeliveryLease,
        limit: u32,
    ) -> Result<Vec<Pending>, StoreError>;

    /// These are about to be sent for the first time. Whatever happens then, it is known that the
    /// destination may hold them: they are withdrawn if they turn out wrong, and erased by id.
    async fn announce(
        &self,
        lease: &DeliveryLease,
        observations: &[Uuid],
    ) -> Result<(), StoreError>;

    /// Writes down what became of Observations, under the lease.
    async fn record_progress(
        &self,
        lease: &DeliveryLease,
        progress: Progress,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Writes down what the destination knows, under the lease.
    async fn record_introductions(
        &self,
        lease: &DeliveryLease,
        introduced: &Introductions,
    ) -> Result<(), StoreError>;

    /// Ends a turn; false if the lease was lost.
    async fn settle_delivery(
        &self,
        lease: &DeliveryLease,
        settled: Settled,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// The server failed as a whole.
    async fn trip_destination(&self, name: &str, trip: Trip) -> Result<(), StoreError>;

    /// The server answers again. Its failures count on until it confirms something.
    async fn mend_destination(&self, name: &str) -> Result<(), StoreError>;

    /// How the destinations of the configuration are doing, in the order of their names.
    async fn destinations(&self, now: Timestamp) -> Result<Vec<DestinationSeen>, StoreError>;

    /// What is refused, newest first: by everybody or one destination, of everybody or one person.
    async fn parked(
        &self,
        destination: Option<&str>,
        person: Option<PersonId>,
        most: u32,
    ) -> Result<Vec<Parked>, StoreError>;

    /// Tries again what is parked, and every person that waits for the next attempt, even if the
    /// server was to be left alone; returns how many Observations are parked.
    async fn retry_parked(&self, destination: &str, now: Timestamp) -> Result<u64, StoreError>;

    /// Says which chart at a destination is the person's; false if there is no such destination.
    async fn link_chart(
        &self,
        person: PersonId,
        destination: &str,
        chart: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Whether anything of a person goes, or went, to a destination.
    async fn is_delivered_to(
        &self,
        person: PersonId,
        destination: &str,
    ) -> Result<bool, StoreError>;

    /// What a destination holds of a person: Observations and the server's own ids, at most `limit`.
    async fn delivered_of(
        &self,
        lease: &DeliveryLease,
        limit: u32,
    ) -> Result<Vec<(Uuid, Option<String>)>, StoreError>;

    /// These were taken back.
    async fn forget_delivered(
        &self,
        lease: &DeliveryLease,
        observations: &[Uuid],
    ) -> Result<(), StoreError>;

    /// Nothing of this person goes to the destination from here on, and nothing is there any more
    /// once it was all taken back.
    async fn mark_erased(&self, lease: &DeliveryLease, now: Timestamp) -> Result<(), StoreError>;
}
