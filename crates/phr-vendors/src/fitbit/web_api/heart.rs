//! Heart rate by day (page "Heart Rate Time Series"). There is no mean of the day. What there is
//! instead, the minutes and the energy in each zone, moves with the samples, so its fingerprint tells
//! that a day has samples and that they changed. It cannot tell that they are right.

use std::collections::BTreeMap;

use jiff::civil::Date;
use phr_model::{DateRange, Figure, figure::mark};
use serde::Deserialize;

use super::{
    answer::Place,
    asking::{Asking, Topic, pieces, range},
};
use crate::{
    error::VendorError,
    fitbit::json::{Maybe, Nested, Number},
};

/// 1,095 or 365 days are allowed, depending on whom one believes.
const MOST_DAYS: i32 = 365;
pub(super) const PLACE: Place<'static> = Place { root: "activities-heart", scale: 10 };
const TOPIC: Topic = Topic { endpoint: "heart", data_type: "heart-rate" };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Day {
    #[serde(default)]
    date_time: Maybe<Date>,
    #[serde(default)]
    value: Nested<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Value {
    heart_rate_zones: Vec<Nested<Zone>>,
    resting_heart_rate: Maybe<Number>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Zone {
    minutes: Maybe<Number>,
    calories_out: Maybe<Number>,
}

/// What tells that heart rates of a day changed; a day without any is missing.
pub(super) async fn marks(
    asking: Asking<'_>,
    days: DateRange,
) -> Result<BTreeMap<Date, Figure>, VendorError> {
    figures(asking, days, Value::mark).await
}

/// The resting heart rates; a day for which there is none is missing.
pub(super) async fn resting(
    asking: Asking<'_>,
    days: DateRange,
) -> Result<BTreeMap<Date, Figure>, VendorError> {
    figures(asking, days, Value::resting).await
}

async fn figures(
    asking: Asking<'_>,
    days: DateRange,
    figure: fn(&Value) -> Option<Figure>,
) -> Result<BTreeMap<Date, Figure>, VendorError> {
    let mut figures = BTreeMap::new();
    for days in pieces(days, MOST_DAYS) {
        let path = format!("activities/heart/date/{}.json", range(days));
        let answer = asking.rooted::<Day>(TOPIC, &path, PLACE).await?;
        figures.extend(of_days(&answer.rows, days, figure)?);
    }
    Ok(figures)
}

/// The figure of each of `days`.
pub(super) fn of_days(
    rows: &[Day],
    days: DateRange,
    figure: fn(&Value) -> Option<Figure>,
) -> Result<BTreeMap<Date, Figure>, VendorError> {
    let mut figures = BTreeMap::new();
    for day in rows {
        let date = day.date_time.0.ok_or(VendorError::Unreadable)?;
        let found = day.value.0.as_ref().and_then(figure).filter(|_| days.contains(date));
        figures.extend(found.map(|figure| (date, figure)));
    }
    Ok(figures)
}

/// Energy is compared to a hundred-thousandth of a kilocalorie: finer than it is ever printed.
const FINE: i64 = 100_000;

impl Value {
    pub(super) fn mark(&self) -> Option<Figure> {
        let zones = self.heart_rate_zones.iter().filter_map(|zone| zone.0.as_ref());
        let base = |number: Maybe<Number>, scale| number.0.and_then(|it| it.to_base(scale));
        let words: Vec<i64> = zones
            .flat_map(|zone| [base(zone.minutes, FINE), base(zone.calories_out, FINE)])
            .map(Option::unwrap_or_default)
            .collect();
        let worn = words.iter().any(|word| *word != 0);
        worn.then(|| Figure::Mark { fingerprint: mark(words) })
    }

    pub(super) fn resting(&self) -> Option<Figure> {
        let value = self.resting_heart_rate.0?.to_base(PLACE.scale).filter(|value| *value > 0)?;
        Some(Figure::Daily { value, low: None, high: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fitbit::json::read;

    fn value(json: &str) -> Value {
        read(json.as_bytes()).unwrap()
    }

    #[test]
    fn zones_mark_the_day_and_any_change_of_them_changes_the_mark() {
        let mark = |calories: &str| {
            value(&format!(
                r#"{{"customHeartRateZones":[],"heartRateZones":[{{"name":"Fat Burn","min":97,
                "max":121,"minutes":74,"caloriesOut":{calories}}}]}}"#
            ))
            .mark()
        };
        assert!(mark("402.20001").is_some());
        assert_ne!(mark("402.20001"), mark("402.20002"));
        assert_eq!(mark("402.2"), mark("\"402.20\""), "a number may be text");
    }

    #[test]
    fn zones_without_minutes_are_a_day_without_heart_rates() {
        let bounds = r#"{"heartRateZones":[{"name":"Fat Burn","min":97,"max":121},
            {"minutes":0,"caloriesOut":0}]}"#;
        assert_eq!(value(bounds).mark(), None);
        assert_eq!(value("{}").mark(), None);
    }

    #[test]
    fn a_resting_heart_rate_is_whole_beats_and_may_be_missing() {
        let daily = Figure::Daily { value: 580, low: None, high: None };
        assert_eq!(value(r#"{"restingHeartRate":58}"#).resting(), Some(daily.clone()));
        assert_eq!(value(r#"{"restingHeartRate":"58"}"#).resting(), Some(daily));
        assert_eq!(value(r#"{"restingHeartRate":0}"#).resting(), None);
        assert_eq!(value(r#"{"restingHeartRate":"NaN"}"#).resting(), None);
    }
}
