//! The clinical statement made from samples, as FHIR R4 understands an Observation.

use jiff::{Timestamp, civil::Date, tz::Offset};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{metric::Metric, part::Measured};

/// An instant and the offset from UTC in force where the person was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Moment {
    /// The instant.
    pub at: Timestamp,
    /// Seconds east of UTC.
    pub offset_seconds: i32,
}

impl std::fmt::Display for Moment {
    /// RFC 3339 with the local offset: `2026-11-20T08:15:00+01:00`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let offset = Offset::from_seconds(self.offset_seconds).unwrap_or(Offset::UTC);
        self.at.display_with_offset(offset).fmt(f)
    }
}

/// When an Observation is true (FHIR `effective[x]`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effective {
    /// At an instant.
    Instant(Moment),
    /// Over a period; both ends are included, so a day ends at 23:59:59.
    Period(Moment, Moment),
}

impl Effective {
    /// The instant, or the start of the period.
    pub fn start(&self) -> Moment {
        match self {
            Self::Instant(moment) | Self::Period(moment, _) => *moment,
        }
    }

    /// The end of the period, if it is one.
    pub fn end(&self) -> Option<Moment> {
        match self {
            Self::Instant(_) => None,
            Self::Period(_, end) => Some(*end),
        }
    }
}

/// FHIR R4 observation status, as far as devices need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The day is not over.
    Preliminary,
    /// Complete and unchanged since.
    Final,
    /// Complete, then changed by the vendor.
    Corrected,
    /// No longer true: the vendor deleted what it was made from.
    EnteredInError,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] =
        [Self::Preliminary, Self::Final, Self::Corrected, Self::EnteredInError];

    /// The FHIR code.
    pub fn key(self) -> &'static str {
        match self {
            Self::Preliminary => "preliminary",
            Self::Final => "final",
            Self::Corrected => "corrected",
            Self::EnteredInError => "entered-in-error",
        }
    }

    /// The status with this FHIR code, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.key() == key)
    }
}

/// What `observe` says about a day, before it is compared with what was said earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Deterministic id: the same statement has the same id on every run and every server.
    pub id: Uuid,
    /// The metric.
    pub metric: Metric,
    /// The civil day it belongs to.
    pub date: Date,
    /// When it is true.
    pub effective: Effective,
    /// Its value, base units.
    pub value: i64,
    /// Minimum, where the form has one; base units.
    pub low: Option<i64>,
    /// Maximum, where the form has one; base units.
    pub high: Option<i64>,
    /// What it is made up of, where one number does not say it all.
    pub parts: Vec<Measured>,
    /// Whether the day may still change by itself.
    pub preliminary: bool,
}

/// A clinical statement with its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// What it says.
    pub says: Draft,
    /// Where it is in its life.
    pub status: Status,
    /// 1 at first, one more at every change.
    pub version: u32,
    /// When this version was made.
    pub issued: Timestamp,
}
