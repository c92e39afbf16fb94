//! How many requests may be made in which time, from the vendors' published limits.

/// Requests allowed in any minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one connection.
    pub per_person_per_minute: u32,
    /// For all connections together.
    pub per_project_per_minute: u32,
}

impl Limits {
    /// 80 % of what the Google Health API allows (page "Rate limits": 300 a minute and user, 120,000
    /// a minute and project), so that other clients of the same project find room too.
    pub const GOOGLE_HEALTH: Self =
        Self { per_person_per_minute: 240, per_project_per_minute: 96_000 };
}

/// So many requests in any stretch of so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests.
    pub limit: u32,
    /// Seconds.
    pub seconds: i64,
}

/// A vendor's limits, whatever time they are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// For one connection.
    pub person: Rate,
    /// For all connections together, where the vendor counts them together.
    pub project: Option<Rate>,
}

/// In seconds.
pub(crate) const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;

impl Rates {
    /// Fitbit's Web API allows 150 an hour and person (page "Rate Limits") and none for a project.
    /// Its counter lags, and whoever connects asks beside it, so a few are left.
    pub const FITBIT_PER_HOUR: u32 = 140;

    /// So many an hour for each connection, and no limit for all together.
    pub fn hourly(per_person: u32) -> Self {
        Self { person: Rate { limit: per_person, seconds: HOUR }, project: None }
    }
}

impl From<Limits> for Rates {
    fn from(limits: Limits) -> Self {
        let minutely = |limit| Rate { limit, seconds: MINUTE };
        Self {
            person: minutely(limits.per_person_per_minute),
            project: Some(minutely(limits.per_project_per_minute)),
        }
    }
}
