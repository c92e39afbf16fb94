//! The vendor's own daily figures: what a sync compares before it fetches anything.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};
use phr_model::{DateRange, Figure, Metric, Offsets};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{
    api::Api,
    data_type::PointType,
    json::{Maybe, Nested, Number},
    page::ItemReader,
    roll_up::RollUpType,
    samples,
    sessions::{self, SessionType},
    span,
    times::CivilDate,
    walk::Walk,
};
use crate::{error::VendorError, vendor::Access};

/// The figures of `days`; a day without data is missing.
pub(super) async fn figures(
    api: &Api,
    access: &Access,
    metric: Metric,
    days: DateRange,
) -> Result<BTreeMap<Date, Figure>, VendorError> {
    let figures = match (RollUpType::of(metric), DailyType::of(metric), PointType::of(metric)) {
        (Some(roll_up), _, _) => rolled_up(api, access, roll_up, days).await?,
        (_, Some(daily), _) => daily_values(api, access, daily, days).await?,
        (_, _, Some(points)) => from_points(api, access, metric, points, days).await?,
        (None, None, None) => from_sessions(api, access, metric, days).await?,
    };
    Ok(figures.into_iter().filter(|(date, _)| days.contains(*date)).collect())
}

async fn rolled_up(
    api: &Api,
    access: &Access,
    roll_up: &'static RollUpType,
    days: DateRange,
) -> Result<Vec<(Date, Figure)>, VendorError> {
    let mut figures = Vec::new();
    for days in days.chunks(roll_up.most_days) {
        figures.extend(roll_up.daily(api, access, days).await?);
    }
    Ok(figures)
}

async fn daily_values(
    api: &Api,
    access: &Access,
    daily: DailyType,
    days: DateRange,
) -> Result<Vec<(Date, Figure)>, VendorError> {
    let filter = span::dates(daily.filter(), days.first, days.end());
    Walk { api, access, data_type: daily.id() }.dailies(&filter, daily).await
}

/// Weigh-ins are so few that reading them all is the cheapest figure. A weigh-in without offset and
/// civil time, which Google has never been seen to give, is dated in UTC.
async fn from_points(
    api: &Api,
    access: &Access,
    metric: Metric,
    points: &'static PointType,
    days: DateRange,
) -> Result<Vec<(Date, Figure)>, VendorError> {
    let offsets = Offsets::new(TimeZone::UTC, []);
    let days = samples::read_points(api, access, points, days, &offsets).await?;
    let figures =
        days.into_iter().filter_map(|day| Some((day.date, Figure::of(metric, &day.samples)?)));
    Ok(figures.collect())
}

/// Nights and workouts are as few. One without offsets, which Google has never been seen to give, is
/// dated in UTC.
async fn from_sessions(
    api: &Api,
    access: &Access,
    metric: Metric,
    days: DateRange,
) -> Result<Vec<(Date, Figure)>, VendorError> {
    let Some(sessions) = SessionType::of(metric) else { return Ok(Vec::new()) };
    let offsets = Offsets::new(TimeZone::UTC, []);
    let days = sessions::read_sessions(api, access, sessions, days, &offsets).await?;
    let figures =
        days.into_iter().filter_map(|day| Some((day.date, Figure::of(metric, &day.samples)?)));
    Ok(figures.collect())
}

/// A value that Google computes once a day (page "Data types").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DailyType {
    RestingHeartRate,
    OxygenSaturation,
    HeartRateVariability,
    RespiratoryRate,
    SleepTemperature,
    Vo2Max,
}

impl DailyType {
    pub(super) fn of(metric: Metric) -> Option<Self> {
        match metric {
            Metric::RestingHeartRate => Some(Self::RestingHeartRate),
            Metric::Spo2 => Some(Self::OxygenSaturation),
            Metric::Hrv => Some(Self::HeartRateVariability),
            Metric::RespiratoryRate => Some(Self::RespiratoryRate),
            Metric::SkinTemperatureVariation => Some(Self::SleepTemperature),
            Metric::Vo2max => Some(Self::Vo2Max),
            _ => None,
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::RestingHeartRate => "daily-resting-heart-rate",
            Self::OxygenSaturation => "daily-oxygen-saturation",
            Self::HeartRateVariability => "daily-heart-rate-variability",
            Self::RespiratoryRate => "daily-respiratory-rate",
            Self::SleepTemperature => "daily-sleep-temperature-derivations",
            Self::Vo2Max => "daily-vo2-max",
        }
    }

    fn filter(self) -> &'static str {
        match self {
            Self::RestingHeartRate => "daily_resting_heart_rate",
            Self::OxygenSaturation => "daily_oxygen_saturation",
            Self::HeartRateVariability => "daily_heart_rate_variability",
            Self::RespiratoryRate => "daily_respiratory_rate",
            Self::SleepTemperature => "daily_sleep_temperature_derivations",
            Self::Vo2Max => "daily_vo2_max",
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "they are Google's")]
struct DailyPoint {
    daily_resting_heart_rate: Nested<DailyValue>,
    daily_oxygen_saturation: Nested<DailyValue>,
    daily_heart_rate_variability: Nested<DailyValue>,
    daily_respiratory_rate: Nested<DailyValue>,
    daily_sleep_temperature_derivations: Nested<DailyValue>,
    daily_vo2_max: Nested<DailyValue>,
}

/// The value objects of all types in one: their members do not clash.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DailyValue {
    date: Nested<CivilDate>,
    beats_per_minute: Maybe<Number>,
    average_percentage: Maybe<Number>,
    lower_bound_percentage: Maybe<Number>,
    upper_bound_percentage: Maybe<Number>,
    average_heart_rate_variability_milliseconds: Maybe<Number>,
    breaths_per_minute: Maybe<Number>,
    nightly_temperature_celsius: Maybe<Number>,
    baseline_temperature_celsius: Maybe<Number>,
    vo2_max: Maybe<Number>,
}

impl DailyValue {
    /// In base units of the catalogue.
    fn figure(&self, daily: DailyType) -> Option<Figure> {
        let base = |number: Maybe<Number>, scale| number.0?.to_base(scale);
        let single = |value| Figure::Daily { value, low: None, high: None };
        match daily {
            DailyType::RestingHeartRate => base(self.beats_per_minute, 10).map(single),
            DailyType::OxygenSaturation => Some(Figure::Daily {
                value: base(self.average_percentage, 100)?,
                low: base(self.lower_bound_percentage, 100),
                high: base(self.upper_bound_percentage, 100),
            }),
            DailyType::HeartRateVariability => {
                base(self.average_heart_rate_variability_milliseconds, 1_000).map(single)
            }
            DailyType::RespiratoryRate => base(self.breaths_per_minute, 100).map(single),
            // Until there are nights enough to compare with, the baseline is `"NaN"`: no variation.
            DailyType::SleepTemperature => {
                let nightly = base(self.nightly_temperature_celsius, 1_000)?;
                let usual = base(self.baseline_temperature_celsius, 1_000)?;
                Some(single(nightly.checked_sub(usual)?))
            }
            DailyType::Vo2Max => base(self.vo2_max, 100).map(single),
        }
    }
}

impl ItemReader for DailyType {
    type Item = (Date, Figure);

    fn read<'de, D: Deserializer<'de>>(self, json: D) -> Result<Option<Self::Item>, D::Error> {
        let point = DailyPoint::deserialize(json)?;
        let value = match self {
            Self::RestingHeartRate => point.daily_resting_heart_rate.0,
            Self::OxygenSaturation => point.daily_oxygen_saturation.0,
            Self::HeartRateVariability => point.daily_heart_rate_variability.0,
            Self::RespiratoryRate => point.daily_respiratory_rate.0,
            Self::SleepTemperature => point.daily_sleep_temperature_derivations.0,
            Self::Vo2Max => point.daily_vo2_max.0,
        };
        let value = value.ok_or_else(|| D::Error::custom("a point of another type"))?;
        let date = value.date.0.as_ref().and_then(CivilDate::date);
        let date = date.ok_or_else(|| D::Error::custom("a value without a readable date"))?;
        Ok(value.figure(self).map(|figure| (date, figure)))
    }
}
