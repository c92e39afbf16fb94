//! A person who has consented, and the truth to compare with.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use phr_model::{ConnectionId, DateRange, Metric, Offsets, Sample, StoppedClock};
use phr_sandbox::{DataType, Options, People, Sandbox, World};
use phr_vendors::{
    Access, AuthorizationRequest, Budget, Grant, InstantPace, Limits, Urgency, Vendor, VendorError,
    fitbit::google_health::{GoogleHealth, Settings},
    http_client,
};
use reqwest::header::LOCATION;
use secrecy::SecretString;
use url::Url;

/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:8000/integrations/fitbit/callback";
/// Travels round the Pacific 30 to 20 days before the emulated now; lives in Madrid.
pub(crate) const INES: &str = "ines@example.com";
/// In New York 9 to 6 days before; lives in Berlin.
pub(crate) const JONAS: &str = "jonas@example.com";
pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";

pub(crate) struct Upstream {
    pub(crate) sandbox: Sandbox,
    pub(crate) vendor: GoogleHealth,
    pub(crate) pace: Arc<InstantPace>,
    /// What the budget and `Retry-After` go by.
    pub(crate) clock: Arc<StoppedClock>,
    pub(crate) email: &'static str,
    pub(crate) access: Access,
}

pub(crate) fn options() -> Options {
    options_at(NOW)
}

pub(crate) fn options_at(now: &str) -> Options {
    Options {
        now: Some(now.parse().unwrap()),
        people: People::Synthetic { count: 2, days_of_history: 40 },
        quota_per_minute: 0,
        ..Options::default()
    }
}

pub(crate) fn settings(sandbox: &Sandbox) -> Settings {
    let base = sandbox.base_url().parse().unwrap();
    let client_id = "sandbox-client.apps.example.com".to_owned();
    Settings::at(&base, client_id, "sandbox-secret".into(), CALLBACK.parse().unwrap())
}

pub(crate) const PLENTY: Limits =
    Limits { per_person_per_minute: u32::MAX, per_project_per_minute: u32::MAX };

/// Asks for consent as `email`, who ticks every scope that `ticks`; gives the callback's parameters.
pub(crate) async fn consent(
    vendor: &GoogleHealth,
    email: &str,
    ticks: impl Fn(&str) -> bool,
) -> Vec<(String, String)> {
    let state = SecretString::from("one-time-state");
    let url =
        vendor.authorization_url(&AuthorizationRequest { state: &state, challenge: CHALLENGE });
    let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let ticked = vendor.scopes().iter().filter(|facts| ticks(facts.scope));
    form.extend(ticked.map(|facts| ("scopes".to_owned(), facts.scope.to_owned())));
    form.push(("account".to_owned(), email.to_owned()));
    form.push(("decision".to_owned(), "allow".to_owned()));
    let mut page = url.clone();
    page.set_query(None);
    let response = http_client().unwrap().post(page).form(&form).send().await.unwrap();
    let location = response.headers()[LOCATION].to_str().unwrap();
    Url::parse(location).unwrap().query_pairs().into_owned().collect()
}

pub(crate) fn parameter(callback: &[(String, String)], name: &str) -> String {
    callback.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap()
}

pub(crate) async fn exchange(
    vendor: &GoogleHealth,
    callback: &[(String, String)],
) -> Result<Grant, VendorError> {
    vendor.exchange(&parameter(callback, "code").into(), &VERIFIER.into()).await
}

impl Upstream {
    pub(crate) async fn of(email: &'static str) -> Self {
        Self::with(options(), PLENTY, email, |_| true).await
    }

    pub(crate) async fn at(now: &str, email: &'static str) -> Self {
        Self::with(options_at(now), PLENTY, email, |_| true).await
    }

    pub(crate) async fn with(
        options: Options,
        limits: Limits,
        email: &'static str,
        ticks: impl Fn(&str) -> bool,
    ) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let clock = Arc::new(StoppedClock::at(NOW.parse().unwrap()));
        let budget = Arc::new(Budget::new(limits, clock.clone()));
        let pace = Arc::new(InstantPace::default());
        let http = http_client().unwrap();
        let vendor = GoogleHealth::new(
            &settings(&sandbox).with_metrics(Metric::ALL),
            http,
            budget,
            clock.clone(),
        );
        let vendor = vendor.with_pace(pace.clone());
        let callback = consent(&vendor, email, ticks).await;
        let grant = exchange(&vendor, &callback).await.unwrap();
        let access =
            Access { connection: connection(), token: grant.access, urgency: Urgency::Person };
        sandbox.world().clear_request_counts();
        Self { sandbox, vendor, pace, clock, email, access }
    }

    pub(crate) fn world(&self) -> &World {
        self.sandbox.world()
    }

    pub(crate) async fn read(
        &self,
        metric: Metric,
        days: DateRange,
    ) -> Result<Vec<Vec<Sample>>, VendorError> {
        let days = self.vendor.read_days(&self.access, metric, days, &self.offsets()).await?;
        Ok(days.into_iter().map(|day| day.samples).collect())
    }

    pub(crate) async fn read_day(
        &self,
        metric: Metric,
        date: Date,
    ) -> Result<Vec<Sample>, VendorError> {
        self.read(metric, DateRange::day(date)).await.map(|mut days| days.remove(0))
    }

    /// Where the person was, by their minutes of steps.
    pub(crate) fn offsets(&self) -> Offsets {
        let zone = self.world().people().into_iter().find(|person| person.email == self.email);
        let zone = TimeZone::get(&zone.unwrap().time_zone).unwrap();
        let now = self.world().clock().now();
        let from = now - SignedDuration::from_hours(24 * 40);
        let steps = self.truth_between(DataType::Steps, 1, from, now);
        Offsets::new(zone, &steps)
    }

    /// What the emulator knows of a civil day, in base units of which `scale` make one unit.
    pub(crate) fn truth(&self, data_type: DataType, scale: i32, date: Date) -> Vec<Sample> {
        let noon = TimeZone::UTC.to_timestamp(date.at(12, 0, 0, 0)).unwrap();
        let reach = SignedDuration::from_hours(60);
        let all = self.truth_between(data_type, scale, noon - reach, noon + reach);
        all.into_iter().filter(|sample| sample.date() == date).collect()
    }

    fn truth_between(
        &self,
        data_type: DataType,
        scale: i32,
        from: Timestamp,
        to: Timestamp,
    ) -> Vec<Sample> {
        let readings = self.world().reconciled_points(self.email, data_type, from, to).unwrap();
        let mut samples: Vec<Sample> = readings
            .into_iter()
            .map(|reading| Sample {
                at: reading.start,
                seconds: u32::try_from(reading.end.duration_since(reading.start).as_secs())
                    .unwrap(),
                offset_seconds: reading.utc_offset,
                value: whole(reading.value * f64::from(scale)),
            })
            .collect();
        samples.sort_unstable();
        samples
    }

    /// Requests so far whose name contains `name`.
    pub(crate) fn requests(&self, name: &str) -> u64 {
        let counts = self.world().request_counts();
        counts.iter().filter(|(key, _)| key.contains(name)).map(|(_, count)| count).sum()
    }
}

pub(crate) fn connection() -> ConnectionId {
    "00000000-0000-4000-8000-000000000001".parse().unwrap()
}

#[expect(clippy::cast_possible_truncation, reason = "test values are small")]
pub(crate) fn whole(value: f64) -> i64 {
    value.round() as i64
}

pub(crate) fn range(first: &str, last: &str) -> DateRange {
    DateRange { first: first.parse().unwrap(), last: last.parse().unwrap() }
}

pub(crate) fn day(date: &str) -> Date {
    date.parse().unwrap()
}

pub(crate) fn sum(samples: &[Sample]) -> i64 {
    samples.iter().map(|sample| sample.value).sum()
}
