//! The feed of changes.

use async_trait::async_trait;
use phr_model::{Metric, PersonId};
use tokio::sync::broadcast;

use super::{DbRow, DbStore, error::in_database, observations, row::Columns};
use crate::{
    error::StoreError,
    feed::{Change, Feed, Position},
};

/// The index `observation_by_revision` has this very order.
macro_rules! since {
    ($of_metric:literal) => {
        concat!(
            "select id, metric, civil_date, started_at, start_offset, ended_at, end_offset, value,
                 low, high, preliminary, status, version, issued, parts, revision
             from observation
             where person = $1 and (revision, id) > ($2, $3) ",
            $of_metric,
            " order by revision, id limit $4"
        )
    };
}
pub(in super::super) const SINCE: &str = since!("");
pub(in super::super) const SINCE_OF_METRIC: &str = since!("and metric = $5");

fn read(row: &DbRow) -> Result<Change, StoreError> {
    let columns = Columns::of(row, "observation");
    let position = Position { revision: columns.get("revision")?, id: columns.get("id")? };
    Ok(Change { observation: observations::read(row)?, position })
}

#[async_trait]
impl Feed for DbStore {
    async fn changes(
        &self,
        person: PersonId,
        metric: Option<Metric>,
        after: Position,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        let sql = if metric.is_some() { SINCE_OF_METRIC } else { SINCE };
        let mut query = sqlx::query(sql)
            .bind(person.0)
            .bind(after.revision)
            .bind(after.id)
            .bind(i64::from(limit));
        if let Some(metric) = metric {
            query = query.bind(metric.key());
        }
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(read).collect()
    }

    fn news(&self) -> broadcast::Receiver<PersonId> {
        self.news.listen()
    }
}
