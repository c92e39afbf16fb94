//! One sign-in attempt per account and per address at a time.
//!
//! The brake on guessing reads what it knows, lets a guess through and notes the result. Guesses
//! made at the same instant would all read the same and pass together; behind a gate they cannot.

use phr_store::account::SecretHash;
use tokio::sync::{Mutex, MutexGuard};

const GATES: usize = 64;

/// A fixed number of locks for accounts and for addresses, so that memory is bounded. An account's is
/// always taken before an address's, so that two attempts cannot wait for each other.
pub struct Gates {
    accounts: Vec<Mutex<()>>,
    addresses: Vec<Mutex<()>>,
}

impl Default for Gates {
    fn default() -> Self {
        let row = || (0..GATES).map(|_| Mutex::default()).collect();
        Self { accounts: row(), addresses: row() }
    }
}

/// Both gates, held until the attempt is judged.
pub(crate) type Passage<'a> = (Option<MutexGuard<'a, ()>>, Option<MutexGuard<'a, ()>>);

impl Gates {
    /// Waits until nobody else tries this account or from this address.
    pub(crate) async fn pass(&self, account: &SecretHash, address: &SecretHash) -> Passage<'_> {
        (enter(&self.accounts, account).await, enter(&self.addresses, address).await)
    }
}

async fn enter<'a>(row: &'a [Mutex<()>], key: &SecretHash) -> Option<MutexGuard<'a, ()>> {
    let at = usize::from(key.first().copied().unwrap_or_default()) % GATES;
    match row.get(at) {
        Some(gate) => Some(gate.lock().await),
        None => None,
    }
}
