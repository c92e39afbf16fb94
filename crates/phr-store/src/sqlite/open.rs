//! Opening the file and keeping its schema up to date.

use std::{fs::OpenOptions, path::Path, time::Duration};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous},
};

use super::{error::in_database, pool::Connections};
use crate::error::StoreError;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long to wait for a lock that another process holds.
const BUSY: Duration = Duration::from_secs(5);
/// The log is cut to this size when it is empty (bytes).
const LOG_LIMIT: &str = "67108864";

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("journal_size_limit", LOG_LIMIT)
        .pragma("cache_size", "-8192")
        .disable_statement_logging()
}

/// The one connection that writes.
pub(super) fn writer(path: &Path) -> Result<Connections, StoreError> {
    Connections::new(options(path), 1)
}

/// The only connection there is: what nobody else sees needs no locks and no log on disk.
pub(super) fn volatile(path: &Path) -> Result<Connections, StoreError> {
    let options = options(path).synchronous(SqliteSynchronous::Off);
    let alone = options.locking_mode(SqliteLockingMode::Exclusive);
    Connections::new(alone.journal_mode(SqliteJournalMode::Memory), 1)
}

/// The connections that read.
pub(super) fn readers(path: &Path, count: u32) -> Result<Connections, StoreError> {
    Connections::new(options(path).read_only(true), count)
}

/// Creates the file if it is missing and applies what its schema lacks, all in one transaction: of
/// several processes one does it while the others wait, and a killed one leaves nothing behind.
pub(super) async fn migrate(path: &Path) -> Result<(), StoreError> {
    create(path).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    let mut connection = options(path).connect().await.map_err(in_database)?;
    write_ahead(&mut connection).await?;
    let mut transaction = connection.begin_with("begin immediate").await.map_err(in_database)?;
    match MIGRATIONS.run_direct(None, &mut *transaction, false).await {
        Ok(()) => transaction.commit().await.map_err(in_database)?,
        Err(error) => {
            transaction.rollback().await.map_err(in_database)?;
            return Err(in_migration(error));
        }
    }
    connection.close().await.map_err(in_database)
}

/// The file of a new database, for its owner's eyes only. SQLite gives its companions (`-wal`,
/// `-shm`) the same permissions.
fn create(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new();
    file.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path).map(|_| ())
}

/// Switches to write-ahead logging. It stays switched, but the first time needs the file for
/// itself, and SQLite does not wait for that.
async fn write_ahead(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut left = BUSY;
    let pause = Duration::from_millis(20);
    loop {
        let switched = sqlx::query("pragma journal_mode = wal").execute(&mut *connection).await;
        match switched.map_err(in_database) {
            Err(StoreError::Unavailable(_)) if left > pause => {
                left -= pause;
                tokio::time::sleep(pause).await;
            }
            switched => return switched.map(|_| ()),
        }
    }
}

fn in_migration(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => in_database(error),
        error => StoreError::Schema(Box::new(error)),
    }
}
