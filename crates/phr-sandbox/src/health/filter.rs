//! Filters: which points a `list` or `reconcile` asks for, and every way to ask wrongly
//! (page "Filter data" and the error catalog).

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::lexer::{Token, tokens};
use crate::data_type::{DataType, Kind};
use crate::errors::ApiError;
use crate::person::{civil_micros, day_of_date};
use crate::point::DAY;

/// The points a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Bounds {
    /// Starts within these instants (microseconds).
    Physical(Range<i64>),
    /// Starts when the wall clock shows a time within (civil microseconds).
    Civil(Range<i64>),
}

/// A refusal: the last part of the reason, and the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    reason: &'static str,
    message: String,
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let reason = match refusal.reason {
            "TIME_RANGE" => "INVALID_TIME_RANGE".to_owned(),
            suffix => format!("INVALID_DATA_POINT_FILTER_{suffix}"),
        };
        Self::invalid_because(&reason, refusal.message)
    }
}

pub(super) fn refuse(reason: &'static str, message: String) -> Refusal {
    Refusal { reason, message }
}

/// `field >= "literal"` or `field < "literal"`.
#[derive(Debug)]
struct Restriction {
    data_type: DataType,
    clock: ClockKind,
    lower: bool,
    literal: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClockKind {
    Physical,
    Civil,
    Date,
}

/// Reads the filter of a request about `data_type`.
pub(super) fn parse(filter: Option<&str>, data_type: DataType) -> Result<Bounds, Refusal> {
    let everything = i64::MIN..i64::MAX;
    let tokens = tokens(filter.unwrap_or_default())?;
    if tokens.is_empty() {
        return Ok(match data_type.kind() {
            Kind::Daily => Bounds::Civil(everything),
            _ => Bounds::Physical(everything),
        });
    }
    let restrictions = restrictions(&tokens)?;
    check_types(&restrictions, data_type)?;
    bounds(&restrictions)
}

fn restrictions(tokens: &[Token]) -> Result<Vec<Restriction>, Refusal> {
    refuse_structure(tokens)?;
    let mut restrictions = Vec::new();
    let mut rest = tokens;
    loop {
        let (restriction, after) = restriction(rest)?;
        restrictions.push(restriction);
        match after {
            [] => return Ok(restrictions),
            [Token::And, more @ ..] => rest = more,
            [token, ..] => return Err(unexpected(token)),
        }
    }
}

/// Anything that AIP-160 knows but this API does not: OR, NOT, parentheses.
fn refuse_structure(tokens: &[Token]) -> Result<(), Refusal> {
    let found = tokens.iter().find(|token| {
        matches!(token, Token::Or | Token::Not | Token::Open | Token::Close | Token::Comma)
    });
    match found {
        None => Ok(()),
        Some(token) => {
            let message = format!("Only AND may combine restrictions, found {}.", name(token));
            Err(refuse("EXPRESSION_STRUCTURE", message))
        }
    }
}

fn restriction(tokens: &[Token]) -> Result<(Restriction, &[Token]), Refusal> {
    let (field, rest) = match tokens {
        [] => return Err(end_of_input("a field")),
        [Token::Word(field), rest @ ..] => (field, rest),
        [Token::Text(text), ..] => {
            let message = format!("The left side must be a field, found \"{text}\".");
            return Err(refuse("RESTRICTION_COMPARABLE", message));
        }
        [token, ..] => return Err(unexpected(token)),
    };
    let (data_type, clock) = field_of(field)?;
    let (comparator, rest) = match rest {
        [] => return Err(end_of_input("a comparator")),
        [Token::Comparator(comparator), rest @ ..] => (comparator, rest),
        [token, ..] => {
            let message = format!("Missing comparator between {field} and {}.", name(token));
            return Err(refuse("MISSING_TOKEN", message));
        }
    };
    let lower = match comparator.as_str() {
        ">=" => true,
        "<" => false,
        other => {
            let message = format!("Comparator {other} is not supported, use >= or <.");
            return Err(refuse("RESTRICTION_COMPARATOR", message));
        }
    };
    match rest {
        [] => Err(end_of_input("a literal")),
        [Token::Text(literal), rest @ ..] => {
            Ok((Restriction { data_type, clock, lower, literal: literal.clone() }, rest))
        }
        [Token::Word(word), ..] => {
            let message = format!("The right side must be a quoted literal, found {word}.");
            Err(refuse("RESTRICTION_ARGUMENT", message))
        }
        [token, ..] => Err(unexpected(token)),
    }
}

fn end_of_input(wanted: &str) -> Refusal {
    refuse("UNEXPECTED_END_OF_INPUT", format!("The filter ends where {wanted} was expected."))
}

fn unexpected(token: &Token) -> Refusal {
    refuse("UNEXPECTED_TOKEN", format!("Unexpected {} in the filter.", name(token)))
}

fn name(token: &Token) -> String {
    match token {
        Token::Word(word) | Token::Comparator(word) => word.clone(),
        Token::Text(text) => format!("\"{text}\""),
        Token::And => "AND".to_owned(),
        Token::Or => "OR".to_owned(),
        Token::Not => "NOT".to_owned(),
        Token::Open => "(".to_owned(),
        Token::Close => ")".to_owned(),
        Token::Comma => ",".to_owned(),
    }
}

fn field_of(field: &str) -> Result<(DataType, ClockKind), Refusal> {
    let (prefix, member) = field.split_once('.').unwrap_or((field, ""));
    let found = DataType::ALL.into_iter().find(|known| known.filter_name() == prefix);
    let data_type = found.ok_or_else(|| {
        refuse("DATA_TYPE_RESTRICTION", format!("{prefix} does not match any data type"))
    })?;
    let clock = match (data_type.kind(), member) {
        (Kind::Session, _) => clock_of_session(data_type, member)?,
        (Kind::Sample, "sample_time.physical_time") | (Kind::Interval, "interval.start_time") => {
            ClockKind::Physical
        }
        (Kind::Sample, "sample_time.civil_time")
        | (Kind::Interval, "interval.civil_start_time") => ClockKind::Civil,
        (Kind::Daily, "date") => ClockKind::Date,
        _ => return Err(no_such_member(data_type, member)),
    };
    Ok((data_type, clock))
}

/// Nights are filtered by their end, workouts by the civil time of their start.
fn clock_of_session(data_type: DataType, member: &str) -> Result<ClockKind, Refusal> {
    match (data_type, member) {
        (DataType::Sleep, "interval.end_time") => Ok(ClockKind::Physical),
        (DataType::Sleep, "interval.civil_end_time")
        | (DataType::Exercise, "interval.civil_start_time") => Ok(ClockKind::Civil),
        _ => Err(no_such_member(data_type, member)),
    }
}

fn no_such_member(data_type: DataType, member: &str) -> Refusal {
    let message = format!("{member} cannot be filtered on for data type {data_type}");
    refuse("DATA_TYPE_MEMBER", message)
}

fn check_types(restrictions: &[Restriction], data_type: DataType) -> Result<(), Refusal> {
    let mixed =
        restrictions.windows(2).any(|pair| matches!(pair, [a, b] if a.data_type != b.data_type));
    if mixed {
        let message = "Filter cannot contain more than one data type";
        return Err(refuse("MIXED_DATA_TYPE_RESTRICTIONS", message.to_owned()));
    }
    if restrictions.iter().any(|restriction| restriction.data_type != data_type) {
        let message = "Data type in filter does not match parent data type collection";
        return Err(refuse("COLLECTION_MISMATCH", message.to_owned()));
    }
    if restrictions.windows(2).any(|pair| matches!(pair, [a, b] if a.clock != b.clock)) {
        let message = "Filter cannot contain both physical and civil time ranges";
        return Err(refuse("MIXED_TIME_RESTRICTIONS", message.to_owned()));
    }
    Ok(())
}

/// Several bounds of one side: the narrowest holds, as in any conjunction.
fn bounds(restrictions: &[Restriction]) -> Result<Bounds, Refusal> {
    let mut range = i64::MIN..i64::MAX;
    for restriction in restrictions {
        let value = literal(restriction)?;
        if restriction.lower {
            range.start = range.start.max(value);
        } else {
            range.end = range.end.min(value);
        }
    }
    if range.end <= range.start {
        let message = "Query end time must be strictly larger than start time";
        return Err(refuse("TIME_RANGE", message.to_owned()));
    }
    let physical = restrictions.iter().any(|one| one.clock == ClockKind::Physical);
    Ok(if physical { Bounds::Physical(range) } else { Bounds::Civil(range) })
}

fn literal(restriction: &Restriction) -> Result<i64, Refusal> {
    let text = restriction.literal.as_str();
    match restriction.clock {
        ClockKind::Physical => {
            let parsed = Some(text)
                .filter(|text| text.contains('T'))
                .and_then(|text| text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond));
            parsed.ok_or_else(|| {
                refuse("TIMESTAMP_FORMAT", format!("\"{text}\" is not an RFC 3339 timestamp"))
            })
        }
        ClockKind::Date => strict_date(text).ok_or_else(|| civil_format(text, "YYYY-MM-DD")),
        ClockKind::Civil => strict_date(text)
            .or_else(|| strict_date_time(text))
            .ok_or_else(|| civil_format(text, "YYYY-MM-DD or YYYY-MM-DDTHH:mm:ss")),
    }
}

fn civil_format(text: &str, wanted: &str) -> Refusal {
    refuse("CIVIL_DATE_TIME_FORMAT", format!("\"{text}\" is not of the form {wanted}"))
}

fn strict_date(text: &str) -> Option<i64> {
    let date: Date = Some(text).filter(|text| text.len() == 10)?.parse().ok()?;
    Some(day_of_date(date) * DAY)
}

fn strict_date_time(text: &str) -> Option<i64> {
    let time: DateTime = Some(text).filter(|text| text.len() == 19)?.parse().ok()?;
    text.get(10..11).filter(|separator| *separator == "T").map(|_| civil_micros(time))
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
