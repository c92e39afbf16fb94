//! What the standard parameters make of an answer: `prettyPrint` and `fields`.

use serde_json::{Map, Value};

use super::query::Query;

/// The answer as the query wants it; pretty unless told otherwise, as Google does.
pub(super) fn shaped(text: &str, query: &Query) -> String {
    let partial = query.get("fields").and_then(|fields| {
        let value = serde_json::from_str(text).ok()?;
        Some(masked(&value, &mask(fields)).to_string())
    });
    let text = partial.as_deref().unwrap_or(text);
    if query.get("prettyPrint") == Some("false") { text.to_owned() } else { pretty(text) }
}

/// A line break and the deepest indentation that an answer needs.
const INDENT: &[u8] = b"\n                                                                ";

/// Indents compact JSON by two spaces; empty objects and arrays stay closed.
fn pretty(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() * 2 + 16);
    let (mut depth, mut start, mut index) = (0_usize, 0, 0);
    while let Some(byte) = bytes.get(index) {
        index += 1;
        match byte {
            b'"' => index = after_text(bytes, index),
            b':' => copy(&mut out, bytes, &mut start, index, b" "),
            b',' => copy(&mut out, bytes, &mut start, index, indent(depth)),
            b'{' | b'[' => {
                depth += 1;
                let closes = matches!(bytes.get(index), Some(b'}' | b']'));
                let line = if closes { b"" } else { indent(depth) };
                copy(&mut out, bytes, &mut start, index, line);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                let opened = matches!(bytes.get(index.wrapping_sub(2)), Some(b'{' | b'['));
                let line = if opened { b"" } else { indent(depth) };
                copy(&mut out, bytes, &mut start, index - 1, line);
            }
            _ => {}
        }
    }
    copy(&mut out, bytes, &mut start, bytes.len(), b"\n");
    // Whole characters were copied, so this cannot fail.
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Copies what was passed up to `end`, and then `line`.
fn copy(out: &mut Vec<u8>, bytes: &[u8], start: &mut usize, end: usize, line: &[u8]) {
    out.extend_from_slice(bytes.get(*start..end).unwrap_or_default());
    out.extend_from_slice(line);
    *start = end;
}

fn indent(depth: usize) -> &'static [u8] {
    INDENT.get(..=depth * 2).unwrap_or(INDENT)
}

/// The index after the quote that ends a text.
fn after_text(bytes: &[u8], mut index: usize) -> usize {
    while let Some(byte) = bytes.get(index) {
        match byte {
            b'"' => return index + 1,
            b'\\' => index += 2,
            _ => index += 1,
        }
    }
    index
}

/// A partial-response mask: names with the masks below them; none below means everything.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mask(Vec<(String, Mask)>);

/// Reads `dataPoints(heartRate/beatsPerMinute,dataSource),nextPageToken`.
fn mask(fields: &str) -> Mask {
    level(&mut fields.chars().peekable())
}

fn level(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Mask {
    let mut mask = Mask::default();
    loop {
        let mut name = String::new();
        while let Some(letter) = letters.next_if(|letter| !",/()".contains(*letter)) {
            name.push(letter);
        }
        let below = match letters.peek() {
            Some('(') => {
                letters.next();
                level(letters)
            }
            Some('/') => {
                letters.next();
                let mut below = level_of_one(letters);
                below.0.truncate(1);
                below
            }
            _ => Mask::default(),
        };
        if !name.is_empty() {
            mask.0.push((name.trim().to_owned(), below));
        }
        match letters.next() {
            Some(',') => {}
            _ => return mask,
        }
    }
}

/// The single name after a slash, with what is below it.
fn level_of_one(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Mask {
    let mut name = String::new();
    while let Some(letter) = letters.next_if(|letter| !",/()".contains(*letter)) {
        name.push(letter);
    }
    let below = match letters.peek() {
        Some('(') => {
            letters.next();
            level(letters)
        }
        Some('/') => {
            letters.next();
            level_of_one(letters)
        }
        _ => Mask::default(),
    };
    Mask(vec![(name.trim().to_owned(), below)])
}

fn masked(value: &Value, mask: &Mask) -> Value {
    if mask.0.is_empty() {
        return value.clone();
    }
    match value {
        Value::Array(items) => items.iter().map(|item| masked(item, mask)).collect(),
        Value::Object(members) => {
            let mut kept = Map::new();
            for (name, member) in members {
                let below = mask.0.iter().find(|(wanted, _)| wanted == name || wanted == "*");
                if let Some((_, below)) = below {
                    kept.insert(name.clone(), masked(member, below));
                }
            }
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_indented_unless_told_otherwise() {
        let text = r#"{"a":[{"b":"x,\"{"},{}],"c":{}}"#;
        insta::assert_snapshot!(shaped(text, &Query::read("")), @r#"
        {
          "a": [
            {
              "b": "x,\"{"
            },
            {}
          ],
          "c": {}
        }
        "#);
        assert_eq!(shaped(text, &Query::read("prettyPrint=false")), text);
        assert_eq!(shaped("{}", &Query::read("")), "{}\n");
    }

    #[test]
    fn indenting_changes_nothing_that_is_said() {
        let text = r#"{"a":"\\","b":[1,2.5,"\\\""],"c":[[],[{}]]}"#;
        let indented: Value = serde_json::from_str(&pretty(text)).unwrap();
        assert_eq!(indented, serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn a_partial_answer_holds_the_wanted_members_only() {
        let text = r#"{"p":[{"a":{"x":1,"y":2},"b":3},{"b":4}],"t":"z"}"#;
        let partial = |fields: &str| {
            shaped(text, &Query::read(&format!("prettyPrint=false&fields={fields}")))
        };
        assert_eq!(partial("p(a/x),t"), r#"{"p":[{"a":{"x":1}},{}],"t":"z"}"#);
        assert_eq!(partial("p/b"), r#"{"p":[{"b":3},{"b":4}]}"#);
    }
}
