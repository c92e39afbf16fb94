//! Sessions with their refresh tokens, and the counters of failures.

use jiff::{SignedDuration, Timestamp};
use phr_model::PersonId;

use uuid::Uuid;

use super::{
    DbConnection, DbExecutor, DbRow, dialect::free, error::in_database, locks, row::Columns,
    statement::changed,
};
use crate::{
    account::{RefreshPolicy, Rotation, SecretHash, Session, SessionSeen, Throttle},
    error::StoreError,
};

/// Counters of failures are forgotten after a day without any: the longest brake is far shorter,
/// and guesses at random addresses must not fill the disk.
const FORGET_FAILURES: SignedDuration = SignedDuration::from_hours(24);

const SWEEP: &str = concat!(
    "delete from session where id in (select id from session where expires_at <= $1",
    free!(),
    ")"
);
const OPEN: &str =
    "insert into session (id, person, created_at, expires_at) values ($1, $2, $3, $4)";
const ISSUE: &str = "insert into refresh_token (hash, session, issued_at) values ($1, $2, $3)";
const LIVING: &str = "select id, person, expires_at from session where id = $1 and expires_at > $2";
const END: &str = "delete from session where person = $1 and id = $2";
const END_ALL: &str = "delete from session where person = $1";
const END_OTHERS: &str = "delete from session where person = $1 and id <> $2";
const LIST: &str = "select session.id, session.person, session.created_at, session.expires_at,
        max(token.issued_at) as used_at
    from session join refresh_token token on token.session = session.id
    where session.person = $1 and session.expires_at > $2
    group by session.id, session.person, session.created_at, session.expires_at
    having max(token.issued_at) > $3
    order by session.created_at desc, session.id limit 100";
const PRESENTED: &str = "select session.id, session.person, session.expires_at, token.issued_at,
        token.rotated_at, token.superseded, next.hash as successor, next.rotated_at as successor_used_at
    from refresh_token token
    join session on session.id = token.session
    left join refresh_token next on next.hash = token.successor
    where token.hash = $1 and session.expires_at > $2";
const EXCHANGE: &str = "update refresh_token
    set rotated_at = coalesce(rotated_at, $2), successor = $3 where hash = $1";
const SUPERSEDE: &str = "update refresh_token set rotated_at = $2, superseded = 1 where hash = $1";

const THROTTLE: &str = "select failures_in_a_row, failures_this_hour, last_failure_at
    from throttle where key = $1";
// The hour of the clock (UTC) is 3,600,000,000 microseconds.
const COUNT: &str = "insert into throttle
        (key, failures_in_a_row, failures_this_hour, last_failure_at) values ($1, 1, 1, $2)
    on conflict (key) do update set failures_in_a_row = throttle.failures_in_a_row + 1,
        failures_this_hour = 1 + case
            when throttle.last_failure_at / 3600000000 = excluded.last_failure_at / 3600000000
            then throttle.failures_this_hour else 0 end,
        last_failure_at = excluded.last_failure_at";
const SWEEP_THROTTLES: &str = concat!(
    "delete from throttle where key in (select key from throttle where last_failure_at <= $1",
    free!(),
    ")"
);
const CLEAR: &str = "update throttle set failures_in_a_row = 0 where key = $1";

fn read(row: &DbRow) -> Result<Session, StoreError> {
    let columns = Columns::of(row, "session");
    Ok(Session {
        id: columns.get("id")?,
        person: columns.person("person")?,
        expires_at: columns.instant("expires_at")?,
    })
}

/// Opens a session with its first token. Sessions past their end are swept away by the way.
pub(super) async fn open(
    transaction: &mut DbConnection,
    session: Session,
    refresh: SecretHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sweep = sqlx::query(SWEEP).bind(now.as_microsecond());
    sweep.execute(&mut *transaction).await.map_err(in_database)?;
    let open = sqlx::query(OPEN)
        .bind(session.id)
        .bind(session.person.0)
        .bind(now.as_microsecond())
        .bind(session.expires_at.as_microsecond());
    open.execute(&mut *transaction).await.map_err(in_database)?;
    issue(transaction, refresh, session.id, now).await
}

async fn issue(
    transaction: &mut DbConnection,
    token: SecretHash,
    session: Uuid,
    now: Timestamp,
) -> Result<(), StoreError> {
    let query = sqlx::query(ISSUE).bind(token.to_vec()).bind(session).bind(now.as_microsecond());
    query.execute(transaction).await.map(|_| ()).map_err(in_database)
}

/// The session, if it has not ended.
pub(super) async fn living(
    database: impl DbExecutor<'_>,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let query = sqlx::query(LIVING).bind(id).bind(now.as_microsecond());
    let row = query.fetch_optional(database).await.map_err(in_database)?;
    row.as_ref().map(read).transpose()
}

/// Ends a session and, by cascade, its tokens.
pub(super) async fn end(
    transaction: &mut DbConnection,
    person: PersonId,
    id: Uuid,
) -> Result<bool, StoreError> {
    changed(transaction, sqlx::query(END).bind(person.0).bind(id)).await
}

/// Ends every session of a person.
pub(super) async fn end_all(
    transaction: &mut DbConnection,
    person: PersonId,
) -> Result<(), StoreError> {
    locks::person(&mut *transaction, person).await?;
    let query = sqlx::query(END_ALL).bind(person.0);
    query.execute(transaction).await.map(|_| ()).map_err(in_database)
}

/// Ends every session of a person but one.
pub(super) async fn end_others(
    transaction: &mut DbConnection,
    person: PersonId,
    keep: Uuid,
) -> Result<(), StoreError> {
    locks::person(&mut *transaction, person).await?;
    let query = sqlx::query(END_OTHERS).bind(person.0).bind(keep);
    query.execute(transaction).await.map(|_| ()).map_err(in_database)
}

/// A person's living sessions, newest first.
pub(super) async fn list(
    database: impl DbExecutor<'_>,
    person: PersonId,
    used_after: Timestamp,
    now: Timestamp,
) -> Result<Vec<SessionSeen>, StoreError> {
    let query = sqlx::query(LIST)
        .bind(person.0)
        .bind(now.as_microsecond())
        .bind(used_after.as_microsecond());
    let rows = query.fetch_all(database).await.map_err(in_database)?;
    let seen = rows.iter().map(|row| {
        let columns = Columns::of(row, "session");
        Ok(SessionSeen {
            session: read(row)?,
            created_at: columns.instant("created_at")?,
            used_at: columns.instant("used_at")?,
        })
    });
    seen.collect()
}

/// A refresh token as it was found.
struct Presented {
    session: Session,
    issued_at: Timestamp,
    rotated_at: Option<Timestamp>,
    superseded: bool,
    successor: Option<SecretHash>,
    successor_used: bool,
}

/// What presenting a token means.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    /// The live token: exchange it.
    Exchange,
    /// The answer got lost: exchange it again, the unused successor dies.
    Again,
    /// A copy is about: end the session.
    Copied,
    /// Idle for too long: end the session.
    Idle,
}

impl Presented {
    fn read(row: &DbRow) -> Result<Self, StoreError> {
        let columns = Columns::of(row, "refresh_token");
        let hash = |hash: &[u8]| hash.try_into().ok();
        Ok(Self {
            session: read(row)?,
            issued_at: columns.instant("issued_at")?,
            rotated_at: columns.instant_if_any("rotated_at")?,
            superseded: columns.flag("superseded")?,
            successor: columns.made_if_any("successor", hash)?,
            successor_used: columns.get::<Option<i64>>("successor_used_at")?.is_some(),
        })
    }

    /// RFC 9700 section 4.14.2 (rotation with reuse detection), with a grace for lost answers.
    fn meaning(&self, policy: RefreshPolicy, now: Timestamp) -> Meaning {
        let within = |since: Timestamp, seconds: i64| {
            now.duration_since(since) < SignedDuration::from_secs(seconds)
        };
        match self.rotated_at {
            None if within(self.issued_at, policy.idle_seconds) => Meaning::Exchange,
            None => Meaning::Idle,
            Some(_) if self.superseded || self.successor_used => Meaning::Copied,
            Some(at) if within(at, policy.grace_seconds) => Meaning::Again,
            Some(_) => Meaning::Copied,
        }
    }
}

/// Exchanges `presented` for `new`. The session is held, so of any number of simultaneous calls each
/// sees what the one before it did.
pub(super) async fn rotate(
    transaction: &mut DbConnection,
    presented: SecretHash,
    new: SecretHash,
    policy: RefreshPolicy,
    now: Timestamp,
) -> Result<Rotation, StoreError> {
    locks::session_of(&mut *transaction, presented).await?;
    let query = sqlx::query(PRESENTED).bind(presented.to_vec()).bind(now.as_microsecond());
    let row = query.fetch_optional(&mut *transaction).await.map_err(in_database)?;
    let Some(found) = row.as_ref().map(Presented::read).transpose()? else {
        return Ok(Rotation::Refused);
    };
    let person = found.session.person;
    match found.meaning(policy, now) {
        Meaning::Copied => {
            end(transaction, person, found.session.id).await?;
            return Ok(Rotation::Replayed(person));
        }
        Meaning::Idle => {
            end(transaction, person, found.session.id).await?;
            return Ok(Rotation::Refused);
        }
        Meaning::Again => supersede(&mut *transaction, found.successor, now).await?,
        Meaning::Exchange => {}
    }
    let exchange = sqlx::query(EXCHANGE)
        .bind(presented.to_vec())
        .bind(now.as_microsecond())
        .bind(new.to_vec());
    exchange.execute(&mut *transaction).await.map_err(in_database)?;
    issue(transaction, new, found.session.id, now).await?;
    Ok(Rotation::Rotated(found.session))
}

async fn supersede(
    transaction: &mut DbConnection,
    token: Option<SecretHash>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let query =
        sqlx::query(SUPERSEDE).bind(token.map(|token| token.to_vec())).bind(now.as_microsecond());
    query.execute(transaction).await.map(|_| ()).map_err(in_database)
}

/// What is known about failures.
pub(super) async fn throttle(
    database: impl DbExecutor<'_>,
    key: SecretHash,
) -> Result<Option<Throttle>, StoreError> {
    let query = sqlx::query(THROTTLE).bind(key.to_vec());
    let row = query.fetch_optional(database).await.map_err(in_database)?;
    row.map(|row| {
        let columns = Columns::of(&row, "throttle");
        Ok(Throttle {
            failures_in_a_row: columns.whole("failures_in_a_row")?,
            failures_this_hour: columns.whole("failures_this_hour")?,
            last_failure_at: columns.instant("last_failure_at")?,
        })
    })
    .transpose()
}

/// Counts a failure; counters long untouched are swept away by the way.
pub(super) async fn count_failure(
    transaction: &mut DbConnection,
    key: SecretHash,
    now: Timestamp,
) -> Result<(), StoreError> {
    let count = sqlx::query(COUNT).bind(key.to_vec()).bind(now.as_microsecond());
    count.execute(&mut *transaction).await.map_err(in_database)?;
    let old = now.checked_sub(FORGET_FAILURES).unwrap_or(Timestamp::MIN);
    let sweep = sqlx::query(SWEEP_THROTTLES).bind(old.as_microsecond());
    sweep.execute(transaction).await.map(|_| ()).map_err(in_database)
}

/// Forgets the failures in a row.
pub(super) async fn clear_failures(
    transaction: &mut DbConnection,
    key: SecretHash,
) -> Result<(), StoreError> {
    let query = sqlx::query(CLEAR).bind(key.to_vec());
    query.execute(transaction).await.map(|_| ()).map_err(in_database)
}
