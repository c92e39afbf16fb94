//! Fitbit behind the Google Health API, version 4.
//!
//! The way of a reading: `samples` chooses windows that fit a page, `walk` reads a window to
//! its end and mends the seams, `api` sends requests and tries again, `page` and `point` turn bytes
//! into points. Everything is read with `reconcile` and roll-ups, where Google has merged the person's
//! devices, so that sums never count a walk twice.

mod account;
mod daily;
mod data_type;
mod devices;
mod failure;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
pub mod hooks;
mod hours;
mod levels;
mod oauth;
mod page;
mod point;
mod roll_up;
mod samples;
mod scopes;
mod sessions;
mod settings;
mod span;
mod times;
mod walk;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use jiff::civil::Date;
use phr_model::{Clock, DateRange, FITBIT, Figure, Metric, Offsets};
use secrecy::SecretString;
use url::Url;

use self::{data_type::PointType, oauth::OAuth, sessions::SessionType};
pub use self::{
    page::Page,
    point::{Point, parse_page},
    settings::Settings,
};
pub use super::json::ParseError;
use super::{
    api::{self, Api},
    json, readings,
};
use crate::{
    allowance::Allowance,
    device::Device,
    error::VendorError,
    pace::{Pace, TokioPace},
    skew::ClockWatch,
    vendor::{
        Access, Account, AuthorizationRequest, DayReading, Grant, Refreshed, ScopeFacts, Vendor,
    },
};

/// What this API is called in metrics, traces and answers.
const UPSTREAM: &str = "google-health";

/// Fitbit behind the Google Health API.
pub struct GoogleHealth {
    oauth: OAuth,
    api: Api,
    metrics: Vec<Metric>,
    scopes: Vec<ScopeFacts>,
}

impl GoogleHealth {
    /// A client of `settings`' hosts. `http` must be built by [`crate::http_client`], which follows
    /// no redirects; `budget` is shared by everything that uses the same Cloud project; `clock`
    /// tells how far off a date in `Retry-After` is.
    pub fn new(
        settings: &Settings,
        http: reqwest::Client,
        budget: Arc<dyn Allowance>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let scopes = scopes::asked_for(&settings.metrics);
        let oauth = OAuth::new(settings, &scopes, http.clone(), clock.clone());
        let metrics = settings.metrics.clone();
        let base = settings.api_base_url.clone();
        let (pace, watch) = (Arc::new(TokioPace), ClockWatch::default());
        let (upstream, classify) = (UPSTREAM, failure::classify);
        let api = Api { upstream, classify, http, base, budget, clock, pace, watch };
        Self { oauth, api, metrics, scopes }
    }

    /// The same client with another way to wait between attempts.
    #[must_use]
    pub fn with_pace(mut self, pace: Arc<dyn Pace>) -> Self {
        self.api.pace = pace;
        self
    }
}

impl std::fmt::Debug for GoogleHealth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GoogleHealth").field("api", &self.api.base.as_str()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Vendor for GoogleHealth {
    fn name(&self) -> &'static str {
        FITBIT
    }

    fn upstream(&self) -> &'static str {
        UPSTREAM
    }

    fn title(&self) -> &'static str {
        "Fitbit (Google Health)"
    }

    fn scopes(&self) -> &[ScopeFacts] {
        &self.scopes
    }

    fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    fn announces(&self, _granted: &[String], metric: Metric) -> bool {
        data_type::announced_as(metric).is_some()
    }

    fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> Url {
        self.oauth.authorization_url(request)
    }

    fn issued_by(&self, issuer: &str) -> bool {
        self.oauth.issued_by(issuer)
    }

    async fn exchange(
        &self,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<Grant, VendorError> {
        self.oauth.exchange(code, verifier).await
    }

    async fn refresh(&self, refresh: &SecretString) -> Result<Refreshed, VendorError> {
        let refreshed = self.oauth.refresh(refresh).await;
        let error = refreshed.as_ref().err().map(VendorError::code);
        phr_telemetry::record::token_refresh(UPSTREAM, error);
        refreshed
    }

    async fn revoke(&self, token: &SecretString) -> Result<(), VendorError> {
        self.oauth.revoke(token).await
    }

    async fn account(&self, access: &Access) -> Result<Account, VendorError> {
        account::read_account(&self.api, access).await
    }

    async fn devices(&self, access: &Access) -> Result<Vec<Device>, VendorError> {
        devices::read_devices(&self.api, access).await
    }

    async fn member_since(&self, access: &Access) -> Result<Option<Date>, VendorError> {
        account::read_membership(&self.api, access).await
    }

    async fn daily_figures(
        &self,
        access: &Access,
        metric: Metric,
        days: DateRange,
    ) -> Result<BTreeMap<Date, Figure>, VendorError> {
        if days.is_empty() {
            return Ok(BTreeMap::new());
        }
        daily::figures(&self.api, access, metric, days).await
    }

    fn budget_left(&self) -> Option<u32> {
        Some(self.api.budget.left())
    }

    /// A day where a day takes a page or more; a fortnight where one request answers for all.
    fn days_per_read(&self, metric: Metric) -> i32 {
        match metric {
            Metric::HeartRate
            | Metric::Steps
            | Metric::Distance
            | Metric::Spo2
            | Metric::ActiveEnergy
            | Metric::Floors
            | Metric::ActiveMinutes => 1,
            _ => 14,
        }
    }

    async fn read_days(
        &self,
        access: &Access,
        metric: Metric,
        days: DateRange,
        offsets: &Offsets,
    ) -> Result<Vec<DayReading>, VendorError> {
        if days.is_empty() {
            return Ok(Vec::new());
        }
        let api = &self.api;
        match (PointType::of(metric), SessionType::of(metric)) {
            (Some(points), _) => samples::read_points(api, access, points, days, offsets).await,
            (_, Some(sessions)) => {
                sessions::read_sessions(api, access, sessions, days, offsets).await
            }
            (None, None) if metric == Metric::Calories => {
                hours::read_hours(api, access, days, offsets).await
            }
            (None, None) => Ok(readings::readings(readings::empty_days(days))),
        }
    }
}
