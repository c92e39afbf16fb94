//! Days that destinations want in another form.

use jiff::SignedDuration;
use phr_model::{Form, Metric, Observation, Sample, Status};
use phr_store::{
    Store, StoreError,
    delivery::{Claimed, Delivered, Destination, Origin, Progress, Settled, Turn},
    feed::Position,
    made::{ChangedDay, DayPosition, MadeDay},
};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{Writer, a_writer, at, day, heart_rates, steps},
};

const DATE: &str = "2026-03-09";

async fn open(bed: &dyn Bed, url: &str) {
    let (name, url) = ("clinic".to_owned(), url.to_owned());
    let clinic = Destination { name, url, settings: "1".to_owned() };
    bed.store().open_destinations(&[clinic], at(0)).await.unwrap();
}

async fn a_clinic(bed: &dyn Bed) -> Writer<'_> {
    open(bed, "https://clinic.example/fhir").await;
    a_writer(bed.store()).await
}

async fn claim(store: &dyn Store, second: i64) -> Claimed {
    let until = at(second) + SignedDuration::from_mins(1);
    match store.claim_delivery("clinic", at(second), until, Uuid::new_v4()).await.unwrap() {
        Turn::Deliver(claimed) => *claimed,
        other => panic!("{other:?}"),
    }
}

async fn beat(writer: &Writer<'_>, date: &str, samples: Vec<Sample>) {
    writer.write(vec![writer.closed(Metric::HeartRate, date, samples)]).await;
}

/// All days of `metrics` behind a place.
async fn days(
    store: &dyn Store,
    claimed: &Claimed,
    mut after: DayPosition,
    metrics: &[Metric],
) -> Vec<ChangedDay> {
    let mut days = Vec::new();
    while let Some(day) = store.next_changed_day(&claimed.lease, &after, metrics).await.unwrap() {
        after = day.position.clone();
        days.push(day);
    }
    days
}

fn named(days: &[ChangedDay]) -> Vec<(Metric, String)> {
    days.iter().map(|day| (day.known.metric, day.known.date.to_string())).collect()
}

/// An Observation of another form, made of a kept one.
fn another(kept: &Observation) -> Observation {
    let mut made = kept.clone();
    made.says.id = Uuid::new_v4();
    made
}

fn made(changed: Vec<Observation>, released: Vec<Uuid>, coarser: Option<Form>) -> MadeDay {
    MadeDay { metric: Metric::HeartRate, date: day(DATE), changed, released, coarser }
}

pub(crate) async fn a_day_comes_once_and_again_when_it_changes(bed: &dyn Bed) {
    let writer = a_clinic(bed).await;
    for date in ["2026-03-07", "2026-03-08"] {
        beat(&writer, date, heart_rates(date, 600, 60)).await;
    }
    writer.write(vec![writer.closed(Metric::Steps, DATE, steps(DATE, 9))]).await;
    let (store, heart) = (bed.store(), [Metric::HeartRate]);
    let claimed = claim(store, 60).await;
    let all = days(store, &claimed, claimed.days.clone(), &heart).await;
    let date = |date: &str| (Metric::HeartRate, date.to_owned());
    // The steps of the 9th say where the person was in the night before.
    assert_eq!(named(&all), [date("2026-03-07"), date("2026-03-08")]);
    assert!(days(store, &claimed, claimed.days.clone(), &[]).await.is_empty());

    let place = all.last().map(|day| day.position.clone());
    let seen = Some(Position::end_of(claimed.wanted));
    let progress = Progress { seen, days: place.clone(), ..Progress::default() };
    store.record_progress(&claimed.lease, progress, at(60)).await.unwrap();
    store.settle_delivery(&claimed.lease, Settled::default(), at(60)).await.unwrap();
    beat(&writer, "2026-03-07", heart_rates("2026-03-07", 600, 60)).await;
    beat(&writer, "2026-03-07", heart_rates("2026-03-07", 601, 60)).await;
    let next = claim(store, 61).await;
    assert_eq!(Some(&next.days), place.as_ref());
    let changed = days(store, &next, next.days.clone(), &heart).await;
    assert_eq!(named(&changed), [date("2026-03-07")]);
    let end = DayPosition::end_of(next.wanted);
    assert!(days(store, &next, end, &heart).await.is_empty());
}

pub(crate) async fn a_change_that_no_kept_observation_shows_is_a_change(bed: &dyn Bed) {
    let writer = a_clinic(bed).await;
    let walked = steps(DATE, 10);
    writer.write(vec![writer.closed(Metric::Steps, DATE, walked.clone())]).await;
    let (store, metrics) = (bed.store(), [Metric::Steps]);
    let claimed = claim(store, 60).await;
    let seen = Some(Position::end_of(claimed.wanted));
    let progress = Progress { seen, ..Progress::default() };
    store.record_progress(&claimed.lease, progress, at(60)).await.unwrap();
    store.settle_delivery(&claimed.lease, Settled::default(), at(60)).await.unwrap();
    // As many steps, of other minutes.
    let mut moved = walked;
    (moved[0].value, moved[1].value) = (moved[0].value + 1, moved[1].value - 1);
    let changes = writer.write(vec![writer.closed(Metric::Steps, DATE, moved)]).await;
    assert_eq!((changes.days, changes.observations()), (1, 0));
    let next = claim(store, 61).await;
    let after = DayPosition::end_of(claimed.wanted);
    assert_eq!(days(store, &next, after, &metrics).await.len(), 1);
}

pub(crate) async fn steps_bear_witness_for_the_days_around_them(bed: &dyn Bed) {
    let writer = a_clinic(bed).await;
    let dates = ["2026-03-07", "2026-03-08", "2026-03-09", "2026-03-10"];
    for date in dates {
        beat(&writer, date, heart_rates(date, 600, 60)).await;
    }
    let store = bed.store();
    let claimed = claim(store, 60).await;
    writer.write(vec![writer.closed(Metric::Steps, DATE, steps(DATE, 9))]).await;
    let after = DayPosition::end_of(claimed.wanted);
    let changed = days(store, &claimed, after, &[Metric::HeartRate]).await;
    let changed: Vec<_> = changed.iter().map(|day| day.position.date.clone()).collect();
    assert_eq!(changed, dates[1..]);
}

pub(crate) async fn a_day_comes_with_all_that_decides_about_it(bed: &dyn Bed) {
    let writer = a_clinic(bed).await;
    for date in ["2026-03-06", "2026-03-08", DATE, "2026-03-10"] {
        writer.write(vec![writer.closed(Metric::Steps, date, steps(date, 9))]).await;
    }
    let beats = heart_rates(DATE, 600, 60);
    beat(&writer, DATE, beats.clone()).await;
    let store = bed.store();
    let claimed = claim(store, 60).await;
    let found = days(store, &claimed, claimed.days.clone(), &[Metric::HeartRate]).await;
    let [found] = &found[..] else { panic!("{found:?}") };
    assert_eq!(found.samples, beats);
    assert_eq!(found.steps.len(), 27);
    assert_eq!(found.zone.as_deref(), Some("Europe/Zurich"));
    assert!(found.known.read_closed);
    assert_eq!(found.kept.len(), 10);
    assert_eq!((found.made.len(), found.coarser), (0, None));
}

pub(crate) async fn what_is_written_down_is_pending_and_known_beside_what_is_kept(bed: &dyn Bed) {
    let writer = a_clinic(bed).await;
    beat(&writer, DATE, heart_rates(DATE, 120, 60)).await;
    let (store, of_day) = (bed.store(), (Metric::HeartRate, day(DATE)));
    let claimed = claim(store, 60).await;
    let kept = writer.standing().await;
    let all = vec![another(&kept[0]), kept[1].clone()];
    let coarser = Some(Form::Hourly);
    store.write_made(&claimed.lease, made(all.clone(), Vec::new(), coarser)).await.unwrap();
    assert_eq!(store.destinations(at(60)).await.unwrap()[0].coarser, 1);

    let first = store.pending_of_day(&claimed.lease, of_day, Uuid::nil(), 1).await.unwrap();
    let (origin, delivered) = (first[0].origin, &first[0].delivered);
    assert_eq!((origin, delivered), (Origin::Made, &None));
    let id = first[0].position.id;
    let rest = store.pending_of_day(&claimed.lease, of_day, id, 9).await.unwrap();
    let mut read = vec![first[0].observation.clone(), rest[0].observation.clone()];
    read.sort_by_key(|observation| observation.says.id != all[0].says.id);
    assert_eq!(read, all);
    // The kept one of the same id is told from the other.
    let feed = store.pending(&claimed.lease, claimed.seen, 9).await.unwrap();
    let origin = |id: Uuid| feed.iter().find(|it| it.position.id == id).unwrap().origin;
    assert_eq!(origin(kept[0].says.id), Origin::Kept);
    assert_eq!(origin(kept[1].says.id), Origin::KeptAndMade);

    let held = Delivered { version: 1, digest: Uuid::from_u128(7), place: None };
    let delivered = vec![(id, held.clone())];
    let progress = Progress { delivered, ..Progress::default() };
    store.record_progress(&claimed.lease, progress, at(60)).await.unwrap();
    let again = store.pending_of_day(&claimed.lease, of_day, Uuid::nil(), 1).await.unwrap();
    assert_eq!(again[0].delivered, Some(held));

    // Nobody wants the form any more; the day comes by itself, because something was made of it.
    let mut withdrawn = all[0].clone();
    (withdrawn.status, withdrawn.version) = (Status::EnteredInError, 2);
    let released = vec![all[1].says.id];
    store.write_made(&claimed.lease, made(vec![withdrawn], released, None)).await.unwrap();
    let found = days(store, &claimed, claimed.days.clone(), &[]).await;
    let [found] = &found[..] else { panic!("{found:?}") };
    assert_eq!((found.made.len(), found.made[0].version, found.coarser), (1, 2, None));
}

pub(crate) async fn nothing_is_written_down_without_the_lease(bed: &dyn Bed) {
    let writer = a_clinic(bed).await;
    beat(&writer, DATE, heart_rates(DATE, 120, 60)).await;
    let store = bed.store();
    let claimed = claim(store, 60).await;
    let next = claim(store, 200).await;
    let all = writer.standing().await;
    let written = store.write_made(&claimed.lease, made(all, Vec::new(), None)).await;
    assert!(matches!(written, Err(StoreError::LeaseLost)));
    assert!(days(store, &next, next.days.clone(), &[]).await.is_empty());
}

pub(crate) async fn another_server_or_an_erasure_forgets_what_was_made(bed: &dyn Bed) {
    let writer = a_clinic(bed).await;
    beat(&writer, DATE, heart_rates(DATE, 120, 60)).await;
    let store = bed.store();
    let all = writer.standing().await;
    let coarser = Some(Form::Hourly);
    let claimed = claim(store, 60).await;
    store.write_made(&claimed.lease, made(all.clone(), Vec::new(), coarser)).await.unwrap();
    open(bed, "https://elsewhere.example/fhir").await;
    let claimed = claim(store, 60).await;
    assert_eq!(claimed.days, DayPosition::default());
    assert!(days(store, &claimed, DayPosition::default(), &[]).await.is_empty());
    assert_eq!(store.destinations(at(60)).await.unwrap()[0].coarser, 0);

    store.write_made(&claimed.lease, made(all, Vec::new(), coarser)).await.unwrap();
    store.mark_erased(&claimed.lease, at(60)).await.unwrap();
    assert!(days(store, &claimed, DayPosition::default(), &[]).await.is_empty());
    assert_eq!(store.destinations(at(60)).await.unwrap()[0].coarser, 0);
}
