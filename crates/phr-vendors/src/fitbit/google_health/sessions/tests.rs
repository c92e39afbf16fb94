use jiff::{civil::date, tz::TimeZone};
use phr_model::Part;
use rstest::rstest;

use super::*;
use crate::fitbit::google_health::{json::ParseError, page::parse};

fn page(sessions: SessionType, point: &str) -> Result<Vec<Session>, ParseError> {
    let body = format!(r#"{{"dataPoints":[{point}]}}"#);
    parse("dataPoints", sessions, body.as_bytes()).map(|page| page.items)
}

fn one(sessions: SessionType, point: &str) -> Session {
    page(sessions, point).unwrap().remove(0)
}

/// The night of the documentation, with these members more.
fn night(members: &str) -> String {
    format!(
        r#"{{"dataPointName":"users/1/dataTypes/sleep/dataPoints/8","sleep":{{"interval":{{
        "startTime":"2026-11-19T22:41:00Z","startUtcOffset":"3600s",
        "endTime":"2026-11-20T06:12:30Z","endUtcOffset":"3600s"}},"type":"STAGES"{members}}}}}"#
    )
}

const STAGES: &str = r#","stages":[
    {"startTime":"2026-11-19T22:41:00Z","endTime":"2026-11-19T22:49:30Z","startUtcOffset":"3600s",
     "endUtcOffset":"3600s","type":"AWAKE"},
    {"startTime":"2026-11-19T22:49:30Z","endTime":"2026-11-20T06:12:30Z","startUtcOffset":"3600s",
     "endUtcOffset":"3600s","type":"LIGHT"},
    {"startTime":"2026-11-19T22:49:30Z","endTime":"2026-11-20T06:12:30Z","type":"LEVITATING"},
    {"startTime":"soon","endTime":"2026-11-20T06:12:30Z","type":"LIGHT"}]"#;
const SUMMARY: &str = r#","summary":{"minutesAsleep":"440","minutesAwake":"8",
    "stagesSummary":[{"type":"AWAKE","minutes":"8","count":"1"},{"type":"DEEP","minutes":62}]}"#;
const DONE: &str = r#","metadata":{"processed":true,"mainSleep":true}"#;

#[test]
fn a_night_is_read_with_its_stages_and_its_own_sums() {
    let night = one(SessionType::Sleep, &night(&[STAGES, SUMMARY, DONE].concat()));
    assert_eq!((night.value, night.time.seconds), (44_000, 27_090));
    let parts = [(Part::DeepSleep, 6_200), (Part::LightSleep, 44_300), (Part::Awake, 800)];
    assert_eq!(night.parts, parts, "told, or else summed up");
    assert_eq!(night.stages.len(), 2, "what cannot be read is left out");
    let offsets = Offsets::new(TimeZone::UTC, []);
    assert_eq!(night.samples(&offsets).len(), 1 + 3 + 2);
    assert_eq!(date_of(&night, SessionType::Sleep, &offsets), date(2026, 11, 20));
}

#[rstest]
#[case::without_metadata("")]
#[case::running(r#","metadata":{"mainSleep":true}"#)]
#[case::said(r#","metadata":{"processed":false}"#)]
fn a_night_that_the_vendor_is_not_done_with_is_marked(#[case] metadata: &str) {
    let night = one(SessionType::Sleep, &night(&[STAGES, metadata].concat()));
    assert!(night.parts.contains(&(Part::Unfinished, 0)));
    assert_eq!(night.value, 44_300, "summed up from its stages");
}

#[test]
fn a_night_that_tells_nothing_of_sleep_is_skipped() {
    assert_eq!(page(SessionType::Sleep, &night("")), Ok(Vec::new()));
}

#[rstest]
#[case(r#"{"sleep":{}}"#)]
#[case(r#"{"steps":{}}"#)]
#[case(r#"{"sleep":{"interval":{"startTime":"2026-11-20T06:00:00Z","endTime":"2026-11-19T22:00:00Z"}}}"#)]
fn a_session_without_a_readable_time_spoils_the_page(#[case] point: &str) {
    assert_eq!(page(SessionType::Sleep, point), Err(ParseError));
    assert_eq!(page(SessionType::Exercise, point), Err(ParseError));
}

#[test]
fn a_night_flown_through_belongs_to_the_date_where_it_ended() {
    let flight = r#"{"sleep":{"interval":{"startTime":"2026-11-19T23:30:00Z",
        "startUtcOffset":"-18000s","endTime":"2026-11-20T04:30:00Z","endUtcOffset":"3600s"},
        "summary":{"minutesAsleep":"200"}}}"#;
    let offsets = Offsets::new(TimeZone::get("America/New_York").unwrap(), []);
    let flight = one(SessionType::Sleep, flight);
    assert_eq!(date_of(&flight, SessionType::Sleep, &offsets), date(2026, 11, 20));
    let untold = Session { end_offset: None, ..flight };
    assert_eq!(
        date_of(&untold, SessionType::Sleep, &offsets),
        date(2026, 11, 19),
        "where the person was"
    );
}

fn workout(members: &str) -> String {
    format!(
        r#"{{"exercise":{{"interval":{{"startTime":"2026-11-20T22:50:00Z",
        "startUtcOffset":"3600s","endTime":"2026-11-20T23:35:00Z","endUtcOffset":"3600s"}}{members}}}}}"#
    )
}

#[test]
fn a_workout_is_read_with_what_it_took() {
    let members = r#","exerciseType":"BIKING","activeDuration":"2609.5s","metricsSummary":{
        "caloriesKcal":412.25,"distanceMillimeters":15250000.4,"averageHeartRateBeatsPerMinute":"139",
        "steps":"0"}"#;
    let ride = one(SessionType::Exercise, &workout(members));
    assert_eq!(ride.value, 4_349, "43 minutes and 29.5 seconds, to a hundredth of a minute");
    let kind = phr_model::exercise::place("BIKING");
    let parts = [
        (Part::Energy, 412_250),
        (Part::Distance, 15_250_000),
        (Part::MeanHeartRate, 1_390),
        (Part::ExerciseType, kind),
    ];
    assert_eq!(ride.parts, parts);
    let offsets = Offsets::new(TimeZone::UTC, []);
    assert_eq!(
        date_of(&ride, SessionType::Exercise, &offsets),
        date(2026, 11, 20),
        "when it began"
    );
}

#[test]
fn a_workout_may_say_nothing_but_its_time() {
    let ride = one(SessionType::Exercise, &workout(r#","exerciseType":"QUIDDITCH""#));
    assert_eq!((ride.value, &ride.parts[..]), (4_500, &[(Part::ExerciseType, 0)][..]));
}
