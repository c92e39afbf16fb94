//! Notifications: hints on the connection's row, beside the schedule they move.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::Timestamp;
use phr_model::ConnectionId;
use uuid::Uuid;

use super::{DbConnection, DbStore, error::in_database, leases, row::Columns, statement::changed};
use crate::{
    connection::{Lease, Priority},
    error::StoreError,
    hook::{Answered, Heard, Hint, Hooked, Hooks},
};

// Both conditions on the state: the first is that of the index, word by word.
const HEAR: &str = "update connection
    set last_hook_at = $3, missed_hooks = 0,
        hinted_from = case
            when cast($4 as text) is null or hinted_from <= $4 then hinted_from
            else $4 end
    where vendor = $1 and vendor_user = $2
        and state in ('active', 'reconnect_needed') and state = 'active'
    returning id";
// A trigger that came in during the run may have hinted at the very date that the run has passed.
const ANSWER: &str = "update connection
    set missed_hooks = missed_hooks + $4,
        hinted_from = case
            when trigger_at is null and hinted_from >= cast($3 as text) then null
            else hinted_from end
    where id = $1 and lease_token = $2";

pub(super) fn read(columns: Columns<'_>) -> Result<Hooked, StoreError> {
    Ok(Hooked {
        from: columns.made_if_any("hinted_from", |date: &str| date.parse().ok())?,
        last_at: columns.instant_if_any("last_hook_at")?,
        missed: columns.whole("missed_hooks")?,
    })
}

/// Whether the hint found its connection.
async fn hear(
    transaction: &mut DbConnection,
    vendor: &str,
    hint: Hint,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let hear = sqlx::query(HEAR)
        .bind(vendor.to_owned())
        .bind(hint.vendor_user)
        .bind(now.as_microsecond())
        .bind(hint.from.map(|date| date.to_string()));
    let Some(row) = hear.fetch_optional(&mut *transaction).await.map_err(in_database)? else {
        return Ok(false);
    };
    let id = Columns::of(&row, "connection").get::<Uuid>("id").map(ConnectionId)?;
    changed(transaction, leases::make_due(id, Priority::Webhook, now)).await
}

async fn hear_all(
    transaction: &mut DbConnection,
    vendor: String,
    hints: Vec<Hint>,
    now: Timestamp,
) -> Result<Heard, StoreError> {
    let mut heard = Heard::default();
    for hint in hints {
        if hear(transaction, &vendor, hint, now).await? {
            heard.known += 1;
        } else {
            heard.unknown += 1;
        }
    }
    Ok(heard)
}

#[async_trait]
impl Hooks for DbStore {
    async fn hear(
        &self,
        vendor: &str,
        hints: &[Hint],
        now: Timestamp,
    ) -> Result<Heard, StoreError> {
        let (vendor, hints) = (vendor.to_owned(), in_order(hints));
        self.write(move |transaction| hear_all(transaction, vendor, hints, now).boxed()).await
    }

    async fn answer_hints(&self, lease: Lease, answered: Answered) -> Result<bool, StoreError> {
        let answer = sqlx::query(ANSWER)
            .bind(lease.connection.0)
            .bind(lease.token)
            .bind(answered.covered.map(|date| date.to_string()))
            .bind(i64::from(answered.missed));
        self.write(move |transaction| changed(transaction, answer).boxed()).await
    }
}

/// Rows are locked in one order everywhere, so that two calls never wait for each other.
fn in_order(hints: &[Hint]) -> Vec<Hint> {
    let mut hints = hints.to_vec();
    hints.sort_by(|one, other| one.vendor_user.cmp(&other.vendor_user));
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(user: &str) -> Hint {
        Hint { vendor_user: user.to_owned(), from: None }
    }

    #[test]
    fn rows_are_locked_in_one_order() {
        assert_eq!(in_order(&[hint("b"), hint("a")]), in_order(&[hint("a"), hint("b")]));
    }
}
