//! One seed's month, told from the first consent to the quiet at the end.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp, civil::Date};
use phr_fhir::{Chart, checker::check};
use phr_model::{DateRange, FITBIT, Metric, Observation, PersonId};
use phr_store::{
    SharedStore, SqliteStore, Vault,
    account::{NewPerson, Person},
    connection::ConnectionState,
};
use phr_sync::{
    Callback, Connector, Entropy, SyncService, SyncSettings,
    verify::{
        Verified,
        record::{self, Strictness},
        vendor::{self, Extent},
    },
};
use phr_vendors::Vendors;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    dice::{Dice, SeededEntropy},
    events::{self, Event},
    gate::{Actor, Came, Gate, NoPulse, ProcessClock, StoryPace},
    vendor::{Memory, SimulatedVendor},
    world::World,
};

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const DAYS: i64 = 30;
const DAY: i64 = 86_400;
/// All days of all stories.
const ALWAYS: DateRange =
    DateRange { first: Date::constant(2026, 1, 1), last: Date::constant(2027, 12, 31) };
/// Where months begin: clocks turn in Europe, America and Auckland within one of these.
const BEGINNINGS: [&str; 4] = [
    "2026-10-12T09:00:00Z",
    "2026-03-01T17:30:00Z",
    "2026-09-10T02:00:00Z",
    "2026-12-15T23:00:00Z",
];

/// What is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    pub(crate) people: usize,
    /// Every metric is switched on.
    pub(crate) everything: bool,
    /// The product is broken on purpose: it compares with what the vendor said first.
    pub(crate) broken: bool,
}

/// How it ended.
pub(crate) struct Ending {
    pub(crate) verified: Verified,
    /// Of everything that is held: the same seed has the same.
    pub(crate) digest: [u8; 32],
    pub(crate) deaths: u32,
    pub(crate) runs: u32,
    /// Observations of each metric, by their status.
    pub(crate) stated: Stated,
    /// Resources that no FHIR server would take.
    pub(crate) unfit: Vec<String>,
}

/// Observations of each metric, by their status.
pub(crate) type Stated = BTreeMap<(Metric, &'static str), usize>;

/// A process: which actors are at work in it, and how wrong its clock is.
#[derive(Default)]
struct Process {
    actors: Vec<Actor>,
    wrong_by: SignedDuration,
}

struct Story {
    dice: Dice,
    world: Arc<World>,
    store: SharedStore,
    vault: Arc<Vault>,
    entropy: Arc<dyn Entropy>,
    settings: SyncSettings,
    memory: Option<Memory>,
    people: Vec<PersonId>,
    processes: Vec<Process>,
    deaths: u32,
    _folder: TempDir,
}

/// Tells the story of a seed.
pub(crate) async fn tell(setting: Setting) -> Ending {
    let mut story = Story::begin(setting).await;
    let from = story.world.now();
    let to = from + SignedDuration::from_secs(DAYS * DAY);
    let (people, processes) = (story.people.len(), story.processes.len());
    let each = if setting.everything { story.world.metrics.len() } else { 2 };
    let mut events =
        events::invent(&mut story.dice, people, each * people, processes, (from, to)).into_iter();
    let mut next = events.next();
    while story.world.now() < to {
        while let Some((_, event)) = next.filter(|(at, _)| *at <= story.world.now()) {
            story.happen(event).await;
            next = events.next();
        }
        story.hour().await;
        story.reconnect_some().await;
        let step = story.dice.between(600, 8 * 3_600);
        story.world.advance(step);
    }
    story.quiet().await;
    story.end().await
}

/// Memory where there is some: thousands of small files on a disk would take longer than the story.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

impl Story {
    async fn begin(setting: Setting) -> Self {
        let mut dice = Dice::new(setting.seed, 0);
        let from: Timestamp = dice.pick(&BEGINNINGS).parse().unwrap();
        let to = from + SignedDuration::from_secs((DAYS + 4) * DAY);
        let folder = folder();
        let store = SqliteStore::open_volatile(&folder.path().join("phr.sqlite")).await.unwrap();
        let hours = *dice.pick(&[36, 60, 72]);
        let settings = SyncSettings {
            interval: SignedDuration::from_hours(hours),
            history_days: 0,
            ..SyncSettings::default()
        };
        let mut processes = Vec::new();
        processes.resize_with(dice.index(3) + 1, Process::default);
        let mut begun = Self {
            world: Arc::new(World::invent(
                setting.seed,
                (setting.people, setting.everything),
                from,
                to,
            )),
            store: Arc::new(store),
            vault: Arc::new(Vault::new(&SecretString::from(KEY)).unwrap()),
            entropy: Arc::new(SeededEntropy::new(setting.seed)),
            memory: setting.broken.then(Memory::default),
            people: Vec::new(),
            deaths: 0,
            _folder: folder,
            dice,
            settings,
            processes,
        };
        for index in 0..setting.people {
            begun.register(index).await;
            begun.connect(index).await;
        }
        begun
    }

    async fn register(&mut self, index: usize) {
        let email = format!("person{index}@example.org");
        let id = PersonId(Uuid::new_v5(&Uuid::NAMESPACE_URL, email.as_bytes()));
        let person = Person {
            id,
            email,
            name: "Somebody".to_owned(),
            password_hash: "unused".to_owned(),
            patient: Some(id.patient()),
            created_at: self.world.now(),
        };
        let new = NewPerson { person, invitation: None };
        self.store.register(new, self.world.now()).await.unwrap();
        self.people.push(id);
    }

    /// The whole consent. True if it came to a connection.
    async fn connect(&mut self, index: usize) -> bool {
        let service = self.service(None, SignedDuration::ZERO, -1);
        let connector = Connector {
            store: service.store,
            vault: service.vault,
            vendors: service.vendors,
            clock: service.clock,
            entropy: service.entropy,
            return_targets: Arc::default(),
        };
        let begun = connector.begin(self.people[index], FITBIT, None).await.unwrap();
        let state = begun.url.query_pairs().next().unwrap().1.into_owned();
        let callback = Callback {
            code: Some(self.world.consent(index).into()),
            error: None,
            state: Some(state.into()),
            issuer: None,
        };
        connector.finish(FITBIT, callback, Some(&begun.browser)).await.is_ok()
    }

    /// The product, as an actor of a process runs it.
    fn service(
        &self,
        gate: Option<Gate>,
        wrong_by: SignedDuration,
        looks_left: i64,
    ) -> SyncService {
        let (world, memory) = (self.world.clone(), self.memory.clone());
        let pace = StoryPace { world: world.clone(), gate: gate.clone() };
        let vendor = SimulatedVendor { world, gate, memory };
        SyncService {
            store: self.store.clone(),
            vault: self.vault.clone(),
            vendors: Arc::new(Vendors::new([Arc::new(vendor) as Arc<dyn phr_vendors::Vendor>])),
            clock: Arc::new(ProcessClock::new(self.world.clone(), wrong_by, looks_left)),
            entropy: self.entropy.clone(),
            pace: Arc::new(pace),
            heartbeat: Arc::new(NoPulse),
            settings: self.settings.clone(),
        }
    }

    async fn happen(&mut self, event: Event) {
        match event {
            Event::Edit { person, how } => {
                events::edit(&self.world, &mut self.dice, person, how);
            }
            Event::Revoke { person } => self.world.revoke(person),
            Event::Reconnect { person } => {
                self.connect(person).await;
            }
            Event::ExpireAccess => self.world.expire_all_access(),
            Event::Press { person } => self.press(person),
            Event::WrongClock { process, seconds } => {
                self.processes[process].wrong_by = SignedDuration::from_secs(seconds);
            }
            Event::StandStill { seconds } => self.world.advance(seconds),
        }
    }

    /// Somebody waits for a sync, in whichever process their request came to.
    fn press(&mut self, person: usize) {
        let process = self.dice.index(self.processes.len());
        let (id, wrong_by) = (self.people[person], self.processes[process].wrong_by);
        let today = self.dice.per_mille(300).then(|| self.world.now());
        let actor = Actor::new(|gate| {
            let service = self.service(Some(gate), wrong_by, -1);
            async move {
                let date = today.map(|now| jiff::tz::TimeZone::UTC.to_datetime(now).date());
                // Not connected: an answer like any other.
                let _ = service.sync_now(id, FITBIT, date, None).await;
            }
        });
        self.processes[process].actors.push(actor);
    }

    /// Every process looks for work; some die over it, and some take so long that their leases lapse.
    async fn hour(&mut self) {
        for process in 0..self.processes.len() {
            // One that is still busy with what it claimed hours ago goes on with that.
            if self.processes[process].actors.is_empty() {
                let looks = if self.dice.per_mille(120) { self.dice.between(0, 300) } else { -1 };
                let wrong_by = self.processes[process].wrong_by;
                let actor = Actor::new(|gate| work(self.service(Some(gate), wrong_by, looks)));
                self.processes[process].actors.push(actor);
            }
        }
        // At last the hour is over, whoever is still at work.
        for _ in 0..self.dice.between(200, 4_000) {
            let busy: Vec<usize> = (0..self.processes.len())
                .filter(|process| !self.processes[*process].actors.is_empty())
                .collect();
            if busy.is_empty() {
                return;
            }
            let process = *self.dice.pick(&busy);
            self.step(process).await;
        }
    }

    async fn step(&mut self, process: usize) {
        if self.dice.per_mille(3) {
            let seconds = self.dice.between(1, 400);
            self.world.advance(seconds);
        }
        let killed = self.dice.per_mille(1);
        let actors = &mut self.processes[process].actors;
        let index = self.dice.index(actors.len());
        let came = actors[index].step().await;
        if killed || came == Came::ToDeath {
            self.deaths += 1;
            // Everything that was under way in the process is gone with it.
            actors.clear();
        } else if came == Came::ToEnd {
            drop(actors.remove(index));
        }
    }

    /// Troubles end, whoever must connect again does, and time goes by.
    async fn quiet(&mut self) {
        self.world.calm();
        self.processes.iter_mut().for_each(|process| *process = Process::default());
        for index in 0..self.people.len() {
            self.reconnect_if_needed(index).await;
        }
        // The longest wait for a lapsed lease, a back-off or the next routine.
        let hours = self.settings.interval.as_hours() * 11 / 10 + 5;
        for _ in 0..hours {
            self.drain().await;
            self.world.advance(3_600);
        }
        for index in 0..self.people.len() {
            self.reconnect_if_needed(index).await;
        }
        self.drain().await;
    }

    async fn reconnect_if_needed(&mut self, index: usize) {
        let connection = self.store.connection_of(self.people[index], FITBIT).await.unwrap();
        if connection.is_none_or(|connection| connection.state != ConnectionState::Active) {
            assert!(self.connect(index).await, "nobody hinders person {index} from connecting");
        }
    }

    /// Whoever must connect again is told, and does so within a day or so.
    async fn reconnect_some(&mut self) {
        for index in self.world.refused() {
            if self.dice.per_mille(400) {
                let person = self.people[index];
                let connection = self.store.connection_of(person, FITBIT).await.unwrap();
                let is_active =
                    connection.is_some_and(|found| found.state == ConnectionState::Active);
                // It fails while the vendor is down; they will try again.
                if is_active || self.connect(index).await {
                    self.world.forget_refusal(index);
                }
            }
        }
    }

    async fn drain(&self) {
        let service = self.service(Gate::open(), SignedDuration::ZERO, -1);
        while service.work_once().await.unwrap() {}
    }

    /// Brings everybody up to this second and compares everything.
    async fn end(self) -> Ending {
        let mut verified = record::strays(&*self.store).await.unwrap();
        let now = self.world.now();
        let strictness =
            Strictness { patience: SignedDuration::from_hours(2), ..Strictness::default() };
        let service = self.service(Gate::open(), SignedDuration::ZERO, -1);
        let mut honest = service.clone();
        let (world, gate) = (self.world.clone(), Gate::open());
        let vendor = SimulatedVendor { world, gate, memory: None };
        honest.vendors = Arc::new(Vendors::new([Arc::new(vendor) as Arc<dyn phr_vendors::Vendor>]));
        let mut digest = Sha256::new();
        let mut runs = 0;
        let (mut stated, mut unfit) = (Stated::new(), Vec::new());
        for person in self.people {
            let _ = service.sync_now(person, FITBIT, None, None).await.unwrap();
            let of_record = record::verify(&*self.store, person, now, strictness, &|_, _| {}).await;
            verified.append(of_record.unwrap());
            let extent = Extent { days: 40, samples: true, today: true };
            verified.append(vendor::verify(&honest, person, extent, &|_, _| {}).await.unwrap());
            for metric in self.world.metrics {
                let held = self.store.inspect(person, *metric, ALWAYS).await.unwrap().days;
                let held = held.iter().flat_map(|day| &day.observations);
                resources(person, held, &mut stated, &mut unfit);
            }
            digest.update(self.store.digest(person).await.unwrap());
            runs += phr_store::Runs::runs(&*self.store, person, 10_000).await.unwrap().len();
        }
        let runs = u32::try_from(runs).unwrap();
        let digest = digest.finalize().into();
        Ending { verified, digest, deaths: self.deaths, runs, stated, unfit }
    }
}

/// Makes FHIR of what is held, and counts it.
fn resources<'a>(
    person: PersonId,
    held: impl Iterator<Item = &'a Observation>,
    stated: &mut Stated,
    unfit: &mut Vec<String>,
) {
    let chart = Chart::new("https://phr.example", person.patient(), FITBIT);
    for observation in held {
        let resource = serde_json::to_value(chart.observation(observation)).unwrap();
        let problems = check(&resource);
        unfit.extend((!problems.is_empty()).then(|| format!("{problems:?} {resource}")));
        *stated.entry((observation.says.metric, observation.status.key())).or_default() += 1;
    }
}

/// Works until nothing is due. A process logs an error and goes on; here the next hour does.
async fn work(service: SyncService) {
    while service.work_once().await.unwrap_or(false) {}
}
