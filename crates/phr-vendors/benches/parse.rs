//! What parsing a full day of heart rate costs: 37,000 samples as the API sends them, read by
//! [`parse_page`] and, for comparison, by a bare typed `serde_json` parse of the same bytes that
//! borrows all text and converts nothing.

use std::{fmt::Write, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use phr_model::Metric;
use phr_vendors::fitbit::google_health::parse_page;
use serde::Deserialize;

const SAMPLES: u32 = 37_000;

/// Every 2.33 seconds of a day, newest first.
fn day() -> String {
    let mut body = String::from("{\"dataPoints\":[\n");
    for index in 0..SAMPLES {
        let second = (SAMPLES - 1 - index) * 86_400 / SAMPLES;
        let (hours, minutes, seconds) = (second / 3_600, second / 60 % 60, second % 60);
        let joint = if index == 0 { "" } else { ",\n" };
        let bpm = 55 + second % 90;
        write!(
            body,
            r#"{joint} {{"dataSource":{{"recordingMethod":"PASSIVELY_MEASURED","device":{{"displayName":"Charge 6"}},"platform":"FITBIT"}},
  "heartRate":{{"sampleTime":{{"physicalTime":"2026-11-20T{hours:02}:{minutes:02}:{seconds:02}Z","utcOffset":"0s",
   "civilTime":{{"date":{{"year":2026,"month":11,"day":20}},"time":{{"hours":{hours},"minutes":{minutes},"seconds":{seconds}}}}}}},"beatsPerMinute":"{bpm}"}}}}"#
        )
        .expect("a string can be written to");
    }
    body.push_str("]}");
    body
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BarePage<'a> {
    #[serde(borrow)]
    data_points: Vec<BarePoint<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed for the sake of parsing")]
struct BarePoint<'a> {
    #[serde(borrow)]
    heart_rate: BareHeartRate<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed for the sake of parsing")]
struct BareHeartRate<'a> {
    #[serde(borrow)]
    sample_time: BareTime<'a>,
    beats_per_minute: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "parsed for the sake of parsing")]
struct BareTime<'a> {
    physical_time: &'a str,
    utc_offset: &'a str,
    civil_time: BareCivil,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed for the sake of parsing")]
struct BareCivil {
    date: BareDate,
    time: BareTimeOfDay,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "parsed for the sake of parsing")]
struct BareDate {
    year: i16,
    month: i8,
    day: i8,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BareTimeOfDay {
    hours: i8,
    minutes: i8,
    seconds: i8,
}

fn parse(criterion: &mut Criterion) {
    let body = day();
    let mut group = criterion.benchmark_group("parse a day of heart rate");
    group.throughput(Throughput::Bytes(body.len() as u64)).sample_size(20);
    group.bench_function("bare typed serde_json", |bencher| {
        bencher.iter(|| {
            let page: BarePage<'_> = serde_json::from_str(black_box(&body)).expect("a page");
            assert_eq!(page.data_points.len(), SAMPLES as usize);
            page.data_points
        });
    });
    group.bench_function("parse_page", |bencher| {
        bencher.iter(|| {
            let page = parse_page(Metric::HeartRate, black_box(body.as_bytes())).expect("a page");
            assert_eq!(page.items.len(), SAMPLES as usize);
            page.items
        });
    });
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
