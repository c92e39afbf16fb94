//! Probes and checks at start.

use async_trait::async_trait;

use super::{DbStore, dialect::before_colon, error::in_database, row::Columns};
use crate::{error::StoreError, upkeep::Upkeep};

const SEALING_KEYS: &str = concat!(
    "select distinct ",
    before_colon!("envelope"),
    " as key_id
     from (select tokens as envelope from connection where tokens is not null
           union all select envelope from revocation) sealed
     order by key_id"
);

#[async_trait]
impl Upkeep for DbStore {
    async fn ping(&self) -> Result<(), StoreError> {
        let asked = sqlx::query("select 1").execute(&mut *self.reader().await?).await;
        asked.map(|_| ()).map_err(in_database)
    }

    async fn sealing_keys(&self) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(SEALING_KEYS)
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(in_database)?;
        rows.iter().map(|row| Columns::of(row, "connection").get("key_id")).collect()
    }
}
