//! Apps, and what people see of them.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::Timestamp;
use phr_model::PersonId;
use uuid::Uuid;

use super::{
    DbConnection, DbExecutor, DbRow, DbStore, app_tokens, error::in_database, locks, row::Columns,
    statement::changed,
};
use crate::{
    account::SecretHash,
    app::{
        App, AppAccess, AppSeen, Approval, Apps, Exchange, GrantSeen, NextTokens, PresentedCode,
        PresentedRefresh, TokenSeen,
    },
    error::StoreError,
};

macro_rules! columns {
    () => {
        "app.id, app.name, app.redirect_uris, app.scopes, app.secret, app.created_at"
    };
}

const INSERT: &str = "insert into app (id, name, redirect_uris, scopes, secret, created_at)
    values ($1, $2, $3, $4, $5, $6)";
const BY_ID: &str = concat!("select ", columns!(), " from app where app.id = $1");
const ALL: &str = concat!(
    "select ",
    columns!(),
    ", (select count(distinct given.person) from app_grant given
        where given.app = app.id and given.redeemed_at is not null and given.expires_at > $1
        ) as people
     from app order by app.created_at, app.id"
);
const REMOVE: &str = "delete from app where id = $1";
const GRANTS: &str = "select app.id, app.name, given.scopes, given.redeemed_at, given.used_at,
        given.expires_at
    from app_grant given join app on app.id = given.app
    where given.person = $1 and given.redeemed_at is not null and given.expires_at > $2
    order by app.name, app.id, given.redeemed_at, given.id limit 1000";
const USED: &str = "update app_grant set used_at = $2
    where id = $1 and (used_at is null or used_at < $2)";
const END: &str = "delete from app_grant where person = $1 and app = $2";
const END_ALL: &str = "delete from app_grant where person = $1";

fn read(row: &DbRow) -> Result<App, StoreError> {
    let columns = Columns::of(row, "app");
    Ok(App {
        id: columns.get("id")?,
        name: columns.get("name")?,
        redirect_uris: columns
            .made("redirect_uris", |list: &str| serde_json::from_str(list).ok())?,
        scopes: columns.get("scopes")?,
        secret: columns.made_if_any("secret", |hash: &[u8]| hash.try_into().ok())?,
        created_at: columns.instant("created_at")?,
    })
}

fn read_seen(row: &DbRow) -> Result<AppSeen, StoreError> {
    Ok(AppSeen { app: read(row)?, people: Columns::of(row, "app_grant").whole("people")? })
}

fn read_grant(row: &DbRow) -> Result<GrantSeen, StoreError> {
    let columns = Columns::of(row, "app_grant");
    Ok(GrantSeen {
        app: columns.get("id")?,
        name: columns.get("name")?,
        scopes: columns.get("scopes")?,
        since: columns.instant("redeemed_at")?,
        used_at: columns.instant_if_any("used_at")?,
        expires_at: columns.instant("expires_at")?,
    })
}

async fn register(database: impl DbExecutor<'_>, app: App) -> Result<(), StoreError> {
    let uris = serde_json::Value::from(app.redirect_uris).to_string();
    let insert = sqlx::query(INSERT)
        .bind(app.id)
        .bind(app.name)
        .bind(uris)
        .bind(app.scopes)
        .bind(app.secret.map(|hash| hash.to_vec()))
        .bind(app.created_at.as_microsecond());
    insert.execute(database).await.map(|_| ()).map_err(in_database)
}

async fn remove(transaction: &mut DbConnection, id: Uuid) -> Result<bool, StoreError> {
    locks::grants_of_app(&mut *transaction, id).await?;
    changed(transaction, sqlx::query(REMOVE).bind(id)).await
}

async fn end(
    transaction: &mut DbConnection,
    person: PersonId,
    app: Uuid,
) -> Result<bool, StoreError> {
    locks::grants_of_person(&mut *transaction, person).await?;
    changed(transaction, sqlx::query(END).bind(person.0).bind(app)).await
}

/// Ends whatever apps may read of a person.
pub(super) async fn end_all(
    transaction: &mut DbConnection,
    person: PersonId,
) -> Result<(), StoreError> {
    locks::grants_of_person(&mut *transaction, person).await?;
    let query = sqlx::query(END_ALL).bind(person.0);
    query.execute(transaction).await.map(|_| ()).map_err(in_database)
}

#[async_trait]
impl Apps for DbStore {
    async fn register_app(&self, app: App) -> Result<(), StoreError> {
        self.write(move |transaction| register(transaction, app).boxed()).await
    }

    async fn app(&self, id: Uuid) -> Result<Option<App>, StoreError> {
        let row = sqlx::query(BY_ID).bind(id).fetch_optional(&mut *self.reader().await?).await;
        row.map_err(in_database)?.as_ref().map(read).transpose()
    }

    async fn apps(&self, now: Timestamp) -> Result<Vec<AppSeen>, StoreError> {
        let query = sqlx::query(ALL).bind(now.as_microsecond());
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(read_seen).collect()
    }

    async fn remove_app(&self, id: Uuid) -> Result<bool, StoreError> {
        self.write(move |transaction| remove(transaction, id).boxed()).await
    }

    async fn approve(&self, approval: Approval, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |transaction| app_tokens::approve(transaction, approval, now).boxed()).await
    }

    async fn redeem(
        &self,
        presented: PresentedCode,
        next: NextTokens,
        now: Timestamp,
    ) -> Result<Exchange, StoreError> {
        self.write(move |transaction| app_tokens::redeem(transaction, presented, next, now).boxed())
            .await
    }

    async fn renew(
        &self,
        presented: PresentedRefresh,
        next: NextTokens,
        now: Timestamp,
    ) -> Result<Exchange, StoreError> {
        self.write(move |transaction| app_tokens::renew(transaction, presented, next, now).boxed())
            .await
    }

    async fn app_access(
        &self,
        token: SecretHash,
        now: Timestamp,
    ) -> Result<Option<AppAccess>, StoreError> {
        app_tokens::access(&mut *self.reader().await?, token, now).await
    }

    async fn note_use(&self, grant: Uuid, now: Timestamp) -> Result<(), StoreError> {
        let query = sqlx::query(USED).bind(grant).bind(now.as_microsecond());
        self.write(move |transaction| {
            async move { query.execute(transaction).await.map(|_| ()).map_err(in_database) }.boxed()
        })
        .await
    }

    async fn app_token(
        &self,
        token: SecretHash,
        app: Uuid,
        now: Timestamp,
    ) -> Result<Option<TokenSeen>, StoreError> {
        app_tokens::seen(&mut *self.reader().await?, token, app, now).await
    }

    async fn end_app_token(&self, token: SecretHash, app: Uuid) -> Result<(), StoreError> {
        self.write(move |transaction| app_tokens::end(transaction, token, app).boxed()).await
    }

    async fn grants_of(
        &self,
        person: PersonId,
        now: Timestamp,
    ) -> Result<Vec<GrantSeen>, StoreError> {
        let query = sqlx::query(GRANTS).bind(person.0).bind(now.as_microsecond());
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(read_grant).collect()
    }

    async fn end_grants(&self, person: PersonId, app: Uuid) -> Result<bool, StoreError> {
        self.write(move |transaction| end(transaction, person, app).boxed()).await
    }
}
