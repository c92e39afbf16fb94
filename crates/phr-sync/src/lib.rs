//! Keeping a connection in step with its vendor: compare, fetch, replace, observe, cover, settle;
//! and making the connection in the first place.
//!
//! Nothing that matters lives in memory: a process may die at any instant, and the next comparison
//! finds what is still to do.

pub mod budget;
pub mod compare;
pub mod connect;
mod disconnect;
pub mod entropy;
pub mod report;
pub mod reseal;
mod run;
mod schedule;
pub mod service;
mod session;
pub mod tokens;

pub use budget::SharedBudget;
pub use connect::{Begun, Callback, ConnectError, Connector, Finished, Link, LinkPage};
pub use entropy::{Entropy, OsEntropy};
pub use report::{MetricReport, Outcome, Progress, RunReport};
pub use service::{SyncError, SyncService, SyncSettings};
