//! The feed of changes, as an app that works offline uses it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use phr_model::{Metric, PersonId};
use phr_sandbox::DataType;
use proptest::prelude::*;
use serde_json::Value;

use crate::support::{Actor, TestApp, sample};

const DAY: &str = "2026-11-18";

/// An app's copy of the record.
#[derive(Debug, Default)]
struct Phone {
    held: BTreeMap<String, Value>,
    cursor: Option<String>,
}

impl Phone {
    /// Takes in one page; what was told is in the answer.
    async fn pull(&mut self, actor: &Actor<'_>, query: &str) -> Value {
        let cursor = self.cursor.as_ref().map(|cursor| format!("&cursor={cursor}"));
        let path = format!("/health/changes?{query}{}", cursor.unwrap_or_default());
        let page = actor.get(&path).await.expect(200);
        for change in page["changes"].as_array().unwrap() {
            self.apply(change);
        }
        self.cursor = Some(page["next_cursor"].as_str().unwrap().to_owned());
        page
    }

    fn apply(&mut self, change: &Value) {
        let id = change["observation"]["id"].as_str().unwrap().to_owned();
        let held = match change["change"].as_str().unwrap() {
            "withdrawn" => self.held.remove(&id),
            _ => self.held.insert(id, change["observation"].clone()),
        };
        let newer = held.is_none_or(|held| held["version"].as_u64() < change["version"].as_u64());
        assert!(newer, "told twice: {change}");
    }

    /// Takes in everything; all changes that were told.
    async fn drain(&mut self, actor: &Actor<'_>, limit: u32) -> Vec<Value> {
        let mut told = Vec::new();
        loop {
            let mut page = self.pull(actor, &format!("limit={limit}")).await;
            told.append(page["changes"].as_array_mut().unwrap());
            if page["has_more"] == false {
                return told;
            }
        }
    }
}

/// Everything that stands, by `/health/observations`.
async fn standing(actor: &Actor<'_>) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for page in 1.. {
        let path = format!("/health/observations?page_size=100&page={page}");
        let page = actor.get(&path).await.expect(200);
        for observation in page["observations"].as_array().unwrap() {
            all.insert(observation["id"].as_str().unwrap().to_owned(), observation.clone());
        }
        if page["has_more"] == false {
            break;
        }
    }
    all
}

async fn weigh(app: &TestApp, person: PersonId, kilograms: &[i64]) {
    let weighed = kilograms.iter().zip(0_i64..);
    let weighed = weighed.map(|(kg, n)| sample(DAY, 25_200 + n, kg * 1_000_000, 0)).collect();
    app.hold(person, Metric::BodyWeight, DAY, weighed).await;
}

fn kinds(told: &[Value]) -> Vec<&str> {
    told.iter().map(|change| change["change"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_new_app_gets_everything_and_then_only_what_changed() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let id = ada.id().await;
    app.hold_steps(id, "2026-11-19", 5).await;
    let mut phone = Phone::default();
    assert_eq!(kinds(&phone.drain(&ada, 2).await), ["created"; 5]);
    assert_eq!(phone.held, standing(&ada).await);
    assert!(phone.drain(&ada, 2).await.is_empty());
    app.hold(id, Metric::Steps, DAY, vec![sample(DAY, 36_000, 7, 60)]).await;
    let told = phone.drain(&ada, 2).await;
    assert_eq!((kinds(&told), &told[0]["version"]), (vec!["revised"], &Value::from(2)));
    assert_eq!(phone.held, standing(&ada).await);
}

#[tokio::test]
async fn a_withdrawn_observation_is_told_without_its_value() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let id = ada.id().await;
    weigh(&app, id, &[70]).await;
    let mut phone = Phone::default();
    phone.drain(&ada, 100).await;
    weigh(&app, id, &[]).await;
    let told = phone.drain(&ada, 100).await;
    insta::assert_json_snapshot!(told, {
        "[].observation.id" => "[id]", "[].observation.patient_id" => "[patient]"
    });
    assert!(phone.held.is_empty());
}

#[tokio::test]
async fn an_empty_feed_has_a_cursor_too() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let page = ada.get("/health/changes").await.expect(200);
    assert_eq!((page["changes"].as_array().unwrap().len(), &page["has_more"]), (0, &false.into()));
    let mut phone =
        Phone { cursor: page["next_cursor"].as_str().map(str::to_owned), ..Phone::default() };
    weigh(&app, ada.id().await, &[70]).await;
    assert_eq!(kinds(&phone.drain(&ada, 10).await), ["created"]);
}

#[tokio::test]
async fn the_cursor_of_one_metric_tells_of_that_metric() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let id = ada.id().await;
    weigh(&app, id, &[70]).await;
    app.hold_steps(id, "2026-11-19", 3).await;
    let mut phone = Phone::default();
    let page = phone.pull(&ada, "observation_type=body_weight").await;
    assert_eq!(page["changes"].as_array().unwrap().len(), 1);
    weigh(&app, id, &[70, 71]).await;
    let page = phone.pull(&ada, "observation_type=body_weight").await;
    assert_eq!(page["changes"].as_array().unwrap().len(), 1);
    let cursor = phone.cursor.unwrap();
    for path in ["/health/changes?", "/health/changes?observation_type=steps&"] {
        assert_eq!(ada.get(&format!("{path}cursor={cursor}")).await.complaints(), ["cursor"]);
    }
}

#[tokio::test]
async fn in_05_a_cursor_that_is_foreign_or_damaged_is_told_to_start_again() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    weigh(&app, ada.id().await, &[70]).await;
    let mut phone = Phone::default();
    phone.pull(&ada, "").await;
    let cursor = phone.cursor.unwrap();
    let cut = &cursor[..cursor.len() - 1];
    for (who, cursor) in [(&eve, &*cursor), (&ada, cut), (&ada, &format!("{cursor}x"))] {
        let reply = who.get(&format!("/health/changes?cursor={cursor}")).await;
        assert!(reply.problem(422).contains("start again without cursor"));
        assert_eq!(reply.complaints(), ["cursor"]);
    }
}

#[tokio::test]
async fn a_cursor_of_a_database_that_was_set_back_is_told_to_start_again() {
    let (before, after) = (TestApp::start().await, TestApp::start().await);
    let ada = before.person("ada").await;
    weigh(&before, ada.id().await, &[70]).await;
    let mut phone = Phone::default();
    phone.pull(&ada, "").await;
    // The same account in a copy from before the weigh-in: same keys, same person, lower revision.
    let mut account = before.store.person(ada.id().await).await.unwrap().unwrap();
    account.email = "restored@example.com".to_owned();
    let new = phr_store::account::NewPerson { person: account, invitation: None };
    after.store.register(new, after.now()).await.unwrap();
    let restored = Actor::signed_in(&after, "restored@example.com").await;
    let path = format!("/health/changes?cursor={}", phone.cursor.unwrap());
    assert!(restored.get(&path).await.problem(422).contains("start again without cursor"));
}

#[tokio::test]
async fn a_changed_day_shows_in_the_summary_at_once() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let path = format!("/health/summary?metric=steps&bucket=day&date_from={DAY}&date_to={DAY}");
    for steps in [1_000, 2_000, 300_u16] {
        let samples = vec![sample(DAY, 36_000, steps.into(), 60)];
        app.hold(ada.id().await, Metric::Steps, DAY, samples).await;
        let summary = ada.get(&path).await.expect(200);
        assert_eq!(summary["buckets"][0]["value"], f64::from(steps));
    }
    app.hold(ada.id().await, Metric::Steps, DAY, vec![]).await;
    assert_eq!(ada.get(&path).await.expect(200)["buckets"][0]["count"], 0);
}

/// Ada with the last days of the vendor's first person, and her app, which has all of it.
async fn in_step(app: &TestApp) -> (Actor<'_>, Phone) {
    let ada = app.person("ada").await;
    ada.connect(0).await;
    ada.press("/health/sync/immediate").await.expect(200);
    let mut phone = Phone::default();
    assert!(phone.drain(&ada, 50).await.len() > 20);
    assert_eq!(phone.held, standing(&ada).await);
    (ada, phone)
}

fn hour(begin: &str) -> (Timestamp, Timestamp) {
    let from: Timestamp = begin.parse().unwrap();
    (from, from + SignedDuration::from_hours(1))
}

/// What was told about a closed day; today goes on changing by itself.
fn about(told: Vec<Value>, metric: &str, date: &str) -> Vec<Value> {
    let about = |change: &Value| {
        let observation = &change["observation"];
        observation["observation_type"] == metric && observation["date"] == date
    };
    told.into_iter().filter(about).collect()
}

#[tokio::test]
async fn t2_a_value_changed_at_the_vendor_is_told_as_revised_exactly_once() {
    let app = TestApp::with_vendor().await;
    let (ada, mut phone) = in_step(&app).await;
    let (world, email) = (app.sandbox.as_ref().unwrap().world(), app.vendor_account(0));
    let (from, to) = hour("2026-11-19T10:00:00Z");
    let point = &world.reconciled_points(&email, DataType::HeartRate, from, to).unwrap()[10];
    world.change_sample(&email, DataType::HeartRate, point.start, 190.0).unwrap();
    ada.press("/health/sync/immediate").await.expect(200);
    let told = about(phone.drain(&ada, 3).await, "heart_rate", "2026-11-19");
    assert_eq!(kinds(&told), ["revised"]);
    assert_eq!(told[0]["observation"]["max"], 190.0);
    assert_eq!(told[0]["observation"]["status"], "corrected");
    ada.press("/health/sync/immediate").await.expect(200);
    assert!(about(phone.drain(&ada, 3).await, "heart_rate", "2026-11-19").is_empty());
    assert_eq!(phone.held, standing(&ada).await);
}

#[tokio::test]
async fn t3_a_sample_deleted_at_the_vendor_is_told_as_withdrawn_exactly_once() {
    let app = TestApp::with_vendor().await;
    let (ada, mut phone) = in_step(&app).await;
    let (world, email) = (app.sandbox.as_ref().unwrap().world(), app.vendor_account(0));
    let (from, to) = hour("2026-11-19T10:00:00Z");
    world.delete_samples(&email, DataType::HeartRate, from, to).unwrap();
    ada.press("/health/sync/immediate").await.expect(200);
    let told = about(phone.drain(&ada, 3).await, "heart_rate", "2026-11-19");
    assert_eq!(kinds(&told), ["withdrawn"]);
    assert!(told[0]["observation"].get("value").is_none());
    ada.press("/health/sync/immediate").await.expect(200);
    assert!(about(phone.drain(&ada, 3).await, "heart_rate", "2026-11-19").is_empty());
    assert_eq!(phone.held, standing(&ada).await);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Each step is a write (how many weigh-ins the day has and what they weigh) or one page of the
    /// given length.
    #[test]
    fn after_draining_the_apps_copy_equals_the_record(
        steps in prop::collection::vec((0_usize..4, 60_i64..63, 1_u32..4, any::<bool>()), 1..14),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = TestApp::start().await;
            let ada = app.person("ada").await;
            let (id, mut phone) = (ada.id().await, Phone::default());
            for (count, kilograms, limit, writes) in steps {
                if writes {
                    weigh(&app, id, &vec![kilograms; count]).await;
                } else {
                    phone.pull(&ada, &format!("limit={limit}")).await;
                }
            }
            phone.drain(&ada, 2).await;
            assert_eq!(phone.held, standing(&ada).await);
        });
    }
}
