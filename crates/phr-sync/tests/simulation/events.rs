//! What happens in a month besides the passing of time.

use jiff::{SignedDuration, Timestamp, civil::Date};
use phr_model::Metric;

use crate::{
    dice::Dice,
    people::{Person, is_daily, of_the_day},
    world::World,
};

const DAY: i64 = 86_400;
/// The oldest data that is changed: a sync compares the last fortnight, and an outage may come between.
const OLDEST_CHANGE: i64 = 5 * DAY;

/// An event.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event {
    /// A sample becomes another one, goes, or comes.
    Edit { person: usize, how: Edit },
    /// The person removes our access in their account.
    Revoke { person: usize },
    /// They find out and connect again, or try to.
    Reconnect { person: usize },
    /// All access tokens end at once.
    ExpireAccess,
    /// Somebody presses the button.
    Press { person: usize },
    /// A machine's clock goes wrong, or right again.
    WrongClock { process: usize, seconds: i64 },
    /// All processes stand still for so long.
    StandStill { seconds: i64 },
}

/// What happens to a sample.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Edit {
    Change,
    Delete,
    Add,
}

/// A month of events, in order of time.
pub(crate) fn invent(
    dice: &mut Dice,
    people: usize,
    edits: usize,
    processes: usize,
    (from, to): (Timestamp, Timestamp),
) -> Vec<(Timestamp, Event)> {
    let span = to.duration_since(from).as_secs();
    let mut events = Vec::new();
    let any_time = |dice: &mut Dice| from + SignedDuration::from_secs(dice.between(0, span));
    for _ in 0..edits {
        let how = *dice.pick(&[Edit::Change, Edit::Change, Edit::Delete, Edit::Add]);
        events.push((any_time(dice), Event::Edit { person: dice.index(people), how }));
    }
    for _ in 0..people / 5 {
        let (at, person) = (any_time(dice), dice.index(people));
        events.push((at, Event::Revoke { person }));
        let away = SignedDuration::from_secs(dice.between(0, 2 * DAY));
        events.push((at + away, Event::Reconnect { person }));
    }
    for _ in 0..people / 3 {
        events.push((any_time(dice), Event::Press { person: dice.index(people) }));
    }
    for _ in 0..4 {
        events.push((any_time(dice), Event::ExpireAccess));
        let seconds = *dice.pick(&[0, dice.clone().between(-900, 900)]);
        events
            .push((any_time(dice), Event::WrongClock { process: dice.index(processes), seconds }));
    }
    if dice.per_mille(500) {
        let seconds = dice.between(DAY / 4, 2 * DAY);
        events.push((any_time(dice), Event::StandStill { seconds }));
    }
    events.sort_by_key(|(at, _)| *at);
    events
}

/// Edits what somebody recorded in the last days, whether or not the vendor has it yet.
pub(crate) fn edit(world: &World, dice: &mut Dice, person: usize, how: Edit) {
    let now = world.now();
    let oldest = now - SignedDuration::from_secs(OLDEST_CHANGE);
    let metric = *dice.pick(world.metrics);
    world.change(person, |person| {
        if is_daily(metric) {
            return edit_morning(person, dice, metric, (oldest, now), how);
        }
        let at = oldest + SignedDuration::from_secs(dice.between(0, OLDEST_CHANGE));
        let fresh = person.point(dice, metric, at, now);
        let untouched = person.clone();
        let points = person.points.entry(metric).or_default();
        let index = points.partition_point(|point| point.sample.at < at);
        let date = match how {
            Edit::Add => Some(fresh.date),
            Edit::Change | Edit::Delete => points.get(index).map(|point| point.date),
        };
        match how {
            Edit::Add => points.insert(index, fresh),
            Edit::Change => {
                if let Some(point) = points.get_mut(index).filter(|point| point.visible <= now) {
                    point.sample.value = fresh.sample.value;
                }
            }
            Edit::Delete => {
                if points.get(index).is_some_and(|point| point.visible <= now) {
                    points.remove(index);
                }
            }
        }
        if date.is_some_and(|date| cannot_be_seen(person, &untouched, metric, date, now)) {
            *person = untouched;
        }
    });
}

/// Whether a change leaves the vendor's figure as it was: a heart rate that is the mean of its few fellows.
/// Nobody who compares figures could find it.
fn cannot_be_seen(
    changed: &Person,
    untouched: &Person,
    metric: Metric,
    date: Date,
    now: Timestamp,
) -> bool {
    changed.figure(metric, date, now) == untouched.figure(metric, date, now)
        && changed.day(metric, date, now) != untouched.day(metric, date, now)
}

fn edit_morning(
    person: &mut Person,
    dice: &mut Dice,
    metric: Metric,
    (oldest, now): (Timestamp, Timestamp),
    how: Edit,
) {
    let oldest = jiff::tz::TimeZone::UTC.to_datetime(oldest).date();
    let mornings = person.mornings.entry(metric).or_default();
    let mut seen = mornings.range(oldest..).filter(|(_, (visible, _))| *visible <= now);
    let Some(date) = seen.next().map(|(date, _)| *date) else { return };
    match how {
        Edit::Change | Edit::Add => {
            mornings.insert(date, (now, of_the_day(dice, metric)));
        }
        Edit::Delete => {
            mornings.remove(&date);
        }
    }
}
