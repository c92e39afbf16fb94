//! A good answer, and what moods and faults make of it.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::mood::Emptiness;
use crate::faults::FaultKind;

/// What an endpoint says.
#[derive(Debug)]
pub(super) struct Answer {
    text: String,
    void: Option<Void>,
}

/// An answer that holds no data: its root, and the day that was asked for.
#[derive(Debug)]
struct Void {
    root: Option<String>,
    date: Date,
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        Self { text: value.to_string(), void: None }
    }
}

impl Answer {
    /// Readily written JSON.
    pub(super) fn written(text: String) -> Self {
        Self { text, void: None }
    }

    /// Marks an answer without data. Bare arrays and objects have no root.
    pub(super) fn void_if(self, void: bool, root: Option<&str>, date: Date) -> Self {
        let void = void.then(|| Void { root: root.map(str::to_owned), date });
        Self { void, ..self }
    }

    /// The text, in the form that answers without data take.
    pub(super) fn dressed(self, emptiness: Emptiness) -> String {
        let Some(Void { root, date }) = self.void else { return self.text };
        let in_root = |value: Value| match &root {
            Some(root) => json!({ root.as_str(): value }).to_string(),
            None => value.to_string(),
        };
        match emptiness {
            Emptiness::Usual => self.text,
            Emptiness::EmptyRoot => in_root(json!([])),
            Emptiness::Object => "{}".to_owned(),
            Emptiness::Nothing => String::new(),
            Emptiness::Newline => "\n".to_owned(),
            Emptiness::Valueless => in_root(json!([{ "dateTime": date }])),
        }
    }
}

/// What a fault makes of the JSON of a good answer.
pub(super) fn distorted(text: String, kind: FaultKind) -> String {
    let distort: fn(&mut Value) = match kind {
        FaultKind::UnknownFields => add_fields,
        FaultKind::SwappedNumbers => swap_numbers,
        _ => return text,
    };
    let Ok(mut value) = serde_json::from_str::<Value>(&text) else { return text };
    everywhere(&mut value, distort);
    value.to_string()
}

fn everywhere(value: &mut Value, distort: fn(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| everywhere(item, distort)),
        Value::Object(members) => members.values_mut().for_each(|item| everywhere(item, distort)),
        _ => {}
    }
    distort(value);
}

fn add_fields(value: &mut Value) {
    if let Value::Object(members) = value {
        members.insert("sandboxTrace".to_owned(), json!({ "id": u64::MAX, "note": null }));
    }
}

/// Numbers become text, and text that is a number becomes one.
fn swap_numbers(value: &mut Value) {
    let swapped = match value {
        Value::Number(number) => Some(json!(number.to_string())),
        Value::String(text) => text.parse::<serde_json::Number>().ok().map(Value::Number),
        _ => None,
    };
    if let Some(swapped) = swapped {
        *value = swapped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = Date::constant(2026, 3, 14);

    fn void(root: Option<&str>) -> Answer {
        Answer::from(json!({ "usual": 0 })).void_if(true, root, DAY)
    }

    #[test]
    fn an_answer_without_data_takes_the_form_that_is_in_fashion() {
        for (emptiness, rooted, bare) in [
            (Emptiness::Usual, r#"{"usual":0}"#, r#"{"usual":0}"#),
            (Emptiness::EmptyRoot, r#"{"weight":[]}"#, "[]"),
            (Emptiness::Object, "{}", "{}"),
            (Emptiness::Nothing, "", ""),
            (Emptiness::Newline, "\n", "\n"),
            (
                Emptiness::Valueless,
                r#"{"weight":[{"dateTime":"2026-03-14"}]}"#,
                r#"[{"dateTime":"2026-03-14"}]"#,
            ),
        ] {
            assert_eq!(void(Some("weight")).dressed(emptiness), rooted);
            assert_eq!(void(None).dressed(emptiness), bare);
        }
    }

    #[test]
    fn an_answer_with_data_keeps_its_form() {
        let answer = Answer::from(json!([1])).void_if(false, None, DAY);
        assert_eq!(answer.dressed(Emptiness::Nothing), "[1]");
    }

    #[test]
    fn numbers_and_text_change_places() {
        let text = r#"{"a":[1,2.5],"b":"8934","c":"Aria"}"#.to_owned();
        let swapped = distorted(text, FaultKind::SwappedNumbers);
        assert_eq!(swapped, r#"{"a":["1","2.5"],"b":8934,"c":"Aria"}"#);
    }

    #[test]
    fn unknown_members_appear_in_every_object() {
        let text = distorted(r#"[{"a":{}}]"#.to_owned(), FaultKind::UnknownFields);
        assert_eq!(text.matches("sandboxTrace").count(), 2);
    }
}
