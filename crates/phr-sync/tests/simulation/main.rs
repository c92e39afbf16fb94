//! A month in the life of fifty connections, told a seed at a time: the clock, the vendor and all that
//! goes wrong follow from the seed, nothing sleeps, and whatever happened, at the end the store equals
//! the vendor.
//!
//! `PHR_SIMULATIONS` says how many seeds are told, `PHR_SEED` tells one of them again.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod dice;
mod events;
mod gate;
mod parts;
mod people;
mod story;
mod vendor;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use core_affinity::CoreId;
use phr_model::{Metric, metric::Forming};
use phr_sync::verify::finding::Finding;
use story::{Ending, Setting, tell};

const PEOPLE: usize = 50;
/// In every tenth story fewer people record everything there is, which takes as long.
const FEWER: usize = 6;
/// How many seeds everybody's `cargo test` tells.
const USUAL: u64 = 10;

#[expect(clippy::disallowed_methods, reason = "how much to test is up to who tests")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

fn told(setting: Setting) -> Ending {
    // One thread: the order of events is the story's alone.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(tell(setting))
}

fn whole(seed: u64) -> Setting {
    let everything = seed.is_multiple_of(10);
    let people = if everything { FEWER } else { PEOPLE };
    Setting { seed, people, everything, broken: false }
}

/// What is wrong at the end of a seed's story, if anything.
fn violations(seed: u64, ending: &Ending) -> Option<String> {
    let verified = &ending.verified;
    if verified.is_equal() && verified.is_whole() && ending.unfit.is_empty() {
        return None;
    }
    let shown = |finding: &Finding| format!("  {finding:?}\n");
    let first: String = verified.findings.iter().take(10).map(shown).collect();
    let unchecked = &verified.unchecked;
    let unfit: Vec<_> = ending.unfit.iter().take(3).collect();
    Some(format!("PHR_SEED={seed}: {}\n{first}  {unchecked:?}\n{unfit:#?}", verified.summary()))
}

/// Tells `seeds` on all cores; returns what went wrong.
fn tell_all(seeds: std::ops::Range<u64>) -> Vec<String> {
    let next = AtomicU64::new(seeds.start);
    // A statement is a word to the database's thread and one back. Between cores that takes several
    // times as long as the statement, so a story and its database stay on one.
    let work = |core: Option<CoreId>| {
        core.map(core_affinity::set_for_current);
        let mut wrong = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds.end {
                return wrong;
            }
            let begun = std::time::Instant::now();
            let ending = told(whole(seed));
            eprintln!(
                "seed {seed}: {} runs, {} deaths, {:?}",
                ending.runs,
                ending.deaths,
                begun.elapsed()
            );
            wrong.extend(violations(seed, &ending));
        }
    };
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let cores = if cores.is_empty() { vec![None] } else { cores.into_iter().map(Some).collect() };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            cores.into_iter().map(|core| scope.spawn(move || work(core))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn the_store_equals_the_vendor_after_quiet() {
    let seeds = match number("PHR_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("PHR_SIMULATIONS").unwrap_or(USUAL),
    };
    let count = seeds.end - seeds.start;
    let wrong = tell_all(seeds);
    assert!(wrong.is_empty(), "{} of {count} seeds:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let setting = Setting { people: 8, ..whole(7) };
    let (one, other) = (told(setting), told(setting));
    assert_eq!((one.deaths, one.runs), (other.deaths, other.runs));
    assert_eq!(one.digest, other.digest);
}

#[test]
fn a_sync_that_does_not_compare_is_caught() {
    let setting = Setting { people: 8, broken: true, ..whole(3) };
    let ending = told(setting);
    let codes: Vec<_> = ending.verified.findings.iter().map(|found| found.what.code()).collect();
    assert!(codes.contains(&"vendor_figure_differs"), "{codes:?}");
    assert!(codes.iter().any(|code| code.starts_with("vendor_sample")), "{codes:?}");
}

#[test]
fn processes_die_in_the_stories() {
    let ending = told(Setting { people: 8, ..whole(5) });
    assert!(
        ending.deaths > 0 && ending.runs > 100,
        "{} deaths, {} runs",
        ending.deaths,
        ending.runs
    );
}

#[test]
fn in_some_stories_every_metric_is_recorded_and_every_kind_changes_and_goes() {
    let setting = Setting { people: 8, ..whole(10) };
    let Ending { stated, unfit, .. } = told(setting);
    for metric in Metric::ALL {
        assert!(stated.contains_key(&(metric, "final")), "{metric}: {stated:?}");
    }
    // What goes from a sum or a mean corrects it.
    for forming in [Forming::EverySample, Forming::Sessions, Forming::DailyValue] {
        for wanted in ["corrected", "entered-in-error"] {
            let some = stated
                .keys()
                .any(|(metric, status)| metric.facts().forming == forming && *status == wanted);
            assert!(some, "{forming:?} {wanted}: {stated:?}");
        }
    }
    assert!(unfit.is_empty(), "{unfit:#?}");
}
