//! Token buckets in memory: how often one person or client address may ask (RL-01, RL-02).
//!
//! Buckets are per process and bounded in number. What must hold across processes and restarts
//! (guessing passwords, the vendor's quotas) lives in the store instead.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use uuid::Uuid;

use crate::{error::ApiError, settings::RateLimits};

/// Buckets kept per class. A bucket takes some 60 bytes: a few MiB in all.
const MOST_BUCKETS: usize = 50_000;

/// What is being limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Requests without a signed-in person, per client address.
    Anonymous,
    /// Reads of one person.
    Read,
    /// Writes of one person.
    Write,
    /// Sync triggers of one connection.
    Sync,
    /// Webhooks, per sender's address.
    Webhook,
}

/// All limits.
pub struct Limiters {
    anonymous: Option<Limiter>,
    reads: Option<Limiter>,
    writes: Option<Limiter>,
    syncs: Option<Limiter>,
    webhooks: Option<Limiter>,
}

impl Limiters {
    pub(crate) fn new(rates: RateLimits) -> Self {
        let minute = |rate: Option<u32>| rate.map(|times| Limiter::new(times, 60));
        Self {
            anonymous: minute(rates.anonymous_per_minute),
            reads: minute(rates.reads_per_minute),
            writes: minute(rates.writes_per_minute),
            webhooks: minute(rates.webhooks_per_minute),
            syncs: rates.syncs_per_hour.map(|times| Limiter::new(times, 3_600)),
        }
    }

    /// Counts one request of `key`.
    ///
    /// # Errors
    /// [`ApiError::RateLimited`] with the seconds after which one more will pass.
    pub(crate) fn take(&self, class: Class, key: Uuid, now: Timestamp) -> Result<(), ApiError> {
        let limiter = match class {
            Class::Anonymous => &self.anonymous,
            Class::Read => &self.reads,
            Class::Write => &self.writes,
            Class::Sync => &self.syncs,
            Class::Webhook => &self.webhooks,
        };
        match limiter {
            Some(limiter) => limiter.take(key, now).map_err(ApiError::RateLimited),
            None => Ok(()),
        }
    }
}

/// A bucket holds `times` tokens and fills up again within `seconds`.
struct Limiter {
    times: f64,
    seconds: f64,
    buckets: Mutex<HashMap<Uuid, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl Limiter {
    fn new(times: u32, seconds: u32) -> Self {
        let (times, seconds) = (f64::from(times.max(1)), f64::from(seconds));
        Self { times, seconds, buckets: Mutex::default() }
    }

    /// Takes one token, or says in how many seconds there will be one.
    fn take(&self, key: Uuid, now: Timestamp) -> Result<(), u64> {
        // A panic elsewhere cannot leave a bucket half-written: they are plain numbers.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_BUCKETS && !buckets.contains_key(&key) {
            self.make_room(&mut buckets, now);
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: self.times, at: now });
        bucket.tokens = self.level(bucket, now);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - bucket.tokens) * self.seconds / self.times;
        Err(whole_seconds(wait))
    }

    fn level(&self, bucket: &Bucket, now: Timestamp) -> f64 {
        let passed = now.duration_since(bucket.at).as_secs_f64().max(0.0);
        (bucket.tokens + passed * self.times / self.seconds).min(self.times)
    }

    /// Full buckets say nothing and go first. If all are in use, all go: for a moment the limit is
    /// loose, but memory stays bounded.
    fn make_room(&self, buckets: &mut HashMap<Uuid, Bucket>, now: Timestamp) {
        buckets.retain(|_, bucket| self.level(bucket, now) < self.times);
        if buckets.len() >= MOST_BUCKETS {
            buckets.clear();
        }
    }
}

/// Rounded up, so that who waits as told is let in.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a wait is between 0 and an hour"
)]
fn whole_seconds(wait: f64) -> u64 {
    wait.ceil().max(1.0) as u64
}
