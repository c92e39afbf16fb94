//! The background: connections that are due, grants still to be withdrawn, and notices.

use std::time::Duration;

use phr_notify::Notifier;
use phr_sync::{Connector, SyncService};
use tokio_util::sync::CancellationToken;

/// How often to look for due work when there was none.
const PAUSE: Duration = Duration::from_secs(1);

/// Works until told to stop; what is under way is finished first. An error is logged by its kind and
/// the work comes due again by itself, so the loop never ends on one.
pub(crate) async fn run(sync: SyncService, connector: Connector, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let worked = sync.work_once().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "a sync could not be run");
            false
        });
        if let Err(error) = connector.withdraw_due().await {
            tracing::warn!(%error, "grants could not be withdrawn");
        }
        if !worked {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
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
