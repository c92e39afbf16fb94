//! What is said to a database: written once, compiled for each.
//!
//! Every database's module includes this folder under its own names: `DbStore` is its store,
//! `DbConnection` its connection, and so on. The statements here are understood by all of them;
//! what they spell differently comes from the `dialect` in the database's own folder. Columns are
//! always named, never `*`: an older process must keep working after a newer one added some, and a
//! prepared statement whose columns change is refused by PostgreSQL. The suite runs on each.

use futures_util::future::BoxFuture;
use phr_telemetry::record::Access;
use sqlx::Connection;

use super::{Db, DbArguments, DbConnection, DbExecutor, DbPool, DbRow, DbStore, dialect, error};
use crate::{error::StoreError, timing::Timing};

mod accounts;
mod app_tokens;
mod apps;
mod backfills;
mod budgets;
mod connections;
mod coverage;
mod deliveries;
mod delivery_claims;
mod delivery_progress;
mod destinations;
mod digest;
pub(super) mod feed;
mod fleet;
mod hooks;
mod inspection;
mod leases;
mod locks;
pub(super) mod made_days;
mod notices;
pub(super) mod observations;
mod one_times;
mod outbox;
mod pages;
pub(super) mod pending;
mod readings;
mod replace;
mod revocations;
mod row;
mod runs;
mod sample_days;
mod search;
mod sessions;
mod statement;
mod upkeep;

/// Runs `work` in a transaction that is detached from the caller: a caller that goes away (a client
/// that hangs up) can neither cut it in the middle nor hand a connection with an open transaction
/// back to the pool, which would swallow later writes (sqlx issue 4385).
pub(super) async fn detached<T, F>(
    pool: DbPool,
    begin: &'static str,
    access: Access,
    work: F,
) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnOnce(&mut DbConnection) -> BoxFuture<'_, Result<T, StoreError>> + Send + 'static,
{
    let task = tokio::spawn(async move {
        let mut timing = Timing::begin::<F>(access);
        let mut connection = pool.get().await?;
        let mut transaction = connection.begin_with(begin).await.map_err(error::in_database)?;
        timing.admitted();
        let done = match work(&mut transaction).await {
            Ok(done) => transaction.commit().await.map(|()| done).map_err(error::in_database),
            Err(failed) => {
                transaction.rollback().await.map_err(error::in_database).and(Err(failed))
            }
        };
        timing.end();
        done
    });
    task.await.map_err(|error| StoreError::Unavailable(Box::new(error)))?
}
