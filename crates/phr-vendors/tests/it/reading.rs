//! What is read equals what the vendor holds.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use phr_model::{DateRange, Figure, Metric};
use phr_sandbox::DataType;
use phr_vendors::Vendor;
use rstest::rstest;

use crate::support::{INES, JONAS, Upstream, day, range, sum};

#[rstest]
#[case(Metric::HeartRate, DataType::HeartRate, 10)]
#[case(Metric::Spo2, DataType::OxygenSaturation, 100)]
#[case(Metric::BodyWeight, DataType::Weight, 1_000)]
#[case(Metric::Steps, DataType::Steps, 1)]
#[case(Metric::Distance, DataType::Distance, 1)]
#[tokio::test]
async fn a_day_is_read_to_the_last_sample(
    #[case] metric: Metric,
    #[case] data_type: DataType,
    #[case] scale: i32,
) {
    let upstream = Upstream::of(JONAS).await;
    for date in range("2026-11-18", "2026-11-20").days() {
        let samples = upstream.read_day(metric, date).await.unwrap();
        assert_eq!(samples, upstream.truth(data_type, scale, date), "{date}");
    }
}

#[tokio::test]
async fn a_full_day_of_heart_rate_takes_twelve_requests() {
    let upstream = Upstream::of(JONAS).await;
    let samples = upstream.read_day(Metric::HeartRate, day("2026-11-19")).await.unwrap();
    assert!(samples.len() > 20_000, "{}", samples.len());
    assert_eq!(upstream.requests("reconcile heart-rate"), 12);
}

#[tokio::test]
async fn a_fortnight_of_weigh_ins_is_one_request_and_every_day_has_an_entry() {
    let upstream = Upstream::of(JONAS).await;
    let days = range("2026-11-07", "2026-11-20");
    let read = upstream.read(Metric::BodyWeight, days).await.unwrap();
    assert_eq!(read.len(), 14);
    for (date, samples) in days.days().zip(read) {
        assert_eq!(samples, upstream.truth(DataType::Weight, 1_000, date), "{date}");
    }
    assert_eq!(upstream.requests("reconcile weight"), 1);
}

#[tokio::test]
async fn a_journey_across_the_date_line_loses_and_doubles_nothing() {
    let upstream = Upstream::of(INES).await;
    let days = range("2026-10-21", "2026-11-04");
    let mut read = 0;
    for date in days.days() {
        let samples = upstream.read_day(Metric::Steps, date).await.unwrap();
        assert_eq!(samples, upstream.truth(DataType::Steps, 1, date), "{date}");
        read += samples.len();
    }
    assert!(read > 10_000, "{read}");
}

#[tokio::test]
async fn a_date_lived_twice_has_crowded_windows_and_is_complete() {
    let upstream = Upstream::of(INES).await;
    // Westward over the date line, 2026-10-31 20:00 UTC: Tokyo's 1 November is lived again.
    let lengths = range("2026-10-30", "2026-11-03").days().map(|date| {
        let truth = upstream.truth(DataType::HeartRate, 10, date);
        (truth.len(), date)
    });
    let (_, longest) = lengths.max().unwrap();
    let samples = upstream.read_day(Metric::HeartRate, longest).await.unwrap();
    assert_eq!(samples, upstream.truth(DataType::HeartRate, 10, longest), "{longest}");
    let hours: std::collections::BTreeSet<i64> =
        samples.iter().map(|sample| sample.at.as_second() / 3_600).collect();
    assert!(hours.len() > 25, "{} hours on {longest}", hours.len());
}

#[rstest]
#[case::autumn("2026-10-26T12:00:00Z", "2026-10-25", 25)]
#[case::spring("2026-03-30T12:00:00Z", "2026-03-29", 23)]
#[tokio::test]
async fn the_days_on_which_clocks_change_have_all_their_hours(
    #[case] now: &str,
    #[case] date: &str,
    #[case] hours: usize,
) {
    let upstream = Upstream::at(now, JONAS).await;
    let date = day(date);
    let heart_rate = upstream.read_day(Metric::HeartRate, date).await.unwrap();
    assert_eq!(heart_rate, upstream.truth(DataType::HeartRate, 10, date));
    let steps = upstream.read_day(Metric::Steps, date).await.unwrap();
    assert_eq!(steps, upstream.truth(DataType::Steps, 1, date));
    let calories = upstream.read_day(Metric::Calories, date).await.unwrap();
    assert_eq!(calories.len(), hours);
    let length: u32 = calories.iter().map(|hour| hour.seconds).sum();
    assert_eq!(usize::try_from(length).unwrap(), hours * 3_600);
}

#[tokio::test]
async fn calories_come_in_local_hours_and_add_up_to_the_vendors_day() {
    let upstream = Upstream::of(JONAS).await;
    let days = range("2026-11-17", "2026-11-20");
    let read = upstream.read(Metric::Calories, days).await.unwrap();
    let figures =
        upstream.vendor.daily_figures(&upstream.access, Metric::Calories, days).await.unwrap();
    for (date, hours) in days.days().zip(read) {
        assert_eq!(hours.len(), 24, "{date}");
        assert!(hours.iter().all(|hour| hour.date() == date), "{date}");
        let ours = Figure::of(Metric::Calories, &hours).unwrap();
        assert!(figures[&date].agrees(Metric::Calories, &ours, hours.len()), "{date} {ours:?}");
    }
    assert_eq!(upstream.requests("rollUp total-calories"), 1);
}

#[tokio::test]
async fn calories_of_a_journey_cover_every_hour_once() {
    let upstream = Upstream::of(INES).await;
    let days = range("2026-10-21", "2026-11-04");
    let read = upstream.read(Metric::Calories, days).await.unwrap().concat();
    let mut end = Timestamp::MIN;
    for hour in &read {
        assert!(hour.at >= end, "{} overlaps", hour.at);
        end = hour.at + SignedDuration::from_secs(i64::from(hour.seconds));
    }
    assert!(sum(&read) > 15 * 1_000_000);
}

#[tokio::test]
async fn minutes_without_a_step_are_zeros_and_minutes_without_the_device_are_missing() {
    let upstream = Upstream::of(JONAS).await;
    let date = day("2026-11-19");
    let noon = TimeZone::get("Europe/Berlin").unwrap().to_timestamp(date.at(12, 0, 0, 0)).unwrap();
    let hour = SignedDuration::from_hours(1);
    upstream.world().delete_samples(JONAS, DataType::Steps, noon, noon + hour).unwrap();
    let steps = upstream.read_day(Metric::Steps, date).await.unwrap();
    assert!(steps.iter().any(|minute| minute.value == 0));
    assert!(!steps.iter().any(|minute| (noon..noon + hour).contains(&minute.at)));
}

#[tokio::test]
async fn late_data_is_there_when_it_has_arrived() {
    let upstream = Upstream::of(JONAS).await;
    let date = day("2026-11-20");
    let start = upstream.offsets().start(date).at;
    let end = start + SignedDuration::from_hours(24);
    let until = end + SignedDuration::from_hours(72);
    let complete = upstream.truth(DataType::Steps, 1, date);
    upstream.world().hold_back(JONAS, &[DataType::Steps], start, end, until).unwrap();
    assert_eq!(upstream.read_day(Metric::Steps, date).await, Ok(vec![]));
    let days = DateRange::day(date);
    let figures = upstream.vendor.daily_figures(&upstream.access, Metric::Steps, days).await;
    assert_eq!(figures.unwrap().get(&date), None);
    upstream.world().clock().set(until);
    upstream.world().advance(SignedDuration::from_secs(1));
    // The token of the first consent has expired meanwhile.
    let callback = crate::support::consent(&upstream.vendor, JONAS, |_| true).await;
    let grant = crate::support::exchange(&upstream.vendor, &callback).await.unwrap();
    let upstream = Upstream {
        access: phr_vendors::Access { token: grant.access, ..upstream.access.clone() },
        ..upstream
    };
    assert_eq!(upstream.read_day(Metric::Steps, date).await, Ok(complete));
}

#[tokio::test]
async fn resting_heart_rate_has_days_but_no_samples() {
    let upstream = Upstream::of(JONAS).await;
    let days = range("2026-11-16", "2026-11-20");
    let read = upstream.read(Metric::RestingHeartRate, days).await.unwrap();
    assert_eq!(read, vec![vec![]; 5]);
}

#[tokio::test]
async fn no_days_are_no_requests() {
    let upstream = Upstream::of(JONAS).await;
    let none = DateRange { first: day("2026-11-20"), last: day("2026-11-19") };
    assert_eq!(upstream.read(Metric::Steps, none).await, Ok(vec![]));
    let figures = upstream.vendor.daily_figures(&upstream.access, Metric::Steps, none).await;
    assert!(figures.unwrap().is_empty());
    assert!(upstream.world().request_counts().is_empty());
}
