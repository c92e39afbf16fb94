//! Scopes that follow the metrics which are switched on.

use std::borrow::Cow;

use phr_model::Metric;

use crate::vendor::ScopeFacts;

/// A scope that opens metrics.
pub(super) struct Family {
    pub(super) scope: &'static str,
    /// What people read before the names of the metrics.
    pub(super) begins: &'static str,
    /// Metrics and what people call them, in the order people see them.
    pub(super) metrics: &'static [(Metric, &'static str)],
}

impl Family {
    /// What is asked for; none if nothing of it is switched on.
    pub(super) fn facts(&self, switched_on: &[Metric]) -> Option<ScopeFacts> {
        let on = self.metrics.iter().filter(|(metric, _)| switched_on.contains(metric));
        let mut names: Vec<&str> = on.map(|(_, name)| *name).collect();
        names.dedup();
        // In the catalogue's order, as everywhere.
        let opens = |metric: &Metric| self.metrics.iter().any(|(known, _)| known == metric);
        let on = Metric::ALL.into_iter().filter(|metric| switched_on.contains(metric));
        let metrics: Vec<Metric> = on.filter(opens).collect();
        let reads = format!("{}{}", self.begins, enumerated(&names)?);
        Some(ScopeFacts { scope: self.scope, reads: reads.into(), metrics: Cow::Owned(metrics) })
    }
}

/// `a`, `a and b`, `a, b and c`; none of nothing.
fn enumerated(names: &[&str]) -> Option<String> {
    let (last, others) = names.split_last()?;
    Some(match others {
        [] => (*last).to_owned(),
        _ => format!("{} and {last}", others.join(", ")),
    })
}
