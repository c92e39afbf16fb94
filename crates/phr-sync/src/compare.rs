//! Which days must be read, and what is known about a day once it was read. Pure rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{Timestamp, civil::Date};
use phr_model::{Coverage, CoverageState, DateRange, Figure, Metric, Reason, Sample, metric::Kind};

/// Days at the end of a range whose samples are read on every run if the vendor has no roll-up of
/// them: nothing else would show that samples came late.
const DAYS_READ_WITHOUT_FIGURE: usize = 3;

/// The vendor's figures of a range beside what we know about its days.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// What is compared.
    pub metric: Metric,
    /// Which days.
    pub days: DateRange,
    /// The vendor's figures now; days without data are missing.
    pub figures: &'a BTreeMap<Date, Figure>,
    /// What we know about the days; days never touched are missing.
    pub held: &'a HashMap<Date, Coverage>,
    /// The civil day where the person is.
    pub today: Date,
}

/// What a comparison found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Days whose samples must be read, oldest first.
    pub read: Vec<Date>,
    /// Days that are settled without reading: the vendor has nothing and neither have we.
    pub empty: Vec<Date>,
}

impl Comparison<'_> {
    /// Sorts the days into those to read, those known to be empty, and those left alone because
    /// the vendor still says what it said when they were read.
    pub fn work(&self) -> Work {
        let mut work = Work::default();
        for (age, date) in self.days.days().rev().enumerate() {
            let held = self.held.get(&date);
            if self.is_nothing(date, held) {
                if needs_note(held, date < self.today) {
                    work.empty.push(date);
                }
            } else if self.must_read(date, held, age) {
                work.read.push(date);
            }
        }
        work.read.reverse();
        work.empty.reverse();
        work
    }

    /// The vendor rolls this metric up, has no figure, and we hold nothing: equal.
    fn is_nothing(&self, date: Date, held: Option<&Coverage>) -> bool {
        let facts = self.metric.facts();
        let rolled_up = facts.verifiable || facts.kind == Kind::DailyValue;
        rolled_up
            && !self.figures.contains_key(&date)
            && held.is_none_or(|held| held.samples == 0 && held.vendor.is_none())
    }

    fn must_read(&self, date: Date, held: Option<&Coverage>, age: usize) -> bool {
        let Some(held) = held else { return true };
        let facts = self.metric.facts();
        let unseen = !facts.verifiable && facts.kind != Kind::DailyValue;
        !is_settled(held.state)
            || held.vendor.as_ref() != self.figures.get(&date)
            || (!held.read_closed && date < self.today)
            || (unseen && age < DAYS_READ_WITHOUT_FIGURE)
    }
}

impl Work {
    /// Leaves only days that history lacks.
    pub(crate) fn keep_wanted(&mut self, wanted: &BTreeSet<Date>) {
        self.read.retain(|date| wanted.contains(date));
        self.empty.retain(|date| wanted.contains(date));
    }

    /// Leaves, of what `comparison` found, only days that were read before and of which the vendor
    /// says something new: an audit fetches no history. With `again`, also adds the days whose
    /// figure is known to differ from their samples: the vendor may have mended them in silence.
    pub(crate) fn keep_changed(&mut self, comparison: &Comparison<'_>, again: bool) {
        let held = |date: &Date| comparison.held.get(date).filter(|row| row.read_at.is_some());
        let is_news = |row: &Coverage| {
            !is_settled(row.state)
                || !row.read_closed
                || row.vendor.as_ref() != comparison.figures.get(&row.date)
        };
        self.read.retain(|date| held(date).is_some_and(is_news));
        self.empty.retain(|date| held(date).is_some());
        if again {
            let differs = |row: &Coverage| row.state == CoverageState::Differs;
            self.read.extend(comparison.days.days().filter(|d| held(d).is_some_and(differs)));
            self.read.sort_unstable();
            self.read.dedup();
        }
    }
}

/// An empty day needs a row if it has none, if its last attempt failed, or once it is over.
fn needs_note(held: Option<&Coverage>, closed: bool) -> bool {
    held.is_none_or(|held| !is_settled(held.state) || held.read_closed != closed)
}

/// Whether a day was read and stands.
pub(crate) fn is_settled(state: CoverageState) -> bool {
    match state {
        CoverageState::Complete
        | CoverageState::Partial
        | CoverageState::NotWorn
        | CoverageState::Differs => true,
        CoverageState::NotPermitted | CoverageState::Pending | CoverageState::VendorError => false,
    }
}

/// Days of which nothing is known, or which could not be read when it was last tried.
pub(crate) fn unsettled(days: DateRange, held: &HashMap<Date, Coverage>) -> Vec<Date> {
    let lacks = |date: &Date| held.get(date).is_none_or(|row| !is_settled(row.state));
    days.days().filter(lacks).collect()
}

/// What is known about a day whose samples were just read completely.
pub fn judge(
    metric: Metric,
    date: Date,
    samples: &[Sample],
    vendor: Option<&Figure>,
    closed: bool,
    now: Timestamp,
) -> Coverage {
    let ours = our_figure(metric, samples, vendor);
    let (state, reason) = state_of(metric, samples.len(), ours.as_ref(), vendor, closed);
    let implausible = samples.iter().filter(|sample| !metric.trusts(sample)).count();
    Coverage {
        metric,
        date,
        state,
        reason,
        samples: u32::try_from(samples.len()).unwrap_or(u32::MAX),
        implausible: u32::try_from(implausible).unwrap_or(u32::MAX),
        ours,
        vendor: vendor.cloned(),
        read_at: Some(now),
        read_closed: closed,
    }
}

/// The day by our reckoning. No samples under a vendor's total is a sum of zero, not "unknown".
fn our_figure(metric: Metric, samples: &[Sample], vendor: Option<&Figure>) -> Option<Figure> {
    match (Figure::of(metric, samples), vendor) {
        (None, Some(Figure::Total { .. })) => Some(Figure::Total { value: 0 }),
        (None, Some(Figure::Levels { .. })) => {
            Some(Figure::Levels { light: 0, moderate: 0, vigorous: 0 })
        }
        (ours, _) => ours,
    }
}

fn state_of(
    metric: Metric,
    count: usize,
    ours: Option<&Figure>,
    vendor: Option<&Figure>,
    closed: bool,
) -> (CoverageState, Option<Reason>) {
    let differs = metric.facts().verifiable
        && match (vendor, ours) {
            (Some(vendor), Some(ours)) => !vendor.agrees(metric, ours, count),
            (Some(vendor), None) => vendor.has_samples(),
            (None, ours) => ours.is_some(),
        };
    if !closed {
        (CoverageState::Partial, Some(Reason::DayNotOver))
    } else if count == 0 && vendor.is_none() {
        (CoverageState::NotWorn, None)
    } else if differs {
        (CoverageState::Differs, Some(Reason::FigureMismatch))
    } else {
        (CoverageState::Complete, None)
    }
}
