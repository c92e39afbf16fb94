//! Searching finds exactly what sifting everything finds.

use jiff::civil::Date;
use phr_model::{Metric, Observation, Status};
use phr_store::{
    feed::Change,
    search::{Comparison, Edge, Extent, ObservationSearch, Order, Place, Reading, Series},
};

use crate::{
    bed::Bed,
    given::{Writer, a_writer, at, day, heart_rates, steps, weigh_in},
};

const NEWEST: Order = Order::Date { descending: true };

/// Eight days of heart rate and steps, the last of them open; two weigh-ins, one withdrawn.
async fn a_week(writer: &Writer<'_>) {
    for number in 1..=8 {
        let text = format!("2026-03-0{number}");
        let closed = number < 8;
        let rates = heart_rates(&text, 24, 3_600);
        writer
            .write_at(
                vec![
                    writer.read(Metric::HeartRate, &text, rates, closed),
                    writer.read(Metric::Steps, &text, steps(&text, 60), closed),
                ],
                at(60 + number),
            )
            .await;
    }
    for date in ["2026-03-02", "2026-03-05"] {
        let weighed = vec![weigh_in(&format!("{date}T07:00:00Z"), 70)];
        writer.write(vec![writer.closed(Metric::BodyWeight, date, weighed)]).await;
    }
    writer.write_at(vec![writer.closed(Metric::BodyWeight, "2026-03-02", vec![])], at(90)).await;
}

async fn found(writer: &Writer<'_>, search: &ObservationSearch) -> Vec<Observation> {
    let found = writer.store.search(writer.person, search, None, 1_000).await.unwrap();
    let count = writer.store.count(writer.person, search).await.unwrap();
    assert_eq!(count, found.len() as u64, "{search:?}");
    found.into_iter().map(|found| found.observation).collect()
}

fn micros(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

fn bound(edge: Edge, at_least: bool, time: &str) -> Comparison {
    Comparison { edge, reading: Reading::OnTheWall, at_least, micros: micros(time) }
}

/// Within a civil day, as `eq` means it.
fn within(date: &str) -> Vec<Comparison> {
    vec![
        bound(Edge::Start, true, &format!("{date}T00:00:00Z")),
        bound(Edge::End, false, &format!("{date}T23:59:59.999999Z")),
    ]
}

pub(crate) async fn everything_that_stands_is_found_in_the_order_of_pages(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_week(&writer).await;
    let all = found(&writer, &ObservationSearch::ALL).await;
    assert_eq!(all, writer.standing().await);
    let oldest = Order::Date { descending: false };
    let oldest = ObservationSearch { order: oldest, ..ObservationSearch::ALL };
    let mut turned = found(&writer, &oldest).await;
    turned.reverse();
    assert_eq!(all, turned);
}

pub(crate) async fn a_day_holds_what_lies_within_it(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_week(&writer).await;
    let search =
        ObservationSearch { times: vec![vec![within("2026-03-05")]], ..ObservationSearch::ALL };
    let mut expected = writer.standing().await;
    expected.retain(|observation| observation.says.date == day("2026-03-05"));
    assert_eq!(expected.len(), 26);
    assert_eq!(found(&writer, &search).await, expected);
    // Two days, the one or the other.
    let either = vec![within("2026-03-05"), within("2026-03-07")];
    let search = ObservationSearch { times: vec![either], ..ObservationSearch::ALL };
    assert_eq!(found(&writer, &search).await.len(), 51);
    // Both at once is nothing.
    let both = vec![vec![within("2026-03-05")], vec![within("2026-03-07")]];
    let search = ObservationSearch { times: both, ..ObservationSearch::ALL };
    assert_eq!(found(&writer, &search).await, []);
}

pub(crate) async fn a_bound_cuts_where_it_says(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_week(&writer).await;
    let all = writer.standing().await;
    for reading in [Reading::OnTheWall, Reading::Universal] {
        for (edge, at_least) in
            [(Edge::Start, true), (Edge::Start, false), (Edge::End, true), (Edge::End, false)]
        {
            for time in ["2026-03-04T00:00:00Z", "2026-03-04T07:00:00Z", "2026-03-04T07:30:00Z"] {
                let comparison = Comparison { edge, reading, at_least, micros: micros(time) };
                let times = vec![vec![vec![comparison]]];
                let search = ObservationSearch { times, ..ObservationSearch::ALL };
                let mut expected = all.clone();
                expected.retain(|it| {
                    let start = it.says.effective.start();
                    let moment = match edge {
                        Edge::Start => start,
                        _ => it.says.effective.end().unwrap_or(start),
                    };
                    let edge = moment.at.as_microsecond();
                    if at_least { edge >= comparison.micros } else { edge <= comparison.micros }
                });
                assert_eq!(found(&writer, &search).await, expected, "{comparison:?}");
            }
        }
    }
}

pub(crate) async fn series_tell_open_days_from_closed_ones(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_week(&writer).await;
    let series = |metric, extents: &[Extent]| Series { metric, extents: extents.to_vec() };
    let count = async |series: Vec<Series>| {
        let search = ObservationSearch { series: Some(series), ..ObservationSearch::ALL };
        found(&writer, &search).await.len()
    };
    assert_eq!(count(vec![series(Metric::Steps, &Extent::ALL)]).await, 8);
    assert_eq!(count(vec![series(Metric::Steps, &[Extent::ClosedPeriod])]).await, 7);
    assert_eq!(count(vec![series(Metric::Steps, &[Extent::OpenPeriod])]).await, 1);
    assert_eq!(count(vec![series(Metric::Steps, &[Extent::Instant])]).await, 0);
    assert_eq!(count(vec![series(Metric::BodyWeight, &[Extent::Instant])]).await, 1);
    assert_eq!(count(vec![]).await, 0);
    let two =
        vec![series(Metric::Steps, &Extent::ALL), series(Metric::BodyWeight, &[Extent::Instant])];
    assert_eq!(count(two).await, 9);
}

pub(crate) async fn the_withdrawn_are_found_by_status_or_not_at_all(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_week(&writer).await;
    let of = |statuses: &[Status]| ObservationSearch {
        statuses: Some(statuses.to_vec()),
        ..ObservationSearch::ALL
    };
    let withdrawn = found(&writer, &of(&[Status::EnteredInError])).await;
    assert_eq!(withdrawn.len(), 1);
    let id = withdrawn[0].says.id;
    let by_id = ObservationSearch { ids: Some(vec![id]), ..of(&Status::ALL) };
    assert_eq!(found(&writer, &by_id).await, withdrawn);
    let standing = ObservationSearch { ids: Some(vec![id]), ..ObservationSearch::ALL };
    assert_eq!(found(&writer, &standing).await, []);
    let nothing = ObservationSearch { ids: Some(vec![]), ..ObservationSearch::ALL };
    assert_eq!(found(&writer, &nothing).await, []);
    assert_eq!(found(&writer, &of(&[Status::Preliminary])).await.len(), 25);
}

pub(crate) async fn what_changed_since_is_found_in_the_order_of_changes(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_week(&writer).await;
    let since = Comparison {
        edge: Edge::Issued,
        reading: Reading::Universal,
        at_least: true,
        micros: at(67).as_microsecond(),
    };
    let search = ObservationSearch {
        times: vec![vec![vec![since]]],
        order: Order::Changed { descending: false },
        statuses: Some(Status::ALL.to_vec()),
        ..ObservationSearch::ALL
    };
    let found = found(&writer, &search).await;
    assert_eq!(found.len(), 2 * 25 + 1);
    assert!(found.is_sorted_by_key(|observation| observation.issued));
    assert_eq!(found.last().unwrap().status, Status::EnteredInError);
}

pub(crate) async fn pages_of_any_length_and_order_hold_everything_once(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_week(&writer).await;
    let changed = |descending| Order::Changed { descending };
    for order in [NEWEST, Order::Date { descending: false }, changed(true), changed(false)] {
        let search = ObservationSearch { order, ..ObservationSearch::ALL };
        let whole = found(&writer, &search).await;
        for size in [7, 50, 201] {
            assert_eq!(walk(&writer, &search, size).await, whole, "{order:?} by {size}");
        }
    }
}

async fn walk(writer: &Writer<'_>, search: &ObservationSearch, size: u32) -> Vec<Observation> {
    let mut all: Vec<Change> = Vec::new();
    loop {
        let after = all.last().map(Place::of);
        let page = writer.store.search(writer.person, search, after, size).await.unwrap();
        let is_last = page.len() < size as usize;
        all.extend(page);
        if is_last {
            return all.into_iter().map(|found| found.observation).collect();
        }
    }
}

pub(crate) async fn nobody_finds_what_is_somebody_elses(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    a_week(&writer).await;
    let other = a_writer(bed.store()).await;
    assert_eq!(found(&other, &ObservationSearch::ALL).await, []);
    let theirs = writer.standing().await[0].says.id;
    let by_id = ObservationSearch {
        ids: Some(vec![theirs]),
        statuses: Some(Status::ALL.to_vec()),
        ..ObservationSearch::ALL
    };
    assert_eq!(found(&other, &by_id).await, []);
}

/// A journey puts a day's edges on another date of the wall: the bounds of days are wide enough.
pub(crate) async fn a_journey_hides_nothing(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let mut samples = heart_rates("2026-03-04", 24, 3_600);
    for sample in samples.iter_mut().skip(12) {
        sample.offset_seconds = 13 * 3_600;
    }
    for date in ["2026-03-04", "2026-03-05"] {
        let date: Date = day(date);
        let of_day: Vec<_> = samples.iter().filter(|it| it.date() == date).copied().collect();
        writer.write(vec![writer.closed(Metric::HeartRate, &date.to_string(), of_day)]).await;
    }
    let all = writer.standing().await;
    assert_eq!(all.len(), 24);
    for observation in &all {
        let start = observation.says.effective.start();
        let wall = start.at.as_microsecond() + i64::from(start.offset_seconds) * 1_000_000;
        for (reading, micros) in
            [(Reading::OnTheWall, wall), (Reading::Universal, start.at.as_microsecond())]
        {
            let at = |at_least| Comparison { edge: Edge::Start, reading, at_least, micros };
            let times = vec![vec![vec![at(true)]], vec![vec![at(false)]]];
            let search = ObservationSearch { times, ..ObservationSearch::ALL };
            let found = found(&writer, &search).await;
            assert!(found.contains(observation), "{reading:?}");
        }
    }
}
