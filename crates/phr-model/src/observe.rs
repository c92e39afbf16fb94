//! From a day's samples to clinical statements. Pure: the same day always says the same.

mod session;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date};
use uuid::Uuid;

use crate::{
    figure::{Figure, rounded_mean},
    form::Form,
    identity::{NAMESPACE, PersonId},
    metric::{Forming, Kind, Metric},
    observation::{Draft, Effective, Moment},
    part::Part,
    sample::{Sample, Statistics},
    time::Offsets,
};

/// What heart-rate samples become (`OBSERVATIONS_HEART_RATE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeartRateForm {
    /// The mean of each local hour with minimum and maximum: 24 a day.
    #[default]
    Hourly,
    /// Every sample: up to 37,000 a day.
    Sample,
}

/// One day of one metric, as read from the vendor.
#[derive(Debug, Clone, Copy)]
pub struct Day<'a> {
    /// Whose day.
    pub person: PersonId,
    /// Which vendor recorded it.
    pub vendor: &'a str,
    /// What.
    pub metric: Metric,
    /// Which civil day.
    pub date: Date,
    /// All samples of the day, in order of time.
    pub samples: &'a [Sample],
    /// The vendor's own figure of the day.
    pub figure: Option<&'a Figure>,
    /// The offsets in force around the day.
    pub offsets: &'a Offsets,
    /// Whether the day is over where the person is.
    pub closed: bool,
}

/// The statements that are kept about `day`, in order of time.
pub fn observe(day: &Day<'_>, heart_rate: HeartRateForm) -> Vec<Draft> {
    observe_as(day, Form::kept(day.metric, heart_rate))
}

/// The statements about `day` in `form`, in order of time; none if the metric has no such form.
pub fn observe_as(day: &Day<'_>, form: Form) -> Vec<Draft> {
    if !Form::of_metric(day.metric).contains(&form) {
        return Vec::new();
    }
    match (form, day.metric.facts().forming) {
        (Form::Session, _) => session::every_session(day),
        (Form::Sample, _) => every_sample(day),
        (Form::Minute, _) => periods(day, MINUTE),
        (Form::Hourly, _) => periods(day, HOUR),
        (Form::Daily, Forming::DailyTotal) => daily_total(day).into_iter().collect(),
        (Form::Daily, Forming::DailyValue) => daily_value(day).into_iter().collect(),
        (Form::Daily, Forming::HourlyMean | Forming::EverySample | Forming::Sessions) => {
            daily_mean(day).into_iter().collect()
        }
    }
}

fn plausible<'a>(day: &Day<'a>) -> impl Iterator<Item = &'a Sample> + use<'a> {
    let metric = day.metric;
    day.samples.iter().filter(move |sample| metric.trusts(sample))
}

/// One statement a sample. Samples that share a second get a running number, so that two scales
/// stepped on at once stay two weigh-ins, in whichever order the vendor lists them.
fn every_sample(day: &Day<'_>) -> Vec<Draft> {
    let mut samples: Vec<_> = plausible(day).collect();
    samples.sort_unstable();
    let twins = samples.chunk_by(|a, b| a.at.as_second() == b.at.as_second());
    twins
        .flat_map(|twins| {
            twins.iter().enumerate().map(|(n, sample)| {
                let slot = numbered(sample, n);
                let effective = Effective::Instant(moment(sample));
                draft(day, "sample", &slot, effective, sample.value, None)
            })
        })
        .collect()
}

/// A stretch of local time within the day: what ids call it, and its length in seconds.
type Stretch = (&'static str, i64);
const MINUTE: Stretch = ("minute", 60);
const HOUR: Stretch = ("hour", 3_600);

/// One statement a local hour or minute. They are keyed by the instant they began, so the hour that
/// the clocks repeat in autumn is two hours.
fn periods(day: &Day<'_>, (name, length): Stretch) -> Vec<Draft> {
    let mut periods: BTreeMap<Timestamp, Vec<Sample>> = BTreeMap::new();
    for sample in plausible(day) {
        periods.entry(start_of(sample, length)).or_default().push(*sample);
    }
    periods
        .into_iter()
        .filter_map(|(start, samples)| {
            let end = start.checked_add(SignedDuration::from_secs(length - 1)).ok()?;
            let offset_seconds = samples.iter().min()?.offset_seconds;
            let ends = [start, end].map(|at| Moment { at, offset_seconds });
            let (value, bounds) = together(day.metric, &samples)?;
            let slot = start.as_second().to_string();
            let effective = Effective::Period(ends[0], ends[1]);
            let parts = day.metric.parts_of(&samples);
            Some(Draft { parts, ..draft(day, name, &slot, effective, value, bounds) })
        })
        .collect()
}

/// What samples amount to: the sum of what adds up, else the mean with minimum and maximum.
fn together(metric: Metric, samples: &[Sample]) -> Option<(i64, Option<(i64, i64)>)> {
    let amounts = samples.iter().filter_map(|sample| metric.amount(sample));
    let statistics = Statistics::of_values(amounts)?;
    if metric.facts().kind == Kind::Interval {
        return Some((statistics.sum, None));
    }
    let mean = rounded_mean(statistics.sum, statistics.count);
    Some((mean, Some((statistics.min, statistics.max))))
}

/// The mean of all samples of the day with minimum and maximum.
fn daily_mean(day: &Day<'_>) -> Option<Draft> {
    let samples: Vec<_> = plausible(day).copied().collect();
    let (mean, bounds) = together(day.metric, &samples)?;
    Some(draft(day, "day", WHOLE, whole_day(day), mean, bounds))
}

/// The vendor's own daily figure where there is one, else the sum of the samples. Nothing without
/// either: a day that was not worn is not a day of zero steps. No sum of what adds up is negative.
fn daily_total(day: &Day<'_>) -> Option<Draft> {
    let (sum, parts) = match day.figure {
        Some(Figure::Total { value }) => (*value, Vec::new()),
        Some(Figure::Stated { value, parts }) => (*value, parts.clone()),
        Some(Figure::Levels { light, moderate, vigorous }) => {
            let levels = [
                (Part::LightActivity, *light),
                (Part::ModerateActivity, *moderate),
                (Part::VigorousActivity, *vigorous),
            ];
            (levels.iter().map(|(_, amount)| amount).sum(), levels.to_vec())
        }
        _ => {
            let samples: Vec<_> = plausible(day).copied().collect();
            (together(day.metric, &samples)?.0, day.metric.parts_of(&samples))
        }
    };
    let draft = || draft(day, "day", WHOLE, whole_day(day), sum, None);
    (sum >= 0).then(|| Draft { parts, ..draft() })
}

fn daily_value(day: &Day<'_>) -> Option<Draft> {
    let Some(Figure::Daily { value, low, high }) = day.figure else { return None };
    let plausible = |value: &i64| day.metric.is_plausible(*value);
    let value = Some(*value).filter(plausible)?;
    let mut draft = draft(day, "day", WHOLE, whole_day(day), value, None);
    (draft.low, draft.high) = (low.filter(plausible), high.filter(plausible));
    Some(draft)
}

/// The slot of the `n`th statement that begins in a second. Of one reading one upstream tells the fraction of
/// its second and another does not, and it must stay one statement.
fn numbered(sample: &Sample, n: usize) -> String {
    format!("{}000000#{n}", sample.at.as_second())
}

/// The slot of a statement about the day as a whole.
const WHOLE: &str = "whole";

fn draft(
    day: &Day<'_>,
    granularity: &str,
    slot: &str,
    effective: Effective,
    value: i64,
    bounds: Option<(i64, i64)>,
) -> Draft {
    Draft {
        id: observation_id(day, granularity, slot),
        metric: day.metric,
        date: day.date,
        effective,
        value,
        low: bounds.map(|(low, _)| low),
        high: bounds.map(|(_, high)| high),
        parts: Vec::new(),
        // A weigh-in is final at once; what is summed or averaged may grow until the day is over.
        preliminary: !day.closed && granularity != "sample",
    }
}

/// UUID version 5 of a key that holds no measured value, so that a correction keeps the id. The date
/// is part of it: where a journey makes the clock jump over midnight, two days share an hour, and a
/// reading that the vendor moves to another day leaves a withdrawn Observation behind.
fn observation_id(day: &Day<'_>, granularity: &str, slot: &str) -> Uuid {
    let key = format!(
        "v1|observation|{}|{}|{}|{granularity}|{}|{slot}",
        day.person,
        day.vendor,
        day.metric.key(),
        day.date
    );
    Uuid::new_v5(&NAMESPACE, key.as_bytes())
}

fn moment(sample: &Sample) -> Moment {
    Moment { at: sample.at, offset_seconds: sample.offset_seconds }
}

/// When the sample's local stretch of `length` seconds began.
fn start_of(sample: &Sample, length: i64) -> Timestamp {
    let local = sample.at.as_second() + i64::from(sample.offset_seconds);
    let start = local - local.rem_euclid(length) - i64::from(sample.offset_seconds);
    Timestamp::from_second(start).unwrap_or(sample.at)
}

/// The local day as a period with both ends included.
fn whole_day(day: &Day<'_>) -> Effective {
    let (start, next) = day.offsets.bounds(day.date);
    let at = next.at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(next.at);
    let offset_seconds = day.offsets.at(at).seconds();
    Effective::Period(start, Moment { at, offset_seconds })
}
