//! When to work on a connection again.

use jiff::{SignedDuration, Timestamp};

use crate::entropy::Entropy;

/// Longest wait between attempts, whatever failed.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// Shortest wait after a failed run.
const SHORTEST: SignedDuration = SignedDuration::from_secs(30);

/// The next routine run: one interval on, give or take a tenth, so that connections made in the same
/// minute do not stay in step for ever.
pub(crate) fn routine(
    now: Timestamp,
    interval: SignedDuration,
    entropy: &dyn Entropy,
) -> Timestamp {
    let tenth = SignedDuration::from_secs(interval.as_secs() / 10);
    later(now, interval - tenth + part_of(tenth * 2, entropy))
}

/// The next attempt after `attempts` failures in a row: exponential with full jitter, never sooner
/// than the vendor asked for.
pub(crate) fn back_off(
    now: Timestamp,
    attempts: u32,
    asked: Option<SignedDuration>,
    entropy: &dyn Entropy,
) -> Timestamp {
    let doubled = SHORTEST.as_secs().saturating_mul(1 << attempts.min(10));
    let window = SignedDuration::from_secs(doubled.min(LONGEST.as_secs()));
    let wait = SHORTEST + part_of(window, entropy);
    later(now, wait.max(asked.unwrap_or(SignedDuration::ZERO)))
}

/// A uniformly drawn part of `span`.
fn part_of(span: SignedDuration, entropy: &dyn Entropy) -> SignedDuration {
    let mut bytes = [0; 4];
    entropy.fill(&mut bytes);
    let share = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
    SignedDuration::try_from_secs_f64(span.as_secs_f64() * share).unwrap_or(span)
}

fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
