//! All connections at a glance.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::Timestamp;

use super::{DbConnection, DbRow, DbStore, error::in_database, row::Columns};
use crate::{
    connection::{ConnectionState, Priority, Work},
    error::StoreError,
    fleet::{Due, Fleet, Fleets},
};

const STATES: &str = "select state, count(*) as connections,
        sum(case when attempts > 0 then 1 else 0 end) as failing,
        sum(case when lease_until > $1 then 1 else 0 end) as running,
        min(case when lease_until <= $1 then lease_until end) as lapsed_since,
        min(coalesce(last_complete_at, connected_at)) as oldest_complete,
        max(last_complete_at) as newest_complete
    from connection group by state order by state";
// Older days that are being worked on do not keep recent ones waiting for long: those count as due.
const RECENT: &str =
    "select priority, count(*) as connections, min(due_at) as since from connection
    where state = 'active' and due_at is not null and due_at <= $1
        and (lease_until is null or lease_until <= $1 or lease_work <> 'recent')
    group by priority";
const AUDIT: &str = "select count(*) as connections, min(audit_due_at) as since from connection
    where state = 'active' and audit_due_at is not null and audit_due_at <= $1
        and (lease_until is null or lease_until <= $1)
    having count(*) > 0";
const HISTORY: &str = "select count(*) as connections, min(history_due_at) as since from connection
    where state = 'active' and history_due_at is not null and history_due_at <= $1
        and (lease_until is null or lease_until <= $1)
    having count(*) > 0";
const UNTOLD: &str = "select min(notice.created_at) as since from notice_delivery
    join notice on notice.id = notice_delivery.notice where notice_delivery.state = 'due'";
const GIVEN_UP: &str = "select count(*) as notices from notice_delivery where state = 'failed'";
const REVOCATIONS: &str = "select count(*) as waiting from revocation";

#[async_trait]
impl Fleets for DbStore {
    async fn fleet(&self, now: Timestamp) -> Result<Fleet, StoreError> {
        self.read(move |transaction| survey(transaction, now.as_microsecond()).boxed()).await
    }
}

async fn survey(transaction: &mut DbConnection, now: i64) -> Result<Fleet, StoreError> {
    let mut fleet = Fleet::default();
    let states = sqlx::query(STATES).bind(now).fetch_all(&mut *transaction).await;
    for row in states.map_err(in_database)? {
        add(&mut fleet, &row)?;
    }
    for (kind, sql) in [(None, RECENT), (Some(Work::Audit), AUDIT), (Some(Work::History), HISTORY)]
    {
        let rows = sqlx::query(sql).bind(now).fetch_all(&mut *transaction).await;
        for row in rows.map_err(in_database)? {
            fleet.due.push(read_due(&row, kind)?);
        }
    }
    add_outboxes(&mut fleet, transaction).await?;
    Ok(fleet)
}

/// Adds what is still to be told to others.
async fn add_outboxes(fleet: &mut Fleet, transaction: &mut DbConnection) -> Result<(), StoreError> {
    let revocations = one(transaction, REVOCATIONS).await?;
    fleet.revocations = Columns::of(&revocations, "revocation").whole("waiting")?;
    let untold = one(transaction, UNTOLD).await?;
    fleet.untold_since = Columns::of(&untold, "notice").instant_if_any("since")?;
    let given_up = one(transaction, GIVEN_UP).await?;
    fleet.given_up = Columns::of(&given_up, "notice_delivery").whole("notices")?;
    Ok(())
}

async fn one(transaction: &mut DbConnection, sql: &'static str) -> Result<DbRow, StoreError> {
    sqlx::query(sql).fetch_one(transaction).await.map_err(in_database)
}

/// Adds what the connections of one state are up to.
fn add(fleet: &mut Fleet, row: &DbRow) -> Result<(), StoreError> {
    let columns = Columns::of(row, "connection");
    let state = columns.made("state", ConnectionState::parse)?;
    fleet.states.push((state, columns.whole("connections")?));
    let newest = columns.instant_if_any("newest_complete")?;
    fleet.newest_complete = fleet.newest_complete.max(newest);
    if state == ConnectionState::Active {
        fleet.failing = columns.whole("failing")?;
        fleet.running = columns.whole("running")?;
        fleet.lapsed_since = columns.instant_if_any("lapsed_since")?;
        fleet.oldest_complete = columns.instant_if_any("oldest_complete")?;
    }
    Ok(())
}

/// Rows of recent work tell its priority.
fn read_due(row: &DbRow, kind: Option<Work>) -> Result<Due, StoreError> {
    let columns = Columns::of(row, "connection");
    let recent = || columns.made("priority", Priority::parse).map(Work::Recent);
    Ok(Due {
        work: kind.map_or_else(recent, Ok)?,
        connections: columns.whole("connections")?,
        since: columns.instant("since")?,
    })
}
