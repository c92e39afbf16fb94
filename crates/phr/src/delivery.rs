//! The background of delivery: whatever is due at each FHIR server.

use std::{sync::Arc, time::Duration};

use phr_fhir::delivery::Deliverer;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often to look for due work when there was none.
const PAUSE: Duration = Duration::from_secs(1);
/// How often to look for whom an older process changed without a note of it.
const ENLIST_EVERY: Duration = Duration::from_mins(10);
/// How long what is under way may take to finish after the stop (RT-08). What does not finish is sent
/// again when its lease lapses, which makes no double.
const LAST_WORK: Duration = Duration::from_secs(25);

/// Delivers until told to stop, to every server at its own pace.
pub(crate) async fn run(deliverer: Deliverer, stop: CancellationToken) {
    let deliverer = Arc::new(deliverer);
    let mut all = JoinSet::new();
    let places = deliverer.destinations().map(|it| it.options.parallel).enumerate();
    for (position, parallel) in places.collect::<Vec<_>>() {
        all.spawn(deliver_to(deliverer.clone(), position, parallel, stop.clone()));
    }
    if !all.is_empty() {
        all.spawn(enlist(deliverer.clone(), stop.clone()));
    }
    stop.cancelled().await;
    deliverer.stop();
    while all.join_next().await.is_some() {}
}

async fn deliver_to(
    deliverer: Arc<Deliverer>,
    position: usize,
    parallel: usize,
    stop: CancellationToken,
) {
    let mut busy = JoinSet::new();
    while !stop.is_cancelled() {
        if busy.len() < parallel.max(1) {
            let claimed = deliverer.claim(position).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "due deliveries could not be claimed");
                None
            });
            if let Some(job) = claimed {
                let deliverer = deliverer.clone();
                busy.spawn(async move {
                    if let Err(error) = deliverer.work(job).await {
                        tracing::warn!(%error, "a delivery could not be carried out");
                    }
                });
                continue;
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(PAUSE) => {}
            Some(done) = busy.join_next() => report(done),
        }
    }
    let rest = async {
        while let Some(done) = busy.join_next().await {
            report(done);
        }
    };
    if tokio::time::timeout(LAST_WORK, rest).await.is_err() {
        tracing::warn!("deliveries under way are left to the next start");
    }
}

fn report(done: Result<(), tokio::task::JoinError>) {
    if let Err(error) = done {
        tracing::error!(%error, "a delivery ended in a panic");
    }
}

async fn enlist(deliverer: Arc<Deliverer>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(ENLIST_EVERY)).await.is_some() {
        if let Err(error) = deliverer.enlist().await {
            tracing::warn!(%error, "changes by older processes could not be looked for");
        }
    }
}
