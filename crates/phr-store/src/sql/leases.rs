//! The schedule: triggers, claims and settling. A claim needs no clock of the database: the caller's
//! decides what is due and which lease has lapsed.

use jiff::Timestamp;
use phr_model::{ConnectionId, PersonId};
use uuid::Uuid;

use super::{
    DbConnection,
    connections::{columns, read},
    dialect::{free, held},
    error::in_database,
    locks, outbox,
    row::{Columns, micros},
    statement::{Statement, changed},
};
use crate::{
    connection::{Connection, ConnectionState, Lease, Priority, Reach, Settlement, Work},
    error::StoreError,
    schedule::{Trigger, after_run},
};

// While a run holds the lease, a trigger is also kept apart: settling overwrites due_at.
const MAKE_DUE: &str = "update connection set
        due_at = case when due_at < $3 then due_at else $3 end,
        priority = case when due_at is not null and priority < $2 then priority else $2 end,
        trigger_at = case when lease_token is null then null
            when trigger_at < $3 then trigger_at else $3 end,
        trigger_priority = case when lease_token is null then null
            when trigger_priority < $2 then trigger_priority else $2 end
    where id = $1 and state = 'active'";
// One statement for each kind of work, each the beginning of an index: looking for work costs the
// same however many connections are not due.
const CLAIM_RECENT: &str = concat!(
    "update connection set lease_token = $1, lease_until = $2, lease_work = 'recent',
         trigger_at = null, trigger_priority = null
     where number = (
         select number from connection
         where state = 'active' and due_at is not null and priority = $4 and due_at <= $3
             and (lease_until is null or lease_until <= $3)
             and (reserved_until is null or reserved_until <= $3)
         order by due_at limit 1",
    free!(),
    ")
     returning ",
    columns!()
);
const CLAIM_AUDIT: &str = concat!(
    "update connection set lease_token = $1, lease_until = $2, lease_work = 'audit',
         audit_due_at = $2, trigger_at = null, trigger_priority = null
     where number = (
         select number from connection
         where state = 'active' and audit_due_at is not null and audit_due_at <= $3
             and (lease_until is null or lease_until <= $3)
             and (reserved_until is null or reserved_until <= $3)
         order by audit_due_at limit 1",
    free!(),
    ")
     returning ",
    columns!()
);
const CLAIM_HISTORY: &str = concat!(
    "update connection set lease_token = $1, lease_until = $2, lease_work = 'history',
         history_due_at = $2, trigger_at = null, trigger_priority = null
     where number = (
         select number from connection
         where state = 'active' and history_due_at is not null and history_due_at <= $3
             and (lease_until is null or lease_until <= $3)
             and (reserved_until is null or reserved_until <= $3)
         order by history_due_at limit 1",
    free!(),
    ")
     returning ",
    columns!()
);
const CLAIM: &str = concat!(
    "update connection set lease_token = $1, lease_until = $2, lease_work = 'recent',
         reserved_until = null, trigger_at = null, trigger_priority = null
     where id = $4 and state = 'active' and (lease_until is null or lease_until <= $3)
     returning ",
    columns!()
);
const EXTEND: &str = "update connection set lease_until = $3 where id = $1 and lease_token = $2";
const HELD: &str = concat!(
    "select state, trigger_at, trigger_priority from connection
     where id = $1 and lease_token = $2",
    held!()
);
const SETTLE: &str = "update connection set state = $2, due_at = $3, priority = $4,
        last_run_at = $5, last_error = $6,
        last_complete_at = case when $7 = 1 then $5 else last_complete_at end,
        attempts = case when $6 is null then 0 else attempts + 1 end,
        lease_token = null, lease_until = null, lease_work = null,
        trigger_at = null, trigger_priority = null
    where id = $1";
const STILL_OURS: &str = concat!(
    "select id from connection
     where id = $1 and lease_token = $2 and person = $3 and ($4 is null or lease_until > $4)",
    held!()
);

pub(super) fn make_due(id: ConnectionId, priority: Priority, now: Timestamp) -> Statement {
    sqlx::query(MAKE_DUE).bind(id.0).bind(priority.rank()).bind(now.as_microsecond())
}

/// Kinds of work in the order in which they are claimed.
fn kinds(reach: Reach) -> impl Iterator<Item = Work> {
    let aside = match reach {
        Reach::Everything => &[Work::Audit, Work::History][..],
        Reach::RecentOnly => &[],
    };
    Priority::ALL.into_iter().map(Work::Recent).chain(aside.iter().copied())
}

/// What is due and free, most urgent first.
pub(super) async fn claim_due(
    transaction: &mut DbConnection,
    reach: Reach,
    now: Timestamp,
    lease_until: Timestamp,
    token: Uuid,
) -> Result<Option<(Connection, Lease, Work)>, StoreError> {
    for work in kinds(reach) {
        let sql = match work {
            Work::Recent(_) => CLAIM_RECENT,
            Work::Audit => CLAIM_AUDIT,
            Work::History => CLAIM_HISTORY,
        };
        let claim = sqlx::query(sql).bind(token);
        let claim = claim.bind(lease_until.as_microsecond()).bind(now.as_microsecond());
        let claim = match work {
            Work::Recent(priority) => claim.bind(priority.rank()),
            Work::Audit | Work::History => claim,
        };
        if let Some((connection, lease)) = claimed(transaction, claim, token).await? {
            return Ok(Some((connection, lease, work)));
        }
    }
    Ok(None)
}

pub(super) fn claim(
    id: ConnectionId,
    now: Timestamp,
    lease_until: Timestamp,
    token: Uuid,
) -> Statement {
    sqlx::query(CLAIM)
        .bind(token)
        .bind(lease_until.as_microsecond())
        .bind(now.as_microsecond())
        .bind(id.0)
}

/// What the claim got.
pub(super) async fn claimed(
    transaction: &mut DbConnection,
    claim: Statement,
    token: Uuid,
) -> Result<Option<(Connection, Lease)>, StoreError> {
    let row = claim.fetch_optional(transaction).await.map_err(in_database)?;
    let connection = row.as_ref().map(read).transpose()?;
    Ok(connection.map(|connection| {
        let lease = Lease { connection: connection.id, token };
        (connection, lease)
    }))
}

pub(super) fn extend(lease: Lease, lease_until: Timestamp) -> Statement {
    sqlx::query(EXTEND)
        .bind(lease.connection.0)
        .bind(lease.token)
        .bind(lease_until.as_microsecond())
}

pub(super) async fn settle(
    transaction: &mut DbConnection,
    lease: Lease,
    settlement: Settlement,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let held = sqlx::query(HELD).bind(lease.connection.0).bind(lease.token);
    let Some(row) = held.fetch_optional(&mut *transaction).await.map_err(in_database)? else {
        return Ok(false);
    };
    let columns = Columns::of(&row, "connection");
    let at = columns.instant_if_any("trigger_at")?;
    let priority = columns.made_if_any("trigger_priority", Priority::parse)?;
    let trigger = at.zip(priority).map(|(at, priority)| Trigger { at, priority });
    let state = columns.made("state", ConnectionState::parse)?;
    let state = settlement.state.unwrap_or(state);
    let (due_at, priority) = after_run(state, &settlement, trigger);
    outbox::settled(&mut *transaction, lease.connection, &settlement, now).await?;
    let settle = sqlx::query(SETTLE)
        .bind(lease.connection.0)
        .bind(state.key())
        .bind(micros(due_at))
        .bind(priority.rank())
        .bind(now.as_microsecond())
        .bind(settlement.error)
        .bind(i64::from(settlement.complete));
    changed(transaction, settle).await
}

/// Fails unless the lease is ours and of this person's connection and, where the time is known, has
/// not lapsed. Inside a writing transaction it stays so until the commit, and nobody else changes
/// the person's record meanwhile.
pub(super) async fn check(
    transaction: &mut DbConnection,
    lease: Lease,
    person: PersonId,
    now: Option<Timestamp>,
) -> Result<(), StoreError> {
    locks::person(&mut *transaction, person).await?;
    let query = sqlx::query(STILL_OURS)
        .bind(lease.connection.0)
        .bind(lease.token)
        .bind(person.0)
        .bind(micros(now));
    let ours = query.fetch_optional(transaction).await.map_err(in_database)?;
    ours.map(|_| ()).ok_or(StoreError::LeaseLost)
}
