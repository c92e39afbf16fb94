//! Keeping a connection in step with its vendor: compare, fetch, replace, observe, cover, settle;
//! and making the connection in the first place.
//!
//! Nothing that matters lives in memory: a process may die at any instant, and the next comparison
//! finds what is still to do.

mod audit;
pub mod backfill;
pub mod budget;
pub mod compare;
pub mod connect;
pub mod devices;
mod disconnect;
pub mod doctor;
pub mod entropy;
mod hints;
mod history;
pub mod hooks;
mod older;
pub mod overview;
pub mod report;
pub mod reseal;
mod run;
mod schedule;
pub mod service;
mod session;
mod telemetry;
pub mod tokens;
pub mod verify;
mod work;
mod zones;

pub use backfill::{BackfillStatus, HistoryError};
pub use budget::SharedBudget;
pub use connect::{Begun, Callback, ConnectError, Connector, Finished, Link, LinkPage};
pub use devices::KnownDevices;
pub use doctor::{Diagnosis, Signs, diagnose};
pub use entropy::{Entropy, OsEntropy};
pub use overview::Overview;
pub use report::{MetricReport, Outcome, Progress, RunReport};
pub use service::{SyncError, SyncService, SyncSettings};
pub use work::Claim;
