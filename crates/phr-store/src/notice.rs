//! Notices: what people and the operator's backend are told. Whoever changes what a notice tells of
//! writes it in the same transaction, so that none is lost and none is invented; delivering comes
//! after. No notice holds a reading.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use phr_model::{ConnectionId, PersonId};
use serde::Serialize;
use uuid::Uuid;

use crate::error::StoreError;

/// A connection that fails for so long is told about.
pub const FAILING_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a notice tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// A person connected a vendor.
    Connected,
    /// The grant is dead; the person must connect again.
    ReconnectNeeded,
    /// Readings are new, changed or gone. At most one waits for each person.
    DataChanged,
    /// Nothing has been complete for a day.
    FailingForADay,
    /// Syncs are complete again after that.
    Recovered,
}

impl NoticeKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Connected,
        Self::ReconnectNeeded,
        Self::DataChanged,
        Self::FailingForADay,
        Self::Recovered,
    ];

    /// The kind's name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::ReconnectNeeded => "reconnect_needed",
            Self::DataChanged => "data_changed",
            Self::FailingForADay => "failing_for_a_day",
            Self::Recovered => "recovered",
        }
    }

    /// The kind called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// Whether it goes through `channel`: people want to read about their consents, not about
    /// every sync.
    pub fn goes_through(self, channel: Channel) -> bool {
        match channel {
            Channel::Webhook => true,
            Channel::Mail => self != Self::DataChanged,
        }
    }
}

/// How a notice reaches somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The person, by e-mail.
    Mail,
    /// The operator's own backend.
    Webhook,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Webhook];

    /// The channel's name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }

    /// The channel called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.key() == key)
    }
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Waits for its time.
    Due,
    /// The receiver confirmed it.
    Done,
    /// Given up.
    Failed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Due, Self::Done, Self::Failed];

    /// The state's name in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// What else a notice says; never a reading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct NoticeFacts {
    /// `fitbit`.
    pub vendor: String,
    /// Stable code of the failure, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A notice on its way to one receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The notice's id: the same at every attempt.
    pub id: Uuid,
    /// How it goes.
    pub channel: Channel,
    /// What it tells.
    pub kind: NoticeKind,
    /// Whom it is about.
    pub person: PersonId,
    /// The person's address.
    pub email: String,
    /// Which connection it is about.
    pub connection: Option<ConnectionId>,
    /// What else it says.
    pub facts: NoticeFacts,
    /// When it happened.
    pub created_at: Timestamp,
    /// How far it is.
    pub state: DeliveryState,
    /// Attempts so far, this one included.
    pub attempts: u32,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// Stable code of the last failure.
    pub error: Option<String>,
}

/// The outbox.
#[async_trait]
pub trait Notices: Send + Sync {
    /// Says which channels there are; notices are written for these only. Opens closed ones again.
    async fn open_channels(&self, channels: &[Channel]) -> Result<(), StoreError>;

    /// The receiver is gone for good: what waits for it is given up, and nothing more is written for
    /// it until the channel is opened again.
    async fn close_channel(&self, channel: Channel) -> Result<(), StoreError>;

    /// Takes up to `most` deliveries that are due, until `lease_until`: nobody else gets them until
    /// then. A process that dies loses none.
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        most: u32,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// The receiver confirmed it.
    async fn delivered(&self, id: Uuid, channel: Channel) -> Result<(), StoreError>;

    /// It failed with `error`; try again at `due_at`.
    async fn postpone_delivery(
        &self,
        id: Uuid,
        channel: Channel,
        due_at: Timestamp,
        error: &str,
    ) -> Result<(), StoreError>;

    /// It failed with `error`, and trying again is in vain.
    async fn give_up_delivery(
        &self,
        id: Uuid,
        channel: Channel,
        error: &str,
    ) -> Result<(), StoreError>;

    /// The newest deliveries that are not done.
    async fn open_deliveries(&self, most: u32) -> Result<Vec<Delivery>, StoreError>;

    /// Makes everything that was given up due again; returns how many.
    async fn retry_deliveries(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Forgets notices from before `before` that nobody waits for; returns how many.
    async fn forget_notices(&self, before: Timestamp) -> Result<u64, StoreError>;
}
