//! Stories that only Fitbit's Web API can tell. Google Health is in service, so it has no 410; its tokens
//! do not rotate, its units are fixed, and it has one way to say "nothing".

use phr_model::Reason;
use phr_sandbox::{Emptiness, Options, People, Retired};
use phr_sync::{ConnectError, Signs, diagnose};

use super::*;

/// Somebody of whom this API gives everything that it has.
async fn connected() -> (Stage, Connected) {
    let mut stage = stage(Upstream::WebApi).await;
    stage.fetch(everything());
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    (stage, person)
}

fn mood(stage: &Stage, change: impl FnOnce(&mut WebApiMood)) {
    let mut mood = stage.world().web_api_mood();
    change(&mut mood);
    stage.world().set_web_api_mood(mood);
}

fn diagnosis(stage: &Stage, connection: &phr_store::connection::Connection) -> &'static str {
    let vendor = stage.sync.vendors.get(FITBIT);
    let signs = Signs { connection, vendor: vendor.as_deref(), now: stage.clock.now() };
    diagnose(signs).remedy.code
}

#[tokio::test]
async fn a_switched_off_api_is_asked_once_and_never_again() {
    for form in [Retired::Json, Retired::Html, Retired::Empty] {
        let (stage, person) = connected().await;
        let totals = format!("{:?}", stage.store.totals(person.id).await.unwrap());
        mood(&stage, |mood| mood.retired = Some(form));
        stage.world().clear_request_counts();
        for _ in 0..20 {
            stage.advance(SignedDuration::from_hours(7));
            while stage.sync.work_once().await.unwrap() {}
            assert!(stage.try_sync(&person).await.is_err());
        }
        assert_eq!(requests(&stage), 1, "{:?}", stage.world().request_counts());
        let connection = stage.connection(&person).await;
        assert_eq!(connection.state, ConnectionState::ReconnectNeeded);
        assert_eq!(connection.last_error.as_deref(), Some("upstream_retired"));
        assert_eq!(diagnosis(&stage, &connection), "upstream_retired");
        assert_eq!(format!("{:?}", stage.store.totals(person.id).await.unwrap()), totals);
        assert!(stage.connector.disconnect(person.id, FITBIT).await.unwrap());
        let waiting = stage.store.due_revocations(stage.clock.now()).await.unwrap();
        assert!(waiting.is_empty(), "there is nothing left to be withdrawn");
    }
}

#[tokio::test]
async fn a_connection_moves_to_google_by_one_consent_and_keeps_everything() {
    let (mut stage, person) = connected().await;
    let before = all_observations(&stage, &person).await;
    stage.switch(Upstream::GoogleHealth);
    stage.world().clear_request_counts();
    let connection = stage.connection(&person).await;
    assert_eq!(diagnosis(&stage, &connection), "upstream_changed", "said before anything is tried");
    assert!(matches!(stage.try_sync(&person).await, Err(SyncError::ReconnectNeeded)));
    assert_eq!(requests(&stage), 0, "no token of one upstream is shown to the other");
    let connection = stage.connection(&person).await;
    assert_eq!(connection.last_error.as_deref(), Some("upstream_changed"));

    let other = stage.world().people()[1].email.clone();
    let refused = stage.consent(person.id, &other, |_| true).await;
    assert!(matches!(refused, Err(ConnectError::OtherAccount)), "{refused:?}");
    let stranger = stage.register("stranger@example.com").await;
    let refused = stage.consent(stranger, &person.email, |_| true).await;
    assert!(matches!(refused, Err(ConnectError::LinkedElsewhere)), "{refused:?}");

    let finished = stage.consent(person.id, &person.email, |_| true).await.unwrap();
    let Finished::Connected { connection: moved, .. } = finished else { panic!("{finished:?}") };
    assert_eq!((moved.id, moved.upstream.as_str()), (connection.id, "google-health"));
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
    for ago in 1..5 {
        assert_held(&stage, &person, day(ago)).await;
        assert_daily(&stage, &person, day(ago)).await;
    }
    let after = all_observations(&stage, &person).await;
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (id, (metric, value, _)) in &before {
        let (_, now, _) = after[id];
        // A weight keeps the four decimals it came with.
        let slack = slack(*metric).max(20);
        assert!(value.abs_diff(now) <= slack, "{metric}: {value} became {now}");
    }
    let again = stage.consent(person.id, &person.email, |_| true).await.unwrap();
    assert!(matches!(again, Finished::Connected { .. }), "by Google's own id now");
}

/// A metric, its value, its parts.
type Said = (Metric, i64, Vec<phr_model::part::Measured>);

/// What stands, by id; nothing was ever said twice or withdrawn.
async fn all_observations(stage: &Stage, person: &Connected) -> BTreeMap<uuid::Uuid, Said> {
    let mut all = BTreeMap::new();
    for metric in Metric::ALL {
        let days = DateRange { first: day(300), last: day(1) };
        let held = stage.store.observations_between(person.id, metric, days).await.unwrap();
        for observation in held {
            assert_ne!(observation.status, Status::EnteredInError, "{metric}");
            let says = observation.says;
            all.insert(says.id, (metric, says.value, says.parts));
        }
    }
    all
}

/// What this API has.
fn everything() -> impl Iterator<Item = Metric> {
    Metric::ALL.into_iter().filter(|metric| *metric != Metric::Height)
}

/// How far the two may differ, in base units: here energy is whole kilocalories, oxygen a tenth.
fn slack(metric: Metric) -> u64 {
    match metric {
        Metric::Calories | Metric::ActiveEnergy => 500,
        Metric::Spo2 => 5,
        _ => 0,
    }
}

#[tokio::test]
async fn both_upstreams_say_the_same_of_the_same_days() {
    // Where the clocks go back, and where they go forward.
    for now in [NOON, "2026-10-27T11:00:00Z", "2026-03-31T11:00:00Z"] {
        let mut said = Vec::new();
        for upstream in [Upstream::GoogleHealth, Upstream::WebApi] {
            let mut stage = Stage::through(upstream, exact(now, 10)).await;
            stage.fetch(everything());
            let person = stage.connect(0).await;
            stage.sync(&person).await;
            said.push(all_observations(&stage, &person).await);
        }
        assert_same(&said);
    }
}

fn assert_same(said: &[BTreeMap<uuid::Uuid, Said>]) {
    assert!(said[0].len() > 50);
    let metrics: std::collections::BTreeSet<_> = said[0].values().map(|it| it.0).collect();
    assert_eq!(metrics.into_iter().collect::<Vec<_>>(), everything().collect::<Vec<_>>());
    for (ours, theirs) in [(&said[0], &said[1]), (&said[1], &said[0])] {
        let lacking = ours.iter().find(|(id, _)| !theirs.contains_key(id));
        assert_eq!(lacking, None);
    }
    for (id, (metric, value, parts)) in &said[0] {
        let (_, other, other_parts) = &said[1][id];
        assert!(value.abs_diff(*other) <= slack(*metric), "{metric}: {value} and {other}");
        assert_eq!(parts.len(), other_parts.len(), "{metric}: {parts:?} and {other_parts:?}");
        for ((part, value), (other_part, other)) in parts.iter().zip(other_parts) {
            assert_eq!(part, other_part, "{metric}");
            let slack = if *part == phr_model::Part::Energy { 500 } else { 0 };
            assert!(value.abs_diff(*other) <= slack, "{metric}, {part:?}: {value} and {other}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_and_a_thousand_expiries_break_no_chain() {
    const PEOPLE: u32 = 20;
    const ROUNDS: u32 = 50;
    let people = People::Synthetic { count: PEOPLE, days_of_history: 0 };
    let options = Options { people, ..exact(NOON, 0) };
    let stage = Stage::through(Upstream::WebApi, options).await.look_back(1);
    mood(&stage, |mood| mood.refresh_conflicts = true);
    let mut everybody = Vec::new();
    for index in 0..PEOPLE {
        let email = stage.world().people()[index as usize].email.clone();
        let person = Connected { id: stage.register(&email).await, email };
        let small = |scope: &str| ["weight", "profile"].contains(&scope);
        stage.consent(person.id, &person.email, small).await.unwrap();
        everybody.push(person);
    }
    let mut processes = Vec::new();
    for _ in 0..8 {
        processes.push(stage.another_process().await);
    }
    stage.world().clear_request_counts();
    for round in 1..=ROUNDS {
        stage.world().expire_access_tokens();
        for person in &everybody {
            let connection = stage.connection(person).await;
            let now = stage.clock.now();
            stage.store.make_due(connection.id, Priority::Routine, now).await.unwrap();
        }
        work_together(&processes).await;
        assert_eq!(refreshes(&stage), u64::from(PEOPLE * round), "in round {round}");
    }
    for person in &everybody {
        assert_eq!(stage.connection(person).await.state, ConnectionState::Active);
    }
    assert!(!stage.world().status_counts().contains_key(&400), "no refresh was refused");
}

#[tokio::test]
async fn a_lost_answer_of_a_refresh_is_asked_for_again_at_once() {
    let (stage, person) = connected().await;
    stage.world().expire_access_tokens();
    stage.world().clear_request_counts();
    stage.world().inject("kind=lost-token,times=1".parse().unwrap());
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
    assert_eq!(refreshes(&stage), 2);
    stage.world().expire_access_tokens();
    stage.world().inject("kind=refresh-conflict,times=1".parse().unwrap());
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete, "409");
}

/// The stricter grace: as long as no new token was used, the old one gets them again, hours later.
#[tokio::test]
async fn answers_that_stay_lost_are_recovered_when_the_line_is_better() {
    let (stage, person) = connected().await;
    stage.world().expire_access_tokens();
    stage.world().inject("kind=lost-token".parse().unwrap());
    for _ in 0..3 {
        assert!(stage.try_sync(&person).await.is_err());
        stage.advance(SignedDuration::from_hours(1));
    }
    stage.world().clear_faults();
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
    assert_eq!(stage.connection(&person).await.state, ConnectionState::Active);
}

#[tokio::test]
async fn reading_one_full_day_of_everything_takes_at_most_forty_requests() {
    let mut stage = stage(Upstream::WebApi).await;
    stage.fetch(everything());
    let person = stage.connect(0).await;
    stage.world().clear_request_counts();
    stage.sync.sync_now(person.id, FITBIT, Some(day(1)), None).await.unwrap();
    assert_held(&stage, &person, day(1)).await;
    assert!(requests(&stage) <= 40, "{:?}", stage.world().request_counts());
}

/// Beyond the usual metrics (14 for all of them), most take one request more.
#[tokio::test]
async fn comparing_a_fortnight_of_everything_takes_at_most_25_requests() {
    let mut stage = stage(Upstream::WebApi).await.look_back(14);
    stage.fetch(everything());
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    stage.world().clear_request_counts();
    stage.sync(&person).await;
    assert!(requests(&stage) <= 25, "{:?}", stage.world().request_counts());
}

#[tokio::test]
async fn ninety_days_of_history_arrive_without_one_429() {
    let mut stage =
        Stage::through(Upstream::WebApi, exact(NOON, 100)).await.look_back(14).history(90);
    mood(&stage, |mood| mood.quota_per_hour = 150);
    stage.use_vendor(stage.web_api(phr_vendors::Rates::FITBIT_PER_HOUR));
    let person = stage.connect(0).await;
    for waits in 0.. {
        while stage.sync.work_once().await.unwrap() {}
        let connection = stage.connection(&person).await;
        if connection.last_complete_at.is_some() && connection.history_due_at.is_none() {
            break;
        }
        stage.advance(SignedDuration::from_mins(5));
        assert!(waits < 12 * 24, "{:?}", stage.world().request_counts());
    }
    assert!(!stage.world().status_counts().contains_key(&429), "a limit was hit");
    // Before that, 20 to 30 days ago, was a journey that nobody synced on its way.
    for ago in [1, 17, 60, 89] {
        assert_held(&stage, &person, day(ago)).await;
    }
}

#[tokio::test]
async fn units_of_another_country_never_become_values() {
    for data_type in ["weight", "distance"] {
        let stage = stage(Upstream::WebApi).await;
        let person = stage.connect(0).await;
        stage.world().inject(format!("kind=wrong-units,path={data_type}").parse().unwrap());
        stage.sync(&person).await;
        let metric = if data_type == "weight" { Metric::BodyWeight } else { Metric::Distance };
        let days = DateRange::ending(TODAY, 5);
        let held = stage.store.observations_between(person.id, metric, days).await.unwrap();
        assert!(held.is_empty(), "{held:?}");
        let rows = stage.store.coverage(person.id, Some(metric), days).await.unwrap();
        let marked = rows.iter().filter(|row| row.reason == Some(Reason::VendorUnreadable));
        assert_eq!(marked.count(), 5, "{metric}: {rows:?}");
        stage.world().clear_faults();
        stage.sync(&person).await;
        for ago in 1..5 {
            assert_held(&stage, &person, day(ago)).await;
        }
    }
}

#[tokio::test]
async fn a_temperature_counts_only_if_the_profile_proves_its_unit() {
    let mut stage = stage(Upstream::WebApi).await;
    stage.fetch([Metric::Steps, Metric::SkinTemperatureVariation]);
    let person = stage.connect(0).await;
    stage.world().inject("kind=wrong-units,path=profile".parse().unwrap());
    stage.sync(&person).await;
    let days = DateRange { first: day(4), last: day(1) };
    let metric = Metric::SkinTemperatureVariation;
    let held = stage.store.observations_between(person.id, metric, days).await.unwrap();
    assert!(held.is_empty(), "{held:?}");
    let rows = stage.store.coverage(person.id, Some(metric), days).await.unwrap();
    assert!(rows.iter().all(|row| row.reason == Some(Reason::VendorUnreadable)), "{rows:?}");
    stage.world().clear_faults();
    stage.sync(&person).await;
    let held = stage.store.observations_between(person.id, metric, days).await.unwrap();
    assert!(!held.is_empty());
}

#[tokio::test]
async fn unknown_fields_and_numbers_as_text_change_no_value() {
    for kind in ["unknown-fields", "swapped-numbers"] {
        let (plain, somebody) = connected().await;
        let expected = all_observations(&plain, &somebody).await;
        let mut stage = stage(Upstream::WebApi).await;
        stage.fetch(everything());
        let person = stage.connect(0).await;
        stage.world().inject(format!("kind={kind}").parse().unwrap());
        assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete, "{kind}");
        for ago in 1..5 {
            assert_held(&stage, &person, day(ago)).await;
            assert_daily(&stage, &person, day(ago)).await;
        }
        assert_eq!(all_observations(&stage, &person).await, expected, "{kind}");
    }
}

/// While a night is summed up, the API may say that and nothing else.
#[tokio::test]
async fn a_night_that_is_being_summed_up_hides_no_finished_one() {
    let night = |now: String| async move {
        let mut stage = Stage::through(Upstream::WebApi, exact(&now, 10)).await;
        stage.fetch([Metric::Steps, Metric::Sleep]);
        mood(&stage, |mood| mood.sleep_pending = true);
        let person = stage.connect(1).await;
        (stage, person)
    };
    let asked = |stage: &Stage| stage.world().request_counts()["web-api sleep"];
    let (stage, person) = night("2026-11-20T03:30:00Z".to_owned()).await;
    let mut synced = 0;
    loop {
        stage.world().clear_request_counts();
        assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
        // A second time without the newest day.
        if asked(&stage) == 2 {
            break;
        }
        stage.advance(SignedDuration::from_mins(5));
        synced += 1;
        assert!(synced < 100, "no night was ever summed up");
    }
    let (late, newcomer) = night(stage.clock.now().to_string()).await;
    late.sync(&newcomer).await;
    assert!(asked(&late) > 2, "the same, and the nights");
    for (stage, person) in [(&stage, &person), (&late, &newcomer)] {
        let before = all_observations(stage, person).await;
        assert!(observations(stage, person, Metric::Sleep, TODAY).await.is_empty());
        stage.advance(SignedDuration::from_mins(20));
        stage.sync(person).await;
        assert_eq!(observations(stage, person, Metric::Sleep, TODAY).await.len(), 1);
        let nights = before.values().filter(|(metric, ..)| *metric == Metric::Sleep).count();
        assert!(nights > 2, "{nights}");
        assert_eq!(all_observations(stage, person).await, before, "no earlier night was hidden");
    }
}

#[tokio::test]
async fn nothing_in_any_of_its_shapes_is_no_value_and_no_error() {
    let shapes = [
        Emptiness::EmptyRoot,
        Emptiness::Object,
        Emptiness::Nothing,
        Emptiness::Newline,
        Emptiness::Valueless,
    ];
    for shape in shapes {
        // The person's data begin here: all days before it are empty.
        let mut stage = Stage::through(Upstream::WebApi, exact(NOON, 0)).await;
        stage.fetch(everything());
        mood(&stage, |mood| mood.empty = shape);
        let person = stage.connect(0).await;
        let report = stage.sync(&person).await;
        assert_eq!(report.outcome, Outcome::Complete, "{shape:?}: {report:?}");
        for metric in Metric::ALL {
            let days = DateRange { first: day(4), last: day(1) };
            let held = stage.store.observations_between(person.id, metric, days).await.unwrap();
            assert!(held.is_empty(), "{shape:?}: {held:?}");
        }
    }
}

#[tokio::test]
async fn an_api_that_suddenly_says_nothing_takes_nothing_away() {
    let (stage, person) = connected().await;
    let totals = format!("{:?}", stage.store.totals(person.id).await.unwrap());
    let paths =
        ["heart", "steps", "weight", "spo2", "sleep", "list", "fat", "hrv", "minutesVeryActive"];
    for path in paths {
        for kind in ["empty-body", "empty-object"] {
            stage.world().inject(format!("kind={kind},path={path}").parse().unwrap());
            stage.sync(&person).await;
            stage.world().clear_faults();
            let now = format!("{:?}", stage.store.totals(person.id).await.unwrap());
            assert_eq!(now, totals, "{kind} of {path}");
        }
    }
}

#[tokio::test]
async fn a_profile_that_is_empty_today_leaves_the_zone_as_it_was() {
    let stage = stage(Upstream::WebApi).await;
    let person = stage.connect(0).await;
    stage.sync(&person).await;
    stage.world().inject("kind=empty-object,path=profile".parse().unwrap());
    assert_eq!(stage.sync(&person).await.outcome, Outcome::Complete);
    assert_eq!(stage.connection(&person).await.zone.as_deref(), Some("Europe/Madrid"));
}
