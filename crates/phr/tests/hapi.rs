//! Delivery to a real HAPI FHIR server: the one that `PHR_TEST_HAPI` names (`ci/hapi.sh start`); without
//! it, these tests prove nothing and say so. With `PHR_RECORDINGS`, recorded wearers are delivered too.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    time::{Duration, Instant},
};

use common::{Demo, Person};
use jiff::{Span, civil::Date};
use phr_model::Metric;
use serde_json::{Value, json};

const UNPROVED: &str = "PHR_TEST_HAPI is not set: nothing is proved here";
/// Longest time until the server has followed.
const PATIENCE: Duration = Duration::from_mins(4);

#[expect(clippy::disallowed_methods, reason = "which server tests run on is not configuration")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// The real server.
struct Hapi {
    base: String,
    http: reqwest::Client,
}

/// What an Observation says: status and value.
type Says = (String, String);

impl Hapi {
    fn named() -> Option<Self> {
        Some(Self { base: variable("PHR_TEST_HAPI")?, http: reqwest::Client::new() })
    }

    /// Everything that a search finds, page by page.
    async fn search(&self, search: &str) -> Vec<Value> {
        let mut next = Some(format!("{}/{search}&_count=500", self.base));
        let mut found = Vec::new();
        while let Some(url) = next {
            let request = self.http.get(&url).header("Cache-Control", "no-cache");
            let mut page: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(page["resourceType"], "Bundle", "{page}");
            let links = page["link"].as_array().cloned().unwrap_or_default();
            let link = links.iter().find(|link| link["relation"] == "next");
            next = link.map(|link| link["url"].as_str().unwrap().to_owned());
            if let Some(entries) = page["entry"].as_array_mut() {
                found.extend(entries.iter_mut().map(|entry| entry["resource"].take()));
            }
        }
        found
    }

    /// What stands among what a search finds, by id.
    async fn standing(&self, search: &str) -> BTreeMap<String, Says> {
        let found = self.search(search).await.into_iter();
        let standing = found.filter(|resource| resource["status"] != "entered-in-error");
        standing.map(|resource| (text(&resource["id"]), there(&resource))).collect()
    }

    /// The sum of all versions of a patient's Observations.
    async fn versions(&self, patient: &str) -> u64 {
        let found = self.search(&format!("Observation?patient={patient}")).await;
        found.iter().map(|it| text(&it["meta"]["versionId"]).parse::<u64>().unwrap()).sum()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn there(resource: &Value) -> Says {
    let value = resource["valueQuantity"]["value"].as_f64().unwrap();
    (text(&resource["status"]), format!("{value:.3}"))
}

/// A person's Observations as the API shows them.
struct Record {
    patient: String,
    all: Vec<Value>,
}

impl Record {
    async fn of(demo: &Demo, person: &Person) -> Self {
        let mut all = Vec::new();
        for metric in Metric::USUAL {
            all.append(&mut demo.observations(person, metric.key()).await);
        }
        Self { patient: text(&all[0]["patient_id"]), all }
    }

    fn says(&self, fits: impl Fn(&Value) -> bool) -> BTreeMap<String, Says> {
        let here = |entry: &Value| {
            let value = entry["value"].as_f64().unwrap();
            (text(&entry["id"]), (text(&entry["status"]), format!("{value:.3}")))
        };
        self.all.iter().filter(|entry| fits(entry)).map(here).collect()
    }
}

async fn start(hapi: &Hapi) -> Demo {
    let mut arguments = vec!["--fhir", &hapi.base];
    let recordings = variable("PHR_RECORDINGS");
    if let Some(folder) = &recordings {
        arguments.extend(["--recordings", folder]);
    }
    Demo::start(&arguments).await
}

/// Waits until the server says what the API says, value by value.
async fn await_step(hapi: &Hapi, demo: &Demo, person: &Person) -> Record {
    let begun = Instant::now();
    loop {
        let record = Record::of(demo, person).await;
        let here = record.says(|_| true);
        let there = hapi.standing(&format!("Observation?patient={}", record.patient)).await;
        if here == there {
            return record;
        }
        let differing = here.iter().find(|(id, says)| there.get(*id) != Some(says));
        let (ours, theirs) = (here.len(), there.len());
        assert!(begun.elapsed() < PATIENCE, "{ours} here, {theirs} there: {differing:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn sync(demo: &Demo, person: &Person) {
    let url = format!("{}/health/sync/immediate", demo.base_url);
    let reply = reqwest::Client::new().post(url).bearer_auth(&person.access_token).send().await;
    let answer: Value = reply.unwrap().json().await.unwrap();
    assert_eq!(answer["status"], "complete", "{answer}");
}

/// The person's steps of a day at the sandbox.
struct Steps<'d> {
    samples: String,
    day: Date,
    demo: &'d Demo,
}

impl<'d> Steps<'d> {
    /// The first day with steps among those `days_ago` and before.
    async fn of(demo: &'d Demo, person: &Person, days_ago: i64) -> Steps<'d> {
        let people = reqwest::get(format!("{}/sandbox/people", demo.sandbox_url)).await.unwrap();
        let people: Vec<Value> = people.json().await.unwrap();
        let email = &people.iter().find(|it| it["name"] == *person.name).unwrap()["email"];
        let samples = format!("people/{}/samples", email.as_str().unwrap());
        let clock = reqwest::get(format!("{}/sandbox/clock", demo.sandbox_url)).await.unwrap();
        let clock: Value = clock.json().await.unwrap();
        let today: Date = text(&clock["now"])[..10].parse().unwrap();
        for days_ago in days_ago..14 {
            let day = today - Span::new().days(days_ago);
            let steps = Self { samples: samples.clone(), day, demo };
            if steps.walked().await.is_some() {
                return steps;
            }
        }
        panic!("nobody walked")
    }

    /// A minute of the day in which somebody walked.
    async fn walked(&self) -> Option<Value> {
        let found: Value = reqwest::get(self.url()).await.unwrap().json().await.unwrap();
        let points = found.as_array().cloned().unwrap_or_default();
        points.into_iter().find(|point| point["value"].as_f64().is_some_and(|value| value > 0.0))
    }

    fn url(&self) -> String {
        let (sandbox, samples, day) = (&self.demo.sandbox_url, &self.samples, self.day);
        // From noon to noon is one day in any zone of Europe and Africa, and part of it elsewhere.
        format!(
            "{sandbox}/sandbox/{samples}?data_type=steps&from={day}T06:00:00Z&to={day}T18:00:00Z"
        )
    }

    async fn change(&self) {
        let point = self.walked().await.unwrap();
        let value = point["value"].as_f64().unwrap() + 140.0;
        let new = json!({"data_type": "steps", "instant": point["start"], "value": value});
        let url = format!("{}/sandbox/{}", self.demo.sandbox_url, self.samples);
        let reply = reqwest::Client::new().put(url).json(&new).send().await.unwrap();
        assert!(reply.status().is_success(), "{}", reply.text().await.unwrap());
    }

    async fn delete_day(&self) {
        let next = self.day + Span::new().days(1);
        let (sandbox, samples, day) = (&self.demo.sandbox_url, &self.samples, self.day);
        let before = day - Span::new().days(1);
        let url = format!(
            "{sandbox}/sandbox/{samples}?data_type=steps&from={before}T12:00:00Z&to={next}T12:00:00Z"
        );
        let reply = reqwest::Client::new().delete(url).send().await.unwrap();
        assert!(reply.status().is_success(), "{}", reply.text().await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fortnight_lands_and_is_found_by_patient_code_and_day() {
    let Some(hapi) = Hapi::named() else { return println!("{UNPROVED}") };
    let demo = start(&hapi).await;
    for person in &demo.people {
        let record = await_step(&hapi, &demo, person).await;
        let patient = &record.patient;
        for metric in Metric::USUAL {
            let code = metric.facts().api.code;
            let search = format!("Observation?patient={patient}&code=http://loinc.org%7C{code}");
            let found = hapi.standing(&search).await;
            // Days that are not over have codes of their own.
            let ours = record.says(|entry| {
                entry["observation_type"] == metric.key() && entry["status"] != "preliminary"
            });
            // Not everybody recorded had a scale.
            assert!(!ours.is_empty() || demo.people.len() > 1, "{metric}");
            for (id, says) in &ours {
                assert_eq!(found.get(id), Some(says), "{metric} {id}");
            }
        }
        found_by_day(&hapi, &record).await;
    }
    if let [person] = &demo.people[..] {
        // Once more, and nothing is new but what time has brought.
        let patient = Record::of(&demo, person).await.patient;
        let before = hapi.versions(&patient).await;
        let finals = Record::of(&demo, person).await.says(|entry| entry["status"] == "final");
        sync(&demo, person).await;
        await_step(&hapi, &demo, person).await;
        let after = hapi.search(&format!("Observation?patient={patient}")).await;
        for resource in after.iter().filter(|it| finals.contains_key(it["id"].as_str().unwrap())) {
            assert_eq!(resource["meta"]["versionId"], "1", "{}", resource["id"]);
        }
        println!("{} Observations, {before} versions", after.len());
    }
}

/// By day: exactly what the API has on that day. On days around a journey, periods overlap.
async fn found_by_day(hapi: &Hapi, record: &Record) {
    let mut offsets: BTreeMap<Date, BTreeSet<String>> = BTreeMap::new();
    for entry in &record.all {
        let offset = text(&entry["effective_datetime"])[19..].replace('+', "%2B");
        offsets.entry(text(&entry["date"]).parse().unwrap()).or_default().insert(offset);
    }
    let day = |day: Date, days: i64| offsets.get(&(day + Span::new().days(days)));
    let settled = offsets.iter().filter(|(date, own)| {
        own.len() == 1 && day(**date, -1) == Some(own) && day(**date, 1) == Some(own)
    });
    let settled: Vec<_> = settled.collect();
    for (day, offset) in settled.into_iter().rev().take(3) {
        let (offset, next) = (offset.first().unwrap(), *day + Span::new().days(1));
        let search = format!(
            "Observation?patient={}&date=ge{day}T00:00:00{offset}&date=lt{next}T00:00:00{offset}",
            record.patient
        );
        let date = day.to_string();
        assert_eq!(hapi.standing(&search).await, record.says(|entry| entry["date"] == *date));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_and_deletions_follow_and_an_outage_is_made_up_for() {
    let Some(hapi) = Hapi::named() else { return println!("{UNPROVED}") };
    let demo = Demo::start(&["--fhir", &hapi.base]).await;
    let person = &demo.people[0];
    let before = await_step(&hapi, &demo, person).await;
    let patient = &before.patient;
    let versions = hapi.versions(patient).await;
    let (changed, deleted) = (Steps::of(&demo, person, 3).await, Steps::of(&demo, person, 5).await);
    changed.change().await;
    deleted.delete_day().await;
    sync(&demo, person).await;
    await_step(&hapi, &demo, person).await;
    let steps = hapi.search(&format!("Observation?patient={patient}&code=41950-7")).await;
    let corrected = steps.iter().filter(|it| it["status"] == "corrected").count();
    let withdrawn = steps.iter().filter(|it| it["status"] == "entered-in-error").count();
    assert!(corrected >= 1 && withdrawn == 1, "{corrected} corrected, {withdrawn} withdrawn");
    assert!(hapi.versions(patient).await > versions);

    // The server is away for the whole of a sync, and comes back.
    let Some(control) = variable("PHR_TEST_HAPI_CONTROL") else { return };
    let steer = |what: &'static str| {
        let control = control.clone();
        tokio::task::spawn_blocking(move || Command::new(control).arg(what).status())
    };
    assert!(steer("down").await.unwrap().unwrap().success());
    Steps::of(&demo, person, 7).await.change().await;
    sync(&demo, person).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(steer("up").await.unwrap().unwrap().success());
    await_step(&hapi, &demo, person).await;
}
