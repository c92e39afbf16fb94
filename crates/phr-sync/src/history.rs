//! Which older days are still to be fetched, and in which order. Pure rules: coverage alone decides,
//! so a restart goes on where it was.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date};
use phr_model::{CoverageState, DateRange, Metric, Reason};
use phr_store::{
    backfill::{Backfill, BackfillState, KnownDay},
    connection::Connection,
};

use crate::compare::is_settled;

/// Days of a turn: a fortnight of every metric takes about 150 requests, less than a person's
/// minute, and one request asks for the figures of all of them (`docs/performance.md`).
const DAYS_PER_TURN: i32 = 14;

/// The oldest day that may be asked for, in years before today.
pub(crate) const YEARS: i32 = 10;

/// From which day on each metric is wanted: since the connection is kept complete, and as far back
/// as a running request goes. Never before the person had an account.
pub(crate) fn wanted_since(
    connection: &Connection,
    backfill: Option<&Backfill>,
    permitted: &[Metric],
) -> BTreeMap<Metric, Date> {
    let running = backfill.filter(|backfill| backfill.state == BackfillState::Running);
    let since = |metric: Metric| {
        let asked = running.filter(|backfill| backfill.metrics.contains(&metric));
        let first = [connection.kept_from, asked.map(|backfill| backfill.from)];
        let first = first.into_iter().flatten().min()?;
        Some((metric, connection.member_since.map_or(first, |since| since.max(first))))
    };
    permitted.iter().filter_map(|metric| since(*metric)).collect()
}

/// Days that lack something, of all metrics.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// Never tried, or cut short by a limit of requests.
    fresh: BTreeSet<(Date, Metric)>,
    /// Tried, and the vendor failed.
    failed: BTreeSet<(Date, Metric)>,
}

/// What one turn fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) days: DateRange,
    pub(crate) wanted: BTreeMap<Metric, BTreeSet<Date>>,
}

impl Left {
    /// Takes in the days of a metric, of which `known` are known.
    pub(crate) fn add(&mut self, metric: Metric, days: DateRange, known: &[KnownDay]) {
        let known: BTreeMap<Date, &KnownDay> = known.iter().map(|day| (day.date, day)).collect();
        for date in days.days() {
            match known.get(&date) {
                // What was read before the day was over may lack its end.
                Some(day) if is_settled(day.state) && day.read_closed => {}
                Some(day) if has_failed(**day) => {
                    self.failed.insert((date, metric));
                }
                _ => {
                    self.fresh.insert((date, metric));
                }
            }
        }
    }

    /// How many days lack something, counted once for each metric.
    pub(crate) fn len(&self) -> usize {
        self.fresh.len() + self.failed.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.failed.is_empty()
    }

    /// The civil days on which one of the metrics lacks something, from `first` on.
    pub(crate) fn days(&self, metrics: &[Metric], first: Date) -> BTreeSet<Date> {
        let all = self.fresh.iter().chain(&self.failed);
        let counts = |(date, metric): &&(Date, Metric)| *date >= first && metrics.contains(metric);
        all.filter(counts).map(|(date, _)| *date).collect()
    }

    /// The civil days on which anything lacks.
    pub(crate) fn dates(&self) -> BTreeSet<Date> {
        self.fresh.iter().chain(&self.failed).map(|(date, _)| *date).collect()
    }

    /// What to fetch next: the newest days that were not tried yet; then, attempt by attempt, those
    /// that failed, so that one that always fails does not stand before the others.
    pub(crate) fn next(&self, attempts: u32) -> Option<Chunk> {
        let (from, last) = match self.fresh.last() {
            Some((date, _)) => (&self.fresh, *date),
            None => (&self.failed, *turn_of(&self.failed, attempts)?),
        };
        let first = last.checked_sub((DAYS_PER_TURN - 1).days()).unwrap_or(last);
        let days = DateRange { first, last };
        let mut wanted = BTreeMap::<Metric, BTreeSet<Date>>::new();
        for (date, metric) in from.iter().filter(|(date, _)| days.contains(*date)) {
            wanted.entry(*metric).or_default().insert(*date);
        }
        Some(Chunk { days, wanted })
    }
}

impl Chunk {
    /// How many days it wants, counted once for each metric.
    pub(crate) fn len(&self) -> usize {
        self.wanted.values().map(BTreeSet::len).sum()
    }

    /// Its civil days on which something is wanted.
    pub(crate) fn dates(&self) -> BTreeSet<Date> {
        self.wanted.values().flatten().copied().collect()
    }
}

/// A limit of requests says nothing about the day.
fn has_failed(day: KnownDay) -> bool {
    match day.state {
        CoverageState::VendorError => day.reason != Some(Reason::RateLimited),
        CoverageState::NotPermitted => true,
        _ => false,
    }
}

/// Every attempt begins a turn's length further back.
fn turn_of(failed: &BTreeSet<(Date, Metric)>, attempts: u32) -> Option<&Date> {
    let dates: BTreeSet<&Date> = failed.iter().map(|(date, _)| date).collect();
    let turns = usize::try_from(DAYS_PER_TURN).unwrap_or(1);
    let place = usize::try_from(attempts).unwrap_or(0).wrapping_mul(turns);
    let place = place.checked_rem(dates.len())?;
    dates.into_iter().rev().nth(place)
}

/// When the rest is done, if it goes on as it went so far.
pub(crate) fn expected_end(now: Timestamp, backfill: &Backfill, left: usize) -> Option<Timestamp> {
    if backfill.state != BackfillState::Running || backfill.days_settled == 0 {
        return None;
    }
    let took = now.duration_since(backfill.begun_at?).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand days")]
    let rest = took / f64::from(backfill.days_settled) * left as f64;
    now.checked_add(SignedDuration::try_from_secs_f64(rest).ok()?).ok()
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
