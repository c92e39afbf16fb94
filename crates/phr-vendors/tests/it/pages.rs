//! Pages with tokens: ties, short and empty pages, tokens for ever.

use jiff::{SignedDuration, Timestamp, civil::Date};
use phr_model::{Metric, Sample};
use phr_sandbox::{DataType, Fault, FaultKind};
use phr_vendors::VendorError;
use rstest::rstest;

use crate::support::{JONAS, Upstream, day};

const DATE: &str = "2026-11-19";

/// Jonas's day without heart rate but for what is put in: 06:00 in Berlin is 05:00 UTC.
async fn blank_day() -> (Upstream, Date, Timestamp) {
    let upstream = Upstream::of(JONAS).await;
    let start: Timestamp = "2026-11-18T23:00:00Z".parse().unwrap();
    let end = start + SignedDuration::from_hours(24);
    upstream.world().delete_samples(JONAS, DataType::HeartRate, start, end).unwrap();
    (upstream, day(DATE), "2026-11-19T05:00:00Z".parse().unwrap())
}

/// Puts `copies` points into each of `seconds` seconds from `start`; their values differ unless
/// `equal`.
fn put(upstream: &Upstream, start: Timestamp, seconds: i64, copies: i64, equal: bool) {
    for second in 0..seconds {
        let at = start + SignedDuration::from_secs(second);
        for copy in 0..copies {
            let extra = if equal { 0 } else { u8::try_from((second + copy) % 100).unwrap() };
            let source = phr_sandbox::Source::Watch;
            let bpm = f64::from(60 + extra);
            upstream.world().add_sample(JONAS, DataType::HeartRate, at, bpm, source).unwrap();
        }
    }
}

async fn assert_complete(upstream: &Upstream, date: Date, points: usize) -> Vec<Sample> {
    let samples = upstream.read_day(Metric::HeartRate, date).await.unwrap();
    assert_eq!(samples.len(), points);
    assert_eq!(samples, upstream.truth(DataType::HeartRate, 10, date));
    samples
}

#[tokio::test]
async fn a_window_of_exactly_one_page_needs_no_second() {
    let (upstream, date, start) = blank_day().await;
    put(&upstream, start, 5_000, 1, false);
    assert_complete(&upstream, date, 5_000).await;
    assert_eq!(upstream.requests("reconcile"), 12);
}

#[tokio::test]
async fn one_point_more_than_a_page_is_read_with_its_seam() {
    let (upstream, date, start) = blank_day().await;
    put(&upstream, start, 5_001, 1, false);
    assert_complete(&upstream, date, 5_001).await;
    assert_eq!(upstream.requests("reconcile"), 12 + 2);
}

/// A page ends in the middle of a pair, whose other half the next page leaves out.
#[tokio::test]
async fn points_that_share_the_last_timestamp_of_a_page_are_not_lost() {
    let (upstream, date, start) = blank_day().await;
    put(&upstream, start, 2_600, 2, false);
    put(&upstream, start + SignedDuration::from_secs(2_600), 1, 1, false);
    assert_complete(&upstream, date, 5_201).await;
}

#[tokio::test]
async fn equal_points_that_really_are_several_stay_several() {
    let (upstream, date, start) = blank_day().await;
    put(&upstream, start, 1_800, 3, true);
    put(&upstream, start + SignedDuration::from_secs(1_800), 2, 1, true);
    assert_complete(&upstream, date, 5_402).await;
}

#[rstest]
#[case::short(Fault::new(FaultKind::ShortPages))]
#[case::some_empty(Fault { every: Some(2), ..Fault::new(FaultKind::EmptyPages) })]
#[case::first_empty(Fault::new(FaultKind::EmptyPages).times(3))]
#[tokio::test]
async fn short_and_empty_pages_are_walked_to_the_end(#[case] fault: Fault) {
    let upstream = Upstream::of(JONAS).await;
    upstream.world().inject(fault);
    let date = day(DATE);
    let samples = upstream.read_day(Metric::HeartRate, date).await.unwrap();
    assert_eq!(samples, upstream.truth(DataType::HeartRate, 10, date));
    assert!(upstream.requests("reconcile") > 12);
}

#[tokio::test]
async fn daily_values_are_walked_to_the_end_too() {
    let upstream = Upstream::of(JONAS).await;
    let days = crate::support::range("2026-10-20", "2026-11-20");
    let read = || {
        phr_vendors::Vendor::daily_figures(
            &upstream.vendor,
            &upstream.access,
            Metric::RestingHeartRate,
            days,
        )
    };
    let before = read().await.unwrap();
    upstream.world().inject(Fault::new(FaultKind::EmptyPages).times(2));
    assert_eq!(read().await.unwrap(), before);
}

#[tokio::test]
async fn a_token_for_ever_is_an_error_and_not_for_ever() {
    let upstream = Upstream::of(JONAS).await;
    upstream.world().inject(Fault::new(FaultKind::EmptyPages));
    let read = upstream.read_day(Metric::Steps, day(DATE)).await;
    assert_eq!(read, Err(VendorError::Unreadable));
    assert!(upstream.requests("reconcile") < 70);
}

#[tokio::test]
async fn an_access_token_that_dies_in_mid_walk_leaves_nothing_half_read() {
    let upstream = Upstream::of(JONAS).await;
    upstream.world().inject(Fault::new(FaultKind::ExpiredToken).after(5));
    let read = upstream.read_day(Metric::HeartRate, day(DATE)).await;
    assert_eq!(read, Err(VendorError::AccessRefused));
}

#[tokio::test]
async fn pages_that_take_too_long_are_asked_for_in_smaller_size() {
    let upstream = Upstream::of(JONAS).await;
    let date = day(DATE);
    upstream.world().inject(Fault::new(FaultKind::Status).with_status(504).times(3));
    upstream.world().inject(Fault::new(FaultKind::ShortPages));
    let samples = upstream.read_day(Metric::Steps, date).await.unwrap();
    assert_eq!(samples, upstream.truth(DataType::Steps, 1, date));
    // 10,000, 5,000 and 2,500 are too many. Of 1,250 the pages are short, too: a quarter each.
    let pages = u64::try_from(samples.len().div_ceil(313)).unwrap();
    assert_eq!(upstream.requests("reconcile"), 3 + pages + (pages - 1));
}

#[tokio::test]
async fn a_vendor_that_is_always_too_slow_is_unavailable() {
    let upstream = Upstream::of(JONAS).await;
    upstream.world().inject(Fault::new(FaultKind::Status).with_status(504));
    let read = upstream.read_day(Metric::Steps, day(DATE)).await;
    assert_eq!(read, Err(VendorError::Unavailable));
    assert_eq!(upstream.requests("reconcile"), 4);
}
