//! A real `phr sandbox` process and its remote control.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use jiff::{Timestamp, ToSpan};
use reqwest::Client;
use serde_json::{Value, json};

use crate::dice::Dice;

/// What the vendor may do to requests. `invalid_grant` is not among them: it ends a connection, and
/// rightly so.
const MOODS: [&str; 14] = [
    "kind=status,status=503,probability=0.4",
    "kind=status,status=500,probability=0.1",
    "kind=html-error,probability=0.2",
    "kind=cut-body,probability=0.2",
    "kind=garbage-body,probability=0.2",
    "kind=latency,ms=400,probability=0.5",
    "kind=latency,ms=1500,probability=0.1",
    "kind=rate-limit,retry-after=1,times=3",
    "kind=short-pages,probability=0.5",
    "kind=empty-pages,probability=0.2",
    "kind=expired-token,probability=0.2,times=8",
    "kind=invalid-client,times=2",
    "kind=permission-denied,times=1",
    "kind=status,status=503",
];
/// What is edited, and new values. A change that leaves the vendor's own figure of the day exactly
/// as it was is found by whoever reads the day anew, not by comparing: there is none among these.
const EDITED: [(&str, i64); 3] = [("steps", 140), ("heart-rate", 71), ("distance", 70_000)];

/// The emulated Google.
pub(crate) struct Google {
    child: Child,
    url: String,
    http: Client,
}

impl Google {
    pub(crate) async fn start(seed: u64, people: usize, redirect_port: u16) -> Self {
        let redirect = crate::servers::redirect(redirect_port);
        let mut child = Command::new(env!("CARGO_BIN_EXE_phr"))
            .args(["sandbox", "--port", "0", "--quota", "0", "--days", "6"])
            .args(["--people", &people.to_string(), "--seed", &seed.to_string()])
            .args(["--redirect-uri", &redirect])
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        // All that it says is heard: who speaks to nobody any more ends.
        let said = tokio::task::spawn_blocking(move || {
            let lines = BufReader::new(stdout).lines().map(Result::unwrap);
            lines.take_while(|line| !line.starts_with("Stop")).collect::<Vec<_>>()
        });
        let said = said.await.unwrap();
        let url = said[0].trim().rsplit(' ').next().unwrap().to_owned();
        Self { child, url, http: Client::new() }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn people(&self) -> Vec<String> {
        let people: Value = self.get("people").await;
        let people = people.as_array().unwrap().iter();
        people.map(|person| person["email"].as_str().unwrap().to_owned()).collect()
    }

    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/sandbox/{path}", self.url);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn misbehave(&self, dice: &mut Dice) {
        let mood = MOODS[dice.index(MOODS.len())];
        let url = format!("{}/sandbox/faults", self.url);
        let reply = self.http.post(url).json(mood).send().await.unwrap();
        assert!(reply.status().is_success(), "{mood}: {}", reply.text().await.unwrap());
    }

    pub(crate) async fn calm_down(&self) {
        let url = format!("{}/sandbox/faults", self.url);
        assert!(self.http.delete(url).send().await.unwrap().status().is_success());
    }

    /// No more faults, no more data: time stands still at the vendor's.
    pub(crate) async fn calm(&self) {
        self.calm_down().await;
        let clock = self.get("clock").await;
        let url = format!("{}/sandbox/clock", self.url);
        let reply = self.http.put(url).json(&json!({"now": clock["now"]})).send().await.unwrap();
        assert!(reply.status().is_success());
    }

    /// Changes, deletes or adds something of the last days.
    pub(crate) async fn edit(&self, dice: &mut Dice, email: &str) {
        let (data_type, value) = EDITED[dice.index(EDITED.len())];
        let now: Timestamp = self.get("clock").await["now"].as_str().unwrap().parse().unwrap();
        let at = now - i64::try_from(600 + dice.below(2 * 86_400)).unwrap().seconds();
        let until = at + 30.minutes();
        let points = self.get(&span(email, data_type, at, until)).await;
        let moves = |point: &&Value| point["value"].as_i64().is_some_and(|value| value > 0);
        let Some(point) = points.as_array().and_then(|points| points.iter().find(moves)) else {
            return;
        };
        let start = point["start"].as_str().unwrap();
        let samples = format!("{}/sandbox/people/{email}/samples", self.url);
        let new = json!({"data_type": data_type, "instant": start,
            "value": value + i64::try_from(dice.below(50)).unwrap()});
        let request = match dice.index(3) {
            0 => self.http.put(samples).json(&new),
            1 => self.http.post(samples).json(&new),
            _ => {
                let from: Timestamp = start.parse().unwrap();
                let path = span(email, data_type, from, from + 1.seconds());
                self.http.delete(format!("{}/sandbox/{path}", self.url))
            }
        };
        let reply = request.send().await.unwrap();
        assert!(reply.status().is_success(), "{}", reply.text().await.unwrap());
    }
}

fn span(email: &str, data_type: &str, from: Timestamp, to: Timestamp) -> String {
    format!("people/{email}/samples?data_type={data_type}&from={from}&to={to}")
}

impl Drop for Google {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
