//! Configuration: read once from the environment (and `.env`), checked as a whole, and typed from
//! here on. Every mistake is named at once, with the variable and the remedy, never its value.

use std::{net::SocketAddr, path::PathBuf};

use jiff::SignedDuration;
use phr_api::settings::{Network, Registration};
use phr_model::HeartRateForm;
use phr_store::Vault;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

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
pub(crate) const VARIABLES: [&str; 20] = [
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

/// Reads variables one by one and remembers what is wrong with them.
struct Reader<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    mistakes: Vec<Mistake>,
}

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

impl Reader<'_> {
    /// The variable's text, unless it is unset or empty.
    fn text(&self, name: &'static str) -> Option<String> {
        (self.variable)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn mistake(&mut self, variable: &'static str, problem: impl Into<String>) {
        let variable = variable.to_owned();
        self.mistakes.push(Mistake { variable, problem: problem.into() });
    }

    fn parsed<T: std::str::FromStr>(
        &mut self,
        name: &'static str,
        default: &str,
        allowed: &str,
    ) -> Option<T> {
        let text = self.text(name).unwrap_or_else(|| default.to_owned());
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.mistake(name, format!("must be {allowed}"));
        }
        parsed
    }

    fn number<T>(&mut self, name: &'static str, default: T, range: std::ops::RangeInclusive<T>) -> T
    where
        T: std::str::FromStr + PartialOrd + Copy + std::fmt::Display,
    {
        let Some(text) = self.text(name) else { return default };
        text.parse().ok().filter(|number| range.contains(number)).unwrap_or_else(|| {
            let (least, most) = (range.start(), range.end());
            self.mistake(name, format!("must be a number from {least} to {most}"));
            default
        })
    }

    /// One of several words; the first is the default.
    fn one_of<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> T {
        let text = self.text(name);
        let found = match &text {
            None => words.first(),
            Some(text) => words.iter().find(|(word, _)| word == text),
        };
        if let Some((_, value)) = found {
            return *value;
        }
        let allowed: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        self.mistake(name, format!("must be one of {}", allowed.join(", ")));
        words[0].1
    }

    fn list(&self, name: &'static str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
    }

    fn urls(&mut self, name: &'static str) -> Vec<Url> {
        let texts = self.list(name);
        let urls: Vec<Url> = texts.iter().filter_map(|text| text.parse().ok()).collect();
        if urls.len() != texts.len() {
            self.mistake(name, "must be a comma-separated list of URLs such as phrapp://connected");
        }
        urls
    }

    fn origins(&mut self) -> Vec<String> {
        let origins = self.list("CORS_ORIGINS");
        let is_exact = |origin: &String| {
            Url::parse(origin)
                .is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == *origin)
        };
        if !origins.iter().all(is_exact) {
            let allowed = "must list exact origins such as https://app.example, without path or *";
            self.mistake("CORS_ORIGINS", allowed);
        }
        origins
    }

    fn networks(&mut self) -> Vec<Network> {
        let texts = self.list("TRUSTED_PROXIES");
        let networks: Vec<_> = texts.iter().filter_map(|text| Network::parse(text)).collect();
        if networks.len() != texts.len() {
            self.mistake("TRUSTED_PROXIES", "must list networks such as 10.0.0.0/8 or ::1");
        }
        networks
    }

    fn interval(&mut self) -> SignedDuration {
        let range = SignedDuration::from_mins(5)..=SignedDuration::from_hours(24);
        let parsed = self.parsed("SYNC_INTERVAL", "1h", "a time like 1h or 30m");
        let interval = parsed.unwrap_or(SignedDuration::from_hours(1));
        if !range.contains(&interval) {
            self.mistake("SYNC_INTERVAL", "must be from 5m to 24h");
        }
        interval
    }

    fn public_url(&mut self) -> Option<Url> {
        let url: Option<Url> =
            self.parsed("PUBLIC_URL", "http://localhost:8000", "a URL like https://phr.example");
        url.and_then(|url| self.https("PUBLIC_URL", url))
    }

    fn database(&mut self) -> PathBuf {
        let url = self.text("DATABASE_URL").unwrap_or_else(|| "sqlite:phr.sqlite".to_owned());
        match url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//")) {
            Some(path) if !path.is_empty() => PathBuf::from(path),
            _ => {
                self.mistake("DATABASE_URL", "must be sqlite:<path>, such as sqlite:phr.sqlite");
                PathBuf::new()
            }
        }
    }

    /// Outside of this machine, tokens and readings travel encrypted or not at all.
    fn https(&mut self, name: &'static str, url: Url) -> Option<Url> {
        if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) {
            return Some(url);
        }
        self.mistake(name, "must be https, except on localhost");
        None
    }

    /// A secret that is set and is not the sample of the documentation.
    fn secret(&mut self, name: &'static str, remedy: &str) -> Option<SecretString> {
        match self.text(name) {
            None => self.mistake(name, format!("is missing; {remedy}")),
            Some(text) if is_sample(&text) => {
                self.mistake(name, format!("is still the sample of the documentation; {remedy}"));
            }
            Some(text) => return Some(SecretString::from(text)),
        }
        None
    }

    fn encryption_key(&mut self) -> SecretString {
        let remedy = "make one with `phr keys generate`";
        let Some(ring) = self.secret("ENCRYPTION_KEY", remedy) else {
            return SecretString::default();
        };
        if let Err(error) = Vault::new(&ring) {
            self.mistake("ENCRYPTION_KEY", format!("{error}; {remedy}"));
        }
        let keys = ring.expose_secret().split(',');
        if keys.into_iter().any(|key| has_low_entropy(key.trim())) {
            self.mistake("ENCRYPTION_KEY", format!("is too regular to be a secret; {remedy}"));
        }
        ring
    }

    fn jwt_secret(&mut self) -> SecretString {
        let remedy = "make one with `phr keys generate`";
        let Some(ring) = self.secret("JWT_SECRET", remedy) else {
            return SecretString::default();
        };
        let keys: Vec<_> = ring.expose_secret().split(',').map(str::trim).collect();
        if keys.iter().any(|key| key.len() < 32 || has_low_entropy(key)) {
            let problem = format!("each key must be at least 32 random characters; {remedy}");
            self.mistake("JWT_SECRET", problem);
        }
        if self.text("ENCRYPTION_KEY").is_some_and(|other| keys.iter().any(|key| other == *key)) {
            self.mistake("JWT_SECRET", format!("must not be ENCRYPTION_KEY again; {remedy}"));
        }
        ring
    }

    /// Without credentials the server runs, and says so to whoever tries to connect.
    fn fitbit(&mut self, public_url: Option<&Url>) -> Option<Fitbit> {
        self.one_of("FITBIT_UPSTREAM", &[("google-health", ())]);
        let base_url = self.urls("FITBIT_BASE_URL").into_iter().next();
        if base_url.as_ref().is_some_and(|url| !is_loopback(url)) {
            self.mistake("FITBIT_BASE_URL", "is for an emulator on this machine only");
        }
        if self.text("FITBIT_CLIENT_ID").is_none() && self.text("FITBIT_CLIENT_SECRET").is_none() {
            return None;
        }
        let remedy = "copy it from the Google Cloud console, or unset both to run without Fitbit";
        let client_id = self.secret("FITBIT_CLIENT_ID", remedy);
        let client_secret = self.secret("FITBIT_CLIENT_SECRET", remedy);
        let default = public_url?.join("integrations/fitbit/callback").ok()?;
        let redirect = self.parsed("FITBIT_REDIRECT_URI", default.as_str(), "a URL");
        let redirect_uri = redirect.and_then(|url| self.https("FITBIT_REDIRECT_URI", url))?;
        let client_id = client_id?.expose_secret().to_owned();
        Some(Fitbit { client_id, client_secret: client_secret?, redirect_uri, base_url })
    }
}

/// The samples of `.env.example` and of the original description.
fn is_sample(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["your_", "changeme", "change_me", "_here"].iter().any(|word| text.contains(word))
}

/// 32 random bytes in any encoding show more than ten different characters, all but certainly.
fn has_low_entropy(key: &str) -> bool {
    let distinct: std::collections::BTreeSet<char> = key.chars().collect();
    distinct.len() <= 10
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(domain)) => domain == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Never used: a configuration without a public URL is refused.
fn placeholder_url() -> Url {
    Url::from_directory_path("/").unwrap_or_else(|()| unreachable!("/ is a directory path"))
}

#[cfg(test)]
mod tests;
