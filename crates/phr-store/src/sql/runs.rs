//! What runs reported.

use async_trait::async_trait;
use futures_util::FutureExt;
use phr_model::{ConnectionId, PersonId};

use uuid::Uuid;

use super::{DbRow, DbStore, error::in_database, row::Columns};
use crate::{
    error::StoreError,
    run::{Runs, SyncRun},
};

const RECORD: &str = "insert into sync_run
    (person, started_at, id, connection, finished_at, outcome, report, work)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (person, started_at, id) do nothing";
const NEWEST: &str = "select id, connection, person, started_at, finished_at, outcome, report, work
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
            .bind(run.work);
        self.write(move |transaction| {
            async move { query.execute(transaction).await.map(|_| ()).map_err(in_database) }.boxed()
        })
        .await
    }

    async fn runs(&self, person: PersonId, limit: u32) -> Result<Vec<SyncRun>, StoreError> {
        let query = sqlx::query(NEWEST).bind(person.0).bind(i64::from(limit));
        let rows = query.fetch_all(&self.readers).await.map_err(in_database)?;
        rows.iter().map(read).collect()
    }
}
