//! Delivering to every destination.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use phr_model::Clock;
use phr_store::{
    SharedStore, StoreError,
    delivery::{Claimed, DeliveryLease, Settled, Trip, Turn as Next},
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    introduction::CHART,
    schedule::server_again,
    turn::{Stop, Turn},
    way::Way,
};
use crate::destination::{Abilities, Addressing, Destination, Failure, Server};

/// After so many failures in a row, a person's content may be to blame itself.
const SUSPICIOUS: u32 = 8;

/// How delivery behaves, whatever the destination.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where this server is reached: names our code and identifier systems.
    pub base: String,
    /// How long a person stays reserved for a process that died over them.
    pub lease: SignedDuration,
    /// A number between 0 and 1, each equally likely.
    pub chance: fn() -> f64,
}

impl Settings {
    /// The usual, for a server that is reached at `base`.
    pub fn new(base: &str) -> Self {
        Self { base: base.to_owned(), lease: SignedDuration::from_secs(20), chance: rand::random }
    }
}

/// Delivers Observations. Any number of processes may.
pub struct Deliverer {
    pub(super) store: SharedStore,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Settings,
    remotes: Vec<Remote>,
    stopping: CancellationToken,
}

/// One destination.
pub(super) struct Remote {
    pub(super) destination: Destination,
    pub(super) server: Server,
    /// What it can do, once asked.
    abilities: Mutex<Option<Abilities>>,
}

/// One person's turn, or a probe whether a server is back.
#[derive(Debug)]
pub struct Job {
    position: usize,
    next: Next,
}

impl Deliverer {
    /// Delivers to `destinations`.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn new(
        store: SharedStore,
        clock: Arc<dyn Clock>,
        settings: Settings,
        destinations: Vec<Destination>,
    ) -> Result<Self, reqwest::Error> {
        let remote = |destination: Destination| {
            let server = Server::new(&destination, clock.clone())?;
            Ok(Remote { destination, server, abilities: Mutex::new(None) })
        };
        let remotes =
            destinations.into_iter().map(remote).collect::<Result<_, reqwest::Error>>()?;
        Ok(Self { store, clock, settings, remotes, stopping: CancellationToken::new() })
    }

    /// What it delivers to, by position.
    pub fn destinations(&self) -> impl ExactSizeIterator<Item = &Destination> {
        self.remotes.iter().map(|remote| &remote.destination)
    }

    /// Tells the store which destinations there are: changes are noted for these only.
    pub async fn open(&self) -> Result<(), StoreError> {
        let base = &self.settings.base;
        let stored: Vec<_> = self.destinations().map(|it| it.stored(base)).collect();
        self.store.open_destinations(&stored, self.clock.now()).await
    }

    /// Makes due whoever an older process changed without a note of it.
    pub async fn enlist(&self) -> Result<(), StoreError> {
        for destination in self.destinations() {
            self.store.enlist(&destination.name, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Turns under way end with the bundle they are at.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Takes what is due at the destination at `position`.
    pub async fn claim(&self, position: usize) -> Result<Option<Job>, StoreError> {
        let Some(remote) = self.remotes.get(position) else { return Ok(None) };
        let (now, token) = (self.clock.now(), Uuid::new_v4());
        let until = later(now, self.settings.lease);
        let next = self.store.claim_delivery(&remote.destination.name, now, until, token).await?;
        Ok(match next {
            Next::Deliver(_) | Next::Probe { .. } => Some(Job { position, next }),
            Next::Closed | Next::Idle => None,
        })
    }

    /// Does what was taken.
    pub async fn work(&self, job: Job) -> Result<(), StoreError> {
        let Some(remote) = self.remotes.get(job.position) else { return Ok(()) };
        match job.next {
            Next::Deliver(claimed) => self.turn(remote, *claimed).await,
            Next::Probe { failures } => self.probe(remote, failures).await,
            Next::Closed | Next::Idle => Ok(()),
        }
    }

    /// Asks a server that failed whether it is back.
    async fn probe(&self, remote: &Remote, failures: u32) -> Result<(), StoreError> {
        let name = &remote.destination.name;
        match remote.ask().await {
            Ok(_) => self.store.mend_destination(name).await,
            Err(failure) => {
                let failures = failures.saturating_add(1);
                let now = self.clock.now();
                let until = server_again(now, failures, &failure, (self.settings.chance)());
                let error = failure.class.code().to_owned();
                self.trip(name, Trip { failures, error, closed_until: Some(until) }, &failure).await
            }
        }
    }

    async fn trip(&self, name: &str, trip: Trip, failure: &Failure) -> Result<(), StoreError> {
        let (failures, until) = (trip.failures, trip.closed_until);
        let until = until.map(tracing::field::display);
        tracing::warn!(destination = name, failures, until, %failure, "a FHIR server failed");
        self.store.trip_destination(name, trip).await
    }

    /// A turn under a lease that is prolonged for as long as it takes.
    async fn turn(&self, remote: &Remote, claimed: Claimed) -> Result<(), StoreError> {
        let lease = claimed.lease.clone();
        tokio::select! {
            ended = self.carry(remote, claimed) => ended,
            () = self.keep(&lease) => Err(StoreError::LeaseLost),
        }
    }

    /// Prolongs the lease; returns when it is lost.
    pub(super) async fn keep(&self, lease: &DeliveryLease) {
        let pause = Duration::try_from(self.settings.lease).unwrap_or_default() / 4;
        loop {
            tokio::time::sleep(pause).await;
            let until = later(self.clock.now(), self.settings.lease);
            match self.store.extend_delivery(lease, until).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "a delivery's lease could not be prolonged"),
            }
        }
    }

    async fn carry(&self, remote: &Remote, claimed: Claimed) -> Result<(), StoreError> {
        let lease = claimed.lease.clone();
        let mut turn = match remote.abilities().await {
            Ok(abilities) => self.begin(remote, abilities, claimed),
            Err(failure) => {
                let failures = claimed.failures.saturating_add(1);
                let now = self.clock.now();
                let until = server_again(now, failures, &failure, (self.settings.chance)());
                let error = failure.class.code().to_owned();
                let settled = Settled { error: Some(error.clone()), due_at: Some(until) };
                let trip = Trip { failures, error, closed_until: Some(until) };
                return self.end(&lease, (settled, Some(trip)), Some(&failure)).await;
            }
        };
        match turn.run().await {
            Ok(()) => self.end(&lease, (Settled::default(), None), None).await,
            Err(Stop::Failed(failure)) => {
                let verdict = turn.verdict(&failure, (self.settings.chance)());
                self.end(&lease, verdict, Some(&failure)).await
            }
            Err(Stop::Store(error)) => Err(error),
        }
    }

    pub(super) fn begin<'t>(
        &'t self,
        remote: &'t Remote,
        mut abilities: Abilities,
        claimed: Claimed,
    ) -> Turn<'t> {
        let given = |(name, known): (&String, &phr_store::delivery::Introduced)| {
            name != CHART && *name != known.place
        };
        if abilities.otherwise.is_some() && claimed.introduced.iter().any(given) {
            abilities.addressing = Addressing::Conditional;
        }
        let suspicious = claimed.attempts >= SUSPICIOUS;
        let options = &remote.destination.options;
        Turn {
            store: &self.store,
            clock: &*self.clock,
            stopping: &self.stopping,
            options,
            match_system: options.match_system.clone(),
            base: &self.settings.base,
            way: Way { server: &remote.server, abilities, suspicious },
            claimed,
            reassured: false,
        }
    }

    async fn end(
        &self,
        lease: &DeliveryLease,
        (settled, trip): (Settled, Option<Trip>),
        failure: Option<&Failure>,
    ) -> Result<(), StoreError> {
        let destination = &*lease.destination;
        if let Some(failure) = failure {
            if let Some(trip) = trip {
                self.trip(destination, trip, failure).await?;
            } else {
                tracing::warn!(destination, %failure, "a person's delivery failed");
            }
        }
        self.store.settle_delivery(lease, settled, self.clock.now()).await.map(|_| ())
    }

    pub(super) fn remotes(&self) -> &[Remote] {
        &self.remotes
    }
}

impl Remote {
    /// What the server can do; asked once.
    pub(super) async fn abilities(&self) -> Result<Abilities, Failure> {
        let mut held = self.abilities.lock().await;
        match *held {
            Some(abilities) => Ok(abilities),
            None => Ok(*held.insert(self.server.abilities().await?)),
        }
    }

    /// The same, asked now: the server may be another one since.
    async fn ask(&self) -> Result<Abilities, Failure> {
        let abilities = self.server.abilities().await?;
        *self.abilities.lock().await = Some(abilities);
        Ok(abilities)
    }
}

impl std::fmt::Debug for Deliverer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Deliverer")
    }
}

pub(super) fn later(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}
