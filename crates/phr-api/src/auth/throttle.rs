//! Brakes on guessing passwords (AC-11 to AC-13). Counters live in the store, so they survive a
//! restart and are shared by all processes. They only ever delay: nothing locks for good.

use std::net::IpAddr;

use jiff::Timestamp;
use phr_store::account::{SecretHash, Throttle};
use phr_sync::entropy::hash_text;

use crate::{error::ApiError, state::ApiState};

/// Failures in a row before an account is slowed down.
const FREE_TRIES: u32 = 5;
/// The longest delay between two tries at one account, in seconds.
const LONGEST_DELAY: i64 = 15 * 60;
/// Failures an hour after which an account rests for the remainder of a delay.
const FAILURES_AN_HOUR: u32 = 100;
/// Failures an hour before a client address is slowed down.
const ADDRESS_BURST: u32 = 5;
/// Seconds between two tries from a slowed-down address.
const ADDRESS_DELAY: i64 = 20;

/// The two counters of one sign-in attempt.
#[derive(Debug, Clone, Copy)]
pub struct Brakes {
    /// The account that is tried, whether it exists or not.
    pub account: SecretHash,
    /// Where the attempt comes from.
    pub address: SecretHash,
}

impl Brakes {
    /// The counters for an attempt at `email` from `address`.
    pub fn new(email: &str, address: IpAddr) -> Self {
        Self {
            account: hash_text(&format!("throttle|account|{}", email.to_lowercase())),
            address: hash_text(&format!("throttle|address|{}", network(address))),
        }
    }

    /// Lets the attempt through or says how long to wait.
    ///
    /// # Errors
    /// [`ApiError::RateLimited`] while one of the brakes is on.
    pub async fn check(&self, state: &ApiState) -> Result<(), ApiError> {
        let now = state.clock.now();
        let account = state.store.throttle(self.account).await?;
        let address = state.store.throttle(self.address).await?;
        let wait = account
            .map_or(0, |seen| account_wait(&seen, now))
            .max(address.map_or(0, |seen| address_wait(&seen, now)));
        if wait > 0 { Err(ApiError::RateLimited(wait.unsigned_abs())) } else { Ok(()) }
    }

    /// Notes a failure.
    pub async fn failed(&self, state: &ApiState) -> Result<(), ApiError> {
        let now = state.clock.now();
        state.store.count_failure(self.account, now).await?;
        state.store.count_failure(self.address, now).await?;
        Ok(())
    }

    /// Notes a success. The address keeps its count: one good account must not buy guesses at others.
    pub async fn succeeded(&self, state: &ApiState) -> Result<(), ApiError> {
        state.store.clear_failures(self.account).await?;
        Ok(())
    }
}

/// Seconds to wait before the account may be tried again: 1 s after five failures in a row, then
/// twice as long each time up to 15 minutes; 15 minutes after a hundred failures in an hour.
fn account_wait(seen: &Throttle, now: Timestamp) -> i64 {
    let delay = if seen.failures_this_hour >= FAILURES_AN_HOUR {
        LONGEST_DELAY
    } else if seen.failures_in_a_row >= FREE_TRIES {
        let doublings = (seen.failures_in_a_row - FREE_TRIES).min(10);
        (1_i64 << doublings).min(LONGEST_DELAY)
    } else {
        0
    };
    remaining(seen, delay, now)
}

fn address_wait(seen: &Throttle, now: Timestamp) -> i64 {
    let delay = if seen.failures_this_hour >= ADDRESS_BURST { ADDRESS_DELAY } else { 0 };
    remaining(seen, delay, now)
}

fn remaining(seen: &Throttle, delay: i64, now: Timestamp) -> i64 {
    let passed = now.as_second().saturating_sub(seen.last_failure_at.as_second()).max(0);
    (delay - passed).max(0)
}

/// IPv6 customers hold a /64 at the least, so that is what counts (AC-12).
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        },
    }
}
