use phr_model::ConnectionId;
use phr_store::run::{MOST_RUNS, SyncRun};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{a_person, at},
};

async fn a_run(bed: &dyn Bed) -> SyncRun {
    SyncRun {
        id: Uuid::new_v4(),
        connection: ConnectionId(Uuid::new_v4()),
        person: a_person(bed.store()).await,
        work: "audit".to_owned(),
        started_at: at(0),
        finished_at: at(5),
        outcome: "partial".to_owned(),
        error: Some("unavailable".to_owned()),
        report: r#"{"steps":{"compared":14}}"#.to_owned(),
    }
}

pub(crate) async fn runs_are_listed_newest_first(bed: &dyn Bed) {
    let first = a_run(bed).await;
    let second = SyncRun { id: Uuid::new_v4(), started_at: at(60), ..first.clone() };
    for run in [&first, &second] {
        bed.store().record_run(run.clone()).await.unwrap();
    }
    let newest = bed.store().runs(first.person, 10).await.unwrap();
    assert_eq!(newest, [second.clone(), first.clone()]);
    assert_eq!(bed.store().runs(first.person, 1).await.unwrap(), [second]);
    assert_eq!(bed.store().runs(a_person(bed.store()).await, 10).await.unwrap(), []);
}

pub(crate) async fn a_run_is_recorded_once(bed: &dyn Bed) {
    let run = a_run(bed).await;
    for _ in 0..2 {
        bed.store().record_run(run.clone()).await.unwrap();
    }
    assert_eq!(bed.store().runs(run.person, 10).await.unwrap(), [run]);
}

pub(crate) async fn the_newest_runs_are_kept_and_only_those(bed: &dyn Bed) {
    let first = a_run(bed).await;
    let other = a_run(bed).await;
    bed.store().record_run(other.clone()).await.unwrap();
    for n in 0..i64::from(MOST_RUNS) + 10 {
        let run = SyncRun { id: Uuid::new_v4(), started_at: at(n), ..first.clone() };
        bed.store().record_run(run).await.unwrap();
    }
    let kept = bed.store().runs(first.person, 1_000).await.unwrap();
    assert_eq!((kept.len(), kept.last().unwrap().started_at), (MOST_RUNS as usize, at(10)));
    assert_eq!(bed.store().runs(other.person, 10).await.unwrap(), [other]);
}

pub(crate) async fn a_run_is_kept_for_ninety_days(bed: &dyn Bed) {
    let first = a_run(bed).await;
    bed.store().record_run(first.clone()).await.unwrap();
    for (days, kept) in [(90, 2), (91, 2)] {
        let started_at = at(days * 86_400);
        let run = SyncRun { id: Uuid::new_v4(), started_at, ..first.clone() };
        bed.store().record_run(run).await.unwrap();
        assert_eq!(bed.store().runs(first.person, 10).await.unwrap().len(), kept, "{days} days");
    }
}
