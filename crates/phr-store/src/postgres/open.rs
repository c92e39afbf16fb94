//! Connecting, and keeping the schema up to date.

use std::time::Duration;

use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool, Postgres,
    migrate::{MigrateError, Migrator},
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::error::in_database;
use crate::error::StoreError;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a caller waits for a connection: an overloaded server says so instead of queueing.
const ACQUIRE: Duration = Duration::from_secs(2);
/// How long a connection lives and how long it waits for work: after a failover or a new
/// configuration of the server, none is left of before for long.
const LIFETIME: Duration = Duration::from_mins(10);
const IDLE: Duration = Duration::from_mins(2);
/// How long a statement may take, waiting for others included; and how long a transaction may keep
/// what it holds while its process says nothing.
const IN_USE: [(&str, &str); 3] = [
    ("statement_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("application_name", "phr"),
];
/// A migration may wait for another process's, however long that takes.
const IN_MIGRATION: [(&str, &str); 2] =
    [("statement_timeout", "0"), ("application_name", "phr migrate")];

/// `server_version_num` of the oldest server that is understood.
const OLDEST: i32 = 150_000;
const VERSION: &str = "select cast(current_setting('server_version_num') as integer)";

// One schema has one migrator at a time.
const ONE_AT_A_TIME: &str =
    "select pg_advisory_xact_lock(hashtextextended('migrate ' || current_schema(), 0))";
// A table that is in use is waited for, but not so long that whoever comes next piles up behind.
const NOT_FOR_LONG: &str = "set local lock_timeout = '10s'";

/// A connection that is lent.
pub(crate) type Lent = PoolConnection<Postgres>;

/// At most so many connections to one server. Clones share them.
#[derive(Clone)]
pub(crate) struct Connections(PgPool);

impl Connections {
    pub(super) fn new(options: &PgConnectOptions, most: u32) -> Self {
        let options = options.clone().options(IN_USE).disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(most.max(1))
            .acquire_timeout(ACQUIRE)
            .max_lifetime(LIFETIME)
            .idle_timeout(IDLE);
        Self(pool.connect_lazy_with(options))
    }

    /// One of them, given back when it is dropped.
    pub(crate) async fn get(&self) -> Result<Lent, StoreError> {
        self.0.acquire().await.map_err(in_database)
    }

    pub(super) async fn close(&self) {
        self.0.close().await;
    }
}

/// Applies what the schema lacks, all in one transaction: of several processes one does it while
/// the others wait, and a killed one leaves nothing behind.
pub(super) async fn migrate(options: &PgConnectOptions) -> Result<(), StoreError> {
    let options = options.clone().options(IN_MIGRATION).disable_statement_logging();
    let mut connection = options.connect().await.map_err(in_database)?;
    let migrated = apply(&mut connection).await;
    let closed = connection.close().await.map_err(in_database);
    migrated.and(closed)
}

async fn apply(connection: &mut PgConnection) -> Result<(), StoreError> {
    let version = sqlx::query_scalar::<_, i32>(VERSION).fetch_one(&mut *connection).await;
    if version.map_err(in_database)? < OLDEST {
        return Err(StoreError::Schema("PostgreSQL 15 or newer is needed".into()));
    }
    let mut transaction = connection.begin().await.map_err(in_database)?;
    for wait in [ONE_AT_A_TIME, NOT_FOR_LONG] {
        sqlx::raw_sql(wait).execute(&mut *transaction).await.map_err(in_database)?;
    }
    match MIGRATIONS.run_direct(None, &mut *transaction, false).await {
        Ok(()) => transaction.commit().await.map_err(in_database),
        Err(error) => {
            transaction.rollback().await.map_err(in_database)?;
            Err(in_migration(error))
        }
    }
}

fn in_migration(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => in_database(error),
        error => StoreError::Schema(Box::new(error)),
    }
}
