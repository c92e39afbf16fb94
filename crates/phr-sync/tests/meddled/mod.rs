//! A vendor at which something else happens in the middle of a question, or that answers as if the
//! person lived elsewhere.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses a part of it")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use futures_util::{FutureExt, future::BoxFuture};
use jiff::civil::Date;
use phr_model::{ConnectionId, DateRange, Figure, Metric, Offsets};
use phr_vendors::{
    Access, Account, AuthorizationRequest, DayReading, Grant, Refreshed, ScopeFacts, Vendor,
    VendorError,
};
use secrecy::SecretString;
use url::Url;

type Event = Mutex<Option<BoxFuture<'static, ()>>>;

/// Asks `inner`, and lets each event happen once.
pub(crate) struct Meddled {
    inner: Arc<dyn Vendor>,
    before_account: Event,
    before_refresh: Event,
    after_refresh: Event,
    before_unsubscribe: Event,
    elsewhere: Mutex<Option<&'static str>>,
}

impl Meddled {
    pub(crate) fn new(inner: Arc<dyn Vendor>) -> Self {
        let [before_account, before_refresh, after_refresh, before_unsubscribe] =
            Default::default();
        let elsewhere = Mutex::default();
        Self { inner, before_account, before_refresh, after_refresh, before_unsubscribe, elsewhere }
    }

    pub(crate) fn inner(&self) -> Arc<dyn Vendor> {
        self.inner.clone()
    }

    /// The account is in `zone` and has no steps, until it [moves](Self::moves).
    pub(crate) fn lives_in(&self, zone: &'static str) {
        *self.elsewhere.lock().unwrap() = Some(zone);
    }

    /// The account is where it is, with its steps.
    pub(crate) fn moves(&self) {
        *self.elsewhere.lock().unwrap() = None;
    }

    fn hides(&self, metric: Metric) -> bool {
        metric == Metric::Steps && self.elsewhere.lock().unwrap().is_some()
    }

    pub(crate) fn before_account(&self, event: impl Future<Output = ()> + Send + 'static) {
        *self.before_account.lock().unwrap() = Some(event.boxed());
    }

    pub(crate) fn before_refresh(&self, event: impl Future<Output = ()> + Send + 'static) {
        *self.before_refresh.lock().unwrap() = Some(event.boxed());
    }

    pub(crate) fn after_refresh(&self, event: impl Future<Output = ()> + Send + 'static) {
        *self.after_refresh.lock().unwrap() = Some(event.boxed());
    }

    pub(crate) fn before_unsubscribe(&self, event: impl Future<Output = ()> + Send + 'static) {
        *self.before_unsubscribe.lock().unwrap() = Some(event.boxed());
    }
}

async fn happen(event: &Event) {
    let event = event.lock().unwrap().take();
    if let Some(event) = event {
        event.await;
    }
}

#[async_trait]
impl Vendor for Meddled {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn upstream(&self) -> &'static str {
        self.inner.upstream()
    }

    fn title(&self) -> &'static str {
        self.inner.title()
    }

    fn scopes(&self) -> &[ScopeFacts] {
        self.inner.scopes()
    }

    fn metrics(&self) -> &[Metric] {
        self.inner.metrics()
    }

    fn subscribes_people(&self) -> bool {
        true
    }

    async fn unsubscribe(&self, _: &Access, _: ConnectionId) -> Result<(), VendorError> {
        happen(&self.before_unsubscribe).await;
        Ok(())
    }

    fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> Url {
        self.inner.authorization_url(request)
    }

    fn issued_by(&self, issuer: &str) -> bool {
        self.inner.issued_by(issuer)
    }

    async fn exchange(
        &self,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<Grant, VendorError> {
        self.inner.exchange(code, verifier).await
    }

    async fn refresh(&self, refresh: &SecretString) -> Result<Refreshed, VendorError> {
        happen(&self.before_refresh).await;
        let answer = self.inner.refresh(refresh).await;
        happen(&self.after_refresh).await;
        answer
    }

    async fn revoke(&self, token: &SecretString) -> Result<(), VendorError> {
        self.inner.revoke(token).await
    }

    async fn account(&self, access: &Access) -> Result<Account, VendorError> {
        happen(&self.before_account).await;
        let mut account = self.inner.account(access).await?;
        if let Some(zone) = *self.elsewhere.lock().unwrap() {
            account.zone = Some(zone.to_owned());
        }
        Ok(account)
    }

    async fn daily_figures(
        &self,
        access: &Access,
        metric: Metric,
        days: DateRange,
    ) -> Result<BTreeMap<Date, Figure>, VendorError> {
        if self.hides(metric) {
            return Ok(BTreeMap::new());
        }
        self.inner.daily_figures(access, metric, days).await
    }

    fn days_per_read(&self, metric: Metric) -> i32 {
        self.inner.days_per_read(metric)
    }

    async fn read_days(
        &self,
        access: &Access,
        metric: Metric,
        days: DateRange,
        offsets: &Offsets,
    ) -> Result<Vec<DayReading>, VendorError> {
        if self.hides(metric) {
            let nothing = |date| DayReading { date, samples: Vec::new() };
            return Ok(days.days().map(nothing).collect());
        }
        self.inner.read_days(access, metric, days, offsets).await
    }
}
