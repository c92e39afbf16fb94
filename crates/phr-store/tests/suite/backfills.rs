//! Requests for history.

use jiff::civil::Date;
use phr_model::{ConnectionId, CoverageState, DateRange, Metric};
use phr_store::backfill::{Backfill, BackfillState, Steer, Turn, Wish};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{a_connected_person, a_writer, at, day, steps},
};

fn wish(from: &str, metrics: &[Metric]) -> Wish {
    Wish { from: day(from), metrics: metrics.to_vec() }
}

async fn requested(bed: &dyn Bed, from: &str, second: i64) -> ConnectionId {
    let (_, id) = a_connected_person(bed.store()).await;
    bed.store().begin_backfill(id, wish(from, &[Metric::Steps]), at(second)).await.unwrap();
    id
}

async fn read(bed: &dyn Bed, id: ConnectionId) -> Backfill {
    bed.store().backfill(id).await.unwrap().unwrap()
}

fn turn(requested_at: i64, days_settled: u32, done: bool) -> Turn {
    let (requested_at, begun_at) = (at(requested_at), at(requested_at + 5));
    Turn { requested_at, begun_at, days_settled, error: None, done }
}

pub(crate) async fn the_latest_request_takes_the_place_of_the_one_before(bed: &dyn Bed) {
    let id = requested(bed, "2024-01-01", 10).await;
    bed.store().record_turn(id, turn(10, 14, false), at(20)).await.unwrap();
    let metrics = [Metric::Steps, Metric::BodyWeight];
    bed.store().begin_backfill(id, wish("2020-02-29", &metrics), at(30)).await.unwrap();
    let expected = Backfill {
        connection: id,
        from: day("2020-02-29"),
        metrics: metrics.to_vec(),
        state: BackfillState::Running,
        requested_at: at(30),
        updated_at: at(30),
        begun_at: None,
        days_settled: 0,
        last_error: None,
    };
    assert_eq!(read(bed, id).await, expected);
    let nobody = ConnectionId(Uuid::new_v4());
    assert_eq!(bed.store().backfill(nobody).await.unwrap(), None);
}

pub(crate) async fn the_first_request_takes_nobodys_place(bed: &dyn Bed) {
    let (_, id) = a_connected_person(bed.store()).await;
    for (from, second) in [("2026-01-01", 10), ("2020-01-01", 20)] {
        let first = wish(from, &[Metric::Steps]);
        bed.store().begin_first_backfill(id, first, at(second)).await.unwrap();
    }
    let held = read(bed, id).await;
    assert_eq!((held.from, held.requested_at), (day("2026-01-01"), at(10)));
    let connection = bed.store().connection(id).await.unwrap().unwrap();
    assert_eq!(connection.history_due_at, Some(at(10)));
}

pub(crate) async fn a_request_is_paused_resumed_and_cancelled(bed: &dyn Bed) {
    let id = requested(bed, "2024-01-01", 10).await;
    bed.store().record_turn(id, turn(10, 14, false), at(20)).await.unwrap();
    let steps = [
        (Steer::Pause, BackfillState::Paused),
        (Steer::Resume, BackfillState::Running),
        (Steer::Pause, BackfillState::Paused),
        (Steer::Cancel, BackfillState::Cancelled),
    ];
    for (n, (steer, state)) in (0..).zip(steps) {
        let now = at(100 + n);
        let steered = bed.store().steer_backfill(id, steer, now).await.unwrap().unwrap();
        assert_eq!((steered.state, steered.updated_at), (state, now));
        let connection = bed.store().connection(id).await.unwrap().unwrap();
        assert_eq!(connection.history_due_at, Some(now), "a turn under way must see it");
    }
    assert_eq!(read(bed, id).await.days_settled, 0, "the estimate begins anew after a pause");
}

pub(crate) async fn what_the_state_does_not_allow_changes_nothing(bed: &dyn Bed) {
    let id = requested(bed, "2024-01-01", 10).await;
    bed.store().steer_backfill(id, Steer::Cancel, at(20)).await.unwrap();
    let before = read(bed, id).await;
    for steer in [Steer::Pause, Steer::Resume, Steer::Cancel] {
        bed.store().steer_backfill(id, steer, at(30)).await.unwrap();
    }
    bed.store().record_turn(id, turn(10, 14, true), at(40)).await.unwrap();
    assert_eq!(read(bed, id).await, before);
    let (_, other) = a_connected_person(bed.store()).await;
    assert_eq!(bed.store().steer_backfill(other, Steer::Pause, at(30)).await.unwrap(), None);
}

pub(crate) async fn a_turn_is_noted_on_its_own_request_only(bed: &dyn Bed) {
    let id = requested(bed, "2024-01-01", 10).await;
    bed.store().record_turn(id, turn(9, 14, true), at(20)).await.unwrap();
    assert_eq!(read(bed, id).await.days_settled, 0);
    let failed = Turn { error: Some("unavailable".to_owned()), ..turn(10, 3, false) };
    bed.store().record_turn(id, failed, at(30)).await.unwrap();
    bed.store().record_turn(id, turn(10, 4, false), at(40)).await.unwrap();
    let held = read(bed, id).await;
    assert_eq!((held.begun_at, held.days_settled), (Some(at(15)), 7));
    assert_eq!((held.state, held.last_error), (BackfillState::Running, None));
    bed.store().record_turn(id, turn(10, 0, true), at(50)).await.unwrap();
    assert_eq!(read(bed, id).await.state, BackfillState::Done);
}

pub(crate) async fn known_days_are_those_of_the_metric(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    for date in ["2026-03-01", "2026-03-03", "2026-03-09"] {
        writer.write(vec![writer.closed(Metric::Steps, date, steps(date, 3))]).await;
    }
    writer.write(vec![writer.closed(Metric::Distance, "2026-03-02", Vec::new())]).await;
    let days = DateRange { first: day("2026-03-02"), last: day("2026-03-31") };
    let known = bed.store().known_days(writer.person, Metric::Steps, days).await.unwrap();
    let dates: Vec<Date> = known.iter().map(|known| known.date).collect();
    assert_eq!(dates, [day("2026-03-03"), day("2026-03-09")]);
    assert!(known.iter().all(|known| known.read_closed && known.reason.is_none()));
    assert!(known.iter().all(|known| known.state == CoverageState::Complete));
}
