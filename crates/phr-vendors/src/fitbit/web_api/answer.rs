//! Answers, parsed straight from their bytes: rows below a root, and slots of a day beside them.
//!
//! "There is nothing" comes in five shapes. `{"root":[]}` and rows without a value say so in words;
//! `{}`, an empty body and a lone newline say nothing, and come as well from a service that has
//! trouble: they are [`None`] here, and the caller decides by what is held.
//!
//! Unknown members are passed over, numbers may be strings and the other way round. A row without a
//! readable date, or a slot without a readable time or value, makes the answer unreadable: nobody
//! could tell which day would then be wrong.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};

use crate::fitbit::json::{Leaf, Maybe, Number, ParseError};

/// What an answer holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer<R> {
    /// The rows below the root.
    pub(super) rows: Vec<R>,
    /// The slots, where there is a data set.
    pub(super) slots: Option<Vec<Slot>>,
}

/// The value of a slot of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// What the clock on the wall showed at its beginning.
    pub(super) time: Time,
    /// In base units.
    pub(super) value: i64,
}

/// A number that belongs to a date, in the vendor's unit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    #[serde(default)]
    date_time: Maybe<Date>,
    #[serde(default)]
    pub(super) value: Maybe<Number>,
}

impl Row {
    pub(super) fn date(&self) -> Result<Date, ParseError> {
        self.date_time.0.ok_or(ParseError)
    }
}

/// Where to look in an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The member with the rows (`activities-steps`).
    pub(super) root: &'a str,
    /// Base units of the catalogue per unit of a slot's value.
    pub(super) scale: i64,
}

/// Whether a body says nothing at all.
pub(super) fn is_silent(body: &[u8]) -> bool {
    let body = body.trim_ascii();
    body.is_empty() || (body.first() == Some(&b'{') && body[1..].trim_ascii() == b"}")
}

/// The answer below `place`, none if it says nothing.
pub(super) fn parse<R: DeserializeOwned>(
    place: Place<'_>,
    body: &[u8],
) -> Result<Option<Answer<R>>, ParseError> {
    if is_silent(body) {
        return Ok(None);
    }
    let text = std::str::from_utf8(body).map_err(|_| ParseError)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let seed = AnswerSeed { place, rows: std::marker::PhantomData };
    let (rows, slots) = seed.deserialize(&mut json).map_err(|_| ParseError)?;
    json.end().map_err(|_| ParseError)?;
    Ok(rows.map(|rows| Answer { rows, slots }))
}

struct AnswerSeed<'a, R> {
    place: Place<'a>,
    rows: std::marker::PhantomData<R>,
}

type Found<R> = (Option<Vec<R>>, Option<Vec<Slot>>);

impl<'de, R: DeserializeOwned> DeserializeSeed<'de> for AnswerSeed<'_, R> {
    type Value = Found<R>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, R: DeserializeOwned> Visitor<'de> for AnswerSeed<'_, R> {
    type Value = Found<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Place { root, scale } = self.place;
        let (mut rows, mut slots) = (None, None);
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            if key == root {
                rows = map.next_value::<Option<Vec<R>>>()?;
            } else if key.strip_prefix(root) == Some("-intraday") {
                slots = map.next_value::<Option<DataSet>>()?.map(|set| set.slots(scale));
            } else if key == "errors" || key == "error" {
                return Err(A::Error::custom("an error instead of an answer"));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        let slots = slots.transpose().map_err(A::Error::custom)?;
        Ok((rows, slots))
    }
}

#[derive(Deserialize)]
struct DataSet {
    #[serde(default)]
    dataset: Vec<RawSlot>,
}

#[derive(Deserialize)]
struct RawSlot {
    #[serde(default)]
    time: Maybe<Time>,
    #[serde(default)]
    value: Maybe<Number>,
}

impl DataSet {
    fn slots(self, scale: i64) -> Result<Vec<Slot>, ParseError> {
        let slot = |raw: RawSlot| {
            let value = raw.value.0.and_then(|value| value.to_base(scale));
            let value = value.filter(|value| *value >= 0).ok_or(ParseError)?;
            Ok(Slot { time: raw.time.0.ok_or(ParseError)?, value })
        };
        self.dataset.into_iter().map(slot).collect()
    }
}

impl Leaf for Date {
    fn text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Leaf for Time {
    /// Hours, minutes and seconds, nothing less.
    fn text(text: &str) -> Option<Self> {
        let &[h1, h2, b':', m1, m2, b':', s1, s2] = text.as_bytes() else { return None };
        let two = |tens: u8, ones: u8| {
            let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
            digits.then(|| i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()).flatten()
        };
        Self::new(two(h1, h2)?, two(m1, m2)?, two(s1, s2)?, 0).ok()
    }
}

impl Leaf for DateTime {
    /// Without an offset, as this API has them.
    fn text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};
    use rstest::rstest;

    use super::*;

    const STEPS: Place<'_> = Place { root: "activities-steps", scale: 1 };

    fn steps(body: &str) -> Result<Option<Answer<Row>>, ParseError> {
        parse(STEPS, body.as_bytes())
    }

    #[test]
    fn rows_and_slots_are_read_whatever_is_beside_them() {
        let answer = steps(
            r#"{"trace":{"id":18446744073709551615},"activities-steps":[
                {"dateTime":"2026-03-14","value":"8934","extra":[1]},
                {"dateTime":"2026-03-15","value":0}],
                "activities-steps-intraday":{"datasetInterval":1,"dataset":[
                {"time":"00:00:00","value":0,"level":2},{"time":"00:01:00","value":"42"}]}}"#,
        );
        let answer = answer.unwrap().unwrap();
        let rows = answer.rows.iter().map(|row| (row.date(), row.value.0.unwrap().to_base(1)));
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [(Ok(date(2026, 3, 14)), Some(8_934)), (Ok(date(2026, 3, 15)), Some(0))]
        );
        let slots =
            [Slot { time: time(0, 0, 0, 0), value: 0 }, Slot { time: time(0, 1, 0, 0), value: 42 }];
        assert_eq!(answer.slots.as_deref(), Some(&slots[..]));
    }

    #[rstest]
    #[case::nothing("")]
    #[case::newline("\n")]
    #[case::object("{}")]
    #[case::spaced_object(" { } ")]
    #[case::other_members(r#"{"trace":1}"#)]
    #[case::null(r#"{"activities-steps":null}"#)]
    fn an_answer_may_say_nothing(#[case] body: &str) {
        assert!(steps(body).unwrap().is_none());
    }

    #[test]
    fn an_empty_root_says_that_there_is_nothing() {
        let answer = steps(r#"{"activities-steps":[]}"#).unwrap().unwrap();
        assert!(answer.rows.is_empty() && answer.slots.is_none());
    }

    #[rstest]
    #[case::html("<html>")]
    #[case::cut(r#"{"activities-steps":[{"dateTime":"2026-03-14""#)]
    #[case::array("[]")]
    #[case::error(r#"{"errors":[{"errorType":"request"}]}"#)]
    #[case::two(r#"{"activities-steps":[]}{}"#)]
    #[case::no_time(
        r#"{"activities-steps":[],"activities-steps-intraday":{"dataset":[{"value":1}]}}"#
    )]
    #[case::odd_time(r#"{"activities-steps":[],"activities-steps-intraday":{"dataset":[{"time":"7:00","value":1}]}}"#)]
    #[case::no_value(
        r#"{"activities-steps":[],"activities-steps-intraday":{"dataset":[{"time":"07:00:00"}]}}"#
    )]
    #[case::word(r#"{"activities-steps":[],"activities-steps-intraday":{"dataset":[{"time":"07:00:00","value":"many"}]}}"#)]
    #[case::negative(r#"{"activities-steps":[],"activities-steps-intraday":{"dataset":[{"time":"07:00:00","value":-1}]}}"#)]
    fn what_is_no_answer_is_an_error(#[case] body: &str) {
        assert_eq!(steps(body).err(), Some(ParseError));
    }

    #[test]
    fn a_row_without_a_readable_date_is_an_error() {
        for date in [r#""2026-02-30""#, "20260314", "null"] {
            let body = format!(r#"{{"activities-steps":[{{"dateTime":{date},"value":"1"}}]}}"#);
            assert_eq!(steps(&body).unwrap().unwrap().rows[0].date(), Err(ParseError), "{date}");
        }
    }

    #[test]
    fn the_head_of_another_shape_does_no_harm() {
        let answer = steps(r#"{"activities-steps":[{"dateTime":"2026-03-14","value":{"a":1}}]}"#);
        assert_eq!(answer.unwrap().unwrap().rows[0].value, Maybe(None));
    }
}
