//! The real parts on one stage: emulated Google, Google Health client, a database (see
//! [`phr_store::bed`]), and a clock that stands still until a test moves it.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses a part of it")]

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use phr_model::{Clock, FITBIT, Metric, PersonId};
use phr_sandbox::{DataType, Options, People, Sandbox, WebApiMood, World};
use phr_store::{
    SharedStore, Vault,
    account::{NewPerson, Person, Registration},
    bed::{self, Bed},
    connection::Connection,
};
use phr_sync::{
    Callback, Connector, Entropy, Finished, RunReport, SyncError, SyncService, SyncSettings,
};
use phr_vendors::{
    Budget, Limits, Rates, TokioPace, Vendor,
    fitbit::{
        google_health::{GoogleHealth, Settings},
        web_api::{self, WebApi},
    },
    http_client,
    pace::InstantPace,
    registry::Vendors,
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

const REDIRECT: &str = "http://127.0.0.1:8000/integrations/fitbit/callback";
pub(crate) const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

/// A day on which nothing special happens in Madrid.
pub(crate) const NOON: &str = "2026-11-20T11:00:00Z";

/// How many days a run compares here unless a test says otherwise: a day of heart rate is 37,000
/// samples, and most rules show in a few days.
pub(crate) const LOOK_BACK: i32 = 5;

/// The emulator's clock as everybody's.
pub(crate) struct StageClock(phr_sandbox::Clock);

impl Clock for StageClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// Entropy that repeats: SHA-256 of a counter.
#[derive(Default)]
pub(crate) struct Counted(AtomicU64);

impl Entropy for Counted {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            let bytes = Sha256::digest(count.to_le_bytes());
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

/// Which of Fitbit's APIs a stage reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upstream {
    GoogleHealth,
    WebApi,
}

/// Everything a sync needs.
pub(crate) struct Stage {
    pub(crate) upstream: Upstream,
    pub(crate) sandbox: Sandbox,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: SharedStore,
    pub(crate) connector: Connector,
    pub(crate) sync: SyncService,
    pub(crate) bed: Bed,
    pub(crate) browser: reqwest::Client,
}

/// Somebody with an active connection.
pub(crate) struct Connected {
    pub(crate) id: PersonId,
    pub(crate) email: String,
}

/// An emulator on which it is `now`, with two invented people and `days` of their history.
pub(crate) fn options(now: &str, days: u32) -> Options {
    let people = People::Synthetic { count: 2, days_of_history: days };
    Options { now: Some(now.parse().unwrap()), people, ..Options::default() }
}

/// The same; weights are as exact as Google has them, and requests to the Web API are not counted.
pub(crate) fn exact(now: &str, days: u32) -> Options {
    let web_api = WebApiMood { weight_decimals: 4, quota_per_hour: 0, ..WebApiMood::default() };
    Options { web_api, ..options(now, days) }
}

impl Stage {
    /// A stage on which it is `now`, with two invented people and `days` of their history.
    pub(crate) async fn at(now: &str, days: u32) -> Self {
        Self::with(options(now, days)).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self::on(bed::open().await, options).await
    }

    /// The same through one of the upstreams.
    pub(crate) async fn through(upstream: Upstream, options: Options) -> Self {
        let mut stage = Self::with(options).await;
        stage.switch(upstream);
        stage
    }

    /// The operator chooses another upstream.
    pub(crate) fn switch(&mut self, upstream: Upstream) {
        self.upstream = upstream;
        let vendor = match upstream {
            Upstream::GoogleHealth => vendor(&self.settings, 1_000_000, &self.clock),
            Upstream::WebApi => self.web_api(1_000_000),
        };
        self.use_vendor(vendor);
    }

    /// Fetches `metrics` from now on.
    pub(crate) fn fetch(&mut self, metrics: impl IntoIterator<Item = Metric>) {
        self.settings = self.settings.clone().with_metrics(metrics);
        self.switch(self.upstream);
    }

    /// A client of the emulated Web API that never sleeps and keeps to so many requests an hour.
    pub(crate) fn web_api(&self, per_hour: u32) -> Arc<dyn Vendor> {
        let Settings { client_id, client_secret, redirect_uri, api_base_url, metrics, .. } =
            self.settings.clone();
        let settings = web_api::Settings::at(&api_base_url, client_id, client_secret, redirect_uri)
            .with_metrics(metrics);
        let budget = Arc::new(Budget::new(Rates::hourly(per_hour), self.clock.clone()));
        let vendor = WebApi::new(&settings, http_client().unwrap(), budget, self.clock.clone());
        Arc::new(vendor.with_pace(Arc::new(InstantPace::default())))
    }

    /// A stage on this store.
    pub(crate) async fn on((store, bed): (SharedStore, Bed), options: Options) -> Self {
        let options =
            Options { redirect_uris: vec![REDIRECT.to_owned()], quota_per_minute: 0, ..options };
        let (id, secret) = (options.client_id.clone(), options.client_secret.clone());
        let sandbox = Sandbox::start(options).await.unwrap();
        let clock: Arc<dyn Clock> = Arc::new(StageClock(sandbox.world().clock()));
        let base: Url = sandbox.base_url().parse().unwrap();
        let google = Settings::at(&base, id, secret.into(), REDIRECT.parse().unwrap());
        let vendors = Arc::new(Vendors::new([vendor(&google, 1_000_000, &clock)]));
        let vault = Arc::new(Vault::new(&SecretString::from(KEY)).unwrap());
        let entropy: Arc<dyn Entropy> = Arc::new(Counted::default());
        let connector = Connector {
            store: store.clone(),
            vault: vault.clone(),
            vendors: vendors.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            return_targets: Arc::new(vec!["phrapp://connected".parse().unwrap()]),
        };
        let settings =
            SyncSettings { look_back_days: LOOK_BACK, history_days: 0, ..SyncSettings::default() };
        let sync = SyncService {
            store: store.clone(),
            vault,
            vendors,
            clock: clock.clone(),
            entropy,
            pace: Arc::new(TokioPace),
            heartbeat: Arc::new(TokioPace),
            settings,
        };
        let browser =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let upstream = Upstream::GoogleHealth;
        Self { upstream, sandbox, settings: google, clock, store, connector, sync, bed, browser }
    }

    pub(crate) fn world(&self) -> &World {
        self.sandbox.world()
    }

    /// Registers the emulator's person number `index` here and connects them, every box ticked.
    pub(crate) async fn connect(&self, index: usize) -> Connected {
        let email = self.world().people()[index].email.clone();
        let id = self.register(&email).await;
        let finished = self.consent(id, &email, |_| true).await.unwrap();
        assert!(matches!(finished, Finished::Connected { .. }), "{finished:?}");
        Connected { id, email }
    }

    pub(crate) async fn register(&self, email: &str) -> PersonId {
        let id = PersonId(Uuid::new_v5(&Uuid::NAMESPACE_URL, email.as_bytes()));
        let person = Person {
            id,
            email: email.to_owned(),
            name: "Somebody".to_owned(),
            password_hash: "unused".to_owned(),
            patient: Some(id.patient()),
            created_at: self.clock.now(),
        };
        let new = NewPerson { person, invitation: None };
        let registration = self.store.register(new, self.clock.now()).await.unwrap();
        assert_eq!(registration, Registration::Created);
        id
    }

    /// The whole consent, with the scopes that `tick` ticks, in the browser that began it.
    pub(crate) async fn consent(
        &self,
        person: PersonId,
        account: &str,
        tick: impl Fn(&str) -> bool,
    ) -> Result<Finished, phr_sync::ConnectError> {
        let begun = self.connector.begin(person, FITBIT, None).await?;
        let callback = self.answer(&begun.url, account, tick).await;
        self.connector.finish(FITBIT, callback, Some(&begun.browser)).await
    }

    /// What the person does at Google's page; returns what the callback carries.
    pub(crate) async fn answer(
        &self,
        page: &Url,
        account: &str,
        tick: impl Fn(&str) -> bool,
    ) -> Callback {
        let mut form: Vec<(String, String)> = page.query_pairs().into_owned().collect();
        let scopes = form.iter().find(|(name, _)| name == "scope").unwrap().1.clone();
        form.push(("account".to_owned(), account.to_owned()));
        for scope in scopes.split(' ').filter(|scope| tick(scope)) {
            form.push(("scopes".to_owned(), scope.to_owned()));
        }
        form.push(("decision".to_owned(), "allow".to_owned()));
        let mut target = page.clone();
        target.set_query(None);
        let reply = self.browser.post(target).form(&form).send().await.unwrap();
        let location = reply.headers()["location"].to_str().unwrap().parse::<Url>().unwrap();
        let parameter = |wanted: &str| {
            location
                .query_pairs()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
        };
        Callback {
            code: parameter("code").map(SecretString::from),
            error: parameter("error"),
            state: parameter("state").map(SecretString::from),
            issuer: parameter("iss"),
        }
    }

    pub(crate) async fn sync(&self, person: &Connected) -> RunReport {
        self.try_sync(person).await.unwrap()
    }

    pub(crate) async fn try_sync(&self, person: &Connected) -> Result<RunReport, SyncError> {
        self.sync.sync_now(person.id, FITBIT, None, None).await
    }

    pub(crate) async fn connection(&self, person: &Connected) -> Connection {
        self.store.connection_of(person.id, FITBIT).await.unwrap().unwrap()
    }

    /// Allows so many requests a minute.
    pub(crate) fn with_budget(mut self, per_minute: u32) -> Self {
        let vendor = vendor(&self.settings, per_minute, &self.clock);
        self.use_vendor(vendor);
        self
    }

    /// Lets everything go through `vendor` from now on.
    pub(crate) fn use_vendor(&mut self, vendor: Arc<dyn Vendor>) {
        let vendors = Arc::new(Vendors::new([vendor]));
        self.sync.vendors = vendors.clone();
        self.connector.vendors = vendors;
    }

    /// The worker of another process: a store of its own on the same database.
    pub(crate) async fn another_process(&self) -> SyncService {
        SyncService { store: self.bed.another().await, ..self.sync.clone() }
    }

    /// Lets runs compare the last `days`.
    pub(crate) fn look_back(mut self, days: i32) -> Self {
        self.sync.settings.look_back_days = days;
        self
    }

    /// Lets new connections fetch so many days of history by themselves.
    pub(crate) fn history(mut self, days: i32) -> Self {
        self.sync.settings.history_days = days;
        self
    }

    /// Connects person number `index` with the permission for activity alone: steps, distance and
    /// calories are small, and long spans of them quick.
    pub(crate) async fn connect_activity(&self, index: usize) -> Connected {
        let email = self.world().people()[index].email.clone();
        let id = self.register(&email).await;
        let person = Connected { id, email };
        self.reconnect_activity(&person).await;
        person
    }

    /// Consents again, to the same.
    pub(crate) async fn reconnect_activity(&self, person: &Connected) {
        let small = |scope: &str| !scope.contains("health_metrics");
        let finished = self.consent(person.id, &person.email, small).await.unwrap();
        assert!(matches!(finished, Finished::Connected { .. }), "{finished:?}");
    }

    /// Does everything that is due, and waits for what comes due within a few minutes. How many
    /// pieces of work it was.
    pub(crate) async fn work_off(&self) -> u32 {
        let mut pieces = 0;
        for _ in 0..5 {
            while self.sync.work_once().await.unwrap() {
                pieces += 1;
                assert!(pieces < 500, "the work never ends");
            }
            self.advance(SignedDuration::from_mins(1));
        }
        pieces
    }

    /// Steps and distance of a civil day, beside the emulator's truth.
    pub(crate) async fn assert_activity_equals_vendor(
        &self,
        person: &Connected,
        date: jiff::civil::Date,
    ) {
        for (metric, data_type, scale) in SAMPLED {
            if matches!(metric, Metric::Steps | Metric::Distance) {
                self.assert_metric_equals_vendor(person, metric, data_type, scale, date).await;
            }
        }
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        self.world().advance(by);
    }

    /// Compares what we hold of `date` with the emulator's own truth: every sample, and the sum.
    pub(crate) async fn assert_equals_vendor(&self, person: &Connected, date: jiff::civil::Date) {
        for (metric, data_type, scale) in SAMPLED {
            self.assert_metric_equals_vendor(person, metric, data_type, scale, date).await;
        }
        self.assert_fhir_is_valid(person, date).await;
    }

    /// Every Observation of the day is a good FHIR resource.
    async fn assert_fhir_is_valid(&self, person: &Connected, date: jiff::civil::Date) {
        let chart = phr_fhir::Chart::new("https://phr.example", person.id.patient(), FITBIT);
        let day = phr_model::DateRange::day(date);
        for metric in Metric::ALL {
            let held = self.store.observations_between(person.id, metric, day).await.unwrap();
            for observation in held {
                let resource = serde_json::to_value(chart.observation(&observation)).unwrap();
                assert_eq!(phr_fhir::checker::check(&resource), [], "{metric} of {date}");
            }
        }
    }

    async fn assert_metric_equals_vendor(
        &self,
        person: &Connected,
        metric: Metric,
        data_type: DataType,
        scale: f64,
        date: jiff::civil::Date,
    ) {
        let ours = self.store.samples(person.id, metric, date).await.unwrap();
        let ours: Vec<(Timestamp, f64)> =
            ours.iter().map(|sample| (sample.at, metric.to_api(sample.value) * scale)).collect();
        let theirs = self.truth(person, data_type, date);
        assert_eq!(ours.len(), theirs.len(), "{metric} samples of {date}");
        for ((at, value), (their_at, theirs)) in ours.iter().zip(&theirs) {
            assert_eq!(at, their_at, "{metric} of {date}");
            assert!((value - theirs).abs() < 0.01, "{metric} at {at}: {value}, not {theirs}");
        }
    }

    /// The emulator's reconciled points of a civil day, by the offset where the person was.
    pub(crate) fn truth(
        &self,
        person: &Connected,
        data_type: DataType,
        date: jiff::civil::Date,
    ) -> Vec<(Timestamp, f64)> {
        let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        let (from, to) =
            (midnight - SignedDuration::from_hours(16), midnight + SignedDuration::from_hours(40));
        let points = self.world().reconciled_points(&person.email, data_type, from, to).unwrap();
        points
            .iter()
            .filter(|point| {
                let offset = jiff::tz::Offset::from_seconds(point.utc_offset).unwrap();
                offset.to_datetime(point.start).date() == date
            })
            .map(|point| (point.start, point.value))
            .collect()
    }
}

/// A client of the emulator that never sleeps.
pub(crate) fn vendor(
    settings: &Settings,
    per_minute: u32,
    clock: &Arc<dyn Clock>,
) -> Arc<dyn Vendor> {
    let limits = Limits { per_person_per_minute: per_minute, per_project_per_minute: 1_000_000 };
    let budget = Arc::new(Budget::new(limits, clock.clone()));
    let vendor = GoogleHealth::new(settings, http_client().unwrap(), budget, clock.clone());
    Arc::new(vendor.with_pace(Arc::new(InstantPace::default())))
}

/// Metrics with samples, and how many of the emulator's units make one of the API's.
pub(crate) const SAMPLED: [(Metric, DataType, f64); 5] = [
    (Metric::HeartRate, DataType::HeartRate, 1.0),
    (Metric::Spo2, DataType::OxygenSaturation, 1.0),
    (Metric::BodyWeight, DataType::Weight, 1_000.0),
    (Metric::Steps, DataType::Steps, 1.0),
    (Metric::Distance, DataType::Distance, 1_000_000.0),
];

/// Lets all of them work at the same time until nothing is due.
pub(crate) async fn work_together(processes: &[SyncService]) {
    let workers = processes
        .iter()
        .cloned()
        .map(|process| tokio::spawn(async move { while process.work_once().await.unwrap() {} }));
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
}
