//! Destinations that want a metric in another form than it is kept.

use phr_fhir::{
    delivery::Deliverer,
    destination::{Destination, Options},
};
use phr_model::{Form, Metric};
use phr_sandbox::{FhirFault, FhirIds, FhirServer};
use rstest::rstest;

use crate::scene::{Scene, Wearer, destination, drain, fails, minutes};

const DATE: &str = "2026-03-01";

/// The scene's server, which wants heart rates in a form.
fn wanting(scene: &Scene, form: Form) -> Destination {
    let mut destination = scene.destination();
    destination.options.forms.insert(Metric::HeartRate, form);
    destination
}

async fn in_form(scene: &Scene, form: Form) -> Deliverer {
    scene.deliverer_to(vec![wanting(scene, form)]).await
}

/// Five minutes of heart rates, in two hours.
async fn beat(scene: &Scene, wearer: Wearer, values: [i64; 5]) {
    let mut all = [0; 64];
    let worn = [0, 1, 2, 62, 63];
    for (minute, value) in worn.into_iter().zip(values) {
        all[minute] = value;
    }
    let mut samples = minutes(DATE, &all);
    samples.retain(|sample| sample.value > 0);
    scene.record(wearer, Metric::HeartRate, DATE, samples).await;
}

/// Observations at the server that are final, corrected and withdrawn, and versions of all.
fn states(scene: &Scene) -> (usize, usize, usize, usize) {
    let states = scene.states();
    let count = |wanted: &str| states.iter().filter(|(status, _)| status == wanted).count();
    let (good, corrected) = (count("final"), count("corrected"));
    (good, corrected, count("entered-in-error"), scene.there().versions("Observation"))
}

#[rstest]
#[case(Form::Daily, 2)]
#[case(Form::Hourly, 48)]
#[case(Form::Minute, 2_880)]
#[case(Form::Sample, 2_880)]
#[tokio::test]
async fn a_metric_goes_in_the_form_that_is_wanted_and_again_is_nothing(
    #[case] form: Form,
    #[case] count: usize,
) {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    for date in [DATE, "2026-03-02"] {
        scene.beat(ada, date, 600).await;
    }
    let deliverer = in_form(&scene, form).await;
    drain(&deliverer).await;
    scene.assert_in_form(&[ada], Metric::HeartRate, form).await;
    assert_eq!(states(&scene), (count, 0, 0, count));
    let requests = scene.there().requests();
    assert_eq!(drain(&deliverer).await, 0);
    assert_eq!(drain(&in_form(&scene, form).await).await, 0);
    assert_eq!(scene.there().requests(), requests);
}

#[rstest]
#[case(FhirIds::Chosen)]
#[case(FhirIds::Given)]
#[tokio::test]
async fn a_day_that_changes_is_made_anew_and_only_what_differs_is_sent(#[case] ids: FhirIds) {
    let scene = Scene::with(ids).await;
    let ada = scene.wearer().await;
    beat(&scene, ada, [600, 610, 620, 630, 640]).await;
    let deliverer = in_form(&scene, Form::Minute).await;
    drain(&deliverer).await;
    assert_eq!(states(&scene), (5, 0, 0, 5));
    // One is corrected, and those around it are not sent again.
    beat(&scene, ada, [600, 615, 620, 630, 640]).await;
    drain(&deliverer).await;
    scene.assert_in_form(&[ada], Metric::HeartRate, Form::Minute).await;
    assert_eq!(states(&scene), (4, 1, 0, 6));
    // One is deleted; it comes back.
    let mut samples = minutes(DATE, &[600, 615, 620]);
    scene.record(ada, Metric::HeartRate, DATE, samples.clone()).await;
    drain(&deliverer).await;
    assert_eq!(states(&scene), (2, 1, 2, 8));
    samples.pop();
    scene.record(ada, Metric::HeartRate, DATE, samples).await;
    drain(&deliverer).await;
    beat(&scene, ada, [600, 615, 620, 630, 640]).await;
    drain(&deliverer).await;
    scene.assert_in_form(&[ada], Metric::HeartRate, Form::Minute).await;
    assert_eq!(states(&scene), (1, 4, 0, 12));
    assert_eq!(drain(&deliverer).await, 0);
}

#[tokio::test]
async fn what_no_kept_observation_shows_arrives() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.record(ada, Metric::Steps, DATE, minutes(DATE, &[10, 20, 30])).await;
    let mut finer = scene.destination();
    finer.options.forms.insert(Metric::Steps, Form::Minute);
    let deliverer = scene.deliverer_to(vec![finer]).await;
    drain(&deliverer).await;
    // As many steps of the day, of other minutes.
    scene.record(ada, Metric::Steps, DATE, minutes(DATE, &[10, 25, 25])).await;
    drain(&deliverer).await;
    scene.assert_in_form(&[ada], Metric::Steps, Form::Minute).await;
    assert_eq!(states(&scene), (1, 2, 0, 5));
}

#[tokio::test]
async fn another_form_replaces_what_was_delivered_for_all_history() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    for date in [DATE, "2026-03-02"] {
        scene.beat(ada, date, 600).await;
    }
    drain(&scene.deliverer().await).await;
    scene.assert_in_step(&[ada]).await;
    // Kept by the hour, then by the minute, by the day, and as it is kept again.
    for (form, standing, withdrawn) in [(Form::Minute, 2_880, 48), (Form::Daily, 2, 2_928)] {
        let deliverer = in_form(&scene, form).await;
        drain(&deliverer).await;
        scene.assert_in_form(&[ada], Metric::HeartRate, form).await;
        let (good, corrected, gone, _) = states(&scene);
        assert_eq!((good + corrected, gone), (standing, withdrawn), "{form:?}");
        assert_eq!(drain(&deliverer).await, 0);
    }
    let versions = scene.there().versions("Observation");
    drain(&scene.deliverer().await).await;
    scene.assert_in_step(&[ada]).await;
    assert_eq!(states(&scene).3, versions + 2 + 48);
    assert_eq!(drain(&scene.deliverer().await).await, 0);
}

#[tokio::test]
async fn what_was_withdrawn_for_another_form_is_not_touched_again() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, DATE, 600).await;
    drain(&scene.deliverer().await).await;
    let deliverer = in_form(&scene, Form::Minute).await;
    drain(&deliverer).await;
    assert_eq!(states(&scene), (1_440, 0, 24, 24 + 1_440 + 24));
    scene.beat(ada, DATE, 700).await;
    drain(&deliverer).await;
    assert_eq!(states(&scene), (0, 1_440, 24, 48 + 2 * 1_440));
}

#[tokio::test]
async fn the_kept_form_by_name_changes_nothing_at_the_server() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, DATE, 600).await;
    scene.beat(ada, DATE, 601).await;
    drain(&scene.deliverer().await).await;
    drain(&in_form(&scene, Form::Hourly).await).await;
    assert_eq!(states(&scene), (0, 24, 0, 24));
    scene.assert_in_form(&[ada], Metric::HeartRate, Form::Hourly).await;
    // From here on it follows as it did, and so it does when the name is taken away.
    let deliverer = in_form(&scene, Form::Hourly).await;
    scene.beat(ada, DATE, 602).await;
    drain(&deliverer).await;
    assert_eq!(states(&scene), (0, 24, 0, 48));
    drain(&scene.deliverer().await).await;
    scene.assert_in_step(&[ada]).await;
}

#[tokio::test]
async fn other_metrics_go_as_they_are_kept_and_off_stays_off() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, DATE, 600).await;
    scene.weigh(ada, &[70, 71]).await;
    drain(&in_form(&scene, Form::Daily).await).await;
    assert_eq!(states(&scene), (3, 0, 0, 3));
    let mut off = wanting(&scene, Form::Minute);
    off.options.off.insert(Metric::HeartRate);
    scene.beat(ada, DATE, 700).await;
    drain(&scene.deliverer_to(vec![off]).await).await;
    assert_eq!(states(&scene), (3, 0, 0, 3), "what was sent is not taken back");
}

#[tokio::test]
async fn a_day_goes_when_it_is_over_or_as_it_goes() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    let second = FhirServer::start(FhirIds::Chosen).await.unwrap();
    let mut live = destination("live", &second);
    live.options = Options { preliminary: true, ..wanting(&scene, Form::Daily).options };
    let both = vec![wanting(&scene, Form::Daily), live];
    let deliverer = scene.deliverer_to(both).await;
    scene.beat_on(ada, "2026-03-10", 600, false).await;
    drain(&deliverer).await;
    assert_eq!(scene.there().versions("Observation"), 0);
    let status = || second.world().resources("Observation")[0]["status"].clone();
    assert_eq!(status(), "preliminary");
    // Nothing but its end is new.
    scene.beat_on(ada, "2026-03-10", 600, true).await;
    drain(&deliverer).await;
    assert_eq!(states(&scene), (1, 0, 0, 1));
    assert_eq!((status(), second.world().versions("Observation")), ("final".into(), 2));
}

#[tokio::test]
async fn a_day_over_the_cap_goes_whole_in_the_next_coarser_form_and_is_told() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, DATE, 600).await;
    let mut capped = wanting(&scene, Form::Sample);
    capped.options.day_cap = 1_439;
    drain(&scene.deliverer_to(vec![capped.clone()]).await).await;
    scene.assert_in_form(&[ada], Metric::HeartRate, Form::Hourly).await;
    assert_eq!(scene.seen().await.coarser, 1);
    // A shorter day fits, and so does this one when more are allowed.
    scene.record(ada, Metric::HeartRate, DATE, minutes(DATE, &[600; 1_439])).await;
    drain(&scene.deliverer_to(vec![capped.clone()]).await).await;
    scene.assert_in_form(&[ada], Metric::HeartRate, Form::Sample).await;
    assert_eq!(scene.seen().await.coarser, 0);
    capped.options.day_cap = 10;
    drain(&scene.deliverer_to(vec![capped]).await).await;
    scene.assert_in_form(&[ada], Metric::HeartRate, Form::Daily).await;
    assert_eq!(scene.seen().await.coarser, 1);
}

#[rstest]
#[case::conflict(fails(409, 3))]
#[case::unavailable(fails(503, 3))]
#[case::cut_after_commit(FhirFault::CutAfterCommit { times: 4 })]
#[tokio::test]
async fn a_server_that_fails_in_the_middle_of_a_day_gets_it_once(#[case] fault: FhirFault) {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.weigh(ada, &[70]).await;
    let deliverer = in_form(&scene, Form::Minute).await;
    drain(&deliverer).await;
    scene.beat(ada, DATE, 600).await;
    scene.there().misbehave(fault);
    for _ in 0..10 {
        drain(&deliverer).await;
        scene.wait(900);
    }
    assert_eq!(states(&scene), (1_441, 0, 0, 1_441));
    assert!(scene.parked().await.is_empty());
}

#[tokio::test]
async fn a_day_of_more_bundles_than_a_turn_is_finished_by_the_next() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, DATE, 600).await;
    let mut small = wanting(&scene, Form::Minute);
    small.options.bundle = 10;
    let deliverer = scene.deliverer_to(vec![small]).await;
    assert!(drain(&deliverer).await > 2);
    scene.assert_in_form(&[ada], Metric::HeartRate, Form::Minute).await;
    assert_eq!(states(&scene), (1_440, 0, 0, 1_440));
}

#[tokio::test]
async fn a_turn_that_died_is_taken_up_where_it_was() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, DATE, 600).await;
    let mut small = wanting(&scene, Form::Minute);
    small.options.bundle = 10;
    let dies = scene.deliverer_to(vec![small.clone()]).await;
    let job = dies.claim(0).await.unwrap().unwrap();
    // It dies without settling: its lease is still held, and what it sent is a part of the day.
    tokio::select! {
        biased;
        () = async { while scene.there().requests() < 20 { tokio::task::yield_now().await; } } => {}
        done = dies.work(job) => done.unwrap(),
    }
    assert!(scene.there().versions("Observation") < 1_440);
    scene.bed.execute("update delivery set lease_until = 0").await;
    scene.wait(60);
    drain(&scene.deliverer_to(vec![small]).await).await;
    scene.assert_in_form(&[ada], Metric::HeartRate, Form::Minute).await;
    assert_eq!(states(&scene), (1_440, 0, 0, 1_440));
}

#[tokio::test]
async fn one_that_is_refused_is_parked_and_tried_again() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, DATE, 600).await;
    let bad = scene.said(ada, Metric::HeartRate, Form::Minute).await[77].id;
    scene.there().misbehave(FhirFault::Poison { id: bad.to_string(), status: 422 });
    let deliverer = in_form(&scene, Form::Minute).await;
    drain(&deliverer).await;
    assert_eq!(scene.there().versions("Observation"), 1_439);
    assert_eq!(scene.parked().await[0].refused.observation, bad);
    scene.there().behave();
    drain(&deliverer).await;
    assert_eq!(scene.parked().await.len(), 1);
    let now = phr_model::Clock::now(&*scene.clock);
    assert_eq!(scene.store.retry_parked("clinic", now).await.unwrap(), 1);
    drain(&deliverer).await;
    assert!(scene.parked().await.is_empty());
    scene.assert_in_form(&[ada], Metric::HeartRate, Form::Minute).await;
}

#[tokio::test]
async fn whom_is_erased_has_nothing_left_there_and_gets_nothing() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, DATE, 600).await;
    let deliverer = in_form(&scene, Form::Minute).await;
    drain(&deliverer).await;
    assert_eq!(deliverer.erase(ada.id).await.unwrap()[0].deleted, 1_442);
    scene.beat(ada, DATE, 700).await;
    drain(&in_form(&scene, Form::Daily).await).await;
    assert_eq!(scene.there().versions("Observation"), 0);
}

#[tokio::test]
async fn two_destinations_have_forms_of_their_own_and_one_may_come_later() {
    let scene = Scene::new().await;
    let ada = scene.wearer().await;
    scene.beat(ada, DATE, 600).await;
    drain(&scene.deliverer().await).await;
    let second = FhirServer::start(FhirIds::Chosen).await.unwrap();
    let mut research = destination("research", &second);
    research.options.forms.insert(Metric::HeartRate, Form::Minute);
    drain(&scene.deliverer_to(vec![scene.destination(), research]).await).await;
    assert_eq!(second.world().versions("Observation"), 1_440);
    scene.assert_in_step(&[ada]).await;
    assert_eq!(scene.there().versions("Observation"), 24);
}
