//! Other people's apps: which there are, what a person lets one read, and the tokens that come of it
//! (OAuth 2.0, RFC 6749; SMART App Launch).
//!
//! Tokens are random secrets, kept as SHA-256 and looked up at every use, so that what a person ends
//! is over at once. Everything that came of one approval hangs on one row and ends with it.

use async_trait::async_trait;
use jiff::Timestamp;
use phr_model::{PatientId, PersonId};
use uuid::Uuid;

use crate::{
    account::{Person, SecretHash},
    error::StoreError,
};

/// An app that an operator has registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// The `client_id`.
    pub id: Uuid,
    /// What people know it by.
    pub name: String,
    /// Where codes may be sent, as registered.
    pub redirect_uris: Vec<String>,
    /// What it may ask for, separated by spaces; none: whatever is offered.
    pub scopes: Option<String>,
    /// Hash of its secret; none: a public client.
    pub secret: Option<SecretHash>,
    /// Since when it is registered.
    pub created_at: Timestamp,
}

/// An app as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSeen {
    /// The app.
    pub app: App,
    /// How many people have let it in.
    pub people: u64,
}

/// A person lets an app in: what is kept until the app exchanges the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Id of the grant.
    pub grant: Uuid,
    /// Who lets it in.
    pub person: PersonId,
    /// The app.
    pub app: Uuid,
    /// What it may read, separated by spaces.
    pub scopes: String,
    /// Where the code goes; it must be named again when the code is exchanged.
    pub redirect_uri: String,
    /// SHA-256 of the verifier that must come with the code (RFC 7636, S256).
    pub challenge: SecretHash,
    /// Hash of the code.
    pub code: SecretHash,
    /// Until when the code works.
    pub code_expires_at: Timestamp,
    /// Until when tokens may be renewed; none: they end and that is that.
    pub lasts_until: Option<Timestamp>,
}

/// The tokens that take the place of what is exchanged.
#[derive(Debug, Clone, Copy)]
pub struct NextTokens {
    /// Hash of the access token.
    pub access: SecretHash,
    /// Seconds it works.
    pub access_seconds: i64,
    /// Hash of the refresh token; kept only where tokens may be renewed.
    pub refresh: SecretHash,
    /// Seconds without use after which a refresh token ends.
    pub idle_seconds: i64,
}

/// A code that an app presents.
#[derive(Debug, Clone)]
pub struct PresentedCode {
    /// Hash of the code.
    pub code: SecretHash,
    /// Who presents it.
    pub app: Uuid,
    /// Where it says that the code was sent.
    pub redirect_uri: String,
    /// SHA-256 of the verifier it sent along.
    pub verifier: SecretHash,
}

/// A refresh token that an app presents.
#[derive(Debug, Clone)]
pub struct PresentedRefresh {
    /// Hash of the token.
    pub refresh: SecretHash,
    /// Who presents it.
    pub app: Uuid,
    /// What the new access token may read, if less than what was granted.
    pub scopes: Option<String>,
}

/// What became of a presented code or refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// The next tokens are kept.
    Granted(Granted),
    /// It was exchanged before: somebody has a copy. Everything that came of the approval has ended
    /// (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).
    Replayed(PersonId),
    /// Unknown, expired, another app's, or it does not fit what was approved. A code that came with
    /// a wrong address or verifier does not work any more.
    Refused,
}

/// What an app was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Whose record.
    pub person: PersonId,
    /// The record's Patient.
    pub patient: Option<PatientId>,
    /// What the access token may read.
    pub scopes: String,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// Whether the refresh token was kept too.
    pub renewable: bool,
}

/// Everything a request with an app's access token needs, read in one go.
#[derive(Debug, Clone)]
pub struct AppAccess {
    /// The grant.
    pub grant: Uuid,
    /// The app.
    pub app: Uuid,
    /// Whose record.
    pub person: Person,
    /// What may be read of it, separated by spaces.
    pub scopes: String,
    /// When the grant was last noted to be used.
    pub used_at: Option<Timestamp>,
}

/// A token that works, as its app may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSeen {
    /// Whose record.
    pub patient: Option<PatientId>,
    /// Whether it is a refresh token.
    pub is_refresh: bool,
    /// What it is good for, separated by spaces.
    pub scopes: String,
    /// Since when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A grant as its person sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSeen {
    /// The app.
    pub app: Uuid,
    /// What it is called.
    pub name: String,
    /// What it may read, separated by spaces.
    pub scopes: String,
    /// Since when.
    pub since: Timestamp,
    /// When it last did, give or take a few minutes.
    pub used_at: Option<Timestamp>,
    /// When it cannot any more, unless it renews its tokens.
    pub expires_at: Timestamp,
}

/// Apps and what people let them read.
#[async_trait]
pub trait Apps: Send + Sync {
    /// Registers an app.
    async fn register_app(&self, app: App) -> Result<(), StoreError>;

    /// The app with this id.
    async fn app(&self, id: Uuid) -> Result<Option<App>, StoreError>;

    /// Every app, oldest first, for operators.
    async fn apps(&self, now: Timestamp) -> Result<Vec<AppSeen>, StoreError>;

    /// Removes an app; all its access ends. Whether there was one.
    async fn remove_app(&self, id: Uuid) -> Result<bool, StoreError>;

    /// Keeps an approval with its code; what has ended is swept away by the way.
    async fn approve(&self, approval: Approval, now: Timestamp) -> Result<(), StoreError>;

    /// Exchanges a code for tokens, once. See [`Exchange`].
    async fn redeem(
        &self,
        presented: PresentedCode,
        next: NextTokens,
        now: Timestamp,
    ) -> Result<Exchange, StoreError>;

    /// Exchanges a refresh token for the next tokens, once. See [`Exchange`].
    async fn renew(
        &self,
        presented: PresentedRefresh,
        next: NextTokens,
        now: Timestamp,
    ) -> Result<Exchange, StoreError>;

    /// What an access token opens, if it works.
    async fn app_access(
        &self,
        token: SecretHash,
        now: Timestamp,
    ) -> Result<Option<AppAccess>, StoreError>;

    /// Notes that a grant is used.
    async fn note_use(&self, grant: Uuid, now: Timestamp) -> Result<(), StoreError>;

    /// An access or refresh token of `app`, if it works.
    async fn app_token(
        &self,
        token: SecretHash,
        app: Uuid,
        now: Timestamp,
    ) -> Result<Option<TokenSeen>, StoreError>;

    /// Ends a token of `app`: an access token alone, a refresh token with everything that came of
    /// the approval. It is no error if there is none.
    async fn end_app_token(&self, token: SecretHash, app: Uuid) -> Result<(), StoreError>;

    /// What `person` lets apps read, by the apps' names; a thousand grants at most.
    async fn grants_of(
        &self,
        person: PersonId,
        now: Timestamp,
    ) -> Result<Vec<GrantSeen>, StoreError>;

    /// Ends everything that `person` lets `app` read. Whether there was anything.
    async fn end_grants(&self, person: PersonId, app: Uuid) -> Result<bool, StoreError>;
}
