//! Rows that a writing transaction holds until its end, so that what it read stays true.
//!
//! Everything is held in one order: a name, a person, their connections (several in the order of the
//! vendor's user), a session, what apps were granted (several in the order of their ids); a request for history before its connection; a destination, deliveries by
//! its name, then what was delivered and parked. Whoever holds a later one never waits for an earlier one, sweeps pass
//! over what others hold, and the rest are single statements on one row: so no circle of waiting
//! (deadlock) can arise, and because every statement of a writing transaction sees what was committed
//! before it, none fails to serialise. That is why writing transactions need not be repeatable.

use phr_model::{ConnectionId, PersonId};
use uuid::Uuid;

use super::{
    DbConnection,
    dialect::{HOLD_NAME, ONE_WRITER, held},
    error::in_database,
};
use crate::{account::SecretHash, error::StoreError};

const PERSON: &str = concat!("select id from person where id = $1", held!());
const CONNECTION: &str = concat!("select id from connection where id = $1", held!());
const SESSION: &str = concat!(
    "select id from session where id = (select session from refresh_token where hash = $1)",
    held!()
);

const GRANT: &str = concat!(
    "select id from app_grant where id = (select app_grant from app_token where hash = $1)",
    held!()
);
const GRANTS_OF_PERSON: &str =
    concat!("select id from app_grant where person = $1 order by id", held!());
const GRANTS_OF_APP: &str = concat!("select id from app_grant where app = $1 order by id", held!());

type Held = Result<(), StoreError>;

async fn hold<'q, T>(transaction: &mut DbConnection, sql: &'static str, key: T) -> Held
where
    T: sqlx::Encode<'q, super::Db> + sqlx::Type<super::Db> + Send + 'q,
{
    if ONE_WRITER {
        return Ok(());
    }
    sqlx::query(sql).bind(key).execute(transaction).await.map(|_| ()).map_err(in_database)
}

/// Whoever holds the same name is waited for.
pub(super) async fn name(transaction: &mut DbConnection, name: String) -> Held {
    hold(transaction, HOLD_NAME, name).await
}

/// Whatever changes a person's record: so its revisions are committed in their order.
pub(super) async fn person(transaction: &mut DbConnection, person: PersonId) -> Held {
    hold(transaction, PERSON, person.0).await
}

/// Whatever reads a connection to change it.
pub(super) async fn connection(transaction: &mut DbConnection, id: ConnectionId) -> Held {
    hold(transaction, CONNECTION, id.0).await
}

/// The session of a refresh token: of simultaneous exchanges, each sees what the one before it did.
pub(super) async fn session_of(transaction: &mut DbConnection, token: SecretHash) -> Held {
    hold(transaction, SESSION, token.to_vec()).await
}

/// The grant of an app's token, likewise.
pub(super) async fn grant_of(transaction: &mut DbConnection, token: SecretHash) -> Held {
    hold(transaction, GRANT, token.to_vec()).await
}

/// Everything that apps may read of a person.
pub(super) async fn grants_of_person(transaction: &mut DbConnection, person: PersonId) -> Held {
    hold(transaction, GRANTS_OF_PERSON, person.0).await
}

/// Everything that an app may read.
pub(super) async fn grants_of_app(transaction: &mut DbConnection, app: Uuid) -> Held {
    hold(transaction, GRANTS_OF_APP, app).await
}
