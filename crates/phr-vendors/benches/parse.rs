//! What parsing a full day of heart rate costs: 37,000 samples as the API sends them, read by
//! [`parse_page`] and, for comparison, by a bare typed `serde_json` parse of the same bytes that
//! borrows all text and converts nothing.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use phr_model::Metric;
use phr_vendors::fitbit::google_health::parse_page;

mod heart_rate_day;

use heart_rate_day::{BarePage, SAMPLES, day};

fn parse(criterion: &mut Criterion) {
    let body = day();
    let mut group = criterion.benchmark_group("parse a day of heart rate");
    group.throughput(Throughput::Bytes(body.len() as u64)).sample_size(20);
    group.bench_function("bare typed serde_json", |bencher| {
        bencher.iter(|| {
            let page: BarePage<'_> =
                serde_json::from_slice(black_box(body.as_bytes())).expect("a page");
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
