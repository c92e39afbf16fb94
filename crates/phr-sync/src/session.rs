//! Asking a vendor in a person's name, with an access token that is renewed when it must be.
//!
//! Renewing is single-flight across processes: only the holder of the connection's lease may do it,
//! and makes sure of the lease right before. A vendor that rotates refresh tokens takes a second
//! refresh for theft and ends the grant.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use phr_model::ConnectionId;
use phr_store::{
    StoreError,
    connection::{Lease, SealedTokens},
    vault::VaultError,
};
use phr_vendors::{Access, Refreshed, Urgency, Vendor, VendorError};

use crate::{
    service::SyncService,
    tokens::{Tokens, ends_soon, same},
};

/// How often new tokens are tried to be stored. The vendor may have made the old ones worthless, so
/// a database that is away for a moment must not lose them.
const TRIES: u32 = 4;
/// The wait before the second try; each further one is four times as long (21 s in all).
const FIRST_WAIT: Duration = Duration::from_secs(1);

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
    lease: Lease,
    access: Access,
}

/// Tokens as they are stored.
struct Held {
    tokens: Tokens,
    expires_at: Timestamp,
    version: i64,
}

impl<'a> Session<'a> {
    /// Opens the tokens of the leased connection, and renews them first if they end soon.
    pub(crate) async fn open(
        service: &'a SyncService,
        vendor: Arc<dyn Vendor>,
        lease: Lease,
        urgency: Urgency,
    ) -> Result<Self, Failure> {
        let Held { tokens, expires_at, .. } = known(service, lease.connection).await?;
        let access = Access { connection: lease.connection, token: tokens.access, urgency };
        let mut session = Self { service, vendor, lease, access };
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

    /// Takes tokens that somebody else renewed meanwhile, or renews them. The lease is prolonged
    /// first and the tokens are read under it: until it lapses nobody else renews.
    async fn renew(&mut self) -> Result<(), Failure> {
        let until = self.service.lease_until();
        if !self.service.store.extend_lease(self.lease, until).await? {
            return Err(StoreError::LeaseLost.into());
        }
        let held = known(self.service, self.lease.connection).await?;
        let is_fresh = !ends_soon(held.expires_at, self.service.clock.now());
        if is_fresh && !same(&held.tokens.access, &self.access.token) {
            self.access.token = held.tokens.access;
            return Ok(());
        }
        match self.vendor.refresh(&held.tokens.refresh).await {
            Ok(renewed) => self.keep(held, renewed).await,
            Err(VendorError::GrantWithdrawn) => self.reconsider(&held).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Stores what a refresh gave before it is used, and only over what it was made from.
    async fn keep(&mut self, mut held: Held, renewed: Refreshed) -> Result<(), Failure> {
        let (service, connection) = (self.service, self.lease.connection);
        let now = service.clock.now();
        let expires_at = now.checked_add(renewed.access_lifetime).unwrap_or(Timestamp::MAX);
        let refresh = renewed.refresh.unwrap_or_else(|| held.tokens.refresh.clone());
        let ours = Tokens { access: renewed.access, refresh };
        loop {
            let sealed = ours.seal(&service.vault, connection, expires_at);
            if self.put(held.version, &sealed).await? {
                self.access.token = ours.access;
                return Ok(());
            }
            match read(service, connection).await? {
                // Only the envelope changed (a key rotation): ours are the living tokens.
                Some(present) if present.tokens.are(&held.tokens) => held = present,
                Some(present) => {
                    // The person connected anew meanwhile, and that grant stands.
                    self.access.token = present.tokens.access;
                    return Ok(());
                }
                None => {
                    // The person disconnected meanwhile. What waits to be withdrawn is the old
                    // token, which the vendor may not know any more.
                    service.store.revoke_later(connection, sealed, now).await?;
                    return Err(VendorError::GrantWithdrawn.into());
                }
            }
        }
    }

    /// Compare-and-set, with patience for a database that is away.
    async fn put(&self, version: i64, sealed: &SealedTokens) -> Result<bool, StoreError> {
        let (store, connection) = (&self.service.store, self.lease.connection);
        for attempt in 1.. {
            match store.replace_tokens(connection, version, sealed.clone()).await {
                Err(error) if error.is_transient() && attempt < TRIES => {
                    tracing::warn!(%error, "new tokens could not be stored yet");
                    self.service.pace.pause(FIRST_WAIT * 4_u32.pow(attempt - 1)).await;
                }
                stored => return stored,
            }
        }
        Ok(false)
    }

    /// Somebody else may have renewed (or reconnected) in the same moment: only tokens that are
    /// still those we tried are dead.
    async fn reconsider(&mut self, tried: &Held) -> Result<(), Failure> {
        let present = known(self.service, self.lease.connection).await?;
        if present.tokens.are(&tried.tokens) {
            return Err(VendorError::GrantWithdrawn.into());
        }
        self.access.token = present.tokens.access;
        Ok(())
    }
}

/// The stored tokens. A connection that was ended a moment ago has none, and its grant is gone.
async fn known(service: &SyncService, connection: ConnectionId) -> Result<Held, Failure> {
    read(service, connection).await?.ok_or_else(|| VendorError::GrantWithdrawn.into())
}

async fn read(service: &SyncService, connection: ConnectionId) -> Result<Option<Held>, Failure> {
    let Some((sealed, version)) = service.store.tokens(connection).await? else { return Ok(None) };
    let tokens = Tokens::open(&service.vault, connection, &sealed.envelope)?;
    Ok(Some(Held { tokens, expires_at: sealed.access_expires_at, version }))
}
