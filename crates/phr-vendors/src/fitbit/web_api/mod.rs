//! Fitbit behind its own Web API, which the Google Health API has replaced: switched off on 2 November
//! 2026, and still spoken by proxies and recordings.
//!
//! What is particular to it: every time is what the clock on the wall showed, without an offset (the
//! zone of the account on that date decides, see [`phr_model::WallClock`]); units follow a header
//! (`units`); refresh tokens work once (`oauth`); "nothing" comes in five shapes (`answer`); and each
//! person has 150 requests an hour, so every request asks for as many days as it may.

mod account;
mod answer;
mod asking;
mod body_log;
mod dailies;
mod exercise;
mod failure;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod heart;
pub mod hooks;
mod intraday;
mod logged;
mod oauth;
mod scopes;
mod series;
mod settings;
mod sleep;
mod spo2;
mod units;

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

use async_trait::async_trait;
use jiff::civil::Date;
use phr_model::{Clock, ConnectionId, DateRange, FITBIT, Figure, Metric, Offsets};
use secrecy::SecretString;
use url::Url;

pub use self::settings::Settings;
use self::{
    asking::Asking, body_log::BodyLog, dailies::Daily, logged::SessionLog, oauth::OAuth,
    series::Series,
};
use super::{
    api::Api,
    readings::{empty_days, readings},
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
const UPSTREAM: &str = "web-api";
/// Fitbit never named itself in callbacks (RFC 9207), so whoever does must be this.
const ISSUER: &str = "https://www.fitbit.com";

/// Those of `metrics` that this API does not have at all.
pub fn lacking(metrics: &[Metric]) -> Vec<Metric> {
    let available = scopes::available(metrics);
    metrics.iter().copied().filter(|metric| !available.contains(metric)).collect()
}

/// Fitbit behind its own Web API.
pub struct WebApi {
    oauth: OAuth,
    api: Api,
    metrics: Vec<Metric>,
    scopes: Vec<ScopeFacts>,
    subscribe: bool,
}

impl WebApi {
    /// A client of `settings`' hosts. `http` must be built by [`crate::http_client`], which follows
    /// no redirects; `budget` counts by the hour (see [`crate::Rates::hourly`]).
    pub fn new(
        settings: &Settings,
        http: reqwest::Client,
        budget: Arc<dyn Allowance>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let metrics = scopes::available(&settings.metrics);
        let scopes = scopes::asked_for(&metrics);
        let oauth = OAuth::new(settings, &scopes, http.clone(), clock.clone());
        let (upstream, classify, base) =
            (UPSTREAM, failure::classify, settings.api_base_url.clone());
        let (pace, watch) = (Arc::new(TokioPace), ClockWatch::default());
        let api = Api { upstream, classify, http, base, budget, clock, pace, watch };
        Self { oauth, api, metrics, scopes, subscribe: settings.subscribe }
    }

    /// The same client with another way to wait between attempts.
    #[must_use]
    pub fn with_pace(mut self, pace: Arc<dyn Pace>) -> Self {
        self.api.pace = pace;
        self
    }

    fn asking<'a>(&'a self, access: &'a Access, heard: &'a AtomicBool) -> Asking<'a> {
        Asking { api: &self.api, access, heard }
    }
}

impl std::fmt::Debug for WebApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebApi").field("api", &self.api.base.as_str()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Vendor for WebApi {
    fn name(&self) -> &'static str {
        FITBIT
    }

    fn upstream(&self) -> &'static str {
        UPSTREAM
    }

    fn title(&self) -> &'static str {
        "Fitbit"
    }

    fn scopes(&self) -> &[ScopeFacts] {
        &self.scopes
    }

    fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// The profile too: it has the zone, without which a reading would stand at a wrong instant.
    fn permits(&self, granted: &[String], metric: Metric) -> bool {
        let has = |wanted: &str| granted.iter().any(|scope| scope == wanted);
        let mut needed = self.scopes.iter().filter(|facts| facts.metrics.contains(&metric));
        has(scopes::PROFILE) && needed.any(|facts| has(facts.scope))
    }

    fn keeps_wall_time(&self) -> bool {
        true
    }

    fn announces(&self, granted: &[String], metric: Metric) -> bool {
        hooks::announces(granted, metric)
    }

    fn subscribes_people(&self) -> bool {
        self.subscribe
    }

    async fn subscribe(
        &self,
        access: &Access,
        connection: ConnectionId,
        granted: &[String],
    ) -> Result<(), VendorError> {
        if !self.subscribe {
            return Ok(());
        }
        let wanted = hooks::wanted(&self.metrics, granted);
        hooks::subscribe(self.asking(access, &AtomicBool::default()), connection, &wanted).await
    }

    async fn unsubscribe(
        &self,
        access: &Access,
        connection: ConnectionId,
    ) -> Result<(), VendorError> {
        if !self.subscribe {
            return Ok(());
        }
        hooks::unsubscribe(self.asking(access, &AtomicBool::default()), connection).await
    }

    fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> Url {
        self.oauth.authorization_url(request)
    }

    fn issued_by(&self, issuer: &str) -> bool {
        issuer == ISSUER
    }

    async fn exchange(
        &self,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<Grant, VendorError> {
        self.oauth.exchange(code, verifier).await
    }

    async fn refresh(&self, refresh: &SecretString) -> Result<Refreshed, VendorError> {
        let refreshed = self.oauth.refresh(refresh, &*self.api.pace).await;
        let error = refreshed.as_ref().err().map(VendorError::code);
        phr_telemetry::record::token_refresh(UPSTREAM, error);
        refreshed
    }

    async fn revoke(&self, token: &SecretString) -> Result<(), VendorError> {
        self.oauth.revoke(token).await
    }

    async fn account(&self, access: &Access) -> Result<Account, VendorError> {
        account::read_account(self.asking(access, &AtomicBool::default())).await
    }

    async fn devices(&self, access: &Access) -> Result<Vec<Device>, VendorError> {
        account::read_devices(self.asking(access, &AtomicBool::default())).await
    }

    async fn member_since(&self, access: &Access) -> Result<Option<Date>, VendorError> {
        account::read_membership(self.asking(access, &AtomicBool::default())).await
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
        let heard = AtomicBool::default();
        let asking = self.asking(access, &heard);
        match Source::of(metric) {
            Source::Series(series) => series.figures(asking, days).await,
            Source::BodyLog(log) => log.marks(asking, days).await,
            Source::Sessions(log) => log.marks(asking, days).await,
            Source::Daily(daily) => daily.figures(asking, days).await,
            Source::HeartRate => heart::marks(asking, days).await,
            Source::RestingHeartRate => heart::resting(asking, days).await,
            Source::Saturation => spo2::figures(asking, days).await,
            Source::ActiveEnergy => series::active_energy(asking, days).await,
            Source::ActiveMinutes => series::active_minutes(asking, days).await,
            Source::None => Ok(BTreeMap::new()),
        }
    }

    /// A day where a day takes a request of its own; a week of distances, because the check of their
    /// units takes one more; otherwise as many as one request may ask for.
    fn days_per_read(&self, metric: Metric) -> i32 {
        match Source::of(metric) {
            Source::Series(series) if series.has_units() => 7,
            Source::Series(_) | Source::HeartRate => 1,
            Source::Saturation => 29,
            Source::BodyLog(log) => log.most_days,
            Source::Sessions(_) => logged::MOST_DAYS,
            Source::RestingHeartRate
            | Source::Daily(_)
            | Source::ActiveEnergy
            | Source::ActiveMinutes
            | Source::None => 31,
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
        let heard = AtomicBool::default();
        let asking = self.asking(access, &heard);
        match Source::of(metric) {
            Source::Series(series) => series.read_days(asking, days, offsets).await,
            Source::BodyLog(log) => log.read_days(asking, days, offsets).await,
            Source::Sessions(log) => log.read_days(asking, days, offsets).await,
            Source::HeartRate => intraday::read_heart_rate(asking, days, offsets).await,
            Source::Saturation => spo2::read_days(asking, days, offsets).await,
            // What is said of the day is all there is.
            Source::RestingHeartRate
            | Source::Daily(_)
            | Source::ActiveEnergy
            | Source::ActiveMinutes
            | Source::None => Ok(readings(empty_days(days))),
        }
    }
}

/// Where a metric comes from.
enum Source {
    Series(&'static Series),
    BodyLog(&'static BodyLog),
    Sessions(SessionLog),
    Daily(Daily),
    HeartRate,
    RestingHeartRate,
    Saturation,
    ActiveEnergy,
    ActiveMinutes,
    /// This API has it without a time at best.
    None,
}

impl Source {
    fn of(metric: Metric) -> Self {
        match metric {
            Metric::Steps => Self::Series(&series::STEPS),
            Metric::Distance => Self::Series(&series::DISTANCE),
            Metric::Calories => Self::Series(&series::CALORIES),
            Metric::Floors => Self::Series(&series::FLOORS),
            Metric::ActiveEnergy => Self::ActiveEnergy,
            Metric::ActiveMinutes => Self::ActiveMinutes,
            Metric::HeartRate => Self::HeartRate,
            Metric::RestingHeartRate => Self::RestingHeartRate,
            Metric::Spo2 => Self::Saturation,
            Metric::BodyWeight => Self::BodyLog(&body_log::WEIGHT),
            Metric::BodyFat => Self::BodyLog(&body_log::FAT),
            Metric::Sleep => Self::Sessions(SessionLog::Sleep),
            Metric::Exercise => Self::Sessions(SessionLog::Exercise),
            Metric::Hrv => Self::Daily(Daily::HeartRateVariability),
            Metric::RespiratoryRate => Self::Daily(Daily::BreathingRate),
            Metric::SkinTemperatureVariation => Self::Daily(Daily::SkinTemperature),
            Metric::Vo2max => Self::Daily(Daily::CardioScore),
            Metric::Height => Self::None,
        }
    }
}
