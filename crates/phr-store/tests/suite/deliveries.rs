use std::collections::BTreeMap;

use jiff::SignedDuration;
use phr_model::{Metric, PersonId};
use phr_store::{
    Store, StoreError,
    delivery::{
        Claimed, Delivered, DeliveryLease, Destination, Introduced, Pending, Progress, Refused,
        Settled, Trip, Turn,
    },
    feed::Position,
};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{Writer, a_person, a_writer, at, weigh_in},
};

fn clinic() -> Destination {
    let (name, url) = ("clinic".to_owned(), "https://clinic.example/fhir".to_owned());
    Destination { name, url, settings: "1".to_owned() }
}

fn research() -> Destination {
    let (name, url) = ("research".to_owned(), "https://research.example/fhir".to_owned());
    Destination { name, url, settings: "1".to_owned() }
}

async fn open(bed: &dyn Bed, destinations: &[Destination]) {
    bed.store().open_destinations(destinations, at(0)).await.unwrap();
}

/// The first weigh-ins of a day, at whole hours.
async fn weigh(writer: &Writer<'_>, kilograms: &[i64]) {
    let weighed = kilograms.iter().enumerate();
    let weighed =
        weighed.map(|(n, kg)| weigh_in(&format!("2026-03-09T0{n}:00:00Z"), *kg)).collect();
    writer.write(vec![writer.closed(Metric::BodyWeight, "2026-03-09", weighed)]).await;
}

/// A turn at `second`, leased for a minute.
async fn turn(store: &dyn Store, to: &str, second: i64) -> Turn {
    let until = at(second) + SignedDuration::from_mins(1);
    store.claim_delivery(to, at(second), until, Uuid::new_v4()).await.unwrap()
}

async fn claim(store: &dyn Store, to: &str, second: i64) -> Claimed {
    match turn(store, to, second).await {
        Turn::Deliver(claimed) => *claimed,
        other => panic!("{other:?}"),
    }
}

async fn pending(store: &dyn Store, claimed: &Claimed) -> Vec<Pending> {
    store.pending(&claimed.lease, claimed.seen, 100).await.unwrap()
}

fn confirmed(pending: &[Pending]) -> Vec<(Uuid, Delivered)> {
    let one = |pending: &Pending| {
        let version = pending.observation.version;
        (pending.position.id, Delivered { version, digest: Uuid::from_u128(7), place: None })
    };
    pending.iter().map(one).collect()
}

/// Everything was delivered, up to the end of what the claim saw.
fn all_of(claimed: &Claimed, pending: &[Pending]) -> Progress {
    let seen = Some(Position::end_of(claimed.wanted));
    Progress { delivered: confirmed(pending), seen, ..Progress::default() }
}

/// A whole turn that delivers everything.
async fn deliver(store: &dyn Store, to: &str, second: i64) -> Vec<Pending> {
    let claimed = claim(store, to, second).await;
    let pending = pending(store, &claimed).await;
    let progress = all_of(&claimed, &pending);
    store.record_progress(&claimed.lease, progress, at(second)).await.unwrap();
    assert!(store.settle_delivery(&claimed.lease, Settled::default(), at(second)).await.unwrap());
    pending
}

fn refused(pending: &Pending) -> Refused {
    let (observation, version) = (pending.position.id, pending.observation.version);
    Refused { observation, version, status: 422, reason: "no such code".to_owned() }
}

pub(crate) async fn a_change_makes_its_person_due_at_every_destination(bed: &dyn Bed) {
    open(bed, &[clinic(), research()]).await;
    let writer = a_writer(bed.store()).await;
    assert_eq!(turn(bed.store(), "clinic", 60).await, Turn::Idle);
    weigh(&writer, &[70, 80]).await;
    for to in ["clinic", "research"] {
        assert_eq!(deliver(bed.store(), to, 60).await.len(), 2, "{to}");
        assert_eq!(turn(bed.store(), to, 61).await, Turn::Idle, "{to}");
    }
    assert_eq!(turn(bed.store(), "elsewhere", 61).await, Turn::Idle);
}

pub(crate) async fn a_destination_that_is_added_later_gets_all_history(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70, 80, 90]).await;
    a_person(bed.store()).await;
    open(bed, &[clinic()]).await;
    assert_eq!(deliver(bed.store(), "clinic", 1).await.len(), 3);
    assert_eq!(turn(bed.store(), "clinic", 2).await, Turn::Idle);
}

pub(crate) async fn only_what_changed_comes_again_with_what_is_held_there(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70, 80]).await;
    deliver(bed.store(), "clinic", 60).await;
    weigh(&writer, &[70, 81]).await;
    let again = deliver(bed.store(), "clinic", 61).await;
    let [changed] = &again[..] else { panic!("{again:?}") };
    assert_eq!((changed.observation.version, changed.observation.says.value), (2, 81_000_000));
    assert_eq!(changed.delivered.as_ref().map(|held| held.version), Some(1));
}

pub(crate) async fn of_many_deliverers_one_has_the_person(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    let turns = (0..8).map(|_| {
        let store = bed.shared();
        tokio::spawn(async move { turn(&*store, "clinic", 60).await })
    });
    let turns = futures_util::future::join_all(turns).await;
    let won = turns.into_iter().filter(|turn| matches!(turn, Ok(Turn::Deliver(_)))).count();
    assert_eq!(won, 1);
    assert!(matches!(turn(bed.store(), "clinic", 121).await, Turn::Deliver(_)));
}

pub(crate) async fn nothing_is_recorded_after_the_lease_was_taken(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    let slow = claim(bed.store(), "clinic", 60).await;
    let page = pending(bed.store(), &slow).await;
    let quick = claim(bed.store(), "clinic", 130).await;
    let late = bed.store().record_progress(&slow.lease, all_of(&slow, &page), at(131)).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    let introduced = BTreeMap::new();
    assert!(bed.store().record_introductions(&slow.lease, &introduced).await.is_err());
    assert!(!bed.store().extend_delivery(&slow.lease, at(300)).await.unwrap());
    assert!(!bed.store().settle_delivery(&slow.lease, Settled::default(), at(131)).await.unwrap());
    assert_eq!(pending(bed.store(), &quick).await[0].delivered, None);
    assert!(bed.store().extend_delivery(&quick.lease, at(300)).await.unwrap());
}

pub(crate) async fn a_change_during_a_turn_is_not_lost(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    let claimed = claim(bed.store(), "clinic", 60).await;
    let page = pending(bed.store(), &claimed).await;
    weigh(&writer, &[70, 80]).await;
    let store = bed.store();
    store.record_progress(&claimed.lease, all_of(&claimed, &page), at(61)).await.unwrap();
    store.settle_delivery(&claimed.lease, Settled::default(), at(61)).await.unwrap();
    assert_eq!(deliver(bed.store(), "clinic", 61).await.len(), 1);
    assert_eq!(turn(bed.store(), "clinic", 62).await, Turn::Idle);
}

pub(crate) async fn a_page_ends_where_the_next_begins(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70, 71, 72, 73, 74]).await;
    let claimed = claim(bed.store(), "clinic", 60).await;
    let (mut after, mut ids) = (claimed.seen, Vec::new());
    loop {
        let page = bed.store().pending(&claimed.lease, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.position;
        ids.extend(page.iter().map(|pending| pending.position.id));
        let progress =
            Progress { delivered: confirmed(&page), seen: Some(after), ..Progress::default() };
        bed.store().record_progress(&claimed.lease, progress, at(60)).await.unwrap();
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 5);
    // A process that dies here goes on where it was.
    let next = claim(bed.store(), "clinic", 200).await;
    assert_eq!(next.seen, after);
    assert_eq!(pending(bed.store(), &next).await, []);
}

pub(crate) async fn a_failed_turn_comes_again_when_it_is_due(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    let claimed = claim(bed.store(), "clinic", 60).await;
    let settled = Settled { error: Some("conflict".to_owned()), due_at: Some(at(100)) };
    bed.store().settle_delivery(&claimed.lease, settled, at(60)).await.unwrap();
    // A change does not hurry it.
    weigh(&writer, &[70, 80]).await;
    assert_eq!(turn(bed.store(), "clinic", 99).await, Turn::Idle);
    let seen = bed.store().destinations(at(99)).await.unwrap().remove(0);
    assert_eq!(seen.failing, [("conflict".to_owned(), 1)]);
    let again = claim(bed.store(), "clinic", 100).await;
    assert_eq!(again.attempts, 1);
    assert_eq!(pending(bed.store(), &again).await.len(), 2);
}

pub(crate) async fn what_is_refused_is_parked_until_it_is_retried(bed: &dyn Bed) {
    open(bed, &[clinic(), research()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70, 80]).await;
    let store = bed.store();
    let claimed = claim(store, "clinic", 60).await;
    let page = pending(store, &claimed).await;
    let progress = Progress {
        delivered: confirmed(&page[1..]),
        refused: vec![refused(&page[0])],
        seen: Some(Position::end_of(claimed.wanted)),
        ..Progress::default()
    };
    store.record_progress(&claimed.lease, progress, at(60)).await.unwrap();
    store.settle_delivery(&claimed.lease, Settled::default(), at(60)).await.unwrap();
    assert_eq!(turn(store, "clinic", 61).await, Turn::Idle);
    let parked = store.parked(None, Some(writer.person), 9).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].refused, refused(&page[0]));
    assert_eq!(store.parked(Some("research"), None, 9).await.unwrap(), []);
    assert_eq!(store.parked(None, Some(a_person(store).await), 9).await.unwrap(), []);

    assert_eq!(store.retry_parked("research", at(62)).await.unwrap(), 0);
    assert_eq!(turn(store, "clinic", 62).await, Turn::Idle);
    assert_eq!(store.retry_parked("clinic", at(62)).await.unwrap(), 1);
    let claimed = claim(store, "clinic", 62).await;
    assert!(claimed.retry);
    let again = store.pending_again(&claimed.lease, 9).await.unwrap();
    assert_eq!(again.len(), 1);
    let progress = Progress { delivered: confirmed(&again), ..Progress::default() };
    store.record_progress(&claimed.lease, progress, at(63)).await.unwrap();
    store.settle_delivery(&claimed.lease, Settled::default(), at(63)).await.unwrap();
    assert_eq!(store.parked(None, None, 9).await.unwrap(), []);
    assert_eq!(turn(store, "clinic", 64).await, Turn::Idle);
}

pub(crate) async fn a_retry_during_a_turn_is_not_lost(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    let store = bed.store();
    let claimed = claim(store, "clinic", 60).await;
    let page = pending(store, &claimed).await;
    let refused = vec![refused(&page[0])];
    let seen = Some(Position::end_of(claimed.wanted));
    let progress = Progress { refused, seen, ..Progress::default() };
    store.record_progress(&claimed.lease, progress, at(60)).await.unwrap();
    assert_eq!(store.retry_parked("clinic", at(60)).await.unwrap(), 1);
    store.settle_delivery(&claimed.lease, Settled::default(), at(60)).await.unwrap();
    assert!(claim(store, "clinic", 60).await.retry);
}

pub(crate) async fn a_turn_that_ends_within_a_revision_is_not_the_last(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70, 80, 90]).await;
    let store = bed.store();
    let claimed = claim(store, "clinic", 60).await;
    let page = pending(store, &claimed).await;
    let (delivered, seen) = (confirmed(&page[..1]), Some(page[0].position));
    assert_eq!(page[0].position.revision, claimed.wanted);
    let progress = Progress { delivered, seen, ..Progress::default() };
    store.record_progress(&claimed.lease, progress, at(60)).await.unwrap();
    store.settle_delivery(&claimed.lease, Settled::default(), at(60)).await.unwrap();
    assert_eq!(deliver(store, "clinic", 61).await.len(), 2);
    assert_eq!(turn(store, "clinic", 62).await, Turn::Idle);
}

pub(crate) async fn a_server_that_is_down_is_probed_by_one(bed: &dyn Bed) {
    open(bed, &[clinic(), research()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    let store = bed.store();
    let error = "unreachable".to_owned();
    let trip = Trip { failures: 3, error, closed_until: Some(at(100)) };
    store.trip_destination("clinic", trip).await.unwrap();
    assert_eq!(turn(store, "clinic", 99).await, Turn::Closed);
    assert!(matches!(turn(store, "research", 99).await, Turn::Deliver(_)));
    assert_eq!(turn(store, "clinic", 100).await, Turn::Probe { failures: 3 });
    assert_eq!(turn(store, "clinic", 100).await, Turn::Closed);
    // The prober may die over it.
    assert_eq!(turn(store, "clinic", 160).await, Turn::Probe { failures: 3 });
    store.mend_destination("clinic").await.unwrap();
    assert_eq!(claim(store, "clinic", 161).await.failures, 3);
    assert_eq!(deliver(store, "clinic", 300).await.len(), 1);
    let seen = store.destinations(at(300)).await.unwrap();
    assert_eq!((seen[0].failures, &seen[0].error), (0, &None));
}

pub(crate) async fn other_settings_have_everything_looked_at_anew(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    deliver(bed.store(), "clinic", 60).await;
    open(bed, &[clinic()]).await;
    assert_eq!(turn(bed.store(), "clinic", 61).await, Turn::Idle);
    open(bed, &[Destination { settings: "2".to_owned(), ..clinic() }]).await;
    let again = deliver(bed.store(), "clinic", 62).await;
    assert!(again[0].delivered.is_some());
}

pub(crate) async fn another_address_is_another_server(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    deliver(bed.store(), "clinic", 60).await;
    let url = "https://other.example/fhir".to_owned();
    open(bed, &[Destination { url, ..clinic() }]).await;
    assert_eq!(deliver(bed.store(), "clinic", 61).await[0].delivered, None);
}

pub(crate) async fn a_destination_that_left_the_configuration_is_left_alone(bed: &dyn Bed) {
    open(bed, &[clinic(), research()]).await;
    open(bed, &[research()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    assert_eq!(turn(bed.store(), "clinic", 60).await, Turn::Idle);
    let names = bed.store().destinations(at(60)).await.unwrap();
    assert_eq!(names.iter().map(|seen| &*seen.name).collect::<Vec<_>>(), ["research"]);
    // Coming back, it gets what it missed.
    open(bed, &[clinic(), research()]).await;
    assert_eq!(deliver(bed.store(), "clinic", 61).await.len(), 1);
}

pub(crate) async fn lag_and_rate_are_seen(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70, 80]).await;
    let seen = bed.store().destinations(at(90)).await.unwrap().remove(0);
    assert_eq!((seen.lagging, seen.changes, seen.confirmed, seen.parked), (1, 2, 0, 0));
    assert_eq!(seen.lagging_since, Some(at(60)));
    deliver(bed.store(), "clinic", 120).await;
    let seen = bed.store().destinations(at(181)).await.unwrap().remove(0);
    assert_eq!((seen.lagging, seen.changes, seen.confirmed), (0, 0, 2));
    assert_eq!((seen.lagging_since, seen.last_minute), (None, 2));
    let seen = bed.store().destinations(at(241)).await.unwrap().remove(0);
    assert_eq!(seen.last_minute, 0);
}

pub(crate) async fn introductions_and_charts_are_kept(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    let store = bed.store();
    assert!(!store.link_chart(writer.person, "nowhere", "MRN 1", at(0)).await.unwrap());
    assert!(store.link_chart(writer.person, "clinic", "MRN 1", at(0)).await.unwrap());
    let claimed = claim(store, "clinic", 1).await;
    assert_eq!(claimed.chart.as_deref(), Some("MRN 1"));
    let known = Introduced { place: "Patient/17".to_owned(), digest: Uuid::from_u128(9) };
    let introduced = BTreeMap::from([("Patient/ours".to_owned(), known)]);
    store.record_introductions(&claimed.lease, &introduced).await.unwrap();
    store.settle_delivery(&claimed.lease, Settled::default(), at(1)).await.unwrap();
    weigh(&writer, &[70]).await;
    assert_eq!(claim(store, "clinic", 60).await.introduced, introduced);
}

async fn held(store: &dyn Store, lease: &DeliveryLease) -> Vec<Uuid> {
    let held = store.delivered_of(lease, 100).await.unwrap();
    held.into_iter().map(|(id, _)| id).collect()
}

async fn claim_of(store: &dyn Store, person: PersonId, second: i64) -> Option<Claimed> {
    let until = at(second) + SignedDuration::from_mins(1);
    store.claim_delivery_of(person, "clinic", at(second), until, Uuid::new_v4()).await.unwrap()
}

pub(crate) async fn nothing_is_sent_for_whom_everything_was_erased(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70, 80]).await;
    deliver(bed.store(), "clinic", 60).await;
    let store = bed.store();
    let claimed = claim_of(store, writer.person, 61).await.unwrap();
    assert!(claim_of(store, writer.person, 61).await.is_none());
    let all = held(store, &claimed.lease).await;
    assert_eq!(all.len(), 2);
    store.mark_erased(&claimed.lease, at(61)).await.unwrap();
    store.forget_delivered(&claimed.lease, &all[..1]).await.unwrap();
    assert_eq!(held(store, &claimed.lease).await, all[1..]);
    store.settle_delivery(&claimed.lease, Settled::default(), at(62)).await.unwrap();
    weigh(&writer, &[70, 81]).await;
    open(bed, &[clinic()]).await;
    store.enlist("clinic", at(63)).await.unwrap();
    assert_eq!(turn(store, "clinic", 64).await, Turn::Idle);
    assert_eq!(store.destinations(at(64)).await.unwrap()[0].lagging, 0);
}

pub(crate) async fn whom_an_older_process_changed_is_enlisted(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    deliver(bed.store(), "clinic", 60).await;
    bed.spoil("update person set revision = revision + 1").await;
    bed.spoil("update observation set revision = revision + 1, version = 2").await;
    assert_eq!(turn(bed.store(), "clinic", 61).await, Turn::Idle);
    bed.store().enlist("clinic", at(61)).await.unwrap();
    assert_eq!(deliver(bed.store(), "clinic", 61).await.len(), 1);
    bed.store().enlist("clinic", at(62)).await.unwrap();
    assert_eq!(turn(bed.store(), "clinic", 62).await, Turn::Idle);
}

pub(crate) async fn what_was_on_its_way_is_known(bed: &dyn Bed) {
    open(bed, &[clinic()]).await;
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70, 80]).await;
    let store = bed.store();
    let claimed = claim(store, "clinic", 60).await;
    let page = pending(store, &claimed).await;
    store.announce(&claimed.lease, &[page[0].position.id]).await.unwrap();
    // The process dies, and the reading is withdrawn.
    weigh(&writer, &[]).await;
    let next = claim(store, "clinic", 200).await;
    let held: Vec<_> = pending(store, &next).await.into_iter().map(|it| it.delivered).collect();
    assert_eq!(held.iter().flatten().map(|held| held.version).collect::<Vec<_>>(), [0]);
    store.announce(&claimed.lease, &[page[1].position.id]).await.unwrap();
    assert_eq!(store.delivered_of(&next.lease, 9).await.unwrap().len(), 1);
}
