//! Writing down what became of Observations.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    DbConnection, destinations,
    dialect::{elements, id_of, texts},
    error::in_database,
    made_days,
    statement::{Statement, changed},
};
use crate::{
    delivery::{Delivered, DeliveryLease, Progress, Refused},
    error::StoreError,
};

const ADVANCE: &str = "update delivery set attempts = 0, error = null,
        seen_revision = coalesce($4, seen_revision),
        seen_id = case when $4 is null then seen_id else $5 end,
        days_revision = coalesce($6, days_revision),
        days_metric = case when $6 is null then days_metric else $7 end,
        days_date = case when $6 is null then days_date else $8 end
    where person = $1 and destination = $2 and lease_token = $3";
const HELD: &str = "select 1 as one from delivery
    where person = $1 and destination = $2 and lease_token = $3";
const CONFIRM: &str = concat!(
    "insert into delivered (person, destination, observation, version, digest, place)
     select $1, $2, ",
    id_of!("wanted.value ->> 0"),
    ", cast(wanted.value ->> 1 as bigint), ",
    id_of!("wanted.value ->> 2"),
    ", wanted.value ->> 3 from ",
    elements!("$3"),
    " where true
     on conflict (person, destination, observation) do update set version = excluded.version,
         digest = excluded.digest, place = excluded.place"
);
const PARK: &str = concat!(
    "insert into parked (person, destination, observation, version, status, reason, parked_at)
     select $1, $2, ",
    id_of!("wanted.value ->> 0"),
    ", cast(wanted.value ->> 1 as bigint), cast(wanted.value ->> 2 as bigint),
         wanted.value ->> 3, $4 from ",
    elements!("$3"),
    " where true
     on conflict (person, destination, observation) do update set version = excluded.version,
         status = excluded.status, reason = excluded.reason, retry = 0"
);
macro_rules! of_these {
    ($what:literal) => {
        concat!(
            $what,
            " where person = $1 and destination = $2 and observation in (select ",
            id_of!("wanted.value"),
            " from ",
            texts!("$3"),
            ")"
        )
    };
}
const UNPARK: &str = of_these!("delete from parked");
pub(super) const FORGET: &str = of_these!("delete from delivered");
const ERASE: &str = "update delivery set erased_at = $4, due_at = null, lagging_since = null
    where person = $1 and destination = $2 and lease_token = $3";
const UNPARK_ALL: &str = "delete from parked where person = $1 and destination = $2";

/// A statement about the row that `lease` is for, with the lease as proof.
pub(super) fn under(sql: &'static str, lease: &DeliveryLease) -> Statement {
    sqlx::query(sql).bind(lease.person.0).bind(lease.destination.clone()).bind(lease.token)
}

/// A statement about what belongs to that row.
pub(super) fn of(sql: &'static str, lease: &DeliveryLease) -> Statement {
    sqlx::query(sql).bind(lease.person.0).bind(lease.destination.clone())
}

pub(super) fn ids<'a>(ids: impl Iterator<Item = &'a Uuid>) -> String {
    ids.map(|id| Value::from(id.simple().to_string())).collect::<Value>().to_string()
}

fn confirmed((id, delivered): &(Uuid, Delivered)) -> Value {
    let digest = delivered.digest.simple().to_string();
    json!([id.simple().to_string(), delivered.version, digest, delivered.place])
}

fn refused(refused: &Refused) -> Value {
    let Refused { observation, version, status, reason } = refused;
    json!([observation.simple().to_string(), version, status, reason])
}

/// Moves the places and ends what failed before, if anything was achieved; false if the lease was lost.
async fn advance(
    transaction: &mut DbConnection,
    lease: &DeliveryLease,
    Progress { delivered, refused, passed: _, seen, days }: &Progress,
) -> Result<bool, StoreError> {
    if delivered.is_empty() && refused.is_empty() && seen.is_none() && days.is_none() {
        let held = under(HELD, lease).fetch_optional(transaction).await;
        return held.map(|row| row.is_some()).map_err(in_database);
    }
    let advance = under(ADVANCE, lease)
        .bind(seen.map(|seen| seen.revision))
        .bind(seen.map(|seen| seen.id))
        .bind(days.as_ref().map(|days| days.revision))
        .bind(days.as_ref().map(|days| days.metric.clone()))
        .bind(days.as_ref().map(|days| days.date.clone()));
    changed(transaction, advance).await
}

pub(super) async fn record(
    transaction: &mut DbConnection,
    lease: DeliveryLease,
    progress: Progress,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !progress.delivered.is_empty() {
        let (to, count) = (lease.destination.clone(), progress.delivered.len());
        destinations::confirmed(&mut *transaction, to, count, now).await?;
    }
    if !advance(&mut *transaction, &lease, &progress).await? {
        return Err(StoreError::LeaseLost);
    }
    let done = progress.delivered.iter().map(|(id, _)| id).chain(&progress.passed);
    changed(&mut *transaction, of(UNPARK, &lease).bind(ids(done))).await?;
    if !progress.delivered.is_empty() {
        let rows = progress.delivered.iter().map(confirmed).collect::<Value>().to_string();
        changed(&mut *transaction, of(CONFIRM, &lease).bind(rows)).await?;
    }
    if !progress.refused.is_empty() {
        let rows = progress.refused.iter().map(refused).collect::<Value>().to_string();
        changed(transaction, of(PARK, &lease).bind(rows).bind(now.as_microsecond())).await?;
    }
    Ok(())
}

pub(super) async fn erase(
    transaction: &mut DbConnection,
    lease: DeliveryLease,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !changed(&mut *transaction, under(ERASE, &lease).bind(now.as_microsecond())).await? {
        return Err(StoreError::LeaseLost);
    }
    changed(&mut *transaction, of(UNPARK_ALL, &lease)).await?;
    made_days::forget(transaction, &lease).await
}
