//! What an auditor is shown.

use phr_model::{DateRange, Metric, Status};
use phr_store::{connection::Priority, inspection::Inspected};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{Writer, a_connected_person, a_writer, at, day, heart_rates, steps, weigh_in},
};

const FIRST: &str = "2026-03-01";
const SECOND: &str = "2026-03-02";

/// Steps of two days, and a weigh-in that was withdrawn.
async fn two_days(bed: &dyn Bed) -> Writer<'_> {
    let writer = a_writer(bed.store()).await;
    for date in [FIRST, SECOND] {
        writer.write(vec![writer.closed(Metric::Steps, date, steps(date, 600))]).await;
    }
    let weighed = vec![weigh_in("2026-03-02T07:00:00Z", 70)];
    writer.write(vec![writer.closed(Metric::BodyWeight, SECOND, weighed)]).await;
    writer.write(vec![writer.closed(Metric::BodyWeight, SECOND, Vec::new())]).await;
    writer
}

async fn inspect(bed: &dyn Bed, writer: &Writer<'_>, metric: Metric) -> Inspected {
    let days = DateRange { first: day(FIRST), last: day(SECOND) };
    bed.store().inspect(writer.person, metric, days).await.unwrap()
}

pub(crate) async fn everything_of_a_day_is_shown(bed: &dyn Bed) {
    let writer = two_days(bed).await;
    let shown = inspect(bed, &writer, Metric::Steps).await;
    assert_eq!((shown.days.len(), shown.unreadable.len()), (2, 0));
    let [first, _] = &shown.days[..] else { panic!("two days") };
    assert_eq!(first.samples[0].samples, steps(FIRST, 600));
    assert_eq!(first.samples[0].statistics.count, 600);
    assert!(first.samples[0].digest_fits);
    assert_eq!((first.observations.len(), first.coverage.as_ref().unwrap().observations), (1, 1));
}

pub(crate) async fn what_was_withdrawn_is_shown_too(bed: &dyn Bed) {
    let writer = two_days(bed).await;
    let shown = inspect(bed, &writer, Metric::BodyWeight).await;
    let [second] = &shown.days[..] else { panic!("one day") };
    assert_eq!(second.samples, []);
    assert_eq!(second.observations[0].status, Status::EnteredInError);
    assert_eq!(second.coverage.as_ref().unwrap().observations, 0);
}

pub(crate) async fn the_span_reaches_from_the_first_day_to_the_last(bed: &dyn Bed) {
    let writer = two_days(bed).await;
    let span = bed.store().held_span(writer.person, Metric::Steps).await.unwrap();
    assert_eq!(span, Some(DateRange { first: day(FIRST), last: day(SECOND) }));
    assert_eq!(bed.store().held_span(writer.person, Metric::Spo2).await.unwrap(), None);
}

pub(crate) async fn an_unreadable_row_does_not_hide_the_others(bed: &dyn Bed) {
    let writer = two_days(bed).await;
    bed.spoil("update sample_day set data = x'0102' where civil_date = '2026-03-01'").await;
    let shown = inspect(bed, &writer, Metric::Steps).await;
    let [row] = shown.unreadable[..] else { panic!("one row: {shown:?}") };
    assert_eq!((row.table, row.column, row.date), ("sample_day", "data", Some(day(FIRST))));
    assert_eq!(shown.days[1].samples[0].samples.len(), 600);
}

pub(crate) async fn a_digest_that_does_not_fit_is_told(bed: &dyn Bed) {
    let writer = two_days(bed).await;
    writer.write(vec![writer.closed(Metric::HeartRate, FIRST, heart_rates(FIRST, 9, 60))]).await;
    bed.spoil("update sample_day set digest = x'00' where metric = 'heart_rate'").await;
    let shown = inspect(bed, &writer, Metric::HeartRate).await;
    assert!(!shown.days[0].samples[0].digest_fits);
}

pub(crate) async fn rows_of_unknown_metrics_are_strays(bed: &dyn Bed) {
    two_days(bed).await;
    assert_eq!(bed.store().strays().await.unwrap(), []);
    bed.spoil("update observation set metric = 'mood' where metric = 'steps'").await;
    bed.spoil("update coverage set civil_date = 'once' where metric = 'body_weight'").await;
    let strays = bed.store().strays().await.unwrap();
    let strays: Vec<_> = strays.iter().map(|strays| (strays.table, strays.rows)).collect();
    assert_eq!(strays, [("observation", 2), ("coverage", 1)]);
}

pub(crate) async fn a_released_connection_is_as_it_was(bed: &dyn Bed) {
    let store = bed.store();
    let (person, id) = a_connected_person(store).await;
    let before = store.jobs(person).await.unwrap();
    let (_, lease) = store.claim(id, at(1), at(60), Uuid::new_v4()).await.unwrap().unwrap();
    let [held] = &store.jobs(person).await.unwrap()[..] else { panic!("one job") };
    assert_eq!((held.lease, held.lease_until), (Some(lease.token), Some(at(60))));
    assert!(store.release(lease).await.unwrap());
    assert_eq!(store.jobs(person).await.unwrap(), before);
    assert!(!store.release(lease).await.unwrap(), "it was given back already");
}

pub(crate) async fn a_trigger_outlives_the_release(bed: &dyn Bed) {
    let store = bed.store();
    let (person, id) = a_connected_person(store).await;
    let (_, lease) = store.claim(id, at(1), at(60), Uuid::new_v4()).await.unwrap().unwrap();
    store.make_due(id, Priority::PersonWaiting, at(2)).await.unwrap();
    store.release(lease).await.unwrap();
    let [job] = &store.jobs(person).await.unwrap()[..] else { panic!("one job") };
    assert_eq!(job.connection.priority, Priority::PersonWaiting);
}
