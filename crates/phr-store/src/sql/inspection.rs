//! Reading everything as it lies there.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::civil::Date;
use phr_model::{DateRange, Metric, PersonId, sample::Statistics};

use super::{
    DbConnection, DbRow, DbStore, connections, coverage, error::in_database, observations,
    row::Columns, sample_days, statement::changed,
};
use crate::{
    codec,
    connection::Lease,
    error::StoreError,
    inspection::{CoverageRow, HeldDay, Inspected, Inspection, Job, SampleRow, Strays, Unreadable},
};

const SPAN: &str = "select min(civil_date) as first_date, max(civil_date) as last_date from (
        select civil_date from sample_day where person = $1 and metric = $2
        union all select civil_date from observation where person = $1 and metric = $2
        union all select civil_date from coverage where person = $1 and metric = $2) held";
const SAMPLES: &str =
    "select civil_date, samples, minimum, maximum, total, first_at, last_at, digest,
        data
    from sample_day
    where person = $1 and metric = $2 and civil_date between $3 and $4 order by civil_date, source";
const COVERAGE: &str = concat!(
    "select ",
    coverage::columns!(),
    ", observations from coverage
     where person = $1 and metric = $2 and civil_date between $3 and $4 order by civil_date"
);
const OBSERVATIONS: &str = concat!(
    "select ",
    observations::columns!(""),
    " from observation
     where person = $1 and metric = $2 and civil_date between $3 and $4 order by civil_date, id"
);
const JOBS: &str = concat!(
    "select ",
    connections::columns!(),
    ", lease_token from connection where person = $1 order by number"
);
const AHEAD: &str = "select count(*) as ahead from observation
    join person on person.id = observation.person
    where observation.person = $1
        and (observation.revision > person.revision or observation.revision < 0)";
const RELEASE: &str =
    "update connection set lease_token = null, lease_until = null, lease_work = null,
        trigger_at = null, trigger_priority = null
    where id = $1 and lease_token = $2";

/// Rows of a table, counted by what makes them strays.
macro_rules! kinds {
    ($table:literal) => {
        concat!(
            "select metric, cast(case when civil_date like '____-__-__' and person in (
                 select id from person) then 0 else 1 end as bigint) as lost, count(*) as held
             from ",
            $table,
            " group by 1, 2"
        )
    };
}

const KINDS: [(&str, &str); 3] = [
    ("sample_day", kinds!("sample_day")),
    ("observation", kinds!("observation")),
    ("coverage", kinds!("coverage")),
];

/// A kind of row: how many, if they are strays.
fn stray(row: &DbRow, table: &'static str) -> Result<u64, StoreError> {
    let columns = Columns::of(row, table);
    let is_lost = columns.get::<i64>("lost")? != 0;
    let is_unknown = Metric::parse(columns.get("metric")?).is_none();
    let held = columns.whole("held")?;
    Ok(if is_lost || is_unknown { held } else { 0 })
}

fn sample_row(row: &DbRow) -> Result<(Date, SampleRow), StoreError> {
    let columns = Columns::of(row, "sample_day");
    let samples = sample_days::unpack(row)?;
    let statistics = Statistics {
        count: columns.whole("samples")?,
        min: columns.get("minimum")?,
        max: columns.get("maximum")?,
        sum: columns.get("total")?,
    };
    let digest_fits = columns.get::<&[u8]>("digest")? == codec::content_digest(&samples);
    let (first_at, last_at) = (columns.instant("first_at")?, columns.instant("last_at")?);
    let row = SampleRow { samples, statistics, first_at, last_at, digest_fits };
    Ok((columns.date("civil_date")?, row))
}

fn coverage_row(row: &DbRow) -> Result<(Date, CoverageRow), StoreError> {
    let known = coverage::read(row)?;
    let observations = Columns::of(row, "coverage").whole("observations")?;
    Ok((known.date, CoverageRow { known, observations }))
}

/// Which days are asked for, and what was found so far.
struct Walk {
    person: PersonId,
    metric: Metric,
    range: DateRange,
    days: BTreeMap<Date, HeldDay>,
    unreadable: Vec<Unreadable>,
}

impl Walk {
    /// Reads the rows of a table one by one; a row that cannot be read does not hide the others.
    async fn table<T>(
        &mut self,
        transaction: &mut DbConnection,
        sql: &'static str,
        read: impl Fn(&DbRow) -> Result<(Date, T), StoreError>,
        put: impl Fn(&mut HeldDay, T),
    ) -> Result<(), StoreError> {
        let query = sqlx::query(sql)
            .bind(self.person.0)
            .bind(self.metric.key())
            .bind(self.range.first.to_string())
            .bind(self.range.last.to_string());
        for row in &query.fetch_all(transaction).await.map_err(in_database)? {
            match read(row) {
                Ok((date, found)) => put(self.day(date), found),
                Err(StoreError::Corrupt { table, column }) => {
                    let date = Columns::of(row, table).date("civil_date").ok();
                    self.unreadable.push(Unreadable { table, column, date });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn day(&mut self, date: Date) -> &mut HeldDay {
        self.days.entry(date).or_insert_with(|| HeldDay::empty(self.metric, date))
    }
}

async fn inspect(transaction: &mut DbConnection, mut walk: Walk) -> Result<Inspected, StoreError> {
    let connection = &mut *transaction;
    walk.table(connection, SAMPLES, sample_row, |day, row| day.samples.push(row)).await?;
    walk.table(connection, COVERAGE, coverage_row, |day, row| {
        day.coverage = Some(row);
    })
    .await?;
    let observation = |row: &DbRow| {
        let observation = observations::read(row)?;
        Ok((observation.says.date, observation))
    };
    walk.table(connection, OBSERVATIONS, observation, |day, row| {
        day.observations.push(row);
    })
    .await?;
    Ok(Inspected { days: walk.days.into_values().collect(), unreadable: walk.unreadable })
}

async fn strays(transaction: &mut DbConnection) -> Result<Vec<Strays>, StoreError> {
    let mut found = Vec::new();
    for (table, sql) in KINDS {
        let kinds = sqlx::query(sql).fetch_all(&mut *transaction).await.map_err(in_database)?;
        let rows = kinds.iter().map(|row| stray(row, table)).sum::<Result<u64, _>>()?;
        if rows > 0 {
            found.push(Strays { table, rows });
        }
    }
    Ok(found)
}

fn job(row: &DbRow) -> Result<Job, StoreError> {
    let columns = Columns::of(row, "connection");
    let audit = columns.instant_if_any("audit_due_at")?;
    let history = columns.instant_if_any("history_due_at")?;
    Ok(Job {
        connection: connections::read(row)?,
        older_due_at: audit.into_iter().chain(history).min(),
        lease: columns.get("lease_token")?,
        lease_until: columns.instant_if_any("lease_until")?,
    })
}

#[async_trait]
impl Inspection for DbStore {
    async fn held_span(
        &self,
        person: PersonId,
        metric: Metric,
    ) -> Result<Option<DateRange>, StoreError> {
        let query = sqlx::query(SPAN).bind(person.0).bind(metric.key());
        let row = query.fetch_one(&mut *self.reader().await?).await.map_err(in_database)?;
        let columns = Columns::of(&row, "coverage");
        let date = |text: &str| text.parse::<Date>().ok();
        let first = columns.made_if_any("first_date", date)?;
        let last = columns.made_if_any("last_date", date)?;
        Ok(first.zip(last).map(|(first, last)| DateRange { first, last }))
    }

    async fn inspect(
        &self,
        person: PersonId,
        metric: Metric,
        range: DateRange,
    ) -> Result<Inspected, StoreError> {
        let (days, unreadable) = (BTreeMap::new(), Vec::new());
        let walk = Walk { person, metric, range, days, unreadable };
        self.read(move |transaction| inspect(transaction, walk).boxed()).await
    }

    async fn jobs(&self, person: PersonId) -> Result<Vec<Job>, StoreError> {
        let query = sqlx::query(JOBS).bind(person.0);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(job).collect()
    }

    async fn strays(&self) -> Result<Vec<Strays>, StoreError> {
        self.read(|transaction| strays(transaction).boxed()).await
    }

    async fn ahead_of_feed(&self, person: PersonId) -> Result<u64, StoreError> {
        let query = sqlx::query(AHEAD).bind(person.0);
        let row = query.fetch_one(&mut *self.reader().await?).await.map_err(in_database)?;
        Columns::of(&row, "observation").whole("ahead")
    }

    async fn release(&self, lease: Lease) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            async move {
                let release = sqlx::query(RELEASE).bind(lease.connection.0).bind(lease.token);
                changed(transaction, release).await
            }
            .boxed()
        })
        .await
    }
}
