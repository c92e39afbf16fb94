//! What operators and probes ask of a database.

use async_trait::async_trait;

use crate::error::StoreError;

/// Probes and checks at start.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Whether a question is answered right now, for readiness probes.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Ids of all vault keys that some stored envelope needs, sorted. A server must not start with
    /// a ring that lacks one of them (`Vault::key_ids`). Payloads of one-time secrets are not
    /// searched: they end by themselves within minutes.
    async fn sealing_keys(&self) -> Result<Vec<String>, StoreError>;
}
