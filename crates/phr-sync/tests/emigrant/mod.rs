//! A vendor account that is moved to another country, and whose steps arrive only then.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use phr_model::{DateRange, Figure, Metric, Offsets};
use phr_vendors::{
    Access, Account, AuthorizationRequest, DayReading, Grant, Refreshed, ScopeFacts, Vendor,
    VendorError,
};
use secrecy::SecretString;
use url::Url;

/// The vendor behind it, as it is, except that the account is in [`Self::FROM`] and has no steps
/// until it has moved.
pub(crate) struct Emigrant {
    vendor: Arc<dyn Vendor>,
    moved: AtomicBool,
}

impl Emigrant {
    pub(crate) const FROM: &str = "America/Los_Angeles";

    pub(crate) fn new(vendor: Arc<dyn Vendor>) -> Arc<Self> {
        Arc::new(Self { vendor, moved: AtomicBool::new(false) })
    }

    pub(crate) fn moves(&self) {
        self.moved.store(true, Ordering::SeqCst);
    }

    fn hides(&self, metric: Metric) -> bool {
        metric == Metric::Steps && !self.moved.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Vendor for Emigrant {
    fn name(&self) -> &'static str {
        self.vendor.name()
    }

    fn upstream(&self) -> &'static str {
        self.vendor.upstream()
    }

    fn title(&self) -> &'static str {
        self.vendor.title()
    }

    fn scopes(&self) -> &'static [ScopeFacts] {
        self.vendor.scopes()
    }

    fn metrics(&self) -> &'static [Metric] {
        self.vendor.metrics()
    }

    fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> Url {
        self.vendor.authorization_url(request)
    }

    fn issued_by(&self, issuer: &str) -> bool {
        self.vendor.issued_by(issuer)
    }

    async fn exchange(
        &self,
        code: &SecretString,
        verifier: &SecretString,
    ) -> Result<Grant, VendorError> {
        self.vendor.exchange(code, verifier).await
    }

    async fn refresh(&self, refresh: &SecretString) -> Result<Refreshed, VendorError> {
        self.vendor.refresh(refresh).await
    }

    async fn revoke(&self, token: &SecretString) -> Result<(), VendorError> {
        self.vendor.revoke(token).await
    }

    async fn account(&self, access: &Access) -> Result<Account, VendorError> {
        let mut account = self.vendor.account(access).await?;
        if !self.moved.load(Ordering::SeqCst) {
            account.zone = Some(Self::FROM.to_owned());
        }
        Ok(account)
    }

    async fn daily_figures(
        &self,
        access: &Access,
        metric: Metric,
        days: DateRange,
    ) -> Result<BTreeMap<jiff::civil::Date, Figure>, VendorError> {
        if self.hides(metric) {
            return Ok(BTreeMap::new());
        }
        self.vendor.daily_figures(access, metric, days).await
    }

    fn days_per_read(&self, metric: Metric) -> i32 {
        self.vendor.days_per_read(metric)
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
        self.vendor.read_days(access, metric, days, offsets).await
    }
}
