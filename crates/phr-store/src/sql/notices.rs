//! The outbox: writing notices inside other transactions, and delivering them.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::Timestamp;
use phr_model::ConnectionId;
use uuid::Uuid;

use super::{
    DbConnection, DbRow, DbStore,
    dialect::free,
    error::in_database,
    row::Columns,
    statement::{Statement, changed},
};
use crate::{
    error::StoreError,
    notice::{Channel, Delivery, DeliveryState, NoticeFacts, NoticeKind, Notices},
};

const FORGET_CHANNEL: &str = "delete from notice_channel where channel = $1";
const OPEN: &str = "insert into notice_channel (channel, closed) values ($1, 0)
    on conflict (channel) do update set closed = 0";
const CLOSE: &str = "update notice_channel set closed = 1 where channel = $1";
// One that somebody holds in this moment finds out for itself.
const GIVE_UP_ALL: &str = concat!(
    "update notice_delivery set state = 'failed', error = 'gone', lease_until = null
     where channel = $1 and state = 'due' and notice in (
         select notice from notice_delivery where channel = $1 and state = 'due'",
    free!(),
    ")"
);

// Chosen once and for all (materialized), passing over what other processes choose.
const CLAIM: &str = concat!(
    "with chosen as materialized (
         select notice, channel from notice_delivery
         where state = 'due' and due_at <= $1 and (lease_until is null or lease_until <= $1)
         order by due_at limit $3",
    free!(),
    ")
     update notice_delivery set lease_until = $2, attempts = attempts + 1
     where (notice, channel) in (select notice, channel from chosen)
     returning notice, channel"
);

macro_rules! deliveries {
    () => {
        "select notice.id, notice.kind, notice.person, notice.connection, notice.payload,
             notice.created_at, person.email, notice_delivery.channel, notice_delivery.state,
             notice_delivery.attempts, notice_delivery.due_at, notice_delivery.error
         from notice_delivery
         join notice on notice.id = notice_delivery.notice
         join person on person.id = notice.person"
    };
}

const ONE: &str =
    concat!(deliveries!(), " where notice_delivery.notice = $1 and notice_delivery.channel = $2");
const NOT_DONE: &str = concat!(
    deliveries!(),
    " where notice_delivery.state <> 'done' order by notice.created_at desc, notice.id limit $1"
);
const DONE: &str = "update notice_delivery set state = 'done', lease_until = null, error = null
    where notice = $1 and channel = $2 and state = 'due'";
const POSTPONE: &str = "update notice_delivery set due_at = $3, error = $4, lease_until = null
    where notice = $1 and channel = $2 and state = 'due'";
const GIVE_UP: &str = "update notice_delivery set state = 'failed', error = $3, lease_until = null
    where notice = $1 and channel = $2 and state = 'due'";
const RETRY: &str = "update notice_delivery
    set state = 'due', due_at = $1, attempts = 0, lease_until = null
    where state = 'failed'";
const FORGET: &str = "delete from notice where created_at < $1 and not exists (
    select 1 from notice_delivery
    where notice_delivery.notice = notice.id and notice_delivery.state = 'due')";

fn read(row: &DbRow) -> Result<Delivery, StoreError> {
    let columns = Columns::of(row, "notice");
    Ok(Delivery {
        id: columns.get("id")?,
        channel: columns.made("channel", Channel::parse)?,
        kind: columns.made("kind", NoticeKind::parse)?,
        person: columns.person("person")?,
        email: columns.get("email")?,
        connection: columns.get::<Option<Uuid>>("connection")?.map(ConnectionId),
        facts: columns
            .made("payload", |payload: &str| serde_json::from_str::<NoticeFacts>(payload).ok())?,
        created_at: columns.instant("created_at")?,
        state: columns.made("state", DeliveryState::parse)?,
        attempts: columns.whole("attempts")?,
        due_at: columns.instant("due_at")?,
        error: columns.get("error")?,
    })
}

async fn open(transaction: &mut DbConnection, channels: Vec<Channel>) -> Result<(), StoreError> {
    for channel in Channel::ALL {
        let sql = if channels.contains(&channel) { OPEN } else { FORGET_CHANNEL };
        changed(&mut *transaction, sqlx::query(sql).bind(channel.key())).await?;
    }
    Ok(())
}

async fn close(transaction: &mut DbConnection, channel: Channel) -> Result<(), StoreError> {
    changed(&mut *transaction, sqlx::query(CLOSE).bind(channel.key())).await?;
    changed(transaction, sqlx::query(GIVE_UP_ALL).bind(channel.key())).await.map(|_| ())
}

async fn claim(
    transaction: &mut DbConnection,
    claim: Statement,
) -> Result<Vec<Delivery>, StoreError> {
    let taken = claim.fetch_all(&mut *transaction).await.map_err(in_database)?;
    let mut deliveries = Vec::with_capacity(taken.len());
    for row in &taken {
        let columns = Columns::of(row, "notice_delivery");
        let (notice, channel): (Uuid, String) = (columns.get("notice")?, columns.get("channel")?);
        let one = sqlx::query(ONE).bind(notice).bind(channel);
        deliveries.push(read(&one.fetch_one(&mut *transaction).await.map_err(in_database)?)?);
    }
    Ok(deliveries)
}

impl DbStore {
    async fn change_deliveries(&self, statement: Statement) -> Result<u64, StoreError> {
        let done = self.write(move |transaction| {
            async move { statement.execute(transaction).await.map_err(in_database) }.boxed()
        });
        Ok(done.await?.rows_affected())
    }
}

#[async_trait]
impl Notices for DbStore {
    async fn open_channels(&self, channels: &[Channel]) -> Result<(), StoreError> {
        let channels = channels.to_vec();
        self.write(move |transaction| open(transaction, channels).boxed()).await
    }

    async fn close_channel(&self, channel: Channel) -> Result<(), StoreError> {
        self.write(move |transaction| close(transaction, channel).boxed()).await
    }

    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        most: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let statement = sqlx::query(CLAIM)
            .bind(now.as_microsecond())
            .bind(lease_until.as_microsecond())
            .bind(i64::from(most));
        self.write(move |transaction| claim(transaction, statement).boxed()).await
    }

    async fn delivered(&self, id: Uuid, channel: Channel) -> Result<(), StoreError> {
        self.change_deliveries(sqlx::query(DONE).bind(id).bind(channel.key())).await.map(|_| ())
    }

    async fn postpone_delivery(
        &self,
        id: Uuid,
        channel: Channel,
        due_at: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        let postpone = sqlx::query(POSTPONE)
            .bind(id)
            .bind(channel.key())
            .bind(due_at.as_microsecond())
            .bind(error.to_owned());
        self.change_deliveries(postpone).await.map(|_| ())
    }

    async fn give_up_delivery(
        &self,
        id: Uuid,
        channel: Channel,
        error: &str,
    ) -> Result<(), StoreError> {
        let give_up = sqlx::query(GIVE_UP).bind(id).bind(channel.key()).bind(error.to_owned());
        self.change_deliveries(give_up).await.map(|_| ())
    }

    async fn open_deliveries(&self, most: u32) -> Result<Vec<Delivery>, StoreError> {
        let query = sqlx::query(NOT_DONE).bind(i64::from(most));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(read).collect()
    }

    async fn retry_deliveries(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.change_deliveries(sqlx::query(RETRY).bind(now.as_microsecond())).await
    }

    async fn forget_notices(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.change_deliveries(sqlx::query(FORGET).bind(before.as_microsecond())).await
    }
}
