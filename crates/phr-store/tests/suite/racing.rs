//! What happens at once must come out as if it had happened one after the other.

use std::{collections::HashSet, sync::Arc};

use futures_util::future::join_all;
use phr_model::{ConnectionId, FITBIT, Metric, PersonId};
use phr_store::{
    SharedStore, StoreError,
    account::{NewPerson, Registration, SecretHash, Session},
    connection::{ConnectionState, Lease, Linking, Priority, Reach, Settlement},
};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{Writer, a_connected_person, a_person, account, at, consent, hash, steps, tokens},
};

/// Runs `work` in `count` tasks that all start in the same moment, spread over two processes.
async fn at_once<T, F>(
    bed: &dyn Bed,
    count: usize,
    work: impl Fn(usize, SharedStore) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let processes = [bed.shared(), bed.another().await];
    let start = Arc::new(Barrier::new(count));
    let tasks = (0..count).map(|n| {
        let (start, work) = (start.clone(), work(n, processes[n % 2].clone()));
        tokio::spawn(async move {
            start.wait().await;
            work.await
        })
    });
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

pub(crate) async fn every_connection_is_claimed_once_by_eight_claimers(bed: &dyn Bed) {
    let mut due = HashSet::new();
    for _ in 0..60 {
        due.insert(a_connected_person(bed.store()).await.1);
    }
    let claims = at_once(bed, 8, |_, store| async move {
        let mut claimed = Vec::new();
        loop {
            let claim =
                store.claim_due(Reach::Everything, at(1), at(900), Uuid::new_v4()).await.unwrap();
            let Some((connection, lease, _)) = claim else { return claimed };
            // Every other is settled, so that rows change under the other claimers' eyes.
            if claimed.len() % 2 == 0 {
                let settlement =
                    Settlement { due_at: Some(at(800)), complete: true, error: None, state: None };
                assert!(store.settle(lease, settlement, at(2)).await.unwrap());
            }
            claimed.push(connection.id);
        }
    });
    let claimed: Vec<ConnectionId> = claims.await.concat();
    assert_eq!(claimed.len(), due.len());
    assert_eq!(claimed.into_iter().collect::<HashSet<_>>(), due);
}

/// A lease on each of two connections of one person.
async fn two_leases(bed: &dyn Bed) -> (PersonId, [Lease; 2]) {
    let store = bed.store();
    let (person, first) = a_connected_person(store).await;
    let second = store.select_vendor(person, "another", at(0)).await.unwrap().id;
    store.link(second, consent("somebody"), at(0)).await.unwrap();
    let mut leases = Vec::new();
    for id in [first, second] {
        leases.push(store.claim(id, at(0), at(900), Uuid::new_v4()).await.unwrap().unwrap().1);
    }
    (person, leases.try_into().unwrap())
}

async fn revision(bed: &dyn Bed, person: PersonId) -> i64 {
    let session = Session { id: Uuid::new_v4(), person, expires_at: at(9_000) };
    bed.store().open_session(session.clone(), own_hash(session.id), at(0)).await.unwrap();
    bed.store().signed_in(session.id, at(1)).await.unwrap().unwrap().revision
}

/// Some hash of its own for each session.
fn own_hash(id: Uuid) -> SecretHash {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(id.as_bytes());
    hash
}

pub(crate) async fn parallel_writes_of_one_person_are_all_counted(bed: &dyn Bed) {
    let (person, leases) = two_leases(bed).await;
    let before = revision(bed, person).await;
    at_once(bed, 8, |n, store| async move {
        let date = format!("2026-03-0{}", n + 1);
        let writer = Writer { store: &*store, person, lease: leases[n % 2] };
        for minutes in 1..=5 {
            let day = writer.closed(Metric::Steps, &date, steps(&date, minutes * 10));
            writer.write(vec![day]).await;
        }
    })
    .await;
    assert_eq!(revision(bed, person).await, before + 40);
    let totals = bed.store().totals(person).await.unwrap();
    let [steps] = totals.as_slice() else { panic!("{totals:?}") };
    assert_eq!((steps.days, steps.samples, steps.observations), (8, 8 * 50, 8));
}

pub(crate) async fn parallel_writes_of_one_day_leave_one_whole_day(bed: &dyn Bed) {
    let (person, leases) = two_leases(bed).await;
    let date = "2026-03-01";
    at_once(bed, 8, |n, store| async move {
        let writer = Writer { store: &*store, person, lease: leases[n % 2] };
        for round in 1..=5_i64 {
            let minutes = 10 * i64::try_from(n).unwrap() + round;
            writer.write(vec![writer.closed(Metric::Steps, date, steps(date, minutes))]).await;
        }
    })
    .await;
    let samples = bed.store().samples(person, Metric::Steps, date.parse().unwrap()).await.unwrap();
    let totals = bed.store().totals(person).await.unwrap();
    assert_eq!(totals[0].samples, samples.len() as u64);
    assert_eq!((totals[0].days, totals[0].observations), (1, 1));
    let walked: i64 = samples.iter().map(|sample| sample.value).sum();
    assert_eq!(totals[0].latest.as_ref().unwrap().says.value, walked);
    bed.store().digest(person).await.unwrap();
}

pub(crate) async fn one_of_many_people_links_a_vendor_account(bed: &dyn Bed) {
    let mut connections = Vec::new();
    for _ in 0..10 {
        let person = a_person(bed.store()).await;
        connections.push(bed.store().select_vendor(person, FITBIT, at(0)).await.unwrap().id);
    }
    let answers = at_once(bed, 10, |n, store| {
        let id = connections[n];
        async move { store.link(id, consent("SHARED"), at(1)).await.unwrap() }
    });
    let mut answers = answers.await;
    answers.sort_by_key(|answer| *answer != Linking::Linked);
    assert_eq!(answers[0], Linking::Linked);
    assert!(answers[1..].iter().all(|answer| *answer == Linking::LinkedElsewhere), "{answers:?}");
}

pub(crate) async fn parallel_disconnects_leave_one_revocation(bed: &dyn Bed) {
    let (_, id) = a_connected_person(bed.store()).await;
    let answers = at_once(bed, 10, |n, store| async move {
        if n < 5 {
            return store.disconnect(id, at(1)).await.unwrap();
        }
        let version = store.tokens(id).await.unwrap().map_or(0, |(_, version)| version);
        store.replace_tokens(id, version, tokens("key1:renewed")).await.unwrap();
        false
    });
    assert_eq!(answers.await.into_iter().filter(|changed| *changed).count(), 1);
    assert_eq!(bed.store().due_revocations(at(1)).await.unwrap().len(), 1);
    assert!(bed.store().tokens(id).await.unwrap().is_none());
}

pub(crate) async fn one_of_many_registrations_gets_the_address(bed: &dyn Bed) {
    let answers = at_once(bed, 10, |_, store| async move {
        let new = NewPerson { person: account("ada@example.org"), invitation: None };
        store.register(new, at(0)).await.unwrap()
    });
    let answers = answers.await;
    let created = answers.iter().filter(|answer| **answer == Registration::Created).count();
    let taken = answers.iter().filter(|answer| **answer == Registration::EmailTaken).count();
    assert_eq!((created, taken), (1, 9));
}

pub(crate) async fn every_parallel_failure_is_counted(bed: &dyn Bed) {
    at_once(bed, 20, |_, store| async move { store.count_failure(hash(1), at(0)).await.unwrap() })
        .await;
    let throttle = bed.store().throttle(hash(1)).await.unwrap().unwrap();
    assert_eq!((throttle.failures_in_a_row, throttle.failures_in_hour_of(at(0))), (20, 20));
}

pub(crate) async fn one_of_many_refreshes_replaces_the_tokens(bed: &dyn Bed) {
    let (_, id) = a_connected_person(bed.store()).await;
    let (_, version) = bed.store().tokens(id).await.unwrap().unwrap();
    let answers = at_once(bed, 20, |n, store| async move {
        store.replace_tokens(id, version, tokens(&format!("key1:{n}"))).await.unwrap()
    });
    assert_eq!(answers.await.into_iter().filter(|replaced| *replaced).count(), 1);
    assert_eq!(bed.store().tokens(id).await.unwrap().unwrap().1, version + 1);
}

pub(crate) async fn a_trigger_in_the_moment_of_settling_is_not_lost(bed: &dyn Bed) {
    for _ in 0..20 {
        let (_, id) = a_connected_person(bed.store()).await;
        let claim = bed.store().claim(id, at(1), at(900), Uuid::new_v4()).await.unwrap();
        let lease = claim.unwrap().1;
        at_once(bed, 2, |n, store| async move {
            if n == 0 {
                return store.make_due(id, Priority::PersonWaiting, at(5)).await.unwrap();
            }
            let settlement =
                Settlement { due_at: Some(at(3_600)), complete: true, error: None, state: None };
            assert!(store.settle(lease, settlement, at(6)).await.unwrap());
        })
        .await;
        let connection = bed.store().connection(id).await.unwrap().unwrap();
        assert_eq!(connection.priority, Priority::PersonWaiting);
        assert!(connection.due_at.unwrap() <= at(5));
    }
}

pub(crate) async fn nothing_is_written_after_the_lease_was_taken(bed: &dyn Bed) {
    for _ in 0..20 {
        let (person, id) = a_connected_person(bed.store()).await;
        let claim = bed.store().claim(id, at(1), at(900), Uuid::new_v4()).await.unwrap();
        let lease = claim.unwrap().1;
        let outcome = at_once(bed, 2, |n, store| async move {
            if n == 0 {
                store.disconnect(id, at(2)).await.unwrap();
                let digest = store.digest(person).await.unwrap();
                return (Some(digest), None);
            }
            let writer = Writer { store: &*store, person, lease };
            let day = writer.closed(Metric::Steps, "2026-03-01", steps("2026-03-01", 10));
            let written = store.replace_days(lease, person, FITBIT, vec![day], at(3)).await;
            (None, Some(written))
        });
        let outcome = outcome.await;
        // Before or after, but never behind the back of whoever took the lease away.
        assert_eq!(bed.store().digest(person).await.unwrap(), outcome[0].0.unwrap());
        let written = outcome[1].1.as_ref().unwrap();
        let held = bed.store().samples(person, Metric::Steps, "2026-03-01".parse().unwrap()).await;
        assert_eq!(held.unwrap().len(), if written.is_ok() { 10 } else { 0 });
        assert!(matches!(written, Ok(_) | Err(StoreError::LeaseLost)), "{written:?}");
        let connection = bed.store().connection(id).await.unwrap().unwrap();
        assert_eq!(connection.state, ConnectionState::Disconnected);
    }
}
