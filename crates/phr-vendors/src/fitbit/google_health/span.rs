//! Stretches of time as Google's filters spell them (page "Filter data"): `>=` and `<` only, on one
//! field, civil or physical but never mixed.

use jiff::{
    SignedDuration, Timestamp, Unit,
    civil::{Date, DateTime, Time},
};

use phr_model::DateRange;

use super::{
    data_type::{PointTime, PointType},
    point::Point,
};

/// A half-open stretch of civil time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) start: DateTime,
    pub(super) end: DateTime,
}

impl Civil {
    /// Whole days, from `first` until before `end`.
    pub(super) fn days(first: Date, end: Date) -> Self {
        let midnight = |date: Date| date.to_datetime(Time::midnight());
        Self { start: midnight(first), end: midnight(end) }
    }

    /// The filter for points of this type that began in it.
    pub(super) fn filter(&self, points: &PointType) -> String {
        let field = match points.time {
            PointTime::Sample => "sample_time.civil_time",
            PointTime::Interval => "interval.civil_start_time",
        };
        between(points.filter, field, &literal(self.start), &literal(self.end))
    }

    /// Whether the vendor's own word places the point elsewhere.
    pub(super) fn excludes(&self, point: &Point) -> bool {
        point.vendor_civil().is_some_and(|civil| civil < self.start || civil >= self.end)
    }
}

/// One physical second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Second(Timestamp);

impl Second {
    /// The second that `at` lies in.
    pub(super) fn of(at: Timestamp) -> Self {
        // Seconds are counted from the epoch, so rounding down is the same before it.
        let floor = jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Floor);
        Self(at.round(floor).unwrap_or(at))
    }

    /// The filter for points of this type that began in it.
    pub(super) fn filter(self, points: &PointType) -> String {
        let field = match points.time {
            PointTime::Sample => "sample_time.physical_time",
            PointTime::Interval => "interval.start_time",
        };
        let end = self.0.checked_add(SignedDuration::from_secs(1)).unwrap_or(self.0);
        between(points.filter, field, &self.0.to_string(), &end.to_string())
    }
}

/// The filter for daily values from `first` until before `end`.
pub(super) fn dates(data_type: &str, first: Date, end: Date) -> String {
    between(data_type, "date", &first.to_string(), &end.to_string())
}

/// The filter for sessions of `days` by `field`, which is of civil time.
pub(super) fn sessions(data_type: &str, field: &str, days: DateRange) -> String {
    between(data_type, field, &days.first.to_string(), &days.end().to_string())
}

fn between(data_type: &str, field: &str, start: &str, end: &str) -> String {
    let field = format!("{data_type}.{field}");
    format!(r#"{field} >= "{start}" AND {field} < "{end}""#)
}

/// Midnight as a date, any other time with seconds.
fn literal(civil: DateTime) -> String {
    if civil.time() == Time::midnight() { civil.date().to_string() } else { civil.to_string() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use phr_model::Metric;

    use super::*;

    #[test]
    fn filters_read_as_google_spells_them() {
        let heart_rate = PointType::of(Metric::HeartRate).unwrap();
        let steps = PointType::of(Metric::Steps).unwrap();
        let morning = Civil {
            start: date(2026, 11, 20).at(6, 0, 0, 0),
            end: date(2026, 11, 20).at(8, 0, 0, 0),
        };
        let day = Civil::days(date(2026, 11, 20), date(2026, 11, 21));
        let second = Second::of("2026-11-20T06:59:58.75Z".parse().unwrap());
        let spellings = [
            morning.filter(heart_rate),
            day.filter(steps),
            second.filter(heart_rate),
            second.filter(steps),
            dates("daily_resting_heart_rate", date(2026, 11, 14), date(2026, 11, 21)),
        ];
        insta::assert_snapshot!(spellings.join("\n"), @r#"
        heart_rate.sample_time.civil_time >= "2026-11-20T06:00:00" AND heart_rate.sample_time.civil_time < "2026-11-20T08:00:00"
        steps.interval.civil_start_time >= "2026-11-20" AND steps.interval.civil_start_time < "2026-11-21"
        heart_rate.sample_time.physical_time >= "2026-11-20T06:59:58Z" AND heart_rate.sample_time.physical_time < "2026-11-20T06:59:59Z"
        steps.interval.start_time >= "2026-11-20T06:59:58Z" AND steps.interval.start_time < "2026-11-20T06:59:59Z"
        daily_resting_heart_rate.date >= "2026-11-14" AND daily_resting_heart_rate.date < "2026-11-21"
        "#);
    }

    #[test]
    fn a_second_before_the_epoch_begins_before_its_instants() {
        let second = Second::of("1969-12-31T23:59:58.25Z".parse().unwrap());
        assert_eq!(second.0, "1969-12-31T23:59:58Z".parse().unwrap());
    }
}
