//! Every body of `fuzz/corpus`, and thousands like them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use super::{TARGETS, Target};

/// Fewer bodies than this are no corpus.
const FEWEST: usize = 15;
/// Bodies made of those of a target.
const MUTATIONS: usize = 400;

fn folder(of: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(of)
}

fn names(folder: PathBuf) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: fs::DirEntry| entry.path().file_stem()?.to_str().map(str::to_owned);
    entries.filter_map(|entry| name(entry.ok()?)).collect()
}

/// The bodies of a target, in an order that does not depend on the disk.
fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(folder("corpus").join(target.name)).expect("a folder of bodies");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn every_target_has_bodies_and_a_fuzzer_and_is_declared() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|it| it.name.to_owned()).collect();
    assert_eq!(names(folder("corpus")), targets);
    assert_eq!(names(folder("fuzz_targets")), targets);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for target in TARGETS {
        assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{}", target.name);
        let bodies = corpus(&target).len();
        assert!(bodies >= FEWEST, "{}: {bodies} bodies", target.name);
    }
}

#[test]
fn every_body_of_the_corpus_is_read_as_it_must_be() {
    let mut wrong = Vec::new();
    for target in TARGETS {
        for (path, body) in corpus(&target) {
            let read = std::panic::catch_unwind(|| (target.read)(&body));
            wrong.extend(read.is_err().then_some(path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A seed of its own for each target: what is found is found again.
#[test]
fn bodies_that_are_damaged_at_random_are_read_as_they_must_be() {
    let mut wrong = Vec::new();
    for (seed, target) in (0..).zip(TARGETS) {
        let mut random = StdRng::seed_from_u64(seed);
        let bodies: Vec<Vec<u8>> = corpus(&target).into_iter().map(|(_, body)| body).collect();
        for _ in 0..MUTATIONS {
            let body = mutated(&mut random, &bodies);
            let read = std::panic::catch_unwind(|| (target.read)(&body));
            let text = || format!("{}: {}", target.name, body.escape_ascii());
            wrong.extend(read.is_err().then(text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What stands in bodies and means something.
const WORDS: [&str; 24] = [
    "{}",
    "[]",
    "null",
    "true",
    "-1",
    "0",
    "1e308",
    "-0.0",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "\"NaN\"",
    "\"Infinity\"",
    "\"\"",
    "\"9007199254740993\"",
    "\"-2147483648s\"",
    "\"93600s\"",
    "\"9223372036854775807s\"",
    "\"-009999-01-02T01:59:59Z\"",
    "\"9999-12-30T22:00:00Z\"",
    "\"2028-02-29\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud800\"",
    "[[[[[[[[]]]]]]]]",
];

/// A body with one to four changes: a byte, a piece left out, doubled or taken from another body, or a
/// value replaced by one that means trouble.
fn mutated(random: &mut StdRng, bodies: &[Vec<u8>]) -> Vec<u8> {
    let mut body = bodies.choose(random).unwrap().clone();
    for _ in 0..random.random_range(1..=4) {
        let from = random.random_range(0..=body.len());
        let to = (from + random.random_range(0..40)).min(body.len());
        match random.random_range(0..6) {
            0 => drop(body.drain(from..to)),
            1 => drop(body.splice(from..from, body[from..to].to_vec())),
            2 => body.splice(from..to, [random.random::<u8>()]).for_each(drop),
            3 => {
                let other = bodies.choose(random).unwrap();
                let end = random.random_range(0..=other.len());
                let start = end.saturating_sub(random.random_range(0..200));
                drop(body.splice(from..to, other[start..end].to_vec()));
            }
            _ => replace_value(random, &mut body, from),
        }
    }
    body
}

/// Puts a word in the place of the value behind the first colon from `from` on.
fn replace_value(random: &mut StdRng, body: &mut Vec<u8>, from: usize) {
    let Some(colon) = body[from..].windows(2).position(|pair| pair == b"\":") else { return };
    let start = from + colon + 2;
    let rest = &body[start..];
    let end = match rest.first() {
        Some(b'"') => rest[1..].iter().position(|byte| *byte == b'"').map(|end| end + 2),
        _ => rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']')),
    };
    let word = WORDS.choose(random).unwrap();
    body.splice(start..start + end.unwrap_or(0), word.bytes()).for_each(drop);
}
