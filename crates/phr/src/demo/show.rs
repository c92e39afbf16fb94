//! What the demonstration shows: progress, a table and commands to try; or one line of JSON.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use anyhow::Context;
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use indicatif::{ProgressBar, ProgressStyle};
use phr_model::{DateRange, Metric};
use phr_sandbox::World;
use phr_store::{delivery::DestinationSeen, reading::MetricTotals};
use phr_sync::Progress;
use serde_json::{Map, Value, json};
use url::Url;

use super::{Options, person::Arrived};

/// Where the demonstration speaks.
pub(super) struct Shown {
    json: bool,
    /// Whether the server goes on afterwards.
    stays: bool,
    base_url: String,
    sandbox_url: String,
    days: DateRange,
    begun: Instant,
    display: Display,
}

/// The progress of one sync.
#[derive(Clone)]
pub(super) struct Display {
    bar: ProgressBar,
    /// Lines instead of a moving bar: output goes to a file or a pipe.
    plain: bool,
}

impl Shown {
    pub(super) fn new(
        options: &Options,
        base_url: &Url,
        sandbox_url: &str,
        days: DateRange,
    ) -> Self {
        let json = options.json;
        let bar = if json { ProgressBar::hidden() } else { ProgressBar::new(1) };
        let style = ProgressStyle::with_template("  {msg:<20} [{bar:28}] {pos:>3}/{len} days");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let plain = !json && !std::io::stderr().is_terminal();
        Self {
            json,
            stays: !options.once,
            base_url: base_url.as_str().trim_end_matches('/').to_owned(),
            sandbox_url: sandbox_url.to_owned(),
            days,
            begun: Instant::now(),
            display: Display { bar, plain },
        }
    }

    pub(super) fn begin(&self) {
        self.say(&format!(
            "PHR Backend demonstration: throw-away keys, invented accounts, nothing leaves this \
             machine.\n  server            {}\n  emulated Google   {}\n",
            self.base_url, self.sandbox_url
        ));
    }

    pub(super) fn person(&self, name: &str) {
        self.say(&format!("{name} registers, consents at the emulated Google and syncs:"));
    }

    pub(super) fn display(&self) -> Display {
        self.display.clone()
    }

    pub(super) fn synced(&self) {
        self.display.bar.finish_and_clear();
        self.display.bar.reset();
    }

    /// The table and the commands, or the line of JSON.
    pub(super) fn end(
        &self,
        everybody: &[Arrived],
        world: &World,
        fhir: &DestinationSeen,
    ) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", self.line(everybody, fhir))?;
        } else {
            for arrived in everybody {
                writeln!(out, "\n{}", table(arrived))?;
            }
            let requests: u64 = world.request_counts().values().sum();
            let seconds = self.begun.elapsed().as_secs_f64();
            writeln!(out, "\n{requests} requests to the emulated Google, {seconds:.1} s in all.")?;
            let (delivered, url) = (fhir.confirmed, &fhir.url);
            let all = observations(everybody);
            writeln!(out, "delivered to FHIR: {delivered} of {all} Observations, at {url}")?;
            if let Some(error) = fhir.error.as_ref().or(fhir.failing.first().map(|it| &it.0)) {
                writeln!(out, "the FHIR server fails: {error}")?;
            }
            let first = everybody.first().context("there is nobody to show")?;
            writeln!(out, "\n{}", self.farewell(first))?;
        }
        Ok(out.flush()?)
    }

    fn line(&self, everybody: &[Arrived], fhir: &DestinationSeen) -> Value {
        let people: Vec<Value> = everybody.iter().map(person_line).collect();
        let fhir = json!({"base_url": fhir.url, "delivered": fhir.confirmed});
        json!({
            "base_url": self.base_url,
            "sandbox_url": self.sandbox_url,
            "fhir": fhir,
            "people": people,
        })
    }

    /// Commands to try, where there is somebody to answer them. The address stands before the token,
    /// which is longer than a line.
    fn farewell(&self, arrived: &Arrived) -> String {
        if !self.stays {
            return "Without --once the server stays, with commands to try.".to_owned();
        }
        let get = |path: &str| {
            let token = &arrived.access_token;
            format!("  curl -s '{}{path}' -H 'Authorization: Bearer {token}'\n", self.base_url)
        };
        format!(
            "Signed in as {} (password {}). Try:\n\n{}\n{}\n{}\nAll endpoints: {}/docs\n\
             Stop with Ctrl-C.",
            arrived.person.email,
            arrived.person.password,
            get("/health/observations?observation_type=steps&page_size=5"),
            get("/health/summary?metric=heart_rate&bucket=day"),
            get(&format!(
                "/health/coverage?date_from={}&date_to={}",
                self.days.first, self.days.last
            )),
            self.base_url
        )
    }

    fn say(&self, text: &str) {
        if !self.json {
            let _ = writeln!(std::io::stdout(), "{text}");
        }
    }
}

impl Display {
    /// A window was read.
    pub(super) fn advance(&self, progress: Progress) {
        let name = progress.metric.facts().api.display;
        self.bar.set_message(name);
        self.bar.set_length(u64::from(progress.days_to_read));
        self.bar.set_position(u64::from(progress.days_done));
        if self.plain && progress.days_done == progress.days_to_read {
            let _ = writeln!(std::io::stderr(), "  {name}: {} days read", progress.days_done);
        }
    }
}

/// How many Observations there are.
fn observations(everybody: &[Arrived]) -> u64 {
    everybody.iter().flat_map(|arrived| &arrived.totals).map(|totals| totals.observations).sum()
}

fn person_line(arrived: &Arrived) -> Value {
    let metrics: Map<String, Value> = arrived
        .totals
        .iter()
        .map(|totals| {
            let counts = json!({
                "days": totals.days,
                "samples": totals.samples,
                "observations": totals.observations,
            });
            (totals.metric.key().to_owned(), counts)
        })
        .collect();
    json!({
        "name": arrived.person.name,
        "email": arrived.person.email,
        "password": arrived.person.password,
        "access_token": arrived.access_token,
        "patient_id": arrived.patient_id,
        "metrics": metrics,
    })
}

fn table(arrived: &Arrived) -> String {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["Metric", "Days", "Samples", "Observations", "Latest value", "Took"]);
    for totals in &arrived.totals {
        let took = arrived.took.iter().find(|(metric, _)| *metric == totals.metric);
        table.add_row(row(totals, took.map(|(_, took)| *took)));
    }
    for number in [1, 2, 3, 5] {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{}\n{table}", arrived.person.name)
}

fn row(totals: &MetricTotals, took: Option<Duration>) -> [String; 6] {
    let latest = totals.latest.as_ref().map_or_else(
        || "-".to_owned(),
        |latest| {
            let (value, unit) = (rounded(totals.metric, latest.says.value), unit(totals.metric));
            format!("{value} {unit} ({})", latest.says.date)
        },
    );
    [
        totals.metric.facts().api.display.to_owned(),
        totals.days.to_string(),
        totals.samples.to_string(),
        totals.observations.to_string(),
        latest,
        took.map_or("-".to_owned(), |took| format!("{:.2} s", took.as_secs_f64())),
    ]
}

/// At most two decimals: a table is for looking.
fn rounded(metric: Metric, value: i64) -> f64 {
    (metric.to_api(value) * 100.0).round() / 100.0
}

fn unit(metric: Metric) -> &'static str {
    metric.facts().api.unit
}
