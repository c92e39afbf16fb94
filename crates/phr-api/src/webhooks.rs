//! What comes in from vendors: who judges it, and how much of it there was.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use phr_vendors::HookReceiver;

/// The receiver of a vendor's notifications.
pub(crate) struct Webhooks {
    pub(crate) receiver: Arc<dyn HookReceiver>,
    pub(crate) tally: Tally,
}

/// Counts since the process began.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Accounts that a connection was made due for.
    pub(crate) known: AtomicU64,
    /// Accounts that nobody here is connected with (WH-08).
    pub(crate) unknown: AtomicU64,
    /// Items that could not be understood.
    pub(crate) unreadable: AtomicU64,
    /// Requests that were refused.
    pub(crate) refused: AtomicU64,
}

/// What came in since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WebhookCounts {
    /// Accounts that a connection was made due for.
    pub known: u64,
    /// Accounts that nobody here is connected with.
    pub unknown: u64,
    /// Items that could not be understood.
    pub unreadable: u64,
    /// Requests that were refused: forged, malformed, too large.
    pub refused: u64,
}

impl Tally {
    pub(crate) fn add(counter: &AtomicU64, count: u32) {
        counter.fetch_add(u64::from(count), Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> WebhookCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WebhookCounts {
            known: read(&self.known),
            unknown: read(&self.unknown),
            unreadable: read(&self.unreadable),
            refused: read(&self.refused),
        }
    }
}
