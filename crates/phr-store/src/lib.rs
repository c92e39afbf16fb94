//! Everything that is kept, behind one trait. One method is one use case and one transaction.
//!
//! SQLite is the embedded default. Another database is one more implementation of [`Store`] that
//! passes the same suite (`tests/suite`).

pub mod account;
pub mod connection;
pub mod error;
pub mod one_time;
pub mod reading;
pub mod run;
pub mod vault;

use std::sync::Arc;

pub use account::Accounts;
pub use connection::Connections;
pub use error::StoreError;
pub use one_time::OneTimes;
pub use reading::Readings;
pub use run::Runs;
pub use vault::Vault;

/// What a database must do for the product.
pub trait Store: Accounts + Connections + OneTimes + Readings + Runs + Send + Sync {}

impl<T: Accounts + Connections + OneTimes + Readings + Runs + Send + Sync> Store for T {}

/// The store as everybody holds it.
pub type SharedStore = Arc<dyn Store>;
