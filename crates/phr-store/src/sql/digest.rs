//! Walking through everything that is held about a person.

use futures_util::TryStreamExt;
use phr_model::PersonId;

use super::{DbConnection, coverage, error::in_database, observations, row::Columns, sample_days};
use crate::{codec, error::StoreError, record_digest::RecordDigest};

const SAMPLES: &str = "select metric, civil_date, source, samples, digest, data from sample_day
    where person = $1 order by metric, civil_date, source";
const OBSERVATIONS: &str = concat!(
    "select ",
    observations::columns!(""),
    " from observation where person = $1 order by id"
);
const COVERAGE: &str = concat!(
    "select observations, ",
    coverage::columns!(),
    " from coverage where person = $1 order by metric, civil_date"
);

/// Reads everything, a row at a time; days of samples are opened and compared with their digest, so
/// this also proves that they can be read.
pub(super) async fn of(
    transaction: &mut DbConnection,
    person: PersonId,
) -> Result<[u8; 32], StoreError> {
    let mut digest = RecordDigest::default();
    let mut rows = sqlx::query(SAMPLES).bind(person.0).fetch(&mut *transaction);
    while let Some(row) = rows.try_next().await.map_err(in_database)? {
        let columns = Columns::of(&row, "sample_day");
        let content = codec::content_digest(&sample_days::unpack(&row)?);
        if columns.get::<&[u8]>("digest")? != content {
            return Err(StoreError::Corrupt { table: "sample_day", column: "digest" });
        }
        let (metric, date) = (columns.metric("metric")?, columns.date("civil_date")?);
        digest.samples(metric, date, columns.get("source")?, content);
    }
    drop(rows);
    let mut rows = sqlx::query(OBSERVATIONS).bind(person.0).fetch(&mut *transaction);
    while let Some(row) = rows.try_next().await.map_err(in_database)? {
        digest.observation(&observations::read(&row)?);
    }
    drop(rows);
    let mut rows = sqlx::query(COVERAGE).bind(person.0).fetch(transaction);
    while let Some(row) = rows.try_next().await.map_err(in_database)? {
        let standing = Columns::of(&row, "coverage").whole("observations")?;
        digest.coverage(&coverage::read(&row)?, standing);
    }
    drop(rows);
    Ok(digest.finish())
}
