//! Sessions: nights, naps, workouts. Each is a statement of its own, so none ever hides another.

use jiff::SignedDuration;

use super::{Day, draft, moment, numbered, plausible};
use crate::{
    observation::{Draft, Effective, Moment},
    part::{Measured, Part},
    sample::Sample,
};

/// One statement a session. Sessions that begin in the same second get a running number.
pub(super) fn every_session(day: &Day<'_>) -> Vec<Draft> {
    let of_whole = |sample: &&Sample| day.metric.reading(sample).0.is_none();
    let mut heads: Vec<_> = plausible(day).filter(of_whole).collect();
    heads.sort_unstable();
    let twins = heads.chunk_by(|a, b| a.at.as_second() == b.at.as_second());
    twins
        .flat_map(|twins| twins.iter().enumerate().map(|(n, head)| session(day, head, n)))
        .collect()
}

fn session(day: &Day<'_>, head: &Sample, n: usize) -> Draft {
    let slot = numbered(head, n);
    let length = SignedDuration::from_secs(i64::from(head.seconds));
    let at = head.at.checked_add(length).unwrap_or(head.at);
    let end = Moment { at, offset_seconds: day.offsets.at(at).seconds() };
    let effective = Effective::Period(moment(head), end);
    let (_, amount) = day.metric.reading(head);
    let (parts, finished) = parts(day, head);
    let mut draft = draft(day, "session", &slot, effective, amount, None);
    // A finished night is final before its day is over.
    draft.preliminary &= !finished;
    draft.parts = parts;
    draft
}

/// The parts of the session, which share its time, and whether the vendor is done with it.
fn parts(day: &Day<'_>, head: &Sample) -> (Vec<Measured>, bool) {
    let shares_time = |sample: &&Sample| (sample.at, sample.seconds) == (head.at, head.seconds);
    let readings = day.samples.iter().filter(shares_time).map(|sample| day.metric.reading(sample));
    let mut parts: Vec<Measured> =
        readings.filter_map(|(part, amount)| Some((part?, amount))).collect();
    let finished = !parts.iter().any(|(part, _)| *part == Part::Unfinished);
    parts.retain(|(part, _)| part.facts().is_some());
    parts.sort_unstable();
    parts.dedup_by_key(|(part, _)| *part);
    (parts, finished)
}
