//! Taking everything back: what was delivered of a person is deleted by id, with its history where
//! the server offers that (GDPR, article 17).

use phr_model::PersonId;
use phr_store::{
    StoreError,
    delivery::{Claimed, Settled},
};
use reqwest::Method;
use uuid::Uuid;

use super::{
    deliverer::{Deliverer, Remote, later},
    introduction::CHART,
};
use crate::destination::{Class, Failure};

/// Observations that are taken back between two notes of it.
const AT_ONCE: u32 = 100;
/// HAPI's operation that removes what was deleted, and its versions.
const EXPUNGE: &str = r#"{"resourceType":"Parameters","parameter":[{"name":"expungeDeletedResources","valueBoolean":true},{"name":"expungePreviousVersions","valueBoolean":true}]}"#;

/// What was taken back from one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The destination.
    pub destination: String,
    /// Resources that are not there any more.
    pub deleted: u64,
    /// Whether their versions are gone, too; otherwise the server's operator must remove them.
    pub expunged: bool,
}

/// Why not everything could be taken back. Trying again goes on where it stopped.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Somebody delivers for this person in this moment.
    #[error("{0}: a delivery for this person is under way; try again in a minute")]
    Busy(String),
    /// The server refused or failed.
    #[error("{destination}: {code} ({reason})")]
    Server {
        /// The destination.
        destination: String,
        /// Stable code.
        code: &'static str,
        /// Its words, without values.
        reason: String,
    },
    /// Our own database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Deliverer {
    /// Takes everything of `person` back from every destination. From then on, nothing of this person
    /// is sent there.
    ///
    /// # Errors
    /// See [`EraseError`].
    pub async fn erase(&self, person: PersonId) -> Result<Vec<Erasure>, EraseError> {
        let mut done = Vec::new();
        for remote in self.remotes() {
            let name = &remote.destination.name;
            let (now, token) = (self.clock.now(), Uuid::new_v4());
            let until = later(now, self.settings.lease);
            let claimed = self.store.claim_delivery_of(person, name, now, until, token).await?;
            match claimed {
                Some(claimed) => done.push(self.erase_there(remote, claimed).await?),
                None if self.store.is_delivered_to(person, name).await? => {
                    return Err(EraseError::Busy(name.clone()));
                }
                None => {}
            }
        }
        Ok(done)
    }

    async fn erase_there(&self, remote: &Remote, claimed: Claimed) -> Result<Erasure, EraseError> {
        let lease = claimed.lease.clone();
        self.store.mark_erased(&lease, self.clock.now()).await?;
        let erased = tokio::select! {
            erased = self.take_back(remote, claimed) => erased,
            () = self.keep(&lease) => Err(StoreError::LeaseLost.into()),
        };
        self.store.settle_delivery(&lease, Settled::default(), self.clock.now()).await?;
        erased
    }

    async fn take_back(&self, remote: &Remote, claimed: Claimed) -> Result<Erasure, EraseError> {
        let destination = remote.destination.name.clone();
        let mut erasure = Erasure { destination, deleted: 0, expunged: true };
        loop {
            let held = self.store.delivered_of(&claimed.lease, AT_ONCE).await?;
            if held.is_empty() {
                break;
            }
            for (id, place) in &held {
                let place = place.clone().unwrap_or_else(|| id.to_string());
                self.remove(remote, &format!("Observation/{place}"), &mut erasure).await?;
            }
            let ids: Vec<Uuid> = held.into_iter().map(|(id, _)| id).collect();
            self.store.forget_delivered(&claimed.lease, &ids).await?;
        }
        // The Device refers to the Patient. A chart of the server's own is not ours to delete.
        for (_, known) in claimed.introduced.iter().filter(|(name, _)| *name != CHART) {
            self.remove(remote, &known.place, &mut erasure).await?;
        }
        Ok(erasure)
    }

    /// Deletes a resource and then its versions; what is gone already is gone.
    async fn remove(
        &self,
        remote: &Remote,
        place: &str,
        erasure: &mut Erasure,
    ) -> Result<(), EraseError> {
        let server = |failure: Failure| EraseError::Server {
            destination: remote.destination.name.clone(),
            code: failure.class.code(),
            reason: failure.reason,
        };
        let was_there = match remote.server.send(Method::DELETE, place, None).await {
            Ok(_) => true,
            Err(failure) if [404, 410].contains(&failure.status) => false,
            Err(failure) => return Err(server(failure)),
        };
        erasure.deleted += u64::from(was_there);
        if erasure.expunged {
            let path = format!("{place}/$expunge");
            match remote.server.send(Method::POST, &path, Some(EXPUNGE)).await {
                Ok(_) => {}
                Err(failure) if failure.status == 404 && !was_there => {}
                Err(failure) if [Class::Refused, Class::Unauthorized].contains(&failure.class) => {
                    erasure.expunged = false;
                }
                Err(failure) => return Err(server(failure)),
            }
        }
        Ok(())
    }
}
