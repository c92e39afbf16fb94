//! Connections to the file, lent to one use case at a time.
//!
//! Not sqlx's own pool: that one asks a connection whether it is still there each time it comes
//! back, and hands it on only then. For a server across a network that is worth a round trip; here
//! it doubles the cost of a short statement, and a file does not go away.

use std::time::Duration;

use deadpool::{
    Runtime,
    managed::{Manager, Metrics, Object, Pool, PoolError, RecycleResult, Timeouts},
};
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::error::in_database;
use crate::error::StoreError;

/// How long a caller waits for a connection: an overloaded server says so instead of queueing.
const ACQUIRE: Duration = Duration::from_secs(2);

/// Opens the file, over and over.
#[derive(Debug)]
pub(crate) struct File(SqliteConnectOptions);

impl Manager for File {
    type Type = SqliteConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<SqliteConnection, sqlx::Error> {
        self.0.connect().await
    }

    async fn recycle(&self, _: &mut SqliteConnection, _: &Metrics) -> RecycleResult<sqlx::Error> {
        Ok(())
    }
}

/// A connection that is lent.
pub(crate) type Lent = Object<File>;

/// At most so many connections to one file, opened when they are needed. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Pool<File>);

impl Connections {
    pub(super) fn new(options: SqliteConnectOptions, most: u32) -> Result<Self, StoreError> {
        let most = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
        let waits = Timeouts { wait: Some(ACQUIRE), create: Some(ACQUIRE), recycle: None };
        let pool = Pool::builder(File(options)).max_size(most).timeouts(waits);
        let pool = pool.runtime(Runtime::Tokio1).build();
        pool.map(Self).map_err(|error| StoreError::Unavailable(Box::new(error)))
    }

    /// One of them, given back when it is dropped.
    pub(crate) async fn get(&self) -> Result<Lent, StoreError> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Backend(error) => in_database(error),
            error => StoreError::Unavailable(Box::new(error)),
        })
    }

    /// Closes each one as soon as it is given back.
    pub(super) async fn close(&self) {
        while self.0.status().size > 0 {
            let Ok(connection) = self.0.get().await else { break };
            // The file is closed either way; what cannot be said is not worth an error here.
            let _ = Object::take(connection).close().await;
        }
        self.0.close();
    }
}
