//! How much room a heart-rate sample takes on disk: at most one byte, with its row, its index and
//! the pages they leave half empty.

use crate::given::{a_writer, day};
use jiff::{SignedDuration, civil::Date, tz::TimeZone};
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
    (samples, std::fs::metadata(&file).unwrap().len())
}

#[tokio::test]
async fn a_sample_of_a_full_resolution_month_takes_at_most_a_byte() {
    // 37,000 a day; even the Observations and what an empty file takes count.
    let (samples, bytes) = a_month(&[1, 2, 3, 3, 3, 2], true).await;
    assert!(bytes <= samples, "{bytes} bytes for {samples} samples");
}

#[tokio::test]
async fn a_sample_every_five_seconds_or_so_takes_at_most_a_byte() {
    let (samples, bytes) = a_month(&[5, 5, 5, 5, 5, 10, 10, 15], false).await;
    assert!(bytes <= samples, "{bytes} bytes for {samples} samples");
}
