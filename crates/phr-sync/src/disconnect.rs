//! Ending a connection, and withdrawing the grant at the vendor even if the vendor is down today.

use phr_model::{ConnectionId, PersonId};
use phr_store::revocation::Revocation;
use phr_vendors::{Access, Urgency, Vendor, VendorError, Verdict, registry::Vendors};
use secrecy::SecretString;

use crate::{
    connect::{ConnectError, Connector},
    schedule,
    tokens::Tokens,
};

impl Connector {
    /// Ends a connection: tokens are wiped at once and the grant is withdrawn at the vendor, now or
    /// as soon as the vendor can be reached. False if there was nothing to end.
    pub async fn disconnect(&self, person: PersonId, vendor: &str) -> Result<bool, ConnectError> {
        if !Vendors::known().contains(&vendor) {
            return Err(ConnectError::UnknownVendor);
        }
        let Some(connection) = self.store.connection_of(person, vendor).await? else {
            return Ok(false);
        };
        let ended = self.store.disconnect(connection.id, self.clock.now()).await?;
        // The connection has ended either way; what fails here is tried again by the worker.
        if let Err(error) = self.withdraw_due().await {
            tracing::warn!(%error, "a grant could not be withdrawn yet");
        }
        Ok(ended)
    }

    /// Withdraws grants that wait for it. Returns how many were withdrawn.
    pub async fn withdraw_due(&self) -> Result<u32, ConnectError> {
        let mut withdrawn = 0;
        for revocation in self.store.due_revocations(self.clock.now()).await? {
            if self.withdraw(&revocation).await? {
                withdrawn += 1;
            }
        }
        Ok(withdrawn)
    }

    async fn withdraw(&self, revocation: &Revocation) -> Result<bool, ConnectError> {
        match self.revoke(revocation).await {
            Ok(()) => {
                self.store.revocation_done(revocation.id).await?;
                Ok(true)
            }
            Err(wait) => {
                let asked = match wait.verdict() {
                    Verdict::Wait(wait) => wait.try_into().ok(),
                    _ => None,
                };
                let now = self.clock.now();
                let due = schedule::back_off(now, revocation.attempts, asked, &*self.entropy);
                self.store.postpone_revocation(revocation.id, due).await?;
                Ok(false)
            }
        }
    }

    /// A grant that cannot be opened any more cannot be withdrawn by us either: done.
    async fn revoke(&self, revocation: &Revocation) -> Result<(), VendorError> {
        let opened = Tokens::open(&self.vault, revocation.connection, &revocation.envelope);
        match (self.vendors.get(&revocation.vendor), opened) {
            (Some(vendor), _) if vendor.upstream() != revocation.upstream => {
                tracing::warn!("a grant of an upstream that is not used any more is dropped");
                Ok(())
            }
            (Some(vendor), Ok(tokens)) => {
                if revocation.attempts == 0 && vendor.subscribes_people() {
                    unsubscribe(&*vendor, revocation.connection, tokens.access).await;
                    if !self.is_still_due(revocation).await {
                        return Ok(());
                    }
                }
                vendor.revoke(&tokens.refresh).await
            }
            (None, _) => Err(VendorError::Misconfigured("credentials are not configured")),
            (_, Err(_)) => {
                tracing::error!("a waiting grant cannot be opened and is dropped");
                Ok(())
            }
        }
    }

    /// Whether nobody has consented again meanwhile, whose new grant would end with the old one. If that
    /// cannot be told, the grant is withdrawn: that was asked for.
    async fn is_still_due(&self, revocation: &Revocation) -> bool {
        let due = self.store.due_revocations(self.clock.now()).await;
        due.map_or(true, |due| due.iter().any(|other| other.id == revocation.id))
    }
}

/// Tried once, because no notification does harm: withdrawing the grant ends them as well, and of
/// people who are not connected nothing is heard.
async fn unsubscribe(vendor: &dyn Vendor, connection: ConnectionId, token: SecretString) {
    let access = Access { connection, token, urgency: Urgency::Person };
    if let Err(error) = vendor.unsubscribe(&access, connection).await {
        tracing::info!(code = error.code(), "a person was not unsubscribed");
    }
}
