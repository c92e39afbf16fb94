//! The embedded database. One writer connection and a few read-only ones, write-ahead logging, and
//! every acknowledged write on disk (`synchronous=FULL`: a refresh token that a vendor rotated and
//! a power cut lost cannot be had again).

mod dialect;
pub(crate) mod error;
mod open;
#[cfg(test)]
mod plans;
mod pool;
#[path = "../sql/mod.rs"]
mod sql;
mod stamp;

use std::{path::Path, sync::Arc};

use futures_util::future::BoxFuture;
use phr_telemetry::record::Access;
// The names by which `sql/` knows this database.
use SqliteStore as DbStore;
use pool::Connections as DbPool;
use sqlx::{
    Sqlite as Db, SqliteConnection as DbConnection, SqliteExecutor as DbExecutor,
    sqlite::{SqliteArguments as DbArguments, SqliteRow as DbRow},
};
use uuid::Uuid;

use crate::{
    account::SignedIn,
    day_index::DayIndexes,
    error::StoreError,
    feed::News,
    stamp::{Said, Stamp},
};

/// Read-only connections of a store opened with [`SqliteStore::open`].
const READERS: u32 = 4;

/// A store in one SQLite file. Clones share it.
#[derive(Clone)]
pub struct SqliteStore {
    writer: DbPool,
    readers: DbPool,
    stamps: Arc<stamp::Stamps>,
    sessions: Arc<Said<Uuid, SignedIn>>,
    day_indexes: Arc<DayIndexes>,
    news: Arc<News>,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqliteStore")
    }
}

impl SqliteStore {
    /// Opens the database at `path`, creating it (readable by its owner only) and bringing its
    /// schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if the schema is newer than this program, [`StoreError::Unavailable`]
    /// if the file cannot be opened or stays locked for 5 s.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with_readers(path, READERS).await
    }

    /// Like [`Self::open`], with at most `readers` read-only connections.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with_readers(path: &Path, readers: u32) -> Result<Self, StoreError> {
        open::migrate(path).await?;
        Ok(Self::on(path, open::writer(path)?, open::readers(path, readers)?))
    }

    /// Like [`Self::open`], but without ever waiting for the disk or another process: for
    /// simulations, whose record may go with the machine.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_volatile(path: &Path) -> Result<Self, StoreError> {
        open::migrate(path).await?;
        let only = open::volatile(path)?;
        Ok(Self::on(path, only.clone(), only))
    }

    fn on(path: &Path, writer: DbPool, readers: DbPool) -> Self {
        Self {
            writer,
            readers,
            stamps: Arc::new(stamp::Stamps::of(path)),
            sessions: Arc::default(),
            day_indexes: Arc::default(),
            news: Arc::default(),
        }
    }

    /// Creates the database if it is missing and brings its schema up to date. Any number of
    /// processes may try at once.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn migrate(path: &Path) -> Result<(), StoreError> {
        open::migrate(path).await
    }

    /// Waits for running work, empties the write-ahead log into the file and closes it.
    pub async fn close(&self) {
        // The writer goes last, because only a connection that may write can empty the log.
        self.readers.close().await;
        self.writer.close().await;
    }

    /// The present state of the database, where it can be told without asking.
    fn stamp(&self) -> Option<Stamp> {
        self.stamps.now()
    }

    /// The connection for one writing statement.
    async fn writer(&self) -> Result<pool::Lent, StoreError> {
        self.writer.get().await
    }

    /// Runs `work` in a writing transaction.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> BoxFuture<'_, Result<T, StoreError>> + Send + 'static,
    {
        // Immediate: a deferred transaction that reads first fails as soon as another process
        // writes, whatever the busy timeout.
        sql::detached(self.writer.clone(), "begin immediate", Access::Write, work).await
    }

    /// A connection for one reading statement.
    async fn reader(&self) -> Result<pool::Lent, StoreError> {
        self.readers.get().await
    }

    /// Runs `work` in a reading transaction: several statements that see the same moment.
    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> BoxFuture<'_, Result<T, StoreError>> + Send + 'static,
    {
        sql::detached(self.readers.clone(), "begin", Access::Read, work).await
    }
}
