//! When a day by the vendor's reckoning is the same day by ours.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use jiff::Timestamp;
use phr_model::{
    Figure, Metric, Part, Sample,
    figure::{fingerprint, rounded_mean},
    sample::Statistics,
};
use proptest::prelude::*;
use rstest::rstest;

fn sample(second: i64, value: i64) -> Sample {
    let at = Timestamp::from_second(1_780_000_000 + second).unwrap();
    Sample { at, seconds: 0, offset_seconds: 3600, value }
}

fn samples(values: &[i64]) -> Vec<Sample> {
    (0..).zip(values).map(|(n, value)| sample(n * 60, *value)).collect()
}

fn total(value: i64) -> Figure {
    Figure::Total { value }
}

fn spread(mean_milli: i64, min: i64, max: i64) -> Figure {
    Figure::Spread { mean_micro: mean_milli.saturating_mul(1_000), min, max }
}

#[rstest]
#[case(Metric::Steps, Some(total(150)))]
#[case(Metric::Calories, Some(total(150)))]
#[case(Metric::Distance, Some(total(150)))]
#[case(Metric::HeartRate, Some(spread(50_000, 20, 80)))]
#[case(Metric::Spo2, None)]
#[case(Metric::RestingHeartRate, None)]
fn our_figure_has_the_form_of_the_vendors(#[case] metric: Metric, #[case] figure: Option<Figure>) {
    assert_eq!(Figure::of(metric, &samples(&[20, 50, 80])), figure);
}

#[test]
fn weigh_ins_are_counted_summed_and_fingerprinted() {
    let readings = samples(&[73_250_000, 73_612_500]);
    let fingerprint = fingerprint(&readings);
    assert_eq!(
        Figure::of(Metric::BodyWeight, &readings),
        Some(Figure::Readings { count: 2, sum: 146_862_500, fingerprint })
    );
}

#[test]
fn a_day_without_samples_has_no_figure() {
    for metric in Metric::ALL {
        assert_eq!(Figure::of(metric, &[]), None, "{metric}");
    }
}

#[test]
fn implausible_samples_count_because_the_vendor_counts_them_too() {
    assert_eq!(Figure::of(Metric::HeartRate, &samples(&[10])), Some(spread(10_000, 10, 10)));
}

#[rstest]
#[case::steps_to_the_step(Metric::Steps, 24, 0)]
#[case::metres_to_the_millimetre(Metric::Distance, 1_440, 0)]
#[case::a_calorie_an_hour(Metric::Calories, 24, 24)]
fn totals_agree_within_the_rounding_of_their_samples(
    #[case] metric: Metric,
    #[case] count: usize,
    #[case] slack: i64,
) {
    let theirs = total(1_000_000);
    for ours in [1_000_000 - slack, 1_000_000 + slack] {
        assert!(theirs.agrees(metric, &total(ours), count), "{ours}");
    }
    for ours in [1_000_000 - slack - 1, 1_000_000 + slack + 1] {
        assert!(!theirs.agrees(metric, &total(ours), count), "{ours}");
    }
}

#[test]
fn a_total_without_samples_has_no_slack() {
    assert!(total(0).agrees(Metric::Calories, &total(0), 0));
    assert!(!total(1).agrees(Metric::Calories, &total(0), 0));
}

#[rstest]
#[case::equal(spread(719_333, 490, 1_480), true)]
#[case::printed_with_two_decimals(spread(719_300, 490, 1_480), true)]
#[case::a_hundredth_of_a_beat(spread(719_433, 490, 1_480), true)]
#[case::more_than_that(spread(719_434, 490, 1_480), false)]
#[case::another_minimum(spread(719_333, 489, 1_480), false)]
#[case::another_maximum(spread(719_333, 490, 1_481), false)]
fn spreads_agree_if_the_bounds_are_equal_and_the_mean_nearly(
    #[case] theirs: Figure,
    #[case] agrees: bool,
) {
    let ours = spread(719_333, 490, 1_480);
    assert_eq!(theirs.agrees(Metric::HeartRate, &ours, 15_000), agrees);
}

#[test]
fn one_beat_among_forty_thousand_samples_moves_the_figure() {
    let mut values = vec![670; 40_000];
    let before = Figure::of(Metric::HeartRate, &samples(&values));
    values[7] = 680;
    assert_ne!(Figure::of(Metric::HeartRate, &samples(&values)), before);
}

#[test]
fn readings_agree_only_if_they_are_the_same() {
    let figure = |samples: &[Sample]| Figure::of(Metric::BodyWeight, samples).unwrap();
    let (held, edited) = (samples(&[70, 80]), samples(&[71, 79]));
    assert!(figure(&held).agrees(Metric::BodyWeight, &figure(&held), 2));
    assert!(!figure(&held).agrees(Metric::BodyWeight, &figure(&edited), 2));
}

#[test]
fn figures_of_two_kinds_never_agree() {
    assert!(!total(50).agrees(Metric::Steps, &spread(50_000, 50, 50), 1));
}

#[rstest]
#[case::value(Sample { value: 71, ..sample(0, 70) })]
#[case::time(sample(1, 70))]
#[case::offset(Sample { offset_seconds: 7200, ..sample(0, 70) })]
fn a_fingerprint_tells_an_edited_reading(#[case] edited: Sample) {
    assert_ne!(fingerprint(&[sample(0, 70)]), fingerprint(&[edited]));
}

#[test]
fn a_fingerprint_is_the_same_on_every_machine() {
    assert_eq!(fingerprint(&[]), 0xcbf2_9ce4_8422_2325);
    insta::assert_snapshot!(format!("{:x}", fingerprint(&samples(&[70, 80]))), @"b401f797fb190a87");
}

#[rstest]
#[case(5, 2, 3)]
#[case(-5, 2, -3)]
#[case(4, 3, 1)]
#[case(5, 3, 2)]
#[case(0, 7, 0)]
#[case(9, 0, 9)]
fn a_mean_is_rounded_half_away_from_zero(#[case] sum: i64, #[case] count: u32, #[case] mean: i64) {
    assert_eq!(rounded_mean(sum, count), mean);
}

proptest! {
    #[test]
    fn a_mean_is_never_further_than_half_from_the_truth(
        sum in -1_000_000..1_000_000_i64,
        count in 1..5_000_u32,
    ) {
        let error = rounded_mean(sum, count) * i64::from(count) - sum;
        prop_assert!(error.abs() * 2 <= i64::from(count));
    }

    #[test]
    fn the_order_of_twins_does_not_change_a_figure(
        (ordered, shuffled) in prop::collection::vec(0..1_000_i64, 0..20).prop_flat_map(|values| {
            let twins: Vec<_> = values.iter().map(|value| sample(0, *value)).collect();
            (Just(twins.clone()), Just(twins).prop_shuffle())
        }),
    ) {
        for metric in Metric::ALL {
            prop_assert_eq!(Figure::of(metric, &ordered), Figure::of(metric, &shuffled));
        }
    }

    #[test]
    fn statistics_bound_every_value(values in prop::collection::vec(-1_000..1_000_i64, 1..50)) {
        let statistics = Statistics::of(&samples(&values)).unwrap();
        prop_assert!(values.iter().all(|v| (statistics.min..=statistics.max).contains(v)));
        prop_assert_eq!(statistics.sum, values.iter().sum::<i64>());
        prop_assert_eq!(usize::try_from(statistics.count).unwrap(), values.len());
    }

    #[test]
    fn a_figure_survives_the_database(
        low in prop::option::of(any::<i64>()),
        fingerprint in any::<u64>(),
        value in any::<i64>(),
    ) {
        let figures = [
            total(value),
            spread(value, value, value),
            Figure::Daily { value, low, high: None },
            Figure::Readings { count: 1, sum: value, fingerprint },
            Figure::Mark { fingerprint },
            Figure::Stated { value, parts: vec![(Part::LightActivity, value)] },
        ];
        for figure in figures {
            let json = serde_json::to_string(&figure).unwrap();
            prop_assert_eq!(serde_json::from_str::<Figure>(&json).unwrap(), figure);
        }
    }
}
