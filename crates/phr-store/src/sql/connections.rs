//! Connections: consent, tokens and their end.

use async_trait::async_trait;
use futures_util::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use phr_model::{ConnectionId, PersonId};
use uuid::Uuid;

use super::{
    DbConnection, DbRow, DbStore,
    error::in_database,
    hooks, leases, locks, outbox, revocations,
    row::{Columns, micros},
    statement::{Statement, changed},
};
use crate::{
    connection::{
        Connection, ConnectionState, Connections, Consent, Lease, Linking, Priority, Reach,
        SealedTokens, Settlement, Work,
    },
    error::StoreError,
};

/// Everything but tokens and lease.
macro_rules! columns {
    () => {
        "number, id, person, vendor, state, upstream, vendor_user, scopes, zone, zones, connected_at, reconnect_by,
         last_complete_at, last_run_at, last_error, attempts, due_at, priority, lease_until,
         devices, audit_due_at, audit_from, history_due_at, history_attempts, kept_from,
         member_since, hinted_from, last_hook_at, missed_hooks"
    };
}
pub(super) use columns;

// A person who disconnected and chooses the vendor again stands at the beginning again.
const SELECT: &str = concat!(
    "insert into connection (id, person, vendor, state) values ($1, $2, $3, 'selected')
     on conflict (person, vendor) do update
         set state = case connection.state when 'disconnected' then 'selected'
             else connection.state end
     returning ",
    columns!()
);
const BY_ID: &str = concat!("select ", columns!(), " from connection where id = $1");
const BY_VENDOR: &str =
    concat!("select ", columns!(), " from connection where person = $1 and vendor = $2");
const OF_PERSON: &str =
    concat!("select ", columns!(), " from connection where person = $1 order by number");
const ALL: &str =
    concat!("select ", columns!(), " from connection where number > $1 order by number limit $2");

const LINKED_ELSEWHERE: &str = "select 1 from connection other
    join connection this on this.id = $1
    where other.vendor = this.vendor and other.id <> $1
        and (other.vendor_user = $2 or other.legacy_user = $3)
        and other.state in ('active', 'reconnect_needed')";
const OTHER_ACCOUNT: &str = "select 1 from connection
    where id = $1 and vendor_user is not null and vendor_user <> $2
        and (legacy_user is null or $3 is null or legacy_user <> $3)";
const LINK: &str = "update connection set state = 'active', vendor_user = $2, scopes = $3,
        zone = coalesce($4, zone), tokens = $5, access_expires_at = $6,
        tokens_version = tokens_version + 1, reconnect_by = $7, connected_at = $8,
        devices = null,
        last_error = null, attempts = 0, due_at = $8, priority = 0, history_attempts = 0,
        lease_token = null, lease_until = null, lease_work = null,
        trigger_at = null, trigger_priority = null,
        upstream = $9, legacy_user = coalesce($10, legacy_user)
    where id = $1";

const TOKENS: &str = "select tokens, access_expires_at, tokens_version from connection
    where id = $1 and tokens is not null";
const REPLACE_TOKENS: &str = "update connection
    set tokens = $3, access_expires_at = $4, tokens_version = tokens_version + 1
    where id = $1 and tokens_version = $2 and tokens is not null";
const REMEMBER: &str = "update connection set scopes = $2, zone = coalesce($3, zone) where id = $1";
const REMEMBER_DEVICES: &str =
    "update connection set devices = $2 where id = $1 and state = 'active'";

const REMEMBER_ZONES: &str = "update connection set zones = $2 where id = $1";

const DISCONNECT: &str = "update connection set state = 'disconnected', scopes = '[]',
        tokens = null, access_expires_at = null, tokens_version = tokens_version + 1,
        reconnect_by = null, last_error = null, attempts = 0, due_at = null, priority = 2,
        devices = null,
        audit_due_at = null, history_due_at = null,
        lease_token = null, lease_until = null, lease_work = null,
        trigger_at = null, trigger_priority = null
    where id = $1 and state in ('active', 'reconnect_needed')";
pub(super) fn read(row: &DbRow) -> Result<Connection, StoreError> {
    let columns = Columns::of(row, "connection");
    Ok(Connection {
        id: columns.get::<Uuid>("id").map(ConnectionId)?,
        number: columns.get("number")?,
        person: columns.person("person")?,
        vendor: columns.get("vendor")?,
        state: columns.made("state", ConnectionState::parse)?,
        upstream: columns.get("upstream")?,
        vendor_user: columns.get("vendor_user")?,
        scopes: columns.made("scopes", |scopes: &str| serde_json::from_str(scopes).ok())?,
        zone: columns.get("zone")?,
        zones: columns.get("zones")?,
        connected_at: columns.instant_if_any("connected_at")?,
        reconnect_by: columns.instant_if_any("reconnect_by")?,
        last_complete_at: columns.instant_if_any("last_complete_at")?,
        last_run_at: columns.instant_if_any("last_run_at")?,
        last_error: columns.get("last_error")?,
        attempts: columns.whole("attempts")?,
        due_at: columns.instant_if_any("due_at")?,
        priority: columns.made("priority", Priority::parse)?,
        audit_due_at: columns.instant_if_any("audit_due_at")?,
        audit_from: columns.date_if_any("audit_from")?,
        history_due_at: columns.instant_if_any("history_due_at")?,
        history_attempts: columns.whole("history_attempts")?,
        kept_from: columns.date_if_any("kept_from")?,
        member_since: columns.date_if_any("member_since")?,
        hooked: hooks::read(columns)?,
        leased_until: columns.instant_if_any("lease_until")?,
        devices: columns.get("devices")?,
    })
}

fn read_tokens(row: &DbRow) -> Result<(SealedTokens, i64), StoreError> {
    let columns = Columns::of(row, "connection");
    let envelope = columns.get("tokens")?;
    let access_expires_at = columns.instant("access_expires_at")?;
    Ok((SealedTokens { envelope, access_expires_at }, columns.get("tokens_version")?))
}

fn json(scopes: &[String]) -> String {
    serde_json::Value::from(scopes).to_string()
}

async fn link(
    transaction: &mut DbConnection,
    id: ConnectionId,
    consent: Consent,
    now: Timestamp,
) -> Result<Linking, StoreError> {
    let account = consent.legacy_user.as_ref().unwrap_or(&consent.vendor_user);
    locks::name(&mut *transaction, format!("link {account}")).await?;
    locks::connection(&mut *transaction, id).await?;
    let elsewhere = sqlx::query(LINKED_ELSEWHERE)
        .bind(id.0)
        .bind(&consent.vendor_user)
        .bind(&consent.legacy_user);
    if elsewhere.fetch_optional(&mut *transaction).await.map_err(in_database)?.is_some() {
        return Ok(Linking::LinkedElsewhere);
    }
    let other =
        sqlx::query(OTHER_ACCOUNT).bind(id.0).bind(&consent.vendor_user).bind(&consent.legacy_user);
    if other.fetch_optional(&mut *transaction).await.map_err(in_database)?.is_some() {
        return Ok(Linking::OtherAccount);
    }
    revocations::forget(transaction, id, &consent.vendor_user).await?;
    let link = sqlx::query(LINK)
        .bind(id.0)
        .bind(consent.vendor_user)
        .bind(json(&consent.scopes))
        .bind(consent.zone)
        .bind(consent.tokens.envelope)
        .bind(consent.tokens.access_expires_at.as_microsecond())
        .bind(micros(consent.reconnect_by))
        .bind(now.as_microsecond())
        .bind(consent.upstream)
        .bind(consent.legacy_user);
    let linked = link.execute(&mut *transaction).await.map_err(in_database)?;
    if linked.rows_affected() == 0 {
        return Err(StoreError::Refused("there is no such connection".into()));
    }
    outbox::connected(transaction, id, now).await?;
    Ok(Linking::Linked)
}

async fn disconnect(
    transaction: &mut DbConnection,
    id: ConnectionId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    locks::connection(&mut *transaction, id).await?;
    revocations::add(transaction, id, now).await?;
    outbox::well_again(&mut *transaction, id).await?;
    changed(transaction, sqlx::query(DISCONNECT).bind(id.0)).await
}

impl DbStore {
    async fn find_connection(&self, query: Statement) -> Result<Option<Connection>, StoreError> {
        let row = query.fetch_optional(&mut *self.reader().await?).await.map_err(in_database)?;
        row.as_ref().map(read).transpose()
    }
}

fn select(
    transaction: &mut DbConnection,
    statement: Statement,
) -> BoxFuture<'_, Result<Connection, StoreError>> {
    async move { read(&statement.fetch_one(transaction).await.map_err(in_database)?) }.boxed()
}

#[async_trait]
impl Connections for DbStore {
    async fn select_vendor(
        &self,
        person: PersonId,
        vendor: &str,
        _now: Timestamp,
    ) -> Result<Connection, StoreError> {
        let id = person.connection(vendor);
        let statement = sqlx::query(SELECT).bind(id.0).bind(person.0).bind(vendor.to_owned());
        self.write(move |transaction| select(transaction, statement)).await
    }

    async fn connection_of(
        &self,
        person: PersonId,
        vendor: &str,
    ) -> Result<Option<Connection>, StoreError> {
        let query = sqlx::query(BY_VENDOR).bind(person.0).bind(vendor.to_owned());
        self.find_connection(query).await
    }

    async fn connections_of(&self, person: PersonId) -> Result<Vec<Connection>, StoreError> {
        let query = sqlx::query(OF_PERSON).bind(person.0);
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(read).collect()
    }

    async fn all_connections(&self, after: i64, limit: u32) -> Result<Vec<Connection>, StoreError> {
        let query = sqlx::query(ALL).bind(after).bind(i64::from(limit));
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(read).collect()
    }

    async fn connection(&self, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.find_connection(sqlx::query(BY_ID).bind(id.0)).await
    }

    async fn link(
        &self,
        id: ConnectionId,
        consent: Consent,
        now: Timestamp,
    ) -> Result<Linking, StoreError> {
        self.write(move |transaction| link(transaction, id, consent, now).boxed()).await
    }

    async fn tokens(&self, id: ConnectionId) -> Result<Option<(SealedTokens, i64)>, StoreError> {
        let row = sqlx::query(TOKENS).bind(id.0).fetch_optional(&mut *self.reader().await?).await;
        row.map_err(in_database)?.as_ref().map(read_tokens).transpose()
    }

    async fn replace_tokens(
        &self,
        id: ConnectionId,
        expected: i64,
        tokens: SealedTokens,
    ) -> Result<bool, StoreError> {
        let statement = sqlx::query(REPLACE_TOKENS)
            .bind(id.0)
            .bind(expected)
            .bind(tokens.envelope)
            .bind(tokens.access_expires_at.as_microsecond());
        self.change(statement).await
    }

    async fn remember_account(
        &self,
        id: ConnectionId,
        scopes: &[String],
        zone: Option<&str>,
    ) -> Result<(), StoreError> {
        let zone = zone.map(str::to_owned);
        self.change(sqlx::query(REMEMBER).bind(id.0).bind(json(scopes)).bind(zone)).await?;
        Ok(())
    }

    async fn remember_devices(&self, id: ConnectionId, devices: &str) -> Result<(), StoreError> {
        let statement = sqlx::query(REMEMBER_DEVICES).bind(id.0).bind(devices.to_owned());
        self.change(statement).await.map(|_| ())
    }

    async fn remember_zones(&self, id: ConnectionId, zones: &str) -> Result<(), StoreError> {
        let statement = sqlx::query(REMEMBER_ZONES).bind(id.0).bind(zones.to_owned());
        self.change(statement).await.map(|_| ())
    }

    async fn disconnect(&self, id: ConnectionId, now: Timestamp) -> Result<bool, StoreError> {
        self.write(move |transaction| disconnect(transaction, id, now).boxed()).await
    }

    async fn make_due(
        &self,
        id: ConnectionId,
        priority: Priority,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change(leases::make_due(id, priority, now)).await.map(|_| ())
    }

    async fn claim_due(
        &self,
        reach: Reach,
        now: Timestamp,
        lease_until: Timestamp,
        token: Uuid,
    ) -> Result<Option<(Connection, Lease, Work)>, StoreError> {
        self.write(move |transaction| {
            leases::claim_due(transaction, reach, now, lease_until, token).boxed()
        })
        .await
    }

    async fn claim(
        &self,
        id: ConnectionId,
        now: Timestamp,
        lease_until: Timestamp,
        token: Uuid,
    ) -> Result<Option<(Connection, Lease)>, StoreError> {
        let claim = leases::claim(id, now, lease_until, token);
        self.write(move |transaction| leases::claimed(transaction, claim, token).boxed()).await
    }

    async fn extend_lease(&self, lease: Lease, lease_until: Timestamp) -> Result<bool, StoreError> {
        self.change(leases::extend(lease, lease_until)).await
    }

    async fn settle(
        &self,
        lease: Lease,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| leases::settle(transaction, lease, settlement, now).boxed())
            .await
    }
}
