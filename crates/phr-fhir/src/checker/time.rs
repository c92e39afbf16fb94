//! FHIR's spellings of time (<https://hl7.org/fhir/R4/datatypes.html#dateTime>).

use jiff::{Timestamp, civil::Date};

/// A dateTime as precise as it is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelled {
    /// A year or a month.
    Coarse,
    /// A day without a zone.
    Day(Date),
    /// An instant, and the date on the wall there.
    Instant(Timestamp, Date),
}

/// Reads a dateTime; none if FHIR does not allow it: hours need minutes, seconds and an offset.
pub(super) fn date_time(text: &str) -> Option<Spelled> {
    match text.len() {
        4 if is_digits(text) => Some(Spelled::Coarse),
        7 => format!("{text}-01").parse::<Date>().ok().map(|_| Spelled::Coarse),
        10 => text.parse().ok().map(Spelled::Day),
        _ => instant(text),
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads an instant: to the second, with an offset.
pub(super) fn instant(text: &str) -> Option<Spelled> {
    let date = text.get(..10)?;
    let clock = text.get(10..19)?;
    let well_spelled = clock.bytes().zip(b"T00:00:00").all(|(got, form)| match form {
        b'0' => got.is_ascii_digit(),
        form => got == *form,
    });
    let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone.as_bytes() {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let two = |a: u8, b: u8| u32::from(a - b'0') * 10 + u32::from(b - b'0');
            let digits = [h1, h2, m1, m2].into_iter().all(u8::is_ascii_digit);
            digits && two(*h1, *h2) * 60 + two(*m1, *m2) <= 14 * 60 && two(*m1, *m2) < 60
        }
        _ => false,
    };
    if !well_spelled || !offset || clock.starts_with("T24") {
        return None;
    }
    Some(Spelled::Instant(text.parse().ok()?, date.parse().ok()?))
}
