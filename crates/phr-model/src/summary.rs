//! Buckets of local time: what a chart shows. Gaps stay gaps.

use std::collections::BTreeMap;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime},
};
use serde::{Deserialize, Serialize};

use crate::{
    metric::Metric,
    observation::{Observation, Status},
    sample::Sample,
};

/// How wide a bucket is, in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// A local hour.
    Hour,
    /// A civil day.
    Day,
    /// A week that begins on Monday (ISO 8601).
    Week,
    /// A calendar month.
    Month,
}

impl Bucket {
    /// The bucket called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        match key {
            "hour" => Some(Self::Hour),
            "day" => Some(Self::Day),
            "week" => Some(Self::Week),
            "month" => Some(Self::Month),
            _ => None,
        }
    }

    /// The first day of the bucket that `date` falls into.
    pub fn first_day(self, date: Date) -> Date {
        match self {
            Self::Hour | Self::Day => date,
            Self::Week => {
                let since_monday = date.weekday().to_monday_zero_offset();
                date.checked_sub(i64::from(since_monday).days()).unwrap_or(date)
            }
            Self::Month => date.first_of_month(),
        }
    }
}

/// One bucket, values in base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Local start of the bucket.
    pub start: DateTime,
    /// How many values went in.
    pub count: u32,
    /// Smallest.
    pub min: i64,
    /// Largest.
    pub max: i64,
    /// Sum.
    pub sum: i64,
}

impl Summary {
    /// The bucket's one number: the sum of what adds up, the mean of what does not.
    #[expect(clippy::cast_precision_loss, reason = "sums of plausible values are far below 2^53")]
    pub fn value(&self, metric: Metric) -> f64 {
        let scale = metric.facts().scale as f64;
        if metric.adds_up() {
            return self.sum as f64 / scale;
        }
        self.sum as f64 / f64::from(self.count.max(1)) / scale
    }
}

/// Local hours from samples. The hour that autumn repeats is one bucket of local time.
pub fn hours(metric: Metric, samples: &[Sample]) -> Vec<Summary> {
    let value = |sample: &Sample| {
        let amount = metric.amount(sample).filter(|amount| metric.is_plausible(*amount))?;
        Some((hour_of(sample.at, sample.offset_seconds), amount))
    };
    gather(samples.iter().filter_map(value))
}

/// Days, weeks or months from Observations, which already carry the vendor's daily figures. What was
/// withdrawn does not count.
pub fn days<'a>(
    bucket: Bucket,
    observations: impl IntoIterator<Item = &'a Observation>,
) -> Vec<Summary> {
    let standing =
        observations.into_iter().filter(|observation| observation.status != Status::EnteredInError);
    let values = standing.map(|observation| {
        let says = &observation.says;
        let start = bucket.first_day(says.date).at(0, 0, 0, 0);
        (start, says.value, says.low.unwrap_or(says.value), says.high.unwrap_or(says.value))
    });
    let mut buckets: BTreeMap<DateTime, Summary> = BTreeMap::new();
    for (start, value, low, high) in values {
        add(&mut buckets, start, value, low, high);
    }
    buckets.into_values().collect()
}

fn gather(values: impl Iterator<Item = (DateTime, i64)>) -> Vec<Summary> {
    let mut buckets = BTreeMap::new();
    for (start, value) in values {
        add(&mut buckets, start, value, value, value);
    }
    buckets.into_values().collect()
}

fn add(
    buckets: &mut BTreeMap<DateTime, Summary>,
    start: DateTime,
    value: i64,
    low: i64,
    high: i64,
) {
    let bucket =
        buckets.entry(start).or_insert(Summary { start, count: 0, min: low, max: high, sum: 0 });
    bucket.count = bucket.count.saturating_add(1);
    bucket.min = bucket.min.min(low);
    bucket.max = bucket.max.max(high);
    bucket.sum = bucket.sum.saturating_add(value);
}

fn hour_of(at: Timestamp, offset_seconds: i32) -> DateTime {
    let shifted = at.checked_add(SignedDuration::from_secs(i64::from(offset_seconds)));
    let local = jiff::tz::Offset::UTC.to_datetime(shifted.unwrap_or(at));
    local.date().at(local.hour(), 0, 0, 0)
}
