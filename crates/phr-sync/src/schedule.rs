//! When to work on a connection again.

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use phr_model::ConnectionId;

use crate::entropy::Entropy;

/// Longest wait between attempts, unless the vendor asks for more.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// Shortest wait after a failed run.
const SHORTEST: SignedDuration = SignedDuration::from_secs(30);
const DAY: SignedDuration = SignedDuration::from_hours(24);

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

/// The connection's next time of the night: the same minute between one and five o'clock where the
/// person is, drawn from its id, so that audits are spread and nobody's phone is about to sync.
pub(crate) fn night(now: Timestamp, zone: &TimeZone, id: ConnectionId) -> Timestamp {
    let minutes = i8::try_from(id.0.as_u128() % (4 * 60)).unwrap_or(0);
    let at = |date: Date| {
        let civil = date.at(1 + minutes / 60, minutes % 60, 0, 0);
        civil.to_zoned(zone.clone()).ok().map(|at| at.timestamp())
    };
    let nights = zone.to_datetime(now).date().series(1.day()).take(3).filter_map(at);
    nights.into_iter().find(|at| *at > now).unwrap_or_else(|| later(now, DAY))
}

/// The next attempt after `attempts` failures in a row: exponential with full jitter, never sooner
/// than the vendor asked for, and not all connections at the very instant it named.
pub(crate) fn back_off(
    now: Timestamp,
    attempts: u32,
    asked: Option<SignedDuration>,
    entropy: &dyn Entropy,
) -> Timestamp {
    let soonest = asked.unwrap_or(SHORTEST).max(SHORTEST);
    let doubled = SHORTEST.saturating_mul(1 << attempts.min(10));
    let window = doubled.min(LONGEST - SHORTEST);
    later(now, soonest.saturating_add(part_of(window, entropy)))
}

/// As soon as `wait` is over, give or take a few seconds: the run goes on where it stopped.
pub(crate) fn after(now: Timestamp, wait: SignedDuration, entropy: &dyn Entropy) -> Timestamp {
    later(now, wait.saturating_add(part_of(SignedDuration::from_secs(5), entropy)))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Draws the same byte for ever: 0 is the shortest draw, 255 the longest.
    struct Always(u8);

    impl Entropy for Always {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn seconds(at: Timestamp) -> i64 {
        at.duration_since(NOW).as_secs()
    }

    #[test]
    fn a_routine_run_comes_an_interval_later_give_or_take_a_tenth() {
        assert_eq!(seconds(routine(NOW, HOUR, &Always(0))), 3600 - 360);
        assert_eq!(seconds(routine(NOW, HOUR, &Always(255))), 3600 + 360);
    }

    #[test]
    fn the_window_doubles_with_every_failure_until_it_is_an_hour() {
        let longest = |attempts| seconds(back_off(NOW, attempts, None, &Always(255)));
        let waits: Vec<_> = [0, 1, 2, 3, 6, 7, 8, 10, 11, u32::MAX].map(longest).into();
        assert_eq!(waits, [60, 90, 150, 270, 1950, 3600, 3600, 3600, 3600, 3600]);
    }

    #[test]
    fn no_failure_is_tried_again_at_once() {
        assert_eq!(seconds(back_off(NOW, 5, None, &Always(0))), 30);
        assert_eq!(seconds(back_off(NOW, 5, Some(SignedDuration::ZERO), &Always(0))), 30);
    }

    #[test]
    fn what_the_vendor_asked_for_is_the_least() {
        let asked = Some(SignedDuration::from_hours(3));
        assert_eq!(seconds(back_off(NOW, 0, asked, &Always(0))), 3 * 3600);
        assert!(seconds(back_off(NOW, 0, asked, &Always(255))) > 3 * 3600, "all at once");
    }

    #[test]
    fn the_audit_comes_at_the_same_minute_of_every_night() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let id = ConnectionId(uuid::Uuid::from_u128(240 * 7 + 75));
        let next = |now: &str| night(now.parse().unwrap(), &zone, id).to_string();
        assert_eq!(next("2026-06-10T16:00:00Z"), "2026-06-11T06:15:00Z");
        assert_eq!(next("2026-06-11T06:14:59Z"), "2026-06-11T06:15:00Z");
        assert_eq!(next("2026-06-11T06:15:00Z"), "2026-06-12T06:15:00Z");
    }

    #[test]
    fn a_night_without_that_hour_has_its_audit_all_the_same() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let id = ConnectionId(uuid::Uuid::from_u128(90));
        let at = night("2026-03-28T12:00:00Z".parse().unwrap(), &zone, id);
        assert_eq!(at.to_string(), "2026-03-29T01:30:00Z", "half past two came as half past three");
    }

    proptest! {
        #[test]
        fn every_connection_has_a_night_within_a_day(seed: u128, hour in 0..100_000_i64) {
            let now = Timestamp::from_second(hour * 3600).unwrap();
            let zone = TimeZone::get("Pacific/Auckland").unwrap();
            let at = night(now, &zone, ConnectionId(uuid::Uuid::from_u128(seed)));
            let local = zone.to_datetime(at).time();
            prop_assert!(at > now && at.duration_since(now) <= SignedDuration::from_hours(25));
            prop_assert!((1..=5).contains(&local.hour()), "{local}");
        }
    }

    #[test]
    fn a_wait_beyond_the_end_of_time_ends_there() {
        let now = Timestamp::MAX;
        assert_eq!(back_off(now, 0, Some(SignedDuration::MAX), &Always(255)), now);
        assert_eq!(routine(now, HOUR, &Always(255)), now);
    }

    proptest! {
        #[test]
        fn a_wait_lies_between_what_was_asked_and_an_hour_more(
            attempts: u32,
            asked in prop::option::of(0..100_000_i64),
            draw: u8,
        ) {
            let asked_for = asked.map(SignedDuration::from_secs);
            let wait = seconds(back_off(NOW, attempts, asked_for, &Always(draw)));
            let least = asked.unwrap_or(0).max(30);
            prop_assert!((least..=least + 3600).contains(&wait), "{wait} s");
        }
    }
}
