//! The vendor's daily figures.

use std::collections::BTreeMap;

use jiff::civil::Date;
use phr_model::{DateRange, Figure, Metric};
use phr_sandbox::DataType;
use phr_vendors::Vendor;
use rstest::rstest;

use crate::support::{INES, JONAS, Upstream, day, range, whole};

async fn figures(upstream: &Upstream, metric: Metric, days: DateRange) -> BTreeMap<Date, Figure> {
    upstream.vendor.daily_figures(&upstream.access, metric, days).await.unwrap()
}

/// The figure's main value in the unit of `total`.
fn main_value(figure: &Figure) -> i64 {
    match figure {
        Figure::Total { value } | Figure::Stated { value, .. } | Figure::Daily { value, .. } => {
            *value
        }
        Figure::Spread { mean_micro, .. } => *mean_micro,
        Figure::Readings { sum, .. } => *sum,
        Figure::Mark { .. } => panic!("a mark has no value"),
        Figure::Levels { light, moderate, vigorous } => light + moderate + vigorous,
    }
}

#[rstest]
#[case(Metric::Steps, DataType::Steps, 1)]
#[case(Metric::Distance, DataType::Distance, 1)]
#[case(Metric::Calories, DataType::TotalCalories, 1_000)]
#[case(Metric::RestingHeartRate, DataType::DailyRestingHeartRate, 10)]
#[case(Metric::Spo2, DataType::DailyOxygenSaturation, 100)]
#[case(Metric::ActiveEnergy, DataType::ActiveEnergyBurned, 1_000)]
#[case(Metric::Floors, DataType::Floors, 1)]
#[case(Metric::ActiveMinutes, DataType::ActiveMinutes, 100)]
#[case(Metric::Hrv, DataType::DailyHeartRateVariability, 1_000)]
#[case(Metric::RespiratoryRate, DataType::DailyRespiratoryRate, 100)]
#[case(Metric::Vo2max, DataType::DailyVo2Max, 100)]
#[tokio::test]
async fn a_month_of_figures_equals_the_vendors_own(
    #[case] metric: Metric,
    #[case] data_type: DataType,
    #[case] scale: i32,
) {
    let upstream = Upstream::of(INES).await;
    let days = range("2026-10-20", "2026-11-20");
    let figures = figures(&upstream, metric, days).await;
    assert!(figures.len() > 15, "{} days", figures.len());
    for date in days.days() {
        let truth = upstream.world().daily_total(INES, data_type, date).unwrap();
        let truth = truth.map(|value| whole(value * f64::from(scale)));
        let figure = figures.get(&date).map(main_value);
        match (figure, truth) {
            // Printed with fewer digits than it is held with.
            (Some(figure), Some(truth)) => assert!(figure.abs_diff(truth) <= 1, "{date}"),
            (figure, truth) => assert_eq!(figure, truth, "{date}"),
        }
    }
}

#[rstest]
#[case(Metric::HeartRate, 3)]
#[case(Metric::Calories, 3)]
#[case(Metric::Steps, 1)]
#[tokio::test]
async fn figures_cost_as_few_requests_as_the_limits_allow(
    #[case] metric: Metric,
    #[case] requests: u64,
) {
    let upstream = Upstream::of(JONAS).await;
    figures(&upstream, metric, range("2026-10-20", "2026-11-20")).await;
    assert_eq!(upstream.requests("dailyRollUp"), requests);
}

#[rstest]
#[case(Metric::HeartRate)]
#[case(Metric::Steps)]
#[case(Metric::Distance)]
#[case(Metric::BodyWeight)]
#[case(Metric::ActiveEnergy)]
#[case(Metric::Floors)]
#[case(Metric::ActiveMinutes)]
#[case(Metric::BodyFat)]
#[case(Metric::Sleep)]
#[case(Metric::Exercise)]
#[tokio::test]
async fn our_own_figure_of_a_day_agrees_with_the_vendors(#[case] metric: Metric) {
    let upstream = Upstream::of(JONAS).await;
    // Nobody works out every day.
    let first = if metric == Metric::Exercise { "2026-11-07" } else { "2026-11-17" };
    let days = range(first, "2026-11-19");
    let theirs = figures(&upstream, metric, days).await;
    assert!(!theirs.is_empty());
    for date in days.days() {
        let samples = upstream.read_day(metric, date).await.unwrap();
        match (theirs.get(&date), Figure::of(metric, &samples)) {
            (Some(theirs), Some(ours)) => {
                assert!(theirs.agrees(metric, &ours, samples.len()), "{date} {theirs:?} {ours:?}");
            }
            (theirs, ours) => assert_eq!(theirs, ours.as_ref(), "{date}"),
        }
    }
}

#[tokio::test]
async fn a_changed_sample_changes_the_figure() {
    let upstream = Upstream::of(JONAS).await;
    let days = range("2026-11-10", "2026-11-20");
    for (metric, data_type, value) in [
        (Metric::Steps, DataType::Steps, 99.0),
        (Metric::BodyWeight, DataType::Weight, 70_123.0),
        (Metric::BodyFat, DataType::BodyFat, 23.4),
    ] {
        let before = figures(&upstream, metric, days).await;
        let samples = upstream.read(metric, days).await.unwrap().concat();
        let last = samples.iter().rfind(|sample| sample.value > 0).unwrap();
        upstream.world().change_sample(JONAS, data_type, last.at, value).unwrap();
        let after = figures(&upstream, metric, days).await;
        let changed: Vec<_> =
            days.days().filter(|date| before.get(date) != after.get(date)).collect();
        assert_eq!(changed, [last.date()], "{metric}");
    }
}

#[tokio::test]
async fn oxygen_saturation_has_bounds() {
    let upstream = Upstream::of(JONAS).await;
    let figures = figures(&upstream, Metric::Spo2, range("2026-11-10", "2026-11-20")).await;
    for figure in figures.values() {
        let Figure::Daily { value, low: Some(low), high: Some(high) } = figure else {
            panic!("{figure:?}")
        };
        assert!(low <= value && value <= high, "{figure:?}");
    }
}

#[tokio::test]
async fn a_day_before_the_data_begins_has_no_figure() {
    let upstream = Upstream::of(JONAS).await;
    for metric in Metric::ALL {
        let figures = figures(&upstream, metric, DateRange::day(day("2025-01-01"))).await;
        assert!(figures.is_empty(), "{metric}");
    }
}
