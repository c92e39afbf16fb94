//! How the API behaves. Read once at start by the binary; nothing here reads the environment.

use std::net::IpAddr;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use crate::auth::hashing::HashingCost;

/// Why settings are refused at start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No signing key.
    #[error("there is no key to sign access tokens with")]
    NoSigningKey,
    /// A signing key with less than 256 bits.
    #[error("signing key {0} has less than 32 bytes")]
    ShortSigningKey(usize),
    /// Two signing keys with the same id.
    #[error("two signing keys are called {0}")]
    RepeatedKeyId(String),
    /// Argon2id below m=19 MiB, t=2 (AC-01).
    #[error("password hashing is weaker than m=19 MiB, t=2")]
    WeakHashing,
    /// A CORS origin that is not exactly scheme, host and port.
    #[error("CORS origin {0} of the list is not an exact origin such as https://app.example.com")]
    BadOrigin(usize),
}

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Anybody. Right for demonstrations and closed networks: without mail an address is believed.
    Open,
    /// Whoever holds an invitation.
    Invite,
    /// Nobody.
    Closed,
}

impl Registration {
    /// The mode called `key`, if there is one.
    pub fn parse(key: &str) -> Option<Self> {
        match key {
            "open" => Some(Self::Open),
            "invite" => Some(Self::Invite),
            "closed" => Some(Self::Closed),
            _ => None,
        }
    }
}

/// A key that signs access tokens (HS256).
#[derive(Clone)]
pub struct SigningKey {
    /// The token header's `kid`.
    pub id: String,
    /// At least 32 random bytes.
    pub secret: SecretString,
}

/// Signing keys: the first signs, all verify (TK-16).
#[derive(Clone)]
pub struct SigningKeys(pub Vec<SigningKey>);

impl SigningKeys {
    /// Reads `id:secret,id:secret`; a secret without an id is called by its fingerprint, so that
    /// it keeps its name wherever it stands in the ring.
    pub fn parse(ring: &SecretString) -> Self {
        let entries = ring.expose_secret().split(',').map(str::trim).filter(|key| !key.is_empty());
        let keys = entries.map(|entry| {
            let (id, secret) = match entry.split_once(':') {
                Some((id, secret)) => (id.to_owned(), secret),
                None => (fingerprint(entry), entry),
            };
            SigningKey { id, secret: SecretString::from(secret) }
        });
        Self(keys.collect())
    }

    /// Refuses what must not sign.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        if self.0.is_empty() {
            return Err(SettingsError::NoSigningKey);
        }
        for (place, key) in self.0.iter().enumerate() {
            if key.secret.expose_secret().len() < 32 {
                return Err(SettingsError::ShortSigningKey(place + 1));
            }
            if self.0.iter().skip(place + 1).any(|other| other.id == key.id) {
                return Err(SettingsError::RepeatedKeyId(key.id.clone()));
            }
        }
        Ok(())
    }
}

/// 32 bits of a hash of the key: tells keys apart and nothing about them.
fn fingerprint(secret: &str) -> String {
    let hash = phr_sync::entropy::hash_text(&format!("phr key id|{secret}"));
    let [a, b, c, d, ..] = hash;
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// How long things last (TK-04, TK-09, TK-11).
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// Access tokens.
    pub access: SignedDuration,
    /// A session that nobody uses.
    pub idle: SignedDuration,
    /// A session, whatever its use.
    pub absolute: SignedDuration,
    /// How long a rotated refresh token may be shown again while its successor is unused.
    pub grace: SignedDuration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access: SignedDuration::from_mins(15),
            idle: SignedDuration::from_hours(30 * 24),
            absolute: SignedDuration::from_hours(90 * 24),
            grace: SignedDuration::from_secs(60),
        }
    }
}

/// How often is too often (RL-01). `None` lifts a limit.
#[derive(Debug, Clone, Copy)]
pub struct RateLimits {
    /// Requests a minute and client address on routes without a signed-in person.
    pub anonymous_per_minute: Option<u32>,
    /// Reads a minute and person.
    pub reads_per_minute: Option<u32>,
    /// Writes a minute and person.
    pub writes_per_minute: Option<u32>,
    /// Sync triggers an hour and connection.
    pub syncs_per_hour: Option<u32>,
    /// Webhooks a minute and sender's address; a vendor has few addresses and much to say.
    pub webhooks_per_minute: Option<u32>,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            anonymous_per_minute: Some(60),
            reads_per_minute: Some(300),
            writes_per_minute: Some(60),
            syncs_per_hour: Some(6),
            webhooks_per_minute: Some(6_000),
        }
    }
}

impl RateLimits {
    /// No limits: demonstrations and benchmarks.
    pub const LIFTED: Self = Self {
        anonymous_per_minute: None,
        reads_per_minute: None,
        writes_per_minute: None,
        syncs_per_hour: None,
        webhooks_per_minute: None,
    };
}

/// A range of addresses in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, `::1/128` or a single address.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address.parse().ok()?, prefix.parse().ok()?),
            None => (text.parse().ok()?, u8::MAX),
        };
        let width = if matches!(address, IpAddr::V4(_)) { 32 } else { 128 };
        let prefix = if prefix == u8::MAX { width } else { prefix };
        (prefix <= width).then_some(Self { address, prefix })
    }

    /// Whether `address` is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let differing = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        differing >= u32::from(self.prefix)
    }
}

/// How the API behaves.
#[derive(Clone)]
pub struct Settings {
    /// Where people and apps reach this server; every link is built from it (TL-04).
    pub public_url: Url,
    /// Keys of access tokens.
    pub signing_keys: SigningKeys,
    /// Who may register.
    pub registration: Registration,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// How hard passwords are hashed.
    pub hashing: HashingCost,
    /// Web origins that may call the API from a browser (CO-01).
    pub cors_origins: Vec<String>,
    /// Whether `/docs` and `/openapi.json` are served.
    pub docs: bool,
    /// Whether this is a demonstration.
    pub demo: bool,
    /// Proxies whose `X-Forwarded-For` is believed (TL-03).
    pub trusted_proxies: Vec<Network>,
    /// How often is too often.
    pub rates: RateLimits,
}

impl Settings {
    /// The defaults of a server reached at `public_url`.
    pub fn new(public_url: Url, signing_keys: SigningKeys) -> Self {
        Self {
            public_url,
            signing_keys,
            registration: Registration::Invite,
            lifetimes: Lifetimes::default(),
            hashing: HashingCost::default(),
            cors_origins: Vec::new(),
            docs: false,
            demo: false,
            trusted_proxies: Vec::new(),
            rates: RateLimits::default(),
        }
    }

    /// `public_url` without a trailing slash.
    pub fn base(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }
}
