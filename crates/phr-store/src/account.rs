//! People, their sessions, and the brakes on guessing.

use async_trait::async_trait;
use jiff::Timestamp;
use phr_model::{PatientId, PersonId};
use uuid::Uuid;

use crate::error::StoreError;

/// SHA-256 of a random secret: what is stored instead of the secret itself.
pub type SecretHash = [u8; 32];

/// An account.
#[derive(Debug, Clone)]
pub struct Person {
    /// Opaque id, the `sub` of access tokens.
    pub id: PersonId,
    /// Address as given (trimmed). Unique on its case-folded form.
    pub email: String,
    /// What the person is called.
    pub name: String,
    /// PHC string of the password hash.
    pub password_hash: String,
    /// The FHIR Patient of this person; none for accounts of operators.
    pub patient: Option<PatientId>,
    /// Since when the account exists.
    pub created_at: Timestamp,
}

/// What `register` writes.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The account.
    pub person: Person,
    /// Hash of the invitation to consume in the same transaction, if one is needed.
    pub invitation: Option<SecretHash>,
}

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// The account exists now.
    Created,
    /// Somebody has this address. Nothing was written, the invitation still stands.
    EmailTaken,
    /// The invitation is unknown, used or expired. Nothing was written.
    InvitationInvalid,
}

/// A signed-in device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The `sid` of access tokens.
    pub id: Uuid,
    /// Whose it is.
    pub person: PersonId,
    /// Absolute end, whatever its use.
    pub expires_at: Timestamp,
}

/// A session as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSeen {
    /// The session.
    pub session: Session,
    /// When its person signed in.
    pub created_at: Timestamp,
    /// When its tokens were last renewed.
    pub used_at: Timestamp,
}

/// Everything a request of a signed-in person needs, read in one go.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The living session.
    pub session: Session,
    /// Its person.
    pub person: Person,
    /// Counts changes of the person's Observations: at the same revision, they are the same.
    pub revision: i64,
}

/// What became of a presented refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// The new token is now the session's only live one.
    Rotated(Session),
    /// The token was rotated before and may not be replayed: its successor has been used, the
    /// grace is over, or it was superseded by another successor. Somebody has a copy. The whole
    /// session was ended.
    Replayed(PersonId),
    /// Unknown, expired, idle for too long, or of an ended session.
    Refused,
}

/// The windows of a refresh token's life.
#[derive(Debug, Clone, Copy)]
pub struct RefreshPolicy {
    /// Seconds without use after which a session ends.
    pub idle_seconds: i64,
    /// Seconds in which a rotated token may be replayed while its successor is unused (the answer
    /// got lost on the way).
    pub grace_seconds: i64,
}

/// What the brake on guessing says about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// Failures in a row.
    pub failures_in_a_row: u32,
    /// Failures in the hour of the clock (UTC) in which the last one was. See
    /// [`Throttle::failures_in_hour_of`].
    pub failures_this_hour: u32,
    /// When the last failure was.
    pub last_failure_at: Timestamp,
}

impl Throttle {
    /// Failures in the hour of the clock that `now` is in.
    pub fn failures_in_hour_of(&self, now: Timestamp) -> u32 {
        if same_hour(self.last_failure_at, now) { self.failures_this_hour } else { 0 }
    }
}

fn same_hour(one: Timestamp, other: Timestamp) -> bool {
    one.as_second().div_euclid(3_600) == other.as_second().div_euclid(3_600)
}

/// The form of an address that is compared: two addresses that differ in case are one account.
pub(crate) fn fold_email(email: &str) -> String {
    // Up and then down again, because some letters (sharp s, long s, final sigma) only meet there.
    email.trim().chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Accounts, sessions and throttles.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Writes an account, consuming its invitation.
    async fn register(&self, new: NewPerson, now: Timestamp) -> Result<Registration, StoreError>;

    /// The account with this id.
    async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError>;

    /// The account with this address, compared case-folded.
    async fn person_by_email(&self, email: &str) -> Result<Option<Person>, StoreError>;

    /// Every account, oldest first, for operators.
    async fn people(&self) -> Result<Vec<Person>, StoreError>;

    /// Replaces a password hash by one of the same password with present parameters; only if it is
    /// still `old`.
    async fn rehash(&self, id: PersonId, old: &str, new: &str) -> Result<(), StoreError>;

    /// Opens a session with its first refresh token.
    async fn open_session(
        &self,
        session: Session,
        refresh: SecretHash,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// The session's person, if the session lives.
    async fn session(&self, id: Uuid, now: Timestamp) -> Result<Option<Session>, StoreError>;

    /// The session with its person, if the session lives: one question for every request.
    async fn signed_in(&self, id: Uuid, now: Timestamp) -> Result<Option<SignedIn>, StoreError>;

    /// Consumes a refresh token and puts `new` in its place, in one atomic step. See [`Rotation`].
    async fn rotate(
        &self,
        presented: SecretHash,
        new: SecretHash,
        policy: RefreshPolicy,
        now: Timestamp,
    ) -> Result<Rotation, StoreError>;

    /// Sessions of `person` that live and were used after `used_after`, newest first; a hundred at
    /// most.
    async fn sessions(
        &self,
        person: PersonId,
        used_after: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<SessionSeen>, StoreError>;

    /// Ends one session of `person`, and says whether there was one; it is no error if it ended
    /// before.
    async fn end_session(&self, person: PersonId, id: Uuid) -> Result<bool, StoreError>;

    /// Ends every session of `person`.
    async fn end_all_sessions(&self, person: PersonId) -> Result<(), StoreError>;

    /// Puts another password hash in the place of `old` and ends every session of the person but
    /// `keep`, and what apps may read. False, and nothing written, if the hash is not `old` any more.
    async fn change_password(
        &self,
        person: PersonId,
        old: &str,
        new: &str,
        keep: Uuid,
    ) -> Result<bool, StoreError>;

    /// What is known about failures under `key` (a hash of address or account).
    async fn throttle(&self, key: SecretHash) -> Result<Option<Throttle>, StoreError>;

    /// Counts a failure under `key`.
    async fn count_failure(&self, key: SecretHash, now: Timestamp) -> Result<(), StoreError>;

    /// Forgets the failures in a row under `key`.
    async fn clear_failures(&self, key: SecretHash) -> Result<(), StoreError>;
}
