use rstest::rstest;

use super::*;

fn reason(filter: &str, data_type: DataType) -> &'static str {
    match parse(Some(filter), data_type) {
        Err(refusal) => refusal.reason,
        Ok(bounds) => panic!("{filter} was accepted as {bounds:?}"),
    }
}

#[rstest]
#[case::only_two_comparators(
    "steps.interval.start_time > \"2026-11-20T00:00:00Z\"",
    "RESTRICTION_COMPARATOR"
)]
#[case::or(
    "steps.interval.start_time >= \"2026-11-20T00:00:00Z\" OR steps.interval.start_time < \"x\"",
    "EXPRESSION_STRUCTURE"
)]
#[case::parentheses(
    "(steps.interval.start_time >= \"2026-11-20T00:00:00Z\")",
    "EXPRESSION_STRUCTURE"
)]
#[case::not("NOT steps.interval.start_time >= \"x\"", "EXPRESSION_STRUCTURE")]
#[case::camel_case(
    "activeEnergyBurned.interval.start_time >= \"2026-11-20T00:00:00Z\"",
    "DATA_TYPE_RESTRICTION"
)]
#[case::kebab_case(
    "heart-rate.sample_time.physical_time >= \"2026-11-20T00:00:00Z\"",
    "DATA_TYPE_RESTRICTION"
)]
#[case::another_collection(
    "distance.interval.start_time >= \"2026-11-20T00:00:00Z\"",
    "COLLECTION_MISMATCH"
)]
#[case::two_types(
    "steps.interval.start_time >= \"2026-11-20T00:00:00Z\" AND distance.interval.start_time < \"2026-11-21T00:00:00Z\"",
    "MIXED_DATA_TYPE_RESTRICTIONS"
)]
#[case::end_time("steps.interval.end_time >= \"2026-11-20T00:00:00Z\"", "DATA_TYPE_MEMBER")]
#[case::no_member("steps >= \"2026-11-20T00:00:00Z\"", "DATA_TYPE_MEMBER")]
#[case::both_clocks(
    "steps.interval.start_time >= \"2026-11-20T00:00:00Z\" AND steps.interval.civil_start_time < \"2026-11-21\"",
    "MIXED_TIME_RESTRICTIONS"
)]
#[case::backwards(
    "steps.interval.start_time >= \"2026-11-20T00:00:00Z\" AND steps.interval.start_time < \"2026-11-20T00:00:00Z\"",
    "TIME_RANGE"
)]
#[case::date_as_instant("steps.interval.start_time >= \"2026-11-20\"", "TIMESTAMP_FORMAT")]
#[case::instant_without_zone(
    "steps.interval.start_time >= \"2026-11-20T00:00:00\"",
    "TIMESTAMP_FORMAT"
)]
#[case::civil_with_zone(
    "steps.interval.civil_start_time >= \"2026-11-20T00:00:00Z\"",
    "CIVIL_DATE_TIME_FORMAT"
)]
#[case::impossible_date(
    "steps.interval.civil_start_time >= \"2026-02-30\"",
    "CIVIL_DATE_TIME_FORMAT"
)]
#[case::no_comparator("steps.interval.start_time \"2026-11-20T00:00:00Z\"", "MISSING_TOKEN")]
#[case::two_ands(
    "steps.interval.start_time >= \"2026-11-20T00:00:00Z\" AND AND",
    "UNEXPECTED_TOKEN"
)]
#[case::no_and(
    "steps.interval.start_time >= \"2026-11-20T00:00:00Z\" steps.interval.start_time < \"x\"",
    "UNEXPECTED_TOKEN"
)]
#[case::nothing_after_and(
    "steps.interval.start_time >= \"2026-11-20T00:00:00Z\" AND",
    "UNEXPECTED_END_OF_INPUT"
)]
#[case::no_literal("steps.interval.start_time >=", "UNEXPECTED_END_OF_INPUT")]
#[case::literal_first("\"2026\" >= steps.interval.start_time", "RESTRICTION_COMPARABLE")]
#[case::bare_literal("steps.interval.start_time >= 2026-11-20", "RESTRICTION_ARGUMENT")]
#[case::strange_character("steps.interval.start_time >= #", "SYNTAX")]
#[case::open_quote("steps.interval.start_time >= \"2026", "SYNTAX")]
fn a_wrong_filter_is_refused_for_its_own_reason(#[case] filter: &str, #[case] expected: &str) {
    assert_eq!(reason(filter, DataType::Steps), expected);
}

#[test]
fn a_daily_type_takes_dates_only() {
    let filter = "daily_oxygen_saturation.date >= \"2026-11-14T00:00:00\"";
    assert_eq!(reason(filter, DataType::DailyOxygenSaturation), "CIVIL_DATE_TIME_FORMAT");
}

#[test]
fn the_worked_examples_are_understood() {
    let physical = "heart_rate.sample_time.physical_time >= \"2026-11-20T06:00:00Z\" AND \
                    heart_rate.sample_time.physical_time < \"2026-11-20T07:00:00Z\"";
    let Ok(Bounds::Physical(range)) = parse(Some(physical), DataType::HeartRate) else {
        panic!("physical bounds")
    };
    assert_eq!(range.end - range.start, 3600 * crate::point::SECOND);
    let civil = "steps.interval.civil_start_time >= \"2026-11-20\" AND \
                 steps.interval.civil_start_time < \"2026-11-20T12:00:00\"";
    let Ok(Bounds::Civil(range)) = parse(Some(civil), DataType::Steps) else {
        panic!("civil bounds")
    };
    assert_eq!(range.end - range.start, DAY / 2);
}

#[test]
fn one_bound_alone_is_enough_and_none_is_everything() {
    let filter = "weight.sample_time.physical_time >= \"2026-10-01T00:00:00.5Z\"";
    let Ok(Bounds::Physical(range)) = parse(Some(filter), DataType::Weight) else {
        panic!("physical bounds")
    };
    assert_eq!(range.end, i64::MAX);
    assert_eq!(parse(None, DataType::Weight), Ok(Bounds::Physical(i64::MIN..i64::MAX)));
}

#[test]
fn every_refusal_is_a_documented_reason() {
    let error = ApiError::from(refuse("SYNTAX", String::new()));
    assert_eq!(error.reason(), "INVALID_DATA_POINT_FILTER_SYNTAX");
    let error = ApiError::from(refuse("TIME_RANGE", String::new()));
    assert_eq!(error.reason(), "INVALID_TIME_RANGE");
}
