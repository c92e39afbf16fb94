//! Requests that may be made in any minute, shared by all processes and kept over restarts
//! (RE-16). They are granted in blocks, so that not every request is a write.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// A block may be used this long after it was granted; what is left then is lost.
pub const BLOCK_LIFETIME: SignedDuration = SignedDuration::from_secs(5);

/// A slot (a whole second) is counted until the last request of a block granted at its end has left
/// the stretch that a limit is about: 1 + 5 seconds longer.
const SLOT_EXTRA: i64 = 6;

/// So many requests in any stretch of so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allotment {
    /// Requests.
    pub limit: u32,
    /// Seconds; an hour at most.
    pub seconds: i64,
}

impl Allotment {
    /// So many a minute.
    pub fn minutely(limit: u32) -> Self {
        Self { limit, seconds: 60 }
    }

    fn slot_lifetime(self) -> i64 {
        self.seconds + SLOT_EXTRA
    }
}

/// What a budget gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// Requests that may be made within [`BLOCK_LIFETIME`].
    pub amount: u32,
    /// When to ask again, if nothing was granted: there is half a minute's room then.
    pub retry_at: Option<Timestamp>,
    /// Requests granted in this minute, to everybody and with these.
    pub spent: u32,
}

/// Budgets by key.
#[async_trait]
pub trait Budgets: Send + Sync {
    /// Grants up to `ask` requests of the budget `key`, so that no sliding minute (or whatever
    /// stretch `allotment` names, always the same for one key) sees more than its limit. Callers with
    /// less urgent work name a smaller limit: what they leave is for others. Clocks of several
    /// processes may differ; by as much a minute may be exceeded.
    async fn spend(
        &self,
        key: &str,
        ask: u32,
        allotment: Allotment,
        now: Timestamp,
    ) -> Result<Granted, StoreError>;

    /// Grants nothing of `key` before `until`, because the vendor said so.
    async fn close_budget(
        &self,
        key: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Forgets budgets that nobody used since `before`.
    async fn forget_budgets(&self, before: Timestamp) -> Result<(), StoreError>;
}

/// The grants that may still lie in a minute.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Minute(Vec<(i64, u32)>);

impl Minute {
    /// Grants what fits below `limit`.
    pub(crate) fn spend(&mut self, ask: u32, allotment: Allotment, now: Timestamp) -> Granted {
        let (now, lifetime) = (now.as_second(), allotment.slot_lifetime());
        // Slots of the future come from a clock that was set back: they must not lock out for long.
        self.0.retain(|(second, _)| (second - now).abs() < lifetime);
        let total = self.total();
        let room = u64::from(allotment.limit).saturating_sub(total);
        let amount = u32::try_from(room).unwrap_or(u32::MAX).min(ask);
        if amount == 0 {
            return Granted { amount, retry_at: self.room_at(allotment), spent: sum(total) };
        }
        match self.0.last_mut() {
            Some((second, sum)) if *second == now => *sum += amount,
            _ => self.0.push((now, amount)),
        }
        Granted { amount, retry_at: None, spent: sum(self.total()) }
    }

    fn total(&self) -> u64 {
        self.0.iter().map(|(_, amount)| u64::from(*amount)).sum()
    }

    /// When so much has left the minute that half of the limit fits. With room for one more, whoever
    /// waits would come back again and again, each time with too little to get anywhere.
    fn room_at(&self, allotment: Allotment) -> Option<Timestamp> {
        let limit = u64::from(allotment.limit.div_ceil(2));
        let (mut left, mut slots) = (self.total(), self.0.clone());
        slots.sort_unstable();
        let last = slots.into_iter().find(|(_, amount)| {
            left -= u64::from(*amount);
            left < limit
        });
        last.and_then(|(second, _)| Timestamp::from_second(second + allotment.slot_lifetime()).ok())
    }
}

fn sum(total: u64) -> u32 {
    u32::try_from(total).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    proptest! {
        #[test]
        fn no_sliding_minute_sees_more_than_the_limit(
            asks in prop::collection::vec((1..40_u32, 0..3_000_i64), 1..400),
            limit in 1..200_u32,
        ) {
            let mut minute = Minute::default();
            let mut now = 0;
            // Each block is used as late as it may be.
            let mut used: Vec<(i64, u32)> = Vec::new();
            for (ask, pause) in asks {
                now += pause;
                let granted = minute.spend(ask, Allotment::minutely(limit), at(now)).amount;
                used.push((now + 5_000 * i64::from(ask % 2), granted));
            }
            used.sort_unstable();
            for (from, _) in &used {
                let within = used.iter().filter(|(at, _)| (*from..from + 60_000).contains(at));
                let sum: u32 = within.map(|(_, amount)| amount).sum();
                prop_assert!(sum <= limit, "{sum} in the minute from {from}");
            }
        }

        #[test]
        fn where_it_says_there_is_room_there_is_half_a_minutes(
            asks in prop::collection::vec((1..40_u32, 0..3_000_i64), 1..100),
            limit in 1..100_u32,
        ) {
            let mut minute = Minute::default();
            let mut now = 0;
            for (ask, pause) in asks {
                now += pause;
                if let Some(retry_at) = minute.spend(ask, Allotment::minutely(limit), at(now)).retry_at {
                    now = retry_at.duration_since(at(0)).as_millis().try_into().unwrap();
                    let half = limit / 2 + 1;
                    let granted = minute.spend(half, Allotment::minutely(limit), at(now));
                    prop_assert_eq!(granted.amount, half);
                }
            }
        }
    }

    #[test]
    fn re_16_ten_thousand_connections_due_at_once_see_no_minute_above_the_limit() {
        const LIMIT: u32 = 9_600;
        let (mut minute, mut now) = (Minute::default(), 0);
        let mut used: Vec<(i64, u32)> = Vec::new();
        let mut wanted = 10_000 * 12;
        while wanted > 0 {
            let granted = minute.spend(100.min(wanted), Allotment::minutely(LIMIT), at(now));
            wanted -= granted.amount;
            used.push((now, granted.amount));
            let wait = granted
                .retry_at
                .map_or(7, |at_| i64::try_from(at_.duration_since(at(now)).as_millis()).unwrap());
            now += wait;
        }
        for (index, (from, _)) in used.iter().enumerate() {
            let later = used[index..].iter().take_while(|(at, _)| *at < from + 65_000);
            let sum: u32 = later.map(|(_, amount)| amount).sum();
            assert!(sum <= LIMIT, "{sum} in the minute from {from}");
        }
        assert!(now < 15 * 60_000, "the budget is used: it took {now} ms");
    }

    #[test]
    fn nothing_is_granted_of_nothing() {
        assert_eq!(
            Minute::default().spend(5, Allotment::minutely(0), at(0)),
            Granted { amount: 0, retry_at: None, spent: 0 }
        );
    }

    #[test]
    fn a_clock_set_back_does_not_lock_anybody_out() {
        let mut minute = Minute::default();
        minute.spend(10, Allotment::minutely(10), at(0));
        assert_eq!(minute.spend(10, Allotment::minutely(10), at(-3_600_000)).amount, 10);
    }
}
