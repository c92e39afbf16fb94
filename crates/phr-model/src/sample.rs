//! What a device recorded.

use jiff::{Timestamp, civil::Date, tz::Offset};
use serde::{Deserialize, Serialize};

/// One recorded value: at an instant, or over an interval of `seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// When it was recorded, or when its interval began.
    pub at: Timestamp,
    /// Length of the interval; 0 for an instant.
    pub seconds: u32,
    /// Offset from UTC in force where the person was, in seconds.
    pub offset_seconds: i32,
    /// The value in the metric's base unit.
    pub value: i64,
}

impl Sample {
    /// The offset from UTC where the person was; UTC if a vendor sent one outside +-25:59:59.
    pub fn offset(&self) -> Offset {
        Offset::from_seconds(self.offset_seconds).unwrap_or(Offset::UTC)
    }

    /// The civil day the sample belongs to: the date on the person's watch when it began.
    pub fn date(&self) -> Date {
        self.offset().to_datetime(self.at).date()
    }
}

/// Figures kept beside a day's samples so that most questions need not open the blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// How many samples.
    pub count: u32,
    /// Smallest value, base units.
    pub min: i64,
    /// Largest value, base units.
    pub max: i64,
    /// Sum of the values, base units.
    pub sum: i64,
}

impl Statistics {
    /// The statistics of `samples`; none if there are none.
    pub fn of(samples: &[Sample]) -> Option<Self> {
        Self::of_values(samples.iter().map(|sample| sample.value))
    }

    /// The statistics of `values`; none if there are none.
    pub fn of_values(values: impl IntoIterator<Item = i64>) -> Option<Self> {
        let mut values = values.into_iter();
        let first = values.next()?;
        let start = Self { count: 1, min: first, max: first, sum: first };
        Some(values.fold(start, |so_far, value| Self {
            count: so_far.count.saturating_add(1),
            min: so_far.min.min(value),
            max: so_far.max.max(value),
            sum: so_far.sum.saturating_add(value),
        }))
    }
}
