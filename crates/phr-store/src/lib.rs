//! Everything that is kept, behind one trait. One method is one use case and one transaction.
//!
//! SQLite is the embedded default; PostgreSQL is for several processes. Another database is one
//! more implementation of [`Store`] that passes the same suite (`tests/suite`).

#![expect(
    clippy::duplicate_mod,
    reason = "`sql/` is written once and compiled for each database, under its own names"
)]

pub mod account;
pub mod app;
pub mod backfill;
#[cfg(feature = "bed")]
pub mod bed;
pub mod budget;
pub mod codec;
pub mod connection;
pub mod database;
mod day_index;
pub mod delivery;
pub mod error;
pub mod feed;
pub mod fleet;
pub mod hook;
pub mod inspection;
pub mod made;
pub mod notice;
pub mod one_time;
pub mod postgres;
pub mod reading;
mod record_digest;
pub mod revocation;
pub mod run;
mod schedule;
pub mod search;
pub mod sqlite;
mod stamp;
mod timing;
pub mod transfer;
pub mod upkeep;
pub mod vault;

use std::sync::Arc;

pub use account::Accounts;
pub use app::Apps;
pub use backfill::Backfills;
pub use budget::Budgets;
pub use connection::Connections;
pub use database::{DatabaseUrl, open};
pub use delivery::Deliveries;
pub use error::StoreError;
pub use feed::Feed;
pub use fleet::Fleets;
pub use hook::Hooks;
pub use inspection::Inspection;
pub use made::MadeDays;
pub use notice::Notices;
pub use one_time::OneTimes;
pub use postgres::PostgresStore;
pub use reading::Readings;
pub use revocation::Revocations;
pub use run::Runs;
pub use search::Searches;
pub use sqlite::SqliteStore;
pub use upkeep::Upkeep;
pub use vault::Vault;

/// What a database must do for the product.
pub trait Store:
    Accounts
    + Apps
    + Backfills
    + Budgets
    + Connections
    + Deliveries
    + Feed
    + Fleets
    + Hooks
    + Inspection
    + MadeDays
    + Notices
    + OneTimes
    + Readings
    + Revocations
    + Runs
    + Searches
    + Upkeep
    + Send
    + Sync
{
}

impl<T> Store for T where
    T: Accounts
        + Apps
        + Backfills
        + Budgets
        + Connections
        + Deliveries
        + Feed
        + Fleets
        + Hooks
        + Inspection
        + MadeDays
        + Notices
        + OneTimes
        + Readings
        + Revocations
        + Runs
        + Searches
        + Upkeep
        + Send
        + Sync
{
}

/// The store as everybody holds it.
pub type SharedStore = Arc<dyn Store>;
