//! Grants that wait to be withdrawn at the vendor.

use async_trait::async_trait;
use jiff::Timestamp;
use phr_model::ConnectionId;
use uuid::Uuid;

use super::{DbConnection, DbRow, DbStore, error::in_database, row::Columns};
use crate::{
    connection::SealedTokens,
    error::StoreError,
    revocation::{Revocation, Revocations},
};

// Withdrawing an older grant of the same vendor account would end the new one with it.
const FORGET_REVOCATIONS: &str = "delete from revocation where vendor_user = $2
    and vendor = (select vendor from connection where id = $1)";
const REVOKE: &str = "insert into revocation (connection, vendor, vendor_user, envelope, due_at,
        upstream)
    select id, vendor, vendor_user, tokens, $2, upstream from connection
    where id = $1 and tokens is not null and state in ('active', 'reconnect_needed')";
const REVOKE_LATER: &str =
    "insert into revocation (connection, vendor, vendor_user, envelope, due_at, upstream)
    select id, vendor, vendor_user, $2, $3, upstream from connection
    where id = $1 and state = 'disconnected'";
const DUE_REVOCATIONS: &str = "select id, connection, vendor, upstream, envelope, attempts
    from revocation where due_at <= $1 order by id limit 100";
const REVOCATION_DONE: &str = "delete from revocation where id = $1";
const POSTPONE_REVOCATION: &str =
    "update revocation set attempts = attempts + 1, due_at = $2 where id = $1";

/// Whoever consents anew at `vendor_user` needs what was granted before.
pub(super) async fn forget(
    transaction: &mut DbConnection,
    id: ConnectionId,
    vendor_user: &str,
) -> Result<(), StoreError> {
    let forget = sqlx::query(FORGET_REVOCATIONS).bind(id.0).bind(vendor_user);
    forget.execute(transaction).await.map(|_| ()).map_err(in_database)
}

/// Copies the tokens of a connection that is about to end.
pub(super) async fn add(
    transaction: &mut DbConnection,
    id: ConnectionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let revoke = sqlx::query(REVOKE).bind(id.0).bind(now.as_microsecond());
    revoke.execute(transaction).await.map(|_| ()).map_err(in_database)
}

fn read(row: &DbRow) -> Result<Revocation, StoreError> {
    let columns = Columns::of(row, "revocation");
    Ok(Revocation {
        id: columns.get("id")?,
        connection: columns.get::<Uuid>("connection").map(ConnectionId)?,
        vendor: columns.get("vendor")?,
        upstream: columns.get("upstream")?,
        envelope: columns.get("envelope")?,
        attempts: columns.whole("attempts")?,
    })
}

#[async_trait]
impl Revocations for DbStore {
    async fn revoke_later(
        &self,
        id: ConnectionId,
        tokens: SealedTokens,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let statement =
            sqlx::query(REVOKE_LATER).bind(id.0).bind(tokens.envelope).bind(now.as_microsecond());
        self.change(statement).await.map(|_| ())
    }

    async fn due_revocations(&self, now: Timestamp) -> Result<Vec<Revocation>, StoreError> {
        let query = sqlx::query(DUE_REVOCATIONS).bind(now.as_microsecond());
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(read).collect()
    }

    async fn revocation_done(&self, id: i64) -> Result<(), StoreError> {
        self.change(sqlx::query(REVOCATION_DONE).bind(id)).await.map(|_| ())
    }

    async fn postpone_revocation(&self, id: i64, due_at: Timestamp) -> Result<(), StoreError> {
        let statement = sqlx::query(POSTPONE_REVOCATION).bind(id).bind(due_at.as_microsecond());
        self.change(statement).await.map(|_| ())
    }
}
