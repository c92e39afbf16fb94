//! Codes, access tokens and refresh tokens of apps.

use jiff::{SignedDuration, Timestamp};
use phr_model::{PatientId, PersonId};
use uuid::Uuid;

use super::{
    DbConnection, DbExecutor, DbRow, accounts,
    dialect::free,
    error::in_database,
    locks,
    row::{Columns, micros},
};
use crate::{
    account::SecretHash,
    app::{
        AppAccess, Approval, Exchange, Granted, NextTokens, PresentedCode, PresentedRefresh,
        TokenSeen,
    },
    error::StoreError,
};

const CODE: &str = "code";
const ACCESS: &str = "access";
const REFRESH: &str = "refresh";

const SWEEP: &str = concat!(
    "delete from app_grant where id in (select id from app_grant where expires_at <= $1",
    free!(),
    ")"
);
const APPROVE: &str = "insert into app_grant
    (id, person, app, scopes, redirect_uri, challenge, created_at, lasts_until, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const ISSUE: &str = "insert into app_token (hash, app_grant, kind, scopes, issued_at, expires_at)
    values ($1, $2, $3, $4, $5, $6)";
const PRESENTED: &str = "select given.id, given.person, given.scopes, given.redirect_uri,
        given.challenge, given.lasts_until, token.expires_at, token.used_at, person.patient
    from app_token token
    join app_grant given on given.id = token.app_grant
    join person on person.id = given.person
    where token.hash = $1 and token.kind = $2 and given.app = $3";
const EXCHANGED: &str = "update app_token set used_at = $2 where hash = $1";
const PROLONG: &str = "update app_grant
    set redeemed_at = coalesce(redeemed_at, $2), used_at = $2, expires_at = $3 where id = $1";
// The code stays as long as the grant does: a copy must be noticed.
const PRUNE: &str =
    "delete from app_token where app_grant = $1 and expires_at <= $2 and kind <> 'code'";
const OPENS: &str = concat!(
    "select given.id as app_grant, given.app, token.scopes, given.used_at, ",
    accounts::columns!(),
    " from app_token token
     join app_grant given on given.id = token.app_grant
     join person on person.id = given.person
     where token.hash = $1 and token.kind = 'access' and token.expires_at > $2"
);
const SEEN: &str = "select person.patient, token.kind, token.scopes, token.issued_at,
        token.expires_at
    from app_token token
    join app_grant given on given.id = token.app_grant
    join person on person.id = given.person
    where token.hash = $1 and given.app = $2 and token.expires_at > $3
        and token.kind <> 'code' and token.used_at is null";
const END_ACCESS: &str = "delete from app_token where hash = $1 and kind = 'access'
    and app_grant in (select id from app_grant where app = $2)";
const END_OF_REFRESH: &str = "delete from app_grant where app = $2
    and id = (select app_grant from app_token where hash = $1 and kind = 'refresh')";
const END_GRANT: &str = "delete from app_grant where id = $1";

/// Keeps an approval with its code. Grants past their end are swept away by the way.
pub(super) async fn approve(
    transaction: &mut DbConnection,
    approval: Approval,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sweep = sqlx::query(SWEEP).bind(now.as_microsecond());
    sweep.execute(&mut *transaction).await.map_err(in_database)?;
    let approve = sqlx::query(APPROVE)
        .bind(approval.grant)
        .bind(approval.person.0)
        .bind(approval.app)
        .bind(approval.scopes.clone())
        .bind(approval.redirect_uri)
        .bind(approval.challenge.to_vec())
        .bind(now.as_microsecond())
        .bind(micros(approval.lasts_until))
        .bind(approval.code_expires_at.as_microsecond());
    approve.execute(&mut *transaction).await.map_err(in_database)?;
    let code = Token { hash: approval.code, kind: CODE, ends: approval.code_expires_at };
    issue(transaction, approval.grant, code, &approval.scopes, now).await
}

#[derive(Clone, Copy)]
struct Token {
    hash: SecretHash,
    kind: &'static str,
    ends: Timestamp,
}

async fn issue(
    transaction: &mut DbConnection,
    grant: Uuid,
    token: Token,
    scopes: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let query = sqlx::query(ISSUE)
        .bind(token.hash.to_vec())
        .bind(grant)
        .bind(token.kind)
        .bind(scopes.to_owned())
        .bind(now.as_microsecond())
        .bind(token.ends.as_microsecond());
    query.execute(transaction).await.map(|_| ()).map_err(in_database)
}

/// A code or refresh token as it was found, with its grant.
struct Presented {
    grant: Uuid,
    person: PersonId,
    patient: Option<PatientId>,
    scopes: String,
    redirect_uri: String,
    challenge: SecretHash,
    lasts_until: Option<Timestamp>,
    expires_at: Timestamp,
    used: bool,
}

impl Presented {
    fn read(row: &DbRow) -> Result<Self, StoreError> {
        let columns = Columns::of(row, "app_grant");
        Ok(Self {
            grant: columns.get("id")?,
            person: columns.person("person")?,
            patient: columns.get::<Option<Uuid>>("patient")?.map(PatientId),
            scopes: columns.get("scopes")?,
            redirect_uri: columns.get("redirect_uri")?,
            challenge: columns.hash("challenge")?,
            lasts_until: columns.instant_if_any("lasts_until")?,
            expires_at: columns.instant("expires_at")?,
            used: columns.instant_if_any("used_at")?.is_some(),
        })
    }

    fn has_ended(&self, now: Timestamp) -> bool {
        let over = |end: Timestamp| end <= now;
        over(self.expires_at) || self.lasts_until.is_some_and(over)
    }
}

/// The token, whose grant is held until the transaction ends: of any number of simultaneous calls
/// each sees what the one before it did.
async fn find(
    transaction: &mut DbConnection,
    token: SecretHash,
    kind: &'static str,
    app: Uuid,
) -> Result<Option<Presented>, StoreError> {
    locks::grant_of(&mut *transaction, token).await?;
    let query = sqlx::query(PRESENTED).bind(token.to_vec()).bind(kind).bind(app);
    let row = query.fetch_optional(transaction).await.map_err(in_database)?;
    row.as_ref().map(Presented::read).transpose()
}

async fn end_grant(transaction: &mut DbConnection, grant: Uuid) -> Result<(), StoreError> {
    let query = sqlx::query(END_GRANT).bind(grant);
    query.execute(transaction).await.map(|_| ()).map_err(in_database)
}

pub(super) async fn redeem(
    transaction: &mut DbConnection,
    presented: PresentedCode,
    next: NextTokens,
    now: Timestamp,
) -> Result<Exchange, StoreError> {
    let found = find(transaction, presented.code, CODE, presented.app).await?;
    let Some(found) = found else { return Ok(Exchange::Refused) };
    let fits =
        found.redirect_uri == presented.redirect_uri && found.challenge == presented.verifier;
    if !found.used && !fits {
        end_grant(transaction, found.grant).await?;
        return Ok(Exchange::Refused);
    }
    exchange(transaction, presented.code, found, None, next, now).await
}

pub(super) async fn renew(
    transaction: &mut DbConnection,
    presented: PresentedRefresh,
    next: NextTokens,
    now: Timestamp,
) -> Result<Exchange, StoreError> {
    match find(transaction, presented.refresh, REFRESH, presented.app).await? {
        Some(found) => {
            exchange(transaction, presented.refresh, found, presented.scopes, next, now).await
        }
        None => Ok(Exchange::Refused),
    }
}

async fn exchange(
    transaction: &mut DbConnection,
    token: SecretHash,
    found: Presented,
    scopes: Option<String>,
    next: NextTokens,
    now: Timestamp,
) -> Result<Exchange, StoreError> {
    if found.used {
        end_grant(transaction, found.grant).await?;
        return Ok(Exchange::Replayed(found.person));
    }
    if found.has_ended(now) {
        return Ok(Exchange::Refused);
    }
    let exchanged = sqlx::query(EXCHANGED).bind(token.to_vec()).bind(now.as_microsecond());
    exchanged.execute(&mut *transaction).await.map_err(in_database)?;
    let prune = sqlx::query(PRUNE).bind(found.grant).bind(now.as_microsecond());
    prune.execute(&mut *transaction).await.map_err(in_database)?;
    let within = |seconds: i64| {
        let end = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
        found.lasts_until.map_or(end, |last| end.min(last))
    };
    let scopes = scopes.unwrap_or_else(|| found.scopes.clone());
    let access = Token { hash: next.access, kind: ACCESS, ends: within(next.access_seconds) };
    issue(&mut *transaction, found.grant, access, &scopes, now).await?;
    let mut ends = access.ends;
    if found.lasts_until.is_some() {
        let refresh = Token { hash: next.refresh, kind: REFRESH, ends: within(next.idle_seconds) };
        issue(&mut *transaction, found.grant, refresh, &found.scopes, now).await?;
        ends = ends.max(refresh.ends);
    }
    let prolong = sqlx::query(PROLONG)
        .bind(found.grant)
        .bind(now.as_microsecond())
        .bind(ends.as_microsecond());
    prolong.execute(transaction).await.map_err(in_database)?;
    Ok(Exchange::Granted(Granted {
        person: found.person,
        patient: found.patient,
        scopes,
        expires_at: access.ends,
        renewable: found.lasts_until.is_some(),
    }))
}

/// What an access token opens.
pub(super) async fn access(
    database: impl DbExecutor<'_>,
    token: SecretHash,
    now: Timestamp,
) -> Result<Option<AppAccess>, StoreError> {
    let query = sqlx::query(OPENS).bind(token.to_vec()).bind(now.as_microsecond());
    let row = query.fetch_optional(database).await.map_err(in_database)?;
    row.map(|row| {
        let columns = Columns::of(&row, "app_token");
        Ok(AppAccess {
            grant: columns.get("app_grant")?,
            app: columns.get("app")?,
            person: accounts::read(&row)?,
            scopes: columns.get("scopes")?,
            used_at: columns.instant_if_any("used_at")?,
        })
    })
    .transpose()
}

/// A living access or refresh token of an app.
pub(super) async fn seen(
    database: impl DbExecutor<'_>,
    token: SecretHash,
    app: Uuid,
    now: Timestamp,
) -> Result<Option<TokenSeen>, StoreError> {
    let query = sqlx::query(SEEN).bind(token.to_vec()).bind(app).bind(now.as_microsecond());
    let row = query.fetch_optional(database).await.map_err(in_database)?;
    row.map(|row| {
        let columns = Columns::of(&row, "app_token");
        Ok(TokenSeen {
            patient: columns.get::<Option<Uuid>>("patient")?.map(PatientId),
            is_refresh: columns.get::<&str>("kind")? == REFRESH,
            scopes: columns.get("scopes")?,
            issued_at: columns.instant("issued_at")?,
            expires_at: columns.instant("expires_at")?,
        })
    })
    .transpose()
}

/// Ends an access token alone, or all that came of a refresh token's approval.
pub(super) async fn end(
    transaction: &mut DbConnection,
    token: SecretHash,
    app: Uuid,
) -> Result<(), StoreError> {
    locks::grant_of(&mut *transaction, token).await?;
    for sql in [END_ACCESS, END_OF_REFRESH] {
        let query = sqlx::query(sql).bind(token.to_vec()).bind(app);
        query.execute(&mut *transaction).await.map_err(in_database)?;
    }
    Ok(())
}
