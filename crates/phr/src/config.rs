//! Configuration: read once from the environment (and `.env`), checked as a whole, and typed from
//! here on. Every mistake is named at once, with the variable and the remedy, never its value.

mod fetched;
mod fhir;
mod notify;
mod reader;
mod webhooks;

use std::net::SocketAddr;

use jiff::SignedDuration;
use phr_api::settings::{Network, Registration};
use phr_model::{HeartRateForm, Metric};
use phr_store::DatabaseUrl;
use phr_vendors::{Rates, fitbit::google_health::hooks::Authorization};
use secrecy::SecretString;
use url::Url;

use self::reader::Reader;
pub(crate) use self::{fetched::metrics_of, fhir::Fhir, notify::Notify};
use crate::listen::Room;
use crate::metrics::Metrics;

/// A mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub(crate) struct Mistake {
    /// The variable.
    pub(crate) variable: String,
    /// What is wrong and what to do.
    pub(crate) problem: String,
}

/// Which API serves Fitbit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Upstream {
    /// The Google Health API
    #[default]
    GoogleHealth,
    /// Fitbit's own Web API, switched off on 2 November 2026
    WebApi,
}

const UPSTREAMS: [(&str, Upstream); 2] =
    [("google-health", Upstream::GoogleHealth), ("web-api", Upstream::WebApi)];

/// The credentials at Fitbit's upstream.
#[derive(Debug, Clone)]
pub(crate) struct Fitbit {
    /// Which API it is.
    pub(crate) upstream: Upstream,
    /// OAuth client id.
    pub(crate) client_id: String,
    /// OAuth client secret.
    pub(crate) client_secret: SecretString,
    /// Where the upstream sends the browser back; registered there character by character.
    pub(crate) redirect_uri: Url,
    /// An emulator (or a proxy, of the Web API) to use instead of the upstream.
    pub(crate) base_url: Option<Url>,
    /// What Google sends along with notifications; without it none are heard.
    pub(crate) webhook: Option<Authorization>,
    /// The verification code of the Web API's subscriber; without it nobody is subscribed and nothing
    /// is heard.
    pub(crate) subscriber: Option<SecretString>,
}

/// Who manages where notifications go.
#[derive(Debug, Clone)]
pub(crate) enum Webhooks {
    /// We, for the whole Cloud project.
    Project(WebhookAdmin),
    /// The operator at dev.fitbit.com, and the server person by person.
    PerPerson {
        /// Where people and apps reach this server.
        public_url: Url,
        /// Whether the subscriber's verification code is set.
        has_code: bool,
    },
}

/// What managing the Cloud project's webhook takes.
#[derive(Debug, Clone)]
pub(crate) struct WebhookAdmin {
    /// Where people and apps reach this server.
    pub(crate) public_url: Url,
    /// An emulator to use instead of Google.
    pub(crate) base_url: Option<Url>,
    /// The project's number.
    pub(crate) project: String,
    /// An access token with the scope `cloud-platform`.
    pub(crate) token: SecretString,
    /// What Google is to send along.
    pub(crate) authorization: SecretString,
    /// What is fetched.
    pub(crate) metrics: Vec<Metric>,
}

impl Webhooks {
    /// Reads only what `phr webhooks` needs.
    ///
    /// # Errors
    /// Every mistake found.
    pub(crate) fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader { variable, mistakes: Vec::new() };
        match reader.webhooks() {
            Some(admin) if reader.mistakes.is_empty() => Ok(admin),
            _ => Err(reader.mistakes),
        }
    }
}

/// Everything the server needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Url,
    pub(crate) database: DatabaseUrl,
    pub(crate) encryption_key: SecretString,
    pub(crate) jwt_secret: SecretString,
    pub(crate) fitbit: Option<Fitbit>,
    pub(crate) registration: Registration,
    pub(crate) fetched: Vec<Metric>,
    pub(crate) heart_rate: HeartRateForm,
    pub(crate) sync_interval: SignedDuration,
    pub(crate) sync_lease: SignedDuration,
    pub(crate) look_back_days: i32,
    pub(crate) sync_workers: usize,
    pub(crate) history_days: i32,
    pub(crate) per_person_per_minute: u32,
    pub(crate) per_project_per_minute: u32,
    pub(crate) per_person_per_hour: u32,
    pub(crate) return_urls: Vec<Url>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) docs: bool,
    pub(crate) metrics: Option<Metrics>,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) notify: Notify,
    pub(crate) fhir: Fhir,
}

/// Where the record is kept and reached.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) database: DatabaseUrl,
    pub(crate) public_url: Url,
}

impl Place {
    /// Reads only what commands beside the server need.
    ///
    /// # Errors
    /// Every mistake found.
    pub(crate) fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader { variable, mistakes: Vec::new() };
        match (reader.database(), reader.public_url()) {
            (Some(database), Some(public_url)) if reader.mistakes.is_empty() => {
                Ok(Self { database, public_url })
            }
            _ => Err(reader.mistakes),
        }
    }
}

/// Every variable the server reads. `.env.example` documents each; a test keeps the two equal.
pub(crate) const VARIABLES: [&str; 63] = [
    "LISTEN",
    "PUBLIC_URL",
    "DATABASE_URL",
    "DATABASE_CONNECTIONS",
    "ENCRYPTION_KEY",
    "JWT_SECRET",
    "FITBIT_CLIENT_ID",
    "FITBIT_CLIENT_SECRET",
    "FITBIT_REDIRECT_URI",
    "FITBIT_UPSTREAM",
    "FITBIT_BASE_URL",
    "FITBIT_WEBHOOK_AUTHORIZATION",
    "FITBIT_WEBHOOK_CHECK",
    "FITBIT_SUBSCRIBER_CODE",
    "FITBIT_PROJECT_NUMBER",
    "FITBIT_ADMIN_TOKEN",
    "REGISTRATION",
    "METRICS",
    "OBSERVATIONS_HEART_RATE",
    "SYNC_INTERVAL",
    "SYNC_LEASE",
    "SYNC_LOOK_BACK_DAYS",
    "SYNC_WORKERS",
    "HISTORY_DAYS",
    "REQUESTS_PER_MINUTE_PER_PERSON",
    "REQUESTS_PER_MINUTE",
    "REQUESTS_PER_HOUR_PER_PERSON",
    "RETURN_URLS",
    "CORS_ORIGINS",
    "TRUSTED_PROXIES",
    "API_DOCS",
    "METRICS_TOKEN",
    "METRICS_LISTEN",
    "LOG_FORMAT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "SENTRY_DSN",
    "SENTRY_ENVIRONMENT",
    "MAX_CONNECTIONS",
    "MAX_CONNECTIONS_PER_ADDRESS",
    "SMTP_URL",
    "MAIL_FROM",
    "NOTIFY_URL",
    "NOTIFY_SECRET",
    "NOTIFY_ALLOW_PRIVATE",
    "FHIR_BASE_URL",
    "FHIR_ALLOW_HTTP",
    "FHIR_USERNAME",
    "FHIR_PASSWORD",
    "FHIR_TOKEN",
    "FHIR_TOKEN_FILE",
    "FHIR_CLIENT_ID",
    "FHIR_PRIVATE_KEY_FILE",
    "FHIR_KEY_ID",
    "FHIR_TOKEN_URL",
    "FHIR_SCOPES",
    "FHIR_METRICS",
    "FHIR_DAY_CAP",
    "FHIR_PRELIMINARY",
    "FHIR_BUNDLE",
    "FHIR_PARALLEL",
    "PATIENT_MATCH_SYSTEM",
    "FHIR_DESTINATIONS",
    "FHIR_LEASE",
];

/// Beginnings that no other program's variables have: what carries one and is not in the list is a
/// slip of the pen, and would be ignored in silence.
const OUR_BEGINNINGS: [&str; 5] = ["FITBIT_", "FHIR_", "SYNC_", "OBSERVATIONS_", "REQUESTS_PER_"];

/// Ten years: as much as the API lets people ask for.
const MOST_HISTORY_DAYS: i32 = 3_650;

/// Variables of the environment that look like ours but are not.
pub(crate) fn misspelt(names: impl Iterator<Item = String>) -> Vec<Mistake> {
    let ours = |name: &String| OUR_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning));
    names
        .filter(|name| ours(name) && !VARIABLES.contains(&name.as_str()))
        .map(|variable| Mistake {
            variable,
            problem: "is not a setting; see .env.example for those there are".to_owned(),
        })
        .collect()
}

/// 80 % of Google's published limits, so that other clients of the same project are not starved.
const PER_PERSON_PER_MINUTE: u32 = 240;
const PER_PROJECT_PER_MINUTE: u32 = 96_000;

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// Every mistake found, not only the first.
    pub(crate) fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader { variable, mistakes: Vec::new() };
        // What the program tells about itself begins before this is read; here it is checked.
        reader.one_of("LOG_FORMAT", &[("text", ()), ("json", ())]);
        let listen = reader.parsed("LISTEN", "127.0.0.1:8000", "an address like 127.0.0.1:8000");
        let public_url = reader.public_url();
        let look_back_days = reader.number("SYNC_LOOK_BACK_DAYS", 14, 1..=90);
        let config = Self {
            database: reader.database().unwrap_or_else(|| DatabaseUrl::Sqlite("".into())),
            encryption_key: reader.encryption_key(),
            jwt_secret: reader.jwt_secret(),
            fitbit: reader.fitbit(public_url.as_ref()),
            registration: reader.one_of("REGISTRATION", &REGISTRATIONS),
            fetched: reader.fetched(),
            heart_rate: reader.one_of("OBSERVATIONS_HEART_RATE", &HEART_RATES),
            sync_interval: reader.interval(),
            sync_lease: reader.lease(),
            look_back_days,
            sync_workers: reader.number("SYNC_WORKERS", 4, 1..=64),
            history_days: reader.history(look_back_days, MOST_HISTORY_DAYS),
            per_person_per_minute: reader.number(
                "REQUESTS_PER_MINUTE_PER_PERSON",
                PER_PERSON_PER_MINUTE,
                1..=1_000_000,
            ),
            per_project_per_minute: reader.number(
                "REQUESTS_PER_MINUTE",
                PER_PROJECT_PER_MINUTE,
                1..=100_000_000,
            ),
            per_person_per_hour: reader.number(
                "REQUESTS_PER_HOUR_PER_PERSON",
                Rates::FITBIT_PER_HOUR,
                1..=1_000_000,
            ),
            return_urls: reader.urls("RETURN_URLS"),
            cors_origins: reader.origins(),
            trusted_proxies: reader.networks(),
            docs: reader.one_of("API_DOCS", &SWITCH),
            metrics: reader.metrics(),
            connections: reader.number("MAX_CONNECTIONS", 1_024, 16..=100_000),
            connections_per_address: reader.number("MAX_CONNECTIONS_PER_ADDRESS", 64, 4..=100_000),
            notify: reader.notify(public_url.as_ref()),
            fhir: reader.fhir(),
            listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8000))),
            public_url: public_url.unwrap_or_else(placeholder_url),
        };
        if reader.mistakes.is_empty() { Ok(config) } else { Err(reader.mistakes) }
    }

    /// How many connections there may be.
    pub(crate) fn room(&self) -> Room {
        Room {
            connections: self.connections,
            per_address: self.connections_per_address,
            proxies: self.trusted_proxies.clone(),
        }
    }
}

const REGISTRATIONS: [(&str, Registration); 3] = [
    ("invite", Registration::Invite),
    ("open", Registration::Open),
    ("closed", Registration::Closed),
];
const HEART_RATES: [(&str, HeartRateForm); 2] =
    [("hourly", HeartRateForm::Hourly), ("sample", HeartRateForm::Sample)];
const SWITCH: [(&str, bool); 2] = [("off", false), ("on", true)];

/// Never used: a configuration without a public URL is refused.
fn placeholder_url() -> Url {
    Url::from_directory_path("/").unwrap_or_else(|()| unreachable!("/ is a directory path"))
}

#[cfg(test)]
mod tests;
