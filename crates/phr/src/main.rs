//! PHR Backend: one server that keeps the readings of people's trackers complete, correct and in
//! clinical form. This crate only reads the configuration, puts the parts together and runs them.

mod app;
mod config;
mod demo;
mod export;
mod keys;
mod notices;
mod sandbox;
mod serve;
mod user;
mod worker;

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand};
use config::{Config, Mistake, Place};
use phr_store::sqlite::SqliteStore;

/// Readings of Fitbit trackers and Pixel watches, complete and in clinical form, on a server of
/// your own.
///
/// Start with `phr demo`: it shows the whole system on this machine without any credential. For
/// real use, copy .env.example to .env, fill it with `phr keys generate`, and run `phr serve`.
#[derive(Debug, Parser)]
#[command(name = "phr", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole system on this machine, without any credential
    Demo(demo::Options),
    /// Run the server (configured by environment variables or .env; see .env.example)
    Serve,
    /// Run only the emulated Google, for developing against it
    Sandbox(sandbox::Options),
    /// Bring the database's schema up to date (`serve` does so by itself)
    Migrate,
    /// Make the secrets that a server needs
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Accounts
    #[command(subcommand)]
    User(UserCommand),
    /// List notices that wait to be delivered or were given up
    Notices {
        /// Try again what was given up
        #[arg(long)]
        retry: bool,
    },
    /// Write a person's Patient and Observations as FHIR R4, one resource a line (NDJSON)
    Export {
        /// The account's e-mail address
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Print fresh ENCRYPTION_KEY and JWT_SECRET lines for .env
    Generate,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make an invitation to register, which works once
    Invite {
        /// How many days it works
        #[arg(long, default_value_t = 7)]
        days: u16,
    },
    /// List accounts
    List,
}

fn main() -> ExitCode {
    // A missing .env is normal; a broken one is not.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        return fail(&anyhow::anyhow!(".env cannot be read: line {}", line_of(&error)));
    }
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

#[tokio::main]
async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Demo(options) => {
            log_to_stderr("warn");
            demo::run(options).await
        }
        Command::Serve => {
            log_to_stderr("info");
            keep_to_oneself(std::path::Path::new(".env"))?;
            serve::run(configuration()?).await
        }
        Command::Sandbox(options) => {
            log_to_stderr("info");
            sandbox::run(options).await
        }
        Command::Migrate => {
            store().await?;
            say("The database is up to date.\n")
        }
        Command::Keys(KeysCommand::Generate) => say(&keys::generate()),
        Command::User(UserCommand::Invite { days }) => {
            let (store, place) = store().await?;
            say(&user::invite(&store, &place.public_url, days).await?)
        }
        Command::User(UserCommand::List) => say(&user::list(&store().await?.0).await?),
        Command::Notices { retry } => {
            let now = phr_model::Clock::now(&phr_model::SystemClock);
            say(&notices::list(&store().await?.0, retry, now).await?)
        }
        Command::Export { email } => {
            let (store, place) = store().await?;
            export::run(&store, &email, place.public_url.as_str(), &mut std::io::stdout()).await
        }
    }
}

/// The database that the configuration names: all that operators' commands need, secrets not.
async fn store() -> anyhow::Result<(SqliteStore, Place)> {
    let place = checked(Place::read(&variable))?;
    let database = &place.database;
    let store = SqliteStore::open(database)
        .await
        .with_context(|| format!("cannot open {}", database.display()))?;
    Ok((store, place))
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The configuration, or every mistake in it.
fn configuration() -> anyhow::Result<Config> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let misspelt = config::misspelt(names);
    let config = match Config::read(&variable) {
        Ok(config) if misspelt.is_empty() => Ok(config),
        Ok(_) => Err(misspelt),
        Err(mistakes) => Err(misspelt.into_iter().chain(mistakes).collect::<Vec<_>>()),
    };
    checked(config)
}

fn checked<T>(read: Result<T, Vec<Mistake>>) -> anyhow::Result<T> {
    read.map_err(|mistakes| {
        let lines: Vec<_> = mistakes.iter().map(|mistake| format!("  {mistake}")).collect();
        anyhow::anyhow!("the configuration cannot be used:\n{}", lines.join("\n"))
    })
}

/// Logs go to standard error; `RUST_LOG` narrows or widens them, within limits: third-party crates
/// below `warn` could print URLs and are never let through (LG-02).
fn log_to_stderr(default: &str) {
    use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let capped =
        ["hyper", "hyper_util", "h2", "reqwest", "rustls", "sqlx", "tower", "tower_http", "lettre"]
            .iter()
            .filter_map(|target| format!("{target}=warn").parse().ok())
            .fold(level, EnvFilter::add_directive);
    let colours = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
    tracing_subscriber::registry().with(capped).with(lines).init();
}

/// Secrets in a file that others may read are none (VK-05).
fn keep_to_oneself(file: &std::path::Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(file) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
        anyhow::ensure!(
            [0o070, 0o007].iter().all(|others| mode & others == 0),
            "{file} holds secrets and others may read it; run `chmod 600 {file}`",
            file = file.display()
        );
    }
    Ok(())
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn fail(error: &anyhow::Error) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "phr: {error:#}");
    ExitCode::FAILURE
}

/// Where a broken `.env` is broken, without quoting it: the line may hold a secret.
fn line_of(error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::LineParse(line, at) => {
            let shown = line.split('=').next().unwrap_or_default();
            format!("of {shown}, near character {at}")
        }
        _ => "unknown".to_owned(),
    }
}
