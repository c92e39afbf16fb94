//! A store with people in it, and a notifier.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use phr_model::{Clock, ConnectionId, FITBIT, PersonId, StoppedClock};
use phr_notify::{Mail, Notifier, Webhook, sign::Secrets};
use phr_store::{
    SharedStore, SqliteStore,
    account::{NewPerson, Person, Registration},
    connection::{ConnectionState, Consent, Linking, SealedTokens, Settlement},
};
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

pub(crate) const OLD: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
pub(crate) const NEW: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub(crate) fn secrets(list: &str) -> Secrets {
    Secrets::parse(&list.into()).unwrap()
}

pub(crate) struct Stage {
    pub(crate) store: SharedStore,
    pub(crate) notifier: Notifier,
    clock: Arc<StoppedClock>,
    _folder: TempDir,
}

impl Stage {
    pub(crate) async fn new(mail: Option<Mail>, webhook: Option<Webhook>) -> Self {
        let clock = Arc::new(StoppedClock::at("2026-11-22T10:00:00Z".parse().unwrap()));
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("phr.sqlite")).await.unwrap();
        let store: SharedStore = Arc::new(store);
        let chance = || 0.5;
        let notifier =
            Notifier { store: store.clone(), clock: clock.clone(), mail, webhook, chance };
        notifier.open().await.unwrap();
        Self { store, notifier, clock, _folder: folder }
    }

    pub(crate) async fn with_webhook(url: Url, list: &str) -> Self {
        Self::new(None, Some(Webhook::new(url, secrets(list), true).unwrap())).await
    }

    pub(crate) async fn with_mail(server: &str) -> Self {
        let public_url = "https://phr.example/".parse().unwrap();
        let mail = Mail::new(&server.into(), "PHR Backend <phr@phr.example>", public_url);
        Self::new(Some(mail.unwrap()), None).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    pub(crate) async fn somebody_connects(&self, email: &str) -> ConnectionId {
        let id = PersonId(Uuid::new_v4());
        let person = Person {
            id,
            email: email.to_owned(),
            name: "Ada".to_owned(),
            password_hash: "unused".to_owned(),
            patient: Some(id.patient()),
            created_at: self.now(),
        };
        let new = NewPerson { person, invitation: None };
        let registered = self.store.register(new, self.now()).await.unwrap();
        assert_eq!(registered, Registration::Created);
        let connection = self.store.select_vendor(id, FITBIT, self.now()).await.unwrap().id;
        let consent = Consent {
            upstream: "google-health".to_owned(),
            legacy_user: None,
            vendor_user: email.to_owned(),
            scopes: Vec::new(),
            zone: None,
            tokens: SealedTokens { envelope: "k:e".to_owned(), access_expires_at: self.now() },
            reconnect_by: None,
        };
        let linked = self.store.link(connection, consent, self.now()).await.unwrap();
        assert_eq!(linked, Linking::Linked);
        connection
    }

    pub(crate) async fn grant_dies(&self, connection: ConnectionId) {
        let (now, until) = (self.now(), self.now() + SignedDuration::from_mins(5));
        let claim = self.store.claim(connection, now, until, Uuid::new_v4()).await.unwrap();
        let settlement = Settlement {
            due_at: None,
            complete: false,
            error: Some("grant_withdrawn".to_owned()),
            state: Some(ConnectionState::ReconnectNeeded),
        };
        assert!(self.store.settle(claim.unwrap().1, settlement, now).await.unwrap());
    }
}
