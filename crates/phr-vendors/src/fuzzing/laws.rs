//! What must hold of every reader of bodies.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    io,
};

use jiff::{
    SignedDuration,
    civil::{Date, date},
    tz::TimeZone,
};
use phr_model::{Day, FITBIT, Figure, Form, Metric, Offsets, PersonId, Sample, observe_as};
use serde_json::Value;

use crate::hook::{HookEvent, HookRefusal};

/// At so many places a body is cut.
const CUTS: usize = 24;
/// Whose days are made.
const NOBODY: &str = "00000000-0000-4000-8000-000000000001";
/// Dates that a vendor is asked for.
const ASKED: [Date; 2] = [date(2009, 1, 1), date(2100, 1, 1)];

/// Reads `body` and checks what must hold whatever is in it. `read` has none for what is an error, and for
/// what says nothing.
pub(crate) fn hold<T: PartialEq + Debug>(
    body: &[u8],
    read: impl Fn(&[u8]) -> Option<T>,
) -> Option<T> {
    let found = read(body);
    assert_eq!(read(body), found, "what is read twice is equal");
    let found = found?;
    for cut in cuts(body) {
        if let Some(shorter) = read(cut) {
            assert_eq!(shorter, found, "a body that is cut is an error");
        }
    }
    assert_eq!(read(&with_strangers(body)).as_ref(), Some(&found), "what is unheard of is ignored");
    Some(found)
}

/// `body` without its end; from other places if the body is another one.
fn cuts(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let step = body.len().div_ceil(CUTS).max(1);
    let first = body.iter().fold(0, |sum, byte| (sum + usize::from(*byte)) % step);
    (first..body.len()).step_by(step).map(|end| &body[..end])
}

/// Numbers may be written as texts, and a body may come in pieces: `read` says the same of them.
pub(crate) fn same_of_pieces<T: PartialEq + Debug>(
    body: &[u8],
    found: &T,
    read: impl Fn(Pieces<'_>) -> Option<T>,
) {
    for size in [1, 7, 64] {
        assert_eq!(read(Pieces { body, size }).as_ref(), Some(found), "pieces of {size} bytes");
    }
    let quoted = with_numbers_quoted(body);
    let quoted = read(Pieces { body: &quoted, size: usize::MAX });
    assert_eq!(quoted.as_ref(), Some(found), "numbers may be texts");
}

/// A body in pieces of so many bytes.
pub(crate) struct Pieces<'b> {
    body: &'b [u8],
    size: usize,
}

impl io::Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = self.size.min(into.len());
        io::Read::read(&mut self.body, &mut into[..size])
    }
}

/// `body` with a member that nobody has heard of in every object.
fn with_strangers(body: &[u8]) -> Vec<u8> {
    let mut with = Vec::with_capacity(2 * body.len());
    for (at, byte, in_text) in lexed(body) {
        with.push(byte);
        if byte == b'{' && !in_text {
            let is_empty = body[at + 1..].trim_ascii_start().first() == Some(&b'}');
            with.extend(br#""unheardOf":"{\"""#);
            with.extend(if is_empty { &b""[..] } else { b"," });
        }
    }
    with
}

/// `body` with its numbers as texts, but for those whose value depends on who reads them.
fn with_numbers_quoted(body: &[u8]) -> Vec<u8> {
    let mut with = Vec::with_capacity(2 * body.len());
    let mut number = Vec::new();
    for (_, byte, in_text) in lexed(body) {
        if !in_text && matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E') {
            number.push(byte);
            continue;
        }
        flush(&mut number, &mut with);
        with.push(byte);
    }
    flush(&mut number, &mut with);
    with
}

fn flush(number: &mut Vec<u8>, with: &mut Vec<u8>) {
    // Longer ones are rounded one way by JSON's reader and another by that of texts. A lone `e` is part of
    // `true`, and zero has a sign only as a number.
    let plain = number.len() <= 15 && number.iter().all(|byte| !matches!(byte, b'e' | b'E'));
    let quote: &[u8] = if plain && !number.is_empty() { b"\"" } else { b"" };
    with.extend([quote, number, quote].concat());
    number.clear();
}

/// Every byte with its place, and whether it is within a text (the quotes included).
fn lexed(body: &[u8]) -> impl Iterator<Item = (usize, u8, bool)> {
    let (mut in_text, mut escaped) = (false, false);
    body.iter().enumerate().map(move |(at, byte)| {
        let was = in_text;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ => {}
        }
        (at, *byte, was || in_text)
    })
}

/// Checks what every sample must be.
fn lawful(sample: &Sample) {
    let Sample { at, seconds, offset_seconds, .. } = sample;
    assert!(offset_seconds.abs() < 26 * 3_600, "offsets are of this world");
    let length = SignedDuration::from_secs(i64::from(*seconds));
    assert!(at.checked_add(length).is_ok(), "what began also ends");
    assert!(sample.date() <= Date::MAX, "it has a date");
}

/// Makes days of `samples`, as they would be stored, and checks what is stated about them.
pub(crate) fn day_of(metric: Metric, samples: &[Sample]) {
    let mut days: BTreeMap<Date, Vec<Sample>> = BTreeMap::new();
    for sample in samples {
        lawful(sample);
        days.entry(sample.date().clamp(ASKED[0], ASKED[1])).or_default().push(*sample);
    }
    for (date, mut samples) in days {
        samples.sort_unstable();
        let figure = Figure::of(metric, &samples);
        assert_eq!(figure, Figure::of(metric, &samples));
        stated(metric, date, &samples, None);
        stated(metric, date, &samples, figure.as_ref());
    }
}

/// Checks what is stated about a day of which the vendor says `figure`.
pub(crate) fn figure_of(metric: Metric, date: Date, figure: &Figure) {
    assert!(figure.agrees(metric, figure, 1), "a figure agrees with itself");
    stated(metric, date.clamp(ASKED[0], ASKED[1]), &[], Some(figure));
}

fn stated(metric: Metric, date: Date, samples: &[Sample], figure: Option<&Figure>) {
    let offsets = Offsets::new(TimeZone::UTC, samples);
    let person: PersonId = NOBODY.parse().expect("a UUID");
    let day = Day {
        person,
        vendor: FITBIT,
        metric,
        date,
        samples,
        figure,
        offsets: &offsets,
        closed: true,
    };
    for form in Form::of_metric(metric) {
        let drafts = observe_as(&day, *form);
        let ids: BTreeSet<_> = drafts.iter().map(|draft| draft.id).collect();
        assert_eq!(ids.len(), drafts.len(), "every statement has an id of its own");
        assert_eq!(observe_as(&day, *form), drafts, "the same day says the same");
    }
}

/// Reads a notification and checks that an account is told of once, and that no item changes what another
/// says.
pub(crate) fn news_of(body: &[u8], read: impl Fn(&[u8]) -> Result<HookEvent, HookRefusal>) {
    let heard = |body: &[u8]| match read(body) {
        Ok(HookEvent::News { notes, unreadable }) if !notes.is_empty() => Some((notes, unreadable)),
        _ => None,
    };
    let Some((notes, unreadable)) = hold(body, heard) else { return };
    assert!(notes.iter().all(|note| (1..=64).contains(&note.user.len())));
    let Ok(Value::Array(mut items)) = serde_json::from_slice(body) else { return };
    let silent = |item: &&Value| heard(item.to_string().as_bytes()).is_none();
    let silent = items.iter().filter(silent).count();
    assert_eq!(silent, unreadable as usize, "each item speaks for itself");
    assert!(notes.len() + silent <= items.len(), "nothing comes from nowhere");
    items.reverse();
    let reversed = Value::Array(items).to_string();
    assert_eq!(heard(reversed.as_bytes()), Some((notes, unreadable)), "in any order");
}
