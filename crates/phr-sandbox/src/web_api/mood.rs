//! What the Fitbit Web API is like at the moment: everything that differed between applications,
//! years and reports, as switches.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How the emulated Fitbit Web API behaves; by default like an approved *Server* application saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct WebApiMood {
    /// Switched off, as since 2 November 2026: every path answers 410 in this form.
    pub retired: Option<Retired>,
    /// The kind of application that the client is registered as.
    pub application: Application,
    /// Whether Fitbit approved the application for intraday data. *Personal* ones need no approval.
    pub intraday: Intraday,
    /// How long a spent refresh token gets the same answer again.
    pub grace: Grace,
    /// 409 to a refresh while another one of the same token is under way.
    pub refresh_conflicts: bool,
    /// How answers without data look.
    pub empty: Emptiness,
    /// The same for single endpoints, by their name in the request counts: `heart`, `spo2`,
    /// `weight`, `steps`, `sleep`, ...
    pub empty_at: BTreeMap<String, Emptiness>,
    /// What an hour that a wall clock showed twice looks like.
    pub repeated_hour: RepeatedHour,
    /// Requests an hour and person; 0 lifts the limit.
    pub quota_per_hour: u32,
    /// By how many requests `Fitbit-Rate-Limit-Remaining` lags behind.
    pub remaining_lag: u32,
    /// What 429 says in `Retry-After`.
    pub retry_after: RetryAfter,
    /// Decimals of weights. Fitbit rounds to one, whatever the scale said.
    pub weight_decimals: u8,
    /// Whether cardio fitness is a range such as `39-43`, with the value in its middle.
    pub vo2max_ranges: bool,
    /// While a night is not summed up: whether the whole answer is `pending`. Otherwise the night
    /// is not there yet.
    pub sleep_pending: bool,
}

impl Default for WebApiMood {
    fn default() -> Self {
        Self {
            retired: None,
            application: Application::Server,
            intraday: Intraday::Granted,
            grace: Grace::UntilUsed,
            refresh_conflicts: false,
            empty: Emptiness::Usual,
            empty_at: BTreeMap::new(),
            repeated_hour: RepeatedHour::Repeated,
            quota_per_hour: 150,
            remaining_lag: 0,
            retry_after: RetryAfter::Absent,
            weight_decimals: 1,
            vo2max_ranges: false,
            sleep_pending: false,
        }
    }
}

impl WebApiMood {
    pub(super) fn emptiness(&self, endpoint: &str) -> Emptiness {
        self.empty_at.get(endpoint).copied().unwrap_or(self.empty)
    }

    pub(super) fn sees_intraday(&self) -> bool {
        self.application == Application::Personal || self.intraday == Intraday::Granted
    }
}

/// The form of 410.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retired {
    /// An error object.
    Json,
    /// A page.
    Html,
    /// No body.
    Empty,
}

/// Page "Application Design": kinds of applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Application {
    /// Has a secret and authenticates with `Basic`.
    Server,
    /// Public: names itself in the body, and must use PKCE.
    Client,
    /// The owner's own data; authenticates either way and may read intraday data.
    Personal,
}

/// What becomes of intraday requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intraday {
    /// They are answered.
    Granted,
    /// 403 `insufficient_permissions`.
    Refused,
    /// 200 with the day's head and without the intraday member.
    LeftOut,
}

/// When the answer of a refresh is given again to the same request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grace {
    /// For two minutes (older documentation).
    TwoMinutes,
    /// Until one of the new tokens is used (page "Best Practices").
    UntilUsed,
    /// Never.
    None,
}

/// How "there is no data" looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Emptiness {
    /// As usual at the endpoint.
    Usual,
    /// `{"root":[]}`, or `[]` where there is no root.
    EmptyRoot,
    /// `{}`.
    Object,
    /// No body at all.
    Nothing,
    /// A body of one newline.
    Newline,
    /// The day without its value.
    Valueless,
}

/// How an hour that occurs twice is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepeatedHour {
    /// One after the other: times go back in the middle of the data set, and skipped hours miss.
    Repeated,
    /// Both hours share their slots, and skipped hours are zeros.
    Merged,
}

/// `Retry-After` of 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryAfter {
    /// Not sent, as since February 2025.
    Absent,
    /// Until the hour is over.
    Right,
    /// One second.
    Wrong,
}
