use jiff::Timestamp;
use phr_model::{ConnectionId, Metric};
use phr_store::{
    backfill::{AsideSettlement, Plan, Wish},
    connection::{Connection, ConnectionState, Lease, Priority, Reach, Settlement, Work},
    notice::{Channel, NoticeKind},
};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{a_connected_person, a_person, at, day},
};

async fn claim_due(bed: &dyn Bed, second: i64) -> Option<Lease> {
    claim_for(bed, Reach::Everything, second).await.map(|(lease, _)| lease)
}

async fn claim_for(bed: &dyn Bed, reach: Reach, second: i64) -> Option<(Lease, Work)> {
    let claim = bed.store().claim_due(reach, at(second), at(second + 300), Uuid::new_v4()).await;
    claim.unwrap().map(|(_, lease, work)| (lease, work))
}

async fn settle(bed: &dyn Bed, lease: Lease, due_at: Option<Timestamp>, second: i64) -> bool {
    let settlement = Settlement { due_at, complete: true, error: None, state: None };
    bed.store().settle(lease, settlement, at(second)).await.unwrap()
}

async fn read(bed: &dyn Bed, id: ConnectionId) -> Connection {
    bed.store().connection(id).await.unwrap().unwrap()
}

/// A connection that is due next at `second`.
async fn due(bed: &dyn Bed, second: i64) -> ConnectionId {
    let (_, id) = a_connected_person(bed.store()).await;
    let claim = bed.store().claim(id, at(0), at(300), Uuid::new_v4()).await.unwrap();
    assert!(settle(bed, claim.unwrap().1, Some(at(second)), 1).await);
    id
}

pub(crate) async fn a_connection_that_is_due_is_claimed_once(bed: &dyn Bed) {
    let id = due(bed, 100).await;
    assert_eq!(claim_due(bed, 99).await, None);
    let lease = claim_due(bed, 100).await.unwrap();
    assert_eq!(lease.connection, id);
    assert_eq!(claim_due(bed, 101).await, None);
    assert!(settle(bed, lease, Some(at(500)), 110).await);
    assert_eq!(claim_due(bed, 499).await, None);
    assert!(claim_due(bed, 500).await.is_some());
}

pub(crate) async fn of_many_claimers_one_wins(bed: &dyn Bed) {
    due(bed, 100).await;
    let other_process = bed.another().await;
    let claimers = (0..20).map(|n| {
        let store = if n % 2 == 0 { bed.shared() } else { other_process.clone() };
        tokio::spawn(async move {
            store.claim_due(Reach::Everything, at(100), at(400), Uuid::new_v4()).await.unwrap()
        })
    });
    let answers = futures_util::future::join_all(claimers).await;
    assert_eq!(answers.into_iter().filter(|answer| answer.as_ref().unwrap().is_some()).count(), 1);
}

pub(crate) async fn the_most_urgent_goes_first(bed: &dyn Bed) {
    let routine = due(bed, 100).await;
    let webhook = due(bed, 9_000).await;
    let waiting = due(bed, 9_000).await;
    bed.store().make_due(webhook, Priority::Webhook, at(110)).await.unwrap();
    bed.store().make_due(waiting, Priority::PersonWaiting, at(120)).await.unwrap();
    let mut order = Vec::new();
    while let Some(lease) = claim_due(bed, 200).await {
        order.push(lease.connection);
    }
    assert_eq!(order, [waiting, webhook, routine]);
}

pub(crate) async fn a_lapsed_lease_is_claimed_anew(bed: &dyn Bed) {
    due(bed, 100).await;
    let crashed = claim_due(bed, 100).await.unwrap();
    assert_eq!(claim_due(bed, 399).await, None);
    let next = claim_due(bed, 400).await.unwrap();
    assert_eq!(next.connection, crashed.connection);
    assert_ne!(next.token, crashed.token);
    assert!(!settle(bed, crashed, None, 410).await, "somebody else works on it");
    assert!(settle(bed, next, None, 420).await);
}

pub(crate) async fn what_is_not_active_is_not_claimed(bed: &dyn Bed) {
    let person = a_person(bed.store()).await;
    let selected = bed.store().select_vendor(person, "fitbit", at(0)).await.unwrap().id;
    let disconnected = due(bed, 100).await;
    bed.store().disconnect(disconnected, at(50)).await.unwrap();
    for id in [selected, disconnected] {
        bed.store().make_due(id, Priority::PersonWaiting, at(60)).await.unwrap();
        assert_eq!(read(bed, id).await.due_at, None);
        assert!(bed.store().claim(id, at(60), at(90), Uuid::new_v4()).await.unwrap().is_none());
    }
    assert_eq!(claim_due(bed, 200).await, None);
}

pub(crate) async fn a_connection_can_be_claimed_before_it_is_due(bed: &dyn Bed) {
    let id = due(bed, 9_000).await;
    let token = Uuid::new_v4();
    let (connection, lease) =
        bed.store().claim(id, at(100), at(400), token).await.unwrap().unwrap();
    assert_eq!((connection.id, lease), (id, Lease { connection: id, token }));
    assert!(bed.store().claim(id, at(399), at(700), token).await.unwrap().is_none());
    assert!(bed.store().claim(id, at(400), at(700), token).await.unwrap().is_some());
    let nowhere = ConnectionId(Uuid::new_v4());
    assert!(bed.store().claim(nowhere, at(0), at(9), token).await.unwrap().is_none());
}

pub(crate) async fn triggers_coalesce(bed: &dyn Bed) {
    let id = due(bed, 9_000).await;
    bed.store().make_due(id, Priority::Webhook, at(100)).await.unwrap();
    bed.store().make_due(id, Priority::Routine, at(110)).await.unwrap();
    let connection = read(bed, id).await;
    assert_eq!((connection.due_at, connection.priority), (Some(at(100)), Priority::Webhook));
}

pub(crate) async fn a_trigger_during_a_run_survives_settling(bed: &dyn Bed) {
    let id = due(bed, 100).await;
    let lease = claim_due(bed, 100).await.unwrap();
    bed.store().make_due(id, Priority::Routine, at(110)).await.unwrap();
    bed.store().make_due(id, Priority::Webhook, at(120)).await.unwrap();
    assert!(settle(bed, lease, Some(at(9_000)), 130).await);
    let connection = read(bed, id).await;
    assert_eq!((connection.due_at, connection.priority), (Some(at(110)), Priority::Webhook));

    let lease = claim_due(bed, 140).await.unwrap();
    assert!(settle(bed, lease, Some(at(9_000)), 150).await);
    let connection = read(bed, id).await;
    assert_eq!((connection.due_at, connection.priority), (Some(at(9_000)), Priority::Routine));
}

pub(crate) async fn a_lease_is_extended_only_by_its_holder(bed: &dyn Bed) {
    due(bed, 100).await;
    let lease = claim_due(bed, 100).await.unwrap();
    assert!(bed.store().extend_lease(lease, at(1_000)).await.unwrap());
    assert_eq!(claim_due(bed, 999).await, None);
    let stranger = Lease { token: Uuid::new_v4(), ..lease };
    assert!(!bed.store().extend_lease(stranger, at(2_000)).await.unwrap());
    assert!(claim_due(bed, 1_000).await.is_some());
    assert!(!bed.store().extend_lease(lease, at(2_000)).await.unwrap());
}

pub(crate) async fn failures_are_counted_until_a_success(bed: &dyn Bed) {
    let id = due(bed, 0).await;
    for attempt in 1..=2 {
        let lease = claim_due(bed, 10).await.unwrap();
        let failed = Settlement {
            due_at: Some(at(0)),
            complete: false,
            error: Some("rate_limited".to_owned()),
            state: None,
        };
        assert!(bed.store().settle(lease, failed, at(20)).await.unwrap());
        let connection = read(bed, id).await;
        assert_eq!((connection.attempts, connection.last_run_at), (attempt, Some(at(20))));
        assert_eq!(connection.last_error.as_deref(), Some("rate_limited"));
        assert_eq!(connection.last_complete_at, Some(at(1)));
    }
    let lease = claim_due(bed, 30).await.unwrap();
    assert!(settle(bed, lease, Some(at(600)), 40).await);
    let connection = read(bed, id).await;
    assert_eq!((connection.attempts, connection.last_error), (0, None));
    assert_eq!(connection.last_complete_at, Some(at(40)));
}

pub(crate) async fn a_run_can_end_the_grant(bed: &dyn Bed) {
    let id = due(bed, 100).await;
    let lease = claim_due(bed, 100).await.unwrap();
    bed.store().make_due(id, Priority::Webhook, at(110)).await.unwrap();
    let settlement = Settlement {
        due_at: Some(at(200)),
        complete: false,
        error: Some("reconnect_needed".to_owned()),
        state: Some(ConnectionState::ReconnectNeeded),
    };
    assert!(bed.store().settle(lease, settlement, at(120)).await.unwrap());
    let connection = read(bed, id).await;
    assert_eq!((connection.state, connection.due_at), (ConnectionState::ReconnectNeeded, None));
    assert!(bed.store().disconnect(id, at(130)).await.unwrap());
}

pub(crate) async fn a_lost_lease_settles_nothing(bed: &dyn Bed) {
    let id = due(bed, 100).await;
    let lease = claim_due(bed, 100).await.unwrap();
    let before = read(bed, id).await;
    let stranger = Lease { token: Uuid::new_v4(), ..lease };
    assert!(!settle(bed, stranger, None, 110).await);
    assert_eq!(read(bed, id).await, before);
    assert!(settle(bed, lease, None, 120).await);
    assert!(!settle(bed, lease, None, 130).await, "given back already");
    assert_eq!(read(bed, id).await.due_at, None);
}

pub(crate) async fn disconnecting_takes_the_lease_away(bed: &dyn Bed) {
    let id = due(bed, 100).await;
    let lease = claim_due(bed, 100).await.unwrap();
    bed.store().disconnect(id, at(110)).await.unwrap();
    assert!(!settle(bed, lease, Some(at(200)), 120).await);
    let connection = read(bed, id).await;
    assert_eq!((connection.state, connection.due_at), (ConnectionState::Disconnected, None));
}

fn wish(from: &str) -> Wish {
    Wish { from: day(from), metrics: vec![Metric::Steps] }
}

fn history(claimed_due_at: i64, due_at: Option<i64>) -> AsideSettlement {
    let claimed_due_at = Some(at(claimed_due_at));
    AsideSettlement::History { claimed_due_at, due_at: due_at.map(at), attempts: 0 }
}

pub(crate) async fn recent_days_go_before_the_audit_and_that_before_history(bed: &dyn Bed) {
    let (recent, audit, old) = (due(bed, 100).await, due(bed, 9_000).await, due(bed, 9_000).await);
    bed.store().begin_backfill(old, wish("2020-01-01"), at(10)).await.unwrap();
    let lease = bed.store().claim(audit, at(20), at(30), Uuid::new_v4()).await.unwrap().unwrap().1;
    let plan = Plan { audit_due_at: Some(at(50)), ..Plan::default() };
    bed.store().plan(lease, plan).await.unwrap();
    assert!(settle(bed, lease, Some(at(9_000)), 30).await);
    let mut order = Vec::new();
    while let Some((lease, work)) = claim_for(bed, Reach::Everything, 200).await {
        order.push((lease.connection, work));
    }
    let routine = Work::Recent(Priority::Routine);
    assert_eq!(order, [(recent, routine), (audit, Work::Audit), (old, Work::History)]);
}

pub(crate) async fn a_claim_for_recent_days_only_leaves_older_ones_alone(bed: &dyn Bed) {
    let id = due(bed, 9_000).await;
    bed.store().begin_backfill(id, wish("2020-01-01"), at(10)).await.unwrap();
    assert_eq!(claim_for(bed, Reach::RecentOnly, 100).await, None);
    assert!(claim_for(bed, Reach::Everything, 100).await.is_some());
}

pub(crate) async fn settling_one_kind_leaves_the_others_due(bed: &dyn Bed) {
    let id = due(bed, 500).await;
    bed.store().begin_backfill(id, wish("2020-01-01"), at(10)).await.unwrap();
    let (lease, work) = claim_for(bed, Reach::Everything, 100).await.unwrap();
    assert_eq!(work, Work::History);
    assert!(bed.store().settle_aside(lease, history(400, Some(130)), None, at(400)).await.unwrap());
    let connection = read(bed, id).await;
    assert_eq!((connection.due_at, connection.history_due_at), (Some(at(500)), Some(at(130))));
    assert_eq!((connection.last_run_at, connection.last_complete_at), (Some(at(1)), Some(at(1))));

    let (lease, work) = claim_for(bed, Reach::Everything, 600).await.unwrap();
    assert_eq!(work, Work::Recent(Priority::Routine));
    assert!(settle(bed, lease, Some(at(4_200)), 610).await);
    assert_eq!(read(bed, id).await.history_due_at, Some(at(130)));
}

pub(crate) async fn a_trigger_during_older_work_stays_due(bed: &dyn Bed) {
    let id = due(bed, 9_000).await;
    bed.store().begin_backfill(id, wish("2020-01-01"), at(10)).await.unwrap();
    let (lease, _) = claim_for(bed, Reach::Everything, 100).await.unwrap();
    let claimed = Some(at(400));
    assert!(bed.store().may_go_on(lease, claimed, at(110)).await.unwrap());
    bed.store().make_due(id, Priority::Webhook, at(120)).await.unwrap();
    assert!(!bed.store().may_go_on(lease, claimed, at(120)).await.unwrap());
    assert!(bed.store().settle_aside(lease, history(400, None), None, at(400)).await.unwrap());
    let connection = read(bed, id).await;
    assert_eq!((connection.due_at, connection.priority), (Some(at(120)), Priority::Webhook));
    assert_eq!(connection.history_due_at, None);
}

pub(crate) async fn a_request_during_a_turn_stays_due(bed: &dyn Bed) {
    let id = due(bed, 9_000).await;
    bed.store().begin_backfill(id, wish("2020-01-01"), at(10)).await.unwrap();
    let (lease, _) = claim_for(bed, Reach::Everything, 100).await.unwrap();
    bed.store().begin_backfill(id, wish("2019-01-01"), at(120)).await.unwrap();
    assert!(!bed.store().may_go_on(lease, Some(at(400)), at(121)).await.unwrap());
    assert!(bed.store().settle_aside(lease, history(400, None), None, at(400)).await.unwrap());
    assert_eq!(read(bed, id).await.history_due_at, Some(at(120)));
}

pub(crate) async fn older_work_of_a_dead_process_is_due_when_its_lease_lapses(bed: &dyn Bed) {
    let id = due(bed, 9_000).await;
    bed.store().begin_backfill(id, wish("2020-01-01"), at(10)).await.unwrap();
    let (crashed, _) = claim_for(bed, Reach::Everything, 100).await.unwrap();
    assert_eq!(claim_for(bed, Reach::Everything, 399).await, None);
    let (next, work) = claim_for(bed, Reach::Everything, 400).await.unwrap();
    assert_eq!((next.connection, work), (id, Work::History));
    assert!(!bed.store().settle_aside(crashed, history(400, None), None, at(400)).await.unwrap());
}

pub(crate) async fn older_work_gives_way_to_a_person_who_waits(bed: &dyn Bed) {
    let id = due(bed, 9_000).await;
    assert!(!bed.store().reserve(id, at(5), at(9)).await.unwrap(), "nobody works on it");
    bed.store().begin_backfill(id, wish("2020-01-01"), at(10)).await.unwrap();
    let (aside, _) = claim_for(bed, Reach::Everything, 100).await.unwrap();
    assert!(bed.store().claim(id, at(110), at(410), Uuid::new_v4()).await.unwrap().is_none());
    assert!(bed.store().reserve(id, at(110), at(115)).await.unwrap());
    assert!(!bed.store().may_go_on(aside, Some(at(400)), at(110)).await.unwrap());
    assert!(bed.store().settle_aside(aside, history(400, Some(111)), None, at(400)).await.unwrap());
    bed.store().make_due(id, Priority::PersonWaiting, at(111)).await.unwrap();
    assert_eq!(claim_for(bed, Reach::Everything, 112).await, None, "it is reserved");
    let claim = bed.store().claim(id, at(112), at(412), Uuid::new_v4()).await.unwrap();
    assert!(!bed.store().reserve(id, at(113), at(118)).await.unwrap(), "recent work stays");
    assert!(settle(bed, claim.unwrap().1, Some(at(4_000)), 120).await);
    assert!(claim_for(bed, Reach::Everything, 121).await.is_some());
}

pub(crate) async fn a_reservation_of_somebody_who_went_away_lapses(bed: &dyn Bed) {
    let id = due(bed, 9_000).await;
    bed.store().begin_backfill(id, wish("2020-01-01"), at(10)).await.unwrap();
    let (aside, _) = claim_for(bed, Reach::Everything, 100).await.unwrap();
    assert!(bed.store().reserve(id, at(110), at(115)).await.unwrap());
    assert!(bed.store().settle_aside(aside, history(400, Some(111)), None, at(400)).await.unwrap());
    assert_eq!(claim_for(bed, Reach::Everything, 114).await, None);
    assert!(claim_for(bed, Reach::Everything, 115).await.is_some());
}

pub(crate) async fn older_work_can_end_the_grant(bed: &dyn Bed) {
    let id = due(bed, 500).await;
    bed.store().begin_backfill(id, wish("2020-01-01"), at(10)).await.unwrap();
    let (lease, _) = claim_for(bed, Reach::Everything, 100).await.unwrap();
    bed.store().open_channels(&[Channel::Mail]).await.unwrap();
    let ended = Some((ConnectionState::ReconnectNeeded, "grant_withdrawn".to_owned()));
    assert!(
        bed.store().settle_aside(lease, history(400, Some(130)), ended, at(400)).await.unwrap()
    );
    let connection = read(bed, id).await;
    assert_eq!((connection.state, connection.due_at), (ConnectionState::ReconnectNeeded, None));
    assert_eq!(claim_for(bed, Reach::Everything, 9_000).await, None);
    let told = bed.store().open_deliveries(9).await.unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].kind, NoticeKind::ReconnectNeeded);
}

pub(crate) async fn a_plan_fills_in_only_what_is_missing(bed: &dyn Bed) {
    let id = due(bed, 500).await;
    let lease = bed.store().claim(id, at(20), at(90), Uuid::new_v4()).await.unwrap().unwrap().1;
    let plan = Plan {
        kept_from: Some(day("2026-03-01")),
        audit_due_at: Some(at(1_000)),
        history_due_at: None,
    };
    bed.store().plan(lease, plan).await.unwrap();
    let later = Plan {
        kept_from: Some(day("2026-03-05")),
        audit_due_at: Some(at(2_000)),
        history_due_at: Some(at(40)),
    };
    bed.store().plan(lease, later).await.unwrap();
    bed.store().remember_membership(id, day("2020-05-05")).await.unwrap();
    let stranger = Lease { token: Uuid::new_v4(), ..lease };
    let earlier = Plan { kept_from: Some(day("2026-01-01")), ..Plan::default() };
    bed.store().plan(stranger, earlier).await.unwrap();
    let connection = read(bed, id).await;
    assert_eq!(connection.kept_from, Some(day("2026-03-01")));
    assert_eq!(connection.member_since, Some(day("2020-05-05")));
    assert_eq!(connection.audit_due_at, Some(at(1_000)));
    assert_eq!(connection.history_due_at, Some(at(40)));
    bed.store().plan(lease, earlier).await.unwrap();
    assert_eq!(read(bed, id).await.kept_from, Some(day("2026-01-01")));
}
