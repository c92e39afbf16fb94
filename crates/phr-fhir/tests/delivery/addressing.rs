//! Servers where clients choose ids, and servers that give them out.

use phr_sandbox::{FhirFault, FhirIds};
use rstest::rstest;
use serde_json::json;

use crate::scene::{Scene, drain};

#[rstest]
#[case::chosen(FhirIds::Chosen)]
#[case::chosen_unsaid(FhirIds::ChosenUnsaid)]
#[case::given(FhirIds::Given)]
#[case::given_unsaid(FhirIds::GivenUnsaid)]
#[tokio::test]
async fn every_kind_of_server_follows(#[case] ids: FhirIds) {
    let scene = Scene::with(ids).await;
    let ada = scene.wearer().await;
    scene.beat(ada, "2026-03-01", 600).await;
    scene.weigh(ada, &[70, 71]).await;
    drain(&scene.deliverer().await).await;
    scene.assert_in_step(&[ada]).await;
    scene.weigh(ada, &[75]).await;
    // Another process, which remembers nothing.
    let deliverer = scene.deliverer().await;
    scene.there().misbehave(FhirFault::CutAfterCommit { times: 1 });
    drain(&deliverer).await;
    scene.wait(60);
    drain(&deliverer).await;
    scene.assert_in_step(&[ada]).await;
    let versions: Vec<_> = ["Patient", "Device", "Observation"]
        .map(|kind| scene.there().versions(kind))
        .into_iter()
        .collect();
    assert_eq!(versions, [1, 1, 28]);
    assert!(scene.parked().await.is_empty());
}

#[tokio::test]
async fn ids_that_the_server_gives_are_referred_to() {
    let scene = Scene::with(FhirIds::Given).await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70]).await;
    drain(&scene.deliverer().await).await;
    let patient = scene.there().resources("Patient").remove(0)["id"].clone();
    let device = scene.there().resources("Device").remove(0);
    let observation = scene.there().resources("Observation").remove(0);
    let reference = json!(format!("Patient/{}", patient.as_str().unwrap()));
    assert_eq!(observation["subject"]["reference"], reference);
    assert_eq!(device["patient"]["reference"], reference);
    let reference = format!("Device/{}", device["id"].as_str().unwrap());
    assert_eq!(observation["device"]["reference"], reference);
    assert_ne!(observation["id"], observation["identifier"][0]["value"]);
}

#[tokio::test]
async fn a_double_of_somebody_else_is_parked_not_overwritten() {
    let scene = Scene::with(FhirIds::Given).await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70, 71]).await;
    let id = scene.standing(ada).await[0].says.id.to_string();
    let system = "https://phr.example/fhir/sid/fitbit-observation";
    for double in ["a", "b"] {
        scene.there().put(&json!({"resourceType": "Observation", "id": double,
            "identifier": [{"system": system, "value": id}]}));
    }
    drain(&scene.deliverer().await).await;
    let parked = scene.parked().await;
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].refused.status, 412);
    assert_eq!(scene.there().resources("Observation").len(), 3);
}
