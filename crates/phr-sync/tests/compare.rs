//! Which days are read, and what is known about them afterwards.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::{BTreeMap, HashMap};

use jiff::{Timestamp, ToSpan, civil::Date};
use phr_model::{Coverage, CoverageState, DateRange, Figure, Metric, Reason, Sample};
use phr_sync::compare::{Comparison, Work, judge};

/// The civil day where the person is.
const TODAY: Date = Date::constant(2026, 11, 20);
const YESTERDAY: Date = Date::constant(2026, 11, 19);
const LONG_AGO: Date = Date::constant(2026, 11, 10);
const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

/// What the vendor says now and what is held, of a fortnight that ends today.
#[derive(Default)]
struct Fortnight {
    figures: BTreeMap<Date, Figure>,
    held: HashMap<Date, Coverage>,
}

impl Fortnight {
    /// A fortnight in which every closed day was read and nothing changed since.
    fn in_step(metric: Metric) -> Self {
        let mut fortnight = Self::default();
        for date in days().days().filter(|date| *date < TODAY) {
            fortnight = fortnight.says(date, total(5)).read(metric, date, true);
        }
        fortnight
    }

    fn says(mut self, date: Date, figure: Figure) -> Self {
        self.figures.insert(date, figure);
        self
    }

    fn says_nothing(mut self, date: Date) -> Self {
        self.figures.remove(&date);
        self
    }

    /// The day was read while the vendor said what it says now, and its samples gave 5.
    fn read(mut self, metric: Metric, date: Date, closed: bool) -> Self {
        let samples = [sample(5)];
        let figure = self.figures.get(&date);
        self.held.insert(date, judge(metric, date, &samples, figure, closed, NOW));
        self
    }

    fn changes(mut self, date: Date, change: impl FnOnce(&mut Coverage)) -> Self {
        change(self.held.get_mut(&date).unwrap());
        self
    }

    fn work(&self, metric: Metric) -> Work {
        self.work_of(metric, days())
    }

    fn work_of(&self, metric: Metric, days: DateRange) -> Work {
        let Self { figures, held } = self;
        Comparison { metric, days, figures, held, today: TODAY }.work()
    }

    /// What is left to do once `work` was done and settled.
    fn after(mut self, metric: Metric, work: &Work) -> Work {
        for date in &work.read {
            self = self.read(metric, *date, *date < TODAY);
        }
        for date in &work.empty {
            let row = judge(metric, *date, &[], None, *date < TODAY, NOW);
            self.held.insert(*date, row);
        }
        self.work(metric)
    }
}

fn days() -> DateRange {
    DateRange::ending(TODAY, 14)
}

fn total(value: i64) -> Figure {
    Figure::Total { value }
}

fn sample(value: i64) -> Sample {
    Sample { at: NOW, seconds: 60, offset_seconds: 3600, value }
}

fn read(dates: &[Date]) -> Work {
    Work { read: dates.to_vec(), empty: Vec::new() }
}

fn empty(dates: &[Date]) -> Work {
    Work { read: Vec::new(), empty: dates.to_vec() }
}

#[test]
fn a_day_never_read_is_read() {
    let fortnight = Fortnight::in_step(Metric::Steps).says(TODAY, total(3));
    assert_eq!(fortnight.work(Metric::Steps), read(&[TODAY]));
}

#[test]
fn a_first_sync_reads_every_day_with_a_figure_oldest_first() {
    let fortnight = Fortnight::default()
        .says(TODAY, total(3))
        .says(LONG_AGO, total(0))
        .says(YESTERDAY, total(9));
    let work = fortnight.work(Metric::Steps);
    assert_eq!(work.read, [LONG_AGO, YESTERDAY, TODAY]);
    assert_eq!(work.empty.len(), 11);
    assert!(work.empty.is_sorted());
}

#[test]
fn a_day_whose_figure_is_the_same_is_left_alone() {
    let fortnight =
        Fortnight::in_step(Metric::Steps).says(TODAY, total(5)).read(Metric::Steps, TODAY, false);
    assert_eq!(fortnight.work(Metric::Steps), Work::default());
}

#[test]
fn a_day_whose_figure_changed_is_read_again_however_old() {
    let fortnight = Fortnight::in_step(Metric::Steps)
        .says(TODAY, total(5))
        .read(Metric::Steps, TODAY, false)
        .says(LONG_AGO, total(6))
        .says(TODAY, total(7));
    assert_eq!(fortnight.work(Metric::Steps), read(&[LONG_AGO, TODAY]));
}

#[test]
fn a_day_whose_figure_vanished_is_read_again() {
    let fortnight = Fortnight::in_step(Metric::Steps)
        .says(TODAY, total(5))
        .read(Metric::Steps, TODAY, false)
        .says_nothing(LONG_AGO);
    assert_eq!(fortnight.work(Metric::Steps), read(&[LONG_AGO]));
}

#[test]
fn a_figure_that_appears_for_an_empty_day_makes_it_read() {
    let noted = judge(Metric::Steps, LONG_AGO, &[], None, true, NOW);
    let mut fortnight = Fortnight::in_step(Metric::Steps).says(TODAY, total(5));
    fortnight.held.insert(LONG_AGO, noted);
    assert_eq!(fortnight.work(Metric::Steps).read, [LONG_AGO, TODAY]);
}

#[test]
fn an_open_day_is_read_once_more_when_it_is_over() {
    let fortnight = Fortnight::in_step(Metric::Steps)
        .says(TODAY, total(5))
        .read(Metric::Steps, TODAY, false)
        .read(Metric::Steps, YESTERDAY, false);
    assert_eq!(fortnight.work(Metric::Steps), read(&[YESTERDAY]));
}

#[test]
fn a_day_that_failed_is_read_again_although_its_figure_is_the_same() {
    for state in [CoverageState::VendorError, CoverageState::Pending, CoverageState::NotPermitted] {
        let fortnight = Fortnight::in_step(Metric::Steps)
            .says(TODAY, total(5))
            .read(Metric::Steps, TODAY, false)
            .changes(LONG_AGO, |row| row.state = state);
        assert_eq!(fortnight.work(Metric::Steps), read(&[LONG_AGO]), "{state:?}");
    }
}

#[test]
fn an_empty_day_that_failed_is_settled_without_reading() {
    let reason = Reason::VendorUnavailable;
    let failed = Coverage::unread(Metric::Steps, LONG_AGO, CoverageState::VendorError, reason);
    let mut fortnight = Fortnight::in_step(Metric::Steps)
        .says(TODAY, total(5))
        .read(Metric::Steps, TODAY, false)
        .says_nothing(LONG_AGO);
    fortnight.held.insert(LONG_AGO, failed);
    assert_eq!(fortnight.work(Metric::Steps), empty(&[LONG_AGO]));
}

#[test]
fn an_empty_day_is_settled_once_while_open_and_once_when_over() {
    let open = judge(Metric::Steps, TODAY, &[], None, false, NOW);
    let mut fortnight = Fortnight::in_step(Metric::Steps).says_nothing(TODAY);
    assert_eq!(fortnight.work(Metric::Steps), empty(&[TODAY]));
    fortnight.held.insert(TODAY, open.clone());
    assert_eq!(fortnight.work(Metric::Steps), Work::default());
    fortnight.figures.remove(&YESTERDAY);
    fortnight.held.insert(YESTERDAY, Coverage { date: YESTERDAY, ..open });
    assert_eq!(fortnight.work(Metric::Steps), empty(&[YESTERDAY]));
}

#[test]
fn a_day_that_differs_is_not_read_over_and_over() {
    let fortnight = Fortnight::in_step(Metric::Steps)
        .says(TODAY, total(5))
        .read(Metric::Steps, TODAY, false)
        .says(LONG_AGO, total(48))
        .read(Metric::Steps, LONG_AGO, true);
    assert_eq!(fortnight.held[&LONG_AGO].state, CoverageState::Differs);
    assert_eq!(fortnight.work(Metric::Steps), Work::default());
    assert_eq!(fortnight.says(LONG_AGO, total(49)).work(Metric::Steps), read(&[LONG_AGO]));
}

#[test]
fn samples_without_a_figure_are_not_read_over_and_over() {
    let fortnight = Fortnight::in_step(Metric::Steps)
        .says(TODAY, total(5))
        .read(Metric::Steps, TODAY, false)
        .says_nothing(LONG_AGO)
        .read(Metric::Steps, LONG_AGO, true);
    assert_eq!(fortnight.held[&LONG_AGO].state, CoverageState::Differs);
    assert_eq!(fortnight.work(Metric::Steps), Work::default());
}

#[test]
fn doing_the_work_leaves_none_but_what_no_figure_tells() {
    for metric in Metric::ALL {
        let fortnight = Fortnight::default().says(TODAY, total(5)).says(LONG_AGO, total(5));
        let work = fortnight.work(metric);
        let left = fortnight.after(metric, &work);
        let expected = if metric == Metric::Spo2 { 3 } else { 0 };
        assert_eq!((left.read.len(), left.empty.len()), (expected, 0), "{metric}");
    }
}

#[test]
fn oxygen_saturation_has_no_roll_up_so_its_last_three_days_are_always_read() {
    let mut fortnight = Fortnight::default();
    for date in days().days() {
        fortnight = fortnight.read(Metric::Spo2, date, date < TODAY);
    }
    let before = YESTERDAY - 1.days();
    assert_eq!(fortnight.work(Metric::Spo2), read(&[before, YESTERDAY, TODAY]));
    let asked = DateRange::day(LONG_AGO);
    assert_eq!(fortnight.work_of(Metric::Spo2, asked), read(&[LONG_AGO]));
}

#[test]
fn oxygen_saturation_without_a_daily_value_is_read_all_the_same() {
    assert_eq!(Fortnight::default().work(Metric::Spo2).read.len(), 14);
}

#[test]
fn a_range_without_days_is_no_work() {
    let days = DateRange { first: TODAY, last: YESTERDAY };
    assert_eq!(Fortnight::default().work_of(Metric::Steps, days), Work::default());
}
