//! What Fitbit computes once a day or night (pages "HRV Summary", "Breathing Rate Summary", "Temperature
//! (Skin) Summary", "Cardio Fitness Score"): the value itself is all there is.

use std::collections::BTreeMap;

use jiff::civil::Date;
use phr_model::{DateRange, Figure};
use serde::Deserialize;

use super::{
    account,
    answer::Place,
    asking::{Asking, Topic, pieces, range},
};
use crate::{
    error::VendorError,
    fitbit::json::{Leaf, Maybe, Nested, Number},
};

/// 30 days are allowed.
const MOST_DAYS: i32 = 30;

/// A value of the day, or of the night that ended on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Daily {
    HeartRateVariability,
    BreathingRate,
    SkinTemperature,
    CardioScore,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Day {
    #[serde(default)]
    date_time: Maybe<Date>,
    #[serde(default)]
    value: Nested<Value>,
}

/// The value objects of all of them in one: their members do not clash.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Value {
    daily_rmssd: Maybe<Number>,
    breathing_rate: Maybe<Number>,
    nightly_relative: Maybe<Number>,
    vo2_max: Maybe<Span>,
}

impl Daily {
    /// In paths, and the member with the rows.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::HeartRateVariability => ("hrv", "hrv"),
            Self::BreathingRate => ("br", "br"),
            Self::SkinTemperature => ("temp/skin", "tempSkin"),
            Self::CardioScore => ("cardioscore", "cardioScore"),
        }
    }

    /// The values of `days`; a day without is missing.
    pub(super) async fn figures(
        self,
        asking: Asking<'_>,
        days: DateRange,
    ) -> Result<BTreeMap<Date, Figure>, VendorError> {
        let (path, root) = self.names();
        let topic = Topic { endpoint: "daily value", data_type: path };
        let place = Place { root, scale: 1 };
        let mut figures = BTreeMap::new();
        for days in pieces(days, MOST_DAYS) {
            let path = format!("{path}/date/{}.json", range(days));
            for day in asking.rooted::<Day>(topic, &path, place).await?.rows {
                let date = day.date_time.0.ok_or(VendorError::Unreadable)?;
                let figure = day.value.0.and_then(|value| value.figure(self));
                figures.extend(figure.filter(|_| days.contains(date)).map(|figure| (date, figure)));
            }
        }
        // A difference of a few tenths is as likely in one unit as in the other.
        if self == Self::SkinTemperature && !figures.is_empty() {
            account::check_units(asking).await?;
        }
        Ok(figures)
    }
}

impl Value {
    /// In base units of the catalogue.
    fn figure(&self, daily: Daily) -> Option<Figure> {
        let single = |value| Figure::Daily { value, low: None, high: None };
        // Neither hearts nor breath stand still: -1 is "none", and so is 0.
        let above_zero = |number: Maybe<Number>, scale| {
            number.0?.to_base(scale).filter(|value| *value > 0).map(single)
        };
        match daily {
            Daily::HeartRateVariability => above_zero(self.daily_rmssd, 1_000),
            Daily::BreathingRate => above_zero(self.breathing_rate, 100),
            Daily::SkinTemperature => self.nightly_relative.0?.to_base(1_000).map(single),
            Daily::CardioScore => self.vo2_max.0?.figure(),
        }
    }
}

/// A number, or two with a hyphen between them.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Span {
    Exact(Number),
    Between(Number, Number),
}

impl Leaf for Span {
    fn text(text: &str) -> Option<Self> {
        if let Some((low, high)) = text.split_once('-') {
            return Some(Self::Between(Number::text(low)?, Number::text(high)?));
        }
        Number::text(text).map(Self::Exact)
    }
    fn whole(whole: i64) -> Option<Self> {
        Number::whole(whole).map(Self::Exact)
    }
    fn real(real: f64) -> Option<Self> {
        Number::real(real).map(Self::Exact)
    }
}

impl Span {
    /// Base units of VO2max.
    const SCALE: i64 = 100;

    /// People who do not run get a span: its middle stands for it, with both ends beside.
    fn figure(self) -> Option<Figure> {
        let base = |number: Number| number.to_base(Self::SCALE).filter(|value| *value > 0);
        Some(match self {
            Self::Exact(number) => Figure::Daily { value: base(number)?, low: None, high: None },
            Self::Between(low, high) => {
                let (low, high) = (base(low)?, base(high)?);
                let value = low.checked_add(high)? / 2;
                (low <= high).then_some(Figure::Daily {
                    value,
                    low: Some(low),
                    high: Some(high),
                })?
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::fitbit::json::read;

    fn figure(daily: Daily, json: &str) -> Option<Figure> {
        read::<Value>(json.as_bytes()).unwrap().figure(daily)
    }

    fn single(value: i64) -> Figure {
        Figure::Daily { value, low: None, high: None }
    }

    #[rstest]
    #[case(Daily::HeartRateVariability, r#"{"dailyRmssd":34.938,"deepRmssd":31.2}"#, 34_938)]
    #[case(Daily::BreathingRate, r#"{"breathingRate":"15.8"}"#, 1_580)]
    #[case(Daily::SkinTemperature, r#"{"nightlyRelative":-0.4}"#, -400)]
    #[case(Daily::SkinTemperature, r#"{"nightlyRelative":0}"#, 0)]
    #[case(Daily::CardioScore, r#"{"vo2Max":"42.31"}"#, 4_231)]
    #[case(Daily::CardioScore, r#"{"vo2Max":42}"#, 4_200)]
    fn values_are_read_in_base_units(#[case] of: Daily, #[case] json: &str, #[case] base: i64) {
        assert_eq!(figure(of, json), Some(single(base)));
    }

    #[test]
    fn a_span_of_cardio_fitness_is_its_middle_with_both_ends() {
        let span = Figure::Daily { value: 4_100, low: Some(3_900), high: Some(4_300) };
        assert_eq!(figure(Daily::CardioScore, r#"{"vo2Max":"39-43"}"#), Some(span));
    }

    #[rstest]
    #[case(Daily::HeartRateVariability, r#"{"dailyRmssd":null}"#)]
    #[case(Daily::HeartRateVariability, r#"{"dailyRmssd":0}"#)]
    #[case(Daily::BreathingRate, r#"{"breathingRate":-1}"#)]
    #[case(Daily::SkinTemperature, r#"{"nightlyRelative":"NaN"}"#)]
    #[case(Daily::CardioScore, r#"{"vo2Max":"43-39"}"#)]
    #[case(Daily::CardioScore, r#"{"vo2Max":"-39"}"#)]
    #[case(Daily::CardioScore, r#"{"vo2Max":"good"}"#)]
    #[case(Daily::CardioScore, "{}")]
    fn what_stands_for_nothing_is_no_value(#[case] daily: Daily, #[case] json: &str) {
        assert_eq!(figure(daily, json), None, "{json}");
    }
}
