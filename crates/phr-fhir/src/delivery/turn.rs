//! One person's turn at one destination.

use phr_model::{Clock, Status};
use phr_store::{
    SharedStore, StoreError,
    delivery::{Claimed, Delivered, Pending, Progress, Refused, Settled, Trip},
    feed::Position,
};
use phr_telemetry::record;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    parcel::Parcel,
    schedule::{person_again, server_again},
    way::{Sent, Way},
};
use crate::{
    Chart,
    destination::{Failure, Options},
};

/// Bundles of one turn: then it is somebody else's.
const MOST_BUNDLES: u32 = 50;

/// One person's turn.
pub(super) struct Turn<'t> {
    pub(super) store: &'t SharedStore,
    pub(super) clock: &'t dyn Clock,
    pub(super) stopping: &'t CancellationToken,
    pub(super) options: &'t Options,
    pub(super) match_system: Option<String>,
    /// Where this server is reached: names our systems.
    pub(super) base: &'t str,
    pub(super) way: Way<'t>,
    pub(super) claimed: Claimed,
    /// Patient and Device were put anew because something was refused: once is enough.
    pub(super) reassured: bool,
}

/// What ends a turn early.
#[derive(Debug)]
pub(super) enum Stop {
    /// The server.
    Failed(Failure),
    /// Our own database, or the lease.
    Store(StoreError),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What is to be done about an Observation.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Send,
    Pass,
}

/// Withdrawn Observations go only where they may be; those of an open day only where they are wanted.
fn plan(pending: &Pending, options: &Options) -> Plan {
    let observation = &pending.observation;
    let pass = match observation.status {
        _ if options.off.contains(&observation.says.metric) => true,
        Status::EnteredInError => pending.delivered.is_none(),
        Status::Preliminary => !options.preliminary,
        Status::Final | Status::Corrected => false,
    };
    if pass { Plan::Pass } else { Plan::Send }
}

/// An Observation ready to be sent.
struct Ready {
    parcel: Parcel,
    id: Uuid,
    version: u32,
    digest: Uuid,
    is_new: bool,
}

impl Turn<'_> {
    /// Sends everything that is pending, or as much as one turn may.
    pub(super) async fn run(&mut self) -> Result<(), Stop> {
        let limit = self.options.bundle;
        let mut bundles = 0;
        while self.claimed.retry && self.may_go_on(&mut bundles) {
            let again = self.store.pending_again(&self.claimed.lease, limit).await?;
            self.claimed.retry = !again.is_empty();
            self.deliver(again, None).await?;
        }
        while self.may_go_on(&mut bundles) {
            let page = self.store.pending(&self.claimed.lease, self.claimed.seen, limit).await?;
            let last = page.last().map(|pending| pending.position);
            let is_end = page.len() < usize::try_from(limit).unwrap_or(usize::MAX);
            let seen = match last {
                Some(last) if !is_end => last,
                // Everything up to here was there to be read.
                last => Position::end_of(
                    last.map_or(self.claimed.wanted, |last| last.revision.max(self.claimed.wanted)),
                ),
            };
            self.deliver(page, Some(seen)).await?;
            self.claimed.seen = seen;
            if is_end {
                return Ok(());
            }
        }
        Ok(())
    }

    fn may_go_on(&self, bundles: &mut u32) -> bool {
        *bundles += 1;
        *bundles <= MOST_BUNDLES && !self.stopping.is_cancelled()
    }

    /// Sends a page and writes down what became of it; the place in the feed moves only if all of it
    /// was confirmed, parked or needs nothing.
    async fn deliver(&mut self, page: Vec<Pending>, seen: Option<Position>) -> Result<(), Stop> {
        let (wanted, unwanted): (Vec<_>, Vec<_>) =
            page.into_iter().partition(|it| plan(it, self.options) == Plan::Send);
        let mut passed: Vec<Uuid> = unwanted.iter().map(|pending| pending.position.id).collect();
        let mut ready = Vec::new();
        if !wanted.is_empty() {
            let chart = self.introduce().await?;
            for pending in wanted {
                let id = pending.position.id;
                match prepare(&chart, pending) {
                    Some(one) => ready.push(one),
                    None => passed.push(id),
                }
            }
        }
        let new: Vec<Uuid> = ready.iter().filter(|one| one.is_new).map(|one| one.id).collect();
        if !new.is_empty() {
            self.store.announce(&self.claimed.lease, &new).await?;
        }
        let outcome = self.send(&ready).await?;
        self.write_down(&ready, outcome, passed, seen).await
    }

    /// Sends in the order of ids. If something is refused, the server may have lost the Patient or
    /// the Device, so they are put anew before anything is blamed.
    async fn send(&mut self, ready: &[Ready]) -> Result<Sent, Stop> {
        let mut parcels: Vec<Parcel> = ready.iter().map(|one| one.parcel.clone()).collect();
        parcels.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        let (mut sent, doubtful) = match self.way.try_once(&parcels).await {
            Ok(mut sent) => {
                let refused = std::mem::take(&mut sent.refused);
                (sent, refused.into_iter().map(|(parcel, _)| parcel).collect())
            }
            Err(failure) if self.way.may_be_content(&failure) => (Sent::default(), parcels),
            Err(failure) => (Sent { failure: Some(failure), ..Sent::default() }, Vec::new()),
        };
        if sent.failure.is_some() || doubtful.is_empty() {
            return Ok(sent);
        }
        if !self.reassured {
            self.reassured = true;
            self.claimed.introduced.clear();
            self.introduce().await?;
        }
        let again = self.way.deliver(doubtful).await;
        sent.confirmed.extend(again.confirmed);
        Ok(Sent { confirmed: sent.confirmed, ..again })
    }

    async fn write_down(
        &mut self,
        ready: &[Ready],
        sent: Sent,
        passed: Vec<Uuid>,
        seen: Option<Position>,
    ) -> Result<(), Stop> {
        let find = |id: &str| ready.iter().find(|one| one.parcel.id == id);
        let delivered = sent.confirmed.into_iter().filter_map(|confirmed| {
            let one = find(&confirmed.parcel.id)?;
            let place = confirmed.place.filter(|place| *place != confirmed.parcel.id);
            Some((one.id, Delivered { version: one.version, digest: one.digest, place }))
        });
        let delivered: Vec<_> = delivered.collect();
        let refused = sent.refused.into_iter().filter_map(|(parcel, failure)| {
            let one = find(&parcel.id)?;
            let Failure { status, reason, .. } = failure;
            Some(Refused { observation: one.id, version: one.version, status, reason })
        });
        let refused: Vec<_> = refused.collect();
        record::fhir_observations(self.destination(), "delivered", delivered.len());
        record::fhir_observations(self.destination(), "parked", refused.len());
        for parked in &refused {
            let (destination, status) = (self.destination(), parked.status);
            let (observation, reason) = (parked.observation, &parked.reason);
            tracing::warn!(destination, %observation, status, reason, "an Observation was parked");
        }
        let seen = seen.filter(|_| sent.failure.is_none());
        let progress = Progress { delivered, refused, passed, seen };
        // Without any, the attempts go on being counted.
        if progress != Progress::default() {
            let now = self.clock.now();
            self.store.record_progress(&self.claimed.lease, progress, now).await?;
        }
        sent.failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    pub(super) fn destination(&self) -> &str {
        &self.claimed.lease.destination
    }

    /// What follows from the way the turn ended: how the row is settled and, if the server as a whole
    /// failed, how long it is left alone.
    pub(super) fn verdict(&self, failure: &Failure, chance: f64) -> (Settled, Option<Trip>) {
        let (now, error) = (self.clock.now(), failure.class.code().to_owned());
        if !failure.class.is_of_server() {
            let attempts = self.claimed.attempts.saturating_add(1);
            let due_at = Some(person_again(now, attempts, failure, chance));
            return (Settled { error: Some(error), due_at }, None);
        }
        let failures = self.claimed.failures.saturating_add(1);
        let until = server_again(now, failures, failure, chance);
        let trip = Trip { failures, error: error.clone(), closed_until: Some(until) };
        (Settled { error: Some(error), due_at: Some(until) }, Some(trip))
    }
}

/// The Observation as a parcel; none if the server has it as it is.
fn prepare(chart: &Chart, pending: Pending) -> Option<Ready> {
    let id = pending.position.id;
    let resource = chart.observation(&pending.observation);
    let name = ("Observation", id.to_string());
    let mut parcel = Parcel::of(name, chart.observation_identifier_system(), &resource)?;
    let digest = parcel.digest();
    let is_new = pending.delivered.is_none();
    if let Some(held) = pending.delivered {
        if held.digest == digest {
            return None;
        }
        parcel.place = held.place;
    }
    Some(Ready { parcel, id, version: pending.observation.version, digest, is_new })
}
