use jiff::civil::{Date, date};
use phr_model::ConnectionId;
use phr_store::{
    connection::{Connection, Lease, Priority, Reach, Settlement},
    hook::{Answered, Heard, Hint},
};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{a_connected_person, at},
};

const EARLY: Date = date(2026, 10, 1);
const LATE: Date = date(2026, 11, 20);

async fn read(bed: &dyn Bed, id: ConnectionId) -> Connection {
    bed.store().connection(id).await.unwrap().unwrap()
}

/// A connection that is due at second 9,000, and whose it is at the vendor.
async fn a_connection(bed: &dyn Bed) -> (ConnectionId, String) {
    let (_, id) = a_connected_person(bed.store()).await;
    let lease = claim(bed, id, 0).await;
    settle(bed, lease, 9_000).await;
    (id, read(bed, id).await.vendor_user.unwrap())
}

async fn claim(bed: &dyn Bed, id: ConnectionId, second: i64) -> Lease {
    let claim = bed.store().claim(id, at(second), at(second + 300), Uuid::new_v4()).await.unwrap();
    claim.unwrap().1
}

async fn settle(bed: &dyn Bed, lease: Lease, due: i64) {
    let settlement = Settlement { due_at: Some(at(due)), complete: true, error: None, state: None };
    assert!(bed.store().settle(lease, settlement, at(1)).await.unwrap());
}

fn hint(user: &str, from: Option<Date>) -> Hint {
    Hint { vendor_user: user.to_owned(), from }
}

async fn hear(bed: &dyn Bed, user: &str, from: Option<Date>, second: i64) -> Heard {
    bed.store().hear("fitbit", &[hint(user, from)], at(second)).await.unwrap()
}

pub(crate) async fn a_hint_makes_its_connection_due(bed: &dyn Bed) {
    let (id, user) = a_connection(bed).await;
    let (other, _) = a_connection(bed).await;
    assert_eq!(hear(bed, &user, Some(LATE), 100).await, Heard { known: 1, unknown: 0 });
    let connection = read(bed, id).await;
    assert_eq!((connection.due_at, connection.priority), (Some(at(100)), Priority::Webhook));
    assert_eq!((connection.hooked.from, connection.hooked.last_at), (Some(LATE), Some(at(100))));
    assert_eq!(read(bed, other).await.due_at, Some(at(9_000)));
}

pub(crate) async fn wh_05_a_repeated_hint_is_one_due_connection(bed: &dyn Bed) {
    let (id, user) = a_connection(bed).await;
    let all: Vec<_> = (0..1_000).map(|_| hint(&user, Some(LATE))).collect();
    for second in 100..110 {
        bed.store().hear("fitbit", &all, at(second)).await.unwrap();
    }
    assert_eq!(read(bed, id).await.due_at, Some(at(100)), "the first one counts");
    let first =
        bed.store().claim_due(Reach::Everything, at(200), at(500), Uuid::new_v4()).await.unwrap();
    settle(bed, first.unwrap().1, 9_000).await;
    let second =
        bed.store().claim_due(Reach::Everything, at(300), at(600), Uuid::new_v4()).await.unwrap();
    assert!(second.is_none(), "it was due once");
}

pub(crate) async fn wh_08_a_hint_about_nobody_writes_nothing(bed: &dyn Bed) {
    let (id, user) = a_connection(bed).await;
    let before = read(bed, id).await;
    let hints = ["", "0", "1' or '1'='1", "%"].map(|stranger| hint(stranger, Some(EARLY)));
    let heard = bed.store().hear("fitbit", &hints, at(100)).await.unwrap();
    assert_eq!(heard, Heard { known: 0, unknown: 4 });
    let elsewhere = bed.store().hear("garmin", &[hint(&user, None)], at(100)).await.unwrap();
    assert_eq!(elsewhere, Heard { known: 0, unknown: 1 });
    assert_eq!(read(bed, id).await, before);
}

pub(crate) async fn a_hint_about_an_ended_connection_wakes_nobody(bed: &dyn Bed) {
    let (id, user) = a_connection(bed).await;
    bed.store().disconnect(id, at(50)).await.unwrap();
    assert_eq!(hear(bed, &user, None, 100).await, Heard { known: 0, unknown: 1 });
    assert_eq!(read(bed, id).await.due_at, None);
}

pub(crate) async fn the_earliest_hinted_date_is_kept_in_any_order(bed: &dyn Bed) {
    let (id, user) = a_connection(bed).await;
    for from in [None, Some(LATE), Some(EARLY), Some(LATE), None] {
        hear(bed, &user, from, 100).await;
    }
    assert_eq!(read(bed, id).await.hooked.from, Some(EARLY));
}

pub(crate) async fn a_hinted_date_is_forgotten_once_a_run_covered_it(bed: &dyn Bed) {
    let (id, user) = a_connection(bed).await;
    hear(bed, &user, Some(EARLY), 100).await;
    let lease = claim(bed, id, 110).await;
    let short = Answered { covered: Some(LATE), missed: false };
    assert!(bed.store().answer_hints(lease, short).await.unwrap());
    assert_eq!(read(bed, id).await.hooked.from, Some(EARLY), "the run did not reach it");
    let covered = Answered { covered: Some(EARLY), missed: false };
    assert!(bed.store().answer_hints(lease, covered).await.unwrap());
    assert_eq!(read(bed, id).await.hooked.from, None);
}

pub(crate) async fn a_hint_during_a_run_outlives_it(bed: &dyn Bed) {
    let (id, user) = a_connection(bed).await;
    hear(bed, &user, Some(EARLY), 100).await;
    let lease = claim(bed, id, 110).await;
    hear(bed, &user, Some(LATE), 120).await;
    let covered = Answered { covered: Some(EARLY), missed: false };
    bed.store().answer_hints(lease, covered).await.unwrap();
    settle(bed, lease, 9_000).await;
    let connection = read(bed, id).await;
    assert_eq!(connection.hooked.from, Some(EARLY), "it may have hinted at a day already passed");
    assert_eq!((connection.due_at, connection.priority), (Some(at(120)), Priority::Webhook));
}

pub(crate) async fn silence_is_counted_until_the_next_hint(bed: &dyn Bed) {
    let (id, user) = a_connection(bed).await;
    let lease = claim(bed, id, 100).await;
    let missed = Answered { covered: None, missed: true };
    for _ in 0..2 {
        bed.store().answer_hints(lease, missed).await.unwrap();
    }
    let stranger = Lease { token: Uuid::new_v4(), ..lease };
    assert!(!bed.store().answer_hints(stranger, missed).await.unwrap());
    assert_eq!(read(bed, id).await.hooked.missed, 2);
    hear(bed, &user, None, 110).await;
    assert_eq!(read(bed, id).await.hooked.missed, 0);
}
