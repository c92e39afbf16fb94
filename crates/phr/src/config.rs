//! Configuration: read once from the environment (and `.env`), checked as a whole, and typed from
//! here on. Every mistake is named at once, with the variable and the remedy, never its value.

mod notify;
mod reader;

use std::{net::SocketAddr, path::PathBuf};

use jiff::SignedDuration;
use phr_api::settings::{Network, Registration};
use phr_model::HeartRateForm;
use secrecy::SecretString;
use url::Url;

pub(crate) use self::notify::Notify;
use self::reader::Reader;

/// A mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub(crate) struct Mistake {
    /// The variable.
    pub(crate) variable: String,
    /// What is wrong and what to do.
    pub(crate) problem: String,
}

/// The Google project's credentials.
#[derive(Debug, Clone)]
pub(crate) struct Fitbit {
    /// OAuth client id.
    pub(crate) client_id: String,
    /// OAuth client secret.
    pub(crate) client_secret: SecretString,
    /// Where Google sends the browser back; registered at Google character by character.
    pub(crate) redirect_uri: Url,
    /// An emulator to use instead of Google.
    pub(crate) base_url: Option<Url>,
}

/// Everything the server needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Url,
    pub(crate) database: PathBuf,
    pub(crate) encryption_key: SecretString,
    pub(crate) jwt_secret: SecretString,
    pub(crate) fitbit: Option<Fitbit>,
    pub(crate) registration: Registration,
    pub(crate) heart_rate: HeartRateForm,
    pub(crate) sync_interval: SignedDuration,
    pub(crate) look_back_days: i32,
    pub(crate) per_person_per_minute: u32,
    pub(crate) per_project_per_minute: u32,
    pub(crate) return_urls: Vec<Url>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) docs: bool,
    pub(crate) notify: Notify,
}

/// Where the record is kept and reached.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) database: PathBuf,
    pub(crate) public_url: Url,
}

impl Place {
    /// Reads only what commands beside the server need.
    ///
    /// # Errors
    /// Every mistake found.
    pub(crate) fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader { variable, mistakes: Vec::new() };
        let (database, public_url) = (reader.database(), reader.public_url());
        match public_url {
            Some(public_url) if reader.mistakes.is_empty() => Ok(Self { database, public_url }),
            _ => Err(reader.mistakes),
        }
    }
}

/// Every variable the server reads. `.env.example` documents each; a test keeps the two equal.
pub(crate) const VARIABLES: [&str; 25] = [
    "LISTEN",
    "PUBLIC_URL",
    "DATABASE_URL",
    "ENCRYPTION_KEY",
    "JWT_SECRET",
    "FITBIT_CLIENT_ID",
    "FITBIT_CLIENT_SECRET",
    "FITBIT_REDIRECT_URI",
    "FITBIT_UPSTREAM",
    "FITBIT_BASE_URL",
    "REGISTRATION",
    "OBSERVATIONS_HEART_RATE",
    "SYNC_INTERVAL",
    "SYNC_LOOK_BACK_DAYS",
    "REQUESTS_PER_MINUTE_PER_PERSON",
    "REQUESTS_PER_MINUTE",
    "RETURN_URLS",
    "CORS_ORIGINS",
    "TRUSTED_PROXIES",
    "API_DOCS",
    "SMTP_URL",
    "MAIL_FROM",
    "NOTIFY_URL",
    "NOTIFY_SECRET",
    "NOTIFY_ALLOW_PRIVATE",
];

/// Beginnings that no other program's variables have: what carries one and is not in the list is a
/// slip of the pen, and would be ignored in silence.
const OUR_BEGINNINGS: [&str; 4] = ["FITBIT_", "SYNC_", "OBSERVATIONS_", "REQUESTS_PER_"];

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
        let listen = reader.parsed("LISTEN", "127.0.0.1:8000", "an address like 127.0.0.1:8000");
        let public_url = reader.public_url();
        let config = Self {
            database: reader.database(),
            encryption_key: reader.encryption_key(),
            jwt_secret: reader.jwt_secret(),
            fitbit: reader.fitbit(public_url.as_ref()),
            registration: reader.one_of("REGISTRATION", &REGISTRATIONS),
            heart_rate: reader.one_of("OBSERVATIONS_HEART_RATE", &HEART_RATES),
            sync_interval: reader.interval(),
            look_back_days: reader.number("SYNC_LOOK_BACK_DAYS", 14, 1..=90),
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
            return_urls: reader.urls("RETURN_URLS"),
            cors_origins: reader.origins(),
            trusted_proxies: reader.networks(),
            docs: reader.one_of("API_DOCS", &SWITCH),
            notify: reader.notify(public_url.as_ref()),
            listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8000))),
            public_url: public_url.unwrap_or_else(placeholder_url),
        };
        if reader.mistakes.is_empty() { Ok(config) } else { Err(reader.mistakes) }
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
