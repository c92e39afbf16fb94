//! Rows of Observations.

use jiff::Timestamp;
use phr_model::{DateRange, Draft, Effective, Metric, Moment, Observation, Part, PersonId, Status};
use serde_json::{Value, json};

use uuid::Uuid;

use super::{
    DbConnection, DbExecutor, DbRow,
    dialect::{by_index, elements, id_of, texts},
    error::in_database,
    row::{Columns, micros},
};
use crate::error::StoreError;

/// Rows of one statement: bounds the JSON text that carries them.
pub(super) const BATCH: usize = 1_000;

/// The columns of an Observation, each behind a prefix such as `held.`.
macro_rules! columns {
    ($of:literal) => {
        concat!(
            $of,
            "id, ",
            $of,
            "metric, ",
            $of,
            "civil_date, ",
            $of,
            "started_at, ",
            $of,
            "start_offset, ",
            $of,
            "ended_at, ",
            $of,
            "end_offset, ",
            $of,
            "value, ",
            $of,
            "low, ",
            $of,
            "high, ",
            $of,
            "preliminary, ",
            $of,
            "status, ",
            $of,
            "version, ",
            $of,
            "issued, ",
            $of,
            "parts"
        )
    };
}
pub(super) use columns;

/// The same columns out of a [`row`].
macro_rules! values {
    () => {
        concat!(
            id_of!("wanted.value ->> 0"),
            ", wanted.value ->> 1, wanted.value ->> 2, cast(wanted.value ->> 3 as bigint),
                 cast(wanted.value ->> 4 as bigint), cast(wanted.value ->> 5 as bigint),
                 cast(wanted.value ->> 6 as bigint), cast(wanted.value ->> 7 as bigint),
                 cast(wanted.value ->> 8 as bigint), cast(wanted.value ->> 9 as bigint),
                 cast(wanted.value ->> 10 as bigint), wanted.value ->> 11,
                 cast(wanted.value ->> 12 as bigint), cast(wanted.value ->> 13 as bigint),
                 wanted.value ->> 14"
        )
    };
}
pub(super) use values;

const BY_ID: &str =
    concat!("select ", columns!(""), " from observation where person = $1 and id = $2");
const BETWEEN: &str = concat!(
    "select ",
    columns!(""),
    " from observation
     where person = $1 and metric = $2 and civil_date between $3 and $4
         and status <> 'entered-in-error'
     order by civil_date, started_at, id"
);
// A cross join is walked from left to right: each wanted day by the index, not the whole record.
pub(in super::super) const OF_DAYS: &str = concat!(
    "select ",
    columns!("held."),
    " from ",
    elements!("$2"),
    " cross join observation held",
    by_index!("observation_by_metric"),
    " where held.person = $1 and held.metric = wanted.value ->> 0
         and held.civil_date = wanted.value ->> 1"
);
const BY_IDS: &str = concat!(
    "select ",
    columns!("held."),
    " from ",
    texts!("$2"),
    " cross join observation held where held.person = $1 and held.id = ",
    id_of!("wanted.value")
);
const WRITE: &str = concat!(
    "insert into observation (person, id, metric, civil_date, started_at, start_offset, ended_at,
         end_offset, value, low, high, preliminary, status, version, issued, parts, revision)
     select $1, ",
    values!(),
    ", $3 from ",
    elements!("$2"),
    " where true
     on conflict (person, id) do update set metric = excluded.metric,
         civil_date = excluded.civil_date, started_at = excluded.started_at,
         start_offset = excluded.start_offset, ended_at = excluded.ended_at,
         end_offset = excluded.end_offset, value = excluded.value, low = excluded.low,
         high = excluded.high, preliminary = excluded.preliminary, status = excluded.status,
         version = excluded.version, issued = excluded.issued, parts = excluded.parts,
         revision = excluded.revision"
);

/// An Observation from any row that has the columns of `observation`.
pub(super) fn read(row: &DbRow) -> Result<Observation, StoreError> {
    let columns = Columns::of(row, "observation");
    let start = Moment {
        at: columns.instant("started_at")?,
        offset_seconds: columns.whole("start_offset")?,
    };
    let effective = match columns.instant_if_any("ended_at")? {
        None => Effective::Instant(start),
        Some(at) => {
            Effective::Period(start, Moment { at, offset_seconds: columns.whole("end_offset")? })
        }
    };
    let says = Draft {
        id: columns.get("id")?,
        metric: columns.metric("metric")?,
        date: columns.date("civil_date")?,
        effective,
        value: columns.get("value")?,
        low: columns.get("low")?,
        high: columns.get("high")?,
        parts: columns.made_if_any("parts", Part::from_text)?.unwrap_or_default(),
        preliminary: columns.flag("preliminary")?,
    };
    Ok(Observation {
        says,
        status: columns.made("status", Status::parse)?,
        version: columns.whole("version")?,
        issued: columns.instant("issued")?,
    })
}

/// An Observation as JSON: the columns of `observation` after the person, in their order.
type Listed<'j> = (
    &'j str,
    &'j str,
    &'j str,
    i64,
    i32,
    Option<i64>,
    Option<i32>,
    i64,
    Option<i64>,
    Option<i64>,
    u8,
    &'j str,
    u32,
    i64,
    Option<&'j str>,
);

/// Observations from a JSON array of arrays.
pub(super) fn read_list(list: &str) -> Result<Vec<Observation>, StoreError> {
    let rows: Vec<Listed<'_>> = serde_json::from_str(list).map_err(|_| corrupt("value"))?;
    rows.into_iter().map(listed).collect()
}

fn corrupt(column: &'static str) -> StoreError {
    StoreError::Corrupt { table: "observation", column }
}

fn listed(row: Listed<'_>) -> Result<Observation, StoreError> {
    let (id, metric, date, started_at, start_offset, ended_at, end_offset, ..) = row;
    let (.., value, low, high, preliminary, status, version, issued, parts) = row;
    let parts = parts.map(|text| Part::from_text(text).ok_or(corrupt("parts"))).transpose()?;
    let instant = |micros, column| Timestamp::from_microsecond(micros).map_err(|_| corrupt(column));
    let start = Moment { at: instant(started_at, "started_at")?, offset_seconds: start_offset };
    let effective = match (ended_at, end_offset) {
        (None, _) => Effective::Instant(start),
        (Some(at), Some(offset_seconds)) => {
            Effective::Period(start, Moment { at: instant(at, "ended_at")?, offset_seconds })
        }
        (Some(_), None) => return Err(corrupt("end_offset")),
    };
    let says = Draft {
        id: id.parse().map_err(|_| corrupt("id"))?,
        metric: Metric::parse(metric).ok_or(corrupt("metric"))?,
        date: date.parse().map_err(|_| corrupt("civil_date"))?,
        effective,
        value,
        low,
        high,
        parts: parts.unwrap_or_default(),
        preliminary: preliminary != 0,
    };
    let status = Status::parse(status).ok_or(corrupt("status"))?;
    Ok(Observation { says, status, version, issued: instant(issued, "issued")? })
}

/// The row of an Observation, as [`values`] reads it.
pub(super) fn row(observation: &Observation) -> Value {
    let says = &observation.says;
    let (start, end) = (says.effective.start(), says.effective.end());
    json!([
        says.id.simple().to_string(),
        says.metric.key(),
        says.date.to_string(),
        start.at.as_microsecond(),
        start.offset_seconds,
        micros(end.map(|end| end.at)),
        end.map(|end| end.offset_seconds),
        says.value,
        says.low,
        says.high,
        i64::from(says.preliminary),
        observation.status.key(),
        observation.version,
        observation.issued.as_microsecond(),
        Part::to_text(&says.parts),
    ])
}

async fn all(
    database: impl DbExecutor<'_>,
    sql: &'static str,
    person: PersonId,
    wanted: Value,
) -> Result<Vec<Observation>, StoreError> {
    let query = sqlx::query(sql).bind(person.0).bind(wanted.to_string());
    let rows = query.fetch_all(database).await.map_err(in_database)?;
    rows.iter().map(read).collect()
}

/// Every Observation of these days, withdrawn or not. `days` is a list of `[metric, date]`.
pub(super) async fn of_days(
    transaction: &mut DbConnection,
    person: PersonId,
    days: Value,
) -> Result<Vec<Observation>, StoreError> {
    all(transaction, OF_DAYS, person, days).await
}

/// Those of these Observations that exist, whatever their day.
pub(super) async fn by_ids(
    transaction: &mut DbConnection,
    person: PersonId,
    ids: &[Uuid],
) -> Result<Vec<Observation>, StoreError> {
    let ids = ids.iter().map(|id| Value::from(id.simple().to_string())).collect();
    all(transaction, BY_IDS, person, ids).await
}

/// Writes Observations, new or not, as changes of the person's `revision`.
pub(super) async fn write(
    transaction: &mut DbConnection,
    person: PersonId,
    revision: i64,
    observations: &[Observation],
) -> Result<(), StoreError> {
    for batch in observations.chunks(BATCH) {
        let rows = batch.iter().map(row).collect::<Value>().to_string();
        let write = sqlx::query(WRITE).bind(person.0).bind(rows).bind(revision);
        write.execute(&mut *transaction).await.map_err(in_database)?;
    }
    Ok(())
}

/// One Observation.
pub(super) async fn by_id(
    database: impl DbExecutor<'_>,
    person: PersonId,
    id: Uuid,
) -> Result<Option<Observation>, StoreError> {
    let query = sqlx::query(BY_ID).bind(person.0).bind(id);
    let row = query.fetch_optional(database).await.map_err(in_database)?;
    row.as_ref().map(read).transpose()
}

/// Those of a range that stand, oldest first.
pub(super) async fn between(
    database: impl DbExecutor<'_>,
    person: PersonId,
    metric: Metric,
    days: DateRange,
) -> Result<Vec<Observation>, StoreError> {
    let query = sqlx::query(BETWEEN)
        .bind(person.0)
        .bind(metric.key())
        .bind(days.first.to_string())
        .bind(days.last.to_string());
    let rows = query.fetch_all(database).await.map_err(in_database)?;
    rows.iter().map(read).collect()
}
