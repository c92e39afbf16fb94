//! Delivering notices: to people by e-mail, to the operator's own backend by webhooks that are signed
//! by the Standard Webhooks scheme (<https://www.standardwebhooks.com>).
//!
//! The store's outbox says what is due; here it is only carried. Each notice is sent at least once
//! under the same id, by one process at a time.

pub mod guard;
mod mail;
mod notifier;
mod retry;
pub mod sign;
pub mod text;
mod webhook;

pub use mail::{Mail, MailError};
pub use notifier::Notifier;
pub use webhook::{Webhook, WebhookError};

use std::time::Duration;

/// Why a receiver did not take a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It may work later.
    Later {
        /// Stable code for operators.
        code: &'static str,
        /// The least that the receiver asked to be left alone for.
        wait: Option<Duration>,
    },
    /// It will never work.
    Never {
        /// Stable code for operators.
        code: &'static str,
    },
    /// The receiver wants nothing any more (410).
    Gone,
}
