//! Everything the emulator knows.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::clock::Clock;
use crate::data_type::DataType;
use crate::faults::{Fault, Faults, Occasion};
use crate::hooks::Webhooks;
use crate::oauth::Accounts;
use crate::options::{Options, People};
use crate::overlay::Edits;
use crate::person::{Life, Person, PersonSummary};
use crate::point::Point;
use crate::quota::Quota;
use crate::recordings::{self, RecordingError};
use crate::requests::Requests;
use crate::synthetic::invent_people;
use crate::timeline::ChunkCache;
use crate::web_api::WebApi;

/// The emulated world: people, their data, their consents, the clock and the faults.
///
/// Clones share one world. Tests in the same process drive it through these methods; everybody
/// else through `/sandbox/*`.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    clock: Clock,
    options: Options,
    people: Vec<Person>,
    recorded_span: Option<(Date, Date)>,
    base_url: OnceLock<String>,
    redirect_uris: Mutex<Vec<String>>,
    edits: Mutex<HashMap<(usize, DataType), Arc<Edits>>>,
    chunks: Mutex<ChunkCache>,
    accounts: Mutex<Accounts>,
    conditions: Mutex<HashMap<usize, Condition>>,
    faults: Mutex<Faults>,
    requests: Mutex<Requests>,
    quota: Mutex<Quota>,
    webhooks: Mutex<Webhooks>,
    web_api: Mutex<WebApi>,
}

/// What is wrong with an account at Google Health.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Condition {
    /// Never signed in to the app: 400 `ACCOUNT_NOT_LINKED`.
    pub(crate) unlinked: bool,
    /// The profile is not set up: 412.
    pub(crate) no_profile: bool,
}

/// Why the world cannot do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// Nobody has this e-mail address.
    #[error("nobody here has the address {email:?}")]
    NoSuchPerson {
        /// What was asked for.
        email: String,
    },
    /// There is no visible point at this instant.
    #[error("there is no {data_type} point at {instant}")]
    NoSuchPoint {
        /// What was asked for.
        data_type: DataType,
        /// When.
        instant: Timestamp,
    },
    /// The operation makes no sense for the data type.
    #[error("{data_type} has no points of its own; set its daily value instead")]
    NoPoints {
        /// What was asked for.
        data_type: DataType,
    },
    /// A value that the data type cannot hold.
    #[error("{data_type} cannot be {value}")]
    BadValue {
        /// What was asked for.
        data_type: DataType,
        /// The value as text.
        value: String,
    },
}

/// Says nothing about tokens or measurements.
impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let people = self.0.people.len();
        f.debug_struct("World").field("people", &people).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// Invents or reads the people and sets the clock.
    ///
    /// # Errors
    /// Recordings that cannot be read.
    pub fn new(options: Options) -> Result<Self, RecordingError> {
        let recorded = match &options.people {
            People::Recordings(folder) => Some(recordings::load(folder, options.seed)?),
            _ => None,
        };
        let end = recorded.as_ref().map(|loaded| loaded.end);
        let clock = options.now.or(end).map_or_else(Clock::following, Clock::standing);
        let people = match (&options.people, recorded.as_ref()) {
            (People::Synthetic { count, days_of_history }, _) => {
                invent_people(options.seed, *count, *days_of_history, clock.now())
            }
            _ => Vec::new(),
        };
        let recorded_span = recorded.as_ref().map(|loaded| loaded.span);
        let people = recorded.map_or(people, |loaded| loaded.people);
        Ok(Self(Arc::new(Inner {
            clock,
            people,
            recorded_span,
            base_url: OnceLock::new(),
            redirect_uris: Mutex::new(options.redirect_uris.clone()),
            edits: Mutex::default(),
            chunks: Mutex::default(),
            accounts: Mutex::new(
                Accounts::new(options.seed, options.testing_mode).rotating(options.rotation),
            ),
            conditions: Mutex::default(),
            faults: Mutex::new(Faults::new(options.seed, options.faults.clone())),
            requests: Mutex::default(),
            quota: Mutex::default(),
            webhooks: Mutex::default(),
            web_api: Mutex::new(WebApi::new(options.seed, options.web_api.clone())),
            options,
        })))
    }

    /// The emulated clock; clones share one time.
    pub fn clock(&self) -> Clock {
        self.0.clock.clone()
    }

    /// Who lives here.
    pub fn people(&self) -> Vec<PersonSummary> {
        self.0.people.iter().map(|person| person.summary.clone()).collect()
    }

    /// First and last local date of the recordings, if recordings are served.
    pub fn recorded_span(&self) -> Option<(Date, Date)> {
        self.0.recorded_span
    }

    /// Registers one more redirect URI for the client.
    pub fn register_redirect_uri(&self, uri: &str) {
        lock(&self.0.redirect_uris).push(uri.to_owned());
    }

    /// Adds a fault to those in force.
    pub fn inject(&self, fault: Fault) {
        lock(&self.0.faults).inject(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        lock(&self.0.faults).clear();
    }

    /// The faults in force, spent ones included.
    pub fn faults(&self) -> Vec<Fault> {
        lock(&self.0.faults).in_force()
    }

    /// How often each endpoint was asked, such as `list heart-rate`, `dailyRollUp steps`,
    /// `token` or `identity`.
    pub fn request_counts(&self) -> BTreeMap<String, u64> {
        lock(&self.0.requests).counts()
    }

    /// How often each HTTP status was answered.
    pub fn status_counts(&self) -> BTreeMap<u16, u64> {
        lock(&self.0.requests).statuses()
    }

    /// Starts counting requests anew.
    pub fn clear_request_counts(&self) {
        lock(&self.0.requests).clear();
    }

    /// Where the world is served; the issuer of its tokens.
    pub(crate) fn base_url(&self) -> &str {
        self.0.base_url.get().map_or("http://127.0.0.1", String::as_str)
    }

    pub(crate) fn set_base_url(&self, url: String) {
        // A world is served once; a second server would not change who it says it is.
        let _ = self.0.base_url.set(url);
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn residents(&self) -> &[Person] {
        &self.0.people
    }

    pub(crate) fn person(&self, email: &str) -> Result<&Person, WorldError> {
        let found = self.0.people.iter().find(|person| person.summary.email == email);
        found.ok_or_else(|| WorldError::NoSuchPerson { email: email.to_owned() })
    }

    pub(crate) fn person_at(&self, index: usize) -> Option<&Person> {
        self.0.people.get(index)
    }

    pub(crate) fn now_micros(&self) -> i64 {
        self.0.clock.now().as_microsecond()
    }

    pub(crate) fn webhooks(&self) -> MutexGuard<'_, Webhooks> {
        lock(&self.0.webhooks)
    }

    pub(crate) fn web_api(&self) -> MutexGuard<'_, WebApi> {
        lock(&self.0.web_api)
    }

    pub(crate) fn accounts(&self) -> MutexGuard<'_, Accounts> {
        lock(&self.0.accounts)
    }

    pub(crate) fn is_registered(&self, redirect_uri: &str) -> bool {
        lock(&self.0.redirect_uris).iter().any(|known| known == redirect_uri)
    }

    /// The redirect URI that need not be named, because it is the only one.
    pub(crate) fn only_redirect_uri(&self) -> Option<String> {
        match &lock(&self.0.redirect_uris)[..] {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    pub(crate) fn condition(&self, person: &Person) -> Condition {
        lock(&self.0.conditions).get(&person.index).copied().unwrap_or_default()
    }

    pub(crate) fn set_condition(&self, person: &Person, change: impl FnOnce(&mut Condition)) {
        change(lock(&self.0.conditions).entry(person.index).or_default());
    }

    pub(crate) fn befalling(&self, occasion: &Occasion<'_>) -> Vec<Fault> {
        lock(&self.0.faults).befalling(occasion)
    }

    pub(crate) fn count_request(&self, endpoint: &str, status: u16) {
        lock(&self.0.requests).count(endpoint, status);
    }

    /// Counts against the person's quota; `false` when it is used up.
    pub(crate) fn within_quota(&self, person: usize) -> bool {
        let (limit, now) = (self.0.options.quota_per_minute, self.0.clock.now());
        lock(&self.0.quota).take(person, limit, now, std::time::Instant::now()).is_ok()
    }

    pub(crate) fn edits(&self, person: &Person, data_type: DataType) -> Option<Arc<Edits>> {
        lock(&self.0.edits).get(&(person.index, data_type)).cloned()
    }

    pub(crate) fn edit(&self, person: &Person, data_type: DataType, edit: impl FnOnce(&mut Edits)) {
        let mut edits = lock(&self.0.edits);
        edit(Arc::make_mut(edits.entry((person.index, data_type)).or_default()));
    }

    /// The points of a UTC day before any edit, whether or not it has passed.
    pub(crate) fn base_points(
        &self,
        person: &Person,
        data_type: DataType,
        day: i64,
    ) -> Arc<[Point]> {
        let life = match &person.life {
            Life::Recorded(recorded) => {
                return recorded.days.get(&(data_type, day)).cloned().unwrap_or_default();
            }
            Life::Invented(life) => life,
        };
        let key = (person.index, data_type, day);
        if let Some(points) = lock(&self.0.chunks).get(key) {
            return points;
        }
        let mut points = life.points(&person.whereabouts, data_type, day);
        points.retain(|point| point.at >= person.begins);
        let points: Arc<[Point]> = points.into();
        lock(&self.0.chunks).put(key, Arc::clone(&points));
        points
    }
}
