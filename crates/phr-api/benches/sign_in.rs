//! Whether the time of a refused sign-in tells if there is an account (AC-04): `cargo bench -p phr-api
//! --bench sign_in`.
//!
//! Unknown address, wrong password and a password too short to be anybody's, 200 times each, in turn,
//! so that whatever else the machine does hits all alike; the medians count. Time is moved on between
//! tries, so that no brake is on.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail where it stands")]
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::{Reply, TestApp};

const SAMPLES: usize = 200;

/// Longer than the longest brake.
const PAUSE: i64 = 3_600;

const CASES: [(&str, &str, &str); 3] = [
    ("wrong password", "ada@example.com", "granite teapot swallows a comet"),
    ("unknown address", "eve@example.com", "granite teapot swallows a comet"),
    ("too short to be anybody's", "ada@example.com", "short"),
];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let mut times = CASES.map(|_| Vec::with_capacity(SAMPLES));
    let mut answers = Vec::new();
    for round in 0..SAMPLES {
        // Each case goes first, second and third equally often.
        for place in 0..CASES.len() {
            let case = (round + place) % CASES.len();
            let (_, email, password) = CASES[case];
            app.advance(PAUSE);
            let begun = Instant::now();
            let reply = sign_in(&app, email, password).await;
            times[case].push(begun.elapsed());
            answers.push(without_id(&reply));
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "the answers differ");
    println!("{} answers, all equal to the byte but for the request's id", answers.len());
    let medians = times.map(median);
    for ((name, ..), time) in CASES.iter().zip(medians) {
        let ratio = time.as_secs_f64() / medians[0].as_secs_f64();
        println!("{name:<28} {time:>10.2?}  {ratio:.3}");
    }
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Reply {
    let body = json!({"email": email, "password": password});
    let reply = app.nobody().post("/auth/login", &body).await;
    assert_eq!(reply.status, 401, "{}", reply.text());
    reply
}

/// Status, headers and body without the request's id.
fn without_id(reply: &Reply) -> String {
    let id = reply.header("x-request-id");
    format!("{} {:?} {}", reply.status, reply.headers, reply.text()).replace(id, "")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
