//! The items of a notification, whatever an item looks like: whom they are about, and since when.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

use crate::hook::{HookEvent, HookNote, HookRefusal};

/// Items of one notification; both of Fitbit's APIs send up to about a hundred (WH-09).
const MOST_ITEMS: usize = 1_000;
/// Google's ids have 19 digits, Fitbit's six letters and digits.
const LONGEST_USER: usize = 64;
/// Names of members that a log line shows of what cannot be understood.
const SHOWN: usize = 10;

/// Whom a body is about: one note per account, with the earliest day of all its items. `note` reads
/// the account and the day from an item.
pub(super) fn read(
    body: &[u8],
    note: impl Fn(&Value) -> Option<(&str, Option<Date>)>,
) -> Result<HookEvent, HookRefusal> {
    let items = match serde_json::from_slice(body) {
        Ok(Value::Array(items)) => items,
        Ok(item @ Value::Object(_)) => vec![item],
        _ => return Err(HookRefusal::Malformed),
    };
    if items.len() > MOST_ITEMS {
        return Err(HookRefusal::TooMany);
    }
    let mut users = BTreeMap::<&str, Option<Date>>::new();
    let mut unreadable = 0;
    for item in &items {
        let Some((user, from)) = note(item).filter(|(user, _)| may_be_id(user)) else {
            tracing::warn!(shape = shape(item), "a webhook item cannot be understood");
            unreadable += 1;
            continue;
        };
        let earliest = users.entry(user).or_default();
        *earliest = [*earliest, from].into_iter().flatten().min();
    }
    let notes = users.into_iter().map(|(user, from)| HookNote { user: user.to_owned(), from });
    Ok(HookEvent::News { notes: notes.collect(), unreadable })
}

fn may_be_id(user: &str) -> bool {
    !user.is_empty() && user.len() <= LONGEST_USER
}

/// What an item looks like, without what it says.
fn shape(item: &Value) -> String {
    let item = item.get("data").unwrap_or(item);
    match item {
        Value::Object(members) => {
            let names = members.keys().take(SHOWN).map(|name| name.chars().take(40).collect());
            format!("object of {}", names.collect::<Vec<String>>().join(", "))
        }
        Value::Array(_) => "array".to_owned(),
        Value::String(_) => "string".to_owned(),
        _ => "scalar".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_shape_tells_names_and_no_values() {
        let item = json!({ "data": { "userId": "4127750963318820541", "kind": "x" } });
        assert_eq!(shape(&item), "object of kind, userId");
    }
}
