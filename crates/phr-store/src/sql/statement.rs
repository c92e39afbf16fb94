//! A statement with its values, and whether it changed anything.

use phr_telemetry::record::Access;
use sqlx::query::Query;

use super::{Db, DbArguments, DbConnection, DbStore, error::in_database};
use crate::{error::StoreError, timing::Timing};

/// A statement with its values.
pub(super) type Statement = Query<'static, Db, DbArguments>;

/// Whether `statement` changed a row.
pub(super) async fn changed(
    transaction: &mut DbConnection,
    statement: Statement,
) -> Result<bool, StoreError> {
    let done = statement.execute(transaction).await.map_err(in_database)?;
    Ok(done.rows_affected() > 0)
}

impl DbStore {
    /// One statement, which is a transaction of its own and cannot be cut in the middle; whether it
    /// changed a row.
    pub(super) async fn change(&self, statement: Statement) -> Result<bool, StoreError> {
        let mut timing = Timing::named(Access::Write, "change");
        let mut connection = self.writer().await?;
        timing.admitted();
        let done = changed(&mut connection, statement).await;
        timing.end();
        done
    }
}
