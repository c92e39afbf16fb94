use rstest::rstest;

use super::*;

/// A page as google-health serves it, one point a line.
const HEART_RATE: &str = r#"{"dataPoints":[
 {"dataSource":{"recordingMethod":"PASSIVELY_MEASURED","device":{"displayName":"Charge 6"},"platform":"FITBIT"},
  "heartRate":{"sampleTime":{"physicalTime":"2026-11-20T06:59:58Z","utcOffset":"3600s",
   "civilTime":{"date":{"year":2026,"month":11,"day":20},"time":{"hours":7,"minutes":59,"seconds":58}}},"beatsPerMinute":"64"}},
 {"heartRate":{"sampleTime":{"physicalTime":"2026-11-20T06:59:56Z"},"beatsPerMinute":65,"metadata":{"motionContext":"NAPPING"}},"new":[1]}],
 "nextPageToken":"Q2dzSTZ","unknown":{"deep":[{}]}}"#;

const STEPS: &str = r#"{"dataPoints":[
 {"steps":{"interval":{"startTime":"2026-11-20T06:15:00Z","startUtcOffset":"3600s","endTime":"2026-11-20T06:16:00Z","endUtcOffset":"3600s",
   "civilStartTime":{"date":{"year":2026,"month":11,"day":20},"time":{"hours":7,"minutes":15}},
   "civilEndTime":{"date":{"year":2026,"month":11,"day":20},"time":{"hours":7,"minutes":16}}},"count":"87"}},
 {"steps":{"interval":{"startTime":"2026-11-20T06:14:00Z","startUtcOffset":"3600s","endTime":"2026-11-20T06:15:00Z"}}}]}"#;

fn show(page: &Page) -> String {
    let line = |point: &Point| {
        let Point { at, seconds, offset_seconds, civil, value } = point;
        let offset = offset_seconds.map_or("-".to_owned(), |offset| offset.to_string());
        let civil = civil.map_or("-".to_owned(), |civil| civil.to_string());
        format!("{at} {seconds}s offset {offset} civil {civil} = {value}\n")
    };
    let points: String = page.items.iter().map(line).collect();
    format!("{points}skipped {} next {:?}", page.skipped, page.next)
}

fn heart_rate(point: &str) -> Result<Page, ParseError> {
    parse_page(Metric::HeartRate, format!(r#"{{"dataPoints":[{point}]}}"#).as_bytes())
}

fn at(time: &str, value: &str) -> String {
    format!(r#"{{"heartRate":{{"sampleTime":{time},"beatsPerMinute":{value}}}}}"#)
}

const NOON: &str = r#"{"physicalTime":"2026-11-20T12:00:00Z"}"#;

#[test]
fn a_page_of_heart_rate_becomes_points_in_tenths_of_a_beat() {
    let page = parse_page(Metric::HeartRate, HEART_RATE.as_bytes()).unwrap();
    insta::assert_snapshot!(show(&page), @r#"
    2026-11-20T06:59:58Z 0s offset 3600 civil 2026-11-20T07:59:58 = 640
    2026-11-20T06:59:56Z 0s offset - civil - = 650
    skipped 0 next Some("Q2dzSTZ")
    "#);
}

#[test]
fn a_minute_without_a_count_is_a_true_zero() {
    let page = parse_page(Metric::Steps, STEPS.as_bytes()).unwrap();
    insta::assert_snapshot!(show(&page), @"
    2026-11-20T06:15:00Z 60s offset 3600 civil 2026-11-20T07:15:00 = 87
    2026-11-20T06:14:00Z 60s offset 3600 civil - = 0
    skipped 0 next None
    ");
}

#[rstest]
#[case("{}")]
#[case(r#"{"dataPoints":[]}"#)]
#[case(r#"{"dataPoints":null,"nextPageToken":""}"#)]
#[case(r#"{"nextPageToken":null}"#)]
fn nothing_there_is_a_page_too(#[case] body: &str) {
    let page = parse_page(Metric::Spo2, body.as_bytes()).unwrap();
    assert_eq!(page, Page { items: vec![], next: None, skipped: 0 });
}

#[rstest]
#[case("\"NaN\"")]
#[case("\"Infinity\"")]
#[case("null")]
#[case("{\"a\":[1,{}]}")]
#[case("[[1],2]")]
#[case("true")]
#[case("\"sixty\"")]
#[case("1e400")]
fn a_value_that_is_no_number_is_skipped_and_counted(#[case] value: &str) {
    // JSON itself has no 1e400: such a page is unreadable rather than wrong.
    let Ok(page) = heart_rate(&format!("{},{}", at(NOON, value), at(NOON, "61"))) else {
        assert_eq!(value, "1e400");
        return;
    };
    assert_eq!((page.skipped, page.items.len()), (1, 1));
    assert_eq!(page.items[0].value, 610);
}

#[test]
fn a_heart_rate_without_a_value_is_not_zero() {
    let page = heart_rate(&format!(r#"{{"heartRate":{{"sampleTime":{NOON}}}}}"#)).unwrap();
    assert_eq!((page.skipped, page.items.len()), (1, 0));
}

#[rstest]
#[case::no_time(r#"{"heartRate":{"beatsPerMinute":"61"}}"#)]
#[case::empty_time(r#"{"heartRate":{"sampleTime":{},"beatsPerMinute":"61"}}"#)]
#[case::not_a_time(r#"{"heartRate":{"sampleTime":{"physicalTime":"noon"},"beatsPerMinute":"61"}}"#)]
#[case::a_number(
    r#"{"heartRate":{"sampleTime":{"physicalTime":1763640000},"beatsPerMinute":"61"}}"#
)]
#[case::another_type(r#"{"steps":{"count":"1"}}"#)]
#[case::empty("{}")]
#[case::null("null")]
#[case::text("\"point\"")]
fn a_point_without_a_readable_time_spoils_the_page(#[case] point: &str) {
    assert_eq!(heart_rate(&format!("{},{point}", at(NOON, "60"))), Err(ParseError));
}

#[rstest]
#[case::no_end(r#""startTime":"2026-11-20T06:15:00Z""#)]
#[case::reversed(r#""startTime":"2026-11-20T06:15:00Z","endTime":"2026-11-20T06:14:00Z""#)]
fn an_interval_needs_both_ends_in_order(#[case] interval: &str) {
    let body =
        format!(r#"{{"dataPoints":[{{"steps":{{"interval":{{{interval}}},"count":"1"}}}}]}}"#);
    assert_eq!(parse_page(Metric::Steps, body.as_bytes()), Err(ParseError));
}

#[rstest]
#[case::empty("")]
#[case::html("<!DOCTYPE html><html><body>502</body></html>")]
#[case::null("null")]
#[case::array("[]")]
#[case::text("\"ok\"")]
#[case::not_an_array(r#"{"dataPoints":{}}"#)]
#[case::token_of_another_type(r#"{"dataPoints":[],"nextPageToken":7}"#)]
#[case::error(r#"{"error":{"code":500,"status":"INTERNAL"}}"#)]
#[case::two_documents("{}{}")]
#[case::bad_utf8("{\"dataPoints\":[\"\u{0}")]
fn what_is_not_a_page_is_an_error(#[case] body: &str) {
    assert_eq!(parse_page(Metric::HeartRate, body.as_bytes()), Err(ParseError));
}

#[test]
fn a_page_cut_anywhere_is_an_error() {
    for cut in 0..HEART_RATE.len() {
        let body = &HEART_RATE.as_bytes()[..cut];
        assert_eq!(parse_page(Metric::HeartRate, body), Err(ParseError), "cut at {cut}");
    }
}

#[test]
fn metrics_without_points_have_no_pages() {
    assert_eq!(parse_page(Metric::Calories, b"{}"), Err(ParseError));
    assert_eq!(parse_page(Metric::RestingHeartRate, b"{}"), Err(ParseError));
}

#[rstest]
#[case::midnight_without_time(r#"{"date":{"year":2026,"month":11,"day":20}}"#, Some(-43_200))]
#[case::midnight_with_empty_time(r#"{"date":{"year":2026,"month":11,"day":20},"time":{}}"#, Some(-43_200))]
#[case::kathmandu(
    r#"{"date":{"year":2026,"month":11,"day":20},"time":{"hours":17,"minutes":45}}"#,
    Some(20_700)
)]
#[case::another_world(r#"{"date":{"year":2027,"month":11,"day":20},"time":{}}"#, None)]
#[case::impossible(r#"{"date":{"year":2026,"month":13,"day":20}}"#, None)]
#[case::unreadable(r#"{"date":"2026-11-20"}"#, None)]
#[case::not_an_object("\"noon\"", None)]
fn a_missing_offset_follows_from_civil_time(#[case] civil: &str, #[case] offset: Option<i32>) {
    let time = format!(r#"{{"physicalTime":"2026-11-20T12:00:00Z","civilTime":{civil}}}"#);
    let page = heart_rate(&at(&time, "60")).unwrap();
    assert_eq!(page.items[0].offset_seconds, offset);
}

#[test]
fn weights_are_exact_to_the_milligram() {
    let body = format!(
        r#"{{"dataPoints":[{{"weight":{{"sampleTime":{NOON},"weightGrams":73612.5}}}},
            {{"weight":{{"sampleTime":{NOON},"weightGrams":73250}}}},
            {{"weight":{{"sampleTime":{NOON},"weightGrams":"81646.627"}}}}]}}"#
    );
    let page = parse_page(Metric::BodyWeight, body.as_bytes()).unwrap();
    let values: Vec<i64> = page.items.iter().map(|point| point.value).collect();
    assert_eq!(values, [73_612_500, 73_250_000, 81_646_627]);
}

proptest::proptest! {
    /// Whatever one byte becomes: no panic, and no more points than there were.
    #[test]
    fn a_damaged_page_never_panics(at in 0..HEART_RATE.len(), byte: u8) {
        let mut body = HEART_RATE.as_bytes().to_vec();
        body[at] = byte;
        if let Ok(page) = parse_page(Metric::HeartRate, &body) {
            proptest::prop_assert!(page.items.len() <= 2);
        }
    }
}
