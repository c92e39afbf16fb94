//! What goes wrong with deliveries.

use serde::{Deserialize, Serialize};

/// Faults of deliveries; by default there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct WebhookMood {
    /// Nothing is sent, and what happens meanwhile is never told.
    pub silent: bool,
    /// How many times more each notification is sent.
    pub duplicates: u32,
    /// The last is sent first.
    pub disorder: bool,
    /// How many forgeries accompany each notification.
    pub forgeries: u32,
    /// How much later than the data a notification is sent, in seconds.
    pub delay: u32,
}
