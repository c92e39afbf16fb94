//! `phr fhir`: how delivery to FHIR servers goes, and what operators may do about it.

use std::fmt::Write;

use anyhow::Context;
use jiff::Timestamp;
use phr_fhir::delivery::{Deliverer, Settings};
use phr_store::{
    SharedStore, Store,
    delivery::{DestinationSeen, MOST_COUNTED, Parked},
};

use crate::config::{Fhir, Place};

/// How many parked Observations are listed.
const MOST: u32 = 200;

/// What operators ask for.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Show how far each server is: lag, rate, failures, what is parked
    Status,
    /// List the Observations that servers refuse, with their reasons
    Parked {
        /// Only of this destination
        #[arg(long, value_name = "NAME")]
        destination: Option<String>,
    },
    /// Try again what is parked, and whatever waits for its next attempt
    Retry {
        /// Only at this destination
        #[arg(long, value_name = "NAME")]
        destination: Option<String>,
    },
    /// Say which chart at a server is a person's (with PATIENT_MATCH_SYSTEM)
    Link {
        /// The account's e-mail address
        #[arg(long)]
        email: String,
        /// The chart's identifier in the system PATIENT_MATCH_SYSTEM
        #[arg(long)]
        identifier: String,
        /// The destination
        #[arg(long, value_name = "NAME", default_value = "main")]
        destination: String,
    },
    /// Delete everything of a person from every server, versions included where the server lets us
    ///
    /// Nothing of the person is sent there from then on. What is kept here stays.
    Erase {
        /// The account's e-mail address
        #[arg(long)]
        email: String,
    },
}

/// Carries a command out; what it has to say.
pub(crate) async fn run(
    command: Command,
    store: SharedStore,
    (place, fhir): (Place, Fhir),
    now: Timestamp,
) -> anyhow::Result<String> {
    match command {
        Command::Status => status(&*store, now).await,
        Command::Parked { destination } => parked(&*store, destination.as_deref()).await,
        Command::Retry { destination } => retry(&*store, destination.as_deref(), now).await,
        Command::Link { email, identifier, destination } => {
            link(&*store, (&email, &identifier, &destination), now).await
        }
        Command::Erase { email } => {
            let settings =
                Settings { lease: fhir.lease, ..Settings::new(place.public_url.as_str()) };
            let clock = std::sync::Arc::new(phr_model::SystemClock);
            let destinations = fhir.destinations;
            let deliverer = Deliverer::new(store.clone(), clock, settings, destinations)?;
            erase(&*store, &deliverer, &email).await
        }
    }
}

async fn status(store: &dyn Store, now: Timestamp) -> anyhow::Result<String> {
    let destinations = store.destinations(now).await?;
    if destinations.is_empty() {
        return Ok("No destination is open; set FHIR_BASE_URL and run phr serve.\n".to_owned());
    }
    Ok(destinations.iter().map(|seen| one(seen, now)).collect())
}

fn one(seen: &DestinationSeen, now: Timestamp) -> String {
    let mut out = String::new();
    let DestinationSeen { name, url, lagging, changes, confirmed, last_minute, .. } = seen;
    let DestinationSeen { parked, coarser, .. } = seen;
    let more = if *changes >= u64::from(MOST_COUNTED) { "at least " } else { "" };
    // Writing into a text cannot fail.
    let _ = writeln!(out, "{name}  {url}");
    let _ = match seen.lagging_since {
        None => writeln!(out, "  up to date"),
        Some(since) => {
            let seconds = now.duration_since(since).as_secs().max(0);
            writeln!(out, "  behind: {more}{changes} changes of {lagging} people, for {seconds} s")
        }
    };
    let _ = writeln!(out, "  delivered {confirmed} in all, {last_minute} in the last minute");
    if let Some(error) = &seen.error {
        let until = seen.closed_until.map(|until| format!(", left alone until {until:.0}"));
        let (failures, until) = (seen.failures, until.unwrap_or_default());
        let _ = writeln!(out, "  the server fails: {error}, {failures} times in a row{until}");
    }
    for (error, people) in &seen.failing {
        let _ = writeln!(out, "  failing: {people} people ({error})");
    }
    if *parked > 0 {
        let _ = writeln!(out, "  parked: {parked} Observations (phr fhir parked)");
    }
    if *coarser > 0 {
        let _ = writeln!(out, "  coarser: {coarser} days are more Observations than FHIR_DAY_CAP");
    }
    out
}

async fn parked(store: &dyn Store, destination: Option<&str>) -> anyhow::Result<String> {
    let parked = store.parked(destination, None, MOST).await?;
    if parked.is_empty() {
        return Ok("Nothing is parked.\n".to_owned());
    }
    Ok(parked.iter().map(line).collect())
}

/// Operators see ids and reasons, never readings.
fn line(parked: &Parked) -> String {
    let Parked { person, destination, refused, parked_at } = parked;
    let (id, version) = (refused.observation, refused.version);
    let (status, reason) = (refused.status, &refused.reason);
    format!(
        "{parked_at:.0}  {destination}  person {person}  Observation {id} version {version}  \
         {status} {reason}\n"
    )
}

async fn retry(
    store: &dyn Store,
    destination: Option<&str>,
    now: Timestamp,
) -> anyhow::Result<String> {
    let known = store.destinations(now).await?;
    let names = known.iter().map(|seen| &*seen.name);
    let names: Vec<&str> =
        names.filter(|name| destination.is_none_or(|wanted| wanted == *name)).collect();
    anyhow::ensure!(!names.is_empty(), "there is no such destination");
    let mut out = String::new();
    for name in names {
        let parked = store.retry_parked(name, now).await?;
        writeln!(out, "{name}: {parked} parked Observations and all who waited are tried again.")?;
    }
    Ok(out)
}

async fn link(
    store: &dyn Store,
    (email, identifier, destination): (&str, &str, &str),
    now: Timestamp,
) -> anyhow::Result<String> {
    let person = store.person_by_email(email).await?.context("no account has this address")?;
    let linked = store.link_chart(person.id, destination, identifier, now).await?;
    anyhow::ensure!(linked, "there is no destination {destination}");
    Ok(format!("{destination}: the chart is looked up at the next delivery.\n"))
}

async fn erase(store: &dyn Store, deliverer: &Deliverer, email: &str) -> anyhow::Result<String> {
    let person = store.person_by_email(email).await?.context("no account has this address")?;
    let mut out = String::new();
    for erasure in deliverer.erase(person.id).await? {
        let name = &erasure.destination;
        let versions = if erasure.expunged {
            "with all versions"
        } else {
            "but the server keeps versions; its operator must remove them"
        };
        writeln!(out, "{name}: {} resources deleted, {versions}.", erasure.deleted)?;
    }
    if out.is_empty() {
        out.push_str("Nothing of this person was delivered anywhere.\n");
    }
    Ok(out)
}
