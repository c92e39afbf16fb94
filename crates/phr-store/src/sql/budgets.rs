//! Budgets: the row of a key is locked first, so that spenders of all processes stand in line.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::Timestamp;

use super::{
    DbConnection, DbStore, dialect::free, error::in_database, row::Columns, statement::changed,
};
use crate::{
    budget::{Allotment, Budgets, Granted, Minute},
    error::StoreError,
};

const LOCK: &str = "insert into budget (key, slots, closed_until, used_at) values ($1, '[]', 0, $2)
    on conflict (key) do update set used_at = excluded.used_at
    returning slots, closed_until";
const SAVE: &str = "update budget set slots = $2 where key = $1";
const CLOSE: &str = "insert into budget (key, slots, closed_until, used_at)
    values ($1, '[]', $2, $3)
    on conflict (key) do update set closed_until = case
        when budget.closed_until < excluded.closed_until then excluded.closed_until
        else budget.closed_until end";
const FORGET: &str = concat!(
    "delete from budget where key in (
        select key from budget where used_at < $1 and closed_until < $1",
    free!(),
    ")"
);

/// What is asked of a budget.
struct Ask {
    key: String,
    amount: u32,
    allotment: Allotment,
    now: Timestamp,
}

async fn spend(transaction: &mut DbConnection, ask: Ask) -> Result<Granted, StoreError> {
    let lock = sqlx::query(LOCK).bind(&ask.key).bind(ask.now.as_microsecond());
    let row = lock.fetch_one(&mut *transaction).await.map_err(in_database)?;
    let columns = Columns::of(&row, "budget");
    let closed_until = columns.instant("closed_until")?;
    if ask.now < closed_until {
        return Ok(Granted { amount: 0, retry_at: Some(closed_until), spent: 0 });
    }
    let mut minute: Minute = columns.made("slots", |slots| serde_json::from_str(slots).ok())?;
    let granted = minute.spend(ask.amount, ask.allotment, ask.now);
    if granted.amount > 0 {
        let slots = serde_json::json!(minute).to_string();
        changed(transaction, sqlx::query(SAVE).bind(ask.key).bind(slots)).await?;
    }
    Ok(granted)
}

#[async_trait]
impl Budgets for DbStore {
    async fn spend(
        &self,
        key: &str,
        ask: u32,
        allotment: Allotment,
        now: Timestamp,
    ) -> Result<Granted, StoreError> {
        let ask = Ask { key: key.to_owned(), amount: ask, allotment, now };
        self.write(move |transaction| spend(transaction, ask).boxed()).await
    }

    async fn close_budget(
        &self,
        key: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let close = sqlx::query(CLOSE)
            .bind(key.to_owned())
            .bind(until.as_microsecond())
            .bind(now.as_microsecond());
        self.write(move |transaction| changed(transaction, close).boxed()).await.map(|_| ())
    }

    async fn forget_budgets(&self, before: Timestamp) -> Result<(), StoreError> {
        let forget = sqlx::query(FORGET).bind(before.as_microsecond());
        self.write(move |transaction| changed(transaction, forget).boxed()).await.map(|_| ())
    }
}
