//! The vendor's limits, shared by all processes through the database and kept over restarts
//! (RE-16). Requests are taken in blocks, which grow while they are used up and shrink while they are
//! not, so that few of them are writes and few are wasted.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use phr_model::{Clock, ConnectionId};
use phr_store::{SharedStore, StoreError, budget::BLOCK_LIFETIME};
use phr_vendors::{Allowance, Limits, Urgency, allowance::RetryCredit};

/// The largest block.
const MOST: u32 = 100;
/// No block holds more than this part of its limit: some processes may hold one at a time.
const PARTS: u32 = 12;
/// People remembered at most; what is forgotten is the rest of a block.
const MOST_PEOPLE: usize = 10_000;
/// While the database is away nothing is asked of the vendor.
const DATABASE_AWAY: Duration = Duration::from_secs(5);
/// Every so many blocks, budgets that nobody used for an hour are forgotten.
const SWEEP_EVERY: u32 = 1_000;

/// What is left of a vendor project's limits, over all processes.
pub struct SharedBudget {
    store: SharedStore,
    clock: Arc<dyn Clock>,
    limits: Limits,
    project: Purse,
    people: Mutex<HashMap<ConnectionId, Arc<Purse>>>,
    retries: RetryCredit,
    blocks: AtomicU32,
    /// Requests that were left to the project when it was last asked.
    left: AtomicU32,
}

/// The blocks that this process holds of a budget, one for each urgency.
struct Purse {
    key: String,
    limit: u32,
    blocks: [tokio::sync::Mutex<Block>; Urgency::ALL.len()],
}

/// A few requests in advance.
#[derive(Default)]
struct Block {
    left: u32,
    ends: Timestamp,
    /// How many were asked for last.
    size: u32,
    /// There is nothing to be had before.
    refused_until: Timestamp,
}

impl SharedBudget {
    /// The budget of the project `name`, which all processes call the same.
    pub fn new(store: SharedStore, clock: Arc<dyn Clock>, name: &str, limits: Limits) -> Self {
        Self {
            store,
            clock,
            limits,
            project: Purse::new(name.to_owned(), limits.per_project_per_minute),
            people: Mutex::default(),
            retries: RetryCredit::default(),
            blocks: AtomicU32::new(0),
            left: AtomicU32::new(limits.per_project_per_minute),
        }
    }

    fn person(&self, connection: ConnectionId) -> Arc<Purse> {
        // A panic elsewhere leaves at worst a block unused: go on.
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if people.len() >= MOST_PEOPLE && !people.contains_key(&connection) {
            people.clear();
        }
        let limit = self.limits.per_person_per_minute;
        let purse = || Arc::new(Purse::new(format!("{}/{connection}", self.project.key), limit));
        people.entry(connection).or_insert_with(purse).clone()
    }

    async fn take_of(&self, purse: &Purse, urgency: Urgency) -> Result<(), Duration> {
        let mut block = purse.block(urgency).lock().await;
        let now = self.clock.now();
        if block.take(now) {
            return Ok(());
        }
        block.refusal(now)?;
        let limit = urgency.share(purse.limit);
        block.resize(limit);
        let granted = self.store.spend(&purse.key, block.size, limit, now).await;
        let granted = granted.map_err(|error| away(&error))?;
        if std::ptr::eq(purse, &raw const self.project) {
            self.left.store(purse.limit.saturating_sub(granted.spent), Ordering::Relaxed);
        }
        self.sweep(now).await;
        block.left = granted.amount;
        block.ends = later(now, BLOCK_LIFETIME);
        block.refused_until = granted.retry_at.unwrap_or(now);
        if block.take(now) {
            Ok(())
        } else {
            Err(block.refusal(now).err().unwrap_or(DATABASE_AWAY))
        }
    }

    async fn sweep(&self, now: Timestamp) {
        if self.blocks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            let an_hour_ago = later(now, SignedDuration::from_hours(-1));
            if let Err(error) = self.store.forget_budgets(an_hour_ago).await {
                tracing::warn!(%error, "budgets could not be swept");
            }
        }
    }
}

impl std::fmt::Debug for SharedBudget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedBudget").field("limits", &self.limits).finish_non_exhaustive()
    }
}

#[async_trait]
impl Allowance for SharedBudget {
    async fn take(&self, connection: ConnectionId, urgency: Urgency) -> Result<(), Duration> {
        // The project first: a refusal that concerns everybody is remembered and costs nothing.
        self.take_of(&self.project, urgency).await?;
        if let Err(wait) = self.take_of(&self.person(connection), urgency).await {
            self.project.block(urgency).lock().await.left += 1;
            return Err(wait);
        }
        self.retries.earn();
        Ok(())
    }

    /// The vendor limits a person, whichever process asks: all of them let the person rest.
    async fn rest(&self, connection: ConnectionId, wait: Duration) {
        let now = self.clock.now();
        let until = later(now, SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX));
        let person = self.person(connection);
        if let Err(error) = self.store.close_budget(&person.key, until, now).await {
            tracing::warn!(%error, "a limit of the vendor could not be told to other processes");
        }
        for block in &person.blocks {
            let mut block = block.lock().await;
            block.left = 0;
            block.refused_until = block.refused_until.max(until);
        }
    }

    fn may_retry(&self) -> bool {
        self.retries.spend()
    }

    fn left(&self) -> u32 {
        self.left.load(Ordering::Relaxed)
    }
}

impl Purse {
    fn new(key: String, limit: u32) -> Self {
        Self { key, limit, blocks: Default::default() }
    }

    fn block(&self, urgency: Urgency) -> &tokio::sync::Mutex<Block> {
        let [person, routine, audit, history] = &self.blocks;
        match urgency {
            Urgency::Person => person,
            Urgency::Routine => routine,
            Urgency::Audit => audit,
            Urgency::History => history,
        }
    }
}

impl Block {
    fn take(&mut self, now: Timestamp) -> bool {
        // A clock that was set back does not make a block last longer than it would have.
        let usable = self.left > 0 && now < self.ends && later(now, BLOCK_LIFETIME) >= self.ends;
        self.left -= u32::from(usable);
        usable
    }

    /// Twice as much if the last block was used up, half if it was not.
    fn resize(&mut self, limit: u32) {
        let most = (limit / PARTS).clamp(1, MOST);
        let wanted = match self.size {
            0 => most / 4,
            size if self.left == 0 => size.saturating_mul(2),
            size => size / 2,
        };
        self.size = wanted.clamp(1, most);
    }

    fn refusal(&self, now: Timestamp) -> Result<(), Duration> {
        let wait = self.refused_until.duration_since(now);
        match Duration::try_from(wait) {
            Ok(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(()),
        }
    }
}

fn away(error: &StoreError) -> Duration {
    tracing::warn!(%error, "the shared budget cannot be asked");
    DATABASE_AWAY
}

fn later(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.saturating_add(span).unwrap_or(Timestamp::MAX)
}
