//! 150 requests an hour and person, counted anew at the top of each hour (page "Rate Limits").

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

const HOUR: i64 = 3_600;

/// Requests of this hour of the emulated clock.
///
/// An hour also ends after an hour of real time: otherwise a clock that stands still would lock a
/// person out for good.
#[derive(Debug, Default)]
pub(super) struct HourlyQuota(HashMap<usize, Hour>);

#[derive(Debug)]
struct Hour {
    number: i64,
    opened: Instant,
    used: u32,
}

/// What a request is told about the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    pub(super) granted: bool,
    limit: u32,
    remaining: u32,
    /// Seconds until the next hour, at least 1.
    pub(super) reset: i64,
}

impl HourlyQuota {
    /// Counts a request. A limit of 0 is none, and then nothing is told.
    pub(super) fn take(
        &mut self,
        person: usize,
        limit: u32,
        now: Timestamp,
        real: Instant,
    ) -> Option<Allowance> {
        if limit == 0 {
            return None;
        }
        let number = now.as_second().div_euclid(HOUR);
        let fresh = || Hour { number, opened: real, used: 0 };
        let hour = self.0.entry(person).or_insert_with(fresh);
        if hour.number != number || real.duration_since(hour.opened) >= Duration::from_hours(1) {
            *hour = fresh();
        }
        let granted = hour.used < limit;
        hour.used += u32::from(granted);
        let reset = HOUR - now.as_second().rem_euclid(HOUR);
        Some(Allowance { granted, limit, remaining: limit - hour.used, reset })
    }
}

impl Allowance {
    /// The three headers; `lag` requests are not yet counted.
    pub(super) fn tell(self, lag: u32, headers: &mut HeaderMap) {
        let remaining = self.remaining.saturating_add(lag).min(self.limit);
        let told = [
            ("fitbit-rate-limit-limit", i64::from(self.limit)),
            ("fitbit-rate-limit-remaining", i64::from(remaining)),
            ("fitbit-rate-limit-reset", self.reset),
        ];
        for (name, value) in told {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_begins_anew_at_the_full_hour_and_is_each_persons_own() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (mut quota, real) = (HourlyQuota::default(), Instant::now());
        let mut take = |person, now| quota.take(person, 1, at(now), real).unwrap();
        assert!(take(0, "2026-11-22T08:59:00Z").granted);
        let refused = take(0, "2026-11-22T08:59:59Z");
        assert_eq!((refused.granted, refused.remaining, refused.reset), (false, 0, 1));
        assert!(take(1, "2026-11-22T08:59:59Z").granted);
        assert!(take(0, "2026-11-22T09:00:00Z").granted);
    }

    #[test]
    fn remaining_may_lag_but_never_exceeds_the_limit() {
        let allowance = Allowance { granted: true, limit: 150, remaining: 140, reset: 10 };
        let told = |lag| {
            let mut headers = HeaderMap::new();
            allowance.tell(lag, &mut headers);
            headers["fitbit-rate-limit-remaining"].clone()
        };
        assert_eq!([told(0), told(5), told(50)], ["140", "145", "150"]);
    }
}
