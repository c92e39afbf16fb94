//! Grants that must still be withdrawn at the vendor.

use async_trait::async_trait;
use jiff::Timestamp;
use phr_model::ConnectionId;

use crate::{connection::SealedTokens, error::StoreError};

/// A grant that must still be withdrawn at the vendor.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// Its id.
    pub id: i64,
    /// The connection it belonged to (the vault needs it to open the envelope).
    pub connection: ConnectionId,
    /// The vendor.
    pub vendor: String,
    /// Which of the vendor's APIs gave it.
    pub upstream: String,
    /// The sealed tokens.
    pub envelope: String,
    /// Attempts so far.
    pub attempts: u32,
}

/// What is still to be withdrawn.
#[async_trait]
pub trait Revocations: Send + Sync {
    /// Lets `tokens`, which a refresh brought while the connection was being ended, be withdrawn
    /// too. Nothing happens if the connection was not ended after all.
    async fn revoke_later(
        &self,
        id: ConnectionId,
        tokens: SealedTokens,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Grants still to be withdrawn that are due.
    async fn due_revocations(&self, now: Timestamp) -> Result<Vec<Revocation>, StoreError>;

    /// The grant is withdrawn (or was dead already).
    async fn revocation_done(&self, id: i64) -> Result<(), StoreError>;

    /// Withdrawing failed; try again at `due_at`.
    async fn postpone_revocation(&self, id: i64, due_at: Timestamp) -> Result<(), StoreError>;
}
