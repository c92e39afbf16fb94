//! From rows to a person.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{DEVICE, ZONE};
use crate::data_type::DataType;
use crate::person::{Life, Person, PersonSummary, Recorded, Whereabouts};
use crate::point::{DAY, Point, SECOND, Source};

/// What was read about one wearer.
#[derive(Debug, Default)]
pub(super) struct Wearer {
    pub(super) dates: HashSet<Date>,
    /// Days recorded every five seconds, which the minute file does not add to.
    fine: HashSet<Date>,
    points: HashMap<DataType, Vec<Point>>,
    /// Step minutes by local date: where distance is spread.
    minutes: BTreeMap<Date, Vec<(i64, i32)>>,
    figures: HashMap<(DataType, Date), i64>,
}

impl Wearer {
    /// Rows of the fine file come first.
    pub(super) fn heart_rate(&mut self, date: Date, at: i64, value: i32, detailed: bool) {
        if detailed {
            self.fine.insert(date);
        } else if self.fine.contains(&date) {
            return;
        }
        let point = Point { at, value, span: 0, source: Source::Watch };
        self.points.entry(DataType::HeartRate).or_default().push(point);
    }

    pub(super) fn steps(&mut self, date: Date, at: i64, value: i32) {
        let point = Point { at, value, span: 60, source: Source::Watch };
        self.points.entry(DataType::Steps).or_default().push(point);
        self.minutes.entry(date).or_default().push((at, value));
    }

    pub(super) fn calories(&mut self, at: i64, value: i32) {
        let point = Point { at, value, span: 3_600, source: Source::Derived };
        self.points.entry(DataType::TotalCalories).or_default().push(point);
    }

    pub(super) fn figures(&mut self, date: Date, steps: i32, millimetres: i32, energy: i32) {
        let figures = [
            (DataType::Steps, steps),
            (DataType::Distance, millimetres),
            (DataType::TotalCalories, energy),
        ];
        let figures = figures.map(|(data_type, value)| ((data_type, date), i64::from(value)));
        self.figures.extend(figures);
    }

    /// Milligrams, and hundredths of a percent of fat.
    pub(super) fn weight(&mut self, at: i64, value: i32, fat: Option<i32>, manual: bool) {
        let source = if manual { Source::Manual } else { Source::Scale };
        let point = |value| Point { at, value, span: 0, source };
        self.points.entry(DataType::Weight).or_default().push(point(value));
        let fat = fat.map(point);
        self.points.entry(DataType::BodyFat).or_default().extend(fat);
    }

    /// A night of so many seconds that ends at `end`, and its minutes asleep.
    pub(super) fn sleep(&mut self, end: i64, seconds: u16, asleep: i32) {
        let at = end - i64::from(seconds) * SECOND;
        let point = Point { at, value: asleep, span: seconds, source: Source::Derived };
        self.points.entry(DataType::Sleep).or_default().push(point);
    }

    pub(super) fn into_person(
        mut self,
        index: usize,
        user: &str,
        seed: u64,
        begins: i64,
        zone: &TimeZone,
    ) -> Person {
        self.spread_distance();
        // The night before the first day began on the day before.
        let first = self.points.values().flatten().map(|point| point.at).min();
        let begins = first.map_or(begins, |first| first.min(begins));
        let mut recorded = Recorded { days: HashMap::new(), figures: self.figures };
        for (data_type, mut points) in self.points {
            points.sort_by_key(|point| point.at);
            for day in points.chunk_by(|a, b| a.at.div_euclid(DAY) == b.at.div_euclid(DAY)) {
                let key = day.first().map_or(0, |point| point.at.div_euclid(DAY));
                recorded.days.insert((data_type, key), Arc::from(day));
            }
        }
        let (name, email) = (format!("Wearer {user}"), format!("wearer-{user}@example.com"));
        Person {
            index,
            summary: PersonSummary::invent(seed, &name, &email, ZONE),
            device: DEVICE,
            whereabouts: Whereabouts::at_home(zone.clone()),
            life: Life::Recorded(recorded),
            begins,
        }
    }

    /// Distance was recorded by day only.
    fn spread_distance(&mut self) {
        let mut points = Vec::new();
        for (date, minutes) in &self.minutes {
            let Some(total) = self.figures.get(&(DataType::Distance, *date)) else { continue };
            let weights: Vec<i32> = minutes.iter().map(|(_, steps)| *steps).collect();
            let parts = in_proportion(*total, &weights);
            points.extend(minutes.iter().zip(parts).map(|((at, _), value)| Point {
                at: *at,
                value,
                span: 60,
                source: Source::Watch,
            }));
        }
        self.points.insert(DataType::Distance, points);
    }
}

/// Splits `total` in proportion to the weights by the largest remainder: the parts add up
/// exactly. Nothing can be split over weights that are all zero.
fn in_proportion(total: i64, weights: &[i32]) -> Vec<i32> {
    let sum: i64 = weights.iter().copied().map(i64::from).sum();
    if sum == 0 {
        return Vec::new();
    }
    let shares = || weights.iter().map(|weight| i64::from(*weight) * total);
    let mut parts: Vec<i64> = shares().map(|share| share / sum).collect();
    let mut by_remainder: Vec<(usize, i64)> =
        shares().map(|share| share % sum).enumerate().collect();
    by_remainder.sort_by_key(|(index, remainder)| (-remainder, *index));
    let left = total - parts.iter().sum::<i64>();
    let lucky = by_remainder.into_iter().take(usize::try_from(left).unwrap_or(0));
    for (index, _) in lucky {
        if let Some(part) = parts.get_mut(index) {
            *part += 1;
        }
    }
    parts.into_iter().map(|part| i32::try_from(part).unwrap_or(i32::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_add_up_exactly_and_the_largest_remainders_gain() {
        assert_eq!(in_proportion(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(in_proportion(10, &[2, 7, 1]), [2, 7, 1]);
        let parts = in_proportion(8_340_000, &[5, 28, 0, 113]);
        assert_eq!(parts.iter().sum::<i32>(), 8_340_000);
    }

    #[test]
    fn without_steps_there_is_nothing_to_spread_over() {
        assert_eq!(in_proportion(100, &[0, 0]), [0; 0]);
    }
}
