//! Named values of a request and the mistakes found in them.

use std::{collections::BTreeMap, fmt::Display, ops::RangeInclusive};

use jiff::civil::Date;
use phr_model::DateRange;
use secrecy::SecretString;

use super::text::has_control;
use crate::{error::ApiError, problem::FieldError, state::ApiState};

/// Days before this one are refused: nobody wore anything then (IN-04).
const FIRST_DAY: Date = jiff::civil::date(1900, 1, 1);

/// Longest range of days that one request may ask for where every day is listed (IN-04).
const LONGEST_SPAN: i32 = 366;

/// Days listed if nobody says which.
const DEFAULT_SPAN: i32 = 30;

/// Something read from named fields.
pub trait Input: Sized {
    /// Every field there is.
    const NAMES: &'static [&'static str];

    /// Those of them that are lists of texts; the others are single texts.
    const LISTS: &'static [&'static str] = &[];

    /// Whether a request without a body stands for one without fields.
    const MAY_BE_ABSENT: bool = false;

    /// Reads it. What is wrong is noted in `fields`; then the value returned does not matter.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// No field at all.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Input for Nothing {
    const NAMES: &'static [&'static str] = &[];

    fn read(_fields: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

/// Which part of the request the fields are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Query,
    Body,
}

/// What day it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Today {
    /// In UTC: where a range ends if nobody says.
    date: Date,
    /// The newest date anywhere on Earth: what lies after it is the future for everybody.
    latest: Date,
}

impl Today {
    /// By the server's clock.
    pub(super) fn of(state: &ApiState) -> Self {
        Self { date: state.today(), latest: state.latest_day() }
    }
}

/// The fields of one request.
pub struct Fields {
    place: Place,
    values: BTreeMap<String, String>,
    lists: BTreeMap<String, Vec<String>>,
    today: Today,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Fields as they came.
    pub(super) fn new(place: Place, today: Today) -> Self {
        Self { place, values: BTreeMap::new(), lists: BTreeMap::new(), today, errors: Vec::new() }
    }

    /// Takes in one field; `allowed` are the names there are.
    pub(super) fn take_in(&mut self, name: &str, value: String, allowed: &[&str]) {
        if !allowed.contains(&name) {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
            self.fail(&shown, unknown(self.place, allowed));
        } else if has_control(&value) {
            self.fail(name, "no control characters");
        } else if self.values.insert(name.to_owned(), value).is_some() {
            self.fail(name, "given once only");
        }
    }

    /// Takes in a list of texts, whose name is known.
    pub(super) fn take_in_list(&mut self, name: &str, items: Vec<String>) {
        if items.iter().any(|item| has_control(item)) {
            self.fail(name, "no control characters");
        } else if self.lists.insert(name.to_owned(), items).is_some() {
            self.fail(name, "given once only");
        }
    }

    /// Notes a mistake.
    pub fn fail(&mut self, name: &str, detail: impl Into<String>) {
        let detail = detail.into();
        self.errors.push(match self.place {
            Place::Query => FieldError::Query { parameter: name.to_owned(), detail },
            Place::Body => {
                FieldError::Body { pointer: format!("/{}", escape_pointer(name)), detail }
            }
        });
    }

    /// Reads `T` and fails if anything was wrong anywhere.
    pub(super) fn finish<T: Input>(mut self) -> Result<T, ApiError> {
        let input = if self.errors.is_empty() { T::read(&mut self) } else { None };
        match input {
            Some(input) if self.errors.is_empty() => Ok(input),
            _ => Err(ApiError::Invalid(self.errors)),
        }
    }

    /// An optional text of at most `longest` bytes.
    pub fn text(&mut self, name: &str, longest: usize) -> Option<String> {
        let value = self.values.remove(name)?;
        if value.len() <= longest {
            return Some(value);
        }
        self.fail(name, format!("{longest} bytes at most"));
        None
    }

    /// A text that must be there.
    pub fn required(&mut self, name: &str, longest: usize) -> Option<String> {
        if !self.values.contains_key(name) {
            self.fail(name, "required");
        }
        self.text(name, longest)
    }

    /// A secret that must be there.
    pub fn secret(&mut self, name: &str, longest: usize) -> Option<SecretString> {
        self.required(name, longest).map(SecretString::from)
    }

    /// A whole number in `range`, or `default`.
    pub fn number(&mut self, name: &str, range: RangeInclusive<u32>, default: u32) -> u32 {
        let Some(text) = self.values.remove(name) else { return default };
        let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits_only && range.contains(&number) => number,
            _ => {
                let (least, most) = range.into_inner();
                self.fail(name, format!("a whole number from {least} to {most}"));
                default
            }
        }
    }

    /// One of `choices`, if given.
    pub fn choice<T: Copy>(&mut self, name: &str, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.values.remove(name)?;
        let found = choices.iter().find(|(key, _)| *key == text).map(|(_, choice)| *choice);
        if found.is_none() {
            self.fail(name, format!("one of {}", list(choices.iter().map(|(key, _)| key))));
        }
        found
    }

    /// One of `choices`, which must be given.
    pub fn required_choice<T: Copy>(
        &mut self,
        name: &str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        if !self.values.contains_key(name) {
            self.fail(name, format!("required: one of {}", list(choices.iter().map(|c| c.0))));
        }
        self.choice(name, choices)
    }

    /// Several of `choices`, each once, if given; at least one.
    pub fn choices<T: Copy + PartialEq>(
        &mut self,
        name: &str,
        choices: &[(&'static str, T)],
    ) -> Option<Vec<T>> {
        let texts = self.lists.remove(name)?;
        let find = |text: &String| choices.iter().find(|(key, _)| key == text).map(|c| c.1);
        let found: Vec<T> = texts.iter().filter_map(find).collect();
        let repeated = (1..found.len()).any(|n| found[..n].contains(&found[n]));
        if found.is_empty() || repeated || found.len() < texts.len() {
            let keys = list(choices.iter().map(|(key, _)| key));
            self.fail(name, format!("one or more of {keys}, each once"));
        }
        Some(found)
    }

    /// A civil day that must be given, from 1900, and must have begun somewhere on Earth.
    pub fn required_date(&mut self, name: &str) -> Option<Date> {
        if !self.values.contains_key(name) {
            self.fail(name, "required: a calendar day as YYYY-MM-DD");
        }
        self.date(name)
    }

    /// A civil day from 1900 that has begun somewhere on Earth, if given.
    pub fn date(&mut self, name: &str) -> Option<Date> {
        let text = self.values.remove(name)?;
        match parse_date(&text) {
            Some(date) if (FIRST_DAY..=self.today.latest).contains(&date) => Some(date),
            Some(date) if date > self.today.latest => {
                self.fail(name, "a day that has begun: not in the future");
                None
            }
            _ => {
                self.fail(name, "a calendar day as YYYY-MM-DD, from 1900-01-01 to today");
                None
            }
        }
    }

    /// `date_from` and `date_to`, either of which may be missing.
    pub fn open_range(&mut self) -> (Option<Date>, Option<Date>) {
        let (from, to) = (self.date("date_from"), self.date("date_to"));
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            self.fail("date_from", "not after date_to");
        }
        (from, to)
    }

    /// `date_from` and `date_to`, at most 366 days: the last 30 days unless said otherwise.
    pub fn range(&mut self) -> Option<DateRange> {
        let mistakes = self.errors.len();
        let (from, to) = self.open_range();
        if self.errors.len() > mistakes {
            return None;
        }
        let last = to.unwrap_or_else(|| self.today.date.max(from.unwrap_or(FIRST_DAY)));
        let first = from.unwrap_or_else(|| DateRange::ending(last, DEFAULT_SPAN).first);
        let range = DateRange { first, last };
        if range.len() > LONGEST_SPAN {
            self.fail("date_to", format!("at most {LONGEST_SPAN} days from date_from on"));
            return None;
        }
        Some(range)
    }
}

/// Exactly `YYYY-MM-DD`: the parser alone would take other ISO 8601 forms and whole instants.
fn parse_date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if shape { text.parse().ok() } else { None }
}

fn unknown(place: Place, allowed: &[&str]) -> String {
    let kind = match place {
        Place::Query => "parameter",
        Place::Body => "field",
    };
    if allowed.is_empty() {
        format!("unknown {kind}; there is none here")
    } else {
        format!("unknown {kind}; there are {}", list(allowed))
    }
}

/// `a, b, c`.
pub(super) fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// RFC 6901, section 3.
fn escape_pointer(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
