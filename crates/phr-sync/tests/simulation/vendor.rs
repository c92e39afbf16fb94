//! The vendor's API over the simulated world: no network, no time of its own.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use jiff::civil::Date;
use phr_model::{DateRange, FITBIT, Figure, Metric, Offsets};
use phr_vendors::{
    Access, AuthorizationRequest, DayReading, Grant, Vendor, VendorError,
    vendor::{Account, Refreshed, ScopeFacts},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    gate::Gate,
    world::{ACCESS_LIFETIME, World},
};

static SCOPES: [ScopeFacts; 7] = [
    ScopeFacts::fixed("steps", "steps", &[Metric::Steps]),
    ScopeFacts::fixed("heart", "heart rate", &[Metric::HeartRate]),
    ScopeFacts::fixed("weight", "weight", &[Metric::BodyWeight]),
    ScopeFacts::fixed("resting", "resting pulse", &[Metric::RestingHeartRate]),
    ScopeFacts::fixed(
        "activity",
        "activity",
        &[
            Metric::Calories,
            Metric::Distance,
            Metric::ActiveEnergy,
            Metric::Floors,
            Metric::ActiveMinutes,
            Metric::Exercise,
        ],
    ),
    ScopeFacts::fixed("body", "body", &[Metric::BodyFat, Metric::Height, Metric::Vo2max]),
    ScopeFacts::fixed(
        "nights",
        "nights",
        &[
            Metric::Sleep,
            Metric::Spo2,
            Metric::Hrv,
            Metric::RespiratoryRate,
            Metric::SkinTemperatureVariation,
        ],
    ),
];

/// Figures as they were first seen.
pub(crate) type Memory = Arc<Mutex<BTreeMap<(usize, Metric, Date), Option<Figure>>>>;

/// The vendor as one actor reaches it.
pub(crate) struct SimulatedVendor {
    pub(crate) world: Arc<World>,
    pub(crate) gate: Option<Gate>,
    /// Breaks the product on purpose: it never sees that a figure changed.
    pub(crate) memory: Option<Memory>,
}

impl SimulatedVendor {
    /// A request: others may act before it arrives and before its answer does.
    async fn request<T>(
        &self,
        answer: impl FnOnce(&World) -> Result<T, VendorError>,
    ) -> Result<T, VendorError> {
        self.wait().await;
        let answer = match self.world.trouble() {
            Some(trouble) => Err(trouble),
            None => answer(&self.world),
        };
        self.wait().await;
        answer
    }

    async fn wait(&self) {
        if let Some(gate) = &self.gate {
            gate.pass().await;
        }
    }

    fn seen(&self, person: usize, metric: Metric, figures: &mut BTreeMap<Date, Figure>) {
        let Some(memory) = &self.memory else { return };
        let mut memory = memory.lock().unwrap();
        for (date, figure) in figures {
            let first =
                memory.entry((person, metric, *date)).or_insert_with(|| Some(figure.clone()));
            if let Some(first) = first {
                *figure = first.clone();
            }
        }
    }
}

#[async_trait]
impl Vendor for SimulatedVendor {
    fn name(&self) -> &'static str {
        FITBIT
    }

    fn upstream(&self) -> &'static str {
        "simulation"
    }

    fn title(&self) -> &'static str {
        "Simulation"
    }

    fn scopes(&self) -> &'static [ScopeFacts] {
        &SCOPES
    }

    fn metrics(&self) -> &'static [Metric] {
        self.world.metrics
    }

    fn authorization_url(&self, request: &AuthorizationRequest<'_>) -> Url {
        let state = request.state.expose_secret();
        Url::parse_with_params("https://vendor.example/auth", [("state", state)]).unwrap()
    }

    fn issued_by(&self, _issuer: &str) -> bool {
        true
    }

    async fn exchange(
        &self,
        code: &SecretString,
        _verifier: &SecretString,
    ) -> Result<Grant, VendorError> {
        let grant = self.request(|world| world.exchange(code.expose_secret())).await?;
        Ok(Grant {
            access: grant.access.into(),
            access_lifetime: ACCESS_LIFETIME,
            refresh: Some(grant.refresh.into()),
            grant_lifetime: None,
            scopes: SCOPES.iter().map(|facts| facts.scope.to_owned()).collect(),
        })
    }

    /// The answer to a refresh can be lost after the vendor rotated the token.
    async fn refresh(&self, refresh: &SecretString) -> Result<Refreshed, VendorError> {
        let refreshed = self.request(|world| world.refresh(refresh.expose_secret())).await?;
        match self.world.trouble() {
            Some(_) => Err(VendorError::Unavailable),
            None => Ok(Refreshed {
                access: refreshed.access.into(),
                access_lifetime: ACCESS_LIFETIME,
                refresh: Some(refreshed.refresh.into()),
            }),
        }
    }

    async fn revoke(&self, _token: &SecretString) -> Result<(), VendorError> {
        Ok(())
    }

    async fn account(&self, access: &Access) -> Result<Account, VendorError> {
        self.request(|world| {
            world.ask(access.token.expose_secret(), |index, person, _| Account {
                user: format!("user-{index}"),
                legacy_user: None,
                zone: Some(person.home.to_owned()),
            })
        })
        .await
    }

    async fn daily_figures(
        &self,
        access: &Access,
        metric: Metric,
        days: DateRange,
    ) -> Result<BTreeMap<Date, Figure>, VendorError> {
        self.request(|world| {
            world.ask(access.token.expose_secret(), |index, person, now| {
                let figure = |date| Some((date, person.figure(metric, date, now)?));
                let mut figures = days.days().filter_map(figure).collect();
                self.seen(index, metric, &mut figures);
                figures
            })
        })
        .await
    }

    fn days_per_read(&self, metric: Metric) -> i32 {
        if metric == Metric::HeartRate { 3 } else { 14 }
    }

    async fn read_days(
        &self,
        access: &Access,
        metric: Metric,
        days: DateRange,
        _offsets: &Offsets,
    ) -> Result<Vec<DayReading>, VendorError> {
        self.request(|world| {
            world.ask(access.token.expose_secret(), |_, person, now| {
                let day = |date| DayReading { date, samples: person.day(metric, date, now) };
                days.days().map(day).collect()
            })
        })
        .await
    }
}
