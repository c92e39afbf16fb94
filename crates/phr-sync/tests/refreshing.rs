//! Tokens are refreshed once, stored before use, and nobody is disconnected by mistake.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod canned;
mod common;
mod meddled;

use std::sync::Arc;

use canned::{Canned, TROUBLE};
use common::{Connected, KEY, NOON, Stage, work_together};
use jiff::SignedDuration;
use meddled::Meddled;
use phr_model::FITBIT;
use phr_sandbox::{Options, People, Rotation};
use phr_store::{
    StoreError, Vault,
    connection::{Connection, ConnectionState, Priority},
    notice::{Channel, NoticeKind},
};
use phr_sync::{Outcome, SyncError, reseal::reseal, tokens::Tokens};
use phr_vendors::VendorError;
use secrecy::{ExposeSecret, SecretString};

const ACTIVITY: &str = "activity_and_fitness";

/// Fitbit-like: refresh tokens work once.
async fn rotating(grace_seconds: u32, people: u32) -> Stage {
    Stage::with(Options {
        now: Some(NOON.parse().unwrap()),
        people: People::Synthetic { count: people, days_of_history: 0 },
        rotation: Some(Rotation { grace_seconds }),
        ..Options::default()
    })
    .await
    .look_back(1)
}

/// Grants only what reads quickly.
async fn connect(stage: &Stage, index: usize) -> Connected {
    let email = stage.world().people()[index].email.clone();
    let id = stage.register(&email).await;
    stage.consent(id, &email, |scope| scope.contains(ACTIVITY)).await.unwrap();
    Connected { id, email }
}

async fn held(stage: &Stage, connection: &Connection) -> Tokens {
    let (sealed, _) = stage.store.tokens(connection.id).await.unwrap().unwrap();
    Tokens::open(&stage.sync.vault, connection.id, &sealed.envelope).unwrap()
}

fn refreshes(stage: &Stage) -> u64 {
    stage.world().request_counts().get("token").copied().unwrap_or(0)
}

/// A stage whose vendor can be meddled with, and a person whose access token has expired.
async fn about_to_refresh(grace_seconds: u32) -> (Stage, Arc<Meddled>, Connected) {
    let mut stage = rotating(grace_seconds, 1).await;
    let inner = stage.sync.vendors.get(FITBIT).unwrap();
    let vendor = Arc::new(Meddled::new(inner));
    stage.use_vendor(vendor.clone());
    let person = connect(&stage, 0).await;
    stage.world().expire_access_tokens();
    stage.world().clear_request_counts();
    (stage, vendor, person)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t6_re_08_eight_processes_and_a_thousand_expiries_are_a_thousand_refreshes() {
    const PEOPLE: u32 = 20;
    const ROUNDS: u32 = 50;
    let stage = rotating(0, PEOPLE).await;
    let mut people = Vec::new();
    for index in 0..PEOPLE {
        people.push(connect(&stage, index as usize).await);
    }
    let mut processes = Vec::new();
    for _ in 0..8 {
        processes.push(stage.another_process().await);
    }
    stage.world().clear_request_counts();
    for round in 0..ROUNDS {
        match round % 25 {
            0 => stage.advance(SignedDuration::from_mins(59)),
            _ => stage.world().expire_access_tokens(),
        }
        for person in &people {
            let connection = stage.connection(person).await;
            let now = stage.clock.now();
            stage.store.make_due(connection.id, Priority::Routine, now).await.unwrap();
        }
        work_together(&processes).await;
        assert_eq!(refreshes(&stage), u64::from(PEOPLE * (round + 1)), "in round {round}");
    }
    for person in &people {
        assert_eq!(stage.connection(person).await.state, ConnectionState::Active);
    }
    assert_eq!(refreshes(&stage), 1_000);
    assert!(!stage.world().status_counts().contains_key(&400), "no refresh was refused");
}

#[tokio::test]
async fn t6_a_process_that_lost_its_lease_does_not_refresh() {
    let (stage, vendor, person) = about_to_refresh(0).await;
    let (other, clock) = (stage.another_process().await, stage.world().clock());
    // The process stalls for longer than its lease; meanwhile another one takes over.
    vendor.before_account(async move {
        clock.advance(SignedDuration::from_mins(6));
        assert!(other.work_once().await.unwrap());
    });
    let result = stage.try_sync(&person).await;
    assert!(matches!(result, Err(SyncError::Store(StoreError::LeaseLost))), "{result:?}");
    assert_eq!(refreshes(&stage), 1, "the other one's");
    assert_eq!(stage.connection(&person).await.state, ConnectionState::Active);
}

/// The old grant takes a moment to withdraw; the vendor would end the new one with it.
#[tokio::test]
async fn whoever_consents_again_while_the_old_grant_is_withdrawn_stays_connected() {
    let (stage, vendor, person) = about_to_refresh(0).await;
    let stage = Arc::new(stage);
    let (again, id, email) = (stage.clone(), person.id, person.email.clone());
    vendor.before_unsubscribe(async move {
        again.consent(id, &email, |scope| scope.contains(ACTIVITY)).await.unwrap();
    });
    assert!(stage.connector.disconnect(person.id, FITBIT).await.unwrap());
    assert_eq!(stage.connection(&person).await.state, ConnectionState::Active);
    stage.world().expire_access_tokens();
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete, "the new grant lives");
    assert!(stage.connector.disconnect(person.id, FITBIT).await.unwrap());
    assert!(matches!(stage.try_sync(&person).await, Err(SyncError::NotConnected)));
}

#[tokio::test]
async fn new_tokens_survive_a_rotation_of_the_key_in_the_same_moment() {
    let (mut stage, vendor, person) = about_to_refresh(0).await;
    let both = format!("{},{KEY}", fernet_key());
    let vault = Arc::new(Vault::new(&SecretString::from(both)).unwrap());
    (stage.sync.vault, stage.connector.vault) = (vault.clone(), vault.clone());
    let store = stage.store.clone();
    vendor.after_refresh(async move {
        assert_eq!(reseal(&store, &vault).await.unwrap(), 1);
    });
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
    stage.world().expire_access_tokens();
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete, "the new token was kept");
    assert_eq!(refreshes(&stage), 2);
}

#[tokio::test]
async fn a_grant_renewed_while_its_person_disconnects_is_withdrawn_too() {
    let (stage, vendor, person) = about_to_refresh(0).await;
    let (store, clock) = (stage.store.clone(), stage.clock.clone());
    let connection = stage.connection(&person).await;
    let old = held(&stage, &connection).await;
    vendor.after_refresh(async move {
        assert!(store.disconnect(connection.id, clock.now()).await.unwrap());
    });
    assert!(stage.try_sync(&person).await.is_err());
    let waiting = stage.store.due_revocations(stage.clock.now()).await.unwrap();
    let [_, newer] = &waiting[..] else { panic!("two grants wait, not {}", waiting.len()) };
    let newer = Tokens::open(&stage.sync.vault, newer.connection, &newer.envelope).unwrap();
    assert_ne!(newer.refresh.expose_secret(), old.refresh.expose_secret());
    assert_eq!(stage.connector.withdraw_due().await.unwrap(), 2);
    assert_eq!(stage.connection(&person).await.state, ConnectionState::Disconnected);
}

#[tokio::test]
async fn a_person_who_connects_anew_during_a_refresh_keeps_the_new_grant() {
    let (stage, vendor, person) = about_to_refresh(0).await;
    let (sync, connection) = (stage.sync.clone(), stage.connection(&person).await);
    let linked = Tokens { access: "of the new consent".into(), refresh: "lasting".into() };
    vendor.after_refresh(async move {
        let (_, version) = sync.store.tokens(connection.id).await.unwrap().unwrap();
        let sealed =
            linked.seal(&sync.vault, connection.id, "2027-01-01T00:00:00Z".parse().unwrap());
        assert!(sync.store.replace_tokens(connection.id, version, sealed).await.unwrap());
    });
    // The invented tokens are refused, which is trouble, not the end of a grant.
    assert!(stage.try_sync(&person).await.is_err());
    let held = held(&stage, &stage.connection(&person).await).await;
    assert_eq!(held.refresh.expose_secret(), "lasting");
}

#[tokio::test]
async fn invalid_grant_is_no_verdict_on_tokens_that_were_replaced_meanwhile() {
    let (stage, vendor, person) = about_to_refresh(120).await;
    let (sync, connection) = (stage.sync.clone(), stage.connection(&person).await);
    let (inner, world) = (vendor.inner(), stage.world().clone());
    let tokens = held(&stage, &connection).await;
    // Somebody without a lease was faster by a moment.
    vendor.before_refresh(async move {
        let renewed = inner.refresh(&tokens.refresh).await.unwrap();
        let tokens = Tokens { access: renewed.access, refresh: renewed.refresh.unwrap() };
        let sealed =
            tokens.seal(&sync.vault, connection.id, "2027-01-01T00:00:00Z".parse().unwrap());
        let (_, version) = sync.store.tokens(connection.id).await.unwrap().unwrap();
        assert!(sync.store.replace_tokens(connection.id, version, sealed).await.unwrap());
        world.inject("kind=invalid-grant,times=1".parse().unwrap());
    });
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
    assert_eq!(stage.connection(&person).await.state, ConnectionState::Active);
}

#[tokio::test]
async fn a_lost_answer_of_a_rotating_vendor_is_asked_for_again_in_its_grace() {
    let (stage, _, person) = about_to_refresh(120).await;
    stage.world().inject("kind=lost-token,times=1".parse().unwrap());
    assert!(stage.try_sync(&person).await.is_err());
    let connection = stage.connection(&person).await;
    let wait = connection.due_at.unwrap().duration_since(stage.clock.now());
    assert!(wait < SignedDuration::from_secs(120), "{wait:?}");
    stage.advance(wait);
    assert!(stage.sync.work_once().await.unwrap());
    let connection = stage.connection(&person).await;
    assert_eq!((connection.state, connection.last_error), (ConnectionState::Active, None));
    assert_eq!(refreshes(&stage), 2);
}

#[tokio::test]
async fn a_lost_answer_does_no_harm_where_tokens_stay_the_same() {
    let stage = Stage::at(NOON, 0).await.look_back(1);
    let person = connect(&stage, 0).await;
    stage.world().expire_access_tokens();
    stage.world().inject("kind=lost-token,times=3".parse().unwrap());
    for _ in 0..3 {
        assert!(stage.try_sync(&person).await.is_err());
    }
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
}

#[tokio::test]
async fn oa_15_a_dead_grant_is_asked_about_once_and_says_why() {
    let (stage, _, person) = about_to_refresh(0).await;
    stage.store.open_channels(&[Channel::Webhook]).await.unwrap();
    stage.world().revoke_grant(&person.email).unwrap();
    assert!(matches!(stage.try_sync(&person).await, Err(SyncError::ReconnectNeeded)));
    for _ in 0..5 {
        stage.advance(SignedDuration::from_hours(7));
        assert!(!stage.sync.work_once().await.unwrap());
        assert!(matches!(stage.try_sync(&person).await, Err(SyncError::ReconnectNeeded)));
    }
    assert_eq!(refreshes(&stage), 1);
    let connection = stage.connection(&person).await;
    assert_eq!(connection.state, ConnectionState::ReconnectNeeded);
    assert_eq!(connection.last_error.as_deref(), Some("grant_withdrawn"));
    let told = stage.store.open_deliveries(10).await.unwrap();
    let told: Vec<_> = told.iter().map(|notice| notice.kind).collect();
    assert_eq!(told, [NoticeKind::ReconnectNeeded], "exactly one notice");
}

#[tokio::test]
async fn t7_oa_17_of_thirty_strange_answers_none_disconnects_anybody() {
    let mut stage = Stage::at(NOON, 0).await.look_back(1);
    let person = connect(&stage, 0).await;
    let endpoint = Canned::start().await;
    let settings = phr_vendors::fitbit::google_health::Settings {
        token_url: endpoint.url(),
        ..stage.settings.clone()
    };
    stage.use_vendor(common::vendor(&settings, 1_000_000, &stage.clock));
    stage.world().expire_access_tokens();
    assert_eq!(TROUBLE.len(), 30);
    for answer in TROUBLE {
        endpoint.answer_with(answer);
        let result = stage.try_sync(&person).await;
        assert!(matches!(result, Err(SyncError::Vendor(_))), "{answer}: {result:?}");
        let connection = stage.connection(&person).await;
        assert_eq!(connection.state, ConnectionState::Active, "{answer}");
        assert!(connection.due_at.is_some(), "{answer}: it is tried again");
        assert!(stage.store.tokens(connection.id).await.unwrap().is_some(), "{answer}");
    }
    endpoint.answer_with("400|application/json|{\"error\":\"invalid_grant\"}");
    assert!(matches!(stage.try_sync(&person).await, Err(SyncError::ReconnectNeeded)));
}

#[tokio::test]
async fn a_client_that_google_refuses_is_the_operators_matter() {
    let (stage, _, person) = about_to_refresh(0).await;
    stage.world().inject("kind=invalid-client".parse().unwrap());
    let result = stage.try_sync(&person).await;
    assert!(matches!(result, Err(SyncError::Vendor(VendorError::Misconfigured(_)))), "{result:?}");
    let connection = stage.connection(&person).await;
    assert_eq!(connection.last_error.as_deref(), Some("misconfigured"));
    assert_eq!(connection.state, ConnectionState::Active);
}

/// Another key than the stage's.
fn fernet_key() -> &'static str {
    "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
}
