//! Whether our clock agrees with the vendor's (RT-02). A clock that is off makes tokens look alive
//! that have ended, days closed that are not over, and signed webhooks forged.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use phr_telemetry::record;
use reqwest::header::{DATE, HeaderMap};

/// A larger difference is worth a warning: more than a slow answer explains.
const TOLERATED: SignedDuration = SignedDuration::from_secs(60);
/// Warn once in this time (seconds).
const PAUSE: i64 = 3_600;

/// The vendor's clock minus ours, by the `Date` header of an answer that came `now` (RFC 9110,
/// section 6.6.1); none if it has none that can be read.
pub(crate) fn skew(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let date = headers.get(DATE)?.to_str().ok()?;
    Some(rfc2822::parse(date).ok()?.timestamp().duration_since(now))
}

/// Compares the clocks at each answer and remembers when it warned.
#[derive(Debug)]
pub(crate) struct ClockWatch {
    warned_at: AtomicI64,
}

impl Default for ClockWatch {
    fn default() -> Self {
        Self { warned_at: AtomicI64::new(i64::MIN) }
    }
}

impl ClockWatch {
    /// Notes an answer of `upstream` that came `now`.
    pub(crate) fn note(&self, upstream: &'static str, headers: &HeaderMap, now: Timestamp) {
        let Some(skew) = skew(headers, now) else { return };
        record::clock_skew(upstream, skew.as_secs_f64());
        if self.is_worth_a_warning(skew, now) {
            let seconds = skew.as_secs();
            tracing::warn!(upstream, seconds, "our clock differs from the vendor's");
        }
    }

    fn is_worth_a_warning(&self, skew: SignedDuration, now: Timestamp) -> bool {
        let (now, warned_at) = (now.as_second(), self.warned_at.load(Ordering::Relaxed));
        let is_due = now.saturating_sub(warned_at).saturating_abs() >= PAUSE;
        let warns = skew.abs() > TOLERATED && is_due;
        if warns {
            self.warned_at.store(now, Ordering::Relaxed);
        }
        warns
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NOW: &str = "2026-11-22T10:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn dated(date: &str) -> HeaderMap {
        HeaderMap::from_iter([(DATE, date.parse().unwrap())])
    }

    #[rstest]
    #[case::same("Sun, 22 Nov 2026 10:00:00 GMT", Some(0))]
    #[case::ahead("Sun, 22 Nov 2026 10:02:00 GMT", Some(120))]
    #[case::behind("Sun, 22 Nov 2026 09:58:00 GMT", Some(-120))]
    #[case::garbage("yesterday", None)]
    fn rt_02_the_difference_is_the_vendors_clock_minus_ours(
        #[case] date: &str,
        #[case] seconds: Option<i64>,
    ) {
        let skew = skew(&dated(date), now());
        assert_eq!(skew.map(|skew| skew.as_secs()), seconds);
    }

    #[test]
    fn an_answer_without_a_date_tells_nothing() {
        assert_eq!(skew(&HeaderMap::new(), now()), None);
    }

    #[test]
    fn rt_02_a_minute_is_tolerated_and_more_is_warned_of_once_an_hour() {
        let watch = ClockWatch::default();
        let seconds = SignedDuration::from_secs;
        assert!(!watch.is_worth_a_warning(seconds(60), now()));
        assert!(watch.is_worth_a_warning(seconds(-61), now()));
        assert!(!watch.is_worth_a_warning(seconds(-61), now() + seconds(3_599)));
        assert!(watch.is_worth_a_warning(seconds(61), now() + seconds(3_600)));
    }

    #[test]
    fn a_clock_that_is_set_right_by_hours_may_warn_again() {
        let watch = ClockWatch::default();
        let off = SignedDuration::from_hours(5);
        assert!(watch.is_worth_a_warning(off, now() + off));
        assert!(watch.is_worth_a_warning(off, now()));
    }
}
