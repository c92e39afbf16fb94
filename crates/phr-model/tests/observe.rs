//! What is said about a day.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod scene;

use jiff::{SignedDuration, Timestamp};
use phr_model::{
    Draft, Figure, HeartRateForm, Metric, Sample,
    metric::{Forming, Kind},
};
use proptest::prelude::*;
use rstest::rstest;
use scene::{Scene, ids, sample, scene};

fn daily(value: i64, low: Option<i64>, high: Option<i64>) -> Figure {
    Figure::Daily { value, low, high }
}

fn values(day: &Scene) -> Vec<i64> {
    day.said().iter().map(|draft| draft.value).collect()
}

/// One line a statement, as a person would check it.
fn lines(said: &[Draft]) -> String {
    let line = |draft: &Draft| {
        let end = draft.effective.end().map(|end| format!(" to {end}")).unwrap_or_default();
        let bounds = match (draft.low, draft.high) {
            (None, None) => String::new(),
            (low, high) => format!(" ({low:?} to {high:?})"),
        };
        let start = draft.effective.start();
        let open = if draft.preliminary { " preliminary" } else { "" };
        format!("{} {start}{end}: {}{bounds}{open}", draft.metric, draft.value)
    };
    said.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn heart_rate_becomes_a_mean_an_hour_with_its_bounds() {
    let samples = [
        sample("2026-11-20T06:59:55Z", 1, 600),
        sample("2026-11-20T07:00:00Z", 1, 700),
        sample("2026-11-20T07:30:00Z", 1, 725),
        sample("2026-11-20T07:59:59Z", 1, 720),
        sample("2026-11-20T10:00:00Z", 1, 800),
    ];
    let said = scene(Metric::HeartRate, "2026-11-20", &samples).said();
    insta::assert_snapshot!(lines(&said), @r"
    heart_rate 2026-11-20T07:00:00+01:00 to 2026-11-20T07:59:59+01:00: 600 (Some(600) to Some(600))
    heart_rate 2026-11-20T08:00:00+01:00 to 2026-11-20T08:59:59+01:00: 715 (Some(700) to Some(725))
    heart_rate 2026-11-20T11:00:00+01:00 to 2026-11-20T11:59:59+01:00: 800 (Some(800) to Some(800))
    ");
}

#[test]
fn heart_rate_is_said_sample_by_sample_if_asked() {
    let samples = [sample("2026-11-20T07:00:00Z", 1, 700), sample("2026-11-20T07:00:05Z", 1, 710)];
    let day =
        Scene { form: HeartRateForm::Sample, ..scene(Metric::HeartRate, "2026-11-20", &samples) };
    insta::assert_snapshot!(lines(&day.said()), @r"
    heart_rate 2026-11-20T08:00:00+01:00: 700
    heart_rate 2026-11-20T08:00:05+01:00: 710
    ");
}

#[test]
fn the_hour_that_autumn_repeats_gives_two_observations() {
    let samples = [sample("2026-10-25T00:30:00Z", 2, 600), sample("2026-10-25T01:30:00Z", 1, 700)];
    let said = scene(Metric::HeartRate, "2026-10-25", &samples).said();
    insta::assert_snapshot!(lines(&said), @r"
    heart_rate 2026-10-25T02:00:00+02:00 to 2026-10-25T02:59:59+02:00: 600 (Some(600) to Some(600))
    heart_rate 2026-10-25T02:00:00+01:00 to 2026-10-25T02:59:59+01:00: 700 (Some(700) to Some(700))
    ");
    assert_eq!(ids(&said).len(), 2);
}

#[test]
fn an_hour_begins_on_the_quarter_where_the_clocks_do() {
    let kathmandu = Sample { offset_seconds: 20_700, ..sample("2026-11-20T06:30:00Z", 0, 700) };
    let day =
        Scene { zone: "Asia/Kathmandu", ..scene(Metric::HeartRate, "2026-11-20", &[kathmandu]) };
    insta::assert_snapshot!(lines(&day.said()), @"heart_rate 2026-11-20T12:00:00+05:45 to 2026-11-20T12:59:59+05:45: 700 (Some(700) to Some(700))");
}

#[rstest]
#[case::summed(Metric::Steps, "2026-11-20", "2026-11-20T23:59:59+01:00")]
#[case::spring(Metric::Steps, "2026-03-29", "2026-03-29T23:59:59+02:00")]
#[case::autumn(Metric::Steps, "2026-10-25", "2026-10-25T23:59:59+01:00")]
fn the_period_of_a_day_ends_inside_the_day(
    #[case] metric: Metric,
    #[case] date: &str,
    #[case] end: &str,
) {
    let said = scene(metric, date, &[]).with_total(1).said();
    assert_eq!(said[0].effective.end().unwrap().to_string(), end);
}

#[test]
fn the_period_of_a_spring_day_is_23_hours_long() {
    let said = scene(Metric::Steps, "2026-03-29", &[]).with_total(1).said();
    insta::assert_snapshot!(lines(&said), @"steps 2026-03-29T00:00:00+01:00 to 2026-03-29T23:59:59+02:00: 1");
    let (start, end) = (said[0].effective.start().at, said[0].effective.end().unwrap().at);
    assert_eq!(end.duration_since(start), SignedDuration::from_secs(23 * 3600 - 1));
}

#[test]
fn the_period_of_a_day_that_never_was_does_not_end_before_it_starts() {
    let day = Scene { zone: "Pacific/Apia", ..scene(Metric::Steps, "2011-12-30", &[]) };
    let said = day.with_total(1).said();
    assert_eq!(said[0].effective.end(), Some(said[0].effective.start()));
}

#[rstest]
#[case(Metric::Steps)]
#[case(Metric::Calories)]
#[case(Metric::Distance)]
fn the_vendors_total_wins_over_the_sum(#[case] metric: Metric) {
    let samples = [sample("2026-11-20T07:00:00Z", 1, 40), sample("2026-11-20T07:01:00Z", 1, 2)];
    let day = scene(metric, "2026-11-20", &samples);
    assert_eq!(values(&day), [42]);
    assert_eq!(values(&day.with_total(45)), [45]);
}

#[test]
fn a_true_zero_is_said_and_no_data_is_not() {
    let nothing = scene(Metric::Steps, "2026-11-20", &[]);
    assert_eq!(nothing.said(), []);
    assert_eq!(values(&nothing.with_total(0)), [0]);
    let still = scene(Metric::Steps, "2026-11-20", &[sample("2026-11-20T07:00:00Z", 1, 0)]);
    assert_eq!(values(&still), [0]);
}

#[test]
fn a_day_without_data_says_nothing_of_any_metric() {
    for metric in Metric::ALL {
        assert_eq!(scene(metric, "2026-11-20", &[]).said(), [], "{metric}");
    }
}

#[rstest]
#[case(Metric::Spo2)]
#[case(Metric::RestingHeartRate)]
fn a_daily_value_is_the_vendors_with_its_bounds(#[case] metric: Metric) {
    let value = *metric.facts().plausible.end() - 10;
    let day = Scene {
        figure: Some(daily(value, Some(value - 5), None)),
        ..scene(metric, "2026-11-20", &[])
    };
    let said = day.said();
    assert_eq!((said[0].value, said[0].low, said[0].high), (value, Some(value - 5), None));
}

#[test]
fn samples_alone_do_not_make_a_daily_value() {
    let samples = [sample("2026-11-20T03:00:00Z", 1, 9_560)];
    assert_eq!(scene(Metric::Spo2, "2026-11-20", &samples).said(), []);
}

#[rstest]
#[case::too_low(4_999)]
#[case::too_high(10_001)]
fn an_implausible_daily_value_is_not_observed(#[case] value: i64) {
    let day =
        Scene { figure: Some(daily(value, None, None)), ..scene(Metric::Spo2, "2026-11-20", &[]) };
    assert_eq!(day.said(), []);
}

#[test]
fn an_implausible_bound_is_left_out() {
    let day = Scene {
        figure: Some(daily(9_590, Some(0), Some(9_800))),
        ..scene(Metric::Spo2, "2026-11-20", &[])
    };
    let said = day.said();
    assert_eq!((said[0].low, said[0].high), (None, Some(9_800)));
}

#[test]
fn in_08_implausible_samples_are_not_observed() {
    let samples = [
        sample("2026-11-20T07:00:00Z", 1, 0),
        sample("2026-11-20T07:10:00Z", 1, 700),
        sample("2026-11-20T07:20:00Z", 1, 9_999),
        sample("2026-11-20T09:00:00Z", 1, 5),
    ];
    let said = scene(Metric::HeartRate, "2026-11-20", &samples).said();
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].value, said[0].low, said[0].high), (700, Some(700), Some(700)));
}

#[test]
fn a_negative_total_is_not_observed() {
    assert_eq!(scene(Metric::Steps, "2026-11-20", &[]).with_total(-1).said(), []);
}

#[test]
fn a_figure_of_another_kind_is_no_total() {
    let samples = [sample("2026-11-20T07:00:00Z", 1, 40)];
    let day = Scene {
        figure: Some(daily(99, None, None)),
        ..scene(Metric::Steps, "2026-11-20", &samples)
    };
    assert_eq!(values(&day), [40]);
}

#[test]
fn every_weigh_in_is_a_statement_at_its_instant() {
    let samples = [
        sample("2026-11-19T06:31:07.412905Z", 1, 73_250_000),
        sample("2026-11-19T20:00:00Z", 1, 73_612_500),
    ];
    let said = scene(Metric::BodyWeight, "2026-11-19", &samples).said();
    insta::assert_snapshot!(lines(&said), @r"
    body_weight 2026-11-19T07:31:07.412905+01:00: 73250000
    body_weight 2026-11-19T21:00:00+01:00: 73612500
    ");
}

#[test]
fn a_weigh_in_stays_one_whether_or_not_fractions_of_its_second_are_told() {
    let said =
        |at: &str| scene(Metric::BodyWeight, "2026-11-19", &[sample(at, 1, 73_250_000)]).said();
    let (whole, told) = (said("2026-11-19T06:31:07Z"), said("2026-11-19T06:31:07.412905Z"));
    assert_eq!(ids(&whole), ids(&told));
    assert_ne!(whole[0].effective, told[0].effective, "it is said as exactly as it was told");
    assert_ne!(ids(&whole), ids(&said("2026-11-19T06:31:08Z")));
}

#[rstest]
#[case::summed(scene(Metric::Steps, "2026-11-20", &[]).with_total(5), true)]
#[case::mean(scene(Metric::HeartRate, "2026-11-20", &[sample("2026-11-20T07:00:00Z", 1, 700)]), true)]
#[case::daily(Scene { figure: Some(daily(600, None, None)), ..scene(Metric::RestingHeartRate, "2026-11-20", &[]) }, true)]
#[case::weigh_in(scene(Metric::BodyWeight, "2026-11-20", &[sample("2026-11-20T07:00:00Z", 1, 73_250_000)]), false)]
fn what_may_still_grow_is_preliminary_until_the_day_is_over(
    #[case] day: Scene,
    #[case] grows: bool,
) {
    let open = Scene { closed: false, ..day.clone() };
    assert!(open.said().iter().all(|draft| draft.preliminary == grows));
    assert!(day.said().iter().all(|draft| !draft.preliminary));
    assert_eq!(ids(&open.said()), ids(&day.said()));
}

prop_compose! {
    fn any_day()(
        metric in prop::sample::select(&Metric::ALL[..]),
        form in prop::sample::select(&[HeartRateForm::Hourly, HeartRateForm::Sample][..]),
        seconds in prop::collection::vec((0..86_400_i64, 0..4_000_i64), 0..60),
        total in prop::option::of(0..10_000_i64),
        closed in any::<bool>(),
    ) -> Scene {
        let midnight: Timestamp = "2026-11-19T23:00:00Z".parse().unwrap();
        let mut samples: Vec<_> = seconds
            .into_iter()
            .map(|(second, value)| Sample {
                at: midnight + SignedDuration::from_secs(second),
                seconds: 0,
                offset_seconds: 3600,
                // Around the lower bound, so that some are plausible and some are not.
                value: metric.facts().plausible.start() + value - 500,
            })
            .collect();
        samples.sort_unstable();
        let figure = total.map(|value| match metric.facts().forming {
            Forming::DailyTotal => Figure::Total { value },
            _ => Figure::Daily { value, low: None, high: None },
        });
        Scene { figure, closed, form, ..scene(metric, "2026-11-20", &samples) }
    }
}

proptest! {
    /// T14, first half.
    #[test]
    fn the_same_day_always_says_the_same_in_whichever_order_it_comes(
        (day, samples) in any_day().prop_flat_map(|day| {
            let samples = Just(day.samples.clone()).prop_shuffle();
            (Just(day), samples)
        }),
    ) {
        prop_assert_eq!(Scene { samples, ..day.clone() }.said(), day.said());
    }

    #[test]
    fn no_two_statements_share_an_id(day in any_day()) {
        let said = day.said();
        prop_assert_eq!(ids(&said).len(), said.len());
    }

    #[test]
    fn statements_come_in_order_of_time_and_lie_within_the_day(day in any_day()) {
        let said = day.said();
        prop_assert!(said.is_sorted_by_key(|draft| draft.effective.start().at));
        let (first, last) = ("2026-11-20T00:00:00+01:00", "2026-11-20T23:59:59+01:00");
        for draft in &said {
            prop_assert!(draft.effective.start().at >= first.parse().unwrap());
            let end = draft.effective.end().unwrap_or(draft.effective.start());
            prop_assert!(end.at <= last.parse().unwrap());
            prop_assert_eq!(draft.date, day.date);
        }
    }

    #[test]
    fn a_mean_lies_between_its_bounds(day in any_day()) {
        for draft in day.said() {
            prop_assert!(draft.low.is_none_or(|low| low <= draft.value));
            prop_assert!(draft.high.is_none_or(|high| draft.value <= high));
        }
    }

    #[test]
    fn in_08_nothing_implausible_is_ever_said(day in any_day()) {
        for draft in day.said() {
            let said = [Some(draft.value), draft.low, draft.high];
            let is_total = draft.metric.facts().kind == Kind::Interval;
            prop_assert!(
                is_total || said.into_iter().flatten().all(|value| draft.metric.is_plausible(value))
            );
        }
    }
}
