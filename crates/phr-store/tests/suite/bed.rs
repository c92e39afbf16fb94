//! What the suite runs on.

use std::sync::Arc;

use async_trait::async_trait;
use phr_store::{SharedStore, SqliteStore, Store, account::SecretHash};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// A fresh database of its own.
#[async_trait]
pub(crate) trait Bed: Send + Sync {
    /// The store under test.
    fn store(&self) -> &dyn Store;

    /// The same store, to be moved into a task.
    fn shared(&self) -> SharedStore;

    /// Another process on the same database.
    async fn another(&self) -> SharedStore;

    /// Changes the database behind the store's back.
    async fn spoil(&self, sql: &'static str);

    /// The hashes of all refresh tokens that would be exchanged now.
    async fn live_tokens(&self) -> Vec<SecretHash>;
}

/// SQLite in a temporary folder.
pub(crate) struct SqliteBed {
    store: Arc<SqliteStore>,
    folder: tempfile::TempDir,
}

impl SqliteBed {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("phr.db")).await.unwrap();
        Self { store: Arc::new(store), folder }
    }

    async fn connect(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("phr.db"));
        SqliteConnection::connect_with(&options).await.unwrap()
    }
}

#[async_trait]
impl Bed for SqliteBed {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn shared(&self) -> SharedStore {
        self.store.clone()
    }

    async fn another(&self) -> SharedStore {
        Arc::new(SqliteStore::open(&self.folder.path().join("phr.db")).await.unwrap())
    }

    async fn spoil(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&mut self.connect().await).await.unwrap();
    }

    async fn live_tokens(&self) -> Vec<SecretHash> {
        let sql = "select hash from refresh_token where rotated_at is null";
        let hashes = sqlx::query_scalar(sql).fetch_all(&mut self.connect().await).await.unwrap();
        hashes.into_iter().map(|hash: Vec<u8>| hash.try_into().unwrap()).collect()
    }
}
