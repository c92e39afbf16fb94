//! Everything that is kept, behind one trait. One method is one use case and one transaction.
//!
//! SQLite is the embedded default. Another database is one more implementation of [`Store`] that
//! passes the same suite (`tests/suite`).

pub mod account;
pub mod budget;
pub mod codec;
pub mod connection;
mod day_index;
pub mod error;
pub mod notice;
pub mod one_time;
pub mod reading;
mod record_digest;
pub mod run;
mod schedule;
pub mod sqlite;
pub mod upkeep;
pub mod vault;

use std::sync::Arc;

pub use account::Accounts;
pub use budget::Budgets;
pub use connection::Connections;
pub use error::StoreError;
pub use notice::Notices;
pub use one_time::OneTimes;
pub use reading::Readings;
pub use run::Runs;
pub use sqlite::SqliteStore;
pub use upkeep::Upkeep;
pub use vault::Vault;

/// What a database must do for the product.
pub trait Store:
    Accounts + Budgets + Connections + Notices + OneTimes + Readings + Runs + Upkeep + Send + Sync
{
}

impl<T> Store for T where
    T: Accounts
        + Budgets
        + Connections
        + Notices
        + OneTimes
        + Readings
        + Runs
        + Upkeep
        + Send
        + Sync
{
}

/// The store as everybody holds it.
pub type SharedStore = Arc<dyn Store>;
