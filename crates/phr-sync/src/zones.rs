//! Which zone an account was set to when. A vendor that gives wall-clock times says only where the
//! account is now, so every change is remembered: a day that is read again after a journey must not move
//! to the zone of today. What lies before the first sync counts to the zone found then.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use phr_model::{DateRange, Sample};
use phr_store::connection::Connection;
use serde::{Deserialize, Serialize};

use crate::run::around;

/// Since when the account has been set to a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Since {
    at: Timestamp,
    zone: String,
}

/// The zones of an account, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Zones(Vec<Since>);

impl Zones {
    /// As they are kept with the connection.
    pub(crate) fn of(connection: &Connection) -> Self {
        let kept = connection.zones.as_deref();
        kept.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }

    /// The same with a zone that was found `now`; none if it is no news.
    pub(crate) fn with(&self, zone: &str, now: Timestamp) -> Option<Self> {
        if self.0.last().is_some_and(|last| last.zone == zone) {
            return None;
        }
        let mut zones = self.clone();
        zones.0.push(Since { at: now, zone: zone.to_owned() });
        Some(zones)
    }

    /// As they are to be kept.
    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Witnesses of where the account was around `days`: one each hour, so that none is too far away,
    /// and on both sides of each change. None if it was in one place all the time.
    pub(crate) fn witnesses(&self, days: DateRange) -> Vec<Sample> {
        if self.0.len() < 2 {
            return Vec::new();
        }
        let near = around(around(days));
        let midnight = |date: jiff::civil::Date| TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0));
        let (Ok(mut at), Ok(end)) = (midnight(near.first), midnight(near.end())) else {
            return Vec::new();
        };
        let mut instants = Vec::new();
        while at < end {
            instants.push(at);
            at += HOUR;
        }
        let changes = self.0.iter().skip(1).map(|since| since.at);
        let both = changes.flat_map(|at| [at - SignedDuration::from_micros(1), at]);
        instants.extend(both.filter(|at| *at < end));
        instants.into_iter().filter_map(|at| self.witness(at)).collect()
    }

    fn witness(&self, at: Timestamp) -> Option<Sample> {
        let known = self.0.iter().rev().find(|since| since.at <= at).or(self.0.first())?;
        let offset_seconds = TimeZone::get(&known.zone).ok()?.to_offset(at).seconds();
        Some(Sample { at, seconds: 0, offset_seconds, value: 0 })
    }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use phr_model::Offsets;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn journey() -> Zones {
        let home = Zones::default().with("Europe/Berlin", at("2026-01-01T00:00:00Z")).unwrap();
        let away = home.with("America/New_York", at("2026-11-10T18:00:00Z")).unwrap();
        away.with("Europe/Berlin", at("2026-11-14T06:00:00Z")).unwrap()
    }

    #[test]
    fn a_zone_that_was_found_before_is_no_news() {
        assert_eq!(journey().with("Europe/Berlin", at("2026-11-20T00:00:00Z")), None);
        let kept: Zones = serde_json::from_str(&journey().json()).unwrap();
        assert_eq!(kept, journey());
    }

    #[test]
    fn who_never_moved_needs_no_witness() {
        let home = Zones::default().with("Europe/Berlin", at("2026-01-01T00:00:00Z")).unwrap();
        assert!(home.witnesses(DateRange::day(date(2026, 11, 12))).is_empty());
    }

    #[test]
    fn days_of_a_journey_stay_where_they_were_after_the_return() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (day, at_noon) in [(8, 3_600), (12, -18_000), (15, 3_600)] {
            let days = DateRange::day(date(2026, 11, day));
            let offsets = Offsets::new(berlin.clone(), &journey().witnesses(days));
            let noon = at(&format!("2026-11-{day:02}T12:00:00Z"));
            assert_eq!(offsets.at(noon).seconds(), at_noon, "{day}");
        }
        let days = DateRange::day(date(2026, 11, 10));
        let offsets = Offsets::new(berlin, &journey().witnesses(days));
        assert_eq!(offsets.at(at("2026-11-10T17:59:59Z")).seconds(), 3_600);
        assert_eq!(offsets.at(at("2026-11-10T18:00:00Z")).seconds(), -18_000);
    }
}
