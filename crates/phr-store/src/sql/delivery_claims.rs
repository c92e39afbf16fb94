//! Claiming deliveries.

use jiff::Timestamp;
use phr_model::PersonId;
use uuid::Uuid;

use super::{
    DbConnection, DbRow,
    dialect::free,
    error::in_database,
    row::Columns,
    statement::{Statement, changed},
};
use crate::{
    delivery::{Claimed, DeliveryLease, Introductions, Turn},
    error::StoreError,
    feed::Position,
    made::DayPosition,
};

macro_rules! claimed {
    () => {
        " returning person, destination, seen_revision, seen_id, days_revision, days_metric,
             days_date, wanted, attempts, introduced, chart, lease_token"
    };
}
// A retry that is asked for from here on is kept for the next turn.
const CLAIM: &str = concat!(
    "update delivery set lease_token = $1, lease_until = $2
     where destination = $4 and person = (
         select person from delivery
         where destination = $4 and due_at is not null and due_at <= $3
             and (lease_until is null or lease_until <= $3)
         order by due_at limit 1",
    free!(),
    ")",
    claimed!()
);
const CLAIM_OF: &str = concat!(
    "update delivery set lease_token = $1, lease_until = $2
     where destination = $4 and person = $5 and (lease_until is null or lease_until <= $3)",
    claimed!()
);
const TAKE_RETRY: &str = "update delivery set retry = 0
    where person = $1 and destination = $2 and retry = 1";
const HEALTH: &str = "select failures, closed_until from destination where name = $1";
const PROBE: &str = "update destination set closed_until = $3
    where name = $1 and closed_until <= $2";

/// What there is to do at a destination.
pub(super) async fn turn(
    transaction: &mut DbConnection,
    destination: String,
    (now, lease_until): (Timestamp, Timestamp),
    token: Uuid,
) -> Result<Turn, StoreError> {
    let health = sqlx::query(HEALTH).bind(destination.clone());
    let Some(health) = health.fetch_optional(&mut *transaction).await.map_err(in_database)? else {
        return Ok(Turn::Idle);
    };
    let health = Columns::of(&health, "destination");
    let failures = health.whole("failures")?;
    if let Some(until) = health.instant_if_any("closed_until")? {
        let probe = sqlx::query(PROBE).bind(destination);
        let probe = probe.bind(now.as_microsecond()).bind(lease_until.as_microsecond());
        let ours = until <= now && changed(transaction, probe).await?;
        return Ok(if ours { Turn::Probe { failures } } else { Turn::Closed });
    }
    let claim = sqlx::query(CLAIM).bind(token).bind(lease_until.as_microsecond());
    let claim = claim.bind(now.as_microsecond()).bind(destination);
    let claimed = claimed(transaction, claim, failures).await?;
    Ok(claimed.map_or(Turn::Idle, |claimed| Turn::Deliver(Box::new(claimed))))
}

/// What a claim got.
pub(super) async fn claimed(
    transaction: &mut DbConnection,
    claim: Statement,
    failures: u32,
) -> Result<Option<Claimed>, StoreError> {
    let row = claim.fetch_optional(&mut *transaction).await.map_err(in_database)?;
    let Some(row) = row else { return Ok(None) };
    let mut claimed = read_claimed(&row, (failures, false))?;
    let (person, destination) = (claimed.lease.person, claimed.lease.destination.clone());
    let take_retry = sqlx::query(TAKE_RETRY).bind(person.0).bind(destination);
    claimed.retry = changed(transaction, take_retry).await?;
    Ok(Some(claimed))
}

/// A claim of one person, due or not.
pub(super) fn claim_of(
    person: PersonId,
    destination: &str,
    (now, lease_until): (Timestamp, Timestamp),
    token: Uuid,
) -> Statement {
    sqlx::query(CLAIM_OF)
        .bind(token)
        .bind(lease_until.as_microsecond())
        .bind(now.as_microsecond())
        .bind(destination.to_owned())
        .bind(person.0)
}

fn read_claimed(row: &DbRow, (failures, retry): (u32, bool)) -> Result<Claimed, StoreError> {
    let columns = Columns::of(row, "delivery");
    let lease = DeliveryLease {
        person: columns.person("person")?,
        destination: columns.get("destination")?,
        token: columns.get("lease_token")?,
    };
    let seen = Position { revision: columns.get("seen_revision")?, id: columns.get("seen_id")? };
    let days = DayPosition {
        revision: columns.get("days_revision")?,
        metric: columns.get("days_metric")?,
        date: columns.get("days_date")?,
    };
    let introduced = |text: &str| serde_json::from_str::<Introductions>(text).ok();
    Ok(Claimed {
        lease,
        seen,
        days,
        wanted: columns.get("wanted")?,
        attempts: columns.whole("attempts")?,
        retry,
        introduced: columns.made("introduced", introduced)?,
        chart: columns.get("chart")?,
        failures,
    })
}
