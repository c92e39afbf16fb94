//! The tracker on the person's wrist, as either API shows it.

use jiff::Timestamp;

use crate::dice::Dice;
use crate::person::Person;
use crate::world::World;

/// A paired device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tracker {
    pub(crate) id: u64,
    /// Percent.
    pub(crate) battery: i64,
    pub(crate) synced: Timestamp,
}

impl Tracker {
    /// Trackers sync about every quarter of an hour.
    pub(crate) fn of(world: &World, person: &Person) -> Self {
        let now = world.clock().now();
        let synced = now.as_second().div_euclid(900) * 900;
        Self {
            id: Self::id(person),
            battery: 30 + (now.as_second() / 3600).rem_euclid(70),
            synced: Timestamp::from_second(synced).unwrap_or(now),
        }
    }

    /// Follows from who the person is.
    pub(crate) fn id(person: &Person) -> u64 {
        let user = person.summary.health_user_id.parse().unwrap_or(0);
        Dice::new(&[user, 0xDE71]).roll() % 9_000_000_000 + 1_000_000_000
    }

    pub(crate) fn battery_word(&self) -> &'static str {
        if self.battery > 60 { "High" } else { "Medium" }
    }
}
