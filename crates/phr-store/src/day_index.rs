//! Which day holds the Observation at a position: what makes page 500 as quick as page 1.
//!
//! The database counts a person's Observations per day and metric. A small copy of those counts,
//! summed up from the newest day on, turns a position into a day and a remainder by bisection, so
//! the database only walks the page itself. The copy bears the person's revision; a page read at
//! another revision is thrown away. The database stays the truth.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::civil::Date;
use phr_model::{Metric, PersonId};

use crate::reading::ObservationFilter;

/// Entries (days of a series, 8 bytes each) that all copies of a process may have: 16 MB, enough
/// for a hundred people with five years each.
const MOST_ENTRIES: usize = 2_000_000;

/// The counts of one person.
#[derive(Debug, Default)]
pub(crate) struct DayIndex {
    revision: i64,
    all: Series,
    by_metric: HashMap<Metric, Series>,
}

/// Days with Observations, newest first, and how many there are up to and with each.
#[derive(Debug, Default)]
struct Series(Vec<(Date, u32)>);

/// What a filter matches, and where a page of it begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// How many match in all.
    pub(crate) total: u64,
    /// The day that holds the first Observation of the page.
    pub(crate) day: Date,
    /// How many of that day, newest first, come before it.
    pub(crate) skip: u32,
    /// How many the page holds.
    pub(crate) take: u32,
}

impl DayIndex {
    /// The index of `counts`: newest day first.
    pub(crate) fn new(
        revision: i64,
        counts: impl IntoIterator<Item = (Date, Metric, u32)>,
    ) -> Self {
        let mut index = Self { revision, ..Self::default() };
        for (day, metric, count) in counts {
            index.all.add(day, count);
            index.by_metric.entry(metric).or_default().add(day, count);
        }
        index
    }

    /// The person's revision at which the counts were made.
    pub(crate) fn revision(&self) -> i64 {
        self.revision
    }

    /// Where the page begins that comes after `position` matches and has at most `size`.
    pub(crate) fn locate(&self, filter: ObservationFilter, position: u64, size: u32) -> Spot {
        let series = match filter.metric {
            None => Some(&self.all),
            Some(metric) => self.by_metric.get(&metric),
        };
        series.map_or(Spot { total: 0, ..NOWHERE }, |series| series.locate(filter, position, size))
    }

    fn entries(&self) -> usize {
        self.by_metric.values().chain([&self.all]).map(|series| series.0.len()).sum()
    }
}

const NOWHERE: Spot = Spot { total: 0, day: Date::MIN, skip: 0, take: 0 };

impl Series {
    fn add(&mut self, day: Date, count: u32) {
        let through = self.0.last().map_or(0, |(_, through)| *through).saturating_add(count);
        match self.0.last_mut() {
            Some(last) if last.0 == day => last.1 = through,
            _ => self.0.push((day, through)),
        }
    }

    /// How many Observations the `days` newest days have.
    fn through(&self, days: usize) -> u32 {
        days.checked_sub(1).and_then(|last| self.0.get(last)).map_or(0, |(_, through)| *through)
    }

    fn locate(&self, filter: ObservationFilter, position: u64, size: u32) -> Spot {
        let newer = self.0.partition_point(|(day, _)| filter.to.is_some_and(|to| *day > to));
        let until = self.0.partition_point(|(day, _)| filter.from.is_none_or(|from| *day >= from));
        let before = self.through(newer);
        let total = self.through(until).saturating_sub(before);
        let position = u32::try_from(position).unwrap_or(u32::MAX);
        if position >= total {
            return Spot { total: total.into(), ..NOWHERE };
        }
        let wanted = before.saturating_add(position);
        let at = self.0.partition_point(|(_, through)| *through <= wanted);
        Spot {
            total: total.into(),
            day: self.0.get(at).map_or(Date::MIN, |(day, _)| *day),
            skip: wanted.saturating_sub(self.through(at)),
            take: size.min(total - position),
        }
    }
}

/// The copies of a process, the least recently used of which give way.
#[derive(Debug, Default)]
pub(crate) struct DayIndexes(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    /// With the number of the use that was the last.
    indexes: HashMap<PersonId, (u64, Arc<DayIndex>)>,
    uses: u64,
    entries: usize,
}

impl DayIndexes {
    pub(crate) fn get(&self, person: PersonId) -> Option<Arc<DayIndex>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.uses += 1;
        let now = held.uses;
        let (last_use, index) = held.indexes.get_mut(&person)?;
        *last_use = now;
        Some(Arc::clone(index))
    }

    pub(crate) fn put(&self, person: PersonId, index: Arc<DayIndex>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(person);
        held.uses += 1;
        held.entries += index.entries();
        let now = held.uses;
        held.indexes.insert(person, (now, index));
        while held.entries > MOST_ENTRIES && held.indexes.len() > 1 {
            let oldest = held.indexes.iter().min_by_key(|(_, (last_use, _))| *last_use);
            match oldest.map(|(person, _)| *person) {
                Some(person) => held.remove(person),
                None => break,
            }
        }
    }
}

impl Held {
    fn remove(&mut self, person: PersonId) {
        if let Some((_, index)) = self.indexes.remove(&person) {
            self.entries = self.entries.saturating_sub(index.entries());
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const METRICS: [Metric; 3] = [Metric::Steps, Metric::HeartRate, Metric::Spo2];

    fn day(number: i32) -> Date {
        date(2026, 1, 1).checked_add(number.days()).unwrap()
    }

    /// Counts of random days and metrics, newest first, and all their Observations one by one.
    fn counts() -> impl Strategy<Value = Vec<(Date, Metric, u32)>> {
        vec((0..60_i32, 0..METRICS.len(), 1..5_u32), 0..80).prop_map(|mut rows| {
            rows.sort_unstable_by_key(|(number, metric, _)| std::cmp::Reverse((*number, *metric)));
            rows.dedup_by_key(|(number, metric, _)| (*number, *metric));
            rows.into_iter().map(|(n, metric, count)| (day(n), METRICS[metric], count)).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_spot_is_where_counting_one_by_one_arrives(
            counts in counts(),
            metric in prop::option::of(0..METRICS.len()),
            from in prop::option::of(-5..65_i32),
            to in prop::option::of(-5..65_i32),
            position in 0..120_u64,
            size in 1..30_u32,
        ) {
            let metric = metric.map(|metric| METRICS[metric]);
            let filter = ObservationFilter { metric, from: from.map(day), to: to.map(day) };
            let all: Vec<Date> = counts
                .iter()
                .filter(|row| metric.is_none_or(|metric| row.1 == metric))
                .flat_map(|row| std::iter::repeat_n(row.0, row.2 as usize))
                .collect();
            let matching: Vec<Date> = all
                .iter()
                .copied()
                .filter(|day| filter.from.is_none_or(|from| *day >= from))
                .filter(|day| filter.to.is_none_or(|to| *day <= to))
                .collect();
            let spot = DayIndex::new(1, counts).locate(filter, position, size);
            let total = matching.len() as u64;
            prop_assert_eq!(spot.total, total);
            match matching.get(usize::try_from(position).unwrap()) {
                None => prop_assert_eq!(spot.take, 0),
                Some(day) => {
                    let earlier = matching.iter().take(usize::try_from(position).unwrap());
                    let skip = earlier.filter(|earlier| *earlier == day).count();
                    prop_assert_eq!((spot.day, spot.skip as usize), (*day, skip));
                    prop_assert_eq!(u64::from(spot.take), u64::from(size).min(total - position));
                }
            }
        }
    }

    fn of_size(entries: i32) -> Arc<DayIndex> {
        // Each day counts twice: among all metrics and for its own.
        let days = (0..entries / 2).rev().map(|n| (day(n), Metric::Steps, 1));
        Arc::new(DayIndex::new(7, days))
    }

    #[test]
    fn the_least_recently_used_copies_give_way() {
        let indexes = DayIndexes::default();
        let people: Vec<_> = (0..5).map(|n| PersonId(uuid::Uuid::from_u128(n))).collect();
        let most = i32::try_from(MOST_ENTRIES).unwrap();
        for person in &people[..4] {
            indexes.put(*person, of_size(most / 4));
        }
        assert!(indexes.get(people[0]).is_some());
        indexes.put(people[4], of_size(most / 4));
        let held: Vec<_> = people.iter().map(|person| indexes.get(*person).is_some()).collect();
        assert_eq!(held, [true, false, true, true, true]);
    }

    #[test]
    fn a_newer_copy_replaces_the_older() {
        let (indexes, person) = (DayIndexes::default(), PersonId(uuid::Uuid::nil()));
        for _ in 0..3 {
            indexes.put(person, of_size(1_000));
        }
        assert_eq!(indexes.0.lock().unwrap().entries, 1_000);
        assert_eq!(indexes.get(person).unwrap().revision(), 7);
    }
}
