//! People who have a chart at the server already.

use phr_fhir::destination::Destination;
use serde_json::json;

use crate::scene::{Scene, Wearer, drain};

const SYSTEM: &str = "https://clinic.example/mrn";

fn matching(scene: &Scene) -> Destination {
    let mut destination = scene.destination();
    destination.options.match_system = Some(SYSTEM.to_owned());
    destination
}

fn admit(scene: &Scene, id: &str, number: &str) {
    scene.there().put(&json!({"resourceType": "Patient", "id": id,
        "identifier": [{"system": SYSTEM, "value": number}]}));
}

async fn link(scene: &Scene, wearer: Wearer, number: &str) {
    let now = phr_model::Clock::now(&*scene.clock);
    assert!(scene.store.link_chart(wearer.id, "clinic", number, now).await.unwrap());
}

#[tokio::test]
async fn readings_go_to_the_chart_that_an_operator_linked() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70, 71]).await;
    admit(&scene, "4711", "MRN 1/2&3");
    admit(&scene, "4712", "MRN 4");
    let deliverer = scene.deliverer_to(vec![matching(&scene)]).await;
    drain(&deliverer).await;
    assert!(scene.there().resources("Observation").is_empty());
    assert_eq!(scene.seen().await.failing, [("chart".to_owned(), 1)]);
    link(&scene, ada, "MRN 1/2&3").await;
    drain(&deliverer).await;
    let observations = scene.there().resources("Observation");
    assert_eq!(observations.len(), 2);
    assert!(observations.iter().all(|it| it["subject"]["reference"] == "Patient/4711"));
    assert_eq!(scene.there().resources("Patient").len(), 2, "no Patient of ours was made");
    assert!(scene.seen().await.failing.is_empty());
}

#[tokio::test]
async fn several_charts_are_never_a_guess() {
    let scene = Scene::new().await;
    let (ada, ben) = (scene.wearer().await, scene.wearer().await);
    scene.weigh(ada, &[70]).await;
    scene.weigh(ben, &[80]).await;
    admit(&scene, "a", "1");
    admit(&scene, "b", "1");
    let deliverer = scene.deliverer_to(vec![matching(&scene)]).await;
    link(&scene, ada, "1").await;
    link(&scene, ben, "nobody's").await;
    drain(&deliverer).await;
    assert!(scene.there().resources("Observation").is_empty());
    assert_eq!(scene.seen().await.failing, [("chart".to_owned(), 2)]);
    // The clinic joins the two charts.
    scene.there().lose("Patient", "b");
    scene.wait(3_600);
    drain(&deliverer).await;
    assert_eq!(scene.there().resources("Observation").len(), 1);
}
