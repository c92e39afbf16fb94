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
    samples, span,
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
        (None, None, None) => Vec::new(),
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

/// A value that Google computes once a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DailyType {
    RestingHeartRate,
    OxygenSaturation,
}

impl DailyType {
    fn of(metric: Metric) -> Option<Self> {
        match metric {
            Metric::RestingHeartRate => Some(Self::RestingHeartRate),
            Metric::Spo2 => Some(Self::OxygenSaturation),
            _ => None,
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::RestingHeartRate => "daily-resting-heart-rate",
            Self::OxygenSaturation => "daily-oxygen-saturation",
        }
    }

    fn filter(self) -> &'static str {
        match self {
            Self::RestingHeartRate => "daily_resting_heart_rate",
            Self::OxygenSaturation => "daily_oxygen_saturation",
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DailyPoint {
    daily_resting_heart_rate: Nested<DailyValue>,
    daily_oxygen_saturation: Nested<DailyValue>,
}

/// The value objects of both types in one: their members do not clash.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DailyValue {
    date: Nested<CivilDate>,
    beats_per_minute: Maybe<Number>,
    average_percentage: Maybe<Number>,
    lower_bound_percentage: Maybe<Number>,
    upper_bound_percentage: Maybe<Number>,
}

impl DailyValue {
    /// In base units: 0.1 beats a minute, 0.01 %.
    fn figure(&self, daily: DailyType) -> Option<Figure> {
        let base = |number: Maybe<Number>, scale| number.0?.to_base(scale);
        match daily {
            DailyType::RestingHeartRate => {
                let value = base(self.beats_per_minute, 10)?;
                Some(Figure::Daily { value, low: None, high: None })
            }
            DailyType::OxygenSaturation => Some(Figure::Daily {
                value: base(self.average_percentage, 100)?,
                low: base(self.lower_bound_percentage, 100),
                high: base(self.upper_bound_percentage, 100),
            }),
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
        };
        let value = value.ok_or_else(|| D::Error::custom("a point of another type"))?;
        let date = value.date.0.as_ref().and_then(CivilDate::date);
        let date = date.ok_or_else(|| D::Error::custom("a value without a readable date"))?;
        Ok(value.figure(self).map(|figure| (date, figure)))
    }
}
