//! What other transactions write into the outbox.

use jiff::Timestamp;
use phr_model::{ConnectionId, PersonId};
use uuid::Uuid;

use super::{DbConnection, error::in_database, row::Columns, statement::changed};
use crate::{
    connection::{ConnectionState, Settlement},
    error::StoreError,
    notice::{Channel, FAILING_FOR, NoticeFacts, NoticeKind},
};

const OPEN_CHANNELS: &str = "select channel from notice_channel where closed = 0";
// Locks the notice that waits, so that it is sent after this change is there. One that somebody is
// delivering right now may have been sent before, and does not count.
const WAITS: &str = "update notice_delivery set due_at = due_at
    where state = 'due' and (lease_until is null or lease_until <= $2)
        and notice in (select id from notice where person = $1 and kind = 'data_changed')";
const WRITE: &str = "insert into notice (id, person, kind, connection, payload, created_at)
    values ($1, $2, $3, $4, $5, $6)";
const DELIVER: &str = "insert into notice_delivery (notice, channel, state, due_at)
    values ($1, $2, 'due', $3)";

const WHOSE: &str = "select person, vendor from connection where id = $1";
const FAILING: &str = "insert into failing (connection, since) values ($1, $2)
    on conflict (connection) do nothing";
const TELL: &str = "update failing set told_at = $2
    where connection = $1 and told_at is null and since <= $3";
const WELL_AGAIN: &str = "delete from failing where connection = $1 returning told_at";

/// Something to tell about a connection.
struct News {
    kind: NoticeKind,
    connection: ConnectionId,
    reason: Option<String>,
}

/// Writes a notice about a connection, for the channels that there are.
async fn tell(
    transaction: &mut DbConnection,
    news: News,
    now: Timestamp,
) -> Result<(), StoreError> {
    let whose = sqlx::query(WHOSE).bind(news.connection.0);
    let Some(row) = whose.fetch_optional(&mut *transaction).await.map_err(in_database)? else {
        return Ok(());
    };
    let columns = Columns::of(&row, "connection");
    let (person, vendor) = (columns.person("person")?, columns.get("vendor")?);
    let facts = NoticeFacts { vendor, reason: news.reason };
    write(transaction, person, (news.kind, Some(news.connection)), &facts, now).await
}

/// Tells that a person's readings changed, unless a notice of it waits already.
pub(super) async fn data_changed(
    transaction: &mut DbConnection,
    person: PersonId,
    connection: ConnectionId,
    vendor: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let waits = sqlx::query(WAITS).bind(person.0).bind(now.as_microsecond());
    if changed(&mut *transaction, waits).await? {
        return Ok(());
    }
    let facts = NoticeFacts { vendor: vendor.to_owned(), reason: None };
    let about = (NoticeKind::DataChanged, Some(connection));
    write(transaction, person, about, &facts, now).await
}

async fn write(
    transaction: &mut DbConnection,
    person: PersonId,
    (kind, connection): (NoticeKind, Option<ConnectionId>),
    facts: &NoticeFacts,
    now: Timestamp,
) -> Result<(), StoreError> {
    let channels = sqlx::query(OPEN_CHANNELS).fetch_all(&mut *transaction).await;
    let channels = channels.map_err(in_database)?;
    let channel = |row| Columns::of(row, "notice_channel").made("channel", Channel::parse);
    let channels: Vec<Channel> = channels.iter().map(channel).collect::<Result<_, _>>()?;
    let channels: Vec<_> = channels.into_iter().filter(|to| kind.goes_through(*to)).collect();
    if channels.is_empty() {
        return Ok(());
    }
    let id = Uuid::new_v4();
    let notice = sqlx::query(WRITE)
        .bind(id)
        .bind(person.0)
        .bind(kind.key())
        .bind(connection.map(|connection| connection.0))
        .bind(serde_json::json!(facts).to_string())
        .bind(now.as_microsecond());
    changed(&mut *transaction, notice).await?;
    for channel in channels {
        let deliver = sqlx::query(DELIVER).bind(id).bind(channel.key()).bind(now.as_microsecond());
        changed(&mut *transaction, deliver).await?;
    }
    Ok(())
}

/// A new consent ends whatever failed before.
pub(super) async fn connected(
    transaction: &mut DbConnection,
    connection: ConnectionId,
    now: Timestamp,
) -> Result<(), StoreError> {
    well_again(&mut *transaction, connection).await?;
    tell(transaction, News { kind: NoticeKind::Connected, connection, reason: None }, now).await
}

/// What settling a run has to tell: a grant that died, a day of failures, and their end.
pub(super) async fn settled(
    transaction: &mut DbConnection,
    connection: ConnectionId,
    settlement: &Settlement,
    now: Timestamp,
) -> Result<(), StoreError> {
    let reason = settlement.error.clone();
    if let Some(state) = settlement.state {
        return ended(transaction, connection, state, reason.unwrap_or_default(), now).await;
    }
    let news = |kind| News { kind, connection, reason };
    if settlement.error.is_some() {
        if still_failing(&mut *transaction, connection, now).await? {
            tell(transaction, news(NoticeKind::FailingForADay), now).await?;
        }
        Ok(())
    } else if settlement.complete && well_again(&mut *transaction, connection).await? {
        tell(transaction, news(NoticeKind::Recovered), now).await
    } else {
        Ok(())
    }
}

/// What the end of a connection has to tell, whatever work found out.
pub(super) async fn ended(
    transaction: &mut DbConnection,
    connection: ConnectionId,
    state: ConnectionState,
    reason: String,
    now: Timestamp,
) -> Result<(), StoreError> {
    well_again(&mut *transaction, connection).await?;
    if state != ConnectionState::ReconnectNeeded {
        return Ok(());
    }
    let kind = NoticeKind::ReconnectNeeded;
    tell(transaction, News { kind, connection, reason: Some(reason) }, now).await
}

/// Notes the failure; true at the first one after a day of them.
async fn still_failing(
    transaction: &mut DbConnection,
    connection: ConnectionId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let failing = sqlx::query(FAILING).bind(connection.0).bind(now.as_microsecond());
    changed(&mut *transaction, failing).await?;
    let since = now.saturating_sub(FAILING_FOR).unwrap_or(Timestamp::MIN);
    let tell = sqlx::query(TELL)
        .bind(connection.0)
        .bind(now.as_microsecond())
        .bind(since.as_microsecond());
    changed(transaction, tell).await
}

/// Ends an episode of failures; true if the person was told of it.
pub(super) async fn well_again(
    transaction: &mut DbConnection,
    connection: ConnectionId,
) -> Result<bool, StoreError> {
    let ended = sqlx::query(WELL_AGAIN).bind(connection.0).fetch_optional(transaction).await;
    match ended.map_err(in_database)? {
        None => Ok(false),
        Some(row) => Ok(Columns::of(&row, "failing").instant_if_any("told_at")?.is_some()),
    }
}
