//! One person's turn at one destination.

use phr_model::{Clock, Status};
use phr_store::{
    SharedStore, StoreError,
    delivery::{Claimed, Delivered, Origin, Pending, Progress, Refused, Settled, Trip},
    feed::Position,
    made::DayPosition,
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
    /// Nothing at all: another one under the same id is dealt with elsewhere.
    Leave,
}

/// Withdrawn Observations go only where they may be; those of an open day only where they are wanted.
/// What is kept in another form than is wanted is withdrawn where it was delivered.
fn plan(pending: &mut Pending, options: &Options) -> Plan {
    let metric = pending.observation.says.metric;
    if options.off.contains(&metric) {
        return Plan::Pass;
    }
    if options.forms.contains_key(&metric) {
        match pending.origin {
            Origin::Made => {}
            Origin::KeptAndMade => return Plan::Leave,
            Origin::Kept => unwant(pending),
        }
    }
    let version = pending.observation.version;
    let is_unwanted = |held: &Delivered| [held.version, version] == [Delivered::UNWANTED; 2];
    let pass = match pending.observation.status {
        Status::EnteredInError => pending.delivered.as_ref().is_none_or(is_unwanted),
        Status::Preliminary => !options.preliminary,
        Status::Final | Status::Corrected => false,
    };
    if pass { Plan::Pass } else { Plan::Send }
}

/// Makes of an Observation that is kept what a destination gets that wants another form.
fn unwant(pending: &mut Pending) {
    pending.observation.status = Status::EnteredInError;
    pending.observation.version = Delivered::UNWANTED;
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
    /// Sends everything that is pending, or as much as one turn may. Days in another form go first:
    /// then it is known which of the Observations that are kept have the same ids.
    pub(super) async fn run(&mut self) -> Result<(), Stop> {
        let limit = self.options.bundle;
        let mut bundles = 0;
        while self.claimed.retry && self.may_go_on(&mut bundles) {
            let again = self.store.pending_again(&self.claimed.lease, limit).await?;
            self.claimed.retry = !again.is_empty();
            self.deliver(again, Progress::default()).await?;
        }
        if !self.days(&mut bundles).await? {
            return Ok(());
        }
        while self.may_go_on(&mut bundles) {
            let page = self.store.pending(&self.claimed.lease, self.claimed.seen, limit).await?;
            let (seen, is_end) = self.behind(&page);
            let days = is_end.then(|| self.behind_days());
            self.deliver(page, Progress { seen: Some(seen), days, ..Progress::default() }).await?;
            self.claimed.seen = seen;
            if is_end {
                return Ok(());
            }
        }
        Ok(())
    }

    pub(super) fn may_go_on(&self, bundles: &mut u32) -> bool {
        *bundles += 1;
        *bundles <= MOST_BUNDLES && !self.stopping.is_cancelled()
    }

    /// The place behind a page of the feed, and whether there is nothing more.
    fn behind(&self, page: &[Pending]) -> (Position, bool) {
        let wanted = self.claimed.wanted;
        // What changed since is of days that were not made yet, and is the next turn's.
        let until = if self.options.forms.is_empty() { i64::MAX } else { wanted };
        let is_short = page.len() < usize::try_from(self.options.bundle).unwrap_or(usize::MAX);
        match page.last().map(|pending| pending.position) {
            Some(last) if !is_short && last.revision <= until => (last, false),
            // Everything up to here was there to be read.
            last => {
                let end = last.map_or(wanted, |last| last.revision.max(wanted)).min(until);
                (Position::end_of(end).max(self.claimed.seen), true)
            }
        }
    }

    /// The place behind all days that were there to be read.
    fn behind_days(&self) -> DayPosition {
        DayPosition::end_of(self.claimed.wanted).max(self.claimed.days.clone())
    }

    /// Sends a page and writes down what became of it; the places in the feed and among the days move
    /// only if all of it was confirmed, parked or needs nothing. Whether anything had to be sent.
    pub(super) async fn deliver(
        &mut self,
        page: Vec<Pending>,
        places: Progress,
    ) -> Result<bool, Stop> {
        let (mut wanted, mut passed) = (Vec::new(), Vec::new());
        for mut pending in page {
            match plan(&mut pending, self.options) {
                Plan::Send => wanted.push(pending),
                Plan::Pass => passed.push(pending.position.id),
                Plan::Leave => {}
            }
        }
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
        self.write_down(&ready, outcome, Progress { passed, ..places }).await?;
        Ok(!ready.is_empty())
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
        progress: Progress,
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
        let is_whole = sent.failure.is_none();
        let (seen, days) = (progress.seen, progress.days);
        let (seen, days) = (seen.filter(|_| is_whole), days.filter(|_| is_whole));
        let progress = Progress { delivered, refused, seen, days, ..progress };
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
