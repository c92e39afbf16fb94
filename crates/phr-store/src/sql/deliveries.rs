//! Delivery: what the trait asks, handed to the modules that know how.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::Timestamp;
use phr_model::PersonId;
use serde_json::json;
use uuid::Uuid;

use super::{
    DbConnection, DbStore, delivery_claims as claims,
    delivery_progress::{self as progress, ids, of, under},
    destinations,
    dialect::{id_of, texts},
    error::in_database,
    pending,
    row::{Columns, micros},
    statement::changed,
};
use crate::{
    delivery::{
        Claimed, Deliveries, DeliveryLease, Destination, DestinationSeen, Introductions, Parked,
        Pending, Progress, Settled, Trip, Turn,
    },
    error::StoreError,
    feed::Position,
};

// The note of a change: written with the change. Nobody's first change comes before Position::START.
const NOTE: &str = "insert into delivery
        (person, destination, seen_revision, seen_id, wanted, due_at, lagging_since)
    select $1, name, -1, $4, $2, $3, $3 from destination where is_open = 1
    order by name
    on conflict (person, destination) do update set wanted = excluded.wanted,
        due_at = case when delivery.erased_at is not null then null
            else coalesce(delivery.due_at, excluded.due_at) end,
        lagging_since = coalesce(delivery.lagging_since, excluded.lagging_since)";

const EXTEND: &str = "update delivery set lease_until = $4
    where person = $1 and destination = $2 and lease_token = $3";

const ANNOUNCE: &str = concat!(
    "insert into delivered (person, destination, observation, version, digest)
     select $1, $2, ",
    id_of!("wanted.value"),
    ", 0, $5 from ",
    texts!("$4"),
    " where exists (select 1 from delivery
         where person = $1 and destination = $2 and lease_token = $3)
     on conflict (person, destination, observation) do nothing"
);
const INTRODUCE: &str = "update delivery set introduced = $4
    where person = $1 and destination = $2 and lease_token = $3";
// Whether there is more is decided by what the row says now, not by what the claim saw. A turn may
// have ended in the middle of the last revision: $7 is the end of one.
const SETTLE: &str = "update delivery set lease_token = null, lease_until = null, error = $4,
        attempts = case when $4 is null then 0 else attempts + 1 end,
        due_at = case when erased_at is not null then null when $5 is not null then $5
            when (wanted, $7) > (seen_revision, seen_id) or retry = 1 then $6 else null end,
        lagging_since = case when erased_at is null
                and ($5 is not null or (wanted, $7) > (seen_revision, seen_id))
            then lagging_since else null end
    where person = $1 and destination = $2 and lease_token = $3";
const IS_DELIVERED: &str = "select 1 as one from delivery where person = $1 and destination = $2";
const HOLDS: &str = "select observation, place from delivered
    where person = $1 and destination = $2 order by observation limit $3";

/// Notes that a person's Observations changed, in the transaction that changes them.
pub(super) async fn note(
    transaction: &mut DbConnection,
    person: PersonId,
    revision: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let note = sqlx::query(NOTE).bind(person.0).bind(revision);
    changed(transaction, note.bind(now.as_microsecond()).bind(Position::START.id)).await.map(|_| ())
}

#[async_trait]
impl Deliveries for DbStore {
    async fn open_destinations(
        &self,
        named: &[Destination],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let named = named.to_vec();
        self.write(move |transaction| destinations::open(transaction, named, now).boxed()).await
    }

    async fn enlist(&self, destination: &str, now: Timestamp) -> Result<(), StoreError> {
        let name = destination.to_owned();
        self.write(move |transaction| destinations::enlist(transaction, name, now).boxed()).await
    }

    async fn claim_delivery(
        &self,
        destination: &str,
        now: Timestamp,
        lease_until: Timestamp,
        token: Uuid,
    ) -> Result<Turn, StoreError> {
        let (destination, times) = (destination.to_owned(), (now, lease_until));
        self.write(move |transaction| claims::turn(transaction, destination, times, token).boxed())
            .await
    }

    async fn claim_delivery_of(
        &self,
        person: PersonId,
        destination: &str,
        now: Timestamp,
        lease_until: Timestamp,
        token: Uuid,
    ) -> Result<Option<Claimed>, StoreError> {
        let claim = claims::claim_of(person, destination, (now, lease_until), token);
        self.write(move |transaction| claims::claimed(transaction, claim, 0).boxed()).await
    }

    async fn extend_delivery(
        &self,
        lease: &DeliveryLease,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change(under(EXTEND, lease).bind(lease_until.as_microsecond())).await
    }

    async fn pending(
        &self,
        lease: &DeliveryLease,
        after: Position,
        limit: u32,
    ) -> Result<Vec<Pending>, StoreError> {
        let query = pending::next(lease, after, limit);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(pending::read).collect()
    }

    async fn pending_again(
        &self,
        lease: &DeliveryLease,
        limit: u32,
    ) -> Result<Vec<Pending>, StoreError> {
        let mut reader = self.reader().await?;
        let mut again = Vec::new();
        for query in pending::again(lease, limit) {
            let rows = query.fetch_all(&mut *reader).await.map_err(in_database)?;
            again.extend(rows);
        }
        again.iter().map(pending::read).collect()
    }

    async fn announce(
        &self,
        lease: &DeliveryLease,
        observations: &[Uuid],
    ) -> Result<(), StoreError> {
        let announce = under(ANNOUNCE, lease).bind(ids(observations.iter())).bind(Uuid::nil());
        self.change(announce).await.map(|_| ())
    }

    async fn record_progress(
        &self,
        lease: &DeliveryLease,
        done: Progress,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(move |transaction| progress::record(transaction, lease, done, now).boxed()).await
    }

    async fn record_introductions(
        &self,
        lease: &DeliveryLease,
        introduced: &Introductions,
    ) -> Result<(), StoreError> {
        let introduce = under(INTRODUCE, lease).bind(json!(introduced).to_string());
        if self.change(introduce).await? { Ok(()) } else { Err(StoreError::LeaseLost) }
    }

    async fn settle_delivery(
        &self,
        lease: &DeliveryLease,
        settled: Settled,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let settle = under(SETTLE, lease).bind(settled.error).bind(micros(settled.due_at));
        self.change(settle.bind(now.as_microsecond()).bind(Uuid::max())).await
    }

    async fn trip_destination(&self, name: &str, trip: Trip) -> Result<(), StoreError> {
        self.change(destinations::trip(name, trip)).await.map(|_| ())
    }

    async fn mend_destination(&self, name: &str) -> Result<(), StoreError> {
        self.change(destinations::mend(name)).await.map(|_| ())
    }

    async fn destinations(&self, now: Timestamp) -> Result<Vec<DestinationSeen>, StoreError> {
        self.read(move |transaction| destinations::survey(transaction, now).boxed()).await
    }

    async fn parked(
        &self,
        destination: Option<&str>,
        person: Option<PersonId>,
        most: u32,
    ) -> Result<Vec<Parked>, StoreError> {
        let parked = destinations::parked(destination, person, most);
        let rows = parked.fetch_all(&mut *self.reader().await?).await;
        rows.map_err(in_database)?.iter().map(destinations::read_parked).collect()
    }

    async fn retry_parked(&self, destination: &str, now: Timestamp) -> Result<u64, StoreError> {
        let name = destination.to_owned();
        self.write(move |transaction| destinations::retry(transaction, name, now).boxed()).await
    }

    async fn link_chart(
        &self,
        person: PersonId,
        destination: &str,
        chart: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.change(destinations::link_chart(person, destination, chart, now)).await
    }

    async fn is_delivered_to(
        &self,
        person: PersonId,
        destination: &str,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query(IS_DELIVERED).bind(person.0).bind(destination.to_owned());
        let row = query.fetch_optional(&mut *self.reader().await?).await.map_err(in_database)?;
        Ok(row.is_some())
    }

    async fn delivered_of(
        &self,
        lease: &DeliveryLease,
        limit: u32,
    ) -> Result<Vec<(Uuid, Option<String>)>, StoreError> {
        let query = of(HOLDS, lease).bind(i64::from(limit));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        let read = |row| {
            let columns = Columns::of(row, "delivered");
            Ok((columns.get("observation")?, columns.get("place")?))
        };
        rows.iter().map(read).collect()
    }

    async fn forget_delivered(
        &self,
        lease: &DeliveryLease,
        observations: &[Uuid],
    ) -> Result<(), StoreError> {
        self.change(of(progress::FORGET, lease).bind(ids(observations.iter()))).await.map(|_| ())
    }

    async fn mark_erased(&self, lease: &DeliveryLease, now: Timestamp) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(move |transaction| progress::erase(transaction, lease, now).boxed()).await
    }
}
