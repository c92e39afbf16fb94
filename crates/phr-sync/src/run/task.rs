//! What a run is to do.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp, civil::Date};
use phr_model::{Coverage, DateRange, Metric};
use phr_store::connection::Priority;
use phr_vendors::Urgency;

use crate::{
    compare::{Comparison, Work, unsettled},
    history::Chunk,
    hooks,
};

/// How long a turn of history may last, give or take a window.
const LONGEST_TURN: SignedDuration = SignedDuration::from_secs(20);

/// What a run is to do. Also says how urgent its requests are.
#[derive(Debug, Clone)]
pub(crate) enum Task {
    /// Keep the look-back in step, or one day of it.
    Recent(Option<Date>),
    /// Compare days that are held; with `again`, read those anew that are known to differ.
    Audit {
        /// The days.
        days: DateRange,
        /// Whether to read days again whose figure differs from their samples.
        again: bool,
    },
    /// Fetch days that are not held yet.
    History {
        /// The days.
        chunk: Chunk,
        /// What the claim left on the row: when it changes, history that is wanted has changed.
        claimed_due_at: Option<Timestamp>,
    },
}

impl Task {
    /// Work on older days stops as soon as something recent is due.
    pub(super) fn is_aside(&self) -> bool {
        !matches!(self, Self::Recent(_))
    }

    /// How urgent its requests are, if the connection is due with `priority`.
    pub(super) fn urgency(&self, priority: Priority) -> Urgency {
        match (self, priority) {
            (Self::Recent(_), Priority::PersonWaiting) => Urgency::Person,
            (Self::Recent(_), _) => Urgency::Routine,
            (Self::Audit { .. }, _) => Urgency::Audit,
            (Self::History { .. }, _) => Urgency::History,
        }
    }

    /// The days it is about: those of the look-back that webhooks do not answer for, or its own.
    pub(super) fn days(&self, today: Date, look_back: i32, hooked_from: Option<Date>) -> DateRange {
        match self {
            Self::Recent(Some(date)) => DateRange { first: *date, last: today.min(*date) },
            Self::Recent(None) => hooks::days(DateRange::ending(today, look_back), hooked_from),
            Self::Audit { days, .. } => *days,
            Self::History { chunk, .. } => chunk.days,
        }
    }

    /// Whether the task has anything to do with `metric`. Recent days without permission are noted;
    /// older ones are left alone.
    pub(super) fn concerns(
        &self,
        metric: Metric,
        permitted: bool,
        held: &HashMap<Date, Coverage>,
    ) -> bool {
        match self {
            Self::Recent(_) => true,
            Self::Audit { .. } => permitted && held.values().any(|row| row.read_at.is_some()),
            Self::History { chunk, .. } => permitted && chunk.wanted.contains_key(&metric),
        }
    }

    /// Days that lack something before anything is compared.
    pub(super) fn lacking(
        &self,
        metric: Metric,
        days: DateRange,
        held: &HashMap<Date, Coverage>,
    ) -> Vec<Date> {
        match self {
            Self::Recent(_) => unsettled(days, held),
            Self::Audit { .. } => Vec::new(),
            Self::History { chunk, .. } => {
                chunk.wanted.get(&metric).into_iter().flatten().copied().collect()
            }
        }
    }

    /// What the comparison found, as far as it is the task's.
    pub(super) fn narrowed(&self, comparison: &Comparison<'_>) -> Work {
        let mut work = comparison.work();
        match self {
            Self::Recent(_) => {}
            Self::Audit { again, .. } => work.keep_changed(comparison, *again),
            Self::History { chunk, .. } => match chunk.wanted.get(&comparison.metric) {
                Some(wanted) => work.keep_wanted(wanted),
                None => work = Work::default(),
            },
        }
        work
    }

    /// Whether a turn of history has lasted long enough: where there is one worker only, other
    /// people's recent days wait for its end. Only asked when a window is done, so that every turn
    /// brings something.
    pub(super) fn is_long_enough(&self, lasted: SignedDuration) -> bool {
        matches!(self, Self::History { .. }) && lasted >= LONGEST_TURN
    }
}

/// Steps first, because they bear witness for the others; heart rate last, because it takes ten
/// times the requests of all others together and must not use up the budget before them.
pub(super) fn in_order(metrics: &[Metric]) -> Vec<Metric> {
    let mut metrics = metrics.to_vec();
    metrics.sort_by_key(|metric| match metric {
        Metric::Steps => 0,
        Metric::HeartRate => 2,
        _ => 1,
    });
    metrics
}
