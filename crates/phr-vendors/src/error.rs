//! What can go wrong at a vendor, what it means and what to do. Never the vendor's own words: they
//! may repeat tokens and codes.

use std::time::Duration;

use phr_model::Reason;

/// Why a vendor did not answer as hoped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VendorError {
    /// `invalid_grant`: the refresh token or code is dead.
    #[error("the grant was withdrawn or has expired")]
    GrantWithdrawn,
    /// 401: the access token was refused. Refresh once, then treat as [`Self::GrantWithdrawn`].
    #[error("the access token was refused")]
    AccessRefused,
    /// 403 with a scope reason: this metric is not permitted.
    #[error("the scope for this data was not granted")]
    ScopeMissing,
    /// The vendor account has no health profile behind it (`ACCOUNT_NOT_LINKED`, 412).
    #[error("the vendor account is not set up for health data")]
    AccountNotLinked,
    /// 403 without a scope reason: consent withdrawn or vendor trouble. Wait hours, keep the data.
    #[error("the vendor refuses access at the moment")]
    Refused,
    /// Our own configuration is wrong (`invalid_client`, API disabled, mixed scopes): for operators.
    #[error("the vendor refuses this server's configuration: {0}")]
    Misconfigured(&'static str),
    /// 429, with the wait the vendor asked for.
    #[error("the vendor limits our requests")]
    Throttled {
        /// From `Retry-After` or `RetryInfo`, if sent.
        wait: Option<Duration>,
    },
    /// Our own budget for this person or project is used up for now.
    #[error("the request budget is used up")]
    BudgetSpent {
        /// Until there is room again.
        wait: Duration,
    },
    /// 5xx, connection errors, time-outs.
    #[error("the vendor is unavailable")]
    Unavailable,
    /// HTML, truncated or malformed answers where data should be.
    #[error("the vendor's answer is unreadable")]
    Unreadable,
    /// A 4xx that only a defect of ours can cause.
    #[error("the vendor rejects the request as malformed")]
    Rejected,
    /// A success without anything in it, where some answers say "none" in words and others say
    /// nothing at all. Where nothing is held it means that there is nothing; it is no reason to give
    /// up what is held.
    #[error("the vendor's answer says nothing")]
    NothingSaid,
    /// 410: the upstream was switched off for good. Nothing is asked of it any more.
    #[error("the vendor has switched this API off")]
    Retired,
    /// The consent was given for another upstream than this server uses now: its tokens are nobody
    /// else's business.
    #[error("this consent is for another of the vendor's APIs")]
    OtherUpstream,
}

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Try the same again shortly, with back-off.
    Retry,
    /// Leave it alone for this long, then go on.
    Wait(Duration),
    /// Refresh the access token and try once more.
    RefreshAccess,
    /// This metric stops, the others go on.
    SkipMetric,
    /// The person must act (connect again, sign in to the vendor's app).
    TellPerson,
    /// The operator must act; nobody is disconnected.
    TellOperator,
    /// Nothing helps but a new consent at another upstream: ask no more, and tell both.
    GiveUp,
}

impl VendorError {
    /// What to do. No wildcard: a new kind of error must choose.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::GrantWithdrawn | Self::AccountNotLinked => Verdict::TellPerson,
            Self::AccessRefused => Verdict::RefreshAccess,
            Self::ScopeMissing | Self::Rejected => Verdict::SkipMetric,
            Self::Refused => Verdict::Wait(Duration::from_hours(4)),
            Self::Misconfigured(_) => Verdict::TellOperator,
            Self::Throttled { wait } => Verdict::Wait(wait.unwrap_or(Duration::from_secs(30))),
            Self::BudgetSpent { wait } => Verdict::Wait(*wait),
            Self::Unavailable | Self::Unreadable | Self::NothingSaid => Verdict::Retry,
            Self::Retired | Self::OtherUpstream => Verdict::GiveUp,
        }
    }

    /// Whether it concerns the connection as a whole, so that asking for other data is in vain.
    pub fn concerns_connection(&self) -> bool {
        match self {
            Self::GrantWithdrawn
            | Self::AccessRefused
            | Self::AccountNotLinked
            | Self::Refused
            | Self::Misconfigured(_)
            | Self::Throttled { .. }
            | Self::BudgetSpent { .. }
            | Self::Retired
            | Self::OtherUpstream => true,
            Self::ScopeMissing
            | Self::Rejected
            | Self::Unavailable
            | Self::Unreadable
            | Self::NothingSaid => false,
        }
    }

    /// Whether the connection is over until the person consents again.
    pub fn ends_connection(&self) -> bool {
        *self == Self::GrantWithdrawn || self.verdict() == Verdict::GiveUp
    }

    /// A stable code for tables and APIs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::GrantWithdrawn => "grant_withdrawn",
            Self::AccessRefused => "access_refused",
            Self::ScopeMissing => "scope_missing",
            Self::AccountNotLinked => "account_not_linked",
            Self::Refused => "refused",
            Self::Misconfigured(_) => "misconfigured",
            Self::Throttled { .. } => "rate_limited",
            Self::BudgetSpent { .. } => "budget_spent",
            Self::Unavailable => "unavailable",
            Self::Unreadable => "unreadable",
            Self::Rejected => "rejected",
            Self::NothingSaid => "nothing_said",
            Self::Retired => "upstream_retired",
            Self::OtherUpstream => "upstream_changed",
        }
    }

    /// Why a day could not be read, as coverage says it.
    pub fn reason(&self) -> Reason {
        match self {
            Self::GrantWithdrawn | Self::AccessRefused | Self::Retired | Self::OtherUpstream => {
                Reason::ReconnectNeeded
            }
            Self::ScopeMissing => Reason::ScopeMissing,
            Self::AccountNotLinked | Self::Refused | Self::Misconfigured(_) | Self::Rejected => {
                Reason::VendorRefused
            }
            Self::Throttled { .. } | Self::BudgetSpent { .. } => Reason::RateLimited,
            Self::Unavailable => Reason::VendorUnavailable,
            Self::Unreadable | Self::NothingSaid => Reason::VendorUnreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use phr_telemetry::catalogue::TOKEN_REFRESHES;

    use super::*;

    #[test]
    fn every_code_is_known_to_the_metrics() {
        let wait = Duration::ZERO;
        let errors = [
            VendorError::GrantWithdrawn,
            VendorError::AccessRefused,
            VendorError::ScopeMissing,
            VendorError::AccountNotLinked,
            VendorError::Refused,
            VendorError::Misconfigured("why"),
            VendorError::Throttled { wait: None },
            VendorError::BudgetSpent { wait },
            VendorError::Unavailable,
            VendorError::Unreadable,
            VendorError::Rejected,
            VendorError::NothingSaid,
            VendorError::Retired,
            VendorError::OtherUpstream,
        ];
        let label = TOKEN_REFRESHES.labels.iter().find(|label| label.name == "error").unwrap();
        for error in errors {
            assert!(label.values.allow(error.code()), "{}", error.code());
        }
    }
}
