//! What storage costs: a full-resolution day of heart rate, and a page of a long history.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::path::Path;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use phr_model::{
    Coverage, CoverageState, DateRange, Day, FITBIT, Figure, HeartRateForm, Metric, Offsets,
    PersonId, Sample, observe,
};
use phr_store::{
    Accounts, Connections, Readings, SqliteStore,
    account::{NewPerson, Person},
    codec,
    connection::{Consent, Lease, SealedTokens},
    reading::{DayWrite, ObservationFilter},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::runtime::Runtime;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const EVERYTHING: ObservationFilter = ObservationFilter { metric: None, from: None, to: None };

struct Writer {
    store: SqliteStore,
    person: PersonId,
    lease: Lease,
}

async fn a_writer(file: &Path) -> Writer {
    let store = SqliteStore::open(file).await.unwrap();
    let id = PersonId(Uuid::new_v4());
    let person = Person {
        id,
        email: "ada@example.org".to_owned(),
        name: "Ada".to_owned(),
        password_hash: String::new(),
        patient: None,
        created_at: NOW,
    };
    store.register(NewPerson { person, invitation: None }, NOW).await.unwrap();
    let connection = store.select_vendor(id, FITBIT, NOW).await.unwrap();
    let tokens = SealedTokens { envelope: "key:x".to_owned(), access_expires_at: NOW };
    let consent = Consent {
        upstream: "google-health".to_owned(),
        legacy_user: None,
        vendor_user: "ABC".to_owned(),
        scopes: Vec::new(),
        zone: None,
        tokens,
        reconnect_by: None,
    };
    store.link(connection.id, consent, NOW).await.unwrap();
    let claim = store.claim(connection.id, NOW, Timestamp::MAX, Uuid::new_v4()).await.unwrap();
    Writer { store, person: id, lease: claim.unwrap().1 }
}

/// Samples every 1 to 3 s (or `every` s): 37,000 and more a day.
fn heart_rates(date: Date, seed: u64, every: Option<i64>) -> Vec<Sample> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let start = date.to_zoned(TimeZone::UTC).unwrap().timestamp();
    let (mut second, mut beats) = (0, 62_i64);
    let mut samples = Vec::new();
    while second < 86_400 {
        beats = (beats + random.random_range(-1..=1)).clamp(45, 190);
        let at = start + SignedDuration::from_secs(second);
        samples.push(Sample { at, seconds: 0, offset_seconds: 0, value: beats * 10 });
        second += every.unwrap_or_else(|| random.random_range(1..=3));
    }
    samples
}

impl Writer {
    fn day(&self, metric: Metric, date: Date, samples: Vec<Sample>) -> DayWrite {
        let figure = Figure::of(metric, &samples);
        let offsets = Offsets::new(TimeZone::UTC, &samples);
        let day = Day {
            person: self.person,
            vendor: FITBIT,
            metric,
            date,
            samples: &samples,
            figure: figure.as_ref(),
            offsets: &offsets,
            closed: true,
        };
        let drafts = observe(&day, HeartRateForm::Hourly);
        let coverage = Coverage {
            metric,
            date,
            state: CoverageState::Complete,
            reason: None,
            samples: u32::try_from(samples.len()).unwrap(),
            implausible: 0,
            ours: figure.clone(),
            vendor: figure,
            read_at: Some(NOW),
            read_closed: true,
        };
        DayWrite { samples, drafts, coverage }
    }

    async fn write(&self, days: Vec<DayWrite>) {
        self.store.replace_days(self.lease, self.person, FITBIT, days, NOW).await.unwrap();
    }
}

fn a_full_day(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let writer = runtime.block_on(a_writer(&folder.path().join("phr.db")));
    let date: Date = "2026-03-01".parse().unwrap();
    let samples = heart_rates(date, 1, None);
    let blob = codec::encode(&samples).unwrap();
    let mut group = criterion.benchmark_group("full-resolution day");
    group.bench_function("encode", |bench| bench.iter(|| codec::encode(&samples)));
    group.bench_function("digest", |bench| bench.iter(|| codec::content_digest(&samples)));
    group.bench_function("decode", |bench| bench.iter(|| codec::decode(&blob, samples.len())));
    let mut seed = 1;
    group.bench_function("replace with another", |bench| {
        bench.to_async(&runtime).iter_batched(
            || {
                seed += 1;
                vec![writer.day(Metric::HeartRate, date, heart_rates(date, seed, None))]
            },
            |days| writer.write(days),
            BatchSize::PerIteration,
        );
    });
    let same = writer.day(Metric::HeartRate, date, samples.clone());
    runtime.block_on(writer.write(vec![same.clone()]));
    group.bench_function("replace with the same", |bench| {
        let days = || vec![same.clone()];
        bench.to_async(&runtime).iter_batched(
            days,
            |days| writer.write(days),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn a_page_of_five_years(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let writer = runtime.block_on(a_writer(&folder.path().join("phr.db")));
    runtime.block_on(async {
        let years = DateRange::ending("2026-03-01".parse().unwrap(), 5 * 365);
        for dates in years.days().collect::<Vec<_>>().chunks(30) {
            let days = dates.iter().flat_map(|date| {
                let hours = heart_rates(*date, 1, Some(3_600));
                let steps = heart_rates(*date, 2, Some(7_200));
                let metrics = [(Metric::HeartRate, hours), (Metric::Steps, steps.clone())];
                let others = [(Metric::Calories, steps.clone()), (Metric::Distance, steps)];
                metrics.into_iter().chain(others).map(|(metric, s)| writer.day(metric, *date, s))
            });
            writer.write(days.collect()).await;
        }
    });
    let mut group = criterion.benchmark_group("page of 20 of five years");
    let heart_rate = ObservationFilter { metric: Some(Metric::HeartRate), ..EVERYTHING };
    for (name, filter, number) in [
        ("1", EVERYTHING, 1),
        ("500", EVERYTHING, 500),
        ("2460", EVERYTHING, 2_460),
        ("1 of heart rate", heart_rate, 1),
        ("500 of heart rate", heart_rate, 500),
    ] {
        group.bench_function(name, |bench| {
            bench.to_async(&runtime).iter(|| async {
                let page = writer.store.observations(writer.person, filter, number, 20).await;
                assert_eq!(page.unwrap().observations.len(), 20);
            });
        });
    }
    // What a process pays once for a person, and again after each write of theirs.
    group.bench_function("1 with the days counted anew", |bench| {
        let fresh = || runtime.block_on(SqliteStore::open(&folder.path().join("phr.db"))).unwrap();
        bench.iter_batched(
            fresh,
            |store| runtime.block_on(store.observations(writer.person, EVERYTHING, 1, 20)).unwrap(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, a_full_day, a_page_of_five_years);
criterion_main!(benches);
