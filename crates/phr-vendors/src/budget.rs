//! How many requests may still be made, per person and per project.
//!
//! Requests are counted in a sliding minute (or hour) of one-second slots. A token bucket would let
//! twice its size through in the first minute; a sliding minute never lets more through than the
//! limit, however the vendor's own minutes lie.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use phr_model::{Clock, ConnectionId};

use crate::{
    allowance::{Allowance, RetryCredit, Urgency},
    rate::{MINUTE, Rate, Rates},
};

/// People remembered at most. Whoever made no request for a minute is forgotten first.
const MOST_PEOPLE: usize = 100_000;

/// What is left of the vendor's limits, in the memory of one process. Shared by every client of one
/// vendor project.
///
/// The clock should be the machine's own even where a simulation moves the rest of the world's
/// time: the vendor counts in real minutes.
pub struct Budget {
    rates: Rates,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    retries: RetryCredit,
}

struct State {
    project: Stretch,
    people: HashMap<ConnectionId, Person>,
}

struct Person {
    recent: Stretch,
    /// No requests before this second (429).
    resting_until: i64,
}

/// The requests of the last stretch of a rate, one slot for each second that had any.
struct Stretch {
    rate: Rate,
    slots: VecDeque<(i64, u32)>,
    total: u32,
}

impl Budget {
    /// A budget of these limits, nothing of it used yet.
    pub fn new(rates: impl Into<Rates>, clock: Arc<dyn Clock>) -> Self {
        let rates = rates.into();
        let unlimited = Rate { limit: u32::MAX, seconds: MINUTE };
        let project = Stretch::of(rates.project.unwrap_or(unlimited));
        let state = Mutex::new(State { project, people: HashMap::new() });
        Self { rates, clock, state, retries: RetryCredit::default() }
    }

    /// Takes one request, or says how long until there is room again; then nothing was taken.
    pub fn take(&self, connection: ConnectionId, urgency: Urgency) -> Result<(), Duration> {
        let now = self.now().as_second();
        let mut state = self.state();
        state.make_room(connection, now);
        let State { project, people } = &mut *state;
        let person = people.entry(connection).or_insert_with(|| Person::of(self.rates.person));
        let waits = [
            person.resting_until - now,
            person.recent.wait(now, urgency),
            project.wait(now, urgency),
        ];
        let wait = waits.into_iter().max().unwrap_or(0);
        if wait > 0 {
            return Err(Duration::from_secs(wait.unsigned_abs()));
        }
        person.recent.add(now);
        project.add(now);
        self.retries.earn();
        Ok(())
    }

    /// Leaves a person alone for `wait`, after the vendor limited them.
    pub fn rest(&self, connection: ConnectionId, wait: Duration) {
        let until = self.now().as_second().saturating_add_unsigned(whole_seconds(wait));
        let mut state = self.state();
        let fresh = || Person::of(self.rates.person);
        let person = state.people.entry(connection).or_insert_with(fresh);
        person.resting_until = person.resting_until.max(until);
    }

    /// Requests left of the project's limit in this minute.
    pub fn left(&self) -> u32 {
        let now = self.now().as_second();
        let project = &mut self.state().project;
        project.forget(now);
        project.rate.limit.saturating_sub(project.total)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A panic elsewhere leaves at worst one request uncounted: go on.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Allowance for Budget {
    async fn take(&self, connection: ConnectionId, urgency: Urgency) -> Result<(), Duration> {
        self.take(connection, urgency)
    }

    async fn rest(&self, connection: ConnectionId, wait: Duration) {
        self.rest(connection, wait);
    }

    fn may_retry(&self) -> bool {
        self.retries.spend()
    }

    fn left(&self) -> u32 {
        self.left()
    }
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").field("rates", &self.rates).finish_non_exhaustive()
    }
}

impl State {
    /// Forgets idle people when the map is full; forgetting them changes no answer. Should all be
    /// busy, everybody is forgotten: the project's limit still holds.
    fn make_room(&mut self, connection: ConnectionId, now: i64) {
        if self.people.len() < MOST_PEOPLE || self.people.contains_key(&connection) {
            return;
        }
        self.people.retain(|_, person| person.is_busy(now));
        if self.people.len() >= MOST_PEOPLE {
            self.people.clear();
        }
    }
}

impl Person {
    fn of(rate: Rate) -> Self {
        Self { recent: Stretch::of(rate), resting_until: 0 }
    }

    fn is_busy(&self, now: i64) -> bool {
        let last = self.recent.slots.back().map_or(i64::MIN, |(second, _)| *second);
        self.resting_until > now || last > now - self.recent.slot_lifetime()
    }
}

impl Stretch {
    fn of(rate: Rate) -> Self {
        Self { rate, slots: VecDeque::new(), total: 0 }
    }

    /// A slot has left the stretch when its second is this many seconds ago.
    fn slot_lifetime(&self) -> i64 {
        self.rate.seconds + 1
    }

    /// Seconds until one more request of this urgency fits; 0 or less if it fits now.
    fn wait(&mut self, now: i64, urgency: Urgency) -> i64 {
        self.forget(now);
        let (limit, lifetime) = (urgency.share(self.rate.limit), self.slot_lifetime());
        let mut left = self.total;
        let mut slots = self.slots.iter();
        let mut wait = 0;
        while left >= limit
            && let Some((second, count)) = slots.next()
        {
            left -= count;
            wait = second + lifetime - now;
        }
        wait
    }

    fn add(&mut self, now: i64) {
        self.total += 1;
        match self.slots.back_mut() {
            Some((second, count)) if *second >= now => *count += 1,
            _ => self.slots.push_back((now, 1)),
        }
    }

    /// Drops what lies further back, and everything if the clock was set back by more.
    fn forget(&mut self, now: i64) {
        let lifetime = self.slot_lifetime();
        if self.slots.back().is_some_and(|(second, _)| *second > now + lifetime) {
            self.slots.clear();
            self.total = 0;
        }
        while let Some((second, count)) = self.slots.front()
            && now - second >= lifetime
        {
            self.total -= count;
            self.slots.pop_front();
        }
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use phr_model::StoppedClock;

    use super::*;
    use crate::rate::Limits;

    fn budget(per_person: u32, per_project: u32) -> (Budget, Arc<StoppedClock>) {
        let clock = Arc::new(StoppedClock::at("2026-11-22T10:00:00Z".parse().unwrap()));
        let limits =
            Limits { per_person_per_minute: per_person, per_project_per_minute: per_project };
        (Budget::new(limits, clock.clone()), clock)
    }

    fn person(number: u128) -> ConnectionId {
        format!("{number:032x}").parse().unwrap()
    }

    #[test]
    fn a_minute_never_sees_more_than_the_limit() {
        let (budget, clock) = budget(240, 1_000);
        let mut granted: Vec<i64> = Vec::new();
        for second in 0..300 {
            granted.extend(
                (0..10).filter(|_| budget.take(person(1), Urgency::Person).is_ok()).map(|_| second),
            );
            clock.advance(SignedDuration::from_secs(1));
        }
        for start in 0..240 {
            let in_minute = granted.iter().filter(|at| (start..start + 60).contains(*at)).count();
            assert!(in_minute <= 240, "{in_minute} requests in the minute from second {start}");
        }
        assert!(granted.len() >= 240 * 4, "the allowance is used: {}", granted.len());
    }

    #[test]
    fn the_wait_it_names_is_long_enough() {
        let (budget, clock) = budget(2, 10);
        assert_eq!(budget.take(person(1), Urgency::Person), Ok(()));
        clock.advance(SignedDuration::from_secs(20));
        assert_eq!(budget.take(person(1), Urgency::Person), Ok(()));
        let wait = budget.take(person(1), Urgency::Person).unwrap_err();
        assert_eq!(wait, Duration::from_secs(41));
        clock.advance(SignedDuration::try_from(wait).unwrap());
        assert_eq!(budget.take(person(1), Urgency::Person), Ok(()));
    }

    #[test]
    fn one_person_does_not_use_up_anothers_allowance_but_all_share_the_projects() {
        let (budget, _) = budget(1, 2);
        assert_eq!(budget.take(person(1), Urgency::Person), Ok(()));
        assert!(budget.take(person(1), Urgency::Person).is_err());
        assert_eq!(budget.take(person(2), Urgency::Person), Ok(()));
        assert!(budget.take(person(3), Urgency::Person).is_err());
    }

    #[test]
    fn what_is_left_comes_back_after_a_minute() {
        let (budget, clock) = budget(10, 10);
        budget.take(person(1), Urgency::Person).unwrap();
        budget.take(person(2), Urgency::Person).unwrap();
        assert_eq!(budget.left(), 8);
        clock.advance(SignedDuration::from_secs(61));
        assert_eq!(budget.left(), 10);
    }

    #[test]
    fn a_person_the_vendor_limited_rests_and_the_others_go_on() {
        let (budget, clock) = budget(10, 10);
        budget.rest(person(1), Duration::from_secs(30));
        assert_eq!(budget.take(person(1), Urgency::Person), Err(Duration::from_secs(30)));
        assert_eq!(budget.take(person(2), Urgency::Person), Ok(()));
        clock.advance(SignedDuration::from_secs(30));
        assert_eq!(budget.take(person(1), Urgency::Person), Ok(()));
    }

    #[test]
    fn retries_stay_a_tenth_of_all_requests() {
        let (budget, clock) = budget(u32::MAX, u32::MAX);
        let mut retries = 0;
        for _ in 0..10_000 {
            budget.take(person(1), Urgency::Person).unwrap();
            retries += u32::from(budget.may_retry());
            clock.advance(SignedDuration::from_millis(60));
        }
        assert_eq!(retries, 1_000 + 10);
    }

    #[test]
    fn a_million_people_are_not_remembered() {
        let (budget, clock) = budget(10, u32::MAX);
        for number in 0..1_000_000 {
            let _ = budget.take(person(number), Urgency::Person);
            if number % 1_000 == 0 {
                clock.advance(SignedDuration::from_secs(1));
            }
        }
        assert!(budget.state().people.len() <= MOST_PEOPLE);
    }

    #[test]
    fn history_leaves_half_of_everything_for_today() {
        let (budget, clock) = budget(4, 100);
        for _ in 0..2 {
            assert_eq!(budget.take(person(1), Urgency::History), Ok(()));
        }
        assert!(budget.take(person(1), Urgency::History).is_err());
        clock.advance(SignedDuration::from_secs(10));
        for _ in 0..2 {
            assert_eq!(budget.take(person(1), Urgency::Person), Ok(()));
        }
        let wait = budget.take(person(1), Urgency::History).unwrap_err();
        assert_eq!(wait, Duration::from_secs(61), "until only one of the four is left");
    }

    #[test]
    fn an_hourly_limit_is_counted_over_any_hour_and_for_each_person() {
        let clock = Arc::new(StoppedClock::at("2026-11-22T10:55:00Z".parse().unwrap()));
        let budget = Budget::new(Rates::hourly(2), clock.clone());
        for _ in 0..2 {
            assert_eq!(budget.take(person(1), Urgency::Person), Ok(()));
        }
        clock.advance(SignedDuration::from_mins(10));
        let wait = budget.take(person(1), Urgency::Person).unwrap_err();
        assert_eq!(wait, Duration::from_secs(50 * 60 + 1), "the full hour changes nothing");
        assert_eq!(budget.take(person(2), Urgency::Person), Ok(()));
        clock.advance(SignedDuration::try_from(wait).unwrap());
        assert_eq!(budget.take(person(1), Urgency::Person), Ok(()));
    }

    #[test]
    fn a_clock_set_back_does_not_lock_people_out() {
        let (budget, clock) = budget(1, 10);
        assert_eq!(budget.take(person(1), Urgency::Person), Ok(()));
        clock.advance(SignedDuration::from_hours(-5));
        assert_eq!(budget.take(person(1), Urgency::Person), Ok(()));
    }
}
