//! A recorded point and the source that recorded it.

use serde::{Deserialize, Serialize};

/// One stored measurement, 16 bytes: a full day of heart rate is 37,000 of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    /// Microseconds since the epoch: the instant, or the start of the interval.
    pub(crate) at: i64,
    /// In base units of the data type.
    pub(crate) value: i32,
    /// Length of the interval in seconds; 0 for samples.
    pub(crate) span: u16,
    pub(crate) source: Source,
}

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const DAY: i64 = 86_400 * SECOND;

impl Point {
    pub(crate) fn end(&self) -> i64 {
        self.at + i64::from(self.span) * SECOND
    }
}

/// Who recorded a point. Where sources overlap, reconciliation keeps the first in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The tracker, measuring.
    Watch,
    /// Computed from the tracker's measurements.
    Derived,
    /// The phone's own step counter.
    Phone,
    /// A connected scale.
    Scale,
    /// Typed in by the person.
    Manual,
    /// Another app, through Health Connect.
    HealthConnect,
}

/// `dataSourceFamily` of a request (discovery: `ListDataPoints`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    All,
    GoogleWearables,
    GoogleSources,
    /// Points written by the calling client: the emulated client never writes.
    SelfSources,
}

impl Family {
    const PREFIX: &'static str = "users/me/dataSourceFamilies/";

    /// Reads the full resource name; a bare id is refused by Google.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name.strip_prefix(Self::PREFIX)? {
            "all-sources" => Some(Self::All),
            "google-wearables" => Some(Self::GoogleWearables),
            "google-sources" => Some(Self::GoogleSources),
            "self-sources" => Some(Self::SelfSources),
            _ => None,
        }
    }

    pub(crate) fn includes(self, source: Source) -> bool {
        match self {
            Self::All | Self::GoogleSources => true,
            Self::GoogleWearables => {
                matches!(source, Source::Watch | Source::Derived | Source::Scale)
            }
            Self::SelfSources => false,
        }
    }
}

/// Merges overlapping sources: a point that overlaps one of a preferred source is dropped.
/// Samples overlap when they fall into the same second. Takes and gives ascending order.
pub(crate) fn reconcile(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    let mut sources: Vec<Source> = points.iter().map(|point| point.source).collect();
    sources.sort_unstable();
    sources.dedup();
    for source in sources {
        let preferred = kept.len();
        for point in points.iter().filter(|point| point.source == source) {
            if !overlaps_any(&kept[..preferred], point) {
                kept.push(*point);
            }
        }
        kept.sort_by_key(|point| point.at);
    }
    kept
}

/// `kept` is ascending and free of overlaps, so only the neighbours can touch the point.
fn overlaps_any(kept: &[Point], point: &Point) -> bool {
    let next = kept.partition_point(|other| other.at <= point.at);
    let neighbours = kept.get(next.saturating_sub(1)..(next + 1).min(kept.len()));
    neighbours.unwrap_or_default().iter().any(|other| {
        let (a, b) = (reach(other), reach(point));
        a.0 < b.1 && b.0 < a.1
    })
}

fn reach(point: &Point) -> (i64, i64) {
    if point.span > 0 {
        return (point.at, point.end());
    }
    let second = point.at.div_euclid(SECOND) * SECOND;
    (second, second + SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(index: i64, value: i32, source: Source) -> Point {
        Point { at: index * MINUTE, value, span: 60, source }
    }

    #[test]
    fn the_watch_wins_where_the_phone_overlaps_and_the_phone_fills_its_gaps() {
        let points = [
            minute(1, 90, Source::Watch),
            minute(1, 88, Source::Phone),
            minute(2, 40, Source::Phone),
            minute(3, 0, Source::Watch),
            minute(3, 61, Source::Phone),
        ];
        let merged: Vec<i32> = reconcile(&points).iter().map(|point| point.value).collect();
        assert_eq!(merged, [90, 40, 0]);
    }

    #[test]
    fn an_interval_that_only_straddles_a_preferred_one_is_dropped_too() {
        let long = Point { at: MINUTE / 2, value: 9, span: 60, source: Source::Phone };
        assert_eq!(reconcile(&[long, minute(1, 5, Source::Watch)]).len(), 1);
    }

    #[test]
    fn the_same_weigh_in_from_two_apps_counts_once() {
        let typed = Point { at: 412_905, value: 1, span: 0, source: Source::Manual };
        let scale = Point { at: 0, value: 2, span: 0, source: Source::HealthConnect };
        let later = Point { at: 5 * SECOND, ..scale };
        assert_eq!(reconcile(&[scale, typed, later]), [typed, later]);
    }

    #[test]
    fn a_bare_family_id_is_not_a_family() {
        assert_eq!(Family::parse("google-wearables"), None);
        let full = "users/me/dataSourceFamilies/google-wearables";
        assert_eq!(Family::parse(full), Some(Family::GoogleWearables));
    }
}
