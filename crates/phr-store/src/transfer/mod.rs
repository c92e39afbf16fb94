//! Moving a grown installation from one database to another: every table, a batch at a time, then a
//! comparison of both. Works in either direction.

mod postgres;
mod sqlite;

use async_trait::async_trait;
use futures_util::{TryStreamExt, stream::BoxStream};
use phr_model::PersonId;

use crate::{DatabaseUrl, SharedStore, database, error::StoreError};

/// Every table, those that are referred to first. A test compares the list with the schema.
pub const TABLES: [&str; 26] = [
    "person",
    "session",
    "refresh_token",
    "throttle",
    "one_time",
    "connection",
    "backfill",
    "revocation",
    "sample_day",
    "observation",
    "coverage",
    "sync_run",
    "budget",
    "notice_channel",
    "notice",
    "notice_delivery",
    "failing",
    "destination",
    "delivery",
    "delivered",
    "parked",
    "app",
    "app_grant",
    "app_token",
    "made",
    "coarser_day",
];

/// Rows and bytes that are in memory at once.
const ROWS: usize = 500;
const BYTES: usize = 4 << 20;

/// Why nothing, or not everything, was moved.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// Source and target are the same place.
    #[error("source and target are the same database")]
    SameDatabase,
    /// The target holds something already. Nothing was written.
    #[error("the target is not empty: its table {table} has rows; nothing was written")]
    NotEmpty {
        /// The first table with rows.
        table: &'static str,
    },
    /// The two schemas are not equal. Nothing was written.
    #[error(
        "table {table} has other columns in the target than in the source; nothing was written"
    )]
    Columns {
        /// The table.
        table: &'static str,
    },
    /// The source changed while it was read, or something got lost.
    #[error(
        "what arrived differs from the source in {differences} places, first in {first}; do not use \
         the target. Was a server still running on the source?"
    )]
    Differs {
        /// How many tables and people differ.
        differences: usize,
        /// A table, or a person's id.
        first: String,
    },
    /// One of the databases failed.
    #[error("{place}: {source}")]
    Store {
        /// Where: a database's place, or a table.
        place: String,
        /// What it said.
        source: StoreError,
    },
}

/// How far the transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Rows of a table are being copied.
    Copying {
        /// The table.
        table: &'static str,
        /// Rows copied.
        done: u64,
        /// Rows in all.
        total: u64,
    },
    /// People's records are being compared.
    Comparing {
        /// People compared.
        done: u64,
        /// People in all.
        total: u64,
    },
}

/// What was moved and found equal on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// Rows of all tables.
    pub rows: u64,
    /// People whose records have the same digest on both sides.
    pub people: u64,
}

/// Copies everything in `from` into `to`, which must be empty, and compares both. Both schemas are
/// brought up to date first. Nothing is written unless everything is; `from` stays as it is.
///
/// # Errors
/// See [`TransferError`].
pub async fn transfer(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Moved, TransferError> {
    if from.to_string() == to.to_string() {
        return Err(TransferError::SameDatabase);
    }
    let source = database::open(from).await.map_err(at(from))?;
    let target = database::open(to).await.map_err(at(to))?;
    let counts = copy(from, to, progress).await?;
    let mut differing = recount(to, &counts).await?;
    let people = compare(&source, &target, progress, &mut differing).await;
    let people = people.map_err(at("comparing"))?;
    match differing.first() {
        None => Ok(Moved { rows: counts.iter().map(|(_, rows)| rows).sum(), people }),
        Some(first) => {
            Err(TransferError::Differs { differences: differing.len(), first: first.clone() })
        }
    }
}

fn at(place: impl std::fmt::Display) -> impl FnOnce(StoreError) -> TransferError {
    let place = place.to_string();
    move |source| TransferError::Store { place, source }
}

type Counts = Vec<(&'static str, u64)>;

/// Copies every table in one transaction.
async fn copy(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Counts, TransferError> {
    let mut source = end(from, Side::Source).await.map_err(at(from))?;
    let mut target = end(to, Side::Target).await.map_err(at(to))?;
    let mut tables = Vec::new();
    for table in TABLES {
        if target.count(table).await.map_err(at(to))? > 0 {
            return Err(TransferError::NotEmpty { table });
        }
        let columns = source.columns(table).await.map_err(at(from))?;
        if target.columns(table).await.map_err(at(to))? != columns || columns.is_empty() {
            return Err(TransferError::Columns { table });
        }
        tables.push((table, columns));
    }
    let mut counts = Vec::new();
    for (table, columns) in &tables {
        let total = source.count(table).await.map_err(at(from))?;
        let mut report = |done| progress(Progress::Copying { table, done, total });
        let done = copy_table(&mut *source, &mut *target, table, columns, &mut report).await;
        counts.push((*table, done.map_err(at(table))?));
    }
    let numbers = source.last_numbers().await.map_err(at(from))?;
    target.set_last_numbers(&numbers).await.map_err(at(to))?;
    target.finish().await.map_err(at(to))?;
    source.finish().await.map_err(at(from))?;
    Ok(counts)
}

async fn copy_table(
    source: &mut dyn End,
    target: &mut dyn End,
    table: &'static str,
    columns: &[Column],
    report: &mut (dyn FnMut(u64) + Send),
) -> Result<u64, StoreError> {
    let (mut done, mut batch, mut bytes) = (0, Vec::new(), 0);
    report(done);
    let mut rows = source.rows(table, columns);
    loop {
        let row = rows.try_next().await?;
        let is_last = row.is_none();
        if let Some(row) = row {
            bytes += row.iter().map(Value::size).sum::<usize>();
            batch.push(row);
        }
        if batch.len() == ROWS || bytes >= BYTES || (is_last && !batch.is_empty()) {
            done += batch.len() as u64;
            target.put(table, columns, std::mem::take(&mut batch)).await?;
            bytes = 0;
            report(done);
        }
        if is_last {
            return Ok(done);
        }
    }
}

/// Tables whose number of rows in the target is not the number that was read.
async fn recount(to: &DatabaseUrl, counts: &Counts) -> Result<Vec<String>, TransferError> {
    let mut target = end(to, Side::Source).await.map_err(at(to))?;
    let mut differing = Vec::new();
    for (table, rows) in counts {
        if target.count(table).await.map_err(at(to))? != *rows {
            differing.push(format!("table {table}"));
        }
    }
    target.finish().await.map_err(at(to))?;
    Ok(differing)
}

/// Compares the people's records by digest; how many are equal.
async fn compare(
    source: &SharedStore,
    target: &SharedStore,
    progress: &mut (dyn FnMut(Progress) + Send),
    differing: &mut Vec<String>,
) -> Result<u64, StoreError> {
    let people: Vec<PersonId> = source.people().await?.iter().map(|person| person.id).collect();
    let total = people.len() as u64;
    let mut equal = 0;
    for (done, person) in (1..).zip(people) {
        if source.digest(person).await? == target.digest(person).await? {
            equal += 1;
        } else {
            differing.push(format!("the record of {person}"));
        }
        progress(Progress::Comparing { done, total });
    }
    Ok(equal)
}

/// A column by name; both databases list them in the order of their names.
type Column = String;

/// What a column holds, apart from how a database types it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Null,
    Whole(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    fn size(&self) -> usize {
        match self {
            Self::Null | Self::Whole(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Reads, all at one moment.
    Source,
    /// Writes, all or nothing.
    Target,
}

/// One end of the transfer: a connection with an open transaction.
#[async_trait]
trait End: Send {
    /// The table's columns in the order of their names.
    async fn columns(&mut self, table: &'static str) -> Result<Vec<Column>, StoreError>;

    async fn count(&mut self, table: &'static str) -> Result<u64, StoreError>;

    fn rows<'a>(
        &'a mut self,
        table: &'static str,
        columns: &'a [Column],
    ) -> BoxStream<'a, Result<Vec<Value>, StoreError>>;

    async fn put(
        &mut self,
        table: &'static str,
        columns: &[Column],
        rows: Vec<Vec<Value>>,
    ) -> Result<(), StoreError>;

    /// The last number given out in each table that gives out numbers: none is used twice.
    async fn last_numbers(&mut self) -> Result<Vec<(String, i64)>, StoreError>;

    async fn set_last_numbers(&mut self, numbers: &[(String, i64)]) -> Result<(), StoreError>;

    /// Commits and closes.
    async fn finish(self: Box<Self>) -> Result<(), StoreError>;
}

async fn end(url: &DatabaseUrl, side: Side) -> Result<Box<dyn End>, StoreError> {
    Ok(match url {
        DatabaseUrl::Sqlite(path) => Box::new(sqlite::SqliteEnd::open(path, side).await?),
        DatabaseUrl::Postgres(server) => Box::new(postgres::PostgresEnd::open(server, side).await?),
    })
}

/// `select` of these columns.
fn select(table: &str, columns: &[Column]) -> String {
    format!("select {} from {table}", columns.join(", "))
}

/// The beginning of an `insert` into these columns.
fn insert(table: &str, columns: &[Column]) -> String {
    format!("insert into {table} ({}) ", columns.join(", "))
}

fn count(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or_default()
}
