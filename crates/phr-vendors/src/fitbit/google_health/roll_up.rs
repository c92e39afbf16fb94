//! Google's own sums: of civil days (`dailyRollUp`, page "Aggregate data") and of physical hours
//! (`rollUp`). Both merge the sources first, so a walk that phone and watch recorded counts once.
//!
//! Never a `pageSize`: it is subject to odd floors and ceilings, and without one the whole range
//! arrives at once. A window without data is missing; a window without a sum is a true zero.

use jiff::{Timestamp, civil::Date};
use phr_model::{DateRange, Figure, Metric};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, json};

use super::{
    api::{Api, Ask, Call},
    json::{Listed, Maybe, Nested, Number, ParseError},
    levels::{Level, minutes},
    page::{ItemReader, Page, parse},
    times::CivilDateTime,
};
use crate::{error::VendorError, vendor::Access};

/// Tokens have never been seen in roll-ups; one that leads on and on is an error.
const MOST_PAGES: usize = 20;

/// A data type that can be rolled up.
#[derive(Debug)]
pub(super) struct RollUpType {
    /// In paths.
    id: &'static str,
    /// The longest range of one request.
    pub(super) most_days: i32,
    metric: Metric,
}

static HEART_RATE: RollUpType =
    RollUpType { id: "heart-rate", most_days: 14, metric: Metric::HeartRate };
static STEPS: RollUpType = RollUpType { id: "steps", most_days: 90, metric: Metric::Steps };
static ACTIVE_ENERGY: RollUpType =
    RollUpType { id: "active-energy-burned", most_days: 90, metric: Metric::ActiveEnergy };
static FLOORS: RollUpType = RollUpType { id: "floors", most_days: 90, metric: Metric::Floors };
static ACTIVE_MINUTES: RollUpType =
    RollUpType { id: "active-minutes", most_days: 14, metric: Metric::ActiveMinutes };
static DISTANCE: RollUpType =
    RollUpType { id: "distance", most_days: 90, metric: Metric::Distance };
/// Total energy, basal included. Google gives it as roll-ups only.
pub(super) static TOTAL_CALORIES: RollUpType =
    RollUpType { id: "total-calories", most_days: 14, metric: Metric::Calories };

impl RollUpType {
    /// The type whose daily roll-up is the figure of `metric`.
    pub(super) fn of(metric: Metric) -> Option<&'static Self> {
        match metric {
            Metric::HeartRate => Some(&HEART_RATE),
            Metric::Steps => Some(&STEPS),
            Metric::Distance => Some(&DISTANCE),
            Metric::Calories => Some(&TOTAL_CALORIES),
            Metric::ActiveEnergy => Some(&ACTIVE_ENERGY),
            Metric::Floors => Some(&FLOORS),
            Metric::ActiveMinutes => Some(&ACTIVE_MINUTES),
            _ => None,
        }
    }

    /// The figures of `days`, which must not be more than [`Self::most_days`].
    pub(super) async fn daily(
        &'static self,
        api: &Api,
        access: &Access,
        days: DateRange,
    ) -> Result<Vec<(Date, Figure)>, VendorError> {
        let range = json!({ "start": civil(days.first), "end": civil(days.end()) });
        let body = json!({ "range": range, "windowSizeDays": 1 });
        let read = |page: &[u8]| parse("rollupDataPoints", DayReader(self.metric), page);
        self.pages(api, access, "dailyRollUp", body, read).await
    }

    /// The sums of each hour from `start` until before `end`, the last hour cut short by `end`.
    pub(super) async fn hourly(
        &'static self,
        api: &Api,
        access: &Access,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<Hour>, VendorError> {
        let range = json!({ "startTime": start.to_string(), "endTime": end.to_string() });
        let body = json!({ "range": range, "windowSize": "3600s" });
        let read = |page: &[u8]| parse("rollupDataPoints", HourReader(self.metric), page);
        self.pages(api, access, "rollUp", body, read).await
    }

    async fn pages<T: Send>(
        &self,
        api: &Api,
        access: &Access,
        endpoint: &'static str,
        mut body: Value,
        read: impl Fn(&[u8]) -> Result<Page<T>, ParseError> + Send + Sync,
    ) -> Result<Vec<T>, VendorError> {
        let path = format!("/v4/users/me/dataTypes/{}/dataPoints:{endpoint}", self.id);
        let mut items = Vec::new();
        for _ in 0..MOST_PAGES {
            let ask = Ask::Post(&body);
            let call = Call { endpoint, data_type: self.id, path: &path, ask };
            let page = api.call(access, &call, &read).await?;
            items.extend(page.items);
            match page.next {
                None => return Ok(items),
                Some(token) => body["pageToken"] = Value::String(token),
            }
        }
        Err(VendorError::Unreadable)
    }
}

fn civil(date: Date) -> Value {
    json!({ "date": { "year": date.year(), "month": date.month(), "day": date.day() } })
}

/// The sum of one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hour {
    pub(super) at: Timestamp,
    pub(super) seconds: u32,
    /// Base units.
    pub(super) value: i64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Window {
    civil_start_time: Nested<CivilDateTime>,
    start_time: Maybe<Timestamp>,
    end_time: Maybe<Timestamp>,
    heart_rate: Nested<Sums>,
    steps: Nested<Sums>,
    distance: Nested<Sums>,
    total_calories: Nested<Sums>,
    active_energy_burned: Nested<Sums>,
    floors: Nested<Sums>,
    active_minutes: Nested<Levels>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Levels {
    active_minutes_rollup_by_activity_level: Listed<Level>,
}

/// The value objects of all types in one: their members do not clash.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Sums {
    beats_per_minute_avg: Maybe<Number>,
    beats_per_minute_min: Maybe<Number>,
    beats_per_minute_max: Maybe<Number>,
    count_sum: Option<Maybe<Number>>,
    millimeters_sum: Option<Maybe<Number>>,
    kcal_sum: Option<Maybe<Number>>,
}

impl Window {
    fn figure(&self, metric: Metric) -> Option<Figure> {
        match metric {
            Metric::HeartRate => spread(self.heart_rate.0.as_ref()?),
            Metric::ActiveMinutes => {
                let levels = &self.active_minutes.0.as_ref()?;
                let minutes = minutes(&levels.active_minutes_rollup_by_activity_level);
                let [light, moderate, vigorous] = minutes.map(|minutes| minutes * 100);
                Some(Figure::Levels { light, moderate, vigorous })
            }
            _ => self.total(metric).map(|value| Figure::Total { value }),
        }
    }

    /// In base units; a sum that is missing is 0, one that is no number is none.
    fn total(&self, metric: Metric) -> Option<i64> {
        let (sum, scale) = match metric {
            Metric::Steps => (self.steps.0.as_ref()?.count_sum, 1),
            Metric::Distance => (self.distance.0.as_ref()?.millimeters_sum, 1),
            Metric::Calories => (self.total_calories.0.as_ref()?.kcal_sum, 1_000),
            Metric::ActiveEnergy => (self.active_energy_burned.0.as_ref()?.kcal_sum, 1_000),
            Metric::Floors => (self.floors.0.as_ref()?.count_sum, 1),
            _ => return None,
        };
        sum.map_or(Some(0), |sum| sum.0?.to_base(scale))
    }
}

/// Base units of 0.1 beats a minute, the mean in millionths of them.
fn spread(sums: &Sums) -> Option<Figure> {
    Some(Figure::Spread {
        mean_micro: sums.beats_per_minute_avg.0?.to_base(10 * 1_000_000)?,
        min: sums.beats_per_minute_min.0?.to_base(10)?,
        max: sums.beats_per_minute_max.0?.to_base(10)?,
    })
}

#[derive(Clone, Copy)]
pub(super) struct DayReader(pub(super) Metric);

impl ItemReader for DayReader {
    type Item = (Date, Figure);

    fn read<'de, D: Deserializer<'de>>(self, json: D) -> Result<Option<Self::Item>, D::Error> {
        let window = Window::deserialize(json)?;
        let start =
            window.civil_start_time.0.as_ref().and_then(|start| start.date.0.as_ref()?.date());
        let date = start.ok_or_else(|| D::Error::custom("a window without a readable date"))?;
        Ok(window.figure(self.0).map(|figure| (date, figure)))
    }
}

#[derive(Clone, Copy)]
pub(super) struct HourReader(pub(super) Metric);

impl ItemReader for HourReader {
    type Item = Hour;

    fn read<'de, D: Deserializer<'de>>(self, json: D) -> Result<Option<Self::Item>, D::Error> {
        let window = Window::deserialize(json)?;
        let unreadable = || D::Error::custom("a window without a readable time");
        let at = window.start_time.0.ok_or_else(unreadable)?;
        let length = window.end_time.0.ok_or_else(unreadable)?.duration_since(at).as_secs();
        let seconds = u32::try_from(length).map_err(|_| unreadable())?;
        Ok(window.total(self.0).map(|value| Hour { at, seconds, value }))
    }
}
