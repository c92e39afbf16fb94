//! `phr demo`: the whole system on one machine, without any credential. The emulated Google and the
//! real server start, a person registers, consents and syncs, and a table shows what arrived.

mod browser;
mod clock;
mod person;
mod show;

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use jiff::tz::TimeZone;
use phr_api::settings::{HashingCost, Lifetimes, RateLimits, Registration, Settings, SigningKeys};
use phr_fhir::destination::{self, Credentials, Destination};
use phr_model::{Clock, DateRange, Metric};
use phr_notify::Notifier;
use phr_sandbox::{FhirIds, FhirServer, Options as SandboxOptions, People, Sandbox, WebApiMood};
use phr_store::{SharedStore, delivery::DestinationSeen, sqlite::SqliteStore};
use phr_sync::{OsEntropy, SyncSettings, entropy};
use phr_vendors::{
    Budget, Rates, Vendor,
    fitbit::{
        google_health::{self, GoogleHealth},
        web_api::{self, WebApi},
    },
    http_client,
};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::{clock::SandboxClock, show::Shown};
use crate::{
    app::{App, Parts},
    config::{self, Fhir, Upstream},
    delivery,
    listen::{self, Room},
    serve,
};

/// What `phr demo` was asked for.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Exit with 0 after the table instead of serving on
    #[arg(long)]
    once: bool,
    /// Print one JSON line for scripts instead of progress and table
    #[arg(long)]
    json: bool,
    /// Port of the server on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// Port of the emulated Google on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 0)]
    sandbox_port: u16,
    /// Where to keep the database [default: a fresh temporary folder, removed at the end]
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Serve these real recordings instead of invented days (CSV files; see docs/recordings.md)
    #[arg(long, value_name = "FOLDER")]
    recordings: Option<PathBuf>,
    /// Which of Fitbit's APIs to read
    #[arg(long, value_enum, default_value_t)]
    upstream: Upstream,
    /// Deliver to this FHIR R4 server instead of an emulated one
    #[arg(long, value_name = "URL")]
    fhir: Option<Url>,
    /// What to fetch: all, or a list such as steps,sleep [default: the usual seven]
    #[arg(long, value_name = "LIST", value_parser = chosen)]
    metrics: Option<Chosen>,
}

/// Metrics that were named on the command line.
#[derive(Debug, Clone)]
struct Chosen(Vec<Metric>);

fn chosen(list: &str) -> Result<Chosen, String> {
    config::metrics_of(Some(list)).map(Chosen)
}

/// How many days an invented person is synced.
const DAYS: i32 = 14;
/// More people than one are rare here.
const WORKERS: usize = 2;
/// The emulator sets no quota here, so our own budget need not hold back either.
const UNHURRIED: u32 = 1_000_000;

/// Runs the demonstration.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let temporary = match &options.data_dir {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("phr-demo-").tempdir()?),
    };
    let folder = temporary.as_ref().map(|folder| folder.path().to_path_buf());
    let folder = options.data_dir.clone().or(folder).context("no folder for the database")?;
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await.with_context(|| {
        format!("port {} is taken; choose another with --port, or --port 0", options.port)
    })?;
    let base_url: Url = format!("http://127.0.0.1:{}/", listener.local_addr()?.port()).parse()?;
    let sandbox = Sandbox::start(sandbox_options(&options, &base_url)?).await?;
    let fhir = FhirServer::start(FhirIds::default()).await?;
    let fhir_url = options.fhir.clone().map_or_else(|| fhir.base_url().parse(), Ok)?;
    let vendor = |clock: &Arc<dyn Clock>| vendor(&options, &sandbox, &base_url, clock);
    let app = app(&sandbox, vendor, (&base_url, fhir_url), folder.join("phr.sqlite")).await?;
    demonstrate(&options, &sandbox, app, listener, &base_url).await?;
    sandbox.stop().await;
    Ok(())
}

/// Serves, brings everybody's days in, shows them, and goes on serving unless told otherwise.
async fn demonstrate(
    options: &Options,
    sandbox: &Sandbox,
    app: App,
    listener: TcpListener,
    base_url: &Url,
) -> anyhow::Result<()> {
    let today = sandbox.world().clock().now().to_zoned(TimeZone::UTC).date();
    let days = DateRange::ending(today, days(sandbox));
    let shown = Shown::new(options, base_url, &sandbox.base_url(), days);
    let stopping = CancellationToken::new();
    let (router, room) = (app.router.clone(), Room::default());
    let server = tokio::spawn(listen::serve(listener, router, room, stopping.clone()));
    shown.begin();
    let everybody = people(options, sandbox);
    let mut arrived = Vec::new();
    for summary in everybody {
        let person = person::Person::invent(&summary);
        arrived.push(person::bring_in(person, base_url, &app, &shown).await?);
    }
    let delivered = deliver(&app).await?;
    shown.end(&arrived, sandbox.world(), &delivered)?;
    if !options.once {
        let worker =
            tokio::spawn(crate::worker::run(app.sync, app.connector, WORKERS, stopping.clone()));
        let delivery = tokio::spawn(delivery::run(app.deliverer, stopping.clone()));
        serve::stop_signal().await;
        stopping.cancel();
        worker.await?;
        delivery.await?;
    }
    app.streams.close();
    stopping.cancel();
    server.await?;
    Ok(())
}

/// Delivers everything; how the FHIR server is doing then.
async fn deliver(app: &App) -> anyhow::Result<DestinationSeen> {
    app.deliverer.open().await?;
    while let Some(job) = app.deliverer.claim(0).await? {
        app.deliverer.work(job).await?;
    }
    let mut seen = app.store.destinations(app.sync.clock.now()).await?;
    Ok(seen.remove(0))
}

/// Everybody recorded, or the first of the invented people: the others wait for whoever wants to
/// connect by hand.
fn people(options: &Options, sandbox: &Sandbox) -> Vec<phr_sandbox::PersonSummary> {
    let count = if options.recordings.is_some() { usize::MAX } else { 1 };
    sandbox.world().people().into_iter().take(count).collect()
}

const CLIENT_ID: &str = "demo-client.apps.example.com";

fn callback(base_url: &Url) -> anyhow::Result<Url> {
    Ok(base_url.join("integrations/fitbit/callback")?)
}

fn sandbox_options(options: &Options, base_url: &Url) -> anyhow::Result<SandboxOptions> {
    let people = match &options.recordings {
        Some(folder) => People::Recordings(folder.clone()),
        None => People::Synthetic { count: 2, days_of_history: 90 },
    };
    Ok(SandboxOptions {
        port: options.sandbox_port,
        people,
        client_id: CLIENT_ID.to_owned(),
        redirect_uris: vec![callback(base_url)?.into()],
        quota_per_minute: 0,
        // As exact as the other upstream, so that both show the same.
        web_api: WebApiMood { quota_per_hour: 0, weight_decimals: 3, ..WebApiMood::default() },
        ..SandboxOptions::default()
    })
}

/// Everything goes there, days that are not over included: so the figures are those of the table.
fn destination(url: Url) -> Destination {
    let options = destination::Options { preliminary: true, ..destination::Options::default() };
    Destination { name: "demo".to_owned(), url, credentials: Credentials::None, options }
}

async fn app(
    sandbox: &Sandbox,
    vendor: impl FnOnce(&Arc<dyn Clock>) -> anyhow::Result<Arc<dyn Vendor>>,
    (base_url, fhir_url): (&Url, Url),
    database: PathBuf,
) -> anyhow::Result<App> {
    let clock: Arc<dyn Clock> = Arc::new(SandboxClock::of(sandbox.world()));
    let store = SqliteStore::open(&database)
        .await
        .with_context(|| format!("cannot open {}", database.display()))?;
    let store: SharedStore = Arc::new(store);
    let parts = Parts {
        notifier: Notifier::silent(store.clone(), clock.clone()),
        store,
        encryption_key: SecretString::from(fernet::Fernet::generate_key()),
        vendors: vec![vendor(&clock)?],
        webhooks: None,
        // As many days as the table shows, so that the figures stay as printed.
        sync: SyncSettings {
            look_back_days: days(sandbox),
            history_days: 0,
            ..SyncSettings::default()
        },
        api: settings(base_url.clone()),
        return_urls: Vec::new(),
        metrics: None,
        fhir: Fhir {
            destinations: vec![destination(fhir_url)],
            lease: jiff::SignedDuration::from_secs(20),
        },
        clock,
    };
    parts.assemble()
}

/// The whole recorded span and the day after it, or a fortnight.
fn days(sandbox: &Sandbox) -> i32 {
    let span = sandbox.world().recorded_span();
    span.map_or(DAYS, |(first, last)| DateRange { first, last }.len() + 1)
}

fn vendor(
    options: &Options,
    sandbox: &Sandbox,
    base_url: &Url,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Vendor>> {
    let secret = SecretString::from(SandboxOptions::default().client_secret);
    let (base, id): (Url, _) = (sandbox.base_url().parse()?, CLIENT_ID.to_owned());
    let (http, callback) = (http_client()?, callback(base_url)?);
    let budget = Arc::new(Budget::new(Rates::hourly(UNHURRIED), clock.clone()));
    let metrics = options.metrics.as_ref().map_or(Metric::USUAL.to_vec(), |list| list.0.clone());
    Ok(match options.upstream {
        Upstream::GoogleHealth => {
            let settings = google_health::Settings::at(&base, id, secret, callback);
            let settings = settings.with_metrics(metrics);
            Arc::new(GoogleHealth::new(&settings, http, budget, clock.clone()))
        }
        Upstream::WebApi => {
            let settings = web_api::Settings::at(&base, id, secret, callback);
            let settings = settings.with_metrics(metrics);
            Arc::new(WebApi::new(&settings, http, budget, clock.clone()))
        }
    })
}

/// Throw-away keys, open registration on the loopback interface only, and access tokens that last
/// as long as somebody plays with the printed commands.
fn settings(base_url: Url) -> Settings {
    let keys = SigningKeys::parse(&entropy::secret(&OsEntropy));
    Settings {
        registration: Registration::Open,
        lifetimes: Lifetimes {
            access: jiff::SignedDuration::from_hours(12),
            ..Lifetimes::default()
        },
        hashing: HashingCost::FLOOR,
        docs: true,
        demo: true,
        rates: RateLimits::LIFTED,
        ..Settings::new(base_url, keys)
    }
}
