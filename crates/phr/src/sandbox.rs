//! `phr sandbox`: the emulated Google and Fitbit alone, for developing against them.

use std::{io::Write, path::PathBuf};

use jiff::Timestamp;
use phr_sandbox::{
    Fault, Options as SandboxOptions, People, Retired, Rotation, Sandbox, WebApiMood,
};

use crate::serve::stop_signal;

/// What `phr sandbox` was asked for.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// How many invented people
    #[arg(long, default_value_t = 2)]
    people: u32,
    /// How many days back their data begins
    #[arg(long, default_value_t = 90)]
    days: u32,
    /// Serve these recordings instead (CSV files; see docs/recordings.md)
    #[arg(long, value_name = "FOLDER")]
    recordings: Option<PathBuf>,
    /// Seed of everything invented
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Let the clock stand at this instant, e.g. 2026-11-20T08:00:00Z [default: the real time]
    #[arg(long)]
    now: Option<Timestamp>,
    /// OAuth redirect URI to accept; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Refresh tokens die after 7 days, as in a Google project in status Testing
    #[arg(long)]
    testing_mode: bool,
    /// Refresh tokens work once; a lost answer can be asked for again for so long (Fitbit: 120 s)
    #[arg(long, value_name = "SECONDS")]
    rotation_grace: Option<u32>,
    /// Requests allowed a minute and person; 0 lifts the limit
    #[arg(long, default_value_t = 300)]
    quota: u32,
    /// The Fitbit Web API answers 410, as since 2 November 2026
    #[arg(long)]
    web_api_retired: bool,
    /// A fault, e.g. kind=rate-limit,retry-after=30,times=5; may be repeated
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<Fault>,
}

/// Runs the emulator until it is told to stop.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let sandbox = Sandbox::start(filled(options)).await?;
    let mut out = std::io::stdout().lock();
    let defaults = SandboxOptions::default();
    writeln!(out, "Emulated Google at {}", sandbox.base_url())?;
    writeln!(out, "  FITBIT_BASE_URL={}", sandbox.base_url())?;
    writeln!(out, "  FITBIT_CLIENT_ID={}", defaults.client_id)?;
    writeln!(out, "  FITBIT_CLIENT_SECRET={}", defaults.client_secret)?;
    for person in sandbox.world().people() {
        writeln!(out, "  {} <{}>, {}", person.name, person.email, person.time_zone)?;
    }
    writeln!(out, "Stop with Ctrl-C.")?;
    drop(out);
    stop_signal().await;
    sandbox.stop().await;
    Ok(())
}

fn filled(options: Options) -> SandboxOptions {
    let defaults = SandboxOptions::default();
    let people = match options.recordings {
        Some(folder) => People::Recordings(folder),
        None => People::Synthetic { count: options.people, days_of_history: options.days },
    };
    SandboxOptions {
        port: options.port,
        people,
        seed: options.seed,
        now: options.now,
        testing_mode: options.testing_mode,
        rotation: options.rotation_grace.map(|grace_seconds| Rotation { grace_seconds }),
        faults: options.faults,
        quota_per_minute: options.quota,
        web_api: WebApiMood {
            retired: options.web_api_retired.then_some(Retired::Json),
            ..WebApiMood::default()
        },
        redirect_uris: if options.redirect_uris.is_empty() {
            defaults.redirect_uris
        } else {
            options.redirect_uris
        },
        ..defaults
    }
}
