//! What is known about a person's devices: asked for by the way, a few times a day, because how full
//! a battery is changes no reading.

use jiff::{SignedDuration, Timestamp};
use phr_store::connection::Connection;
use phr_vendors::Device;
use serde::{Deserialize, Serialize};

/// How old the answer may be before a run asks again.
const FRESH: SignedDuration = SignedDuration::from_hours(3);

/// What the vendor said about a person's devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownDevices {
    /// When it said so.
    pub asked_at: Timestamp,
    /// The devices; none also without the permission to know.
    pub devices: Vec<Device>,
}

impl KnownDevices {
    /// As they are kept with the connection.
    pub fn of(connection: &Connection) -> Option<Self> {
        serde_json::from_str(connection.devices.as_deref()?).ok()
    }

    /// Whether a run should ask (again).
    pub(crate) fn are_due(connection: &Connection, now: Timestamp) -> bool {
        Self::of(connection).is_none_or(|known| now.duration_since(known.asked_at) >= FRESH)
    }

    /// The device that the vendor heard of last.
    pub fn newest(&self) -> Option<&Device> {
        self.devices.iter().max_by_key(|device| device.last_sync_at)
    }
}
