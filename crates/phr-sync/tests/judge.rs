//! What is known about a day once its samples were read.

use jiff::{SignedDuration, Timestamp, civil::Date};
use phr_model::{Coverage, CoverageState, Figure, Metric, Reason, Sample};
use phr_sync::compare::judge;

const DATE: Date = Date::constant(2026, 11, 19);
const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn samples(values: &[i64]) -> Vec<Sample> {
    let at = |n| NOW + SignedDuration::from_mins(n);
    let sample = |(n, value): (i64, &i64)| Sample {
        at: at(n),
        seconds: 60,
        offset_seconds: 3600,
        value: *value,
    };
    (0..).zip(values).map(sample).collect()
}

fn closed(metric: Metric, values: &[i64], vendor: Option<&Figure>) -> Coverage {
    judge(metric, DATE, &samples(values), vendor, true, NOW)
}

fn total(value: i64) -> Figure {
    Figure::Total { value }
}

fn daily(value: i64) -> Figure {
    Figure::Daily { value, low: None, high: None }
}

const COMPLETE: (CoverageState, Option<Reason>) = (CoverageState::Complete, None);
const DIFFERS: (CoverageState, Option<Reason>) =
    (CoverageState::Differs, Some(Reason::FigureMismatch));
const NOT_WORN: (CoverageState, Option<Reason>) = (CoverageState::NotWorn, None);

fn verdict(coverage: &Coverage) -> (CoverageState, Option<Reason>) {
    (coverage.state, coverage.reason)
}

#[test]
fn a_closed_day_whose_samples_give_the_figure_is_complete() {
    assert_eq!(verdict(&closed(Metric::Steps, &[40, 2], Some(&total(42)))), COMPLETE);
    let spread = Figure::Spread { mean_micro: 650_000_000, min: 600, max: 700 };
    assert_eq!(verdict(&closed(Metric::HeartRate, &[600, 700], Some(&spread))), COMPLETE);
}

#[test]
fn a_closed_day_whose_samples_give_another_figure_differs_and_both_are_kept() {
    let coverage = closed(Metric::Steps, &[40, 2], Some(&total(45)));
    assert_eq!(verdict(&coverage), DIFFERS);
    assert_eq!((coverage.ours, coverage.vendor), (Some(total(42)), Some(total(45))));
}

#[test]
fn a_day_of_which_the_vendor_gives_no_samples_is_complete_without_any() {
    let stated = Figure::Stated { value: 512_000, parts: Vec::new() };
    let coverage = closed(Metric::ActiveEnergy, &[], Some(&stated));
    assert_eq!((verdict(&coverage), coverage.ours), (COMPLETE, None));
    let totalled = closed(Metric::ActiveEnergy, &[], Some(&total(512_000)));
    assert_eq!(verdict(&totalled), DIFFERS, "here samples are missing");
}

#[test]
fn what_rounding_explains_does_not_differ() {
    assert_eq!(verdict(&closed(Metric::Calories, &[100, 100], Some(&total(202)))), COMPLETE);
    assert_eq!(verdict(&closed(Metric::Calories, &[100, 100], Some(&total(203)))), DIFFERS);
}

#[test]
fn a_figure_without_samples_differs_unless_it_is_zero() {
    assert_eq!(verdict(&closed(Metric::Steps, &[], Some(&total(45)))), DIFFERS);
    assert_eq!(verdict(&closed(Metric::Steps, &[], Some(&total(0)))), COMPLETE);
}

#[test]
fn samples_without_a_figure_differ_where_the_vendor_rolls_them_up() {
    assert_eq!(verdict(&closed(Metric::Steps, &[40], None)), DIFFERS);
    assert_eq!(verdict(&closed(Metric::Spo2, &[9_560], None)), COMPLETE);
}

#[test]
fn a_closed_day_with_neither_was_not_worn() {
    for metric in Metric::ALL {
        assert_eq!(verdict(&closed(metric, &[], None)), NOT_WORN, "{metric}");
    }
}

#[test]
fn a_true_zero_was_worn() {
    assert_eq!(verdict(&closed(Metric::Steps, &[0], Some(&total(0)))), COMPLETE);
}

#[test]
fn a_daily_value_needs_no_samples() {
    assert_eq!(verdict(&closed(Metric::RestingHeartRate, &[], Some(&daily(600)))), COMPLETE);
    assert_eq!(verdict(&closed(Metric::Spo2, &[], Some(&daily(9_590)))), COMPLETE);
}

#[test]
fn an_open_day_is_partial_whatever_it_holds() {
    for (values, vendor) in
        [(vec![], None), (vec![40], Some(total(40))), (vec![40], Some(total(99)))]
    {
        let coverage = judge(Metric::Steps, DATE, &samples(&values), vendor.as_ref(), false, NOW);
        assert_eq!(verdict(&coverage), (CoverageState::Partial, Some(Reason::DayNotOver)));
        assert!(!coverage.read_closed);
    }
}

#[test]
fn implausible_samples_are_counted_and_kept_in_the_figure() {
    let coverage = closed(Metric::HeartRate, &[0, 700, 9_999], None);
    assert_eq!((coverage.samples, coverage.implausible), (3, 2));
    let Some(Figure::Spread { min, max, .. }) = coverage.ours else { panic!("no spread") };
    assert_eq!((min, max), (0, 9_999));
}

#[test]
fn a_verdict_says_what_it_is_about_and_when_it_was_made() {
    let coverage = closed(Metric::Steps, &[1], Some(&total(1)));
    assert_eq!((coverage.metric, coverage.date), (Metric::Steps, DATE));
    assert_eq!((coverage.read_at, coverage.read_closed), (Some(NOW), true));
}
