//! The devices that a person wears, as far as their vendor tells.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    /// Worn on the wrist.
    Tracker,
    /// Stood on.
    Scale,
    /// Something this program does not know yet.
    #[serde(other)]
    Other,
}

impl DeviceKind {
    /// Its name in the API.
    pub fn key(self) -> &'static str {
        match self {
            Self::Tracker => "tracker",
            Self::Scale => "scale",
            Self::Other => "other",
        }
    }
}

/// How full its battery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Battery {
    /// Full or nearly so.
    High,
    /// Half full.
    Medium,
    /// To be charged soon.
    Low,
    /// Nothing is recorded any more.
    Empty,
}

impl Battery {
    /// Fitbit's word for it, in both of its APIs.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "High" => Some(Self::High),
            "Medium" => Some(Self::Medium),
            "Low" => Some(Self::Low),
            "Empty" => Some(Self::Empty),
            _ => None,
        }
    }

    /// Its name in the API.
    pub fn key(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Empty => "empty",
        }
    }
}

/// A device that is paired with a person's account. Its hardware address is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// What it is.
    pub kind: DeviceKind,
    /// Its product name.
    pub name: Option<String>,
    /// How full its battery is, in words.
    pub battery: Option<Battery>,
    /// The same in percent.
    pub battery_percent: Option<u8>,
    /// When the vendor last received anything from it.
    pub last_sync_at: Option<Timestamp>,
}
