//! What tests start from: a store with people, a FHIR server, and a deliverer between them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use phr_fhir::{
    delivery::{Deliverer, Settings},
    destination::{Credentials, Destination, Options},
};
use phr_model::{
    Coverage, CoverageState, DateRange, Day, Draft, FITBIT, Figure, Form, HeartRateForm, Metric,
    Observation, Offsets, PersonId, Sample, StoppedClock, observe, observe_as,
};
use phr_sandbox::{FhirFault, FhirIds, FhirServer, FhirWorld};
use phr_store::{
    SharedStore,
    account::{NewPerson, Person},
    bed::{self, Bed},
    connection::{Consent, Lease, SealedTokens},
    delivery::{DestinationSeen, Parked},
    reading::DayWrite,
};
use serde_json::Value;
use uuid::Uuid;

const NOW: &str = "2026-03-10T12:00:00Z";
const LONG: SignedDuration = SignedDuration::from_hours(10_000);

/// A store, a clock and a FHIR server.
pub(crate) struct Scene {
    pub(crate) store: SharedStore,
    pub(crate) bed: Bed,
    pub(crate) clock: Arc<StoppedClock>,
    pub(crate) server: FhirServer,
}

/// Somebody whose days can be written.
#[derive(Clone, Copy)]
pub(crate) struct Wearer {
    pub(crate) id: PersonId,
    lease: Lease,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(FhirIds::default()).await
    }

    pub(crate) async fn with(ids: FhirIds) -> Self {
        let (store, bed) = bed::open().await;
        let clock = Arc::new(StoppedClock::at(NOW.parse().unwrap()));
        Self { store, bed, clock, server: FhirServer::start(ids).await.unwrap() }
    }

    pub(crate) fn there(&self) -> &FhirWorld {
        self.server.world()
    }

    /// The scene's server as a destination.
    pub(crate) fn destination(&self) -> Destination {
        destination("clinic", &self.server)
    }

    /// A deliverer to the scene's server, which is open.
    pub(crate) async fn deliverer(&self) -> Deliverer {
        self.deliverer_to(vec![self.destination()]).await
    }

    pub(crate) async fn deliverer_to(&self, destinations: Vec<Destination>) -> Deliverer {
        let base = "https://phr.example";
        let settings = Settings { chance: || 1.0, lease: LONG, ..Settings::new(base) };
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let deliverer = Deliverer::new(store, clock, settings, destinations).unwrap();
        deliverer.open().await.unwrap();
        deliverer
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) async fn wearer(&self) -> Wearer {
        let id = PersonId(Uuid::new_v4());
        let now: Timestamp = NOW.parse().unwrap();
        let person = Person {
            id,
            email: format!("{id}@example.org"),
            name: "Ada".to_owned(),
            password_hash: "$argon2id$".to_owned(),
            patient: Some(id.patient()),
            created_at: now,
        };
        self.store.register(NewPerson { person, invitation: None }, now).await.unwrap();
        let connection = self.store.select_vendor(id, FITBIT, now).await.unwrap();
        let tokens = SealedTokens { envelope: "key1:x".to_owned(), access_expires_at: now };
        let consent = Consent {
            upstream: "google-health".to_owned(),
            legacy_user: None,
            vendor_user: id.to_string(),
            scopes: Vec::new(),
            zone: None,
            tokens,
            reconnect_by: None,
        };
        self.store.link(connection.id, consent, now).await.unwrap();
        let (until, token) = (now + LONG, Uuid::new_v4());
        let lease = self.store.claim(connection.id, now, until, token).await.unwrap().unwrap().1;
        Wearer { id, lease }
    }

    /// Weigh-ins of a closed day, at whole hours.
    pub(crate) async fn weigh(&self, wearer: Wearer, kilograms: &[i64]) {
        let weighed = (0..).zip(kilograms).map(|(hour, kilograms)| Sample {
            at: moment("2026-03-09", hour * 3_600),
            seconds: 0,
            offset_seconds: 0,
            value: kilograms * 1_000_000,
        });
        self.write(wearer, Metric::BodyWeight, "2026-03-09", weighed.collect(), true).await;
    }

    /// A day of heart rates, one a minute: 24 Observations.
    pub(crate) async fn beat(&self, wearer: Wearer, date: &str, rate: i64) {
        self.beat_on(wearer, date, rate, true).await;
    }

    pub(crate) async fn beat_on(&self, wearer: Wearer, date: &str, rate: i64, closed: bool) {
        let beat = |minute: i64| Sample {
            at: moment(date, minute * 60),
            seconds: 0,
            offset_seconds: 0,
            value: rate + minute % 100,
        };
        let beats = (0..1_440).map(beat).collect();
        self.write(wearer, Metric::HeartRate, date, beats, closed).await;
    }

    /// A day of samples that is over.
    pub(crate) async fn record(
        &self,
        wearer: Wearer,
        metric: Metric,
        date: &str,
        samples: Vec<Sample>,
    ) {
        self.write(wearer, metric, date, samples, true).await;
    }

    async fn write(
        &self,
        wearer: Wearer,
        metric: Metric,
        date: &str,
        samples: Vec<Sample>,
        closed: bool,
    ) {
        let date: Date = date.parse().unwrap();
        let figure = Figure::of(metric, &samples);
        let offsets = Offsets::new(TimeZone::UTC, &samples);
        let day = Day {
            person: wearer.id,
            vendor: FITBIT,
            metric,
            date,
            samples: &samples,
            figure: figure.as_ref(),
            offsets: &offsets,
            closed,
        };
        let drafts = observe(&day, HeartRateForm::Hourly);
        let coverage = Coverage {
            metric,
            date,
            state: CoverageState::Complete,
            reason: None,
            samples: u32::try_from(samples.len()).unwrap(),
            implausible: 0,
            vendor: figure.clone(),
            ours: figure,
            read_at: Some(NOW.parse().unwrap()),
            read_closed: closed,
        };
        let days = vec![DayWrite { samples, drafts, coverage }];
        let now = phr_model::Clock::now(&*self.clock);
        self.store.replace_days(wearer.lease, wearer.id, FITBIT, days, now).await.unwrap();
    }

    /// Everything that stands in the store.
    pub(crate) async fn standing(&self, wearer: Wearer) -> Vec<Observation> {
        let filter = phr_store::reading::ObservationFilter { metric: None, from: None, to: None };
        self.store.observations(wearer.id, filter, 1, 100_000).await.unwrap().observations
    }

    pub(crate) async fn seen(&self) -> DestinationSeen {
        let now = phr_model::Clock::now(&*self.clock);
        self.store.destinations(now).await.unwrap().remove(0)
    }

    pub(crate) async fn parked(&self) -> Vec<Parked> {
        self.store.parked(None, None, 1_000).await.unwrap()
    }

    /// Observations at the server: status and version of each, in the order of the server's ids.
    pub(crate) fn states(&self) -> Vec<(String, String)> {
        let state = |resource: Value| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&resource["status"]), text(&resource["meta"]["versionId"]))
        };
        self.there().resources("Observation").into_iter().map(state).collect()
    }

    /// What stands in the store stands at the server with the same values, each once, and nothing
    /// else does.
    pub(crate) async fn assert_in_step(&self, wearers: &[Wearer]) {
        let mut ours = Vec::new();
        for wearer in wearers {
            let standing = self.standing(*wearer).await.into_iter();
            ours.extend(standing.map(|observation| line(&observation.says)));
        }
        ours.sort();
        assert_eq!(self.standing_there(), ours);
    }

    /// What stands at the server is what `metric` is in `form`, by the samples in the store.
    pub(crate) async fn assert_in_form(&self, wearers: &[Wearer], metric: Metric, form: Form) {
        let mut ours = Vec::new();
        for wearer in wearers {
            ours.extend(self.said(*wearer, metric, form).await.iter().map(line));
        }
        ours.sort();
        assert_eq!(self.standing_there(), ours);
    }

    /// What the store's samples of a metric say in a form, day after day.
    pub(crate) async fn said(&self, wearer: Wearer, metric: Metric, form: Form) -> Vec<Draft> {
        let mut days =
            DateRange { first: "2026-01-01".parse().unwrap(), last: "2026-12-31".parse().unwrap() };
        let known = self.store.coverage(wearer.id, Some(metric), days).await.unwrap();
        let mut said = Vec::new();
        while let Some((date, samples)) =
            self.store.next_day_with_samples(wearer.id, metric, days).await.unwrap()
        {
            let known = known.iter().find(|known| known.date == date).unwrap();
            let day = Day {
                person: wearer.id,
                vendor: FITBIT,
                metric,
                date,
                samples: &samples,
                figure: known.vendor.as_ref(),
                offsets: &Offsets::new(TimeZone::UTC, &samples),
                closed: known.read_closed,
            };
            said.extend(observe_as(&day, form));
            days.first = date.tomorrow().unwrap();
        }
        said
    }

    /// Identifier and value of everything that stands at the server, where nothing is amiss.
    fn standing_there(&self) -> Vec<(String, String)> {
        for resource in self.there().resources("Observation") {
            assert_eq!(phr_fhir::checker::check(&resource), [], "{resource}");
        }
        let stands = |resource: &Value| resource["status"] != "entered-in-error";
        let theirs = self.there().resources("Observation").into_iter().filter(stands);
        let theirs = theirs.map(|resource| {
            let id = resource["identifier"][0]["value"].as_str().unwrap().to_owned();
            (id, format!("{:.4}", resource["valueQuantity"]["value"].as_f64().unwrap()))
        });
        let mut theirs: Vec<_> = theirs.collect();
        theirs.sort();
        theirs
    }
}

/// Identifier and value as a server is to have them.
fn line(says: &Draft) -> (String, String) {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let value = says.value as f64 / says.metric.facts().scale as f64;
    (says.id.to_string(), format!("{value:.4}"))
}

pub(crate) fn destination(name: &str, server: &FhirServer) -> Destination {
    Destination {
        name: name.to_owned(),
        url: server.base_url().parse().unwrap(),
        credentials: Credentials::None,
        options: Options::default(),
    }
}

pub(crate) fn fails(status: u16, times: u32) -> FhirFault {
    FhirFault::Status { status, retry_after: None, times }
}

/// Samples of a day (UTC), a value a minute.
pub(crate) fn minutes(date: &str, values: &[i64]) -> Vec<Sample> {
    let sample = |(minute, value): (i64, &i64)| Sample {
        at: moment(date, minute * 60),
        seconds: 60,
        offset_seconds: 0,
        value: *value,
    };
    (0..).zip(values).map(sample).collect()
}

fn moment(date: &str, second: i64) -> Timestamp {
    let start = date.parse::<Date>().unwrap().to_zoned(TimeZone::UTC).unwrap().timestamp();
    start + SignedDuration::from_secs(second)
}

/// Steps until nothing is due; how many.
pub(crate) async fn drain(deliverer: &Deliverer) -> usize {
    let mut steps = 0;
    for position in 0..deliverer.destinations().len() {
        while let Some(job) = deliverer.claim(position).await.unwrap() {
            deliverer.work(job).await.unwrap();
            steps += 1;
            assert!(steps < 1_000, "it never ends");
        }
    }
    steps
}

/// Drains again and again while time goes on; for servers that fail for a while.
pub(crate) async fn drain_in_time(scene: &Scene, deliverer: &Deliverer, seconds: i64) {
    for _ in 0..seconds {
        drain(deliverer).await;
        scene.wait(1);
    }
    drain(deliverer).await;
}
