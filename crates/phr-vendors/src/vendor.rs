//! What every vendor must be able to do, whatever its API looks like.

use std::{borrow::Cow, collections::BTreeMap};

use async_trait::async_trait;
use jiff::{SignedDuration, civil::Date};
use phr_model::{ConnectionId, DateRange, Figure, Metric, Offsets, Sample};
use secrecy::SecretString;
use url::Url;

use crate::{allowance::Urgency, device::Device, error::VendorError};

/// A consent request, before the person's browser is sent to the vendor.
#[derive(Debug)]
pub struct AuthorizationRequest<'a> {
    /// One-time random value that the callback must bring back.
    pub state: &'a SecretString,
    /// PKCE challenge, S256 of the verifier (RFC 7636).
    pub challenge: &'a str,
}

/// What a consent gave us.
#[derive(Debug)]
pub struct Grant {
    /// Bearer token for the vendor's API.
    pub access: SecretString,
    /// How long it works.
    pub access_lifetime: SignedDuration,
    /// Token to get new access tokens with; none if the vendor sent none.
    pub refresh: Option<SecretString>,
    /// How long the grant as a whole works, if limited (projects in testing mode: 7 days).
    pub grant_lifetime: Option<SignedDuration>,
    /// Granted scopes; those asked for if the vendor does not say.
    pub scopes: Vec<String>,
}

/// What a refresh gave us.
#[derive(Debug)]
pub struct Refreshed {
    /// The new bearer token.
    pub access: SecretString,
    /// How long it works.
    pub access_lifetime: SignedDuration,
    /// A new refresh token, if the vendor rotates; the old one stays good otherwise.
    pub refresh: Option<SecretString>,
}

/// The right to ask in a person's name.
#[derive(Debug, Clone)]
pub struct Access {
    /// Whose requests these are: budgets count per connection.
    pub connection: ConnectionId,
    /// Bearer token.
    pub token: SecretString,
    /// What is asked for: less urgent work leaves room in the budget.
    pub urgency: Urgency,
}

/// The person's account at the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Stable id.
    pub user: String,
    /// Id in the vendor's former API, to recognise migrated accounts.
    pub legacy_user: Option<String>,
    /// IANA name of the zone set in the account; none if not permitted to know.
    pub zone: Option<String>,
}

/// One scope that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeFacts {
    /// As the vendor spells it.
    pub scope: &'static str,
    /// What it lets us read, for people.
    pub reads: Cow<'static, str>,
    /// Metrics that need it, of those that are switched on.
    pub metrics: Cow<'static, [Metric]>,
}

impl ScopeFacts {
    /// A scope that is asked for whatever metrics are switched on.
    pub const fn fixed(
        scope: &'static str,
        reads: &'static str,
        metrics: &'static [Metric],
    ) -> Self {
        Self { scope, reads: Cow::Borrowed(reads), metrics: Cow::Borrowed(metrics) }
    }
}

/// One civil day of one metric, complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayReading {
    /// The day.
    pub date: Date,
    /// Its samples, in order of time; of several sources already reconciled by the vendor.
    pub samples: Vec<Sample>,
}

/// A vendor's API.
#[async_trait]
pub trait Vendor: Send + Sync {
    /// The vendor's name in our API (`fitbit`).
    fn name(&self) -> &'static str;

    /// Which API serves it (`google-health`).
    fn upstream(&self) -> &'static str;

    /// What people call it ("Fitbit (Google Health)").
    fn title(&self) -> &'static str;

    /// The scopes that are asked for: as few as the metrics that are switched on need.
    fn scopes(&self) -> &[ScopeFacts];

    /// Metrics that are fetched: those this upstream can deliver, as far as they are switched on.
    fn metrics(&self) -> &[Metric];

    /// Whether `granted` scopes let us read `metric`.
    fn permits(&self, granted: &[String], metric: Metric) -> bool {
        let needs = self.scopes().iter().filter(|facts| facts.metrics.contains(&metric));
        needs.into_iter().any(|facts| granted.iter().any(|scope| scope == facts.scope))
    }

    /// Whether the vendor's webhook tells of changes of `metric`, if one is set up and the person
    /// `granted` these scopes.
    fn announces(&self, _granted: &[String], _metric: Metric) -> bool {
        false
    }

    /// Whether people are subscribed to the vendor's webhook one by one, by [`Self::subscribe`], and
    /// one is set up.
    fn subscribes_people(&self) -> bool {
        false
    }

    /// Has the vendor notify us of what changes for the person of `connection`, as far as the
    /// `granted` scopes allow. Doing it again changes nothing. An error leaves undone what may be
    /// done another time.
    async fn subscribe(
        &self,
        _access: &Access,
        _connection: ConnectionId,
        _granted: &[String],
    ) -> Result<(), VendorError> {
        Ok(())
    }

    /// Ends what [`Self::subscribe`] began; nothing happens if there is nothing to end.
    async fn unsubscribe(
        &self,
        _access: &Access,
        _connection: ConnectionId,
    ) -> Result<(), VendorError> {
        Ok(())
    }

    /// Whether its data come as what the clock on the wall showed, without offset: then it must be
    /// told where the person was, and cannot tell itself.
    fn keeps_wall_time(&self) -> bool {
        false
    }

    /// Where to send the browser.
    fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> Url;

    /// Whether `iss` of the callback, where present, names this vendor's authorization server
    /// (RFC 9207).
    fn issued_by(&self, issuer: &str) -> bool;

    /// Exchanges the callback's code; sent at most once, because codes are single-use.
    async fn exchange(
        &self,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<Grant, VendorError>;

    /// Gets a new access token.
    async fn refresh(&self, refresh: &SecretString) -> Result<Refreshed, VendorError>;

    /// Withdraws a grant; a grant that is dead already is a success.
    async fn revoke(&self, token: &SecretString) -> Result<(), VendorError>;

    /// Who the person is at the vendor.
    async fn account(&self, access: &Access) -> Result<Account, VendorError>;

    /// The devices paired with the person's account; none where the vendor does not tell.
    async fn devices(&self, _access: &Access) -> Result<Vec<Device>, VendorError> {
        Ok(Vec::new())
    }

    /// The day on which the person's account began: there is nothing to read before it. None if
    /// the vendor does not say, or the person did not permit to know.
    async fn member_since(&self, _access: &Access) -> Result<Option<Date>, VendorError> {
        Ok(None)
    }

    /// The vendor's own daily figures of `days`; a day without data is missing. Cheap: a request or
    /// a few for the whole range.
    async fn daily_figures(
        &self,
        access: &Access,
        metric: Metric,
        days: DateRange,
    ) -> Result<BTreeMap<Date, Figure>, VendorError>;

    /// Requests left of the project's limit in this minute, where there is a limit.
    fn budget_left(&self) -> Option<u32> {
        None
    }

    /// How many consecutive days [`Self::read_days`] should be asked for at most.
    fn days_per_read(&self, metric: Metric) -> i32;

    /// Every sample of `days`, complete or an error: one entry a day, days without samples included.
    /// `offsets` tells where the person was, for data that the vendor gives without civil time.
    async fn read_days(
        &self,
        access: &Access,
        metric: Metric,
        days: DateRange,
        offsets: &Offsets,
    ) -> Result<Vec<DayReading>, VendorError>;
}
