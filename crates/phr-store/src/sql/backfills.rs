//! Older days: requests for history, what is left of them, and giving the connection back.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::{Timestamp, civil::Date};
use phr_model::{ConnectionId, CoverageState, DateRange, Metric, PersonId, Reason};
use uuid::Uuid;

use super::{
    DbConnection, DbRow, DbStore,
    error::in_database,
    outbox,
    row::{Columns, micros},
    statement::{Statement, changed},
};
use crate::{
    backfill::{
        AsideSettlement, Backfill, BackfillState, Backfills, KnownDay, Plan, Steer, Turn, Wish,
    },
    connection::{ConnectionState, Lease},
    error::StoreError,
};

const OF_CONNECTION: &str =
    "select connection, first_day, metrics, state, requested_at, updated_at,
        begun_at, days_settled, last_error
    from backfill where connection = $1";
const BEGIN: &str = "insert into backfill
        (connection, first_day, metrics, state, requested_at, updated_at)
    values ($1, $2, $3, 'running', $4, $4)
    on conflict (connection) do update set first_day = excluded.first_day,
        metrics = excluded.metrics, state = excluded.state, requested_at = excluded.requested_at,
        updated_at = excluded.updated_at, begun_at = null, days_settled = 0, last_error = null";
const BEGIN_FIRST: &str = "insert into backfill
        (connection, first_day, metrics, state, requested_at, updated_at)
    values ($1, $2, $3, 'running', $4, $4)
    on conflict (connection) do nothing";
// A turn that is under way sees that its due time was moved, and looks again.
const STIR: &str = "update connection set history_due_at = $2, history_attempts = 0
    where id = $1 and state = 'active'";
const PAUSE: &str = "update backfill set state = 'paused', updated_at = $2
    where connection = $1 and state = 'running'";
const RESUME: &str = "update backfill set state = 'running', updated_at = $2, begun_at = null,
        days_settled = 0
    where connection = $1 and state = 'paused'";
const CANCEL: &str = "update backfill set state = 'cancelled', updated_at = $2
    where connection = $1 and state in ('running', 'paused')";
const RECORD: &str = "update backfill set begun_at = coalesce(begun_at, $3),
        days_settled = days_settled + $4, last_error = $5, updated_at = $6,
        state = case when $7 = 1 then 'done' else state end
    where connection = $1 and state = 'running' and requested_at = $2";
const KNOWN: &str = "select civil_date, state, reason, read_closed from coverage
    where person = $1 and metric = $2 and civil_date between $3 and $4
    order by civil_date";

const PLAN: &str = "update connection set
        kept_from = case when kept_from is null or kept_from > $3 then $3 else kept_from end,
        audit_due_at = coalesce(audit_due_at, $4),
        history_due_at = coalesce(history_due_at, $5)
    where id = $1 and lease_token = $2";
const MEMBERSHIP: &str = "update connection set member_since = $2 where id = $1";
const RESERVE: &str = "update connection set reserved_until = $3
    where id = $1 and state = 'active' and lease_until > $2 and lease_work in ('audit', 'history')";
const MAY_GO_ON: &str = "select 1 from connection
    where id = $1 and lease_token = $2 and (due_at is null or due_at > $3)
        and (reserved_until is null or reserved_until <= $3)
        and (lease_work <> 'history' or history_due_at = $4)";
const SETTLE_AUDIT: &str = "update connection set audit_due_at = $3, audit_from = $4,
        lease_token = null, lease_until = null, lease_work = null,
        trigger_at = null, trigger_priority = null
    where id = $1 and lease_token = $2";
const SETTLE_HISTORY: &str = "update connection set
        history_due_at = case when history_due_at = $3 then $4 else history_due_at end,
        history_attempts = $5,
        lease_token = null, lease_until = null, lease_work = null,
        trigger_at = null, trigger_priority = null
    where id = $1 and lease_token = $2";
const END: &str = "update connection set state = $3, last_error = $4, due_at = null, priority = 2
    where id = $1 and lease_token = $2";

fn read(row: &DbRow) -> Result<Backfill, StoreError> {
    let columns = Columns::of(row, "backfill");
    Ok(Backfill {
        connection: columns.get::<Uuid>("connection").map(ConnectionId)?,
        from: columns.date("first_day")?,
        metrics: columns.made("metrics", |metrics: &str| serde_json::from_str(metrics).ok())?,
        state: columns.made("state", BackfillState::parse)?,
        requested_at: columns.instant("requested_at")?,
        updated_at: columns.instant("updated_at")?,
        begun_at: columns.instant_if_any("begun_at")?,
        days_settled: columns.whole("days_settled")?,
        last_error: columns.get("last_error")?,
    })
}

fn read_known(row: &DbRow) -> Result<KnownDay, StoreError> {
    let columns = Columns::of(row, "coverage");
    Ok(KnownDay {
        date: columns.date("civil_date")?,
        state: columns.made("state", CoverageState::parse)?,
        reason: columns.made_if_any("reason", Reason::parse)?,
        read_closed: columns.flag("read_closed")?,
    })
}

fn begin(sql: &'static str, id: ConnectionId, wish: &Wish, now: Timestamp) -> Statement {
    let metrics: serde_json::Value = wish.metrics.iter().map(|metric| metric.key()).collect();
    sqlx::query(sql)
        .bind(id.0)
        .bind(wish.from.to_string())
        .bind(metrics.to_string())
        .bind(now.as_microsecond())
}

/// Makes history of an active connection due, once for ever so many requests.
async fn stir(
    transaction: &mut DbConnection,
    id: ConnectionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let stir = sqlx::query(STIR).bind(id.0).bind(now.as_microsecond());
    changed(transaction, stir).await.map(|_| ())
}

async fn of_connection(
    transaction: &mut DbConnection,
    id: ConnectionId,
) -> Result<Option<Backfill>, StoreError> {
    let row = sqlx::query(OF_CONNECTION).bind(id.0).fetch_optional(transaction).await;
    row.map_err(in_database)?.as_ref().map(read).transpose()
}

fn settle(lease: Lease, settlement: &AsideSettlement) -> Statement {
    match *settlement {
        AsideSettlement::Audit { due_at, from } => sqlx::query(SETTLE_AUDIT)
            .bind(lease.connection.0)
            .bind(lease.token)
            .bind(due_at.as_microsecond())
            .bind(from.map(|date| date.to_string())),
        AsideSettlement::History { claimed_due_at, due_at, attempts } => {
            sqlx::query(SETTLE_HISTORY)
                .bind(lease.connection.0)
                .bind(lease.token)
                .bind(micros(claimed_due_at))
                .bind(micros(due_at))
                .bind(i64::from(attempts))
        }
    }
}

async fn end(
    transaction: &mut DbConnection,
    lease: Lease,
    (state, error): (ConnectionState, String),
    now: Timestamp,
) -> Result<(), StoreError> {
    let end = sqlx::query(END).bind(lease.connection.0).bind(lease.token);
    if changed(&mut *transaction, end.bind(state.key()).bind(error.clone())).await? {
        outbox::ended(transaction, lease.connection, state, error, now).await?;
    }
    Ok(())
}

#[async_trait]
impl Backfills for DbStore {
    async fn backfill(&self, id: ConnectionId) -> Result<Option<Backfill>, StoreError> {
        let row =
            sqlx::query(OF_CONNECTION).bind(id.0).fetch_optional(&mut *self.reader().await?).await;
        row.map_err(in_database)?.as_ref().map(read).transpose()
    }

    async fn begin_backfill(
        &self,
        id: ConnectionId,
        wish: Wish,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let begin = begin(BEGIN, id, &wish, now);
        self.write(move |transaction| {
            async move {
                changed(transaction, begin).await?;
                stir(transaction, id, now).await
            }
            .boxed()
        })
        .await
    }

    async fn begin_first_backfill(
        &self,
        id: ConnectionId,
        wish: Wish,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let begin = begin(BEGIN_FIRST, id, &wish, now);
        self.write(move |transaction| {
            async move {
                if changed(transaction, begin).await? {
                    stir(transaction, id, now).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }

    async fn steer_backfill(
        &self,
        id: ConnectionId,
        steer: Steer,
        now: Timestamp,
    ) -> Result<Option<Backfill>, StoreError> {
        let sql = match steer {
            Steer::Pause => PAUSE,
            Steer::Resume => RESUME,
            Steer::Cancel => CANCEL,
        };
        let statement = sqlx::query(sql).bind(id.0).bind(now.as_microsecond());
        self.write(move |transaction| {
            async move {
                if changed(transaction, statement).await? {
                    stir(transaction, id, now).await?;
                }
                of_connection(transaction, id).await
            }
            .boxed()
        })
        .await
    }

    async fn record_turn(
        &self,
        id: ConnectionId,
        turn: Turn,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let record = sqlx::query(RECORD)
            .bind(id.0)
            .bind(turn.requested_at.as_microsecond())
            .bind(turn.begun_at.as_microsecond())
            .bind(i64::from(turn.days_settled))
            .bind(turn.error)
            .bind(now.as_microsecond())
            .bind(i64::from(turn.done));
        self.change(record).await.map(|_| ())
    }

    async fn known_days(
        &self,
        person: PersonId,
        metric: Metric,
        days: DateRange,
    ) -> Result<Vec<KnownDay>, StoreError> {
        let query = sqlx::query(KNOWN)
            .bind(person.0)
            .bind(metric.key())
            .bind(days.first.to_string())
            .bind(days.last.to_string());
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(read_known).collect()
    }

    async fn remember_membership(&self, id: ConnectionId, since: Date) -> Result<(), StoreError> {
        self.change(sqlx::query(MEMBERSHIP).bind(id.0).bind(since.to_string())).await.map(|_| ())
    }

    async fn reserve(
        &self,
        id: ConnectionId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let reserve = sqlx::query(RESERVE).bind(id.0);
        self.change(reserve.bind(now.as_microsecond()).bind(until.as_microsecond())).await
    }

    async fn plan(&self, lease: Lease, plan: Plan) -> Result<(), StoreError> {
        let statement = sqlx::query(PLAN)
            .bind(lease.connection.0)
            .bind(lease.token)
            .bind(plan.kept_from.map(|date| date.to_string()))
            .bind(micros(plan.audit_due_at))
            .bind(micros(plan.history_due_at));
        self.change(statement).await.map(|_| ())
    }

    async fn may_go_on(
        &self,
        lease: Lease,
        history_due_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query(MAY_GO_ON)
            .bind(lease.connection.0)
            .bind(lease.token)
            .bind(now.as_microsecond())
            .bind(micros(history_due_at));
        let row = query.fetch_optional(&mut *self.reader().await?).await.map_err(in_database)?;
        Ok(row.is_some())
    }

    async fn settle_aside(
        &self,
        lease: Lease,
        settlement: AsideSettlement,
        ended: Option<(ConnectionState, String)>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let settle = settle(lease, &settlement);
        self.write(move |transaction| {
            async move {
                if let Some(ended) = ended {
                    end(&mut *transaction, lease, ended, now).await?;
                }
                changed(transaction, settle).await
            }
            .boxed()
        })
        .await
    }
}
