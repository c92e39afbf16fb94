//! What tests start from.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use phr_model::{
    Coverage, CoverageState, Day, FITBIT, Figure, HeartRateForm, Metric, Observation, Offsets,
    PersonId, Sample, observe,
};
use phr_store::{
    Store,
    account::{NewPerson, Person, Registration, SecretHash, Session},
    connection::{Consent, Lease, Linking, SealedTokens},
    reading::{Changes, DayWrite, ObservationFilter},
};
use uuid::Uuid;

/// `seconds` after the tests' beginning of time, 2026-03-10T12:00:00Z.
pub(crate) fn at(seconds: i64) -> Timestamp {
    "2026-03-10T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn hash(number: u8) -> SecretHash {
    [number; 32]
}

pub(crate) fn account(email: &str) -> Person {
    let id = PersonId(Uuid::new_v4());
    Person {
        id,
        email: email.to_owned(),
        name: "Ada".to_owned(),
        password_hash: "$argon2id$old".to_owned(),
        patient: Some(id.patient()),
        created_at: at(0),
    }
}

/// A registered person.
pub(crate) async fn a_person(store: &dyn Store) -> PersonId {
    let person = account(&format!("{}@example.org", Uuid::new_v4()));
    let id = person.id;
    let registered = store.register(NewPerson { person, invitation: None }, at(0)).await.unwrap();
    assert_eq!(registered, Registration::Created);
    id
}

/// A signed-in person with the refresh token `hash(1)`; the session ends after 90 days.
pub(crate) async fn a_session(store: &dyn Store) -> Session {
    let person = a_person(store).await;
    let expires_at = at(90 * 86_400);
    let session = Session { id: Uuid::new_v4(), person, expires_at };
    store.open_session(session.clone(), hash(1), at(0)).await.unwrap();
    session
}

pub(crate) fn tokens(envelope: &str) -> SealedTokens {
    SealedTokens { envelope: envelope.to_owned(), access_expires_at: at(3_600) }
}

pub(crate) fn consent(vendor_user: &str) -> Consent {
    Consent {
        upstream: "google-health".to_owned(),
        legacy_user: None,
        vendor_user: vendor_user.to_owned(),
        scopes: vec!["activity".to_owned(), "sleep".to_owned()],
        zone: Some("Europe/Zurich".to_owned()),
        tokens: tokens("key1:first"),
        reconnect_by: None,
    }
}

/// A person whose connection is active, and due since `at(0)`.
pub(crate) async fn a_connected_person(store: &dyn Store) -> (PersonId, phr_model::ConnectionId) {
    let person = a_person(store).await;
    let connection = store.select_vendor(person, FITBIT, at(0)).await.unwrap();
    let linked = store.link(connection.id, consent(&person.to_string()), at(0)).await.unwrap();
    assert_eq!(linked, Linking::Linked);
    (person, connection.id)
}

/// A person and the right to write about them until `at(3600)`.
pub(crate) async fn a_writer(store: &dyn Store) -> Writer<'_> {
    let (person, connection) = a_connected_person(store).await;
    let claim = store.claim(connection, at(0), at(3_600), Uuid::new_v4()).await.unwrap();
    Writer { store, person, lease: claim.unwrap().1 }
}

/// Writes days of one person, all at `at(60)`.
#[derive(Clone, Copy)]
pub(crate) struct Writer<'s> {
    pub(crate) store: &'s dyn Store,
    pub(crate) person: PersonId,
    pub(crate) lease: Lease,
}

impl Writer<'_> {
    pub(crate) async fn write(&self, days: Vec<DayWrite>) -> Changes {
        self.write_at(days, at(60)).await
    }

    pub(crate) async fn write_at(&self, days: Vec<DayWrite>, now: Timestamp) -> Changes {
        let written = self.store.replace_days(self.lease, self.person, FITBIT, days, now).await;
        written.unwrap()
    }

    /// What `observe` makes of a day that is over.
    pub(crate) fn closed(&self, metric: Metric, date: &str, samples: Vec<Sample>) -> DayWrite {
        self.read(metric, date, samples, true)
    }

    pub(crate) fn read(
        &self,
        metric: Metric,
        date: &str,
        samples: Vec<Sample>,
        closed: bool,
    ) -> DayWrite {
        let date = day(date);
        let ours = Figure::of(metric, &samples);
        let daily = Figure::Daily { value: 600, low: None, high: None };
        let figure = ours.clone().unwrap_or(daily);
        let offsets = Offsets::new(TimeZone::UTC, &samples);
        let drafts = observe(
            &Day {
                person: self.person,
                vendor: FITBIT,
                metric,
                date,
                samples: &samples,
                figure: (!samples.is_empty()).then_some(&figure),
                offsets: &offsets,
                closed,
            },
            HeartRateForm::Hourly,
        );
        let coverage = Coverage {
            metric,
            date,
            state: if closed { CoverageState::Complete } else { CoverageState::Partial },
            reason: None,
            samples: u32::try_from(samples.len()).unwrap(),
            implausible: 0,
            vendor: ours.clone(),
            ours,
            read_at: Some(at(60)),
            read_closed: closed,
        };
        DayWrite { samples, drafts, coverage }
    }

    /// Everything that stands, newest first.
    pub(crate) async fn standing(&self) -> Vec<Observation> {
        let page = self.store.observations(self.person, EVERYTHING, 1, 1_000).await.unwrap();
        assert_eq!(page.total, page.observations.len() as u64);
        page.observations
    }
}

pub(crate) const EVERYTHING: ObservationFilter =
    ObservationFilter { metric: None, from: None, to: None };

/// A weigh-in of `kilograms` at a time of day in UTC.
pub(crate) fn weigh_in(time: &str, kilograms: i64) -> Sample {
    let at = time.parse().unwrap();
    Sample { at, seconds: 0, offset_seconds: 0, value: kilograms * 1_000_000 }
}

/// `count` heart rates from the beginning of `date` (UTC), every `every` seconds.
pub(crate) fn heart_rates(date: &str, count: i64, every: i64) -> Vec<Sample> {
    let start = day(date).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let sample = |n: i64| Sample {
        at: start + SignedDuration::from_secs(n * every),
        seconds: 0,
        offset_seconds: 0,
        value: 600 + (n * 37) % 300,
    };
    (0..count).map(sample).collect()
}

/// The steps of `date` (UTC), minute by minute.
pub(crate) fn steps(date: &str, minutes: i64) -> Vec<Sample> {
    let walked = heart_rates(date, minutes, 60).into_iter();
    walked.map(|sample| Sample { seconds: 60, value: sample.value % 120, ..sample }).collect()
}
