//! Invented people: where they were, what they recorded, and when their tracker told the vendor.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use phr_model::{
    Figure, Metric, Part, Sample,
    metric::{Forming, Kind},
    sample::Statistics,
};

use crate::{dice::Dice, parts};

const DAY: i64 = 86_400;
const HOMES: [&str; 5] =
    ["Europe/Madrid", "America/Chicago", "Asia/Kolkata", "Pacific/Auckland", "America/Sao_Paulo"];

/// Something recorded.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) sample: Sample,
    /// What else is said of it: levels of activity, the stages of a night, what a workout took.
    pub(crate) parts: Vec<Sample>,
    /// The day it belongs to. A night is of the day of waking.
    pub(crate) date: Date,
    /// When the vendor has it.
    pub(crate) visible: Timestamp,
    /// When the vendor is done with it.
    pub(crate) finished: Timestamp,
}

impl Point {
    /// What the vendor says of it.
    fn told(&self, now: Timestamp) -> impl Iterator<Item = Sample> {
        let mark = Sample { value: Part::Unfinished.value(0), ..self.sample };
        let mark = (self.finished > now).then_some(mark);
        std::iter::once(self.sample).chain(self.parts.iter().copied()).chain(mark)
    }
}

/// A grant as the vendor knows it.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) access: String,
    pub(crate) access_ends: Timestamp,
    pub(crate) refresh: String,
}

/// Somebody.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) home: &'static str,
    stays: Vec<(Timestamp, TimeZone)>,
    pub(crate) points: BTreeMap<Metric, Vec<Point>>,
    /// Values that the vendor computes once a day, and from when on.
    pub(crate) mornings: BTreeMap<Metric, BTreeMap<Date, (Timestamp, i64)>>,
    pub(crate) grant: Option<Grant>,
    pub(crate) code: Option<String>,
}

impl Person {
    /// Somebody whose data lies in `from..to`.
    pub(crate) fn invent(
        dice: &mut Dice,
        metrics: &[Metric],
        from: Timestamp,
        to: Timestamp,
    ) -> Self {
        let home = *dice.pick(&HOMES);
        let stays = journey(dice, home, from, to);
        let mut person = Self {
            home,
            stays,
            points: BTreeMap::new(),
            mornings: BTreeMap::new(),
            grant: None,
            code: None,
        };
        let arrivals = Arrivals::invent(dice, from, to);
        for metric in metrics {
            person.record(dice, *metric, &arrivals, (from, to));
        }
        person
    }

    fn record(
        &mut self,
        dice: &mut Dice,
        metric: Metric,
        arrivals: &Arrivals,
        (from, to): (Timestamp, Timestamp),
    ) {
        let mut at = from;
        let mut points = Vec::new();
        while at < to {
            let visible = arrivals.of(dice, at);
            if is_daily(metric) {
                let date = self.zone(at).to_datetime(at).date();
                let mornings = self.mornings.entry(metric).or_default();
                mornings.insert(date, (visible, of_the_day(dice, metric)));
            } else {
                points.push(self.point(dice, metric, at, visible));
            }
            // Every now and then the tracker lies in a drawer for days.
            let pause = if dice.per_mille(15) { dice.between(DAY, 3 * DAY) } else { 0 };
            at += SignedDuration::from_secs(dice.between(1, 2 * pause_of(metric)) + pause);
        }
        if metric.facts().forming == Forming::HourlyMean {
            keep_apart(&mut points);
        }
        self.points.insert(metric, points);
    }

    /// What the device records at `at`, with everything that belongs to it.
    pub(crate) fn point(
        &self,
        dice: &mut Dice,
        metric: Metric,
        at: Timestamp,
        visible: Timestamp,
    ) -> Point {
        let mut sample = self.sample(dice, metric, at);
        let parts = parts::of(dice, metric, &mut sample);
        let (mut date, mut finished) = (sample.date(), visible);
        if metric == Metric::Sleep {
            let end = sample.at + SignedDuration::from_secs(i64::from(sample.seconds));
            date = self.zone(end).to_datetime(end).date();
            finished += SignedDuration::from_secs(dice.between(0, 7_200));
        }
        Point { sample, parts, date, visible, finished }
    }

    /// What the device records at `at`.
    fn sample(&self, dice: &mut Dice, metric: Metric, at: Timestamp) -> Sample {
        let at = Timestamp::from_second(at.as_second()).unwrap();
        let offset_seconds = self.zone(at).to_offset(at).seconds();
        let (seconds, value) = match metric {
            // A day's figure is all that is compared: two changes that leave it the same go unseen.
            Metric::Steps => (60, dice.between(1, 20_000)),
            Metric::BodyWeight => (0, dice.between(60_000_000, 90_000_000)),
            // A reading of 0 is kept, and no statement is made from it.
            Metric::HeartRate => (0, if dice.per_mille(20) { 0 } else { dice.between(300, 3_000) }),
            _ => (if metric.facts().kind == Kind::Interval { 60 } else { 0 }, any(dice, metric)),
        };
        Sample { at, seconds, offset_seconds, value }
    }

    fn zone(&self, at: Timestamp) -> &TimeZone {
        let stay = self.stays.iter().rev().find(|(from, _)| *from <= at);
        stay.map_or(&self.stays[0].1, |(_, zone)| zone)
    }

    /// The samples of a day that the vendor has by `now`.
    pub(crate) fn day(&self, metric: Metric, date: Date, now: Timestamp) -> Vec<Sample> {
        let points = self.points.get(&metric).map_or(&[][..], Vec::as_slice);
        // Wherever on earth the person is, the day lies within these.
        let midnight = date.to_zoned(TimeZone::UTC).unwrap().timestamp();
        // And a night is not longer than half a world.
        let first = points.partition_point(|point| point.sample.at < midnight - 2 * HALF_A_WORLD);
        let near = points[first..]
            .iter()
            .take_while(|point| point.sample.at < midnight + 3 * HALF_A_WORLD);
        let seen = near.filter(|point| point.visible <= now && point.date == date);
        let mut samples: Vec<_> = seen.flat_map(|point| point.told(now)).collect();
        samples.sort_unstable();
        samples
    }

    /// The vendor's own figure of a day.
    pub(crate) fn figure(&self, metric: Metric, date: Date, now: Timestamp) -> Option<Figure> {
        if is_daily(metric) {
            let morning = self.mornings.get(&metric)?.get(&date);
            let (_, value) = morning.filter(|(visible, _)| *visible <= now)?;
            return Some(Figure::Daily { value: *value, low: None, high: None });
        }
        let day = self.day(metric, date, now);
        if metric == Metric::Spo2 {
            let Statistics { count, min, max, sum } = Statistics::of(&day)?;
            let value = sum / i64::from(count);
            return Some(Figure::Daily { value, low: Some(min), high: Some(max) });
        }
        Figure::of(metric, &day)
    }
}

/// Leaves no sample that is the mean of those of its day which arrived before it: among a tracker's tens of
/// thousands it would not matter, but among these few the vendor's figure would stay what it was, and
/// nobody who compares figures could find it.
fn keep_apart(points: &mut [Point]) {
    let mut by_arrival: Vec<&mut Point> = points.iter_mut().collect();
    by_arrival.sort_by_key(|point| (point.date, point.visible));
    for day in by_arrival.chunk_by_mut(|a, b| a.date == b.date) {
        let mut sum = 0;
        for (count, point) in (0_i64..).zip(day) {
            if count > 0 && count * point.sample.value == sum {
                point.sample.value += 1;
            }
            sum += point.sample.value;
        }
    }
}

/// Whether the vendor computes it once a day, and says nothing more.
pub(crate) fn is_daily(metric: Metric) -> bool {
    metric.facts().kind == Kind::DailyValue
}

/// What the vendor computes of a day.
pub(crate) fn of_the_day(dice: &mut Dice, metric: Metric) -> i64 {
    if metric == Metric::RestingHeartRate { dice.between(450, 700) } else { any(dice, metric) }
}

/// Any plausible value but 0.
fn any(dice: &mut Dice, metric: Metric) -> i64 {
    let plausible = &metric.facts().plausible;
    match dice.between(*plausible.start(), *plausible.end()) {
        0 => *plausible.end(),
        value => value,
    }
}

const HALF_A_WORLD: SignedDuration = SignedDuration::from_hours(15);

/// Mean seconds between two samples.
fn pause_of(metric: Metric) -> i64 {
    match metric {
        Metric::BodyWeight | Metric::BodyFat | Metric::Height | Metric::Exercise => 2 * DAY,
        Metric::Sleep => DAY,
        metric if is_daily(metric) => DAY / 2,
        _ => DAY / 4,
    }
}

/// Home, and for some a journey or two, over the date line too.
fn journey(
    dice: &mut Dice,
    home: &str,
    from: Timestamp,
    to: Timestamp,
) -> Vec<(Timestamp, TimeZone)> {
    const AWAY: [&str; 4] = ["Asia/Tokyo", "America/Los_Angeles", "Pacific/Apia", "Europe/London"];
    let zone = |name: &str| TimeZone::get(name).unwrap();
    let mut stays = vec![(Timestamp::MIN, zone(home))];
    let mut at = from;
    while dice.per_mille(350) {
        at += SignedDuration::from_secs(dice.between(DAY, 12 * DAY));
        let back = at + SignedDuration::from_secs(dice.between(DAY / 2, 9 * DAY));
        if back >= to {
            break;
        }
        let away: &str = AWAY[dice.index(AWAY.len())];
        stays.push((at, zone(away)));
        stays.push((back, zone(home)));
        at = back;
    }
    stays
}

/// When a tracker hands over what it recorded: after minutes, or all at once after days.
struct Arrivals(Vec<(Timestamp, Timestamp)>);

/// Nobody is out of reach for longer: a sync compares the last fortnight.
const LONGEST_SILENCE: i64 = 6 * DAY;

impl Arrivals {
    fn invent(dice: &mut Dice, from: Timestamp, to: Timestamp) -> Self {
        let mut silences = Vec::new();
        let mut at = from;
        loop {
            at += SignedDuration::from_secs(dice.between(DAY, 25 * DAY));
            let until = at + SignedDuration::from_secs(dice.between(DAY / 4, LONGEST_SILENCE));
            if until >= to {
                return Self(silences);
            }
            silences.push((at, until));
            at = until;
        }
    }

    fn of(&self, dice: &mut Dice, at: Timestamp) -> Timestamp {
        let silence = self.0.iter().find(|(from, until)| (*from..*until).contains(&at));
        let heard = silence.map_or(at, |(_, until)| *until);
        heard + SignedDuration::from_secs(dice.between(120, 3_600))
    }
}
