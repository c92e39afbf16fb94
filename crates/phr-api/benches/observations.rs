//! How fast a page of Observations is, side by side with a constant answer of the same server at
//! the same concurrency: `cargo bench -p phr-api --bench observations`.
//!
//! One person with five years of history, on SQLite, over real connections on the loopback
//! interface; client and server share the machine. Rounds are interleaved, so that whatever else
//! the machine does hits all candidates alike; the median round counts.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail where it stands")]
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::routing::get;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::date, tz::TimeZone};
use phr_model::{
    Coverage, CoverageState, DateRange, Day, FITBIT, Figure, HeartRateForm, Metric, Offsets,
    PersonId, Sample, observe,
};
use phr_store::reading::DayWrite;
use support::TestApp;
use utoipa_axum::router::OpenApiRouter;

const ROUND: Duration = Duration::from_millis(700);
const ROUNDS: usize = 5;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let constant = format!("{{\"constant\":\"{}\"}}", "x".repeat(4_080));
    let answer = move || {
        let constant = constant.clone();
        async move { ([("content-type", "application/json")], constant) }
    };
    let extra = OpenApiRouter::new().route("/constant", get(answer));
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let begun = Instant::now();
    let total = five_years(&app, ada.id().await).await;
    println!("{total} Observations of five years, written in {:.1?}", begun.elapsed());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = phr_api::router(&app.state, extra);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let pages: [(&str, Path); 8] = [
        ("constant 4 KB, anybody", |_| "/constant".to_owned()),
        ("who am I, signed in", |_| "/auth/me".to_owned()),
        ("page 1 of all", |_| list("page=1&page_size=20")),
        ("page 500 of all", |_| list("page=500&page_size=20")),
        ("page 1 of steps", |_| list("observation_type=steps&page=1&page_size=20")),
        // So many combinations that none is asked for twice while an answer is remembered.
        ("a page for the first time", |n| {
            list(&format!("page={}&page_size={}", 1 + n % 2_000, 18 + n / 2_000 % 5))
        }),
        ("a day for the first time", |n| {
            let day = some_day(n);
            list(&format!("date_from={day}&date_to={day}&page_size={}", 30 + n / 1_800 % 60))
        }),
        ("the same day as FHIR", |n| format!("/fhir/Observation?date={}&_count=100", some_day(n))),
    ];
    let asked = Arc::new(AtomicUsize::new(0));
    let token = ada.access.clone();
    for concurrency in [1, 16, 64, 256] {
        println!("\nat {concurrency} connections:");
        let client = reqwest::Client::builder().pool_max_idle_per_host(512).build().unwrap();
        let mut rates = vec![Vec::new(); pages.len()];
        let mut slowest = vec![Duration::ZERO; pages.len()];
        for _ in 0..ROUNDS {
            for (n, (_, path)) in pages.iter().enumerate() {
                let ask = Ask { client: &client, base: &base, path: *path, asked: &asked };
                let (rate, p99) = round(ask, &token, concurrency).await;
                rates[n].push(rate);
                slowest[n] = slowest[n].max(p99);
            }
        }
        let medians: Vec<f64> = rates.iter_mut().map(|rates| median(rates)).collect();
        for (n, (name, _)) in pages.iter().enumerate() {
            println!(
                "  {name:<26} {:>8.0} requests/s   {:>5.2}x the constant's time   p99 {:>7.2?}",
                medians[n],
                medians[0] / medians[n],
                slowest[n]
            );
        }
    }
}

/// One of the days of the history.
fn some_day(n: usize) -> jiff::civil::Date {
    let back = i64::try_from(n % 1_800).unwrap();
    date(2026, 11, 19).checked_sub(back.days()).unwrap()
}

fn list(query: &str) -> String {
    format!("/health/observations?{query}")
}

/// The path of the request number so-and-so.
type Path = fn(usize) -> String;

/// What a round asks for.
struct Ask<'a> {
    client: &'a reqwest::Client,
    base: &'a str,
    path: Path,
    asked: &'a Arc<AtomicUsize>,
}

/// Requests a second, and the 99th percentile of their time.
async fn round(ask: Ask<'_>, token: &str, concurrency: usize) -> (f64, Duration) {
    let begun = Instant::now();
    let workers = (0..concurrency).map(|_| {
        let (client, base, token) = (ask.client.clone(), ask.base.to_owned(), token.to_owned());
        let (path, asked) = (ask.path, Arc::clone(ask.asked));
        tokio::spawn(async move {
            let mut times = Vec::new();
            while begun.elapsed() < ROUND {
                let url = format!("{base}{}", path(asked.fetch_add(1, Ordering::Relaxed)));
                let sent = Instant::now();
                let reply = client.get(&url).bearer_auth(&token).send().await.unwrap();
                assert_eq!(reply.status(), 200, "{url}");
                reply.bytes().await.unwrap();
                times.push(sent.elapsed());
            }
            times
        })
    });
    let mut times = Vec::new();
    for worker in futures_util::future::join_all(workers).await {
        times.append(&mut worker.unwrap());
    }
    times.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    (rate, times[times.len() * 99 / 100])
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// A wearer's history: 24 hours of heart rate and four daily values a day.
async fn five_years(app: &TestApp, person: PersonId) -> u64 {
    let lease = app.lease(person).await;
    let last = date(2026, 11, 19);
    let days = DateRange { first: last.checked_sub(1825.days()).unwrap(), last };
    for chunk in days.chunks(60) {
        let mut writes = Vec::new();
        for day in chunk.days() {
            let midnight = day.to_zoned(TimeZone::UTC).unwrap().timestamp();
            writes.push(write(person, Metric::HeartRate, day, hours(midnight, 720)));
            for (metric, value) in
                [(Metric::Steps, 300), (Metric::Calories, 90_000), (Metric::Distance, 250_000)]
            {
                writes.push(write(person, metric, day, hours(midnight, value)));
            }
        }
        app.store.replace_days(lease, person, FITBIT, writes, app.now()).await.unwrap();
    }
    app.store.totals(person).await.unwrap().iter().map(|totals| totals.observations).sum()
}

fn hours(midnight: Timestamp, value: i64) -> Vec<Sample> {
    (0..24)
        .map(|hour| Sample {
            at: midnight + SignedDuration::from_hours(hour),
            seconds: 0,
            offset_seconds: 0,
            value: value + hour * 7 % 50,
        })
        .collect()
}

fn write(
    person: PersonId,
    metric: Metric,
    date: jiff::civil::Date,
    samples: Vec<Sample>,
) -> DayWrite {
    let offsets = Offsets::new(TimeZone::UTC, &samples);
    let figure = Figure::of(metric, &samples);
    let day = Day {
        person,
        vendor: FITBIT,
        metric,
        date,
        samples: &samples,
        figure: figure.as_ref(),
        offsets: &offsets,
        closed: true,
    };
    let drafts = observe(&day, HeartRateForm::Hourly);
    let coverage = Coverage {
        metric,
        date,
        state: CoverageState::Complete,
        reason: None,
        samples: 24,
        implausible: 0,
        ours: figure.clone(),
        vendor: figure,
        read_at: None,
        read_closed: true,
    };
    DayWrite { samples, drafts, coverage }
}
