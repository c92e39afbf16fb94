//! Lists in pages: of nights and of workouts (pages "Get Sleep Log List", "Get Activity Log List").

use jiff::civil::DateTime;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::dates;
use super::errors::{Outcome, Refusal};
use crate::person::{Person, civil_micros};
use crate::point::DAY;
use crate::world::World;

/// Entries of a page at most, and unless told otherwise.
const MOST: usize = 100;

/// A part of a list that was asked for, and understood.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Page {
    /// Whose list, and which.
    person: usize,
    path: String,
    /// `beforeDate` or `afterDate`, as it was given.
    bound: String,
    /// The same in civil microseconds.
    at: i64,
    /// From the oldest on, otherwise from the newest back.
    ascending: bool,
    limit: usize,
    offset: usize,
}

impl Page {
    /// Exactly one of `beforeDate` (with `sort=desc`) and `afterDate` (with `sort=asc`), a date or
    /// a local time; `offset` is 0, except in links that this API gave.
    pub(super) fn asked(world: &World, person: &Person, path: &str, query: &str) -> Outcome<Self> {
        let fields: Vec<(String, String)> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let get = |name: &str| {
            let found = fields.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str())
        };
        let (ascending, bound) = match (get("beforeDate"), get("afterDate")) {
            (Some(before), None) => (false, before),
            (None, Some(after)) => (true, after),
            _ => {
                let text = "Exactly one of beforeDate and afterDate must be specified";
                return Err(Refusal::validation("date", text));
            }
        };
        if get("sort") != Some(order(ascending)) {
            let text = "sort must be asc with afterDate, and desc with beforeDate";
            return Err(Refusal::validation("sort", text));
        }
        let limit = get("limit").map_or(Some(MOST), |limit| limit.parse().ok());
        let limit = limit.filter(|limit| (1..=MOST).contains(limit)).ok_or_else(|| {
            Refusal::validation("limit", format!("limit must be between 1 and {MOST}"))
        })?;
        let offset = get("offset").and_then(|offset| offset.parse().ok());
        let at = instant(bound, dates::today(person, world.now_micros()))?;
        let bound = bound.to_owned();
        let (person, path) = (person.index, path.to_owned());
        let page = Self { person, path, bound, at, ascending, limit, offset: offset.unwrap_or(0) };
        if offset == Some(0) || world.web_api().links.contains(&page) {
            return Ok(page);
        }
        Err(Refusal::validation("offset", "offset must be 0"))
    }

    /// Civil microseconds within which entries are wanted.
    pub(super) fn range(&self) -> std::ops::Range<i64> {
        if self.ascending { self.at..i64::MAX } else { i64::MIN..self.at }
    }

    /// What of all entries (ascending) stands on this page, and what is told of the paging.
    pub(super) fn cut<T>(&self, world: &World, mut entries: Vec<T>) -> (Vec<T>, Value) {
        if !self.ascending {
            entries.reverse();
        }
        let more = entries.len() > self.offset + self.limit;
        let next = if more {
            let next = Self { offset: self.offset + self.limit, ..self.clone() };
            let link = next.link(world);
            world.web_api().links.insert(next);
            link
        } else {
            String::new()
        };
        let told = json!({
            self.bound_name(): self.bound,
            "limit": self.limit,
            "next": next,
            "offset": self.offset,
            "previous": "",
            "sort": order(self.ascending),
        });
        (entries.into_iter().skip(self.offset).take(self.limit).collect(), told)
    }

    fn bound_name(&self) -> &'static str {
        if self.ascending { "afterDate" } else { "beforeDate" }
    }

    fn link(&self, world: &World) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("offset", &self.offset.to_string())
            .append_pair("limit", &self.limit.to_string())
            .append_pair("sort", order(self.ascending))
            .append_pair(self.bound_name(), &self.bound);
        format!("{}{}?{}", world.base_url(), self.path, query.finish())
    }
}

fn order(ascending: bool) -> &'static str {
    if ascending { "asc" } else { "desc" }
}

/// `2026-03-14` or `2026-03-14T08:00:05`, in civil microseconds.
fn instant(text: &str, today: i64) -> Outcome<i64> {
    match text.split_once('T') {
        None => Ok(dates::day(text, today)? * DAY),
        Some((date, _)) => {
            dates::day(date, today)?;
            let time: Option<DateTime> =
                Some(text).filter(|text| text.len() == 19).and_then(|text| text.parse().ok());
            let invalid = || Refusal::validation("date", format!("Invalid date: {text}"));
            time.map(civil_micros).ok_or_else(invalid)
        }
    }
}
