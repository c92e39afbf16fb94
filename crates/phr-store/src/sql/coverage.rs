//! What is known about days.

use jiff::civil::Date;
use phr_model::{Coverage, CoverageState, DateRange, Figure, Metric, PersonId, Reason};
use serde_json::Value;

use super::{
    DbConnection, DbExecutor, DbRow,
    dialect::{elements, texts},
    error::in_database,
    row::{Columns, micros},
    statement::changed,
};
use crate::error::StoreError;

// A row in which nothing but read_at would change stays as it is.
const WRITE: &str = "insert into coverage (person, metric, civil_date, state, reason, samples,
        implausible, ours, vendor, read_at, read_closed)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (person, metric, civil_date) do update set state = excluded.state,
        reason = excluded.reason, samples = excluded.samples, implausible = excluded.implausible,
        ours = excluded.ours, vendor = excluded.vendor, read_at = excluded.read_at,
        read_closed = excluded.read_closed
    where (coverage.state, coverage.reason, coverage.samples, coverage.implausible, coverage.ours,
        coverage.vendor, coverage.read_at is null, coverage.read_closed)
        is distinct from (excluded.state, excluded.reason, excluded.samples, excluded.implausible,
        excluded.ours, excluded.vendor, excluded.read_at is null, excluded.read_closed)";
const NOTE: &str = concat!(
    "insert into coverage (person, metric, civil_date, state, reason, samples, implausible,
         read_closed)
     select $1, $2, wanted.value, $4, $5, 0, 0, 0 from ",
    texts!("$3"),
    " where true
     on conflict (person, metric, civil_date) do update set state = excluded.state,
         reason = excluded.reason
     where (coverage.state, coverage.reason) is distinct from (excluded.state, excluded.reason)"
);
const STAMP: &str = concat!(
    "update coverage set revision = $3
     where person = $1 and (metric, civil_date) in (
         select wanted.value ->> 0, wanted.value ->> 1 from ",
    elements!("$2"),
    ")"
);
macro_rules! columns {
    () => {
        "metric, civil_date, state, reason, samples, implausible, ours, vendor, read_at,
         read_closed"
    };
}
pub(super) use columns;

const BETWEEN: &str = concat!(
    "select ",
    columns!(),
    " from coverage where person = $1 and metric in (select wanted.value from ",
    texts!("$2"),
    ") and civil_date between $3 and $4 order by civil_date, metric"
);

/// What is known about a day.
pub(super) fn read(row: &DbRow) -> Result<Coverage, StoreError> {
    let columns = Columns::of(row, "coverage");
    let figure = |figure: &str| serde_json::from_str::<Figure>(figure).ok();
    Ok(Coverage {
        metric: columns.metric("metric")?,
        date: columns.date("civil_date")?,
        state: columns.made("state", CoverageState::parse)?,
        reason: columns.made_if_any("reason", Reason::parse)?,
        samples: columns.whole("samples")?,
        implausible: columns.whole("implausible")?,
        ours: columns.made_if_any("ours", figure)?,
        vendor: columns.made_if_any("vendor", figure)?,
        read_at: columns.instant_if_any("read_at")?,
        read_closed: columns.flag("read_closed")?,
    })
}

fn json(figure: Option<&Figure>) -> Option<String> {
    figure.and_then(|figure| serde_json::to_string(figure).ok())
}

/// Writes what is known about a day, if that is something new. Whether it was.
pub(super) async fn write(
    transaction: &mut DbConnection,
    person: PersonId,
    known: &Coverage,
) -> Result<bool, StoreError> {
    let write = sqlx::query(WRITE)
        .bind(person.0)
        .bind(known.metric.key())
        .bind(known.date.to_string())
        .bind(known.state.key())
        .bind(known.reason.map(Reason::key))
        .bind(i64::from(known.samples))
        .bind(i64::from(known.implausible))
        .bind(json(known.ours.as_ref()))
        .bind(json(known.vendor.as_ref()))
        .bind(micros(known.read_at))
        .bind(i64::from(known.read_closed));
    changed(transaction, write).await
}

/// Stamps days as changed at the person's `revision`. `days` is a list of `[metric, date]`.
pub(super) async fn stamp(
    transaction: &mut DbConnection,
    person: PersonId,
    revision: i64,
    days: Value,
) -> Result<(), StoreError> {
    let stamp = sqlx::query(STAMP).bind(person.0).bind(days.to_string()).bind(revision);
    changed(transaction, stamp).await.map(|_| ())
}

/// Notes why days could not be read.
pub(super) async fn note(
    transaction: &mut DbConnection,
    person: PersonId,
    metric: Metric,
    days: &[Date],
    (state, reason): (CoverageState, Reason),
) -> Result<(), StoreError> {
    let days: Value = days.iter().map(ToString::to_string).collect();
    let note = sqlx::query(NOTE)
        .bind(person.0)
        .bind(metric.key())
        .bind(days.to_string())
        .bind(state.key())
        .bind(reason.key());
    note.execute(transaction).await.map(|_| ()).map_err(in_database)
}

/// What is known about the days of a range, oldest first.
pub(super) async fn between(
    database: impl DbExecutor<'_>,
    person: PersonId,
    metric: Option<Metric>,
    days: DateRange,
) -> Result<Vec<Coverage>, StoreError> {
    // All metrics by name: so the primary key finds the days, however many there are around them.
    let metrics: Value = match metric {
        Some(metric) => Value::from(vec![metric.key()]),
        None => Metric::ALL.map(Metric::key).into_iter().collect(),
    };
    let query = sqlx::query(BETWEEN)
        .bind(person.0)
        .bind(metrics.to_string())
        .bind(days.first.to_string())
        .bind(days.last.to_string());
    let rows = query.fetch_all(database).await.map_err(in_database)?;
    rows.iter().map(read).collect()
}
