//! Misbehaviour on demand.

mod rules;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::data_type::DataType;
pub(crate) use rules::{Faults, Occasion};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The answer comes `ms` milliseconds late.
    Latency,
    /// 429 `RESOURCE_EXHAUSTED`, with `Retry-After` when `retry-after` is given.
    RateLimit,
    /// `status` (500 unless given) with a JSON error body.
    Status,
    /// `status` (502 unless given) with an HTML body.
    HtmlError,
    /// The connection closes in the middle of a good answer.
    CutBody,
    /// 200 with broken JSON.
    GarbageBody,
    /// Pages hold a quarter of what was asked for, with a token for the rest.
    ShortPages,
    /// A page holds nothing, with a token to go on.
    EmptyPages,
    /// The access token has expired: 401, a refresh helps.
    ExpiredToken,
    /// The person revoked the grant: 401, and refreshing answers `invalid_grant`.
    Revoked,
    /// 403 `MISSING_OAUTH_SCOPE`.
    MissingScope,
    /// 400 `ACCOUNT_NOT_LINKED`.
    Unlinked,
    /// 412: the profile is not set up.
    NoProfile,
    /// 403 `RESOURCE_PERMISSION_DENIED`.
    PermissionDenied,
    /// The token endpoint answers 401 `invalid_client`.
    InvalidClient,
    /// The token endpoint answers 400 `invalid_grant`.
    InvalidGrant,
    /// The token endpoint does what was asked and its answer gets lost on the way.
    LostToken,
    /// 200 without a body.
    EmptyBody,
    /// 200 with `{}`.
    EmptyObject,
    /// Web API: every object has a member that nobody expects.
    UnknownFields,
    /// Web API: numbers come as text, and text that is a number as one.
    SwappedNumbers,
    /// Web API: pounds and miles, whatever was asked for.
    WrongUnits,
    /// Web API: the token endpoint answers 409.
    RefreshConflict,
    /// Web API: 410, as after its end.
    Gone,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 24] = [
        Self::Latency,
        Self::RateLimit,
        Self::Status,
        Self::HtmlError,
        Self::CutBody,
        Self::GarbageBody,
        Self::ShortPages,
        Self::EmptyPages,
        Self::ExpiredToken,
        Self::Revoked,
        Self::MissingScope,
        Self::Unlinked,
        Self::NoProfile,
        Self::PermissionDenied,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::LostToken,
        Self::EmptyBody,
        Self::EmptyObject,
        Self::UnknownFields,
        Self::SwappedNumbers,
        Self::WrongUnits,
        Self::RefreshConflict,
        Self::Gone,
    ];

    /// The spelling in fault strings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::RateLimit => "rate-limit",
            Self::Status => "status",
            Self::HtmlError => "html-error",
            Self::CutBody => "cut-body",
            Self::GarbageBody => "garbage-body",
            Self::ShortPages => "short-pages",
            Self::EmptyPages => "empty-pages",
            Self::ExpiredToken => "expired-token",
            Self::Revoked => "revoked",
            Self::MissingScope => "missing-scope",
            Self::Unlinked => "unlinked",
            Self::NoProfile => "no-profile",
            Self::PermissionDenied => "permission-denied",
            Self::InvalidClient => "invalid-client",
            Self::InvalidGrant => "invalid-grant",
            Self::LostToken => "lost-token",
            Self::EmptyBody => "empty-body",
            Self::EmptyObject => "empty-object",
            Self::UnknownFields => "unknown-fields",
            Self::SwappedNumbers => "swapped-numbers",
            Self::WrongUnits => "wrong-units",
            Self::RefreshConflict => "refresh-conflict",
            Self::Gone => "gone",
        }
    }
}

/// A fault and the requests it befalls.
///
/// As a string: `kind=rate-limit,retry-after=5,times=3,path=heart-rate,every=2`. Without `path`
/// a fault befalls the Health API (`/v4/...`) and the Web API (`/1/...`), the kinds of the token
/// endpoint that one.
/// Matching requests are counted: the first `after` are spared, then each `every`th is hit with
/// `probability`, until `times` have been hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// HTTP status of `status` and `html-error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `Retry-After` of `rate-limit`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// Delay of `latency`, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// How many requests are hit at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How many matching requests are spared first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// Only each so-manieth matching request is hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// Chance from 0 to 1 that a matching request is hit; follows from the seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// A part of the request's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only requests about this data type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_type: Option<DataType>,
    /// Only requests about the person with this e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

impl Fault {
    /// A fault that befalls every request its kind is about.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            status: None,
            retry_after: None,
            ms: None,
            times: None,
            after: None,
            every: None,
            probability: None,
            path: None,
            data_type: None,
            person: None,
        }
    }

    /// Hits `times` requests only.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Spares the first `after` matching requests.
    #[must_use]
    pub fn after(self, after: u32) -> Self {
        Self { after: Some(after), ..self }
    }

    /// Befalls only requests whose path contains `path`.
    #[must_use]
    pub fn on(self, path: &str) -> Self {
        Self { path: Some(path.to_owned()), ..self }
    }

    /// Befalls only requests about `data_type`.
    #[must_use]
    pub fn about(self, data_type: DataType) -> Self {
        Self { data_type: Some(data_type), ..self }
    }

    /// Befalls only requests about one person.
    #[must_use]
    pub fn of(self, email: &str) -> Self {
        Self { person: Some(email.to_owned()), ..self }
    }

    /// With this HTTP status (`status`, `html-error`).
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// With this `Retry-After` (`rate-limit`), in seconds.
    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), FaultError> {
        fn number<T: FromStr>(key: &str, value: &str) -> Result<Option<T>, FaultError> {
            let wrong = || FaultError::Value { key: key.to_owned(), value: value.to_owned() };
            value.parse().map(Some).map_err(|_| wrong())
        }
        match key {
            "status" => self.status = number(key, value)?,
            "retry-after" => self.retry_after = number(key, value)?,
            "ms" => self.ms = number(key, value)?,
            "times" => self.times = number(key, value)?,
            "after" => self.after = number(key, value)?,
            "every" => self.every = number(key, value)?,
            "probability" => self.probability = number(key, value)?,
            "path" => self.path = Some(value.to_owned()),
            "data-type" => self.data_type = number(key, value)?,
            "person" => self.person = Some(value.to_owned()),
            _ => return Err(FaultError::Key { key: key.to_owned() }),
        }
        Ok(())
    }

    /// Refuses values that no request could meet.
    pub(crate) fn check(self) -> Result<Self, FaultError> {
        let wrong = |key: &str, value: String| FaultError::Value { key: key.to_owned(), value };
        if let Some(status) = self.status.filter(|status| !(400..=599).contains(status)) {
            return Err(wrong("status", status.to_string()));
        }
        if let Some(chance) = self.probability.filter(|chance| !(0.0..=1.0).contains(chance)) {
            return Err(wrong("probability", chance.to_string()));
        }
        if self.every == Some(0) {
            return Err(wrong("every", "0".to_owned()));
        }
        Ok(self)
    }
}

/// Why a fault string cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// The kind is missing or unknown.
    #[error("fault kind {given:?} is not known; kinds are {}", FaultKind::ALL.map(FaultKind::name).join(", "))]
    Kind {
        /// What was given.
        given: String,
    },
    /// A key is unknown.
    #[error(
        "fault setting {key:?} is not known; settings are kind, status, retry-after, ms, times, \
         after, every, probability, path, data-type, person"
    )]
    Key {
        /// What was given.
        key: String,
    },
    /// A value does not fit its key.
    #[error("fault setting {key} cannot be {value:?}")]
    Value {
        /// The setting.
        key: String,
        /// What was given.
        value: String,
    },
}

impl FromStr for Fault {
    type Err = FaultError;

    /// Reads `kind=...,setting=value,...`; a bare kind is enough.
    fn from_str(text: &str) -> Result<Self, FaultError> {
        let pairs: Vec<(&str, &str)> = text
            .split(',')
            .map(|part| part.split_once('=').unwrap_or(("kind", part)))
            .map(|(key, value)| (key.trim(), value.trim()))
            .collect();
        let given = pairs.iter().find(|(key, _)| *key == "kind").map_or("", |(_, kind)| kind);
        let kind = FaultKind::ALL.into_iter().find(|kind| kind.name() == given);
        let mut fault =
            Self::new(kind.ok_or_else(|| FaultError::Kind { given: given.to_owned() })?);
        for (key, value) in pairs.into_iter().filter(|(key, _)| *key != "kind") {
            fault.set(key, value)?;
        }
        fault.check()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn text<T: ToString>(value: Option<&T>) -> Option<String> {
            value.map(ToString::to_string)
        }
        write!(f, "kind={}", self.kind.name())?;
        let settings = [
            ("status", text(self.status.as_ref())),
            ("retry-after", text(self.retry_after.as_ref())),
            ("ms", text(self.ms.as_ref())),
            ("times", text(self.times.as_ref())),
            ("after", text(self.after.as_ref())),
            ("every", text(self.every.as_ref())),
            ("probability", text(self.probability.as_ref())),
            ("path", self.path.clone()),
            ("data-type", text(self.data_type.as_ref())),
            ("person", self.person.clone()),
        ];
        settings
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .try_for_each(|(key, value)| write!(f, ",{key}={value}"))
    }
}

#[cfg(test)]
#[path = "faults_tests.rs"]
mod tests;
