//! How much room a heart-rate sample takes on disk: at most one byte, with its row, its index and
//! the pages they leave half empty.

use std::{collections::BTreeMap, path::Path};

use crate::given::{a_writer, day};
use jiff::{
    SignedDuration,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use phr_model::{DateRange, Metric, Sample};
use phr_store::SqliteStore;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A day as a wrist records it: a heart rate in whole beats that wanders between sleep and walks, at
/// spacings drawn from `spacings` (seconds).
fn recorded(date: Date, spacings: &[i64]) -> Vec<Sample> {
    let mut random = ChaCha8Rng::seed_from_u64(u64::from(date.day().unsigned_abs()));
    let start = date.to_zoned(TimeZone::UTC).unwrap().timestamp();
    let (mut second, mut beats) = (0, 62_i64);
    let mut samples = Vec::new();
    while second < 86_400 {
        let toward = if (8..22).contains(&(second / 3_600)) { 85 } else { 55 };
        let pull = i64::from(random.random_range(0..10) == 0) * (toward - beats).signum();
        beats = (beats + random.random_range(-1..=1) + pull).clamp(45, 190);
        let at = start + SignedDuration::from_secs(second);
        samples.push(Sample { at, seconds: 0, offset_seconds: 3_600, value: beats * 10 });
        second += spacings[random.random_range(0..spacings.len())];
    }
    samples
}

/// Samples of a month, and bytes of the closed file that holds them.
async fn a_month(spacings: &[i64], observed: bool) -> (u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("phr.db");
    SqliteStore::open(&file).await.unwrap().close().await;
    let empty = std::fs::metadata(&file).unwrap().len();
    let store = SqliteStore::open(&file).await.unwrap();
    let writer = a_writer(&store).await;
    let mut samples = 0;
    for date in DateRange::ending(day("2026-03-30"), 30).days() {
        let recorded = recorded(date, spacings);
        let mut written = writer.closed(Metric::HeartRate, &date.to_string(), recorded);
        if !observed {
            written.drafts.clear();
        }
        samples += writer.write(vec![written]).await.samples;
    }
    store.close().await;
    (samples, std::fs::metadata(&file).unwrap().len() - empty)
}

#[tokio::test]
async fn a_sample_of_a_full_resolution_month_takes_at_most_a_byte() {
    // 37,000 a day; even the Observations count.
    let (samples, bytes) = a_month(&[1, 2, 3, 3, 3, 2], true).await;
    assert!(bytes <= samples, "{bytes} bytes for {samples} samples");
}

#[tokio::test]
async fn a_sample_every_five_seconds_or_so_takes_at_most_a_byte() {
    let (samples, bytes) = a_month(&[5, 5, 5, 5, 5, 10, 10, 15], false).await;
    assert!(bytes <= samples, "{bytes} bytes for {samples} samples");
}

/// Recorded heart rates by wearer and local day; the 5-second file replaces the minute file.
fn recordings(folder: &Path) -> BTreeMap<(String, Date), Vec<Sample>> {
    let mut days: BTreeMap<(String, Date), Vec<Sample>> = BTreeMap::new();
    let mut fine = Vec::new();
    for file in ["heart_rate_by_5_seconds.csv", "heart_rate_by_minute.csv"] {
        let mut reader = csv::Reader::from_path(folder.join(file)).unwrap();
        for row in reader.records().map(Result::unwrap) {
            let local: DateTime = row[1].parse().unwrap();
            let key = (row[0].to_owned(), local.date());
            if file.contains("minute") && fine.contains(&key) {
                continue;
            }
            let zoned = TimeZone::get("America/New_York").unwrap().to_zoned(local).unwrap();
            let beats: i64 = row[2].parse().unwrap();
            let offset_seconds = zoned.offset().seconds();
            let at = zoned.timestamp();
            let sample = Sample { at, seconds: 0, offset_seconds, value: beats * 10 };
            days.entry(key).or_default().push(sample);
        }
        fine.extend(days.keys().cloned());
    }
    days
}

/// Bytes of the pages that hold samples, with their index, by SQLite's own count.
async fn bytes_of_samples(file: &Path) -> u64 {
    let url = format!("sqlite://{}?mode=ro", file.display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    let count = "select sum(pgsize) from dbstat where name like '%sample_day%'";
    let (bytes,): (i64,) = sqlx::query_as(count).fetch_one(&pool).await.unwrap();
    pool.close().await;
    u64::try_from(bytes).unwrap()
}

#[tokio::test]
async fn a_recorded_sample_takes_at_most_a_byte() {
    let Some(recorded) = std::env::var_os("PHR_RECORDINGS") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("phr.db");
    let store = SqliteStore::open(&file).await.unwrap();
    let mut writers = BTreeMap::new();
    let mut samples = 0;
    for ((wearer, date), recorded) in recordings(Path::new(&recorded)) {
        if !writers.contains_key(&wearer) {
            writers.insert(wearer.clone(), a_writer(&store).await);
        }
        let writer = &writers[&wearer];
        let written = writer.closed(Metric::HeartRate, &date.to_string(), recorded);
        samples += writer.write(vec![written]).await.samples;
    }
    drop(writers);
    store.close().await;
    let bytes = bytes_of_samples(&file).await;
    assert!(bytes <= samples, "{bytes} bytes for {samples} samples");
}
