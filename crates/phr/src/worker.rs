//! The background: connections that are due, and grants still to be withdrawn.

use std::time::Duration;

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
