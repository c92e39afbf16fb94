//! What a notification says. Samples of it differ in what they leave out, so whatever can be understood
//! is: all that is needed is whose it is.

use jiff::civil::Date;
use serde_json::Value;

use crate::{
    fitbit::news,
    hook::{HookEvent, HookRefusal},
};

/// Collections that tell of an end. Their date is that of the message, not of data.
const ENDS: [&str; 2] = ["userRevokedAccess", "deleteUser"];

/// Whom a body is about. What cannot be read as a whole counts as one item that cannot: Fitbit takes
/// any answer but 204 for a failure, and gives up on addresses that fail often.
pub(in crate::fitbit::web_api) fn read(body: &[u8]) -> Result<HookEvent, HookRefusal> {
    match news::read(body, note) {
        Err(HookRefusal::Malformed) => {
            tracing::warn!(shape = "no JSON", "a webhook item cannot be understood");
            Ok(HookEvent::News { notes: Vec::new(), unreadable: 1 })
        }
        event => event,
    }
}

fn note(item: &Value) -> Option<(&str, Option<Date>)> {
    let user = item["ownerId"].as_str()?;
    let is_end = item["collectionType"].as_str().is_some_and(|kind| ENDS.contains(&kind));
    let from = item["date"].as_str().filter(|_| !is_end).and_then(first_day);
    Some((user, from))
}

/// A day, or the first of a month.
fn first_day(date: &str) -> Option<Date> {
    date.parse().ok().or_else(|| format!("{date}-01").parse().ok())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::hook::HookNote;

    fn heard(body: &Value) -> (Vec<(String, Option<Date>)>, u32) {
        let Ok(HookEvent::News { notes, unreadable }) = read(body.to_string().as_bytes()) else {
            panic!("{body} is no news");
        };
        (notes.into_iter().map(|note| (note.user, note.from)).collect(), unreadable)
    }

    fn item(collection: &str, date: &str) -> Value {
        json!({ "collectionType": collection, "date": date, "ownerId": "B7QX2K",
            "ownerType": "user", "subscriptionId": "7f31-body" })
    }

    #[rstest]
    #[case::as_documented(item("body", "2026-03-14"), Some(date(2026, 3, 14)))]
    #[case::unknown_collection(item("hydration", "2026-03-14"), Some(date(2026, 3, 14)))]
    #[case::month(item("sleep", "2026-03"), Some(date(2026, 3, 1)))]
    #[case::no_date(item("sleep", "soon"), None)]
    #[case::impossible_date(item("sleep", "2026-02-30"), None)]
    #[case::number(json!({ "ownerId": "B7QX2K", "date": 20_260_314 }), None)]
    #[case::owner_only(json!({ "ownerId": "B7QX2K" }), None)]
    #[case::trailing_slash(
        json!({ "collectionType": "activities", "date": "2026-03-14", "ownerId": "B7QX2K",
            "subscriptionId": "7f31-act/" }),
        Some(date(2026, 3, 14)))]
    #[case::revoked(item("userRevokedAccess", "2016-03-14"), None)]
    #[case::deleted(item("deleteUser", "2016-03"), None)]
    fn every_item_with_an_owner_is_news(#[case] item: Value, #[case] from: Option<Date>) {
        assert_eq!(heard(&json!([item])), (vec![("B7QX2K".to_owned(), from)], 0));
        assert_eq!(heard(&item), heard(&json!([item])));
    }

    #[test]
    fn one_note_per_owner_with_the_earliest_day() {
        let other = json!({ "ownerId": "A11111", "date": "2026-03-20" });
        let body = json!([
            item("body", "2026-03-15"),
            other,
            item("activities", "2026-03-13"),
            item("userRevokedAccess", "2026-03-01"),
            item("body", "2026-03-15"),
        ]);
        let expected = vec![
            ("A11111".to_owned(), Some(date(2026, 3, 20))),
            ("B7QX2K".to_owned(), Some(date(2026, 3, 13))),
        ];
        assert_eq!(heard(&body), (expected, 0));
    }

    #[test]
    fn items_without_an_owner_are_counted_and_the_others_heard() {
        let long = json!({ "ownerId": "x".repeat(65) });
        let body = json!([{}, 7, { "ownerId": "" }, { "ownerId": 7 }, long, item("body", "")]);
        assert_eq!(heard(&body), (vec![("B7QX2K".to_owned(), None)], 5));
    }

    #[rstest]
    #[case("")]
    #[case("not json")]
    #[case("7")]
    #[case(r#"[{"ownerId":"B7QX2K""#)]
    fn what_is_no_notification_names_nobody_and_is_not_asked_for_again(#[case] body: &str) {
        let nothing = HookEvent::News { notes: Vec::<HookNote>::new(), unreadable: 1 };
        assert_eq!(read(body.as_bytes()), Ok(nothing));
    }

    #[test]
    fn wh_09_a_thousand_items_are_heard_and_one_more_refused() {
        let body = |count| json!(vec![item("body", "2026-03-14"); count]).to_string().into_bytes();
        assert!(read(&body(1_000)).is_ok());
        assert_eq!(read(&body(1_001)), Err(HookRefusal::TooMany));
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body in ".{0,200}") {
            let _ = read(body.as_bytes());
        }
    }
}
