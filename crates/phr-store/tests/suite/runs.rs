use phr_model::ConnectionId;
use phr_store::run::SyncRun;
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
