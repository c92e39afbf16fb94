//! Requests per minute and person (page "Rate limits": 300).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Counts requests in windows of a minute on the emulated clock.
///
/// A window also ends after a minute of real time: otherwise a clock that stands still would
/// lock a person out for good.
#[derive(Debug, Default)]
pub(crate) struct Quota {
    windows: HashMap<usize, Window>,
}

#[derive(Debug)]
struct Window {
    opened: Timestamp,
    opened_real: Instant,
    used: u32,
}

impl Quota {
    /// Counts a request; `Err` when the limit is used up. A limit of 0 is none.
    pub(crate) fn take(
        &mut self,
        person: usize,
        limit: u32,
        now: Timestamp,
        real: Instant,
    ) -> Result<(), ()> {
        let fresh = || Window { opened: now, opened_real: real, used: 0 };
        let window = self.windows.entry(person).or_insert_with(fresh);
        let over = now < window.opened || now.duration_since(window.opened).as_secs() >= 60;
        if over || real.duration_since(window.opened_real) >= Duration::from_mins(1) {
            *window = fresh();
        }
        if limit > 0 && window.used >= limit {
            return Err(());
        }
        window.used += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_is_per_person_and_returns_after_a_minute_of_either_clock() {
        let (now, real) = ("2026-11-22T08:00:00Z".parse::<Timestamp>().unwrap(), Instant::now());
        let later = now + jiff::SignedDuration::from_secs(60);
        let mut quota = Quota::default();
        assert_eq!(quota.take(0, 1, now, real), Ok(()));
        assert_eq!(quota.take(0, 1, now, real), Err(()));
        assert_eq!(quota.take(1, 1, now, real), Ok(()));
        assert_eq!(quota.take(0, 1, later, real), Ok(()));
        assert_eq!(quota.take(0, 1, later, real + Duration::from_mins(1)), Ok(()));
    }

    #[test]
    fn a_limit_of_zero_is_no_limit() {
        let (now, real) = ("2026-11-22T08:00:00Z".parse().unwrap(), Instant::now());
        let mut quota = Quota::default();
        assert!((0..1000).all(|_| quota.take(0, 0, now, real).is_ok()));
    }
}
