//! T9: several servers on one database are killed at random moments while the vendor misbehaves and
//! people use the app. Then it is quiet, and `phr verify --vendor` finds nothing lost, nothing doubled,
//! nothing stuck.
//!
//! `PHR_CHAOS_KILLS` says how many times a server is killed, `PHR_SEED` repeats the choices of a run.
//! Moments are the machine's: the same seed kills and misbehaves the same way, not to the microsecond.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod app;
mod delivery;
mod dice;
mod fhir;
mod google;
mod servers;

use std::time::{Duration, Instant};

use app::App;
use dice::Dice;
use google::Google;
use servers::Servers;

const PEOPLE: usize = 5;
/// Kills in everybody's `cargo test`.
const USUAL: u64 = 6;
/// Longest time until everybody is in step once it is quiet.
const QUIET: Duration = Duration::from_secs(150);

#[expect(clippy::disallowed_methods, reason = "how much to test is up to who tests")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t9_killed_at_any_moment_nothing_is_lost_doubled_or_stuck() {
    let seed = number("PHR_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let kills = number("PHR_CHAOS_KILLS").unwrap_or(USUAL);
    // Shown if the test fails, and by --nocapture.
    println!("PHR_SEED={seed} PHR_CHAOS_KILLS={kills}");
    let mut dice = Dice::new(seed);
    let redirect = servers::free_port();
    let google = Google::start(seed, PEOPLE, redirect).await;
    let mut servers = Servers::start(&google, redirect, &[]).await;
    let app = App::new(servers.url(0), google.url());
    let mut everybody = Vec::new();
    for email in google.people().await {
        everybody.push(app.arrive(&email).await);
    }
    let begun = Instant::now();
    for _ in 0..kills {
        commotion(&mut dice, &google, &servers, &app, &everybody).await;
        servers.kill(dice.index(servers.count())).await;
    }
    println!("{kills} kills in {:.0} s", begun.elapsed().as_secs_f64());
    google.calm().await;
    servers.start_missing().await;
    let urls: Vec<_> = (0..servers.count()).map(|index| servers.url(index)).collect();
    for person in &everybody {
        app.bring_in_step(person, &urls, QUIET).await;
        app.bring_in_history(person, &urls, QUIET).await;
    }
    // Whatever somebody died over is due, and somebody lives to do it.
    servers.check_nothing_is_overdue().await;
    servers.stop();
    let verdict = servers.verify(&["--vendor", "--samples", "--days", "4"]);
    println!("{}", verdict.text);
    assert_eq!(verdict.code, Some(0), "PHR_SEED={seed}\n{}\n{}", verdict.text, servers.logs());
    let expected = format!("0 lost, 0 doubled, 0 different, 0 stuck, {PEOPLE} people,");
    assert!(verdict.text.contains(&expected), "{}", verdict.text);
    assert!(!verdict.text.contains(" and 0 samples compared"), "{}", verdict.text);
}

/// A little of everything: the vendor's moods, people's data, and the app's impatience.
async fn commotion(
    dice: &mut Dice,
    google: &Google,
    servers: &Servers,
    app: &App,
    everybody: &[app::Person],
) {
    match dice.index(4) {
        0 => google.calm_down().await,
        _ => google.misbehave(dice).await,
    }
    for _ in 0..dice.index(4) {
        let person = &everybody[dice.index(everybody.len())];
        google.edit(dice, &person.email).await;
    }
    for person in everybody {
        let server = servers.url(dice.index(servers.count()));
        app.press(person, server, dice.per_cent(30));
    }
    tokio::time::sleep(Duration::from_millis(dice.below(2_000))).await;
}
