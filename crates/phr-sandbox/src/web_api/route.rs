//! Paths: `/1/user/{user}/...json`, and `/1.2/...` for sleep.

use super::dates::{Dates, Window};
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
    Body(Body, Dates<'a>),
    Series { series: Series, tracker: bool, dates: Dates<'a> },
    SeriesIntraday(Series, Window<'a>),
    Day(&'a str),
    ActivityLog,
    Absent(Absent, Option<Dates<'a>>),
    Profile,
    Devices,
    Subscription { collection: Option<&'a str>, id: &'a str },
    Subscriptions { collection: Option<&'a str> },
}

/// A time series of the body, which has a value for every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    Weight,
    Bmi,
}

/// Endpoints that exist and have nothing to say: the emulated people's devices do not measure it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    Fat,
    FatSeries,
    ActiveZoneMinutes,
    Sleep,
    SleepList,
    BreathingRate,
    HeartRateVariability,
    SkinTemperature,
    CoreTemperature,
    CardioScore,
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
        ["active-zone-minutes", "date", from, to] => {
            Resource::Absent(Absent::ActiveZoneMinutes, Some(Dates::Two(from, to)))
        }
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
        ["log", "fat", "date", ref at @ ..] => Resource::Absent(Absent::Fat, Some(dates(at)?)),
        ["weight", "date", from, to] => Resource::Body(Body::Weight, Dates::Two(from, to)),
        ["bmi", "date", from, to] => Resource::Body(Body::Bmi, Dates::Two(from, to)),
        ["fat", "date", from, to] => {
            Resource::Absent(Absent::FatSeries, Some(Dates::Two(from, to)))
        }
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
    let absent = |absent, at: &[&'a str]| {
        let at = at.strip_suffix(&["all"]).unwrap_or(at);
        dates(at).map(|dates| Resource::Absent(absent, Some(dates)))
    };
    Some(match *rest {
        ["profile"] => Resource::Profile,
        ["devices"] => Resource::Devices,
        ["spo2", "date", ref at @ .., "all"] => Resource::SaturationMinutes(dates(at)?),
        ["spo2", "date", ref at @ ..] => Resource::Saturation(dates(at)?),
        ["br", "date", ref at @ ..] => absent(Absent::BreathingRate, at)?,
        ["hrv", "date", ref at @ ..] => absent(Absent::HeartRateVariability, at)?,
        ["temp", "skin", "date", ref at @ ..] => absent(Absent::SkinTemperature, at)?,
        ["temp", "core", "date", ref at @ ..] => absent(Absent::CoreTemperature, at)?,
        ["cardioscore", "date", ref at @ ..] => absent(Absent::CardioScore, at)?,
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

fn sleep<'a>(rest: &[&'a str]) -> Option<Resource<'a>> {
    match *rest {
        ["sleep", "list"] => Some(Resource::Absent(Absent::SleepList, None)),
        ["sleep", "date", ref at @ ..] => Some(Resource::Absent(Absent::Sleep, Some(dates(at)?))),
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
            Self::Body(..) => "body",
            Self::Series { series, .. } => series.name(),
            Self::SeriesIntraday(series, _) => series.intraday_name(),
            Self::Day(_) => "day",
            Self::ActivityLog => "activity log",
            Self::Absent(absent, _) => absent.facts().0,
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
            Self::WeightLog(_) | Self::Body(..) => "weight",
            Self::Series { .. } | Self::SeriesIntraday(..) | Self::Day(_) | Self::ActivityLog => {
                "activity"
            }
            Self::Absent(absent, _) => absent.facts().1,
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
            Self::Heart(_) | Self::HeartIntraday(_) => Some(DataType::HeartRate),
            Self::Saturation(_) => Some(DataType::DailyOxygenSaturation),
            Self::SaturationMinutes(_) => Some(DataType::OxygenSaturation),
            Self::WeightLog(_) | Self::Body(..) => Some(DataType::Weight),
            Self::Series { series, .. } | Self::SeriesIntraday(series, _) => {
                Some(series.data_type())
            }
            _ => None,
        }
    }
}

impl Absent {
    /// Endpoint, scope, root and the longest range in days.
    pub(super) fn facts(self) -> (&'static str, &'static str, &'static str, i64) {
        match self {
            Self::Fat => ("fat", "weight", "fat", 30),
            Self::FatSeries => ("fat", "weight", "body-fat", 30),
            Self::ActiveZoneMinutes => {
                ("active zone minutes", "activity", "activities-active-zone-minutes", 1095)
            }
            Self::Sleep | Self::SleepList => ("sleep", "sleep", "sleep", 100),
            Self::BreathingRate => ("br", "respiratory_rate", "br", 30),
            Self::HeartRateVariability => ("hrv", "heartrate", "hrv", 30),
            Self::SkinTemperature => ("temp", "temperature", "tempSkin", 30),
            Self::CoreTemperature => ("temp", "temperature", "tempCore", 30),
            Self::CardioScore => ("cardioscore", "cardio_fitness", "cardioScore", 30),
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
            ("hrv/date/2026-03-14/all", "hrv"),
            ("profile", "profile"),
            ("devices", "devices"),
            ("body/apiSubscriptions/7f31-body", "subscriptions"),
            ("apiSubscriptions", "subscriptions"),
        ] {
            assert_eq!(endpoint(&format!("/1/user/-/{path}.json")), Some(name), "{path}");
        }
        assert_eq!(endpoint("/1.2/user/-/sleep/date/2026-03-14.json"), Some("sleep"));
    }

    #[test]
    fn other_paths_are_not() {
        for path in [
            "/1/user/-/profile",
            "/1/user/-/activities/heart.json",
            "/1/user/-/activities/activityCalories/date/2026-03-14/1d/1min.json",
            "/1/user/-/activities/lightness/date/2026-03-14/1d.json",
            "/2/user/-/profile.json",
            "/1/profile.json",
        ] {
            assert_eq!(endpoint(path), None, "{path}");
        }
    }
}
