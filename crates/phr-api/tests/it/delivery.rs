//! What people learn about delivery to FHIR servers.

use jiff::SignedDuration;
use phr_store::delivery::{Destination, Progress, Refused, Turn};
use serde_json::json;
use uuid::Uuid;

use crate::support::TestApp;

#[tokio::test]
async fn a_person_sees_what_is_refused_of_their_own() {
    let app = TestApp::with_vendor().await;
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    ada.connect(0).await;
    let (name, url) = ("main".to_owned(), "https://fhir.example".to_owned());
    let main = Destination { name, url, settings: String::new() };
    app.store.open_destinations(&[main], app.now()).await.unwrap();
    ada.press("/health/sync/immediate").await.expect(200);
    assert_eq!(ada.get("/health/delivery").await.expect(200), json!({"parked": []}));

    let until = app.now() + SignedDuration::from_mins(1);
    let turn = app.store.claim_delivery("main", app.now(), until, Uuid::new_v4()).await.unwrap();
    let Turn::Deliver(claimed) = turn else { panic!("{turn:?}") };
    let page = app.store.pending(&claimed.lease, claimed.seen, 1).await.unwrap();
    let (observation, reason) = (page[0].position.id, "processing: not here".to_owned());
    let refused = vec![Refused { observation, version: 1, status: 422, reason }];
    let progress = Progress { refused, ..Progress::default() };
    app.store.record_progress(&claimed.lease, progress, app.now()).await.unwrap();

    let expected = json!({"parked": [{
        "destination": "main", "observation_id": observation, "version": 1, "status": 422,
        "reason": "processing: not here", "parked_at": app.now(),
    }]});
    assert_eq!(ada.get("/health/delivery").await.expect(200), expected);
    assert_eq!(eve.get("/health/delivery").await.expect(200), json!({"parked": []}));
}
