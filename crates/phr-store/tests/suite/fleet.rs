use phr_store::{
    connection::{ConnectionState, Priority, Reach, Settlement, Work},
    fleet::{Due, Fleet},
    notice::Channel,
};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{a_connected_person, a_person, at},
};

/// A run of the next connection that is due, which fails or not.
async fn a_run(bed: &dyn Bed, second: i64, error: Option<&str>) {
    let until = at(second + 300);
    let claim = bed.store().claim_due(Reach::Everything, at(second), until, Uuid::new_v4()).await;
    let settlement = Settlement {
        due_at: Some(at(second + 3_600)),
        complete: error.is_none(),
        error: error.map(str::to_owned),
        state: None,
    };
    assert!(bed.store().settle(claim.unwrap().unwrap().1, settlement, at(second)).await.unwrap());
}

pub(crate) async fn an_empty_database_has_an_empty_fleet(bed: &dyn Bed) {
    assert_eq!(bed.store().fleet(at(0)).await.unwrap(), Fleet::default());
}

pub(crate) async fn connections_are_counted_by_state(bed: &dyn Bed) {
    let person = a_person(bed.store()).await;
    bed.store().select_vendor(person, "fitbit", at(0)).await.unwrap();
    for _ in 0..2 {
        a_connected_person(bed.store()).await;
    }
    let (_, ended) = a_connected_person(bed.store()).await;
    bed.store().disconnect(ended, at(1)).await.unwrap();
    let fleet = bed.store().fleet(at(5)).await.unwrap();
    let expected = [
        (ConnectionState::Active, 2),
        (ConnectionState::Disconnected, 1),
        (ConnectionState::Selected, 1),
    ];
    assert_eq!(fleet.states, expected);
    assert_eq!(fleet.revocations, 1);
    assert_eq!(fleet.oldest_complete, Some(at(0)), "never complete: since the consent");
    assert_eq!(fleet.newest_complete, None);
}

pub(crate) async fn what_is_due_is_told_by_kind_of_work(bed: &dyn Bed) {
    let (_, waiting) = a_connected_person(bed.store()).await;
    a_run(bed, 0, None).await;
    a_connected_person(bed.store()).await;
    bed.store().make_due(waiting, Priority::Webhook, at(50)).await.unwrap();
    let fleet = bed.store().fleet(at(60)).await.unwrap();
    assert_eq!(fleet.due.len(), 2);
    let webhook = Due { work: Work::Recent(Priority::Webhook), connections: 1, since: at(50) };
    assert!(fleet.due.contains(&webhook), "{fleet:?}");
    assert!(fleet.due.iter().any(|due| (due.connections, due.since) == (1, at(0))), "{fleet:?}");
    let earlier = bed.store().fleet(at(40)).await.unwrap();
    assert_eq!(earlier.due.len(), 1, "not due yet");
}

pub(crate) async fn what_is_being_worked_on_is_not_due_until_its_lease_lapses(bed: &dyn Bed) {
    a_connected_person(bed.store()).await;
    let claim = bed.store().claim_due(Reach::Everything, at(0), at(300), Uuid::new_v4()).await;
    assert!(claim.unwrap().is_some());
    let running = bed.store().fleet(at(299)).await.unwrap();
    assert_eq!((running.running, running.due.len(), running.lapsed_since), (1, 0, None));
    let lapsed = bed.store().fleet(at(400)).await.unwrap();
    assert_eq!((lapsed.running, lapsed.due.len(), lapsed.lapsed_since), (0, 1, Some(at(300))));
}

pub(crate) async fn failures_and_the_age_of_completeness_are_seen(bed: &dyn Bed) {
    a_connected_person(bed.store()).await;
    a_run(bed, 10, None).await;
    a_connected_person(bed.store()).await;
    a_run(bed, 20, None).await;
    a_run(bed, 3_700, Some("unavailable")).await;
    let fleet = bed.store().fleet(at(4_000)).await.unwrap();
    assert_eq!(fleet.failing, 1);
    assert_eq!(fleet.oldest_complete, Some(at(10)));
    assert_eq!(fleet.newest_complete, Some(at(20)));
}

pub(crate) async fn notices_that_wait_or_were_given_up_are_seen(bed: &dyn Bed) {
    bed.store().open_channels(&Channel::ALL).await.unwrap();
    a_connected_person(bed.store()).await;
    let waiting = bed.store().fleet(at(5)).await.unwrap();
    assert_eq!((waiting.untold_since, waiting.given_up), (Some(at(0)), 0));
    for notice in bed.store().claim_deliveries(at(5), at(65), 100).await.unwrap() {
        match notice.channel {
            channel @ Channel::Mail => bed.store().delivered(notice.id, channel).await.unwrap(),
            channel @ Channel::Webhook => {
                bed.store().give_up_delivery(notice.id, channel, "refused").await.unwrap();
            }
        }
    }
    let done = bed.store().fleet(at(10)).await.unwrap();
    assert_eq!((done.untold_since, done.given_up), (None, 1));
}
