//! What the suite runs on.

use async_trait::async_trait;
use phr_store::{SharedStore, Store, account::SecretHash};

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
    async fn spoil(&self, sql: &str);

    /// The hashes of all refresh tokens that would be exchanged now.
    async fn live_tokens(&self) -> Vec<SecretHash>;

    /// The names of all tables.
    async fn tables(&self) -> Vec<String>;
}

/// The database that `PHR_TEST_POSTGRES` names, or SQLite in a temporary folder.
pub(crate) struct FreshBed {
    store: SharedStore,
    bed: phr_store::bed::Bed,
}

impl FreshBed {
    pub(crate) async fn new() -> Self {
        let (store, bed) = phr_store::bed::open().await;
        Self { store, bed }
    }
}

#[async_trait]
impl Bed for FreshBed {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn shared(&self) -> SharedStore {
        self.store.clone()
    }

    async fn another(&self) -> SharedStore {
        self.bed.another().await
    }

    async fn spoil(&self, sql: &str) {
        self.bed.execute(sql).await;
    }

    async fn live_tokens(&self) -> Vec<SecretHash> {
        let hashes = self.bed.blobs("select hash from refresh_token where rotated_at is null");
        hashes.await.into_iter().map(|hash| hash.try_into().unwrap()).collect()
    }

    async fn tables(&self) -> Vec<String> {
        self.bed.tables().await
    }
}
