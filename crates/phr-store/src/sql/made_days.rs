//! Days that are made for a destination in another form.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::civil::Date;
use phr_model::{Coverage, DateRange, FITBIT, Form, Metric, Observation, PersonId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    DbConnection, DbRow, DbStore, coverage,
    dialect::{elements, id_of, texts},
    error::in_database,
    observations::{self, BATCH, columns},
    pending,
    row::Columns,
    sample_days,
    statement::{Statement, changed},
};
use crate::{
    delivery::{DeliveryLease, Pending},
    error::StoreError,
    made::{ChangedDay, DayPosition, MadeDay, MadeDays},
};

pub(in super::super) const NEXT: &str = concat!(
    "select ",
    coverage::columns!(),
    ", revision from coverage
     where person = $1 and (revision, metric, civil_date) > ($3, $4, $5)
         and (metric in (select wanted.value from ",
    texts!("$6"),
    ") or exists (select 1 from made where made.person = coverage.person
             and made.destination = $2 and made.metric = coverage.metric
             and made.civil_date = coverage.civil_date))
     order by revision, metric, civil_date limit 1"
);
const ZONE: &str = "select zone from connection where person = $1 and vendor = $2";
const MADE: &str = concat!(
    "select ",
    columns!(""),
    " from made
     where person = $1 and destination = $2 and metric = $3 and civil_date = $4 order by id"
);
const COARSER: &str = "select form from coarser_day
    where person = $1 and destination = $2 and metric = $3 and civil_date = $4";
const HOLD: &str = "update delivery set attempts = attempts
    where person = $1 and destination = $2 and lease_token = $3";
const RELEASE: &str = concat!(
    "delete from made where person = $1 and destination = $2 and id in (select ",
    id_of!("wanted.value"),
    " from ",
    texts!("$3"),
    ")"
);
const WRITE: &str = concat!(
    "insert into made (person, destination, id, metric, civil_date, started_at, start_offset,
         ended_at, end_offset, value, low, high, preliminary, status, version, issued, parts)
     select $1, $3, ",
    observations::values!(),
    " from ",
    elements!("$2"),
    " where true
     on conflict (person, destination, id) do update set metric = excluded.metric,
         civil_date = excluded.civil_date, started_at = excluded.started_at,
         start_offset = excluded.start_offset, ended_at = excluded.ended_at,
         end_offset = excluded.end_offset, value = excluded.value, low = excluded.low,
         high = excluded.high, preliminary = excluded.preliminary, status = excluded.status,
         version = excluded.version, issued = excluded.issued, parts = excluded.parts"
);
const PUT_COARSER: &str = "insert into coarser_day (person, destination, metric, civil_date, form)
    values ($1, $2, $3, $4, $5)
    on conflict (person, destination, metric, civil_date) do update set form = excluded.form";
const NO_COARSER: &str = "delete from coarser_day
    where person = $1 and destination = $2 and metric = $3 and civil_date = $4";
const FORGET_MADE: &str = "delete from made where person = $1 and destination = $2";
const FORGET_COARSER: &str = "delete from coarser_day where person = $1 and destination = $2";

/// A statement about one day at the destination of `lease`.
fn of_day(sql: &'static str, lease: &DeliveryLease, (metric, date): (Metric, Date)) -> Statement {
    let of = sqlx::query(sql).bind(lease.person.0).bind(lease.destination.clone());
    of.bind(metric.key()).bind(date.to_string())
}

/// Everything about the next day that changed.
async fn next(
    transaction: &mut DbConnection,
    lease: DeliveryLease,
    after: DayPosition,
    metrics: Value,
) -> Result<Option<ChangedDay>, StoreError> {
    let next = sqlx::query(NEXT).bind(lease.person.0).bind(lease.destination.clone());
    let next = next.bind(after.revision).bind(after.metric).bind(after.date);
    let row = next.bind(metrics.to_string()).fetch_optional(&mut *transaction).await;
    let Some(row) = row.map_err(in_database)? else { return Ok(None) };
    let known = coverage::read(&row)?;
    let position = DayPosition {
        revision: Columns::of(&row, "coverage").get("revision")?,
        metric: known.metric.key().to_owned(),
        date: known.date.to_string(),
    };
    let (person, metric, date) = (lease.person, known.metric, known.date);
    let samples = sample_days::of_day(&mut *transaction, person, metric, date).await?;
    let steps = steps_around(&mut *transaction, person, date).await?;
    let days = json!([[metric.key(), date.to_string()]]);
    let kept = observations::of_days(&mut *transaction, person, days).await?;
    let zone = zone(&mut *transaction, person).await?;
    let (made, coarser) = last_made(transaction, &lease, &known).await?;
    Ok(Some(ChangedDay { position, known, samples, steps, zone, kept, made, coarser }))
}

async fn steps_around(
    transaction: &mut DbConnection,
    person: PersonId,
    date: Date,
) -> Result<Vec<phr_model::Sample>, StoreError> {
    let first = date.yesterday().unwrap_or(date);
    let around = DateRange { first, last: date.tomorrow().unwrap_or(date) };
    let mut steps = Vec::new();
    for date in around.days() {
        let day = sample_days::of_day(&mut *transaction, person, Metric::Steps, date).await?;
        steps.extend(day);
    }
    Ok(steps)
}

async fn zone(
    transaction: &mut DbConnection,
    person: PersonId,
) -> Result<Option<String>, StoreError> {
    let zone = sqlx::query(ZONE).bind(person.0).bind(FITBIT);
    let row = zone.fetch_optional(transaction).await.map_err(in_database)?;
    row.map_or(Ok(None), |row| Columns::of(&row, "connection").get("zone"))
}

/// What the destination was last to hold of a day, and whether in a coarser form than wanted.
async fn last_made(
    transaction: &mut DbConnection,
    lease: &DeliveryLease,
    known: &Coverage,
) -> Result<(Vec<Observation>, Option<Form>), StoreError> {
    let day = (known.metric, known.date);
    let made = of_day(MADE, lease, day).fetch_all(&mut *transaction).await.map_err(in_database)?;
    let made = made.iter().map(observations::read).collect::<Result<_, _>>()?;
    let coarser = of_day(COARSER, lease, day).fetch_optional(transaction).await;
    let form = |row: &DbRow| Columns::of(row, "coarser_day").made("form", Form::parse);
    Ok((made, coarser.map_err(in_database)?.as_ref().map(form).transpose()?))
}

/// Writes a day down, if the lease still holds.
async fn write(
    transaction: &mut DbConnection,
    lease: DeliveryLease,
    made: MadeDay,
) -> Result<(), StoreError> {
    let hold = sqlx::query(HOLD).bind(lease.person.0).bind(lease.destination.clone());
    if !changed(&mut *transaction, hold.bind(lease.token)).await? {
        return Err(StoreError::LeaseLost);
    }
    let of = |sql: &'static str| sqlx::query(sql).bind(lease.person.0);
    if !made.released.is_empty() {
        let ids: Value = made.released.iter().map(|id| id.simple().to_string()).collect();
        let release = of(RELEASE).bind(lease.destination.clone()).bind(ids.to_string());
        changed(&mut *transaction, release).await?;
    }
    for batch in made.changed.chunks(BATCH) {
        let rows = batch.iter().map(observations::row).collect::<Value>().to_string();
        let write = of(WRITE).bind(rows).bind(lease.destination.clone());
        changed(&mut *transaction, write).await?;
    }
    let day = (made.metric, made.date);
    let coarser = match made.coarser {
        Some(form) => of_day(PUT_COARSER, &lease, day).bind(form.key()),
        None => of_day(NO_COARSER, &lease, day),
    };
    changed(transaction, coarser).await.map(|_| ())
}

/// Forgets what was made for the destination of `lease`.
pub(super) async fn forget(
    transaction: &mut DbConnection,
    lease: &DeliveryLease,
) -> Result<(), StoreError> {
    for sql in [FORGET_MADE, FORGET_COARSER] {
        let forget = sqlx::query(sql).bind(lease.person.0).bind(lease.destination.clone());
        changed(&mut *transaction, forget).await?;
    }
    Ok(())
}

#[async_trait]
impl MadeDays for DbStore {
    async fn next_changed_day(
        &self,
        lease: &DeliveryLease,
        after: &DayPosition,
        metrics: &[Metric],
    ) -> Result<Option<ChangedDay>, StoreError> {
        let metrics: Value = metrics.iter().map(|metric| metric.key()).collect();
        let (lease, after) = (lease.clone(), after.clone());
        self.read(move |transaction| next(transaction, lease, after, metrics).boxed()).await
    }

    async fn write_made(&self, lease: &DeliveryLease, day: MadeDay) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(move |transaction| write(transaction, lease, day).boxed()).await
    }

    async fn pending_of_day(
        &self,
        lease: &DeliveryLease,
        (metric, date): (Metric, Date),
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<Pending>, StoreError> {
        let query = pending::of_day(lease, limit).bind(after).bind(metric.key());
        let rows = query.bind(date.to_string()).fetch_all(&mut *self.reader().await?).await;
        rows.map_err(in_database)?.iter().map(pending::read).collect()
    }
}
