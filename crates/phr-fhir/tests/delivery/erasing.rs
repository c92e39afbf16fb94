//! Taking everything back.

use phr_fhir::delivery::{EraseError, Erasure};
use phr_sandbox::{FhirFault, FhirIds};
use rstest::rstest;
use serde_json::json;

use crate::scene::{Scene, drain, fails};

#[rstest]
#[case(FhirIds::Chosen)]
#[case(FhirIds::Given)]
#[tokio::test]
async fn nothing_is_left_of_a_person_and_everything_of_the_others(#[case] ids: FhirIds) {
    let scene = Scene::with(ids).await;
    let (ada, ben) = (scene.wearer().await, scene.wearer().await);
    for wearer in [ada, ben] {
        scene.beat(wearer, "2026-03-01", 600).await;
        scene.weigh(wearer, &[70, 71]).await;
    }
    let deliverer = scene.deliverer().await;
    drain(&deliverer).await;
    scene.weigh(ada, &[70]).await;
    drain(&deliverer).await;
    let erased = deliverer.erase(ada.id).await.unwrap();
    let all = Erasure { destination: "clinic".to_owned(), deleted: 28, expunged: true };
    assert_eq!(erased, [all]);
    scene.assert_in_step(&[ben]).await;
    let left = ["Patient", "Device", "Observation"].map(|kind| scene.there().versions(kind));
    assert_eq!(left, [1, 1, 26], "not even versions are left");
    // What is synced later stays here, and erasing again finds nothing.
    scene.weigh(ada, &[70, 99]).await;
    drain(&deliverer).await;
    drain(&scene.deliverer().await).await;
    scene.assert_in_step(&[ben]).await;
    assert_eq!(deliverer.erase(ada.id).await.unwrap()[0].deleted, 0);
    assert_eq!(deliverer.erase(scene.wearer().await.id).await.unwrap(), []);
}

#[tokio::test]
async fn an_erasure_that_failed_goes_on_where_it_was() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, "2026-03-01", 600).await;
    let deliverer = scene.deliverer().await;
    drain(&deliverer).await;
    scene.there().misbehave(fails(503, 1));
    let failed = deliverer.erase(ada.id).await.unwrap_err();
    assert!(matches!(failed, EraseError::Server { code: "limited", .. }), "{failed}");
    deliverer.erase(ada.id).await.unwrap();
    assert_eq!(scene.there().versions("Observation"), 0);
}

#[tokio::test]
async fn what_may_have_arrived_is_erased_too() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70]).await;
    drain(&scene.deliverer().await).await;
    scene.weigh(ada, &[70, 71]).await;
    let deliverer = scene.deliverer().await;
    scene.there().misbehave(FhirFault::CutAfterCommit { times: 1 });
    drain(&deliverer).await;
    deliverer.erase(ada.id).await.unwrap();
    assert_eq!(scene.there().versions("Observation"), 0);
}

#[tokio::test]
async fn a_chart_of_the_clinic_is_not_ours_to_delete() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70]).await;
    scene.there().put(&json!({"resourceType": "Patient", "id": "a",
        "identifier": [{"system": "mrn", "value": "1"}]}));
    let mut destination = scene.destination();
    destination.options.match_system = Some("mrn".to_owned());
    let deliverer = scene.deliverer_to(vec![destination]).await;
    let now = phr_model::Clock::now(&*scene.clock);
    scene.store.link_chart(ada.id, "clinic", "1", now).await.unwrap();
    drain(&deliverer).await;
    assert_eq!(deliverer.erase(ada.id).await.unwrap()[0].deleted, 2);
    assert_eq!(scene.there().resources("Patient").len(), 1);
}
