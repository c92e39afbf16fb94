use phr_model::{ConnectionId, FITBIT, PersonId};
use phr_store::{
    StoreError, Vault,
    connection::{Connection, ConnectionState, Consent, Linking, Priority},
    vault::{Binding, VaultError},
};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{a_connected_person, a_person, at, consent, tokens},
};

async fn read(bed: &dyn Bed, id: ConnectionId) -> Connection {
    bed.store().connection(id).await.unwrap().unwrap()
}

async fn selected(bed: &dyn Bed) -> (PersonId, ConnectionId) {
    let person = a_person(bed.store()).await;
    let connection = bed.store().select_vendor(person, FITBIT, at(0)).await.unwrap();
    (person, connection.id)
}

async fn link(bed: &dyn Bed, id: ConnectionId, vendor_user: &str) -> Linking {
    bed.store().link(id, consent(vendor_user), at(100)).await.unwrap()
}

pub(crate) async fn choosing_a_vendor_twice_is_one_connection(bed: &dyn Bed) {
    let person = a_person(bed.store()).await;
    let first = bed.store().select_vendor(person, FITBIT, at(0)).await.unwrap();
    let second = bed.store().select_vendor(person, FITBIT, at(1)).await.unwrap();
    assert_eq!(first, second);
    assert_eq!((first.state, first.due_at), (ConnectionState::Selected, None));
    assert_eq!(bed.store().connections_of(person).await.unwrap().len(), 1);
    assert_eq!(bed.store().connection_of(person, FITBIT).await.unwrap(), Some(first));
    assert_eq!(bed.store().connection_of(person, "garmin").await.unwrap(), None);
}

pub(crate) async fn numbers_grow(bed: &dyn Bed) {
    let (person, first) = selected(bed).await;
    let other = bed.store().select_vendor(person, "garmin", at(0)).await.unwrap();
    let (_, third) = selected(bed).await;
    let numbers = [read(bed, first).await.number, other.number, read(bed, third).await.number];
    assert!(numbers.is_sorted() && numbers[0] < numbers[2], "{numbers:?}");
}

pub(crate) async fn a_person_that_does_not_exist_cannot_choose(bed: &dyn Bed) {
    let nobody = PersonId(Uuid::new_v4());
    let refused = bed.store().select_vendor(nobody, FITBIT, at(0)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
    assert!(!refused.is_transient());
}

pub(crate) async fn consent_makes_a_connection_active_and_due(bed: &dyn Bed) {
    let (_, id) = selected(bed).await;
    let consent = Consent { reconnect_by: Some(at(604_800)), ..consent("ABC") };
    assert_eq!(bed.store().link(id, consent, at(100)).await.unwrap(), Linking::Linked);
    let connection = read(bed, id).await;
    assert_eq!(connection.state, ConnectionState::Active);
    assert_eq!((connection.due_at, connection.connected_at), (Some(at(100)), Some(at(100))));
    assert_eq!(connection.priority, Priority::PersonWaiting);
    assert_eq!(connection.reconnect_by, Some(at(604_800)));
    assert_eq!(connection.scopes, ["activity", "sleep"]);
    assert_eq!(connection.zone.as_deref(), Some("Europe/Zurich"));
    let (held, _) = bed.store().tokens(id).await.unwrap().unwrap();
    assert_eq!(held, tokens("key1:first"));
}

pub(crate) async fn nobody_can_consent_for_a_connection_that_is_not_there(bed: &dyn Bed) {
    let nowhere = ConnectionId(Uuid::new_v4());
    let refused = bed.store().link(nowhere, consent("ABC"), at(0)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
    assert_eq!(bed.store().connection(nowhere).await.unwrap(), None);
    assert_eq!(bed.store().tokens(nowhere).await.unwrap(), None);
}

pub(crate) async fn a_vendor_account_belongs_to_one_person(bed: &dyn Bed) {
    let (_, first) = selected(bed).await;
    let (_, second) = selected(bed).await;
    assert_eq!(link(bed, first, "ABC").await, Linking::Linked);
    assert_eq!(link(bed, second, "ABC").await, Linking::LinkedElsewhere);
    assert_eq!(read(bed, second).await.state, ConnectionState::Selected);
    assert_eq!(bed.store().tokens(second).await.unwrap(), None);
    assert_eq!(link(bed, first, "ABC").await, Linking::Linked, "a reconnect");
    assert_eq!(link(bed, second, "DEF").await, Linking::Linked);
}

pub(crate) async fn two_vendor_accounts_never_mix_in_one_connection(bed: &dyn Bed) {
    let (_, id) = selected(bed).await;
    assert_eq!(link(bed, id, "ABC").await, Linking::Linked);
    assert_eq!(link(bed, id, "DEF").await, Linking::OtherAccount);
    bed.store().disconnect(id, at(200)).await.unwrap();
    assert_eq!(link(bed, id, "DEF").await, Linking::OtherAccount, "its data is still here");
    assert_eq!(link(bed, id, "ABC").await, Linking::Linked);
}

pub(crate) async fn a_disconnected_vendor_account_may_be_linked_elsewhere(bed: &dyn Bed) {
    let (_, first) = selected(bed).await;
    let (_, second) = selected(bed).await;
    link(bed, first, "ABC").await;
    bed.store().disconnect(first, at(200)).await.unwrap();
    assert_eq!(link(bed, second, "ABC").await, Linking::Linked);
    assert_eq!(link(bed, first, "ABC").await, Linking::LinkedElsewhere);
}

pub(crate) async fn tokens_are_replaced_only_at_the_expected_version(bed: &dyn Bed) {
    let (_, id) = a_connected_person(bed.store()).await;
    let (_, version) = bed.store().tokens(id).await.unwrap().unwrap();
    let replaced = bed.store().replace_tokens(id, version, tokens("key1:second")).await.unwrap();
    let late = bed.store().replace_tokens(id, version, tokens("key1:third")).await.unwrap();
    assert_eq!((replaced, late), (true, false));
    let (held, newer) = bed.store().tokens(id).await.unwrap().unwrap();
    assert_eq!((held.envelope.as_str(), newer > version), ("key1:second", true));
    bed.store().disconnect(id, at(1)).await.unwrap();
    assert!(!bed.store().replace_tokens(id, newer, tokens("key1:x")).await.unwrap());
}

pub(crate) async fn disconnecting_moves_the_tokens_to_a_revocation(bed: &dyn Bed) {
    let (_, id) = a_connected_person(bed.store()).await;
    assert!(bed.store().disconnect(id, at(50)).await.unwrap());
    assert_eq!(bed.store().tokens(id).await.unwrap(), None);
    let connection = read(bed, id).await;
    assert_eq!((connection.state, connection.due_at), (ConnectionState::Disconnected, None));
    assert_eq!(bed.store().due_revocations(at(49)).await.unwrap().len(), 0);
    let due = bed.store().due_revocations(at(50)).await.unwrap();
    let revocation = due.first().unwrap();
    assert_eq!((revocation.connection, revocation.attempts), (id, 0));
    assert_eq!((revocation.vendor.as_str(), revocation.envelope.as_str()), (FITBIT, "key1:first"));
}

pub(crate) async fn disconnecting_twice_is_no_error(bed: &dyn Bed) {
    let (_, never_linked) = selected(bed).await;
    assert!(!bed.store().disconnect(never_linked, at(0)).await.unwrap());
    assert_eq!(read(bed, never_linked).await.state, ConnectionState::Selected);
    let (_, id) = a_connected_person(bed.store()).await;
    assert!(bed.store().disconnect(id, at(1)).await.unwrap());
    assert!(!bed.store().disconnect(id, at(2)).await.unwrap());
    assert_eq!(bed.store().due_revocations(at(9)).await.unwrap().len(), 1);
    assert!(!bed.store().disconnect(ConnectionId(Uuid::new_v4()), at(3)).await.unwrap());
}

pub(crate) async fn linking_again_spares_the_new_grant(bed: &dyn Bed) {
    // At Google, revoking any token of a grant ends all of it, also what was consented since.
    let (_, first) = selected(bed).await;
    let (_, second) = selected(bed).await;
    link(bed, first, "ABC").await;
    link(bed, second, "DEF").await;
    bed.store().disconnect(first, at(200)).await.unwrap();
    bed.store().disconnect(second, at(200)).await.unwrap();
    link(bed, first, "ABC").await;
    let due = bed.store().due_revocations(at(300)).await.unwrap();
    assert_eq!(due.iter().map(|one| one.connection).collect::<Vec<_>>(), [second]);
}

pub(crate) async fn a_revocation_is_retried_until_it_is_done(bed: &dyn Bed) {
    let (_, id) = a_connected_person(bed.store()).await;
    bed.store().disconnect(id, at(0)).await.unwrap();
    let revocation = bed.store().due_revocations(at(0)).await.unwrap().remove(0);
    bed.store().postpone_revocation(revocation.id, at(600)).await.unwrap();
    assert_eq!(bed.store().due_revocations(at(599)).await.unwrap().len(), 0);
    let again = bed.store().due_revocations(at(600)).await.unwrap().remove(0);
    assert_eq!((again.id, again.attempts), (revocation.id, 1));
    bed.store().revocation_done(again.id).await.unwrap();
    assert_eq!(bed.store().due_revocations(at(9_999)).await.unwrap().len(), 0);
}

pub(crate) async fn the_account_is_remembered(bed: &dyn Bed) {
    let (_, id) = a_connected_person(bed.store()).await;
    let left = ["sleep".to_owned()];
    bed.store().remember_account(id, &left, Some("Asia/Tokyo")).await.unwrap();
    bed.store().remember_account(id, &left, None).await.unwrap();
    let connection = read(bed, id).await;
    assert_eq!(
        (connection.scopes, connection.zone.as_deref()),
        (left.to_vec(), Some("Asia/Tokyo"))
    );
}

pub(crate) async fn choosing_again_after_disconnecting_starts_over(bed: &dyn Bed) {
    let (person, id) = a_connected_person(bed.store()).await;
    let active = bed.store().select_vendor(person, FITBIT, at(1)).await.unwrap();
    assert_eq!(active.state, ConnectionState::Active);
    bed.store().disconnect(id, at(2)).await.unwrap();
    let again = bed.store().select_vendor(person, FITBIT, at(3)).await.unwrap();
    assert_eq!((again.id, again.number), (id, active.number));
    assert_eq!(again.state, ConnectionState::Selected);
}

pub(crate) async fn vk_02_swapped_envelopes_fail_closed(bed: &dyn Bed) {
    let vault = Vault::new(&Vault::generate_key()).unwrap();
    let mut ids = Vec::new();
    for vendor_user in ["ABC", "DEF"] {
        let (_, id) = selected(bed).await;
        let owner = id.to_string();
        let binding = Binding { purpose: "tokens", owner: &owner };
        let envelope = vault.seal(binding, &vendor_user.into());
        let consent = Consent { tokens: tokens(&envelope), ..consent(vendor_user) };
        bed.store().link(id, consent, at(0)).await.unwrap();
        ids.push(id);
    }
    let (first, version) = bed.store().tokens(ids[0]).await.unwrap().unwrap();
    let (second, _) = bed.store().tokens(ids[1]).await.unwrap().unwrap();
    assert!(bed.store().replace_tokens(ids[0], version, second).await.unwrap());
    assert!(bed.store().replace_tokens(ids[1], version, first).await.unwrap());
    for id in ids {
        let owner = id.to_string();
        let (held, _) = bed.store().tokens(id).await.unwrap().unwrap();
        let opened = vault.open(Binding { purpose: "tokens", owner: &owner }, &held.envelope);
        assert_eq!(opened.err(), Some(VaultError::WrongBinding));
    }
}

pub(crate) async fn vk_04_keys_in_use_are_known(bed: &dyn Bed) {
    assert!(bed.store().ping().await.is_ok());
    assert!(bed.store().sealing_keys().await.unwrap().is_empty());
    let (_, first) = a_connected_person(bed.store()).await;
    let (_, second) = a_connected_person(bed.store()).await;
    let (_, version) = bed.store().tokens(second).await.unwrap().unwrap();
    bed.store().replace_tokens(second, version, tokens("key2:other")).await.unwrap();
    bed.store().disconnect(first, at(1)).await.unwrap();
    assert_eq!(bed.store().sealing_keys().await.unwrap(), ["key1", "key2"]);
}

pub(crate) async fn devices_are_forgotten_with_the_connection(bed: &dyn Bed) {
    let (person, id) = a_connected_person(bed.store()).await;
    let devices =
        || async { bed.store().connection_of(person, FITBIT).await.unwrap().unwrap().devices };
    bed.store().remember_devices(id, "[1]").await.unwrap();
    assert_eq!(devices().await.as_deref(), Some("[1]"));
    bed.store().disconnect(id, at(1)).await.unwrap();
    assert_eq!(devices().await, None);
    bed.store().remember_devices(id, "[2]").await.unwrap();
    assert_eq!(devices().await, None, "a run that ends late brings nothing back");
}

pub(crate) async fn operators_walk_through_all_connections(bed: &dyn Bed) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(a_connected_person(bed.store()).await.1);
    }
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = bed.store().all_connections(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.number;
        found.extend(page.iter().map(|connection| connection.id));
    }
    assert_eq!(found, ids);
}
