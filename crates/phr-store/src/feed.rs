//! The feed of changes: whoever remembers a position gets everything that changed after it, once,
//! and nothing else.
//!
//! Every transaction that changes Observations raises the person's revision first, which makes the
//! person's writers wait for each other, and stamps the rows it writes with it. So revisions appear
//! in the order of their commits: behind a position that a reader has seen, nothing can turn up late.

use async_trait::async_trait;
use phr_model::{Metric, Observation, PersonId};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::error::StoreError;

/// A place in a person's feed: after this revision and, within it, after this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The person's revision.
    pub revision: i64,
    /// The last id of that revision that was seen.
    pub id: Uuid,
}

impl Position {
    /// Before everything; revision 0 is what was written before there was a feed.
    pub const START: Self = Self { revision: -1, id: Uuid::max() };

    /// After all of `revision`.
    pub fn end_of(revision: i64) -> Self {
        Self { revision, id: Uuid::max() }
    }
}

/// An Observation as it is now, withdrawn or not, and where it stands in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its present state.
    pub observation: Observation,
    /// The cursor of whoever has seen it.
    pub position: Position,
}

/// The feed.
#[async_trait]
pub trait Feed: Send + Sync {
    /// What changed after `after`, in the order of the changes, at most `limit`. An Observation that
    /// changed several times is there once, as it is now.
    async fn changes(
        &self,
        person: PersonId,
        metric: Option<Metric>,
        after: Position,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError>;

    /// Hears of people whose Observations were changed through this very store. What other processes
    /// change is not heard: their readers must look at the person's revision now and then.
    fn news(&self) -> broadcast::Receiver<PersonId>;
}

/// Whom to tell of changes.
#[derive(Debug)]
pub(crate) struct News(broadcast::Sender<PersonId>);

/// Changes that a slow listener may be behind; beyond, it is told that it missed some.
const BACKLOG: usize = 64;

impl Default for News {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl News {
    /// Tells of a committed change.
    pub(crate) fn tell(&self, person: PersonId) {
        // Nobody listening is no failure.
        let _ = self.0.send(person);
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<PersonId> {
        self.0.subscribe()
    }
}
