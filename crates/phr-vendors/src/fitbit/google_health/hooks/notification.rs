//! What a notification says. Documented is one object, delivered are arrays of them, and the
//! spellings of intervals differ, so whatever can be understood is.

use jiff::{Timestamp, civil::Date};
use serde_json::Value;

use crate::{
    fitbit::news,
    hook::{HookEvent, HookRefusal},
};

/// Longest body that may be a handshake.
const LONGEST_HANDSHAKE: usize = 1_024;

/// Whether the body is `{"type":"verification"}`: by its structure, so that a notification which
/// contains these words is none.
pub(in crate::fitbit::google_health) fn is_handshake(body: &[u8]) -> bool {
    if body.len() > LONGEST_HANDSHAKE {
        return false;
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body["type"] == "verification" && body.get("data").is_none()
}

/// Whom a body is about.
pub(in crate::fitbit::google_health) fn read(body: &[u8]) -> Result<HookEvent, HookRefusal> {
    news::read(body, note)
}

fn note(item: &Value) -> Option<(&str, Option<Date>)> {
    // One level less has been seen in the wild.
    let data = item.get("data").unwrap_or(item);
    let user = data["healthUserId"].as_str()?;
    let intervals = data["intervals"].as_array().map(Vec::as_slice).unwrap_or_default();
    Some((user, intervals.iter().filter_map(first_day).min()))
}

/// The civil date on which an interval begins: as Google says it, or else the earliest that it can
/// have been anywhere on Earth.
fn first_day(interval: &Value) -> Option<Date> {
    let civil = &interval["civilDateTimeInterval"];
    let date = &civil["startDateTime"]["date"];
    let part = |name: &str| i16::try_from(date[name].as_i64()?).ok();
    let spelled_out = || {
        let (month, day) = (i8::try_from(part("month")?).ok()?, i8::try_from(part("day")?).ok()?);
        Date::new(part("year")?, month, day).ok()
    };
    let text = |text: &Value| text.as_str()?.get(..10)?.parse().ok();
    let iso = &interval["civilIso8601TimeInterval"];
    spelled_out()
        .or_else(|| text(&iso["startTime"]))
        .or_else(|| text(&civil["startTime"]))
        .or_else(|| text(iso))
        .or_else(|| earliest(interval["physicalTimeInterval"]["startTime"].as_str()?))
}

/// At UTC-12 the day begins last.
fn earliest(instant: &str) -> Option<Date> {
    let instant: Timestamp = instant.parse().ok()?;
    Some(jiff::tz::Offset::constant(-12).to_datetime(instant).date())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::hook::HookNote;

    const DAY: Date = jiff::civil::date(2026, 11, 20);

    fn item(user: &str, intervals: &Value) -> Value {
        json!({ "data": {
            "version": "1", "healthUserId": user, "operation": "UPSERT", "dataType": "steps",
            "intervals": intervals,
        } })
    }

    fn notes(body: &Value) -> Vec<(String, Option<Date>)> {
        let Ok(HookEvent::News { notes, .. }) = read(body.to_string().as_bytes()) else {
            panic!("{body} is no news");
        };
        notes.into_iter().map(|note| (note.user, note.from)).collect()
    }

    #[rstest]
    #[case::spelled_out(json!({ "civilDateTimeInterval": { "startDateTime": {
        "date": { "year": 2026, "month": 11, "day": 20 }, "time": {} } } }))]
    #[case::iso(json!({ "civilIso8601TimeInterval": { "startTime": "2026-11-20T07:14:03" } }))]
    #[case::civil_text(json!({ "civilDateTimeInterval": { "startTime": "2026-11-20T00:00:00" } }))]
    #[case::one_text(json!({ "civilIso8601TimeInterval": "2026-11-20/2026-11-21" }))]
    #[case::physical(json!({ "physicalTimeInterval": { "startTime": "2026-11-20T12:00:00Z" } }))]
    #[case::before_noon_it_may_be_yesterday_somewhere(
        json!({ "physicalTimeInterval": { "startTime": "2026-11-21T11:59:59Z" } }))]
    fn every_spelling_of_an_interval_names_its_first_day(#[case] interval: Value) {
        assert_eq!(notes(&item("4", &json!([interval]))), [("4".to_owned(), Some(DAY))]);
    }

    #[rstest]
    #[case(json!([]))]
    #[case(json!(null))]
    #[case(json!([{}]))]
    #[case(json!([{ "civilIso8601TimeInterval": { "startTime": "yesterday" } }]))]
    #[case(json!([{ "civilIso8601TimeInterval": { "startTime": "2026-13-41T00:00:00" } }]))]
    #[case(json!([{ "civilDateTimeInterval": { "startDateTime": { "date": { "year": 1e9 } } } }]))]
    fn news_without_a_readable_time_is_news_all_the_same(#[case] intervals: Value) {
        assert_eq!(notes(&item("4", &intervals)), [("4".to_owned(), None)]);
    }

    #[test]
    fn one_note_per_account_with_the_earliest_day() {
        let on = |day: &str| json!([{ "civilIso8601TimeInterval": { "startTime": day } }]);
        let body = json!([
            item("b", &on("2026-11-21T00:00:00")),
            item("a", &on("2026-11-22T00:00:00")),
            item("b", &on("2026-11-20T23:00:00")),
            item("b", &json!([])),
        ]);
        let expected =
            [("a".to_owned(), Some(Date::constant(2026, 11, 22))), ("b".to_owned(), Some(DAY))];
        assert_eq!(notes(&body), expected);
    }

    #[test]
    fn an_object_and_an_array_of_it_say_the_same() {
        let one = item("4", &json!([]));
        assert_eq!(notes(&one), notes(&json!([one])));
    }

    #[test]
    fn items_that_cannot_be_understood_are_counted_and_the_others_heard() {
        let body = json!([
            item("4", &json!([])),
            {},
            7,
            item("", &json!([])),
            item(&"9".repeat(65), &json!([]))
        ]);
        let event = read(body.to_string().as_bytes()).unwrap();
        let notes = vec![HookNote { user: "4".to_owned(), from: None }];
        assert_eq!(event, HookEvent::News { notes, unreadable: 4 });
    }

    #[test]
    fn wh_09_a_thousand_items_are_heard_and_one_more_refused() {
        let body = |count| json!(vec![item("4", &json!([])); count]).to_string().into_bytes();
        assert!(read(&body(1_000)).is_ok());
        assert_eq!(read(&body(1_001)), Err(HookRefusal::TooMany));
    }

    #[rstest]
    #[case(r#"{"type":"verification"}"#, true)]
    #[case(r#" { "type" : "verification", "version": 1 } "#, true)]
    #[case(r#"{"type":"Verification"}"#, false)]
    #[case(r#"{"type":["verification"]}"#, false)]
    #[case(r#"[{"type":"verification"}]"#, false)]
    #[case(r#""{\"type\":\"verification\"}""#, false)]
    #[case(r#"{"type":"verification","data":{"healthUserId":"4"}}"#, false)]
    #[case(r#"{"data":{"healthUserId":"{\"type\":\"verification\"}"}}"#, false)]
    #[case("", false)]
    fn wh_03_a_handshake_is_known_by_its_structure(#[case] body: &str, #[case] is: bool) {
        assert_eq!(is_handshake(body.as_bytes()), is);
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body in ".{0,200}") {
            let _ = (read(body.as_bytes()), is_handshake(body.as_bytes()));
        }
    }
}
