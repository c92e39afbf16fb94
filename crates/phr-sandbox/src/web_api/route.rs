//! Paths: `/1/user/{user}/...json`, and `/1.2/...` for sleep.

use super::body::Body;
use super::dates::{Dates, Window};
use super::nightly::Nightly;
use super::series::Series;
use crate::data_type::DataType;

/// A known path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route<'a> {
    /// `-` or an encoded id.
    pub(super) user: &'a str,
    pub(super) resource: Resource<'a>,
}

/// What a path is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource<'a> {
    Heart(Dates<'a>),
    HeartIntraday(Window<'a>),
    Saturation(Dates<'a>),
    SaturationMinutes(Dates<'a>),
    WeightLog(Dates<'a>),
    FatLog(Dates<'a>),
    Body(Body, Dates<'a>),
    Series { series: Series, tracker: bool, dates: Dates<'a> },
    SeriesIntraday(Series, Window<'a>),
    Day(&'a str),
    ActivityLog,
    ZoneMinutes(Dates<'a>),
    Sleep(Dates<'a>),
    SleepLog,
    Nightly { nightly: Nightly, all: bool, dates: Dates<'a> },
    Profile,
    Devices,
    Subscription { collection: Option<&'a str>, id: &'a str },
    Subscriptions { collection: Option<&'a str> },
}

impl<'a> Route<'a> {
    pub(super) fn find(path: &'a str) -> Option<Self> {
        let path = path.strip_suffix(".json")?;
        let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let ["1" | "1.2", "user", user, rest @ ..] = &parts[..] else { return None };
        let (version, user) = (parts.first().copied(), *user);
        let resource = match version {
            Some("1.2") => sleep(rest),
            _ => activities(rest).or_else(|| body(rest)).or_else(|| others(rest)),
        };
        resource.map(|resource| Self { user, resource })
    }
}

fn activities<'a>(rest: &[&'a str]) -> Option<Resource<'a>> {
    let rest = rest.strip_prefix(&["activities"])?;
    Some(match *rest {
        ["list"] => Resource::ActivityLog,
        ["date", date] => Resource::Day(date),
        ["active-zone-minutes", "date", ref at @ ..] => Resource::ZoneMinutes(dates(at)?),
        // Since July 2024 nothing intraday comes unless the path says in what detail.
        ["heart", "date", from, to] | ["heart", "date", from, to, "time", _, _] => {
            Resource::Heart(Dates::Two(from, to))
        }
        ["heart", "date", ref intraday @ ..] => Resource::HeartIntraday(window(intraday)?),
        ["tracker", name, "date", from, to] => {
            let (series, dates) = (Series::named(name)?, Dates::Two(from, to));
            Resource::Series { series, tracker: true, dates }
        }
        [name, "date", from, to] | [name, "date", from, to, "time", _, _] => {
            let (series, dates) = (Series::named(name)?, Dates::Two(from, to));
            Resource::Series { series, tracker: false, dates }
        }
        [name, "date", ref intraday @ ..] => {
            let series = Series::named(name).filter(|series| series.has_intraday())?;
            Resource::SeriesIntraday(series, window(intraday)?)
        }
        ["apiSubscriptions"] => Resource::Subscriptions { collection: Some("activities") },
        ["apiSubscriptions", id] => Resource::Subscription { collection: Some("activities"), id },
        _ => return None,
    })
}

fn window<'a>(parts: &[&'a str]) -> Option<Window<'a>> {
    match *parts {
        [from, to, level] => Some(Window { from, to, level, times: None }),
        [from, to, level, "time", start, end] => {
            Some(Window { from, to, level, times: Some((start, end)) })
        }
        _ => None,
    }
}

fn body<'a>(rest: &[&'a str]) -> Option<Resource<'a>> {
    let rest = rest.strip_prefix(&["body"])?;
    Some(match *rest {
        ["log", "weight", "date", ref at @ ..] => Resource::WeightLog(dates(at)?),
        ["log", "fat", "date", ref at @ ..] => Resource::FatLog(dates(at)?),
        ["weight", "date", from, to] => Resource::Body(Body::Weight, Dates::Two(from, to)),
        ["bmi", "date", from, to] => Resource::Body(Body::Bmi, Dates::Two(from, to)),
        ["fat", "date", from, to] => Resource::Body(Body::Fat, Dates::Two(from, to)),
        ["apiSubscriptions"] => Resource::Subscriptions { collection: Some("body") },
        ["apiSubscriptions", id] => Resource::Subscription { collection: Some("body"), id },
        _ => return None,
    })
}

fn dates<'a>(parts: &[&'a str]) -> Option<Dates<'a>> {
    match *parts {
        [date] => Some(Dates::One(date)),
        [from, to] => Some(Dates::Two(from, to)),
        _ => None,
    }
}

fn others<'a>(rest: &[&'a str]) -> Option<Resource<'a>> {
    Some(match *rest {
        ["profile"] => Resource::Profile,
        ["devices"] => Resource::Devices,
        ["spo2", "date", ref at @ .., "all"] => Resource::SaturationMinutes(dates(at)?),
        ["spo2", "date", ref at @ ..] => Resource::Saturation(dates(at)?),
        ["br", "date", ref at @ ..] => detailed(Nightly::BreathingRate, at)?,
        ["hrv", "date", ref at @ ..] => detailed(Nightly::HeartRateVariability, at)?,
        ["temp", "skin", "date", ref at @ ..] => nightly(Nightly::SkinTemperature, at)?,
        ["temp", "core", "date", ref at @ ..] => nightly(Nightly::CoreTemperature, at)?,
        ["cardioscore", "date", ref at @ ..] => nightly(Nightly::CardioScore, at)?,
        ["apiSubscriptions"] => Resource::Subscriptions { collection: None },
        ["apiSubscriptions", id] => Resource::Subscription { collection: None, id },
        [collection @ ("foods" | "sleep" | "userRevokedAccess"), "apiSubscriptions"] => {
            Resource::Subscriptions { collection: Some(collection) }
        }
        [collection @ ("foods" | "sleep" | "userRevokedAccess"), "apiSubscriptions", id] => {
            Resource::Subscription { collection: Some(collection), id }
        }
        _ => return None,
    })
}

fn nightly<'a>(nightly: Nightly, at: &[&'a str]) -> Option<Resource<'a>> {
    Some(Resource::Nightly { nightly, all: false, dates: dates(at)? })
}

/// What can also be asked for in detail.
fn detailed<'a>(value: Nightly, at: &[&'a str]) -> Option<Resource<'a>> {
    match at {
        [at @ .., "all"] => {
            Some(Resource::Nightly { nightly: value, all: true, dates: dates(at)? })
        }
        at => nightly(value, at),
    }
}

fn sleep<'a>(rest: &[&'a str]) -> Option<Resource<'a>> {
    match *rest {
        ["sleep", "list"] => Some(Resource::SleepLog),
        ["sleep", "date", ref at @ ..] => Some(Resource::Sleep(dates(at)?)),
        _ => None,
    }
}

impl Resource<'_> {
    /// As counted, and as moods name it.
    pub(super) fn endpoint(self) -> &'static str {
        match self {
            Self::Heart(_) => "heart",
            Self::HeartIntraday(_) => "heart intraday",
            Self::Saturation(_) => "spo2",
            Self::SaturationMinutes(_) => "spo2 intraday",
            Self::WeightLog(_) => "weight",
            Self::FatLog(_) => "fat",
            Self::Body(..) => "body",
            Self::Series { series, .. } => series.name(),
            Self::SeriesIntraday(series, _) => series.intraday_name(),
            Self::Day(_) => "day",
            Self::ActivityLog => "activity log",
            Self::ZoneMinutes(_) => "active zone minutes",
            Self::Sleep(_) => "sleep",
            Self::SleepLog => "sleep log",
            Self::Nightly { nightly, .. } => nightly.endpoint(),
            Self::Profile => "profile",
            Self::Devices => "devices",
            Self::Subscription { .. } | Self::Subscriptions { .. } => "subscriptions",
        }
    }

    /// The scope that opens it; none for what only asks for a connection.
    pub(super) fn scope(self) -> Option<&'static str> {
        Some(match self {
            Self::Heart(_) | Self::HeartIntraday(_) => "heartrate",
            Self::Saturation(_) | Self::SaturationMinutes(_) => "oxygen_saturation",
            Self::WeightLog(_) | Self::FatLog(_) | Self::Body(..) => "weight",
            Self::Series { .. }
            | Self::SeriesIntraday(..)
            | Self::Day(_)
            | Self::ActivityLog
            | Self::ZoneMinutes(_) => "activity",
            Self::Sleep(_) | Self::SleepLog => "sleep",
            Self::Nightly { nightly, .. } => nightly.scope(),
            Self::Profile => "profile",
            Self::Devices => "settings",
            Self::Subscription { collection, .. } | Self::Subscriptions { collection } => {
                match collection {
                    Some("activities") => "activity",
                    Some("body") => "weight",
                    Some("foods") => "nutrition",
                    Some("sleep") => "sleep",
                    _ => return None,
                }
            }
        })
    }

    pub(super) fn is_intraday(self) -> bool {
        use Resource::{HeartIntraday, SaturationMinutes, SeriesIntraday};
        matches!(self, HeartIntraday(_) | SeriesIntraday(..) | SaturationMinutes(_))
    }

    /// As faults see it.
    pub(super) fn data_type(self) -> Option<DataType> {
        match self {
            Self::Heart(_) | Self::HeartIntraday(_) | Self::ZoneMinutes(_) => {
                Some(DataType::HeartRate)
            }
            Self::Saturation(_) => Some(DataType::DailyOxygenSaturation),
            Self::SaturationMinutes(_) => Some(DataType::OxygenSaturation),
            Self::WeightLog(_) => Some(DataType::Weight),
            Self::FatLog(_) => Some(DataType::BodyFat),
            Self::Body(body, _) => Some(body.data_type()),
            Self::ActivityLog => Some(DataType::Exercise),
            Self::Sleep(_) | Self::SleepLog => Some(DataType::Sleep),
            Self::Nightly { nightly, .. } => nightly.data_type(),
            Self::Series { series, .. } | Self::SeriesIntraday(series, _) => {
                Some(series.data_type())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(path: &str) -> Option<&'static str> {
        Route::find(path).map(|route| route.resource.endpoint())
    }

    #[test]
    fn every_documented_path_is_known() {
        for (path, name) in [
            ("activities/heart/date/2026-03-01/2026-03-14", "heart"),
            ("activities/heart/date/2026-03-14/30d", "heart"),
            ("activities/heart/date/2026-03-14/1d/1sec", "heart intraday"),
            ("activities/heart/date/2026-03-14/1d/1min/time/08:00/09:00", "heart intraday"),
            ("activities/heart/date/2026-03-14/1d/time/08:00/09:00", "heart"),
            ("spo2/date/2026-03-14", "spo2"),
            ("spo2/date/2026-03-01/2026-03-14/all", "spo2 intraday"),
            ("body/log/weight/date/2026-03-14", "weight"),
            ("body/log/weight/date/2026-03-14/30d", "weight"),
            ("body/weight/date/2026-03-14/30d", "body"),
            ("activities/steps/date/2026-03-14/1m", "steps"),
            ("activities/tracker/steps/date/2026-03-14/1m", "steps"),
            ("activities/distance/date/2026-03-14/1d/15min", "distance intraday"),
            ("activities/date/2026-03-14", "day"),
            ("body/log/fat/date/2026-03-14/30d", "fat"),
            ("body/fat/date/2026-03-14/30d", "body"),
            ("activities/minutesVeryActive/date/2026-03-14/7d", "minutesVeryActive"),
            ("activities/elevation/date/2026-03-14/1d/15min", "elevation intraday"),
            ("activities/active-zone-minutes/date/2026-03-14", "active zone minutes"),
            ("activities/list", "activity log"),
            ("br/date/2026-03-01/2026-03-14/all", "br"),
            ("hrv/date/2026-03-14/all", "hrv"),
            ("temp/skin/date/2026-03-14", "temp skin"),
            ("cardioscore/date/2026-03-14", "cardioscore"),
            ("profile", "profile"),
            ("devices", "devices"),
            ("body/apiSubscriptions/7f31-body", "subscriptions"),
            ("apiSubscriptions", "subscriptions"),
        ] {
            assert_eq!(endpoint(&format!("/1/user/-/{path}.json")), Some(name), "{path}");
        }
        assert_eq!(endpoint("/1.2/user/-/sleep/date/2026-03-14.json"), Some("sleep"));
        assert_eq!(endpoint("/1.2/user/-/sleep/list.json"), Some("sleep log"));
    }

    #[test]
    fn other_paths_are_not() {
        for path in [
            "/1/user/-/profile",
            "/1/user/-/activities/heart.json",
            "/1/user/-/activities/activityCalories/date/2026-03-14/1d/1min.json",
            "/1/user/-/activities/lightness/date/2026-03-14/1d.json",
            "/1/user/-/activities/minutesSedentary/date/2026-03-14/1d/1min.json",
            "/1/user/-/temp/skin/date/2026-03-01/2026-03-14/all.json",
            "/2/user/-/profile.json",
            "/1/profile.json",
        ] {
            assert_eq!(endpoint(path), None, "{path}");
        }
    }
}
