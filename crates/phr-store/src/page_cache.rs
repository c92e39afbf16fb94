//! Pages that were read already, for apps that look again before anything has changed.
//!
//! A page is kept with the person's revision at which it was read and given out for that revision
//! only, so it can never be old. The database stays the truth; this is a copy to throw away.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use phr_model::PersonId;

use crate::reading::{ObservationFilter, ObservationPage};

/// Observations that all pages of a process may hold: about 20 MB.
const MOST_OBSERVATIONS: usize = 100_000;

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) person: PersonId,
    pub(crate) filter: ObservationFilter,
    pub(crate) page: u32,
    pub(crate) size: u32,
}

/// Pages by what was asked for.
#[derive(Debug, Default)]
pub(crate) struct PageCache(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    pages: HashMap<Key, (i64, ObservationPage)>,
    observations: usize,
}

impl PageCache {
    /// The page as it was read at `revision`, if it is held.
    pub(crate) fn get(&self, key: Key, revision: i64) -> Option<ObservationPage> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, page) = held.pages.get(&key)?;
        (*read_at == revision).then(|| page.clone())
    }

    /// Holds a page. When there is no more room, all pages go: those still wanted come back with
    /// the next request.
    pub(crate) fn put(&self, key: Key, revision: i64, page: ObservationPage) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.observations + page.observations.len() > MOST_OBSERVATIONS {
            *held = Held::default();
        }
        held.observations += page.observations.len();
        if let Some((_, former)) = held.pages.insert(key, (revision, page)) {
            held.observations -= former.observations.len();
        }
    }
}
