//! What is said to a database: written once, compiled for each.
//!
//! Every database's module includes this folder under its own names: `DbStore` is its store,
//! `DbConnection` its connection, and so on. The statements here are understood by all of them;
//! what they spell differently comes from the database's own folder. The suite runs on each.

use super::{Db, DbArguments, DbConnection, DbExecutor, DbRow, DbStore, error};

mod accounts;
mod budgets;
mod connections;
mod coverage;
mod digest;
mod leases;
mod notices;
mod observations;
mod one_times;
mod outbox;
mod pages;
mod readings;
mod replace;
mod row;
mod runs;
mod sample_days;
mod sessions;
mod upkeep;
