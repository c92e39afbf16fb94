//! The background: connections that are due, grants still to be withdrawn, and notices.

use std::time::Duration;

use phr_notify::Notifier;
use phr_store::connection::Reach;
use phr_sync::{Claim, Connector, SyncService};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often to look for due work when there was none.
const PAUSE: Duration = Duration::from_secs(1);
/// How long what is under way may take to finish after the stop (RT-08). What does not finish comes
/// due again when its lease lapses.
const LAST_WORK: Duration = Duration::from_secs(25);

/// Workers of one process. At most half of them are busy with older days at a time, so that
/// somebody's ten years leave room for everybody's today.
pub(crate) struct Workers {
    slots: usize,
    /// Under way, with true for older days.
    busy: JoinSet<bool>,
    aside: usize,
}

impl Workers {
    pub(crate) fn new(slots: usize) -> Self {
        Self { slots: slots.max(1), busy: JoinSet::new(), aside: 0 }
    }

    /// What the next claim may be for; none while all are busy.
    fn reach(&self) -> Option<Reach> {
        let most_aside = (self.slots / 2).max(1);
        match (self.busy.len() < self.slots, self.aside < most_aside) {
            (false, _) => None,
            (true, true) => Some(Reach::Everything),
            (true, false) => Some(Reach::RecentOnly),
        }
    }

    fn begin(&mut self, sync: SyncService, claim: Claim) {
        let aside = claim.work().is_aside();
        self.aside += usize::from(aside);
        self.busy.spawn(async move {
            if let Err(error) = sync.work(claim).await {
                tracing::warn!(%error, "a sync could not be run");
            }
            aside
        });
    }

    /// One has finished. One that panicked counts too: what it was busy with is not known, so the
    /// count is made anew when nobody is busy.
    fn finished(&mut self, done: Result<bool, tokio::task::JoinError>) {
        match done {
            Ok(aside) => self.aside -= usize::from(aside),
            Err(error) => tracing::error!(%error, "a sync ended in a panic"),
        }
        if self.busy.is_empty() {
            self.aside = 0;
        }
    }
}

/// Works until told to stop; what is under way is finished first. An error is logged by its kind and
/// the work comes due again by itself, so the loop never ends on one.
pub(crate) async fn run(
    sync: SyncService,
    connector: Connector,
    slots: usize,
    stop: CancellationToken,
) {
    let mut workers = Workers::new(slots);
    while !stop.is_cancelled() {
        let claimed = claim(&sync, workers.reach()).await;
        if let Some(claim) = claimed {
            workers.begin(sync.clone(), claim);
            continue;
        }
        if let Err(error) = connector.withdraw_due().await {
            tracing::warn!(%error, "grants could not be withdrawn");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(PAUSE) => {}
            Some(done) = workers.busy.join_next() => workers.finished(done),
        }
    }
    let rest = async { while workers.busy.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_WORK, rest).await.is_err() {
        tracing::warn!("syncs under way are left to the next start");
    }
}

async fn claim(sync: &SyncService, reach: Option<Reach>) -> Option<Claim> {
    sync.claim(reach?).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "due work could not be claimed");
        None
    })
}

/// How often to look for notices when there was none.
const NOTICE_PAUSE: Duration = Duration::from_secs(2);
/// How many pauses between two sweeps of old notices: an hour.
const SWEEP_EVERY: u32 = 1_800;

/// Carries notices until told to stop; what is under way is finished first. Beside the syncs,
/// because a slow receiver must not hold them up.
pub(crate) async fn carry(notifier: Notifier, stop: CancellationToken) {
    let mut pauses = 0_u32;
    while !stop.is_cancelled() {
        let tried = notifier.deliver_due().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "notices could not be delivered");
            0
        });
        if tried > 0 {
            continue;
        }
        if pauses.is_multiple_of(SWEEP_EVERY)
            && let Err(error) = notifier.sweep().await
        {
            tracing::warn!(%error, "old notices could not be forgotten");
        }
        pauses = pauses.wrapping_add(1);
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(NOTICE_PAUSE) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(slots: usize, busy: usize, aside: usize) -> Workers {
        let mut workers = Workers::new(slots);
        for _ in 0..busy {
            workers.busy.spawn(std::future::pending());
        }
        Workers { aside, ..workers }
    }

    #[tokio::test]
    async fn half_of_the_workers_are_left_to_recent_days() {
        assert_eq!(workers(4, 0, 0).reach(), Some(Reach::Everything));
        assert_eq!(workers(4, 1, 1).reach(), Some(Reach::Everything));
        assert_eq!(workers(4, 2, 2).reach(), Some(Reach::RecentOnly));
        assert_eq!(workers(4, 4, 2).reach(), None);
    }

    #[tokio::test]
    async fn a_single_worker_does_everything_in_turn() {
        assert_eq!(workers(1, 0, 0).reach(), Some(Reach::Everything));
        assert_eq!(workers(1, 1, 1).reach(), None);
        assert_eq!(workers(0, 0, 0).reach(), Some(Reach::Everything));
    }

    #[tokio::test]
    async fn a_worker_that_panics_does_not_hold_its_place_for_ever() {
        let mut workers = workers(2, 0, 1);
        workers.busy.spawn(async { panic!("as if") });
        let done = workers.busy.join_next().await.unwrap();
        workers.finished(done);
        assert_eq!(workers.reach(), Some(Reach::Everything));
    }
}
