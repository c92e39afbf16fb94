use std::collections::HashSet;

use futures_util::future::join_all;
use jiff::Timestamp;
use phr_model::{ConnectionId, Metric};
use phr_store::{
    connection::{ConnectionState, Settlement},
    notice::{Channel, Delivery, DeliveryState, NoticeKind},
};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{a_connected_person, a_writer, at, consent, weigh_in},
};

/// Everything that waits and is free at `second`, taken until a minute later.
async fn claim(bed: &dyn Bed, second: i64) -> Vec<Delivery> {
    bed.store().claim_deliveries(at(second), at(second + 60), 100).await.unwrap()
}

async fn kinds(bed: &dyn Bed, second: i64) -> Vec<NoticeKind> {
    claim(bed, second).await.into_iter().map(|delivery| delivery.kind).collect()
}

async fn open(bed: &dyn Bed, channels: &[Channel]) {
    bed.store().open_channels(channels).await.unwrap();
}

fn failed(code: &str) -> Settlement {
    let (due_at, error) = (Some(at(0)), Some(code.to_owned()));
    Settlement { due_at, complete: false, error, state: None }
}

fn complete() -> Settlement {
    Settlement { due_at: Some(at(0)), complete: true, error: None, state: None }
}

fn dead() -> Settlement {
    let state = Some(ConnectionState::ReconnectNeeded);
    Settlement { due_at: None, state, ..failed("grant_withdrawn") }
}

/// A run that ends at `now`.
async fn run(bed: &dyn Bed, id: ConnectionId, settlement: Settlement, now: Timestamp) {
    let until = now + jiff::SignedDuration::from_mins(5);
    let claim = bed.store().claim(id, now, until, Uuid::new_v4()).await.unwrap();
    assert!(bed.store().settle(claim.unwrap().1, settlement, now).await.unwrap());
}

pub(crate) async fn connecting_tells_through_every_channel(bed: &dyn Bed) {
    open(bed, &Channel::ALL).await;
    let (person, connection) = a_connected_person(bed.store()).await;
    let told = claim(bed, 0).await;
    assert_eq!(told.len(), 2);
    for delivery in &told {
        assert_eq!((delivery.kind, delivery.person), (NoticeKind::Connected, person));
        assert_eq!(delivery.connection, Some(connection));
        assert_eq!((&*delivery.facts.vendor, delivery.attempts), ("fitbit", 1));
        assert!(delivery.email.ends_with("@example.org"));
    }
    assert_eq!(told.iter().map(|delivery| delivery.id).collect::<HashSet<_>>().len(), 1);
}

pub(crate) async fn without_channels_nothing_is_written(bed: &dyn Bed) {
    a_connected_person(bed.store()).await;
    open(bed, &Channel::ALL).await;
    assert_eq!(kinds(bed, 0).await, []);
}

pub(crate) async fn one_dead_grant_is_one_notice(bed: &dyn Bed) {
    let (person, id) = a_connected_person(bed.store()).await;
    open(bed, &[Channel::Mail]).await;
    run(bed, id, dead(), at(10)).await;
    assert!(bed.store().claim(id, at(20), at(30), Uuid::new_v4()).await.unwrap().is_none());
    let told = claim(bed, 20).await;
    let [notice] = &told[..] else { panic!("{} notices", told.len()) };
    assert_eq!(notice.kind, NoticeKind::ReconnectNeeded);
    assert_eq!(notice.facts.reason.as_deref(), Some("grant_withdrawn"));
    bed.store().delivered(notice.id, notice.channel).await.unwrap();
    bed.store().link(id, consent(&person.to_string()), at(30)).await.unwrap();
    assert_eq!(kinds(bed, 40).await, [NoticeKind::Connected]);
}

pub(crate) async fn a_lost_lease_tells_nothing(bed: &dyn Bed) {
    let (_, id) = a_connected_person(bed.store()).await;
    open(bed, &Channel::ALL).await;
    let claim = bed.store().claim(id, at(0), at(60), Uuid::new_v4()).await.unwrap();
    let (_, lost) = claim.unwrap();
    run(bed, id, complete(), at(60)).await;
    assert!(!bed.store().settle(lost, dead(), at(70)).await.unwrap());
    assert_eq!(kinds(bed, 80).await, []);
}

pub(crate) async fn a_day_of_failures_is_told_once_and_so_is_its_end(bed: &dyn Bed) {
    const HOUR: i64 = 3_600;
    let (_, id) = a_connected_person(bed.store()).await;
    open(bed, &[Channel::Mail]).await;
    for hour in 0..24 {
        run(bed, id, failed("unavailable"), at(hour * HOUR)).await;
    }
    assert_eq!(kinds(bed, 24 * HOUR - 1).await, []);
    for hour in 24..30 {
        run(bed, id, failed("unavailable"), at(hour * HOUR)).await;
    }
    let told = claim(bed, 30 * HOUR).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, NoticeKind::FailingForADay);
    assert_eq!(told[0].facts.reason.as_deref(), Some("unavailable"));
    bed.store().delivered(told[0].id, Channel::Mail).await.unwrap();
    run(bed, id, complete(), at(31 * HOUR)).await;
    run(bed, id, complete(), at(32 * HOUR)).await;
    assert_eq!(kinds(bed, 33 * HOUR).await, [NoticeKind::Recovered]);
}

pub(crate) async fn a_failure_that_passes_is_not_told(bed: &dyn Bed) {
    const HOUR: i64 = 3_600;
    let (_, id) = a_connected_person(bed.store()).await;
    open(bed, &[Channel::Mail]).await;
    run(bed, id, failed("unavailable"), at(0)).await;
    run(bed, id, complete(), at(23 * HOUR)).await;
    run(bed, id, failed("unavailable"), at(25 * HOUR)).await;
    run(bed, id, complete(), at(26 * HOUR)).await;
    assert_eq!(kinds(bed, 27 * HOUR).await, []);
}

pub(crate) async fn changes_of_readings_coalesce(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    open(bed, &Channel::ALL).await;
    let day = |kilograms| {
        let samples = vec![weigh_in("2026-03-09T07:00:00Z", kilograms)];
        writer.closed(Metric::BodyWeight, "2026-03-09", samples)
    };
    writer.write(vec![day(60)]).await;
    writer.write(vec![day(61)]).await;
    writer.write(vec![day(61)]).await;
    let told = claim(bed, 70).await;
    let [notice] = &told[..] else { panic!("{} notices", told.len()) };
    assert_eq!((notice.kind, notice.channel), (NoticeKind::DataChanged, Channel::Webhook));
    // It is being sent: what changes now may come too late for it.
    writer.write_at(vec![day(62)], at(80)).await;
    writer.write_at(vec![day(63)], at(81)).await;
    assert_eq!(kinds(bed, 82).await, [NoticeKind::DataChanged]);
}

pub(crate) async fn of_many_deliverers_each_gets_others(bed: &dyn Bed) {
    open(bed, &Channel::ALL).await;
    for _ in 0..10 {
        a_connected_person(bed.store()).await;
    }
    let other = bed.another().await;
    let claimers = (0..10).map(|n| {
        let store = if n % 2 == 0 { bed.shared() } else { other.clone() };
        tokio::spawn(async move { store.claim_deliveries(at(1), at(61), 3).await.unwrap() })
    });
    let claims = join_all(claimers).await.into_iter().flat_map(Result::unwrap);
    let claims: Vec<_> = claims.map(|delivery| (delivery.id, delivery.channel)).collect();
    assert_eq!(claims.len(), 20);
    assert_eq!(claims.into_iter().collect::<HashSet<_>>().len(), 20, "each once");
}

pub(crate) async fn a_delivery_is_tried_until_it_is_done(bed: &dyn Bed) {
    open(bed, &[Channel::Webhook]).await;
    a_connected_person(bed.store()).await;
    let first = claim(bed, 0).await.remove(0);
    assert_eq!(kinds(bed, 59).await, [], "somebody delivers it");
    let again = claim(bed, 60).await.remove(0);
    assert_eq!((again.id, again.attempts), (first.id, 2), "a crash loses nothing");
    bed.store().postpone_delivery(again.id, again.channel, at(500), "timeout").await.unwrap();
    assert_eq!(kinds(bed, 499).await, []);
    let third = claim(bed, 500).await.remove(0);
    assert_eq!((third.attempts, third.error.as_deref()), (3, Some("timeout")));
    bed.store().delivered(third.id, third.channel).await.unwrap();
    assert_eq!(kinds(bed, 9_000).await, []);
    assert_eq!(bed.store().open_deliveries(10).await.unwrap(), []);
}

pub(crate) async fn what_was_given_up_can_be_tried_again(bed: &dyn Bed) {
    open(bed, &[Channel::Mail]).await;
    a_connected_person(bed.store()).await;
    let delivery = claim(bed, 0).await.remove(0);
    bed.store().give_up_delivery(delivery.id, delivery.channel, "refused").await.unwrap();
    assert_eq!(kinds(bed, 9_000).await, []);
    let open = bed.store().open_deliveries(10).await.unwrap();
    assert_eq!((open[0].state, open[0].error.as_deref()), (DeliveryState::Failed, Some("refused")));
    assert_eq!(bed.store().retry_deliveries(at(9_000)).await.unwrap(), 1);
    assert_eq!(claim(bed, 9_000).await[0].attempts, 1);
}

pub(crate) async fn a_channel_that_is_gone_gets_nothing_more(bed: &dyn Bed) {
    open(bed, &Channel::ALL).await;
    a_connected_person(bed.store()).await;
    bed.store().close_channel(Channel::Webhook).await.unwrap();
    a_connected_person(bed.store()).await;
    let told = claim(bed, 1).await;
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|delivery| delivery.channel == Channel::Mail));
    open(bed, &Channel::ALL).await;
    a_connected_person(bed.store()).await;
    assert_eq!(kinds(bed, 2).await.len(), 2);
}

pub(crate) async fn old_notices_are_forgotten_unless_they_wait(bed: &dyn Bed) {
    open(bed, &[Channel::Mail]).await;
    a_connected_person(bed.store()).await;
    assert_eq!(bed.store().forget_notices(at(100)).await.unwrap(), 0);
    let delivery = claim(bed, 0).await.remove(0);
    bed.store().delivered(delivery.id, delivery.channel).await.unwrap();
    assert_eq!(bed.store().forget_notices(at(0)).await.unwrap(), 0);
    assert_eq!(bed.store().forget_notices(at(100)).await.unwrap(), 1);
}
