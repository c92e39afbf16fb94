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
use phr_store::{
    SharedStore, StoreError,
    budget::{Allotment, BLOCK_LIFETIME},
};
use phr_vendors::{Allowance, Rate, Rates, Urgency, allowance::RetryCredit};

/// The largest block.
const MOST: u32 = 100;
/// People remembered at most; what is forgotten is the rest of a block.
const MOST_PEOPLE: usize = 10_000;
/// While the database is away nothing is asked of the vendor.
const DATABASE_AWAY: Duration = Duration::from_secs(5);
/// Every so many blocks, budgets that nobody used for an hour are forgotten.
const SWEEP_EVERY: u32 = 1_000;
/// Longer than anything is counted.
const UNUSED: SignedDuration = SignedDuration::from_hours(2);

/// What is left of a vendor project's limits, over all processes.
pub struct SharedBudget {
    store: SharedStore,
    clock: Arc<dyn Clock>,
    rates: Rates,
    name: String,
    /// None where the vendor does not count people together.
    project: Option<Purse>,
    people: Mutex<HashMap<ConnectionId, Arc<Purse>>>,
    retries: RetryCredit,
    blocks: AtomicU32,
    /// Requests that were left to the project when it was last asked.
    left: AtomicU32,
}

/// The blocks that this process holds of a budget, one for each urgency.
struct Purse {
    key: String,
    rate: Rate,
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
    pub fn new(
        store: SharedStore,
        clock: Arc<dyn Clock>,
        name: &str,
        rates: impl Into<Rates>,
    ) -> Self {
        let rates = rates.into();
        Self {
            store,
            clock,
            rates,
            name: name.to_owned(),
            project: rates.project.map(|rate| Purse::new(name.to_owned(), rate)),
            people: Mutex::default(),
            retries: RetryCredit::default(),
            blocks: AtomicU32::new(0),
            left: AtomicU32::new(rates.project.map_or(u32::MAX, |rate| rate.limit)),
        }
    }

    fn person(&self, connection: ConnectionId) -> Arc<Purse> {
        // A panic elsewhere leaves at worst a block unused: go on.
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if people.len() >= MOST_PEOPLE && !people.contains_key(&connection) {
            people.clear();
        }
        let rate = self.rates.person;
        let purse = || Arc::new(Purse::new(format!("{}/{connection}", self.name), rate));
        people.entry(connection).or_insert_with(purse).clone()
    }

    async fn take_of(&self, purse: &Purse, urgency: Urgency) -> Result<(), Duration> {
        let mut block = purse.block(urgency).lock().await;
        let now = self.clock.now();
        if block.take(now) {
            return Ok(());
        }
        block.refusal(now)?;
        let Rate { limit, seconds } = purse.rate;
        let allotment = Allotment { limit: urgency.share(limit), seconds };
        block.resize(allotment);
        let granted = self.store.spend(&purse.key, block.size, allotment, now).await;
        let granted = granted.map_err(|error| away(&error))?;
        if self.project.as_ref().is_some_and(|project| std::ptr::eq(purse, project)) {
            self.left.store(limit.saturating_sub(granted.spent), Ordering::Relaxed);
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
        if self.blocks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1
            && let Err(error) = self.store.forget_budgets(later(now, -UNUSED)).await
        {
            tracing::warn!(%error, "budgets could not be swept");
        }
    }
}

impl std::fmt::Debug for SharedBudget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedBudget").field("rates", &self.rates).finish_non_exhaustive()
    }
}

#[async_trait]
impl Allowance for SharedBudget {
    async fn take(&self, connection: ConnectionId, urgency: Urgency) -> Result<(), Duration> {
        // The project first: a refusal that concerns everybody is remembered and costs nothing.
        if let Some(project) = &self.project {
            self.take_of(project, urgency).await?;
        }
        if let Err(wait) = self.take_of(&self.person(connection), urgency).await {
            if let Some(project) = &self.project {
                project.block(urgency).lock().await.left += 1;
            }
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
    fn new(key: String, rate: Rate) -> Self {
        Self { key, rate, blocks: Default::default() }
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

    /// Twice as much if the last block was used up, half if it was not; never more than the part of
    /// the limit that belongs to a block's lifetime, because what is left of one is lost. That is a
    /// twelfth of a minute's requests, and a single one of an hour's few.
    fn resize(&mut self, Allotment { limit, seconds }: Allotment) {
        let part = i64::from(limit) * BLOCK_LIFETIME.as_secs() / seconds.max(1);
        let most = u32::try_from(part).unwrap_or(MOST).clamp(1, MOST);
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
