//! What a chart shows: buckets of local time, with gaps left open.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use jiff::{Timestamp, civil::Date};
use phr_model::{
    Draft, Effective, Metric, Moment, Observation, Sample, Status,
    summary::{Bucket, Summary, days, hours},
};
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

fn sample(at: &str, hours: i32, value: i64) -> Sample {
    Sample { at: at.parse().unwrap(), seconds: 60, offset_seconds: hours * 3600, value }
}

fn observation(date: &str, value: i64, bounds: Option<(i64, i64)>) -> Observation {
    let moment = Moment { at: Timestamp::UNIX_EPOCH, offset_seconds: 0 };
    let says = Draft {
        parts: Vec::new(),
        id: Uuid::nil(),
        metric: Metric::Steps,
        date: date.parse().unwrap(),
        effective: Effective::Instant(moment),
        value,
        low: bounds.map(|(low, _)| low),
        high: bounds.map(|(_, high)| high),
        preliminary: false,
    };
    Observation { says, status: Status::Final, version: 1, issued: Timestamp::UNIX_EPOCH }
}

fn lines(summaries: &[Summary]) -> String {
    let line = |bucket: &Summary| {
        let Summary { start, count, min, max, sum } = bucket;
        format!("{start} count {count} min {min} max {max} sum {sum}")
    };
    summaries.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_hour_is_an_hour_on_the_persons_wall() {
    let samples = [
        sample("2026-11-20T06:59:00Z", 1, 10),
        sample("2026-11-20T07:00:00Z", 1, 20),
        sample("2026-11-20T07:59:00Z", 1, 5),
        sample("2026-11-20T10:00:00Z", 1, 7),
    ];
    insta::assert_snapshot!(lines(&hours(Metric::Steps, &samples)), @r"
    2026-11-20T07:00:00 count 1 min 10 max 10 sum 10
    2026-11-20T08:00:00 count 2 min 5 max 20 sum 25
    2026-11-20T11:00:00 count 1 min 7 max 7 sum 7
    ");
}

#[test]
fn a_quarter_hour_offset_begins_its_own_hour() {
    let kathmandu = Sample { offset_seconds: 20_700, ..sample("2026-11-20T06:15:00Z", 0, 1) };
    let before = Sample { offset_seconds: 20_700, ..sample("2026-11-20T06:14:59Z", 0, 1) };
    insta::assert_snapshot!(lines(&hours(Metric::Steps, &[before, kathmandu])), @r"
    2026-11-20T11:00:00 count 1 min 1 max 1 sum 1
    2026-11-20T12:00:00 count 1 min 1 max 1 sum 1
    ");
}

#[test]
fn the_hour_that_autumn_repeats_is_one_bucket() {
    let samples = [sample("2026-10-25T00:30:00Z", 2, 10), sample("2026-10-25T01:30:00Z", 1, 20)];
    insta::assert_snapshot!(lines(&hours(Metric::Steps, &samples)), @"2026-10-25T02:00:00 count 2 min 10 max 20 sum 30");
}

#[test]
fn an_hour_without_plausible_samples_is_a_gap() {
    assert_eq!(hours(Metric::HeartRate, &[sample("2026-11-20T06:59:00Z", 1, 10)]), []);
    assert_eq!(hours(Metric::HeartRate, &[]), []);
}

#[rstest]
#[case(Bucket::Day, "2026-11-22", "2026-11-22")]
#[case(Bucket::Hour, "2026-11-22", "2026-11-22")]
#[case::monday(Bucket::Week, "2026-11-16", "2026-11-16")]
#[case::sunday(Bucket::Week, "2026-11-22", "2026-11-16")]
#[case::week_over_new_year(Bucket::Week, "2027-01-01", "2026-12-28")]
#[case::leap_day(Bucket::Month, "2024-02-29", "2024-02-01")]
fn a_bucket_begins_with_its_first_day(
    #[case] bucket: Bucket,
    #[case] date: Date,
    #[case] first: Date,
) {
    assert_eq!(bucket.first_day(date), first);
}

#[rstest]
#[case(Bucket::Day, "2026-11-01 1, 2026-11-15 2, 2026-11-16 3, 2026-11-22 4, 2026-12-01 5")]
#[case(Bucket::Week, "2026-10-26 1, 2026-11-09 2, 2026-11-16 7, 2026-11-30 5")]
#[case(Bucket::Month, "2026-11-01 10, 2026-12-01 5")]
fn days_are_gathered_and_gaps_stay_gaps(#[case] bucket: Bucket, #[case] expected: &str) {
    let dates = ["2026-12-01", "2026-11-01", "2026-11-22", "2026-11-15", "2026-11-16"];
    let observations: Vec<_> =
        dates.iter().zip([5, 1, 4, 2, 3]).map(|(date, n)| observation(date, n, None)).collect();
    let found: Vec<_> = days(bucket, &observations)
        .iter()
        .map(|summary| format!("{} {}", summary.start.date(), summary.sum))
        .collect();
    assert_eq!(found.join(", "), expected);
}

#[test]
fn a_days_bounds_are_those_of_its_observations() {
    let observations = [
        observation("2026-11-20", 700, Some((550, 1_200))),
        observation("2026-11-20", 650, Some((600, 900))),
    ];
    insta::assert_snapshot!(lines(&days(Bucket::Day, &observations)), @"2026-11-20T00:00:00 count 2 min 550 max 1200 sum 1350");
}

#[test]
fn what_was_withdrawn_is_not_shown() {
    let withdrawn =
        Observation { status: Status::EnteredInError, ..observation("2026-11-20", 9, None) };
    let corrected = Observation { status: Status::Corrected, ..observation("2026-11-21", 5, None) };
    let found = days(Bucket::Month, [&withdrawn, &corrected]);
    assert_eq!(
        found.iter().map(|summary| (summary.count, summary.sum)).collect::<Vec<_>>(),
        [(1, 5)]
    );
}

#[rstest]
#[case::steps_add_up(Metric::Steps, 30.0)]
#[case::distance_adds_up(Metric::Distance, 0.00003)]
#[case::heart_rate_does_not(Metric::HeartRate, 1.5)]
#[case::weight_does_not(Metric::BodyWeight, 0.000_015)]
fn a_bucket_shows_the_sum_of_what_adds_up_and_else_the_mean(
    #[case] metric: Metric,
    #[case] value: f64,
) {
    let start = Date::constant(2026, 11, 20).at(0, 0, 0, 0);
    let summary = Summary { start, count: 2, min: 10, max: 20, sum: 30 };
    assert!((summary.value(metric) - value).abs() < 1e-12);
}

proptest! {
    #[test]
    fn no_sample_is_lost_between_the_hours(
        steps in prop::collection::vec((0..2_000_i64, -48..=56_i32, 0..500_i64), 0..200),
    ) {
        let samples: Vec<_> = steps
            .into_iter()
            .map(|(minute, quarters, value)| Sample {
                at: Timestamp::from_second(1_780_000_000 + minute * 60).unwrap(),
                seconds: 60,
                offset_seconds: quarters * 900,
                value,
            })
            .collect();
        let found = hours(Metric::Steps, &samples);
        prop_assert!(found.is_sorted_by_key(|hour| hour.start));
        prop_assert_eq!(
            found.iter().map(|hour| hour.sum).sum::<i64>(),
            samples.iter().map(|sample| sample.value).sum::<i64>()
        );
    }
}
