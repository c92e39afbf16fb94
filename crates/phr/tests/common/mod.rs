//! Runs the real binary as a person would and talks to it over HTTP.

#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses a part of it")]

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

/// A running `phr demo --json`, ended when dropped.
pub(crate) struct Demo {
    child: Child,
    pub(crate) base_url: String,
    pub(crate) sandbox_url: String,
    pub(crate) people: Vec<Person>,
    http: reqwest::Client,
}

/// One person of the demonstration.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) access_token: String,
    pub(crate) metrics: Value,
}

impl Demo {
    /// Starts on free ports and waits for the line of JSON.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_phr"))
            .args(["demo", "--json", "--port", "0", "--sandbox-port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).map(|_| line)
        });
        let line: Value = serde_json::from_str(&line.await.unwrap().unwrap()).unwrap();
        let people = line["people"].as_array().unwrap().iter().map(Person::read).collect();
        Self {
            child,
            base_url: line["base_url"].as_str().unwrap().to_owned(),
            sandbox_url: line["sandbox_url"].as_str().unwrap().to_owned(),
            people,
            http: reqwest::Client::new(),
        }
    }

    /// `GET` as `person`, which must succeed.
    pub(crate) async fn get(&self, person: &Person, path: &str) -> Value {
        let url = format!("{}{path}", self.base_url);
        let reply = self.http.get(&url).bearer_auth(&person.access_token).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{path}: {}", reply.text().await.unwrap());
        reply.json().await.unwrap()
    }

    /// All Observations of one type, page by page.
    pub(crate) async fn observations(&self, person: &Person, metric: &str) -> Vec<Value> {
        let mut all = Vec::new();
        for page in 1.. {
            let path =
                format!("/health/observations?observation_type={metric}&page={page}&page_size=100");
            let mut reply = self.get(person, &path).await;
            let has_more = reply["has_more"].as_bool().unwrap();
            all.extend(std::mem::take(reply["observations"].as_array_mut().unwrap()));
            if !has_more {
                assert_eq!(reply["total"], all.len(), "the total of {metric} is exact");
                break;
            }
        }
        all
    }

    /// Coverage day by day.
    pub(crate) async fn coverage(
        &self,
        person: &Person,
        metric: &str,
        from: &str,
        to: &str,
    ) -> Vec<Value> {
        let path = format!("/health/coverage?metric={metric}&date_from={from}&date_to={to}");
        let mut reply = self.get(person, &path).await;
        std::mem::take(reply["days"].as_array_mut().unwrap())
    }
}

impl Person {
    fn read(json: &Value) -> Self {
        Self {
            name: json["name"].as_str().unwrap().to_owned(),
            access_token: json["access_token"].as_str().unwrap().to_owned(),
            metrics: json["metrics"].clone(),
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
