//! Answers that were given already, for apps that look again before anything has changed.
//!
//! A page is kept with the person's revision at which it was made and given out for that revision
//! only, so it can never be old. The database stays the truth; this is a copy to throw away.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::body::Bytes;
use phr_model::PersonId;
use phr_store::reading::ObservationFilter;

/// All answers that a process keeps, in bytes.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) person: PersonId,
    pub(crate) filter: ObservationFilter,
    pub(crate) page: u32,
    pub(crate) page_size: u32,
}

/// Pages by what was asked for.
#[derive(Debug)]
pub(crate) struct Answers {
    held: Mutex<Held>,
    most_bytes: usize,
}

#[derive(Debug, Default)]
struct Held {
    pages: HashMap<Key, (i64, Bytes)>,
    bytes: usize,
}

impl Default for Answers {
    fn default() -> Self {
        Self { held: Mutex::default(), most_bytes: MOST_BYTES }
    }
}

impl Answers {
    /// The page as it was made at `revision`, if it is held.
    pub(crate) fn get(&self, key: Key, revision: i64) -> Option<Bytes> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (made_at, page) = held.pages.get(&key)?;
        (*made_at == revision).then(|| page.clone())
    }

    /// Holds a page. When there is no more room, all go: those still wanted come back with the
    /// next request.
    pub(crate) fn put(&self, key: Key, revision: i64, page: Bytes) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.bytes.saturating_add(page.len()) > self.most_bytes {
            *held = Held::default();
        }
        held.bytes += page.len();
        if let Some((_, former)) = held.pages.insert(key, (revision, page)) {
            held.bytes -= former.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use phr_model::PersonId;
    use uuid::Uuid;

    use super::*;

    fn key(page: u32) -> Key {
        let filter = ObservationFilter { metric: None, from: None, to: None };
        Key { person: PersonId(Uuid::nil()), filter, page, page_size: 20 }
    }

    #[test]
    fn a_page_is_given_out_for_its_own_revision_only() {
        let answers = Answers::default();
        answers.put(key(1), 7, Bytes::from_static(b"seven"));
        assert_eq!(answers.get(key(1), 7).unwrap(), "seven");
        assert!(answers.get(key(1), 8).is_none());
        assert!(answers.get(key(2), 7).is_none());
        let stranger = Key { person: PersonId(Uuid::max()), ..key(1) };
        assert!(answers.get(stranger, 7).is_none());
    }

    #[test]
    fn a_newer_page_takes_the_place_of_the_older() {
        let answers = Answers::default();
        answers.put(key(1), 7, Bytes::from_static(b"seven"));
        answers.put(key(1), 8, Bytes::from_static(b"eight"));
        assert!(answers.get(key(1), 7).is_none());
        assert_eq!(answers.held.lock().unwrap().bytes, 5);
    }

    #[test]
    fn room_is_bounded() {
        let answers = Answers { most_bytes: 100, ..Answers::default() };
        for page in 0..1_000 {
            answers.put(key(page), 1, Bytes::from_static(&[0; 30]));
            assert!(answers.held.lock().unwrap().bytes <= 100);
        }
    }
}
