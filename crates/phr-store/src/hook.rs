//! What vendors notify us of. A notification is a hint that something changed: it moves `due_at` and
//! remembers how far back the next run must look. It is never data, so hearing it twice, late or out
//! of order does no harm.

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};

use crate::{connection::Lease, error::StoreError};

/// One vendor account about which there is news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The person's id at the vendor.
    pub vendor_user: String,
    /// The earliest civil date that may have changed; none if the notification names no time.
    pub from: Option<Date>,
}

/// What became of hints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// Hints that made a connection due.
    pub known: u32,
    /// Hints about accounts that nobody here is connected with: nothing was written for them.
    pub unknown: u32,
}

/// What a connection knows from notifications.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hooked {
    /// The earliest civil date named since a run last reached that far back.
    pub from: Option<Date>,
    /// When a notification came last.
    pub last_at: Option<Timestamp>,
    /// Runs in a row that found changes which none had announced.
    pub missed: u32,
}

/// What a run has to say about the hints it found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answered {
    /// The hinted date that the run reached back to; none if it did not.
    pub covered: Option<Date>,
    /// Whether it found changes which no notification had announced.
    pub missed: bool,
}

/// Notifications of vendors.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Makes the active connection of each hinted account due now, as [`Priority::Webhook`], and
    /// remembers the earliest date hinted at. All hints in one transaction: when this returns, none
    /// can be lost.
    ///
    /// [`Priority::Webhook`]: crate::connection::Priority::Webhook
    async fn hear(&self, vendor: &str, hints: &[Hint], now: Timestamp)
    -> Result<Heard, StoreError>;

    /// Says what a run did about hints, before it settles. The hinted date is forgotten if the run
    /// reached it and nothing came in meanwhile. False if the lease was lost: nothing was written.
    async fn answer_hints(&self, lease: Lease, answered: Answered) -> Result<bool, StoreError>;
}
