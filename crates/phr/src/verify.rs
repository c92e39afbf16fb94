//! `phr verify`: proof that what is held is whole, by itself and, if asked, against the vendor.

use std::io::{IsTerminal, Write};

use anyhow::Context;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::SignedDuration;
use phr_model::{HeartRateForm, Metric, PersonId};
use phr_store::SharedStore;
use phr_sync::{
    SyncService,
    verify::{
        Class, Verified,
        finding::Finding,
        record::{self, Strictness},
        vendor::{self, Extent},
    },
};
use serde_json::json;

/// What `phr verify` was asked for.
#[derive(Debug, Clone, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Options {
    /// Only this person: e-mail address or id [default: everybody]
    #[arg(long, value_name = "EMAIL OR ID")]
    person: Option<String>,
    /// Compare with the vendor too: the daily figures of all days that are held
    #[arg(long)]
    pub(crate) vendor: bool,
    /// Compare every sample of the last days with the vendor's
    #[arg(long, requires = "vendor")]
    samples: bool,
    /// How many days back, ending yesterday, to look for days and samples that are not held
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(i32).range(1..=3650))]
    days: i32,
    /// Compare today too, for a vendor that stands still (an emulator whose clock was stopped)
    #[arg(long, requires = "vendor")]
    today: bool,
    /// How long something may be due before it counts as stuck, e.g. 10m
    #[arg(long, default_value = "24h")]
    pub(crate) patience: SignedDuration,
    /// Show the figures that differ: they are health data
    #[arg(long)]
    show_values: bool,
    /// Print one line of JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// How a check ended, other than well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// Something is not as it should be.
    #[error("there are differences")]
    Differences,
    /// Not everything could be checked.
    #[error("not everything could be checked")]
    Unchecked,
    /// Nothing could be checked.
    #[error("{0:#}")]
    Failed(anyhow::Error),
}

impl Ended {
    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Differences => 1,
            Self::Unchecked | Self::Failed(_) => 2,
        }
    }
}

/// Checks, prints, and fails with [`Ended`] unless everything is equal. `sync` asks the vendor.
pub(crate) async fn run(
    store: SharedStore,
    sync: Option<SyncService>,
    heart_rate: HeartRateForm,
    options: &Options,
) -> anyhow::Result<()> {
    let strictness = Strictness { heart_rate, patience: options.patience };
    let everybody = people(&store, options.person.as_deref()).await?;
    let bar = bar(everybody.len() as u64, options.json);
    let mut verified = record::strays(&*store).await?;
    for person in everybody {
        let listener =
            |metric: Metric, days: u64| bar.set_message(format!("{metric}, {days} days"));
        let now = phr_model::Clock::now(&phr_model::SystemClock);
        verified.append(record::verify(&*store, person, now, strictness, &listener).await?);
        if let Some(sync) = &sync {
            let extent =
                Extent { days: options.days, samples: options.samples, today: options.today };
            verified.append(vendor::verify(sync, person, extent, &listener).await?);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    print(verified, options)
}

/// Everybody, or the one who was named.
async fn people(store: &SharedStore, named: Option<&str>) -> anyhow::Result<Vec<PersonId>> {
    let Some(named) = named else {
        return Ok(store.people().await?.into_iter().map(|person| person.id).collect());
    };
    let person = match named.parse::<PersonId>() {
        Ok(id) => store.person(id).await?,
        Err(_) => store.person_by_email(named).await?,
    };
    Ok(vec![person.context("there is no such account")?.id])
}

fn bar(people: u64, json: bool) -> ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("  [{bar:28}] {pos:>3}/{len} people  {msg}");
    let bar = ProgressBar::new(people);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn print(mut verified: Verified, options: &Options) -> anyhow::Result<()> {
    if !options.show_values {
        verified.findings = verified.findings.into_iter().map(Finding::masked).collect();
    }
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{}", line(&verified))?;
    } else {
        if !verified.findings.is_empty() {
            writeln!(out, "{}", table(&verified.findings, options.show_values))?;
        }
        for unchecked in &verified.unchecked {
            let so = if unchecked.expected { "not asked for" } else { "NOT CHECKED for" };
            writeln!(out, "the vendor was {so} {}: {}", unchecked.person, unchecked.reason)?;
        }
        if options.vendor {
            let Verified { days_at_vendor: days, samples_at_vendor: samples, .. } = verified;
            writeln!(out, "{days} days and {samples} samples compared with the vendor")?;
        }
        writeln!(out, "{}", verified.summary())?;
    }
    out.flush()?;
    match (verified.is_equal(), verified.is_whole()) {
        (false, _) => Err(Ended::Differences.into()),
        (true, false) => Err(Ended::Unchecked.into()),
        (true, true) => Ok(()),
    }
}

fn line(verified: &Verified) -> serde_json::Value {
    let mut line = json!(verified);
    for (name, class) in [
        ("lost", Class::Lost),
        ("doubled", Class::Doubled),
        ("different", Class::Different),
        ("stuck", Class::Stuck),
    ] {
        line[name] = json!(verified.count(class));
    }
    line
}

fn table(findings: &[Finding], show_values: bool) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    let mut header = vec!["Person", "Metric", "Date", "Finding"];
    header.extend(["Here", "Should be"].iter().filter(|_| show_values));
    table.set_header(header);
    for finding in findings {
        let mut row = vec![
            finding.person.map_or("-".to_owned(), |person| person.to_string()),
            finding.metric.map_or("-".to_owned(), |metric| metric.to_string()),
            finding.date.map_or("-".to_owned(), |date| date.to_string()),
            finding.what.code().to_owned(),
        ];
        if show_values {
            let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            row.extend([shown(&finding.held), shown(&finding.right)]);
        }
        table.add_row(row);
    }
    table
}
