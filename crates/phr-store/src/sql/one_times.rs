//! Secrets that work once.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::Timestamp;
use sqlx::query::Query;

use super::{
    Db, DbArguments, DbConnection, DbExecutor, DbRow, DbStore,
    dialect::{free, held},
    error::in_database,
    row::Columns,
};
use crate::{
    account::SecretHash,
    error::StoreError,
    one_time::{OneTime, OneTimes, Purpose},
};

macro_rules! columns {
    () => {
        "hash, purpose, person, payload, expires_at"
    };
}

const SWEEP: &str = concat!(
    "delete from one_time where hash in (select hash from one_time where expires_at <= $1",
    free!(),
    ")"
);
const PUT: &str = "insert into one_time (hash, purpose, person, payload, expires_at)
    values ($1, $2, $3, $4, $5)";
const PEEK: &str = concat!(
    "select ",
    columns!(),
    " from one_time where hash = $1 and purpose = $2 and expires_at > $3"
);
const STANDS: &str = concat!(
    "select hash from one_time where hash = $1 and purpose = $2 and expires_at > $3",
    held!()
);
const TAKE: &str = concat!(
    "delete from one_time where hash = $1 and purpose = $2 and expires_at > $3 returning ",
    columns!()
);

fn read(row: &DbRow) -> Result<OneTime, StoreError> {
    let columns = Columns::of(row, "one_time");
    Ok(OneTime {
        hash: columns.hash("hash")?,
        purpose: columns.made("purpose", Purpose::parse)?,
        person: columns.get::<Option<uuid::Uuid>>("person")?.map(phr_model::PersonId),
        payload: columns.get("payload")?,
        expires_at: columns.instant("expires_at")?,
    })
}

fn find(
    sql: &'static str,
    purpose: Purpose,
    hash: SecretHash,
    now: Timestamp,
) -> Query<'static, Db, DbArguments> {
    sqlx::query(sql).bind(hash.to_vec()).bind(purpose.key()).bind(now.as_microsecond())
}

async fn put(
    transaction: &mut DbConnection,
    secret: OneTime,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sweep = sqlx::query(SWEEP).bind(now.as_microsecond());
    sweep.execute(&mut *transaction).await.map_err(in_database)?;
    let put = sqlx::query(PUT)
        .bind(secret.hash.to_vec())
        .bind(secret.purpose.key())
        .bind(secret.person.map(|person| person.0))
        .bind(secret.payload)
        .bind(secret.expires_at.as_microsecond());
    put.execute(transaction).await.map(|_| ()).map_err(in_database)
}

/// The secret, if it still works.
async fn peek(
    database: impl DbExecutor<'_>,
    purpose: Purpose,
    hash: SecretHash,
    now: Timestamp,
) -> Result<Option<OneTime>, StoreError> {
    let row = find(PEEK, purpose, hash, now).fetch_optional(database).await.map_err(in_database)?;
    row.as_ref().map(read).transpose()
}

/// Whether the secret works; it stays so until the transaction ends.
pub(super) async fn stands(
    transaction: &mut DbConnection,
    purpose: Purpose,
    hash: SecretHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = find(STANDS, purpose, hash, now).fetch_optional(transaction).await;
    Ok(row.map_err(in_database)?.is_some())
}

/// The secret, which does not work any more.
pub(super) async fn take(
    transaction: &mut DbConnection,
    purpose: Purpose,
    hash: SecretHash,
    now: Timestamp,
) -> Result<Option<OneTime>, StoreError> {
    let taken = find(TAKE, purpose, hash, now).fetch_optional(transaction).await;
    taken.map_err(in_database)?.as_ref().map(read).transpose()
}

#[async_trait]
impl OneTimes for DbStore {
    async fn put_one_time(&self, secret: OneTime, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |transaction| put(transaction, secret, now).boxed()).await
    }

    async fn peek_one_time(
        &self,
        purpose: Purpose,
        hash: SecretHash,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError> {
        peek(&mut *self.reader().await?, purpose, hash, now).await
    }

    async fn take_one_time(
        &self,
        purpose: Purpose,
        hash: SecretHash,
        now: Timestamp,
    ) -> Result<Option<OneTime>, StoreError> {
        self.write(move |transaction| take(transaction, purpose, hash, now).boxed()).await
    }
}
