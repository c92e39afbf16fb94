//! From minutes of a life to the points that a tracker, a phone and apps record.

use super::minutes::{Minutes, Moment};
use super::{Synthetic, instant_of};
use crate::data_type::{DataType, Kind};
use crate::dice::Dice;
use crate::levels;
use crate::person::{Whereabouts, civil_date, day_of_date};
use crate::point::{DAY, MINUTE, Point, SECOND, Source};

/// Minutes over which effort raises and lowers the heart rate.
const INERTIA: i64 = 4;

impl Synthetic {
    /// All points of a UTC day in ascending order, whether or not it has passed yet.
    pub(crate) fn points(&self, place: &Whereabouts, data_type: DataType, day: i64) -> Vec<Point> {
        match data_type {
            DataType::HeartRate => self.heart_rate(place, day),
            DataType::Weight => self.of_civil_days(place, day, Self::weigh_in),
            DataType::BodyFat => self.of_civil_days(place, day, Self::fat_reading),
            DataType::Height => self.of_civil_days(place, day, Self::height_entry),
            DataType::Sleep => self.of_civil_days(place, day, Self::sleep),
            DataType::Exercise => self.of_civil_days(place, day, Self::workouts),
            _ if data_type.kind() == Kind::Daily => Vec::new(),
            _ => self.by_minute(place, day, |start, moment| self.record(data_type, start, moment)),
        }
    }

    fn by_minute<P: IntoIterator<Item = Point>>(
        &self,
        place: &Whereabouts,
        day: i64,
        record: impl Fn(i64, Moment) -> P,
    ) -> Vec<Point> {
        let offsets = place.offsets(day * DAY, (day + 1) * DAY);
        let mut minutes = Minutes::new(self, &offsets);
        (0..1440)
            .map(|minute| day * DAY + minute * MINUTE)
            .flat_map(|start| record(start, minutes.at(start)))
            .collect()
    }

    /// What is recorded of one minute: at most one point of the watch and one of the phone.
    fn record(&self, data_type: DataType, start: i64, moment: Moment) -> Vec<Point> {
        let interval = |value, source| Point { at: start, value, span: 60, source };
        let awake = moment.worn && !moment.asleep;
        let phone = moment.phone.then(|| self.seen_by_phone(start, moment.steps));
        match data_type {
            DataType::Steps => {
                let watch = awake.then(|| interval(moment.steps, Source::Watch));
                let phone = phone.filter(|steps| *steps > 0);
                watch.into_iter().chain(phone.map(|n| interval(n, Source::Phone))).collect()
            }
            DataType::Distance => {
                let length = |steps: i32| steps * self.stride_at(moment);
                let watch = (awake && moment.steps > 0)
                    .then(|| interval(length(moment.steps), Source::Watch));
                let phone = phone.filter(|steps| *steps > 0);
                let phone = phone.map(|steps| interval(length(steps), Source::Phone));
                watch.into_iter().chain(phone).collect()
            }
            DataType::ActiveEnergyBurned => {
                let active = self.active_energy(start, moment);
                (active > 0).then(|| interval(active, Source::Derived)).into_iter().collect()
            }
            DataType::TotalCalories => {
                let total = self.basal + self.active_energy(start, moment);
                vec![interval(total, Source::Derived)]
            }
            DataType::ActiveMinutes if awake && moment.steps > 0 => {
                let level = if moment.effort > 0.5 { 2 } else { u32::from(moment.effort > 0.2) };
                vec![interval(levels::minute_of(level), Source::Derived)]
            }
            DataType::Floors if awake && moment.steps > 0 => {
                let climbed = self.climbed(start);
                (climbed > 0).then(|| interval(climbed, Source::Watch)).into_iter().collect()
            }
            DataType::OxygenSaturation if moment.worn && moment.asleep => {
                let value = self.saturation(start);
                vec![Point { at: start, value, span: 0, source: Source::Watch }]
            }
            _ => Vec::new(),
        }
    }

    /// Floors of a minute on foot.
    fn climbed(&self, start: i64) -> i32 {
        let mut dice = self.dice(0xF100, start);
        if dice.chance(0.05) { dice.between(1, 2) } else { 0 }
    }

    /// The phone in the pocket counts a little differently.
    fn seen_by_phone(&self, start: i64, steps: i32) -> i32 {
        let mut dice = self.dice(0x0F0E, start);
        (steps * dice.between(92, 104) / 100).max(0)
    }

    fn stride_at(&self, moment: Moment) -> i32 {
        if moment.effort > 0.5 { self.stride * 3 / 2 } else { self.stride }
    }

    /// In 0.0001 kcal; nothing while the tracker lies on the charger.
    #[expect(clippy::cast_possible_truncation, reason = "effort is at most 1")]
    fn active_energy(&self, start: i64, moment: Moment) -> i32 {
        if !moment.worn || moment.asleep || moment.effort < 0.1 {
            return 0;
        }
        let mut dice = self.dice(0xE6E2, start);
        (moment.effort * 110_000.0) as i32 + moment.steps * 80 + dice.between(0, 1_999)
    }

    /// In 0.01 %, to a tenth.
    fn saturation(&self, start: i64) -> i32 {
        let mut dice = self.dice(0x5902, start);
        // Nights differ; the night's level changes at noon UTC, when nobody measures.
        let night = (start + DAY / 2).div_euclid(DAY).cast_unsigned();
        let level = 956 + Dice::new(&[self.seed, 0x4167, night]).between(-7, 9);
        let usual = level + dice.between(-8, 8) + dice.between(-6, 6);
        let dip = if dice.chance(0.01) { dice.between(15, 45) } else { 0 };
        (usual - dip).clamp(800, 1_000) * 10
    }

    /// A sample about every two seconds while worn: some 37,000 a day.
    fn heart_rate(&self, place: &Whereabouts, day: i64) -> Vec<Point> {
        let offsets = place.offsets((day - 1) * DAY, (day + 1) * DAY);
        let mut minutes = Minutes::new(self, &offsets);
        let first = day * DAY;
        let mut recent: Vec<Moment> =
            (-INERTIA..0).map(|minute| minutes.at(first + minute * MINUTE)).collect();
        let mut points = Vec::with_capacity(38_000);
        for start in (0..1440).map(|minute| first + minute * MINUTE) {
            let before = self.pulse(&recent, start - MINUTE);
            recent.push(minutes.at(start));
            recent.remove(0);
            let Some(moment) = recent.last().filter(|moment| moment.worn) else { continue };
            let after = self.pulse(&recent, start);
            let calm = if moment.asleep { 1 } else { 2 };
            self.beats(start, (before, after), calm, &mut points);
        }
        points
    }

    /// The heart rate that recent effort leads to.
    #[expect(clippy::cast_precision_loss, reason = "a count of minutes")]
    fn pulse(&self, recent: &[Moment], start: i64) -> f64 {
        let effort = recent.iter().map(|moment| moment.effort).sum::<f64>() / recent.len() as f64;
        let asleep = recent.last().is_some_and(|moment| moment.asleep);
        let wave = ((start / MINUTE) as f64 / 43.0).sin() * if asleep { 2.5 } else { 4.0 };
        let rest = f64::from(self.resting) + if asleep { -1.0 } else { 9.0 };
        rest + wave + effort * 112.0
    }

    #[expect(clippy::cast_possible_truncation, reason = "a pulse is clamped to 30 to 220")]
    #[expect(clippy::cast_precision_loss, reason = "an offset within a minute")]
    fn beats(&self, start: i64, (from, to): (f64, f64), jitter: i32, points: &mut Vec<Point>) {
        const GAPS: [i64; 16] = [2, 2, 3, 2, 2, 1, 2, 3, 2, 2, 3, 2, 5, 2, 3, 2];
        let mut dice = self.dice(0xBEA7, start);
        let mut second = i64::from(dice.between(0, 2));
        while second < 60 {
            let smooth = from + (to - from) * second as f64 / 60.0;
            let value = (smooth.round() as i32 + dice.between(-jitter, jitter)).clamp(30, 220);
            let at = start + second * SECOND;
            points.push(Point { at, value, span: 0, source: Source::Watch });
            second += GAPS[dice.between(0, 15).unsigned_abs() as usize];
        }
    }

    /// What civil days bring, as far as they lie in a UTC day.
    fn of_civil_days(
        &self,
        place: &Whereabouts,
        day: i64,
        reading: impl Fn(&Self, &Whereabouts, i64) -> Vec<Point>,
    ) -> Vec<Point> {
        let range = day * DAY..(day + 1) * DAY;
        let mut points: Vec<Point> = (day - 1..=day + 2)
            .flat_map(|civil| reading(self, place, civil))
            .filter(|point| range.contains(&point.at))
            .collect();
        points.sort_by_key(|point| (point.at, point.source));
        points
    }

    /// A scale app through Health Connect with fractional grams, or typed in; now and then both.
    fn weigh_in(&self, place: &Whereabouts, civil: i64) -> Vec<Point> {
        let plan = self.plan(civil);
        let date = civil_date(civil * DAY);
        debug_assert_eq!(day_of_date(date), civil);
        let Some(minute) = instant_of(place, date, plan.wake + 9).filter(|_| plan.weighs) else {
            return Vec::new();
        };
        let mut dice = self.dice(0x3416, minute);
        let second = minute + i64::from(dice.between(0, 59)) * SECOND;
        let drift = i32::try_from(civil.rem_euclid(211)).unwrap_or(0) * 6_500;
        let milligrams = self.weight - drift + dice.between(-700, 700) * 1_000;
        let micros = i64::from(dice.between(1, 999_999));
        let scale = Point {
            at: second,
            value: milligrams + 500 * dice.between(0, 1),
            span: 0,
            source: Source::HealthConnect,
        };
        let typed = Point {
            at: second + micros,
            value: milligrams / 50_000 * 50_000,
            source: Source::Manual,
            ..scale
        };
        match dice.between(0, 9) {
            0..=5 => vec![scale],
            6..=8 => vec![typed],
            _ => vec![scale, typed],
        }
    }

    /// What the scale app says of the same moment; nobody types it in.
    fn fat_reading(&self, place: &Whereabouts, civil: i64) -> Vec<Point> {
        let weighed = self.weigh_in(place, civil);
        let scale = weighed.into_iter().filter(|point| point.source == Source::HealthConnect);
        let reading = |point: Point| {
            let mut dice = self.dice(0xFA70, point.at);
            Point { value: self.fat + dice.between(-8, 8) * 10, ..point }
        };
        scale.map(reading).collect()
    }

    /// Typed in every ten days, and the same every time.
    fn height_entry(&self, place: &Whereabouts, civil: i64) -> Vec<Point> {
        let plan = self.plan(civil);
        let minute = instant_of(place, civil_date(civil * DAY), plan.wake + 14);
        let minute = minute.filter(|_| civil.rem_euclid(10) == 3);
        let entry = |at| Point { at, value: self.height, span: 0, source: Source::Manual };
        minute.map(entry).into_iter().collect()
    }

    pub(super) fn dice(&self, purpose: u64, instant: i64) -> Dice {
        Dice::new(&[self.seed, purpose, (instant / MINUTE).cast_unsigned()])
    }
}
