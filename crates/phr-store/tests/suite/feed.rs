use std::collections::BTreeMap;

use phr_model::{FITBIT, Metric, Observation, PersonId, Status};
use phr_store::{
    Store,
    feed::{Change, Position},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use crate::{
    bed::Bed,
    given::{Writer, a_person, a_writer, at, heart_rates, steps, weigh_in},
};

async fn changes(store: &dyn Store, person: PersonId, after: Position) -> Vec<Change> {
    store.changes(person, None, after, 1_000).await.unwrap()
}

fn says(changes: &[Change]) -> Vec<(Status, u32)> {
    changes.iter().map(|change| (change.observation.status, change.observation.version)).collect()
}

async fn weigh(writer: &Writer<'_>, kilograms: &[i64]) {
    let weighed = kilograms.iter().enumerate();
    let weighed =
        weighed.map(|(n, kg)| weigh_in(&format!("2026-03-09T0{n}:00:00Z"), *kg)).collect();
    writer.write(vec![writer.closed(Metric::BodyWeight, "2026-03-09", weighed)]).await;
}

pub(crate) async fn a_change_appears_once_after_its_position(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    let first = changes(bed.store(), writer.person, Position::START).await;
    assert_eq!(says(&first), [(Status::Final, 1)]);
    weigh(&writer, &[70, 80]).await;
    let second = changes(bed.store(), writer.person, first[0].position).await;
    assert_eq!(says(&second), [(Status::Final, 1)]);
    assert_ne!(second[0].observation.says.id, first[0].observation.says.id);
    assert_eq!(changes(bed.store(), writer.person, second[0].position).await, []);
}

pub(crate) async fn what_changed_twice_appears_once_as_it_is_now(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    for kilograms in [70, 71, 72] {
        weigh(&writer, &[kilograms]).await;
    }
    let all = changes(bed.store(), writer.person, Position::START).await;
    assert_eq!(says(&all), [(Status::Corrected, 3)]);
    assert_eq!(all[0].observation.says.value, 72_000_000);
}

pub(crate) async fn a_tombstone_is_in_the_feed(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70, 80]).await;
    let seen = changes(bed.store(), writer.person, Position::START).await;
    weigh(&writer, &[70]).await;
    let gone = changes(bed.store(), writer.person, seen[1].position).await;
    assert_eq!(says(&gone), [(Status::EnteredInError, 2)]);
}

pub(crate) async fn saying_the_same_again_is_no_change(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70, 80]).await;
    let seen = changes(bed.store(), writer.person, Position::START).await;
    weigh(&writer, &[70, 80]).await;
    assert_eq!(changes(bed.store(), writer.person, seen[1].position).await, []);
    assert_eq!(changes(bed.store(), writer.person, Position::START).await, seen);
}

pub(crate) async fn the_feed_of_a_metric_holds_nothing_else(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    let date = "2026-03-09";
    writer.write(vec![writer.closed(Metric::Steps, date, steps(date, 60))]).await;
    let store = bed.store();
    let of_steps = store.changes(writer.person, Some(Metric::Steps), Position::START, 10).await;
    let metrics: Vec<_> = of_steps.unwrap().iter().map(|it| it.observation.says.metric).collect();
    assert_eq!(metrics, [Metric::Steps]);
    let of_spo2 = store.changes(writer.person, Some(Metric::Spo2), Position::START, 10).await;
    assert_eq!(of_spo2.unwrap(), []);
}

pub(crate) async fn the_feed_of_another_person_is_empty(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70]).await;
    let stranger = a_person(bed.store()).await;
    assert_eq!(changes(bed.store(), stranger, Position::START).await, []);
    assert_eq!(changes(bed.store(), PersonId(Uuid::new_v4()), Position::START).await, []);
}

pub(crate) async fn rows_of_before_the_feed_are_in_it(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    weigh(&writer, &[70, 80]).await;
    bed.spoil("update observation set revision = 0").await;
    assert_eq!(changes(bed.store(), writer.person, Position::START).await.len(), 2);
}

pub(crate) async fn whoever_listens_hears_of_changes_only(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let mut news = bed.store().news();
    weigh(&writer, &[70]).await;
    assert_eq!(news.try_recv().unwrap(), writer.person);
    weigh(&writer, &[70]).await;
    assert!(news.try_recv().is_err());
}

/// Random days of one person, as a vendor that changes its mind would have them.
async fn write_something(writer: &Writer<'_>, random: &mut ChaCha8Rng) {
    let mut days = Vec::new();
    for _ in 0..random.random_range(1..3) {
        let date = format!("2026-03-0{}", random.random_range(1..4));
        let many = i64::from(random.random_range(0..4));
        days.push(match random.random_range(0..3) {
            0 => writer.closed(Metric::Steps, &date, steps(&date, many)),
            1 => writer.closed(Metric::HeartRate, &date, heart_rates(&date, many, 3_600)),
            _ => {
                let weighed = (0..many)
                    .map(|n| weigh_in(&format!("{date}T0{n}:00:00Z"), random.random_range(60..62)));
                writer.closed(Metric::BodyWeight, &date, weighed.collect())
            }
        });
    }
    writer.write(days).await;
}

/// What an app does with a page.
fn apply(copy: &mut BTreeMap<Uuid, Observation>, changes: &[Change]) {
    for change in changes {
        let observation = change.observation.clone();
        let held = match observation.status {
            Status::EnteredInError => copy.remove(&observation.says.id),
            _ => copy.insert(observation.says.id, observation.clone()),
        };
        let newer = held.is_none_or(|held| held.version < observation.version);
        assert!(newer, "told twice: {observation:?}");
    }
}

/// Any sequence of writes, any interleaving of reads, any size of page: after draining, the app's
/// copy is the store, and nothing was told twice.
pub(crate) async fn a_drained_copy_equals_the_store(bed: &dyn Bed) {
    for seed in 0..12 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let writer = a_writer(bed.store()).await;
        let (mut copy, mut after) = (BTreeMap::new(), Position::START);
        for step in 0..40 {
            if step < 30 && random.random_range(0..3) > 0 {
                write_something(&writer, &mut random).await;
                continue;
            }
            let limit = random.random_range(1..9);
            loop {
                let page = bed.store().changes(writer.person, None, after, limit).await.unwrap();
                assert!(page.is_sorted_by_key(|change| change.position));
                apply(&mut copy, &page);
                after = page.last().map_or(after, |change| change.position);
                // In the middle of the feed, the writer goes on.
                if page.is_empty() || step < 30 {
                    break;
                }
            }
        }
        let mut standing = BTreeMap::new();
        for observation in writer.standing().await {
            standing.insert(observation.says.id, observation);
        }
        assert_eq!(copy, standing, "seed {seed}");
    }
}

pub(crate) async fn a_reader_beside_writers_misses_nothing(bed: &dyn Bed) {
    let writer = a_writer(bed.store()).await;
    let (person, lease, store) = (writer.person, writer.lease, bed.shared());
    let mut days = Vec::new();
    for n in 1..40_i64 {
        let date = format!("2026-03-0{}", n % 5 + 1);
        days.push(writer.closed(Metric::HeartRate, &date, heart_rates(&date, n % 7, 3_600 - n)));
    }
    let writing = tokio::spawn(async move {
        for day in days {
            store.replace_days(lease, person, FITBIT, vec![day], at(60)).await.unwrap();
        }
    });
    let reader = bed.another().await;
    let (mut copy, mut after) = (BTreeMap::new(), Position::START);
    loop {
        let over = writing.is_finished();
        let page = reader.changes(person, None, after, 3).await.unwrap();
        apply(&mut copy, &page);
        after = page.last().map_or(after, |change| change.position);
        if over && page.is_empty() {
            break;
        }
    }
    writing.await.unwrap();
    let standing: Vec<_> = writer.standing().await.into_iter().map(|it| it.says.id).collect();
    assert_eq!(copy.len(), standing.len());
    assert!(standing.iter().all(|id| copy.contains_key(id)));
}
