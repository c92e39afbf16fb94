//! What runs reported.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::Timestamp;
use phr_model::{ConnectionId, PersonId};

use uuid::Uuid;

use super::{DbRow, DbStore, error::in_database, row::Columns};
use crate::{
    error::StoreError,
    run::{KEPT, MOST_RUNS, Runs, SyncRun},
};

const RECORD: &str = "insert into sync_run
    (person, started_at, id, connection, finished_at, outcome, report, error, work)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (person, started_at, id) do nothing";
// The last run that is kept is the oldest of the newest ones.
const SWEEP: &str = "delete from sync_run where person = $1 and work = $4 and (started_at < $2
    or started_at < (select started_at from sync_run where person = $1 and work = $4
        order by started_at desc, id desc limit 1 offset $3))";
const LAST: &str =
    "select id, connection, person, started_at, finished_at, outcome, report, error, work
    from sync_run where person = $1 and connection = $2 and work = 'recent'
    order by started_at desc, id desc limit 1";
const NEWEST: &str =
    "select id, connection, person, started_at, finished_at, outcome, report, error, work
    from sync_run where person = $1 order by started_at desc, id desc limit $2";

fn read(row: &DbRow) -> Result<SyncRun, StoreError> {
    let columns = Columns::of(row, "sync_run");
    Ok(SyncRun {
        id: columns.get("id")?,
        connection: columns.get::<Uuid>("connection").map(ConnectionId)?,
        person: columns.person("person")?,
        started_at: columns.instant("started_at")?,
        finished_at: columns.instant("finished_at")?,
        outcome: columns.get("outcome")?,
        error: columns.get("error")?,
        report: columns.get("report")?,
        work: columns.get("work")?,
    })
}

#[async_trait]
impl Runs for DbStore {
    async fn record_run(&self, run: SyncRun) -> Result<(), StoreError> {
        let query = sqlx::query(RECORD)
            .bind(run.person.0)
            .bind(run.started_at.as_microsecond())
            .bind(run.id)
            .bind(run.connection.0)
            .bind(run.finished_at.as_microsecond())
            .bind(run.outcome)
            .bind(run.report)
            .bind(run.error)
            .bind(run.work.clone());
        let oldest = run.started_at.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        let sweep = sqlx::query(SWEEP)
            .bind(run.person.0)
            .bind(oldest.as_microsecond())
            .bind(i64::from(MOST_RUNS) - 1)
            .bind(run.work);
        self.write(move |transaction| {
            async move {
                query.execute(&mut *transaction).await.map_err(in_database)?;
                sweep.execute(transaction).await.map(|_| ()).map_err(in_database)
            }
            .boxed()
        })
        .await
    }

    async fn last_run(
        &self,
        person: PersonId,
        connection: ConnectionId,
    ) -> Result<Option<SyncRun>, StoreError> {
        let query = sqlx::query(LAST).bind(person.0).bind(connection.0);
        let row = query.fetch_optional(&mut *self.reader().await?).await.map_err(in_database)?;
        row.as_ref().map(read).transpose()
    }

    async fn runs(&self, person: PersonId, limit: u32) -> Result<Vec<SyncRun>, StoreError> {
        let query = sqlx::query(NEWEST).bind(person.0).bind(i64::from(limit));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(read).collect()
    }
}
