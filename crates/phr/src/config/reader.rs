//! Reading variables one by one, remembering what is wrong with them.

use std::net::SocketAddr;

use jiff::SignedDuration;
use phr_api::settings::Network;
use phr_store::{DatabaseUrl, Vault};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Fitbit, Mistake, UPSTREAMS, Upstream};
use crate::metrics::Metrics;

/// Reads variables one by one and remembers what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    pub(super) mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    /// The variable's text, unless it is unset or empty.
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        (self.variable)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn mistake(&mut self, variable: &'static str, problem: impl Into<String>) {
        let variable = variable.to_owned();
        self.mistakes.push(Mistake { variable, problem: problem.into() });
    }

    pub(super) fn parsed<T: std::str::FromStr>(
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

    pub(super) fn number<T>(
        &mut self,
        name: &'static str,
        default: T,
        range: std::ops::RangeInclusive<T>,
    ) -> T
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
    pub(super) fn one_of<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> T {
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

    pub(super) fn list(&self, name: &'static str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
    }

    pub(super) fn urls(&mut self, name: &'static str) -> Vec<Url> {
        let texts = self.list(name);
        let urls: Vec<Url> = texts.iter().filter_map(|text| text.parse().ok()).collect();
        if urls.len() != texts.len() {
            self.mistake(name, "must be a comma-separated list of URLs such as phrapp://connected");
        }
        urls
    }

    pub(super) fn origins(&mut self) -> Vec<String> {
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

    pub(super) fn networks(&mut self) -> Vec<Network> {
        let texts = self.list("TRUSTED_PROXIES");
        let networks: Vec<_> = texts.iter().filter_map(|text| Network::parse(text)).collect();
        if networks.len() != texts.len() {
            self.mistake("TRUSTED_PROXIES", "must list networks such as 10.0.0.0/8 or ::1");
        }
        networks
    }

    pub(super) fn lease(&mut self) -> SignedDuration {
        let parsed = self.parsed("SYNC_LEASE", "1m", "a time like 1m or 30s");
        let lease = parsed.unwrap_or(SignedDuration::from_mins(1));
        if !(SignedDuration::from_secs(1)..=SignedDuration::from_hours(1)).contains(&lease) {
            self.mistake("SYNC_LEASE", "must be from 1s to 1h");
        }
        lease
    }

    pub(super) fn interval(&mut self) -> SignedDuration {
        let range = SignedDuration::from_mins(5)..=SignedDuration::from_hours(24);
        let parsed = self.parsed("SYNC_INTERVAL", "1h", "a time like 1h or 30m");
        let interval = parsed.unwrap_or(SignedDuration::from_hours(1));
        if !range.contains(&interval) {
            self.mistake("SYNC_INTERVAL", "must be from 5m to 24h");
        }
        interval
    }

    /// None, or at least the look-back: what every run compares is not history.
    pub(super) fn history(&mut self, look_back_days: i32, most: i32) -> i32 {
        let days = self.number("HISTORY_DAYS", look_back_days.max(90), 0..=most);
        if days > 0 && days < look_back_days {
            self.mistake("HISTORY_DAYS", "must be 0, or at least SYNC_LOOK_BACK_DAYS");
        }
        days
    }

    pub(super) fn public_url(&mut self) -> Option<Url> {
        let url: Option<Url> =
            self.parsed("PUBLIC_URL", "http://localhost:8000", "a URL like https://phr.example");
        url.and_then(|url| self.https("PUBLIC_URL", url))
    }

    pub(super) fn database(&mut self) -> Option<DatabaseUrl> {
        let connections = self.number("DATABASE_CONNECTIONS", 16, 1..=1_000);
        let url = self.text("DATABASE_URL").unwrap_or_else(|| "sqlite:phr.sqlite".to_owned());
        match url.parse::<DatabaseUrl>() {
            Ok(url) => Some(url.with_connections(connections)),
            Err(problem) => {
                self.mistake("DATABASE_URL", problem.to_string());
                None
            }
        }
    }

    /// Outside of this machine, tokens and readings travel encrypted or not at all.
    pub(super) fn https(&mut self, name: &'static str, url: Url) -> Option<Url> {
        if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) {
            return Some(url);
        }
        self.mistake(name, "must be https, except on localhost");
        None
    }

    /// A secret that is set and is not the sample of the documentation.
    pub(super) fn secret(&mut self, name: &'static str, remedy: &str) -> Option<SecretString> {
        match self.text(name) {
            None => self.mistake(name, format!("is missing; {remedy}")),
            Some(text) if is_sample(&text) => {
                self.mistake(name, format!("is still the sample of the documentation; {remedy}"));
            }
            Some(text) => return Some(SecretString::from(text)),
        }
        None
    }

    pub(super) fn encryption_key(&mut self) -> SecretString {
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

    pub(super) fn jwt_secret(&mut self) -> SecretString {
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

    /// Served beside the API for whoever has the token, or on an address apart; without either not
    /// at all. A port alone is one of this machine.
    pub(super) fn metrics(&mut self) -> Option<Metrics> {
        let place = self.text("METRICS_LISTEN");
        let apart = place.as_ref().and_then(|text| {
            let port = text.parse().map(|port: u16| SocketAddr::from(([127, 0, 0, 1], port)));
            port.or_else(|_| text.parse()).ok()
        });
        if place.is_some() && apart.is_none() {
            self.mistake("METRICS_LISTEN", "must be a port or an address like 127.0.0.1:9464");
        }
        let remedy = "make one of 32 random characters or more";
        let token = match self.text("METRICS_TOKEN") {
            Some(_) => self.secret("METRICS_TOKEN", remedy),
            None => None,
        };
        let short = |token: &SecretString| token.expose_secret().len() < 32;
        if token.as_ref().is_some_and(|it| short(it) || has_low_entropy(it.expose_secret())) {
            self.mistake("METRICS_TOKEN", format!("is too short or too regular; {remedy}"));
        }
        if token.is_none() && apart.is_some_and(|address| !address.ip().is_loopback()) {
            self.mistake("METRICS_TOKEN", "is needed where METRICS_LISTEN is not on this machine");
        }
        (token.is_some() || apart.is_some()).then_some(Metrics { listen: apart, token })
    }

    /// Without credentials the server runs, and says so to whoever tries to connect.
    pub(super) fn fitbit(&mut self, public_url: Option<&Url>) -> Option<Fitbit> {
        let upstream = self.one_of("FITBIT_UPSTREAM", &UPSTREAMS);
        let base_url = match upstream {
            Upstream::GoogleHealth => self.emulator(),
            Upstream::WebApi => self.proxy(),
        };
        let (webhook, subscriber) = (self.webhook(), self.subscriber());
        if self.text("FITBIT_CLIENT_ID").is_none() && self.text("FITBIT_CLIENT_SECRET").is_none() {
            return None;
        }
        let remedy = match upstream {
            Upstream::GoogleHealth => {
                "copy it from the Google Cloud console, or unset both to run without Fitbit"
            }
            Upstream::WebApi => "copy it from dev.fitbit.com, or unset both to run without Fitbit",
        };
        let client_id = self.secret("FITBIT_CLIENT_ID", remedy);
        let client_secret = self.secret("FITBIT_CLIENT_SECRET", remedy);
        let default = public_url?.join("integrations/fitbit/callback").ok()?;
        let redirect = self.parsed("FITBIT_REDIRECT_URI", default.as_str(), "a URL");
        let redirect_uri = redirect.and_then(|url| self.https("FITBIT_REDIRECT_URI", url))?;
        let client_id = client_id?.expose_secret().to_owned();
        let client_secret = client_secret?;
        Some(Fitbit {
            upstream,
            client_id,
            client_secret,
            redirect_uri,
            base_url,
            webhook,
            subscriber,
        })
    }

    /// Fitbit itself has switched its Web API off, so whatever speaks it now is somewhere else.
    fn proxy(&mut self) -> Option<Url> {
        let base_url = self.urls("FITBIT_BASE_URL").into_iter().next()?;
        self.https("FITBIT_BASE_URL", base_url)
    }

    pub(super) fn emulator(&mut self) -> Option<Url> {
        let base_url = self.urls("FITBIT_BASE_URL").into_iter().next();
        if base_url.as_ref().is_some_and(|url| !is_loopback(url)) {
            self.mistake("FITBIT_BASE_URL", "is for an emulator on this machine only");
        }
        base_url
    }
}

/// The samples of `.env.example` and of the original description.
pub(super) fn is_sample(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["your_", "changeme", "change_me", "_here"].iter().any(|word| text.contains(word))
}

/// 32 random bytes in any encoding show more than ten different characters, all but certainly.
pub(super) fn has_low_entropy(key: &str) -> bool {
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
