//! Readings put straight into the store, as a sync would.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use phr_model::{
    Coverage, CoverageState, Day, FITBIT, Figure, HeartRateForm, Metric, Offsets, PersonId, Sample,
    observe,
};
use phr_store::{
    SharedStore,
    connection::{Consent, Lease, Linking, SealedTokens, Settlement},
    reading::DayWrite,
};
use uuid::Uuid;

use super::TestApp;

const OFFSET: i32 = 3_600;

/// A sample in Zurich in winter, `seconds` after local midnight.
pub(crate) fn sample(date: &str, seconds: i64, value: i64, length: u32) -> Sample {
    let midnight: Timestamp = format!("{date}T00:00:00+01:00").parse().unwrap();
    let at = midnight + SignedDuration::from_secs(seconds);
    Sample { at, seconds: length, offset_seconds: OFFSET, value }
}

impl TestApp {
    /// Holds these samples as the day's.
    pub(crate) async fn hold(
        &self,
        person: PersonId,
        metric: Metric,
        date: &str,
        samples: Vec<Sample>,
    ) {
        self.hold_in(&self.store, person, metric, date, samples).await;
    }

    /// The same of a day that is not over.
    pub(crate) async fn hold_open(
        &self,
        person: PersonId,
        metric: Metric,
        date: &str,
        samples: Vec<Sample>,
    ) {
        self.hold_day(&self.store, (person, metric, date), samples, false).await;
    }

    /// The same through another process's store.
    pub(crate) async fn hold_in(
        &self,
        store: &SharedStore,
        person: PersonId,
        metric: Metric,
        date: &str,
        samples: Vec<Sample>,
    ) {
        self.hold_day(store, (person, metric, date), samples, true).await;
    }

    async fn hold_day(
        &self,
        store: &SharedStore,
        (person, metric, date): (PersonId, Metric, &str),
        samples: Vec<Sample>,
        closed: bool,
    ) {
        let date: Date = date.parse().unwrap();
        let offsets = Offsets::new(TimeZone::get("Europe/Zurich").unwrap(), &samples);
        let figure = Figure::of(metric, &samples);
        let day = Day {
            person,
            vendor: FITBIT,
            metric,
            date,
            samples: &samples,
            figure: figure.as_ref(),
            offsets: &offsets,
            closed,
        };
        let coverage = Coverage {
            metric,
            date,
            state: CoverageState::Complete,
            reason: None,
            samples: u32::try_from(samples.len()).unwrap(),
            implausible: 0,
            ours: figure.clone(),
            vendor: figure.clone(),
            read_at: Some(self.now()),
            read_closed: closed,
        };
        let drafts = observe(&day, HeartRateForm::Hourly);
        let write = DayWrite { samples, drafts, coverage };
        let lease = self.lease(person).await;
        let now = self.now();
        store.replace_days(lease, person, FITBIT, vec![write], now).await.unwrap();
        let settlement = Settlement { due_at: None, complete: true, error: None, state: None };
        assert!(self.store.settle(lease, settlement, now).await.unwrap());
    }

    /// A claim on a fresh connection of `person`.
    pub(crate) async fn lease(&self, person: PersonId) -> Lease {
        let now = self.now();
        let connection = self.store.select_vendor(person, FITBIT, now).await.unwrap();
        let expires = now + SignedDuration::from_hours(1);
        let consent = Consent {
            upstream: "google-health".to_owned(),
            legacy_user: None,
            vendor_user: connection.vendor_user.unwrap_or_else(|| format!("vendor-{person}")),
            scopes: Vec::new(),
            zone: Some("Europe/Zurich".to_owned()),
            tokens: SealedTokens { envelope: "sealed".to_owned(), access_expires_at: expires },
            reconnect_by: None,
        };
        let linking = self.store.link(connection.id, consent, now).await.unwrap();
        assert_eq!(linking, Linking::Linked);
        let claimed = self.store.claim(connection.id, now, expires, Uuid::new_v4()).await.unwrap();
        claimed.unwrap().1
    }

    /// Steps of each of the last `days` days: one Observation a day.
    pub(crate) async fn hold_steps(&self, person: PersonId, last: &str, days: u32) {
        let mut date: Date = last.parse().unwrap();
        for n in 0..days {
            let steps = sample(&date.to_string(), 36_000, i64::from(1_000 + n), 60);
            self.hold(person, Metric::Steps, &date.to_string(), vec![steps]).await;
            date = date.yesterday().unwrap();
        }
    }
}
