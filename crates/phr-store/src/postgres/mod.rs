//! PostgreSQL 15 and newer: any number of processes on one database.
//!
//! Writing transactions are `read committed`: each statement sees what was committed before it, and
//! what a transaction goes by is held (`sql/locks.rs`). Reading transactions of several statements
//! are `repeatable read`: they see one moment.

mod dialect;
pub(crate) mod error;
mod open;
#[path = "../sql/mod.rs"]
mod sql;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use phr_telemetry::record::Access;
// The names by which `sql/` knows this database.
use PostgresStore as DbStore;
use open::Connections as DbPool;
use sqlx::{
    PgConnection as DbConnection, PgExecutor as DbExecutor, Postgres as Db,
    postgres::{PgArguments as DbArguments, PgRow as DbRow},
};

use uuid::Uuid;

use crate::{
    account::SignedIn,
    database::Server,
    day_index::DayIndexes,
    error::StoreError,
    feed::News,
    stamp::{Said, Stamp},
};

const WRITE: &str = "begin isolation level read committed read write";
/// Reading a whole record takes longer than anything else.
const READ: &str = "begin isolation level repeatable read read only;
    set local statement_timeout = '120s'";

/// A store on a PostgreSQL server. Clones share its connections.
#[derive(Clone)]
pub struct PostgresStore {
    /// For single statements, and to begin transactions on.
    readers: DbPool,
    sessions: Arc<Said<Uuid, SignedIn>>,
    day_indexes: Arc<DayIndexes>,
    news: Arc<News>,
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PostgresStore")
    }
}

impl PostgresStore {
    /// Connects to the server's database, which must exist, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if the schema is newer than this program, [`StoreError::Unavailable`]
    /// if the server cannot be reached or refuses the user.
    pub async fn open(server: &Server) -> Result<Self, StoreError> {
        open::migrate(server.options()).await?;
        let readers = DbPool::new(server.options(), server.connections());
        Ok(Self {
            readers,
            sessions: Arc::default(),
            day_indexes: Arc::default(),
            news: Arc::default(),
        })
    }

    /// Brings the schema up to date. Any number of processes may try at once, and older ones may
    /// be at work.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn migrate(server: &Server) -> Result<(), StoreError> {
        open::migrate(server.options()).await
    }

    /// Waits for running work and closes every connection.
    pub async fn close(&self) {
        self.readers.close().await;
    }

    /// The state of a database on another machine cannot be told without asking.
    #[expect(clippy::unused_self, reason = "the embedded database can tell")]
    fn stamp(&self) -> Option<Stamp> {
        None
    }

    /// A connection for one writing statement.
    async fn writer(&self) -> Result<open::Lent, StoreError> {
        self.readers.get().await
    }

    /// Runs `work` in a writing transaction.
    async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> BoxFuture<'_, Result<T, StoreError>> + Send + 'static,
    {
        sql::detached(self.readers.clone(), WRITE, Access::Write, work).await
    }

    /// A connection for one statement.
    async fn reader(&self) -> Result<open::Lent, StoreError> {
        self.readers.get().await
    }

    /// Runs `work` in a reading transaction: several statements that see the same moment.
    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> BoxFuture<'_, Result<T, StoreError>> + Send + 'static,
    {
        sql::detached(self.readers.clone(), READ, Access::Read, work).await
    }
}
