//! Permission to make a request: from a budget in memory ([`crate::Budget`]), or from one that all
//! processes share.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use phr_model::ConnectionId;

/// What a request is for. Less urgent work leaves a part of every limit untouched, so that one
/// person's ten years of history never delay another's today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Urgency {
    /// A person waits.
    Person,
    /// Webhooks and the clock.
    #[default]
    Routine,
    /// Older days, compared at night.
    Audit,
    /// Years back.
    History,
}

impl Urgency {
    /// Every urgency, most urgent first.
    pub const ALL: [Self; 4] = [Self::Person, Self::Routine, Self::Audit, Self::History];

    /// How much of `limit` may be used before work like this must wait; never nothing.
    pub fn share(self, limit: u32) -> u32 {
        let percent = match self {
            Self::Person => 100,
            Self::Routine => 90,
            Self::Audit => 60,
            Self::History => 50,
        };
        u32::try_from(u64::from(limit) * percent / 100).unwrap_or(limit).max(1)
    }
}

/// Where a client asks before each request.
#[async_trait]
pub trait Allowance: Send + Sync {
    /// Takes one request, or says how long until there is room again; then nothing was taken.
    async fn take(&self, connection: ConnectionId, urgency: Urgency) -> Result<(), Duration>;

    /// Leaves a person alone for `wait`, after the vendor limited them.
    async fn rest(&self, connection: ConnectionId, wait: Duration);

    /// Whether one more retry is within a tenth of all requests; if so it is counted. A vendor that
    /// is down is not hammered.
    fn may_retry(&self) -> bool;

    /// Requests that were left of the project's limit when one was last asked for, for operators.
    fn left(&self) -> u32;
}

/// Retries may be a tenth of all requests; credit is counted in tenths of a retry.
const RETRY_COST: u32 = 10;
/// Credit for ten retries to begin with, so that a small installation may retry at all.
const FIRST_RETRY_CREDIT: u32 = 10 * RETRY_COST;
/// Credit for a hundred retries at most, so that a long quiet time does not allow a storm.
const MOST_RETRY_CREDIT: u32 = 100 * RETRY_COST;

/// Retries that a process may still make (RE-13).
#[derive(Debug)]
pub struct RetryCredit(AtomicU32);

impl Default for RetryCredit {
    fn default() -> Self {
        Self(AtomicU32::new(FIRST_RETRY_CREDIT))
    }
}

impl RetryCredit {
    /// A request was made.
    pub fn earn(&self) {
        let more = |credit: u32| Some((credit + 1).min(MOST_RETRY_CREDIT));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Takes one retry, if there is credit for it.
    pub fn spend(&self) -> bool {
        let less = |credit: u32| credit.checked_sub(RETRY_COST);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_urgent_the_smaller_the_share_but_never_nothing() {
        let shares = Urgency::ALL.map(|urgency| urgency.share(240));
        assert_eq!(shares, [240, 216, 144, 120]);
        assert_eq!(Urgency::History.share(1), 1);
        assert_eq!(Urgency::Person.share(u32::MAX), u32::MAX);
    }
}
