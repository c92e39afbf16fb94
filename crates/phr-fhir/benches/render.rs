//! How many Observations a core turns into FHIR's JSON a second: `cargo bench -p phr-fhir --bench
//! render`. Each round renders a day of everything into one buffer; the median round counts.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail where it stands")]
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::{hint::black_box, time::Instant};

use common::{chart, in_form};
use phr_model::{Form, Metric, Observation};

const ROUNDS: usize = 200;

fn main() {
    let of_day = |metric: Metric, form, count: i64| {
        let scale = metric.facts().scale;
        (0..count).map(move |n| in_form(metric, form, scale * 60 + n * 7, Some((n, n + scale))))
    };
    let day: Vec<Observation> = of_day(Metric::HeartRate, Form::Hourly, 24)
        .chain(of_day(Metric::Steps, Form::Daily, 1))
        .chain(of_day(Metric::Calories, Form::Daily, 1))
        .chain(of_day(Metric::Distance, Form::Daily, 1))
        .chain(of_day(Metric::Spo2, Form::Daily, 1))
        .chain(of_day(Metric::BodyWeight, Form::Sample, 2))
        .collect();
    let hundred_days: Vec<&Observation> = (0..100).flat_map(|_| day.iter()).collect();
    let chart = chart();
    let mut buffer = Vec::new();
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            buffer.clear();
            let begun = Instant::now();
            for observation in &hundred_days {
                serde_json::to_writer(&mut buffer, &chart.observation(observation)).unwrap();
            }
            black_box(&buffer);
            #[expect(clippy::cast_precision_loss, reason = "a count of Observations")]
            let rate = hundred_days.len() as f64 / begun.elapsed().as_secs_f64();
            rate
        })
        .collect();
    rates.sort_unstable_by(f64::total_cmp);
    let bytes = buffer.len() / hundred_days.len();
    println!("{:.0} Observations/s on one core, {bytes} bytes each", rates[ROUNDS / 2]);
}
