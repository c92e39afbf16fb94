//! Keeping a connection in step with its vendor: compare, fetch, replace, observe, cover, settle;
//! and making the connection in the first place.
//!
//! Nothing that matters lives in memory: a process may die at any instant, and the next comparison
//! finds what is still to do.

mod audit;
pub mod backfill;
pub mod compare;
pub mod connect;
mod disconnect;
pub mod entropy;
mod history;
mod older;
pub mod report;
pub mod reseal;
mod run;
mod schedule;
pub mod service;
mod session;
pub mod tokens;
pub mod verify;
mod work;

pub use backfill::{BackfillStatus, HistoryError};
pub use connect::{Begun, Callback, ConnectError, Connector, Finished, Link, LinkPage};
pub use entropy::{Entropy, OsEntropy};
pub use report::{MetricReport, Outcome, Progress, RunReport};
pub use service::{SyncError, SyncService, SyncSettings};
pub use work::Claim;
