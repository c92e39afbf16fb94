//! PHR Backend: one server that keeps the readings of people's trackers complete, correct and in
//! clinical form. This crate only reads the configuration, puts the parts together and runs them.

mod app;
mod apps;
mod check;
mod config;
mod delivery;
mod demo;
mod doctor;
mod export;
mod fhir;
mod keys;
mod listen;
mod metrics;
mod moving;
mod notices;
mod sandbox;
mod serve;
mod telemetry;
mod user;
mod verify;
mod webhooks;
mod worker;

use std::{io::Write, process::ExitCode};

use anyhow::Context;
use clap::{Parser, Subcommand};
use config::{Config, Fhir, Mistake, Place, Webhooks};
use phr_store::SharedStore;
use telemetry::Telemetry;

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
    Serve {
        /// What this process does; several may share one database
        #[arg(long, value_enum, default_value_t = serve::Role::All)]
        role: serve::Role,
    },
    /// Run only the emulated Google, for developing against it
    Sandbox(sandbox::Options),
    /// Bring the database's schema up to date (`serve` does so by itself)
    ///
    /// With --from, moves a grown installation to another database: everything is copied into the
    /// empty target and then compared. Stop the server first.
    Migrate {
        /// Where everything is now: sqlite:<path> or postgres://...
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// Where it shall be; without it, where DATABASE_URL says
        #[arg(long, value_name = "URL", requires = "from")]
        to: Option<String>,
    },
    /// Examine the configuration and every connection: what is wrong, who must act, and what to do
    Doctor {
        /// Print JSON for scripts
        #[arg(long)]
        json: bool,
    },
    /// Make the secrets that a server needs
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The server's settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Other people's apps (SMART App Launch; see docs/fhir.md)
    #[command(subcommand)]
    Apps(apps::Command),
    /// Prove that the record is whole: by itself, and with --vendor against the vendor's data
    ///
    /// Ends with 0 if everything is as it should be, 1 if there are differences, 2 if not
    /// everything could be checked.
    Verify(verify::Options),
    /// Have Google notify this server of new data (once per Google Cloud project)
    ///
    /// Before: in the Google Cloud project, enable the Google Health API; give your account the role
    /// "Google Health API Admin"; set FITBIT_PROJECT_NUMBER to the project's number (not its id),
    /// FITBIT_WEBHOOK_AUTHORIZATION to a value of your choice, and FITBIT_ADMIN_TOKEN to an access
    /// token with the scope cloud-platform (`gcloud auth print-access-token`; it lasts an hour and is
    /// needed for these commands only). The server must be running and reachable by https, because
    /// Google calls it while you register. With FITBIT_UPSTREAM=web-api it tells what to enter at
    /// dev.fitbit.com instead. See docs/webhooks.md.
    #[command(subcommand)]
    Webhooks(webhooks::Command),
    /// List notices that wait to be delivered or were given up
    Notices {
        /// Try again what was given up
        #[arg(long)]
        retry: bool,
    },
    /// Delivery to FHIR servers (FHIR_BASE_URL; see docs/delivery.md)
    #[command(subcommand)]
    Fhir(fhir::Command),
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
enum ConfigCommand {
    /// Check the settings as `serve` does, and show them with secrets as lengths
    Check,
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
    if let Err(error) = without_core_dumps() {
        return fail(&error);
    }
    // A missing .env is normal; a broken one is not.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        return fail(&anyhow::anyhow!(".env cannot be read: line {}", line_of(&error)));
    }
    let cli = Cli::parse();
    // Outlives the runtime: what is still waiting is sent at the very end.
    let _telemetry = match telemetry(&cli.command) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&error),
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

#[tokio::main]
async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Demo(options) => demo::run(options).await,
        Command::Serve { role } => {
            keep_to_oneself(std::path::Path::new(".env"))?;
            serve::run(configuration()?, role).await
        }
        Command::Sandbox(options) => sandbox::run(options).await,
        Command::Migrate { from: None, .. } => {
            store().await?;
            say("The database is up to date.\n")
        }
        Command::Migrate { from: Some(from), to } => {
            let from = moving::place("--from", &from)?;
            let to = match to {
                Some(to) => moving::place("--to", &to)?,
                None => checked(Place::read(&variable))?.database,
            };
            say(&moving::run(&from, &to).await?)
        }
        Command::Doctor { json } => {
            let (store, _) = store().await?;
            let examined = doctor::examine(&*store, Config::read(&variable)).await?;
            say(&if json { examined.json() } else { examined.text() })?;
            examined.verdict()
        }
        Command::Keys(KeysCommand::Generate) => say(&keys::generate()),
        Command::Config(ConfigCommand::Check) => {
            keep_to_oneself(std::path::Path::new(".env"))?;
            let unavailable = configuration()?.unavailable();
            say(&check::settings(&variable, unavailable.as_deref()))
        }
        Command::User(UserCommand::Invite { days }) => {
            let (store, place) = store().await?;
            say(&user::invite(&*store, &place.public_url, days).await?)
        }
        Command::User(UserCommand::List) => say(&user::list(&*store().await?.0).await?),
        Command::Apps(command) => {
            let now = phr_model::Clock::now(&phr_model::SystemClock);
            let (store, place) = store().await?;
            say(&apps::run(command, &*store, &place.public_url, now).await?)
        }
        Command::Verify(options) => {
            verify(&options).await.map_err(|error| match error.downcast::<verify::Ended>() {
                Ok(ended) => ended.into(),
                Err(error) => verify::Ended::Failed(error).into(),
            })
        }
        Command::Webhooks(command) => {
            say(&webhooks::run(command, &checked(Webhooks::read(&variable))?).await?)
        }
        Command::Notices { retry } => {
            let now = phr_model::Clock::now(&phr_model::SystemClock);
            say(&notices::list(&*store().await?.0, retry, now).await?)
        }
        Command::Fhir(command) => {
            let now = phr_model::Clock::now(&phr_model::SystemClock);
            let (store, _) = store().await?;
            let configured = checked(Fhir::read(&variable))?;
            say(&fhir::run(command, store, configured, now).await?)
        }
        Command::Export { email } => {
            let (store, place) = store().await?;
            export::run(&*store, &email, place.public_url.as_str(), &mut std::io::stdout()).await
        }
    }
}

/// Checks the record; asking the vendor needs the whole configuration of the server.
async fn verify(options: &verify::Options) -> anyhow::Result<()> {
    if !options.vendor {
        let (store, _) = store().await?;
        let form = phr_model::HeartRateForm::default();
        return verify::run(store, None, form, options).await;
    }
    let app = serve::parts(configuration()?).await?.assemble()?;
    let form = app.sync.settings.heart_rate;
    verify::run(app.store, Some(app.sync), form, options).await
}

/// The database that the configuration names: all that operators' commands need, secrets not.
async fn store() -> anyhow::Result<(SharedStore, Place)> {
    let place = checked(Place::read(&variable))?;
    let database = &place.database;
    let store =
        phr_store::open(database).await.with_context(|| format!("cannot open {database}"))?;
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

/// What a command that runs for long tells about itself. Only the server reads the configuration.
fn telemetry(command: &Command) -> anyhow::Result<Option<Telemetry>> {
    match command {
        Command::Serve { .. } => Telemetry::start("info", &variable).map(Some),
        Command::Sandbox { .. } => Telemetry::start("info", &|_| None).map(Some),
        Command::Demo { .. } | Command::Verify { .. } => {
            Telemetry::start("warn", &|_| None).map(Some)
        }
        _ => Ok(None),
    }
}

/// A core dump would hold every key and token in the open (VK-06).
fn without_core_dumps() -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).context("core dumps cannot be switched off")
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
    match error.downcast_ref::<verify::Ended>() {
        Some(ended) => ExitCode::from(ended.code()),
        None => ExitCode::FAILURE,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vk_06_a_crash_leaves_no_core_dump() {
        without_core_dumps().unwrap();
        let limit = rustix::process::getrlimit(rustix::process::Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
    }
}
