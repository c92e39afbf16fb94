//! What we know about a day: the answer to "do you have everything?", per person, metric and date.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{figure::Figure, metric::Metric};

/// How complete a day is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageState {
    /// Read after it ended; our figure equals the vendor's.
    Complete,
    /// Read, but the day is not over.
    Partial,
    /// The vendor has nothing for this day: device not worn, not synced or not able to measure.
    NotWorn,
    /// The person did not grant the scope it needs.
    NotPermitted,
    /// Not read yet.
    Pending,
    /// The last attempt to read it failed; what we hold may be old.
    VendorError,
    /// Read completely, yet the vendor's daily figure is not what its own samples give.
    Differs,
}

impl CoverageState {
    /// Every state, for documents and checks.
    pub const ALL: [Self; 7] = [
        Self::Complete,
        Self::Partial,
        Self::NotWorn,
        Self::NotPermitted,
        Self::Pending,
        Self::VendorError,
        Self::Differs,
    ];

    /// The state's name in the API and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::NotWorn => "not_worn",
            Self::NotPermitted => "not_permitted",
            Self::Pending => "pending",
            Self::VendorError => "vendor_error",
            Self::Differs => "differs",
        }
    }

    /// The state called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// Why a day is in its state, as a stable code: never a vendor's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The day is not over where the person is.
    DayNotOver,
    /// The scope was not ticked at the consent page, or was taken away.
    ScopeMissing,
    /// The vendor limited our requests.
    RateLimited,
    /// The vendor could not be reached, or failed.
    VendorUnavailable,
    /// The vendor answered something that could not be read.
    VendorUnreadable,
    /// The vendor refused the request.
    VendorRefused,
    /// The person must connect again.
    ReconnectNeeded,
    /// The vendor's figure is not the sum of its samples.
    FigureMismatch,
}

impl Reason {
    /// Every reason, for documents and checks.
    pub const ALL: [Self; 8] = [
        Self::DayNotOver,
        Self::ScopeMissing,
        Self::RateLimited,
        Self::VendorUnavailable,
        Self::VendorUnreadable,
        Self::VendorRefused,
        Self::ReconnectNeeded,
        Self::FigureMismatch,
    ];

    /// The reason's name in the API and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::DayNotOver => "day_not_over",
            Self::ScopeMissing => "scope_missing",
            Self::RateLimited => "rate_limited",
            Self::VendorUnavailable => "vendor_unavailable",
            Self::VendorUnreadable => "vendor_unreadable",
            Self::VendorRefused => "vendor_refused",
            Self::ReconnectNeeded => "reconnect_needed",
            Self::FigureMismatch => "figure_mismatch",
        }
    }

    /// The reason called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.key() == key)
    }
}

/// What we know about one day of one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The metric.
    pub metric: Metric,
    /// The civil day.
    pub date: Date,
    /// How complete it is.
    pub state: CoverageState,
    /// Why, where that is not obvious.
    pub reason: Option<Reason>,
    /// How many samples we hold.
    pub samples: u32,
    /// How many of them lie outside the plausible range (kept, not observed).
    pub implausible: u32,
    /// The day by our reckoning.
    pub ours: Option<Figure>,
    /// The day by the vendor's reckoning when it was last read.
    pub vendor: Option<Figure>,
    /// When it was last read completely.
    pub read_at: Option<Timestamp>,
    /// Whether the day was over when it was last read.
    pub read_closed: bool,
}

impl Coverage {
    /// A day that was never read.
    pub fn unread(metric: Metric, date: Date, state: CoverageState, reason: Reason) -> Self {
        Self {
            metric,
            date,
            state,
            reason: Some(reason),
            samples: 0,
            implausible: 0,
            ours: None,
            vendor: None,
            read_at: None,
            read_closed: false,
        }
    }
}
