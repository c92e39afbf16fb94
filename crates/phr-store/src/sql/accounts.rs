//! People.

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::Timestamp;
use phr_model::{PatientId, PersonId};

use uuid::Uuid;

use super::{
    DbConnection, DbRow, DbStore, apps, error::in_database, one_times, row::Columns, sessions,
};
use crate::{
    account::{
        Accounts, NewPerson, Person, RefreshPolicy, Registration, Rotation, SecretHash, Session,
        SessionSeen, SignedIn, Throttle, fold_email,
    },
    error::StoreError,
    one_time::Purpose,
};

macro_rules! columns {
    () => {
        "person.id, person.email, person.name, person.password_hash, person.patient,
         person.created_at"
    };
}
pub(super) use columns;

const INSERT: &str = "insert into person
    (id, email, email_folded, name, password_hash, patient, created_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (email_folded) do nothing";
const BY_ID: &str = concat!("select ", columns!(), " from person where id = $1");
const SIGNED_IN: &str = concat!(
    "select session.id as session, session.expires_at, person.revision, ",
    columns!(),
    " from session join person on person.id = session.person
     where session.id = $1 and session.expires_at > $2"
);
const BY_EMAIL: &str = concat!("select ", columns!(), " from person where email_folded = $1");
const ALL: &str = concat!("select ", columns!(), " from person order by created_at, id");
const REHASH: &str = "update person set password_hash = $3 where id = $1 and password_hash = $2";

pub(super) fn read(row: &DbRow) -> Result<Person, StoreError> {
    let columns = Columns::of(row, "person");
    Ok(Person {
        id: columns.person("id")?,
        email: columns.get("email")?,
        name: columns.get("name")?,
        password_hash: columns.get("password_hash")?,
        patient: columns.get::<Option<Uuid>>("patient")?.map(PatientId),
        created_at: columns.instant("created_at")?,
    })
}

fn read_signed_in(row: &DbRow) -> Result<SignedIn, StoreError> {
    let (columns, person) = (Columns::of(row, "session"), read(row)?);
    let expires_at = columns.instant("expires_at")?;
    let session = Session { id: columns.get("session")?, person: person.id, expires_at };
    Ok(SignedIn { session, person, revision: columns.get("revision")? })
}

async fn register(
    transaction: &mut DbConnection,
    new: NewPerson,
    now: Timestamp,
) -> Result<Registration, StoreError> {
    // The invitation first: who has none learns nothing about addresses.
    if let Some(hash) = new.invitation
        && !one_times::stands(&mut *transaction, Purpose::Invitation, hash, now).await?
    {
        return Ok(Registration::InvitationInvalid);
    }
    let person = new.person;
    let insert = sqlx::query(INSERT)
        .bind(person.id.0)
        .bind(person.email.trim())
        .bind(fold_email(&person.email))
        .bind(person.name)
        .bind(person.password_hash)
        .bind(person.patient.map(|patient| patient.0))
        .bind(person.created_at.as_microsecond());
    let inserted = insert.execute(&mut *transaction).await.map_err(in_database)?;
    if inserted.rows_affected() == 0 {
        return Ok(Registration::EmailTaken);
    }
    if let Some(hash) = new.invitation {
        one_times::take(transaction, Purpose::Invitation, hash, now).await?;
    }
    Ok(Registration::Created)
}

#[async_trait]
impl Accounts for DbStore {
    async fn register(&self, new: NewPerson, now: Timestamp) -> Result<Registration, StoreError> {
        self.write(move |transaction| register(transaction, new, now).boxed()).await
    }

    async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query(BY_ID).bind(id.0).fetch_optional(&mut *self.reader().await?).await;
        row.map_err(in_database)?.as_ref().map(read).transpose()
    }

    async fn person_by_email(&self, email: &str) -> Result<Option<Person>, StoreError> {
        let query = sqlx::query(BY_EMAIL).bind(fold_email(email));
        let row = query.fetch_optional(&mut *self.reader().await?).await.map_err(in_database)?;
        row.as_ref().map(read).transpose()
    }

    async fn people(&self) -> Result<Vec<Person>, StoreError> {
        let rows =
            sqlx::query(ALL).fetch_all(&mut *self.reader().await?).await.map_err(in_database)?;
        rows.iter().map(read).collect()
    }

    async fn rehash(&self, id: PersonId, old: &str, new: &str) -> Result<(), StoreError> {
        let query = sqlx::query(REHASH).bind(id.0).bind(old.to_owned()).bind(new.to_owned());
        self.write(move |transaction| {
            async move { query.execute(transaction).await.map(|_| ()).map_err(in_database) }.boxed()
        })
        .await
    }

    async fn open_session(
        &self,
        session: Session,
        refresh: SecretHash,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |transaction| sessions::open(transaction, session, refresh, now).boxed())
            .await
    }

    async fn session(&self, id: Uuid, now: Timestamp) -> Result<Option<Session>, StoreError> {
        sessions::living(&mut *self.reader().await?, id, now).await
    }

    async fn signed_in(&self, id: Uuid, now: Timestamp) -> Result<Option<SignedIn>, StoreError> {
        let before = self.stamp();
        let said = before.as_ref().and_then(|stamp| self.sessions.about(&id, stamp));
        if let Some(known) = said.filter(|known| known.session.expires_at > now) {
            return Ok(Some(known));
        }
        let query = sqlx::query(SIGNED_IN).bind(id).bind(now.as_microsecond());
        let row = query.fetch_optional(&mut *self.reader().await?).await.map_err(in_database)?;
        let found = row.as_ref().map(read_signed_in).transpose()?;
        if let (Some(stamp), Some(found)) = (before, &found) {
            self.sessions.keep(id, found.clone(), stamp);
        }
        Ok(found)
    }

    async fn rotate(
        &self,
        presented: SecretHash,
        new: SecretHash,
        policy: RefreshPolicy,
        now: Timestamp,
    ) -> Result<Rotation, StoreError> {
        self.write(move |transaction| {
            sessions::rotate(transaction, presented, new, policy, now).boxed()
        })
        .await
    }

    async fn sessions(
        &self,
        person: PersonId,
        used_after: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<SessionSeen>, StoreError> {
        sessions::list(&mut *self.reader().await?, person, used_after, now).await
    }

    async fn end_session(&self, person: PersonId, id: Uuid) -> Result<bool, StoreError> {
        self.write(move |transaction| sessions::end(transaction, person, id).boxed()).await
    }

    async fn end_all_sessions(&self, person: PersonId) -> Result<(), StoreError> {
        self.write(move |transaction| sessions::end_all(transaction, person).boxed()).await
    }

    async fn change_password(
        &self,
        person: PersonId,
        old: &str,
        new: &str,
        keep: Uuid,
    ) -> Result<bool, StoreError> {
        let change = sqlx::query(REHASH).bind(person.0).bind(old.to_owned()).bind(new.to_owned());
        self.write(move |transaction| {
            async move {
                let changed = change.execute(&mut *transaction).await.map_err(in_database)?;
                if changed.rows_affected() == 0 {
                    return Ok(false);
                }
                sessions::end_others(&mut *transaction, person, keep).await?;
                apps::end_all(transaction, person).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    async fn throttle(&self, key: SecretHash) -> Result<Option<Throttle>, StoreError> {
        sessions::throttle(&mut *self.reader().await?, key).await
    }

    async fn count_failure(&self, key: SecretHash, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |transaction| sessions::count_failure(transaction, key, now).boxed()).await
    }

    async fn clear_failures(&self, key: SecretHash) -> Result<(), StoreError> {
        self.write(move |transaction| sessions::clear_failures(transaction, key).boxed()).await
    }
}
