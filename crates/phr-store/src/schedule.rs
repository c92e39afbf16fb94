//! When a connection is due after a run: the rule, apart from any database.

use jiff::Timestamp;

use crate::connection::{ConnectionState, Priority, Settlement};

/// The most urgent trigger that came in while a run held the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trigger {
    pub(crate) at: Timestamp,
    pub(crate) priority: Priority,
}

/// When and how urgently a connection is due after a run. A trigger that came in meanwhile is not
/// forgotten; a connection that is no longer active is never due.
pub(crate) fn after_run(
    state: ConnectionState,
    settlement: &Settlement,
    trigger: Option<Trigger>,
) -> (Option<Timestamp>, Priority) {
    if state != ConnectionState::Active {
        return (None, Priority::Routine);
    }
    match trigger {
        None => (settlement.due_at, Priority::Routine),
        Some(trigger) => {
            let due_at = settlement.due_at.map_or(trigger.at, |due_at| due_at.min(trigger.at));
            (Some(due_at), trigger.priority)
        }
    }
}
