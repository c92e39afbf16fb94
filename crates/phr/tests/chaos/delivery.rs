//! T9 for delivery: servers are killed while they deliver; nothing is missing there, nothing doubled.
//! On the sandbox's FHIR server, or on the real one that `PHR_TEST_HAPI` names.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use phr_sandbox::{FhirFault, FhirIds, FhirServer};
use serde_json::Value;

use crate::{
    app::App,
    dice::Dice,
    fhir::{Fhir, Says, says},
    google::Google,
    number,
    servers::{self, Servers},
};

const PEOPLE: usize = 2;
const KILLS: u64 = 20;
/// Longest time until everything is there once nobody is killed any more.
const QUIET: Duration = Duration::from_secs(180);

#[expect(clippy::disallowed_methods, reason = "which server tests run on is not configuration")]
fn real_server() -> Option<String> {
    std::env::var("PHR_TEST_HAPI").ok().filter(|url| !url.is_empty())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t9_killed_in_the_middle_of_delivery_nothing_is_missing_or_doubled() {
    let seed = number("PHR_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("PHR_SEED={seed}");
    let mut dice = Dice::new(seed);
    let emulated = FhirServer::start(FhirIds::ChosenUnsaid).await.unwrap();
    emulated.world().misbehave(FhirFault::Slow(Duration::from_millis(20)));
    let url = real_server().unwrap_or_else(|| emulated.base_url().to_owned());
    let redirect = servers::free_port();
    let google = Google::start(seed, PEOPLE, redirect).await;
    // Small bundles and short leases: more moments to die in.
    let settings = [
        ("FHIR_BASE_URL", &*url),
        ("FHIR_ALLOW_HTTP", "true"),
        ("FHIR_PRELIMINARY", "on"),
        ("FHIR_BUNDLE", "2"),
        ("FHIR_LEASE", "1s"),
    ];
    let mut servers = Servers::start(&google, redirect, &settings).await;
    let app = App::new(servers.url(0), google.url());
    let mut everybody = Vec::new();
    for email in google.people().await {
        let person = app.arrive(&email).await;
        app.press(&person, servers.url(0), false);
        everybody.push(person);
    }
    for kill in 0..KILLS {
        if kill % 4 == 3 {
            // There is something to deliver again.
            let person = &everybody[dice.index(PEOPLE)];
            google.edit(&mut dice, &person.email).await;
            app.press(person, servers.url(dice.index(servers.count())), false);
        }
        tokio::time::sleep(Duration::from_millis(100 + dice.below(400))).await;
        servers.kill(dice.index(servers.count())).await;
    }
    google.calm().await;
    servers.start_missing().await;
    let urls: Vec<_> = (0..servers.count()).map(|index| servers.url(index)).collect();
    for person in &everybody {
        app.bring_in_step(person, &urls, QUIET).await;
        app.bring_in_history(person, &urls, QUIET).await;
        await_delivery(&servers, &Fhir::new(&url), &person.email).await;
    }
    assert_eq!(emulated.world().overlaps(), 0, "two processes sent for one person at once");
    servers.stop();
}

/// What is exported here is what is found there.
async fn await_delivery(servers: &Servers, fhir: &Fhir, email: &str) {
    let begun = Instant::now();
    loop {
        let (patient, ours) = exported(&servers.run(&["export", "--email", email]));
        let theirs = fhir.standing(&patient).await;
        assert!(ours.len() > 100, "{} Observations are hardly any", ours.len());
        if theirs == ours {
            return;
        }
        let differing = ours.iter().find(|(id, said)| theirs.get(*id) != Some(said));
        let (here, there) = (ours.len(), theirs.len());
        let differing = differing.map(|(id, said)| (id, said, theirs.get(id)));
        assert!(
            begun.elapsed() < QUIET,
            "{here} here, {there} there, such as {differing:?}\n{}\n{}",
            servers.run(&["fhir", "status"]),
            servers.logs()
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// The Patient's id and what each Observation says.
fn exported(text: &str) -> (String, BTreeMap<String, Says>) {
    let resources = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (mut patient, mut observations) = (String::new(), BTreeMap::new());
    for resource in resources {
        let id = resource["id"].as_str().unwrap().to_owned();
        match resource["resourceType"].as_str() {
            Some("Patient") => patient = id,
            Some("Observation") => {
                observations.insert(id, says(&resource));
            }
            _ => {}
        }
    }
    (patient, observations)
}
