//! Days of samples: a compressed blob each, with what most questions need beside it.

use jiff::civil::Date;
use phr_model::{DateRange, Metric, PersonId, Sample, sample::Statistics};

use super::{DbConnection, DbExecutor, DbRow, error::in_database, row::Columns};
use crate::{
    codec::{self, TooMany},
    error::StoreError,
};

const TABLE: &str = "sample_day";

const DIGEST: &str = "select digest from sample_day
    where person = $1 and metric = $2 and civil_date = $3 and source = $4";
const PUT: &str = "insert into sample_day (person, metric, civil_date, source, samples, minimum,
        maximum, total, first_at, last_at, digest, data)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict (person, metric, civil_date, source) do update set samples = excluded.samples,
        minimum = excluded.minimum, maximum = excluded.maximum, total = excluded.total,
        first_at = excluded.first_at, last_at = excluded.last_at, digest = excluded.digest,
        data = excluded.data";
const DELETE: &str = "delete from sample_day
    where person = $1 and metric = $2 and civil_date = $3 and source = $4";
const OF_DAY: &str = "select civil_date, samples, data from sample_day
    where person = $1 and metric = $2 and civil_date = $3 order by source";
const OF_NEXT_DAY: &str = "select civil_date, samples, data from sample_day
    where person = $1 and metric = $2 and civil_date = (
        select min(civil_date) from sample_day
        where person = $1 and metric = $2 and civil_date between $3 and $4)
    order by source";

/// A day ready to be written: everything that costs time is done before the transaction.
pub(super) struct Packed {
    pub(super) samples: u32,
    digest: [u8; 32],
    /// None for a day without samples.
    content: Option<Content>,
}

struct Content {
    statistics: Statistics,
    first_at: i64,
    last_at: i64,
    data: Vec<u8>,
}

/// Where a day belongs.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) person: PersonId,
    pub(super) metric: Metric,
    pub(super) date: Date,
    pub(super) source: &'a str,
}

/// Packs a day. Samples are put in order first: a vendor may send those that share an instant in
/// any order, and the same content must give the same bytes.
pub(super) fn pack(mut samples: Vec<Sample>) -> Result<Packed, TooMany> {
    samples.sort_unstable();
    let digest = codec::content_digest(&samples);
    let (Some(statistics), Some(first), Some(last)) =
        (Statistics::of(&samples), samples.first(), samples.last())
    else {
        return Ok(Packed { samples: 0, digest, content: None });
    };
    let content = Content {
        statistics,
        first_at: first.at.as_microsecond(),
        last_at: last.at.as_microsecond(),
        data: codec::encode(&samples)?,
    };
    Ok(Packed { samples: statistics.count, digest, content: Some(content) })
}

/// Writes a day unless it is there already. Whether anything changed.
pub(super) async fn write(
    transaction: &mut DbConnection,
    place: Place<'_>,
    packed: Packed,
) -> Result<bool, StoreError> {
    let held = sqlx::query(DIGEST)
        .bind(place.person.0)
        .bind(place.metric.key())
        .bind(place.date.to_string())
        .bind(place.source);
    let held = held.fetch_optional(&mut *transaction).await.map_err(in_database)?;
    let held = held.as_ref().map(|row| Columns::of(row, TABLE).get::<&[u8]>("digest"));
    match (held.transpose()?, packed.content) {
        (None, None) => Ok(false),
        (Some(digest), Some(_)) if digest == packed.digest => Ok(false),
        (_, None) => delete(transaction, place).await.map(|()| true),
        (_, Some(content)) => put(transaction, place, packed.digest, content).await.map(|()| true),
    }
}

async fn delete(transaction: &mut DbConnection, place: Place<'_>) -> Result<(), StoreError> {
    let delete = sqlx::query(DELETE)
        .bind(place.person.0)
        .bind(place.metric.key())
        .bind(place.date.to_string())
        .bind(place.source);
    delete.execute(transaction).await.map(|_| ()).map_err(in_database)
}

async fn put(
    transaction: &mut DbConnection,
    place: Place<'_>,
    digest: [u8; 32],
    content: Content,
) -> Result<(), StoreError> {
    let put = sqlx::query(PUT)
        .bind(place.person.0)
        .bind(place.metric.key())
        .bind(place.date.to_string())
        .bind(place.source)
        .bind(i64::from(content.statistics.count))
        .bind(content.statistics.min)
        .bind(content.statistics.max)
        .bind(content.statistics.sum)
        .bind(content.first_at)
        .bind(content.last_at)
        .bind(digest.to_vec())
        .bind(content.data);
    put.execute(transaction).await.map(|_| ()).map_err(in_database)
}

/// The samples of a day of all sources, in order of time.
pub(super) async fn of_day(
    database: impl DbExecutor<'_>,
    person: PersonId,
    metric: Metric,
    date: Date,
) -> Result<Vec<Sample>, StoreError> {
    let query = sqlx::query(OF_DAY).bind(person.0).bind(metric.key()).bind(date.to_string());
    let rows = query.fetch_all(database).await.map_err(in_database)?;
    merge(&rows)
}

/// The first day with samples of a range.
pub(super) async fn of_next_day(
    database: impl DbExecutor<'_>,
    person: PersonId,
    metric: Metric,
    days: DateRange,
) -> Result<Option<(Date, Vec<Sample>)>, StoreError> {
    let query = sqlx::query(OF_NEXT_DAY)
        .bind(person.0)
        .bind(metric.key())
        .bind(days.first.to_string())
        .bind(days.last.to_string());
    let rows = query.fetch_all(database).await.map_err(in_database)?;
    let Some(first) = rows.first() else { return Ok(None) };
    Ok(Some((Columns::of(first, TABLE).date("civil_date")?, merge(&rows)?)))
}

fn merge(rows: &[DbRow]) -> Result<Vec<Sample>, StoreError> {
    let mut samples = Vec::new();
    for row in rows {
        samples.append(&mut unpack(row)?);
    }
    if rows.len() > 1 {
        samples.sort_unstable();
    }
    Ok(samples)
}

/// The samples of a row.
pub(super) fn unpack(row: &DbRow) -> Result<Vec<Sample>, StoreError> {
    let columns = Columns::of(row, TABLE);
    let count = columns.whole("samples")?;
    columns.made("data", |blob: &[u8]| codec::decode(blob, count).ok())
}
