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

/// Indents compact JSON by two spaces; empty objects and arrays stay closed.
fn pretty(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut start, mut quoted, mut escaped) = (0_usize, 0, false, false);
    let bytes = text.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        if quoted {
            quoted = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            continue;
        }
        if *byte == b'"' {
            quoted = true;
            continue;
        }
        let opens = matches!(byte, b'{' | b'[');
        let closes = matches!(byte, b'}' | b']');
        if !(opens || closes || matches!(byte, b',' | b':')) {
            continue;
        }
        let empty = closes && index > 0 && matches!(bytes[index - 1], b'{' | b'[');
        out.push_str(&text[start..index]);
        if closes {
            depth = depth.saturating_sub(1);
            if !empty {
                new_line(&mut out, depth);
            }
        }
        out.push(char::from(*byte));
        depth += usize::from(opens);
        let next_closes = matches!(bytes.get(index + 1), Some(b'}' | b']'));
        match byte {
            b':' => out.push(' '),
            b',' => new_line(&mut out, depth),
            _ if opens && !next_closes => new_line(&mut out, depth),
            _ => {}
        }
        start = index + 1;
    }
    out.push_str(&text[start..]);
    out.push('\n');
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
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
