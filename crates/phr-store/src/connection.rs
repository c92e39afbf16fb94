//! Connections: one person's consent at one vendor. The row is also the job that keeps it in step:
//! a due time for each kind of work, and a lease that a crash lets lapse.

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};
use phr_model::{ConnectionId, PersonId};
use uuid::Uuid;

use crate::{error::StoreError, hook::Hooked};

/// Where a connection is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionState {
    /// The person chose the vendor but has not consented yet.
    Selected,
    /// Tokens are held; syncs run.
    Active,
    /// The grant is dead; the person must consent again. Data is kept.
    ReconnectNeeded,
    /// The person disconnected. Data is kept, tokens are gone.
    Disconnected,
}

impl ConnectionState {
    /// Every state.
    pub const ALL: [Self; 4] =
        [Self::Selected, Self::Active, Self::ReconnectNeeded, Self::Disconnected];

    /// The state's name in the API and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Selected => "selected",
            Self::Active => "active",
            Self::ReconnectNeeded => "reconnect_needed",
            Self::Disconnected => "disconnected",
        }
    }

    /// The state called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// Why work on recent days is due. Smaller is sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// A person looks at a spinner.
    PersonWaiting = 0,
    /// The vendor said that something changed.
    Webhook = 1,
    /// The clock.
    Routine = 2,
}

impl Priority {
    /// Every priority, most urgent first.
    pub const ALL: [Self; 3] = [Self::PersonWaiting, Self::Webhook, Self::Routine];

    /// The priority's number in the database.
    pub fn rank(self) -> i64 {
        self as i64
    }

    /// The priority with this number, if there is one.
    pub fn parse(rank: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.rank() == rank)
    }
}

/// What a claim is for. Recent days go first, then the audit, then history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Work {
    /// Today and the days that every run looks back.
    Recent(Priority),
    /// Older days that are held, compared with the vendor again.
    Audit,
    /// Older days that are not held yet.
    History,
}

impl Work {
    /// Its name in the database, in logs and in labels.
    pub fn key(self) -> &'static str {
        match self {
            Self::Recent(_) => "recent",
            Self::Audit => "audit",
            Self::History => "history",
        }
    }

    /// Whether it is about older days, which wait for anything recent.
    pub fn is_aside(self) -> bool {
        match self {
            Self::Recent(_) => false,
            Self::Audit | Self::History => true,
        }
    }
}

/// Which kinds of work a claim may be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Whatever is due.
    Everything,
    /// Recent days only: enough workers are busy with older ones.
    RecentOnly,
}

/// One person's consent at one vendor, without its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Its number: the `integration_id` of the API.
    pub number: i64,
    /// Whose it is.
    pub person: PersonId,
    /// `fitbit`.
    pub vendor: String,
    /// Where it is in its life.
    pub state: ConnectionState,
    /// Which of the vendor's APIs the consent is for (`google-health`).
    pub upstream: String,
    /// The person's id at the vendor.
    pub vendor_user: Option<String>,
    /// Granted scopes, as the vendor spells them.
    pub scopes: Vec<String>,
    /// IANA name of the account's zone at the vendor.
    pub zone: Option<String>,
    /// Which zones the account was set to since when, as the syncing part wrote it (JSON).
    pub zones: Option<String>,
    /// When consent was given last.
    pub connected_at: Option<Timestamp>,
    /// When the grant will end by itself (testing-mode projects: 7 days), if the vendor says so.
    pub reconnect_by: Option<Timestamp>,
    /// When a run last found everything complete.
    pub last_complete_at: Option<Timestamp>,
    /// When a run last ended, however.
    pub last_run_at: Option<Timestamp>,
    /// Stable code of the last failure; none after a success.
    pub last_error: Option<String>,
    /// Runs that failed in a row.
    pub attempts: u32,
    /// When work on recent days is due next.
    pub due_at: Option<Timestamp>,
    /// Why.
    pub priority: Priority,
    /// When older days are compared with the vendor next.
    pub audit_due_at: Option<Timestamp>,
    /// The day from which the audit's next slice goes back; none to begin anew.
    pub audit_from: Option<Date>,
    /// When fetching history goes on; none when nothing is left.
    pub history_due_at: Option<Timestamp>,
    /// Turns of history that failed in a row.
    pub history_attempts: u32,
    /// From this day on everything is to be held; none before the first run.
    pub kept_from: Option<Date>,
    /// When the person's account at the vendor began, if the vendor said so.
    pub member_since: Option<Date>,
    /// What the vendor's notifications said.
    pub hooked: Hooked,
    /// Until when a run holds it; perhaps one that died and left it to lapse.
    pub leased_until: Option<Timestamp>,
    /// What the vendor said about the person's devices, as the syncing part wrote it (JSON).
    pub devices: Option<String>,
}

/// What the vendor told us when the person consented.
#[derive(Debug, Clone)]
pub struct Consent {
    /// Which of the vendor's APIs it is for.
    pub upstream: String,
    /// The person's id at the vendor.
    pub vendor_user: String,
    /// The same account's id in the vendor's former API, if the vendor tells: a consent at another
    /// API is the same account's if both name the same.
    pub legacy_user: Option<String>,
    /// Granted scopes.
    pub scopes: Vec<String>,
    /// IANA name of the account's zone.
    pub zone: Option<String>,
    /// The tokens, sealed for this connection.
    pub tokens: SealedTokens,
    /// When the grant will end by itself.
    pub reconnect_by: Option<Timestamp>,
}

/// Tokens as stored: an envelope only the vault can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedTokens {
    /// Vault envelope.
    pub envelope: String,
    /// When the access token inside ends.
    pub access_expires_at: Timestamp,
}

/// What became of a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linking {
    /// The connection is active and due at once.
    Linked,
    /// The vendor account belongs to somebody else here. Nothing was written.
    LinkedElsewhere,
    /// The connection already holds the data of another vendor account, perhaps another person's:
    /// the two must not mix under one patient. Nothing was written.
    OtherAccount,
}

/// The right to work on a connection until the lease lapses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The connection.
    pub connection: ConnectionId,
    /// Drawn anew at each claim; every write checks it.
    pub token: Uuid,
}

/// How a run leaves the connection.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// When to work on it again; none to stop the schedule.
    pub due_at: Option<Timestamp>,
    /// Whether everything permitted was complete.
    pub complete: bool,
    /// Stable code of the failure, if it failed.
    pub error: Option<String>,
    /// The state to move to, if the run found that it changed.
    pub state: Option<ConnectionState>,
}

/// Connections and their schedule.
#[async_trait]
pub trait Connections: Send + Sync {
    /// The person chooses a vendor. Choosing again returns the same connection.
    async fn select_vendor(
        &self,
        person: PersonId,
        vendor: &str,
        now: Timestamp,
    ) -> Result<Connection, StoreError>;

    /// The person's connection at `vendor`.
    async fn connection_of(
        &self,
        person: PersonId,
        vendor: &str,
    ) -> Result<Option<Connection>, StoreError>;

    /// All connections of a person.
    async fn connections_of(&self, person: PersonId) -> Result<Vec<Connection>, StoreError>;

    /// Everybody's connections for operators: the first `limit` with a number above `after`.
    async fn all_connections(&self, after: i64, limit: u32) -> Result<Vec<Connection>, StoreError>;

    /// The connection with this id, for workers.
    async fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, StoreError>;

    /// Records a consent and makes the connection due now. Replaced tokens (a reconnect) are
    /// forgotten.
    async fn link(
        &self,
        id: ConnectionId,
        consent: Consent,
        now: Timestamp,
    ) -> Result<Linking, StoreError>;

    /// The sealed tokens and their version, for compare-and-set.
    async fn tokens(&self, id: ConnectionId) -> Result<Option<(SealedTokens, i64)>, StoreError>;

    /// Puts new tokens in place if the version is still `expected`. False if somebody was faster.
    async fn replace_tokens(
        &self,
        id: ConnectionId,
        expected: i64,
        tokens: SealedTokens,
    ) -> Result<bool, StoreError>;

    /// Forgets granted scopes that turned out to be gone, and remembers the account's zone.
    async fn remember_account(
        &self,
        id: ConnectionId,
        scopes: &[String],
        zone: Option<&str>,
    ) -> Result<(), StoreError>;

    /// Remembers what the vendor said about the person's devices (JSON), while it is connected.
    async fn remember_devices(&self, id: ConnectionId, devices: &str) -> Result<(), StoreError>;

    /// Remembers which zones the account was set to since when (JSON).
    async fn remember_zones(&self, id: ConnectionId, zones: &str) -> Result<(), StoreError>;

    /// Ends a connection: tokens leave the row in the same transaction and wait as a
    /// [`Revocation`](crate::revocation::Revocation). False if there was nothing to end.
    async fn disconnect(&self, id: ConnectionId, now: Timestamp) -> Result<bool, StoreError>;

    /// Moves `due_at` forward to `now` and priority up, if the connection is active. Triggers
    /// coalesce.
    async fn make_due(
        &self,
        id: ConnectionId,
        priority: Priority,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Claims one connection that is due and free, most urgent first, and says what for. Until it
    /// is settled, the kind of older days that was claimed is due when the lease lapses.
    async fn claim_due(
        &self,
        reach: Reach,
        now: Timestamp,
        lease_until: Timestamp,
        token: Uuid,
    ) -> Result<Option<(Connection, Lease, Work)>, StoreError>;

    /// Claims this connection for its recent days if it is active and free, whether due or not.
    async fn claim(
        &self,
        id: ConnectionId,
        now: Timestamp,
        lease_until: Timestamp,
        token: Uuid,
    ) -> Result<Option<(Connection, Lease)>, StoreError>;

    /// Prolongs a lease that is still ours. False if it was lost.
    async fn extend_lease(&self, lease: Lease, lease_until: Timestamp) -> Result<bool, StoreError>;

    /// Gives the connection back after work on its recent days. Nothing is written if the lease
    /// was lost. Triggers that came in meanwhile stay due, and older days as they were.
    async fn settle(
        &self,
        lease: Lease,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
}
