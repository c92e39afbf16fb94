//! However many processes ask, the vendor never sees more requests a minute than agreed.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use common::{NOON, Stage, work_together};
use jiff::{SignedDuration, Timestamp};
use phr_model::{Clock, ConnectionId, FITBIT, StoppedClock};
use phr_sandbox::{Options, People};
use phr_store::{SharedStore, SqliteStore};
use phr_sync::{Outcome, SharedBudget, SyncService};
use phr_vendors::{
    Allowance, InstantPace, Limits, Urgency, fitbit::google_health::GoogleHealth, http_client,
    registry::Vendors,
};
use tempfile::TempDir;
use uuid::Uuid;

/// Some processes on one database, at one time.
struct Fleet {
    clock: Arc<StoppedClock>,
    folder: TempDir,
    limits: Limits,
}

impl Fleet {
    fn new(per_person_per_minute: u32, per_project_per_minute: u32) -> Self {
        Self {
            clock: Arc::new(StoppedClock::at(NOON.parse().unwrap())),
            folder: tempfile::tempdir().unwrap(),
            limits: Limits { per_person_per_minute, per_project_per_minute },
        }
    }

    async fn process(&self) -> SharedBudget {
        let store = SqliteStore::open(&self.folder.path().join("phr.sqlite")).await.unwrap();
        let store: SharedStore = Arc::new(store);
        SharedBudget::new(store, self.clock.clone(), "google-health", self.limits)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn person(number: u128) -> ConnectionId {
    ConnectionId(Uuid::from_u128(number))
}

/// The most that any sliding minute saw.
fn busiest_minute(times: &[Timestamp]) -> usize {
    let minute = SignedDuration::from_mins(1);
    let within = |from: &Timestamp| {
        let begin = times.partition_point(|at| at < from);
        times.partition_point(|at| at.duration_since(*from) < minute) - begin
    };
    times.iter().map(within).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn re_16_a_thousand_connections_due_at_once_stay_within_every_minute() {
    const LIMIT: u32 = 240;
    let fleet = Fleet::new(240, LIMIT);
    let processes = [fleet.process().await, fleet.process().await, fleet.process().await];
    let mut due: VecDeque<u128> = (0..1_000).collect();
    let mut asked = Vec::new();
    while let Some(number) = due.pop_front() {
        let process = &processes[usize::try_from(number).unwrap() % processes.len()];
        match process.take(person(number), Urgency::Routine).await {
            Ok(()) => asked.push(fleet.now()),
            Err(wait) => {
                due.push_back(number);
                let pause = (wait / 8).max(Duration::from_secs(1));
                fleet.clock.advance(SignedDuration::try_from(pause).unwrap());
            }
        }
    }
    assert_eq!(asked.len(), 1_000);
    let busiest = busiest_minute(&asked);
    let limit = Urgency::Routine.share(LIMIT) as usize;
    assert!(busiest <= limit, "{busiest} requests in a minute");
    assert!(busiest * 10 > limit * 8, "the budget is used: {busiest}");
    let taken = fleet.now().duration_since(NOON.parse().unwrap());
    assert!(taken < SignedDuration::from_mins(7), "{taken:?}");
}

#[tokio::test]
async fn re_16_a_restart_forgets_no_request() {
    let fleet = Fleet::new(12, 1_000);
    let before = fleet.process().await;
    while before.take(person(1), Urgency::Person).await.is_ok() {}
    drop(before);
    let after = fleet.process().await;
    let wait = after.take(person(1), Urgency::Person).await.unwrap_err();
    assert!(wait > Duration::from_mins(1), "{wait:?}");
    assert_eq!(after.take(person(2), Urgency::Person).await, Ok(()));
    fleet.clock.advance(SignedDuration::try_from(wait).unwrap());
    assert_eq!(after.take(person(1), Urgency::Person).await, Ok(()));
}

#[tokio::test]
async fn a_block_that_was_not_used_in_time_is_lost() {
    let fleet = Fleet::new(1_200, 1_200);
    let process = fleet.process().await;
    assert_eq!(process.take(person(1), Urgency::Person).await, Ok(()));
    let mut late = 0;
    fleet.clock.advance(SignedDuration::from_secs(5));
    while process.take(person(1), Urgency::Person).await.is_ok() {
        late += 1;
    }
    assert!((1_150..1_200).contains(&late), "{late}: all but one block");
}

#[tokio::test]
async fn ones_history_leaves_half_of_the_minute_for_anothers_today() {
    let fleet = Fleet::new(1_000, 120);
    let (first, second) = (fleet.process().await, fleet.process().await);
    let mut history = 0;
    while first.take(person(1), Urgency::History).await.is_ok() {
        history += 1;
    }
    assert!((50..=60).contains(&history), "{history}");
    let mut today = 0;
    while second.take(person(2), Urgency::Person).await.is_ok() {
        today += 1;
    }
    assert!((50..=70).contains(&today), "{today}");
}

#[tokio::test]
async fn a_limit_of_the_vendor_holds_in_all_processes() {
    let fleet = Fleet::new(240, 1_000);
    let (first, second) = (fleet.process().await, fleet.process().await);
    first.rest(person(1), Duration::from_mins(5)).await;
    for process in [&first, &second] {
        let wait = process.take(person(1), Urgency::Person).await;
        assert_eq!(wait, Err(Duration::from_mins(5)));
        assert_eq!(process.take(person(2), Urgency::Person).await, Ok(()));
    }
    fleet.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(second.take(person(1), Urgency::Person).await, Ok(()));
}

/// A worker with a budget and a store of its own.
async fn process(stage: &Stage, limits: Limits) -> SyncService {
    let sync = stage.another_process().await;
    let clock = stage.clock.clone();
    let budget = SharedBudget::new(sync.store.clone(), clock.clone(), "google-health", limits);
    let http = http_client().unwrap();
    let vendor = GoogleHealth::new(&stage.settings, http, Arc::new(budget), clock);
    let vendor = vendor.with_pace(Arc::new(InstantPace::default()));
    SyncService { vendors: Arc::new(Vendors::new([Arc::new(vendor) as _])), ..sync }
}

fn requests(stage: &Stage) -> u64 {
    let counts = stage.world().request_counts();
    let api = counts.iter().filter(|(endpoint, _)| !["token", "revoke"].contains(&&***endpoint));
    api.map(|(_, count)| count).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vendor_sees_no_minute_above_the_limit_of_all_processes() {
    const LIMIT: u32 = 100;
    let people = People::Synthetic { count: 6, days_of_history: 1 };
    let now = Some(NOON.parse().unwrap());
    let stage = Stage::with(Options { now, people, ..Options::default() }).await.look_back(2);
    let limits = Limits { per_person_per_minute: 50, per_project_per_minute: LIMIT };
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(process(&stage, limits).await);
    }
    let mut people = Vec::new();
    for index in 0..6 {
        people.push(stage.connect(index).await);
    }
    stage.world().clear_request_counts();
    let mut times = Vec::new();
    for _ in 0..450 {
        work_together(&processes).await;
        let so_far = usize::try_from(requests(&stage)).unwrap();
        times.resize(so_far, stage.clock.now());
        stage.advance(SignedDuration::from_secs(2));
    }
    let busiest = busiest_minute(&times);
    assert!(busiest <= LIMIT as usize, "{busiest} requests in a minute");
    assert!(times.len() > LIMIT as usize, "{} requests in all", times.len());
    for person in &people {
        let connection = stage.connection(person).await;
        assert_eq!((connection.last_error, connection.attempts), (None, 0));
        assert!(connection.last_complete_at.is_some(), "waiting for room is no failure");
    }
    let report = stage.sync.sync_now(people[0].id, FITBIT, None, None).await.unwrap();
    assert_eq!(report.outcome, Outcome::Complete);
}
