//! The daily figure: one day of one metric in a nutshell, by the vendor's reckoning or by ours.
//!
//! A sync asks for the vendor's figures first. A day whose figure is still the one it had when the
//! day was last read has nothing new; any other day is read again.

use serde::{Deserialize, Serialize};

use crate::{
    metric::{Forming, Metric},
    part::{Measured, Part},
    sample::{Sample, Statistics},
};

/// One day of one metric in a nutshell. Values are base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Figure {
    /// The sum of the day.
    Total {
        /// Base units.
        value: i64,
    },
    /// The spread of the day's samples.
    Spread {
        /// Mean in millionths of a base unit, so that one beat among 40,000 samples moves it.
        // Rows from before were written in thousandths: read as millionths they differ from what
        // the vendor says, so their days are read again.
        #[serde(alias = "mean_milli")]
        mean_micro: i64,
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// The minutes of the day by how active they were, base units.
    Levels {
        /// Light activity.
        light: i64,
        /// Moderate activity.
        moderate: i64,
        /// Vigorous activity.
        vigorous: i64,
    },
    /// A value that the vendor computes once a day.
    Daily {
        /// The value.
        value: i64,
        /// Lower bound, where the vendor gives one.
        low: Option<i64>,
        /// Upper bound, where the vendor gives one.
        high: Option<i64>,
    },
    /// The sum of the day from a vendor that does not give what it is summed up from.
    Stated {
        /// The sum.
        value: i64,
        /// What it is made up of, where the vendor says.
        parts: Vec<Measured>,
    },
    /// Single readings, told apart by their content.
    Readings {
        /// How many.
        count: u32,
        /// Sum of the values.
        sum: i64,
        /// Fingerprint of times and values (see [`fingerprint`]).
        fingerprint: u64,
    },
    /// What the vendor says of the day in terms that only compare with themselves (minutes in
    /// heart-rate zones, say): it tells that there is something, and that it changed.
    Mark {
        /// Fingerprint of what was said.
        fingerprint: u64,
    },
}

impl Figure {
    /// The figure our samples give, in the same form as the vendor's; none without samples, or for
    /// metrics whose figure cannot be recomputed from samples.
    pub fn of(metric: Metric, samples: &[Sample]) -> Option<Self> {
        let facts = metric.facts();
        let amounts = samples.iter().filter_map(|sample| metric.amount(sample));
        let statistics = Statistics::of_values(amounts)?;
        match facts.forming {
            Forming::DailyTotal if facts.parted => Some(Self::levels(samples)),
            Forming::DailyTotal => Some(Self::Total { value: statistics.sum }),
            Forming::HourlyMean => Some(Self::Spread {
                mean_micro: rounded_mean(statistics.sum.saturating_mul(MICRO), statistics.count),
                min: statistics.min,
                max: statistics.max,
            }),
            Forming::EverySample | Forming::Sessions => Some(Self::Readings {
                count: statistics.count,
                sum: statistics.sum,
                fingerprint: fingerprint(samples),
            }),
            Forming::DailyValue => None,
        }
    }

    fn levels(samples: &[Sample]) -> Self {
        let parts = Metric::ActiveMinutes.parts_of(samples);
        let of = |wanted| parts.iter().find(|(part, _)| *part == wanted).map_or(0, |(_, sum)| *sum);
        Self::Levels {
            light: of(Part::LightActivity),
            moderate: of(Part::ModerateActivity),
            vigorous: of(Part::VigorousActivity),
        }
    }

    /// Whether there are samples behind it: then a day without any lacks them.
    pub fn has_samples(&self) -> bool {
        !matches!(self, Self::Stated { .. })
    }

    /// Whether `ours` says the same as the vendor's figure, but for rounding over `count` samples.
    pub fn agrees(&self, metric: Metric, ours: &Self, count: usize) -> bool {
        match (self, ours) {
            (Self::Total { value: theirs }, Self::Total { value: ours }) => {
                let slack = i64::try_from(count).unwrap_or(i64::MAX);
                theirs.abs_diff(*ours)
                    <= slack.saturating_mul(metric.facts().rounding).unsigned_abs()
            }
            (
                Self::Spread { mean_micro: theirs, min, max },
                Self::Spread { mean_micro: ours, min: our_min, max: our_max },
            ) => (min, max) == (our_min, our_max) && theirs.abs_diff(*ours) <= MEAN_SLACK,
            // That there are samples is all it can say about them; or that there are none.
            (Self::Mark { .. } | Self::Stated { .. }, _) => true,
            (theirs, ours) => theirs == ours,
        }
    }
}

/// Millionths.
const MICRO: i64 = 1_000_000;
/// Vendors print a day's mean with two decimals at the least: 0.01 beats a minute is 0.1 base
/// units, 100,000 millionths.
const MEAN_SLACK: u64 = 100_000;

/// `sum / count`, rounded half away from zero.
pub fn rounded_mean(sum: i64, count: u32) -> i64 {
    let count = i64::from(count.max(1));
    let half = if sum < 0 { -(count / 2) } else { count / 2 };
    sum.saturating_add(half) / count
}

/// A stable 64-bit fingerprint of times, offsets, values and lengths (FNV-1a), in whichever order they
/// come. The length of an instant is left out, as it was when there was nothing else.
/// It tells an edited reading from an untouched one; it is no defence against forgery.
pub fn fingerprint(samples: &[Sample]) -> u64 {
    let mut words: Vec<_> = samples
        .iter()
        .map(|sample| {
            let (at, offset) = (sample.at.as_microsecond(), i64::from(sample.offset_seconds));
            ([at, offset, sample.value], (sample.seconds > 0).then_some(i64::from(sample.seconds)))
        })
        .collect();
    words.sort_unstable();
    mark(words.into_iter().flat_map(|(words, length)| words.into_iter().chain(length)))
}

/// The same fingerprint of any words, in the order in which they come.
pub fn mark(words: impl IntoIterator<Item = i64>) -> u64 {
    words.into_iter().flat_map(i64::to_le_bytes).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
