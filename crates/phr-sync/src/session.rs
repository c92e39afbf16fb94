//! Asking a vendor in a person's name, with an access token that is renewed when it must be.

use std::sync::Arc;

use jiff::Timestamp;
use phr_model::ConnectionId;
use phr_store::{StoreError, vault::VaultError};
use phr_vendors::{Access, Vendor, VendorError};

use crate::{
    entropy::hash,
    service::SyncService,
    tokens::{Tokens, ends_soon},
};

/// Why a step of a run failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The vendor failed.
    #[error("the vendor failed")]
    Vendor(#[from] VendorError),
    /// The store failed.
    #[error("storage failed")]
    Store(#[from] StoreError),
    /// The tokens do not open.
    #[error("stored tokens cannot be opened")]
    Vault(#[from] VaultError),
}

/// A connection's right to ask, for the length of a run.
pub(crate) struct Session<'a> {
    service: &'a SyncService,
    vendor: Arc<dyn Vendor>,
    connection: ConnectionId,
    access: Access,
}

impl<'a> Session<'a> {
    /// Opens the tokens, and renews them first if they end soon.
    pub(crate) async fn open(
        service: &'a SyncService,
        vendor: Arc<dyn Vendor>,
        connection: ConnectionId,
    ) -> Result<Self, Failure> {
        let (tokens, expires_at, _) = held(service, connection).await?;
        let access = Access { connection, token: tokens.access };
        let mut session = Self { service, vendor, connection, access };
        if ends_soon(expires_at, service.clock.now()) {
            session.renew().await?;
        }
        Ok(session)
    }

    /// Asks; if the access token is refused, renews it and asks once more. A fresh token that is
    /// refused too says that the vendor has trouble, not that the person withdrew: a dead grant
    /// shows at the token endpoint.
    pub(crate) async fn ask<T, Answer>(
        &mut self,
        question: impl Fn(Access) -> Answer,
    ) -> Result<T, Failure>
    where
        Answer: Future<Output = Result<T, VendorError>>,
    {
        match question(self.access.clone()).await {
            Err(VendorError::AccessRefused) => self.renew().await?,
            answer => return Ok(answer?),
        }
        match question(self.access.clone()).await {
            Err(VendorError::AccessRefused) => Err(VendorError::Refused.into()),
            answer => Ok(answer?),
        }
    }

    /// Takes tokens that somebody else renewed meanwhile, or renews them. The new ones are stored
    /// before they are used, and only over those they were made from.
    async fn renew(&mut self) -> Result<(), Failure> {
        let (tokens, expires_at, version) = held(self.service, self.connection).await?;
        let is_newer =
            !same(&tokens, &self.access) && !ends_soon(expires_at, self.service.clock.now());
        if is_newer {
            self.access.token = tokens.access;
            return Ok(());
        }
        let renewed = match self.vendor.refresh(&tokens.refresh).await {
            Ok(renewed) => renewed,
            Err(VendorError::GrantWithdrawn) => return self.reconsider(version).await,
            Err(error) => return Err(error.into()),
        };
        let now = self.service.clock.now();
        let expires_at = now.checked_add(renewed.access_lifetime).unwrap_or(Timestamp::MAX);
        let refresh = renewed.refresh.unwrap_or(tokens.refresh);
        let tokens = Tokens { access: renewed.access, refresh };
        let sealed = tokens.seal(&self.service.vault, self.connection, expires_at);
        if self.service.store.replace_tokens(self.connection, version, sealed).await? {
            self.access.token = tokens.access;
            Ok(())
        } else {
            self.reconsider(version).await
        }
    }

    /// Somebody else may have renewed (or reconnected) in the same moment: only tokens that are
    /// still those we tried are dead.
    async fn reconsider(&mut self, tried: i64) -> Result<(), Failure> {
        let (tokens, _, version) = held(self.service, self.connection).await?;
        if version == tried {
            return Err(VendorError::GrantWithdrawn.into());
        }
        self.access.token = tokens.access;
        Ok(())
    }
}

async fn held(
    service: &SyncService,
    connection: ConnectionId,
) -> Result<(Tokens, Timestamp, i64), Failure> {
    let held = service.store.tokens(connection).await?;
    // A connection that was ended a moment ago has none.
    let (sealed, version) = held.ok_or(VendorError::GrantWithdrawn)?;
    let tokens = Tokens::open(&service.vault, connection, &sealed.envelope)?;
    Ok((tokens, sealed.access_expires_at, version))
}

fn same(tokens: &Tokens, access: &Access) -> bool {
    hash(&tokens.access) == hash(&access.token)
}
