//! One sign-in attempt per account at a time.
//!
//! The brake on guessing reads what it knows, lets a guess through and notes the result. Guesses
//! made at the same instant would all read the same and pass together; behind a gate they cannot.

use phr_store::account::SecretHash;
use tokio::sync::{Mutex, MutexGuard};

const GATES: usize = 64;

/// A fixed number of locks, shared by all accounts, so that memory is bounded.
pub struct Gates(Vec<Mutex<()>>);

impl Default for Gates {
    fn default() -> Self {
        Self((0..GATES).map(|_| Mutex::default()).collect())
    }
}

impl Gates {
    /// Waits until nobody else tries this key. None only if there are no gates at all.
    pub(crate) async fn pass(&self, key: &SecretHash) -> Option<MutexGuard<'_, ()>> {
        let at = usize::from(key.first().copied().unwrap_or_default()) % GATES;
        match self.0.get(at) {
            Some(gate) => Some(gate.lock().await),
            None => None,
        }
    }
}
