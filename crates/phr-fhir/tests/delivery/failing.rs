//! Servers that fail, and content that they refuse.

use phr_sandbox::FhirFault;
use rstest::rstest;

use crate::scene::{Scene, drain, drain_in_time, fails};

/// T8: the FHIR server is down for a day; syncs go on; everything arrives, exactly once.
#[tokio::test]
async fn t8_a_server_that_is_down_for_a_day_gets_everything_once() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    let deliverer = scene.deliverer().await;
    scene.there().misbehave(FhirFault::Down);
    for hour in 0..24 {
        scene.beat(ada, &format!("2026-03-{:02}", hour / 6 + 1), 600 + hour).await;
        for _ in 0..12 {
            drain(&deliverer).await;
            scene.wait(300);
        }
    }
    let seen = scene.seen().await;
    assert_eq!(seen.error.as_deref(), Some("unreachable"));
    assert!(seen.failures > 100, "{}", seen.failures);
    assert!(scene.there().requests() < 500, "{}", scene.there().requests());
    assert_eq!(seen.changes, 96);
    scene.there().behave();
    scene.wait(300);
    drain(&deliverer).await;
    scene.assert_in_step(&[ada]).await;
    assert_eq!(scene.there().versions("Observation"), 96);
    let seen = scene.seen().await;
    assert_eq!((seen.failures, seen.lagging, seen.error), (0, 0, None));
}

#[rstest]
#[case::conflict(fails(409, 3))]
#[case::precondition(fails(412, 3))]
#[case::locked(fails(423, 3))]
#[case::failure(fails(500, 3))]
#[case::gateway(fails(502, 3))]
#[case::unavailable(fails(503, 3))]
#[case::gateway_timeout(fails(504, 3))]
#[case::unauthorized(fails(401, 2))]
#[case::html(FhirFault::Html { times: 3 })]
#[case::cut_after_commit(FhirFault::CutAfterCommit { times: 4 })]
#[tokio::test]
async fn what_passes_is_tried_again_until_everything_is_there_once(#[case] fault: FhirFault) {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, "2026-03-01", 600).await;
    let deliverer = scene.deliverer().await;
    scene.there().misbehave(fault);
    for _ in 0..10 {
        drain(&deliverer).await;
        scene.wait(900);
    }
    scene.assert_in_step(&[ada]).await;
    assert_eq!(scene.there().versions("Observation"), 24);
    assert!(scene.parked().await.is_empty());
}

#[tokio::test]
async fn a_reading_that_is_deleted_after_its_answer_was_cut_is_withdrawn() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70]).await;
    drain(&scene.deliverer().await).await;
    scene.weigh(ada, &[70, 71]).await;
    let deliverer = scene.deliverer().await;
    scene.there().misbehave(FhirFault::CutAfterCommit { times: 1 });
    drain(&deliverer).await;
    scene.weigh(ada, &[70]).await;
    scene.wait(10);
    drain(&deliverer).await;
    scene.assert_in_step(&[ada]).await;
    assert!(scene.states().contains(&("entered-in-error".to_owned(), "2".to_owned())));
}

#[tokio::test]
async fn a_server_that_asks_for_patience_gets_it() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70]).await;
    let deliverer = scene.deliverer().await;
    let limited = FhirFault::Status { status: 429, retry_after: Some(120), times: 1 };
    scene.there().misbehave(limited);
    drain(&deliverer).await;
    let requests = scene.there().requests();
    scene.wait(119);
    drain(&deliverer).await;
    assert_eq!(scene.there().requests(), requests);
    scene.wait(1);
    drain(&deliverer).await;
    scene.assert_in_step(&[ada]).await;
}

#[rstest]
#[case(400)]
#[case(404)]
#[case(410)]
#[case(422)]
#[tokio::test]
async fn one_that_is_refused_is_parked_and_the_others_go_on(#[case] status: u16) {
    let scene = Scene::new().await;
    let (ada, ben) = (scene.wearer().await, scene.wearer().await);
    for wearer in [ada, ben] {
        scene.beat(wearer, "2026-03-01", 600).await;
    }
    let bad = scene.standing(ada).await[7].says.id;
    scene.there().misbehave(FhirFault::Poison { id: bad.to_string(), status });
    let deliverer = scene.deliverer().await;
    drain(&deliverer).await;
    assert_eq!(scene.there().versions("Observation"), 47);
    let parked = scene.parked().await;
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].person, parked[0].refused.observation), (ada.id, bad));
    assert_eq!(parked[0].refused.status, status);
    // The server quotes the reading; we do not.
    assert_eq!(parked[0].refused.reason, "processing: value … is not allowed here …");

    // In vain, then not.
    assert_eq!(scene.store.retry_parked("clinic", now(&scene)).await.unwrap(), 1);
    drain(&deliverer).await;
    assert_eq!(scene.parked().await.len(), 1);
    scene.there().behave();
    drain(&deliverer).await;
    assert_eq!(scene.there().versions("Observation"), 47);
    scene.store.retry_parked("clinic", now(&scene)).await.unwrap();
    drain(&deliverer).await;
    assert!(scene.parked().await.is_empty());
    scene.assert_in_step(&[ada, ben]).await;
}

fn now(scene: &Scene) -> jiff::Timestamp {
    phr_model::Clock::now(&*scene.clock)
}

#[tokio::test]
async fn what_is_parked_and_then_deleted_is_forgotten() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70, 71]).await;
    let bad = scene.standing(ada).await[0].says.id.to_string();
    scene.there().misbehave(FhirFault::Poison { id: bad, status: 422 });
    let deliverer = scene.deliverer().await;
    drain(&deliverer).await;
    assert_eq!(scene.parked().await.len(), 1);
    scene.there().behave();
    scene.weigh(ada, &[70]).await;
    drain(&deliverer).await;
    assert!(scene.parked().await.is_empty());
    scene.assert_in_step(&[ada]).await;
}

#[tokio::test]
async fn one_that_always_makes_the_server_fail_is_parked_in_the_end() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70, 71, 72, 73]).await;
    let bad = scene.standing(ada).await[1].says.id.to_string();
    scene.there().misbehave(FhirFault::Poison { id: bad, status: 500 });
    let deliverer = scene.deliverer().await;
    for _ in 0..12 {
        drain(&deliverer).await;
        scene.wait(400);
    }
    assert_eq!(scene.parked().await.len(), 1);
    assert_eq!(scene.there().versions("Observation"), 3);
}

#[tokio::test]
async fn a_server_that_fails_over_everything_parks_nothing() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70, 71, 72, 73]).await;
    let deliverer = scene.deliverer().await;
    drain(&deliverer).await;
    scene.weigh(ada, &[80, 81, 82, 83]).await;
    scene.there().misbehave(fails(500, 1_000));
    for _ in 0..20 {
        drain(&deliverer).await;
        scene.wait(400);
    }
    assert!(scene.parked().await.is_empty());
    scene.there().behave();
    drain_in_time(&scene, &deliverer, 3).await;
    scene.assert_in_step(&[ada]).await;
}

#[tokio::test]
async fn credentials_that_are_refused_stop_the_destination_with_a_cause() {
    let scene = Scene::new().await;
    let (ada, ben) = (scene.wearer().await, scene.wearer().await);
    scene.weigh(ada, &[70]).await;
    scene.weigh(ben, &[70]).await;
    let deliverer = scene.deliverer().await;
    scene.there().require("Bearer other");
    drain(&deliverer).await;
    let requests = scene.there().requests();
    scene.wait(600);
    drain(&deliverer).await;
    assert_eq!(scene.there().requests(), requests);
    let seen = scene.seen().await;
    assert_eq!(seen.error.as_deref(), Some("unauthorized"));
    assert!(seen.closed_until.is_some());
    assert!(scene.parked().await.is_empty());
}

#[tokio::test]
async fn a_server_that_lost_the_patient_gets_it_again() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70]).await;
    let deliverer = scene.deliverer().await;
    drain(&deliverer).await;
    scene.there().lose("Patient", &ada.id.patient().to_string());
    assert!(scene.there().resources("Device").is_empty());
    scene.weigh(ada, &[70, 71, 72]).await;
    drain(&deliverer).await;
    assert_eq!(scene.there().resources("Observation").len(), 2);
    assert!(scene.parked().await.is_empty());
}
