//! What a full-resolution day of heart rate costs from the vendor's bytes to the committed database:
//! parse, observe, judge, encode and replace 37,000 samples, beside a bare typed `serde_json` parse
//! of the same bytes. `cargo bench -p phr-sync --bench day`

#![expect(clippy::unwrap_used, reason = "a benchmark may fail where it stands")]

#[path = "../../phr-vendors/benches/heart_rate_day/mod.rs"]
mod heart_rate_day;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use heart_rate_day::{BarePage, SAMPLES, day};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use phr_model::{Day, FITBIT, HeartRateForm, Metric, Offsets, PersonId, Sample, observe};
use phr_store::{
    Accounts, Connections, Readings, SqliteStore,
    account::{NewPerson, Person},
    connection::{Consent, Lease, SealedTokens},
    reading::DayWrite,
};
use phr_sync::compare::judge;
use phr_vendors::fitbit::google_health::parse_page;
use tempfile::TempDir;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const DATE: Date = Date::constant(2026, 11, 20);

struct Record {
    store: SqliteStore,
    person: PersonId,
    lease: Lease,
    _folder: TempDir,
}

async fn record() -> Record {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("phr.sqlite")).await.unwrap();
    let id = PersonId(Uuid::new_v4());
    let person = Person {
        id,
        email: "ada@example.org".to_owned(),
        name: "Ada".to_owned(),
        password_hash: String::new(),
        patient: Some(id.patient()),
        created_at: NOW,
    };
    store.register(NewPerson { person, invitation: None }, NOW).await.unwrap();
    let connection = store.select_vendor(id, FITBIT, NOW).await.unwrap();
    let consent = Consent {
        upstream: "google-health".to_owned(),
        legacy_user: None,
        vendor_user: "1".to_owned(),
        scopes: Vec::new(),
        zone: None,
        tokens: SealedTokens { envelope: "key:x".to_owned(), access_expires_at: NOW },
        reconnect_by: None,
    };
    store.link(connection.id, consent, NOW).await.unwrap();
    let claim = store.claim(connection.id, NOW, Timestamp::MAX, Uuid::new_v4()).await.unwrap();
    Record { store, person: id, lease: claim.unwrap().1, _folder: folder }
}

impl Record {
    /// From bytes to commit. `shift` makes the day another one, so that there is something to
    /// replace.
    async fn keep(&self, body: &[u8], shift: i64) {
        let page = parse_page(Metric::HeartRate, body).unwrap();
        let mut samples: Vec<Sample> = page
            .items
            .iter()
            .map(|point| Sample {
                at: point.at,
                seconds: point.seconds,
                offset_seconds: point.offset_seconds.unwrap_or(0),
                value: point.value + shift,
            })
            .collect();
        samples.sort_unstable();
        let offsets = Offsets::new(TimeZone::UTC, &samples);
        let day = Day {
            person: self.person,
            vendor: FITBIT,
            metric: Metric::HeartRate,
            date: DATE,
            samples: &samples,
            figure: None,
            offsets: &offsets,
            closed: true,
        };
        let drafts = observe(&day, HeartRateForm::Hourly);
        let coverage = judge(Metric::HeartRate, DATE, &samples, None, true, NOW);
        let write = DayWrite { samples, drafts, coverage };
        let written =
            self.store.replace_days(self.lease, self.person, FITBIT, vec![write], NOW).await;
        assert_eq!(written.unwrap().samples, u64::from(SAMPLES));
    }
}

fn a_day(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let record = runtime.block_on(record());
    let body = day();
    let mut group = criterion.benchmark_group("a full-resolution day of heart rate");
    group.throughput(Throughput::Bytes(body.len() as u64)).sample_size(20);
    group.bench_function("bare typed serde_json", |bencher| {
        bencher.iter(|| {
            let page: BarePage<'_> = serde_json::from_str(black_box(&body)).unwrap();
            page.data_points.len()
        });
    });
    let mut shift = 0;
    group.bench_function("parse, observe, encode, replace", |bencher| {
        bencher.iter(|| {
            shift = (shift + 10) % 100;
            runtime.block_on(record.keep(black_box(body.as_bytes()), shift));
        });
    });
    group.finish();
}

criterion_group!(benches, a_day);
criterion_main!(benches);
