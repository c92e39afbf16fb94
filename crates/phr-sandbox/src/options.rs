//! What a sandbox is started with.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::{Fault, WebApiMood};

/// How to start a [`Sandbox`](crate::Sandbox).
#[derive(Debug, Clone)]
pub struct Options {
    /// TCP port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// The emulated now. `Some` stands still until it is moved; `None` follows the real clock,
    /// except with recordings, where the clock stands at the end of the recorded span.
    pub now: Option<Timestamp>,
    /// Everything invented (people, days, tokens, probabilities of faults) derives from it.
    pub seed: u64,
    /// Whose data is served.
    pub people: People,
    /// The one registered OAuth client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Registered redirect URIs, compared character by character.
    pub redirect_uris: Vec<String>,
    /// A consent screen in status *Testing*: refresh tokens die after 7 days.
    pub testing_mode: bool,
    /// Whether refresh tokens work once, as Fitbit's do; Google's stay the same.
    pub rotation: Option<Rotation>,
    /// Faults from the start; more can be added later.
    pub faults: Vec<Fault>,
    /// Health API requests allowed per minute and person (Google: 300); 0 switches it off.
    pub quota_per_minute: u32,
    /// Points sharing the timestamp of a page's last point are skipped by the next page, as
    /// observed live.
    pub tie_loss: bool,
    /// Refuse a numeric user id as parent, as observed live (`users/me` always works).
    pub refuse_numeric_user: bool,
    /// How the Fitbit Web API behaves, which is served beside Google Health.
    pub web_api: WebApiMood,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            now: None,
            seed: 1,
            people: People::Synthetic { count: 2, days_of_history: 90 },
            client_id: "sandbox-client.apps.example.com".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            redirect_uris: ["127.0.0.1", "localhost"]
                .map(|host| format!("http://{host}:8000/integrations/fitbit/callback"))
                .to_vec(),
            testing_mode: false,
            rotation: None,
            faults: Vec::new(),
            quota_per_minute: 300,
            tie_loss: true,
            refuse_numeric_user: true,
            web_api: WebApiMood::default(),
        }
    }
}

/// Refresh tokens that work once: each refresh brings a new one. Using an old one again is taken
/// for theft and ends the whole grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// For so long the same refresh gets the same answer again, unless the new refresh token was
    /// used already: a lost answer can be asked for once more (Fitbit: about two minutes).
    pub grace_seconds: u32,
}

/// Whose data a sandbox serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum People {
    /// Invented people whose days follow from the seed.
    Synthetic {
        /// How many.
        count: u32,
        /// How many days before the first emulated now their data begins.
        days_of_history: u32,
    },
    /// Wearers read from a folder of CSV files; see [`recordings`](crate::recordings).
    Recordings(PathBuf),
    /// Nobody: every sign-in fails.
    None,
}
