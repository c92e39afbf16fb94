//! `date` and `_lastUpdated`: nine prefixes, any precision
//! (<https://hl7.org/fhir/R4/search.html#date>).
//!
//! A value is a stretch of time as long as its precision. One without a zone is read on the wall
//! where the person was: `2026-11-20` is the person's 20 November.

use jiff::{
    Span, Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use phr_store::search::{Comparison, Edge, Reading, TimeFilter};

use crate::error::ApiError;

/// How a resource's time is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Sa,
    Eb,
    Ap,
}

const PREFIXES: [(&str, Prefix); 9] = [
    ("eq", Prefix::Eq),
    ("ne", Prefix::Ne),
    ("gt", Prefix::Gt),
    ("ge", Prefix::Ge),
    ("lt", Prefix::Lt),
    ("le", Prefix::Le),
    ("sa", Prefix::Sa),
    ("eb", Prefix::Eb),
    ("ap", Prefix::Ap),
];

/// A stretch of time in microseconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    first: i64,
    last: i64,
    reading: Reading,
}

/// When an Observation is true.
const EFFECTIVE: [Edge; 2] = [Edge::Start, Edge::End];
/// When its version was made.
const ISSUED: [Edge; 2] = [Edge::Issued, Edge::Issued];

/// The values of a `date`: one of them must hold.
pub(super) fn effective(values: &[String], now: Timestamp) -> Result<TimeFilter, ApiError> {
    filter("date", values, now, |stretch| (EFFECTIVE, stretch))
}

/// The values of a `_lastUpdated`. It is an instant of ours, so that a day without a zone is UTC's.
pub(super) fn updated(values: &[String], now: Timestamp) -> Result<TimeFilter, ApiError> {
    filter("_lastUpdated", values, now, |stretch| {
        (ISSUED, Stretch { reading: Reading::Universal, ..stretch })
    })
}

fn filter(
    name: &str,
    values: &[String],
    now: Timestamp,
    about: impl Fn(Stretch) -> ([Edge; 2], Stretch),
) -> Result<TimeFilter, ApiError> {
    let mut alternatives = Vec::new();
    for text in values {
        let (prefix, text) = prefix(text);
        let stretch = stretch(text).ok_or_else(|| {
            ApiError::BadSearch(format!(
                "{name}: a prefix (eq ne gt ge lt le sa eb ap) or none, and a date such as 2026, \
                 2026-11, 2026-11-20, 2026-11-20T08:15:00+01:00"
            ))
        })?;
        let (edges, stretch) = about(stretch);
        alternatives.extend(compared(prefix, stretch, edges, now));
    }
    Ok(alternatives)
}

fn prefix(text: &str) -> (Prefix, &str) {
    let found =
        PREFIXES.iter().find_map(|(name, prefix)| Some((*prefix, text.strip_prefix(name)?)));
    found.unwrap_or((Prefix::Eq, text))
}

/// FHIR compares stretches: `eq` contains, `ge` and `le` reach into, `sa` and `eb` lie beyond.
fn compared(
    prefix: Prefix,
    Stretch { first, last, reading }: Stretch,
    [start, end]: [Edge; 2],
    now: Timestamp,
) -> TimeFilter {
    let from = |edge, micros| Comparison { edge, reading, at_least: true, micros };
    let until = |edge, micros| Comparison { edge, reading, at_least: false, micros };
    let (before, after) = (first.saturating_sub(1), last.saturating_add(1));
    match prefix {
        Prefix::Eq => vec![vec![from(start, first), until(end, last)]],
        Prefix::Ne => vec![vec![until(start, before)], vec![from(end, after)]],
        Prefix::Gt => vec![vec![from(end, after)]],
        Prefix::Ge => vec![vec![from(end, first)]],
        Prefix::Lt => vec![vec![until(start, before)]],
        Prefix::Le => vec![vec![until(start, last)]],
        Prefix::Sa => vec![vec![from(start, after)]],
        Prefix::Eb => vec![vec![until(end, before)]],
        Prefix::Ap => {
            // A tenth of the time that lies between it and now.
            let distance = now.as_microsecond().saturating_sub(first);
            let leeway = distance.saturating_abs() / 10;
            let from = from(end, first.saturating_sub(leeway));
            vec![vec![from, until(start, last.saturating_add(leeway))]]
        }
    }
}

fn stretch(text: &str) -> Option<Stretch> {
    // A plus that nobody encoded came as a space.
    let text = text.replace(' ', "+");
    if !text.is_ascii() {
        return None;
    }
    let whole = |first: Date, span: Span| on_the_wall(first.at(0, 0, 0, 0), span);
    match text.len() {
        4 => whole(format!("{text}-01-01").parse().ok()?, 1.year()),
        7 => whole(format!("{text}-01").parse().ok()?, 1.month()),
        10 => whole(text.parse().ok()?, 1.day()),
        _ => at_a_time(&text),
    }
}

fn on_the_wall(first: DateTime, span: Span) -> Option<Stretch> {
    let next = first.checked_add(span).ok()?;
    let micros = |it: DateTime| Some(it.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond());
    Some(Stretch { first: micros(first)?, last: micros(next)? - 1, reading: Reading::OnTheWall })
}

/// `2026-11-20T08:15`, with seconds and a fraction of them or not, with a zone or not.
fn at_a_time(text: &str) -> Option<Stretch> {
    let (date, rest) = text.split_once('T')?;
    let at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(at);
    let (unit, clock) = match clock.len() {
        5 => (60_000_000, format!("{clock}:00")),
        8 => (1_000_000, clock.to_owned()),
        10..=15 => (10_i64.pow(u32::try_from(15 - clock.len()).ok()?), clock.to_owned()),
        _ => return None,
    };
    let local: DateTime = format!("{date}T{clock}").parse().ok()?;
    let stretch = on_the_wall(local, 1.microsecond())?;
    let last = stretch.first.checked_add(unit)? - 1;
    if zone.is_empty() {
        return Some(Stretch { last, ..stretch });
    }
    let instant: Timestamp = format!("{date}T{clock}{zone}").parse().ok()?;
    let first = instant.as_microsecond();
    Some(Stretch { first, last: first.checked_add(unit)? - 1, reading: Reading::Universal })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn shown(micros: i64) -> String {
        Timestamp::from_microsecond(micros).unwrap().to_string()
    }

    #[rstest]
    #[case("2026", "2026-01-01T00:00:00Z", "2026-12-31T23:59:59.999999Z")]
    #[case("2024-02", "2024-02-01T00:00:00Z", "2024-02-29T23:59:59.999999Z")]
    #[case("2026-11-20", "2026-11-20T00:00:00Z", "2026-11-20T23:59:59.999999Z")]
    #[case("2026-11-20T08:15", "2026-11-20T08:15:00Z", "2026-11-20T08:15:59.999999Z")]
    #[case("2026-11-20T08:15:30", "2026-11-20T08:15:30Z", "2026-11-20T08:15:30.999999Z")]
    #[case("2026-11-20T08:15:30.25Z", "2026-11-20T08:15:30.25Z", "2026-11-20T08:15:30.259999Z")]
    #[case("2026-11-20T08:15+01:00", "2026-11-20T07:15:00Z", "2026-11-20T07:15:59.999999Z")]
    #[case("2026-11-20T08:15:30 01:00", "2026-11-20T07:15:30Z", "2026-11-20T07:15:30.999999Z")]
    fn a_value_is_as_long_as_it_is_precise(
        #[case] text: &str,
        #[case] first: &str,
        #[case] last: &str,
    ) {
        let found = stretch(text).unwrap();
        assert_eq!((shown(found.first), shown(found.last)), (first.to_owned(), last.to_owned()));
        let zoned = text.ends_with('Z') || text.ends_with(":00") && text.len() > 19;
        assert_eq!(found.reading == Reading::Universal, zoned || text.contains('+'), "{text}");
    }

    #[rstest]
    #[case("")]
    #[case("yesterday")]
    #[case("2026-13")]
    #[case("2026-02-30")]
    #[case("2026-11-20T25:00")]
    #[case("2026-11-20T08")]
    #[case("2026-11-20T08:15:30.1234567Z")]
    #[case("20261120")]
    #[case("xx2026")]
    #[case("2026-11-20T08:15:00+99:00")]
    #[case("2026\u{2010}11")]
    #[case("9999")]
    fn what_is_no_date_is_refused(#[case] text: &str) {
        assert!(effective(&[text.to_owned()], Timestamp::UNIX_EPOCH).is_err(), "{text}");
    }

    #[test]
    fn each_prefix_compares_in_its_own_way() {
        let now = "2026-11-30T00:00:00Z".parse().unwrap();
        let lines: Vec<String> = PREFIXES
            .iter()
            .map(|(name, _)| {
                let filter = effective(&[format!("{name}2026-11-20")], now).unwrap();
                let alternative = |all: &Vec<Comparison>| {
                    let parts = all.iter().map(|it| {
                        let sign = if it.at_least { ">=" } else { "<=" };
                        format!("{:?} {sign} {}", it.edge, shown(it.micros))
                    });
                    parts.collect::<Vec<_>>().join(" and ")
                };
                let all: Vec<String> = filter.iter().map(alternative).collect();
                format!("{name}: {}", all.join(" or "))
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
