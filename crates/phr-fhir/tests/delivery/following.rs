//! The server follows the record.

use std::collections::BTreeSet;

use phr_fhir::destination::Options;
use phr_model::Metric;
use phr_sandbox::{FhirIds, FhirServer};

use crate::scene::{Scene, destination, drain};

#[tokio::test]
async fn everything_arrives_with_its_values_and_again_is_no_new_version() {
    let scene = Scene::new().await;
    let (ada, ben) = (scene.wearer().await, scene.wearer().await);
    for wearer in [ada, ben] {
        for date in ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"] {
            scene.beat(wearer, date, 600).await;
        }
    }
    let deliverer = scene.deliverer().await;
    drain(&deliverer).await;
    scene.assert_in_step(&[ada, ben]).await;
    assert_eq!(scene.there().versions("Observation"), 240);
    assert_eq!((scene.there().versions("Patient"), scene.there().versions("Device")), (2, 2));
    let requests = scene.there().requests();
    assert_eq!(drain(&deliverer).await, 0);
    assert_eq!(drain(&scene.deliverer().await).await, 0);
    assert_eq!(scene.there().requests(), requests);
}

#[tokio::test]
async fn a_server_that_forgot_our_notes_gets_no_new_version_either() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, "2026-03-01", 600).await;
    drain(&scene.deliverer().await).await;
    // Everything is sent again, byte by byte the same.
    scene.bed.execute("delete from delivered").await;
    scene
        .bed
        .execute("update delivery set seen_revision = -1, introduced = '{}', due_at = 0")
        .await;
    drain(&scene.deliverer().await).await;
    assert_eq!(scene.there().versions("Observation"), 24);
    scene.assert_in_step(&[ada]).await;
}

#[tokio::test]
async fn changes_additions_and_deletions_follow() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70, 71, 72]).await;
    let deliverer = scene.deliverer().await;
    drain(&deliverer).await;
    scene.weigh(ada, &[70, 81]).await;
    scene.beat(ada, "2026-03-08", 600).await;
    drain(&deliverer).await;
    scene.assert_in_step(&[ada]).await;
    let changed: BTreeSet<_> = scene.states().into_iter().filter(|(_, v)| v == "2").collect();
    let statuses: Vec<_> = changed.iter().map(|(status, _)| &**status).collect();
    assert_eq!(statuses, ["corrected", "entered-in-error"]);
    // What was deleted comes back.
    scene.weigh(ada, &[70, 81, 72]).await;
    drain(&deliverer).await;
    scene.assert_in_step(&[ada]).await;
    assert!(scene.states().contains(&("corrected".to_owned(), "3".to_owned())));
}

#[tokio::test]
async fn what_was_never_there_is_not_withdrawn() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70, 71]).await;
    scene.weigh(ada, &[70]).await;
    drain(&scene.deliverer().await).await;
    assert_eq!(scene.states(), [("final".to_owned(), "1".to_owned())]);
}

#[tokio::test]
async fn a_day_is_sent_when_it_is_over() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    let deliverer = scene.deliverer().await;
    scene.beat_on(ada, "2026-03-10", 600, false).await;
    drain(&deliverer).await;
    assert_eq!(scene.there().versions("Observation"), 0);
    scene.beat(ada, "2026-03-10", 600).await;
    drain(&deliverer).await;
    assert_eq!(scene.there().versions("Observation"), 24);
    assert!(scene.states().iter().all(|(status, _)| status == "final"));
}

#[tokio::test]
async fn a_live_destination_gets_the_day_as_it_goes() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    let mut live = scene.destination();
    live.options = Options { preliminary: true, ..Options::default() };
    let deliverer = scene.deliverer_to(vec![live]).await;
    scene.beat_on(ada, "2026-03-10", 600, false).await;
    drain(&deliverer).await;
    assert!(scene.states().iter().all(|(status, _)| status == "preliminary"));
    scene.beat(ada, "2026-03-10", 600).await;
    drain(&deliverer).await;
    let now_final = ("final".to_owned(), "2".to_owned());
    assert_eq!(scene.states(), vec![now_final; 24]);
}

#[tokio::test]
async fn a_metric_that_is_off_stays_here_until_it_is_on() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70, 71]).await;
    scene.beat(ada, "2026-03-08", 600).await;
    let mut sparing = scene.destination();
    sparing.options.off.insert(Metric::HeartRate);
    drain(&scene.deliverer_to(vec![sparing]).await).await;
    assert_eq!(scene.there().versions("Observation"), 2);
    drain(&scene.deliverer().await).await;
    assert_eq!(scene.there().versions("Observation"), 26);
    scene.assert_in_step(&[ada]).await;
}

#[tokio::test]
async fn a_destination_that_is_added_later_gets_everything_and_the_first_is_left_alone() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70, 71]).await;
    scene.weigh(ada, &[70]).await;
    drain(&scene.deliverer().await).await;
    let requests = scene.there().requests();
    let second = FhirServer::start(FhirIds::Given).await.unwrap();
    let both = vec![scene.destination(), destination("research", &second)];
    let deliverer = scene.deliverer_to(both).await;
    drain(&deliverer).await;
    assert_eq!(second.world().resources("Observation").len(), 1);
    assert_eq!(scene.there().requests(), requests);
}

#[tokio::test]
async fn two_destinations_do_not_wait_for_each_other() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70]).await;
    let second = FhirServer::start(FhirIds::Chosen).await.unwrap();
    second.world().misbehave(phr_sandbox::FhirFault::Down);
    let both = vec![scene.destination(), destination("research", &second)];
    let deliverer = scene.deliverer_to(both).await;
    drain(&deliverer).await;
    assert_eq!(scene.there().versions("Observation"), 1);
    second.world().behave();
    scene.wait(600);
    drain(&deliverer).await;
    assert_eq!(second.world().versions("Observation"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_people_are_sent_at_once_and_nobody_twice() {
    let scene = Scene::new().await;
    let mut wearers = Vec::new();
    for _ in 0..6 {
        let wearer = scene.wearer().await;
        for date in ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"] {
            scene.beat(wearer, date, 600).await;
        }
        wearers.push(wearer);
    }
    let (one, other) = (scene.deliverer().await, scene.deliverer().await);
    let slow = std::time::Duration::from_millis(20);
    scene.there().misbehave(phr_sandbox::FhirFault::Slow(slow));
    let workers = [&one, &one, &one, &other, &other, &other];
    futures_util::future::join_all(workers.map(drain)).await;
    scene.assert_in_step(&wearers).await;
    assert_eq!(scene.there().versions("Observation"), 6 * 120);
    assert_eq!(scene.there().overlaps(), 0);
}

#[tokio::test]
async fn a_deliverer_that_stops_leaves_the_rest_to_the_next() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    for day in 1..9 {
        scene.beat(ada, &format!("2026-03-0{day}"), 600).await;
    }
    let deliverer = scene.deliverer().await;
    deliverer.stop();
    let job = deliverer.claim(0).await.unwrap().unwrap();
    deliverer.work(job).await.unwrap();
    assert_eq!(scene.there().versions("Observation"), 0);
    drain(&scene.deliverer().await).await;
    scene.assert_in_step(&[ada]).await;
}
