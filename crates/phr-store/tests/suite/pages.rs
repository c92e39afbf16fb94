use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use phr_model::{DateRange, FITBIT, Metric, Observation, PersonId};
use phr_store::{Store, account::Session, reading::ObservationFilter};
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{EVERYTHING, Writer, a_person, a_writer, at, day, hash, heart_rates, steps, weigh_in},
};

/// 20 days of hourly heart rate and steps, a weigh-in every third day, one of them withdrawn.
async fn a_history(writer: &Writer<'_>) {
    let first = day("2026-02-20");
    let days = DateRange::ending(day("2026-03-11"), 20);
    assert_eq!(days.first, first);
    for (n, date) in days.days().enumerate() {
        let text = date.to_string();
        let mut write = vec![
            writer.closed(Metric::HeartRate, &text, heart_rates(&text, 24, 3_600)),
            writer.closed(Metric::Steps, &text, steps(&text, 60)),
        ];
        if n % 3 == 0 {
            let weighed = vec![weigh_in(&format!("{text}T07:00:00Z"), 70)];
            write.push(writer.closed(Metric::BodyWeight, &text, weighed));
        }
        writer.write(write).await;
    }
    writer.write(vec![writer.closed(Metric::BodyWeight, "2026-02-23", vec![])]).await;
}

async fn all_pages(
    store: &dyn Store,
    person: PersonId,
    filter: ObservationFilter,
    size: u32,
) -> (u64, Vec<Observation>) {
    let mut all = Vec::new();
    for number in 1.. {
        let page = store.observations(person, filter, number, size).await.unwrap();
        all.extend(page.observations.iter().cloned());
        if page.observations.len() < size as usize {
            return (page.total, all);
        }
    }
    unreachable!()
}

fn order(observation: &Observation) -> (jiff::civil::Date, jiff::Timestamp, Uuid) {
    let says = &observation.says;
    (says.date, says.effective.start().at, says.id)
}

pub(crate) async fn pages_hold_everything_once(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_history(&writer).await;
    let once = writer.standing().await;
    assert_eq!(once.len(), 20 * 25 + 6);
    assert!(once.iter().rev().is_sorted_by_key(order));
    for size in [1, 7, 20, 100, 506] {
        let (total, all) = all_pages(bed.store(), writer.person, EVERYTHING, size).await;
        assert_eq!((total, all.len()), (506, 506), "pages of {size}");
        assert_eq!(all, once, "pages of {size}");
    }
}

pub(crate) async fn totals_are_exact_under_any_filter(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_history(&writer).await;
    let everything = writer.standing().await;
    let dates =
        [None, Some("2026-02-01"), Some("2026-02-26"), Some("2026-03-11"), Some("2026-04-01")];
    for metric in [None, Some(Metric::HeartRate), Some(Metric::BodyWeight), Some(Metric::Spo2)] {
        for from in dates {
            for to in dates {
                let filter = ObservationFilter { metric, from: from.map(day), to: to.map(day) };
                let expected: Vec<_> = everything
                    .iter()
                    .filter(|one| metric.is_none_or(|metric| one.says.metric == metric))
                    .filter(|one| filter.from.is_none_or(|from| one.says.date >= from))
                    .filter(|one| filter.to.is_none_or(|to| one.says.date <= to))
                    .cloned()
                    .collect();
                let (total, all) = all_pages(bed.store(), writer.person, filter, 100).await;
                assert_eq!((total, all), (expected.len() as u64, expected), "{filter:?}");
            }
        }
    }
}

pub(crate) async fn a_page_past_the_end_is_empty(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_history(&writer).await;
    for number in [27, 1_000, u32::MAX] {
        let page = bed.store().observations(writer.person, EVERYTHING, number, 20).await.unwrap();
        assert_eq!((page.total, page.observations.len()), (506, 0));
    }
}

pub(crate) async fn a_stranger_has_an_empty_page(bed: &dyn Bed) {
    let nobody = PersonId(Uuid::new_v4());
    let page = bed.store().observations(nobody, EVERYTHING, 1, 20).await.unwrap();
    assert_eq!((page.total, page.observations.len()), (0, 0));
}

pub(crate) async fn a_page_follows_what_another_process_writes(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_history(&writer).await;
    let reader = bed.another().await;
    assert_eq!(all_pages(&*reader, writer.person, EVERYTHING, 100).await.0, 506);
    writer.write(vec![writer.closed(Metric::Steps, "2026-03-12", steps("2026-03-12", 9))]).await;
    let page = reader.observations(writer.person, EVERYTHING, 1, 20).await.unwrap();
    assert_eq!((page.total, page.observations[0].says.date), (507, day("2026-03-12")));
    writer.write(vec![writer.closed(Metric::Steps, "2026-03-12", vec![])]).await;
    assert_eq!(all_pages(&*reader, writer.person, EVERYTHING, 100).await.0, 506);
}

pub(crate) async fn pages_read_during_writes_are_never_torn(bed: &dyn Bed) {
    // A writer adds and removes a day of 24 Observations; a page either has all of them or none.
    let writer = a_writer(bed.store()).await;
    a_history(&writer).await;
    let date = "2026-03-12";
    let with = writer.closed(Metric::HeartRate, date, heart_rates(date, 24, 3_600));
    let without = writer.closed(Metric::HeartRate, date, vec![]);
    let (store, lease, person) = (bed.shared(), writer.lease, writer.person);
    let done = Arc::new(AtomicBool::new(false));
    let set_done = Arc::clone(&done);
    let writing = tokio::spawn(async move {
        for _ in 0..40 {
            for day in [with.clone(), without.clone()] {
                store.replace_days(lease, person, FITBIT, vec![day], at(60)).await.unwrap();
            }
        }
        set_done.store(true, Ordering::SeqCst);
    });
    while !done.load(Ordering::SeqCst) {
        let page = bed.store().observations(person, EVERYTHING, 2, 20).await.unwrap();
        let newest = page.observations.iter().filter(|one| one.says.date == day(date)).count();
        assert!([(506, 0), (530, 4)].contains(&(page.total, newest)), "{} {newest}", page.total);
        assert_eq!(page.observations.len(), 20);
    }
    writing.await.unwrap();
}

/// The revision as a request in session number `n` would learn it.
async fn revision(store: &dyn Store, person: PersonId, n: u8) -> i64 {
    let session = Session { id: Uuid::new_v4(), person, expires_at: at(9_000) };
    store.open_session(session.clone(), hash(n), at(0)).await.unwrap();
    let signed_in = store.signed_in(session.id, at(1)).await.unwrap().unwrap();
    assert_eq!((signed_in.session.id, signed_in.person.id), (session.id, person));
    signed_in.revision
}

pub(crate) async fn the_revision_moves_with_every_change_and_no_repetition(bed: &dyn Bed) {
    let (store, writer) = (bed.store(), a_writer(bed.store()).await);
    let mut last = revision(store, writer.person, 0).await;
    for n in 1..=3 {
        let walked = steps("2026-03-09", 60 * i64::from(n));
        let written = writer.closed(Metric::Steps, "2026-03-09", walked);
        writer.write(vec![written.clone()]).await;
        let changed = revision(store, writer.person, 2 * n).await;
        assert_ne!(changed, last);
        writer.write(vec![written]).await;
        assert_eq!(revision(store, writer.person, 2 * n + 1).await, changed);
        last = changed;
    }
}

pub(crate) async fn a_session_that_ended_signs_nobody_in(bed: &dyn Bed) {
    let person = a_person(bed.store()).await;
    let session = Session { id: Uuid::new_v4(), person, expires_at: at(100) };
    bed.store().open_session(session.clone(), hash(9), at(0)).await.unwrap();
    assert!(bed.store().signed_in(session.id, at(99)).await.unwrap().is_some());
    assert!(bed.store().signed_in(session.id, at(100)).await.unwrap().is_none());
    bed.store().end_session(person, session.id).await.unwrap();
    assert!(bed.store().signed_in(session.id, at(1)).await.unwrap().is_none());
}
