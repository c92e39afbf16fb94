//! The emulated time: it follows the real clock at a distance, or stands still.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// The clock of a sandbox. Clones share one time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Mutex<Mode>>);

#[derive(Debug, Clone, Copy)]
enum Mode {
    /// Real time plus a distance.
    Following(SignedDuration),
    Standing(Timestamp),
}

impl Clock {
    /// A clock that follows the real one.
    pub fn following() -> Self {
        Self(Arc::new(Mutex::new(Mode::Following(SignedDuration::ZERO))))
    }

    /// A clock that stands still at `now`.
    pub fn standing(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Mode::Standing(now))))
    }

    /// The emulated now.
    pub fn now(&self) -> Timestamp {
        match *self.mode() {
            Mode::Standing(now) => now,
            Mode::Following(distance) => shifted(real_now(), distance),
        }
    }

    /// Stands still at `now` from here on.
    pub fn set(&self, now: Timestamp) {
        *self.mode() = Mode::Standing(now);
    }

    /// Moves by `by` (backwards when negative); whether it stands or follows stays as it is.
    pub fn advance(&self, by: SignedDuration) {
        let mut mode = self.mode();
        *mode = match *mode {
            Mode::Standing(now) => Mode::Standing(shifted(now, by)),
            Mode::Following(distance) => Mode::Following(distance.saturating_add(by)),
        };
    }

    /// Follows the real clock from here on.
    pub fn follow(&self) {
        *self.mode() = Mode::Following(SignedDuration::ZERO);
    }

    /// Whether the clock moves by itself.
    pub fn is_following(&self) -> bool {
        matches!(*self.mode(), Mode::Following(_))
    }

    fn mode(&self) -> MutexGuard<'_, Mode> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Saturating, so that an absurd request to the admin API cannot panic.
fn shifted(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.saturating_add(by).unwrap_or(from)
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the real time")]
fn real_now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_standing_clock_moves_only_when_told() {
        let clock = Clock::standing(at("2026-11-22T08:00:00Z"));
        let shared = clock.clone();
        shared.advance(SignedDuration::from_hours(2));
        assert_eq!(clock.now(), at("2026-11-22T10:00:00Z"));
    }

    #[test]
    fn an_absurd_step_leaves_the_clock_at_the_end_of_time() {
        let clock = Clock::standing(at("2026-11-22T08:00:00Z"));
        clock.advance(SignedDuration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }

    #[test]
    fn setting_a_following_clock_makes_it_stand() {
        let clock = Clock::following();
        clock.set(at("2026-01-01T00:00:00Z"));
        assert!(!clock.is_following());
        clock.follow();
        assert!(clock.is_following());
    }
}
