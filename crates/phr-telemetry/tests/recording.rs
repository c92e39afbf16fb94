//! What is recorded can be scraped, and nothing else.

use std::time::Duration;

use phr_telemetry::{
    Exporter, InstallError, catalogue,
    exposition::{Sample, faults, samples},
    record::{self, Access, Answer},
};

/// Name, labels and value.
type Series<'a> = (&'a str, &'a [(&'a str, &'a str)], f64);

fn value(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let fits = |sample: &&Sample| {
        sample.name == name && labels.iter().all(|(label, value)| sample.label(label) == *value)
    };
    samples.iter().find(fits).map(|sample| sample.value)
}

/// One test, because a process has one recorder.
#[test]
fn what_is_recorded_is_scraped_within_the_catalogue() {
    let exporter = Exporter::install().unwrap();
    assert!(matches!(Exporter::install(), Err(InstallError::Twice)));

    let begun = samples(&exporter.text());
    let unseen = [("work", "recent"), ("outcome", "failed"), ("error", "unavailable")];
    assert_eq!(value(&begun, "phr_runs_total", &unseen), Some(0.0), "counters begin at 0");

    record::run("recent", "failed", Some("unavailable"), Duration::from_secs(2));
    record::days("steps", 14, 2, 1);
    record::vendor_request("google-health", "reconcile", Answer::Status(429), Duration::ZERO);
    record::vendor_request("google-health", "reconcile", Answer::HeldBack, Duration::ZERO);
    record::budget_left("google-health", 95_000);
    record::clock_skew("google-health", -61.0);
    record::token_refresh("google-health", None);
    record::webhook("forged");
    record::notice("mail", "postponed");
    record::database_wait(Access::Write, Duration::from_micros(20));
    record::database(Access::Write, "replace_days", Duration::from_millis(3));
    record::http("/connect/{ticket}", "GET", 200, Duration::from_millis(7));
    record::http("-", "BREW", 404, Duration::from_millis(1));
    record::set(catalogue::DATABASE_UP, 1.0);
    record::set_of(catalogue::DUE_LAG, "routine", 12.5);
    exporter.keep_up();

    let text = exporter.text();
    assert_eq!(faults(&text), Vec::<String>::new());
    let seen = samples(&text);
    let expected: [Series<'_>; 9] = [
        ("phr_runs_total", &unseen, 1.0),
        ("phr_run_seconds_sum", &[("outcome", "failed")], 2.0),
        ("phr_days_read_total", &[("metric", "steps")], 2.0),
        (
            "phr_vendor_requests_total",
            &[("upstream", "google-health"), ("endpoint", "reconcile"), ("class", "429")],
            1.0,
        ),
        ("phr_vendor_request_seconds_count", &[("upstream", "google-health")], 1.0),
        ("phr_vendor_clock_skew_seconds", &[], -61.0),
        ("phr_database_seconds_bucket", &[("use_case", "replace_days"), ("le", "0.005")], 1.0),
        ("phr_http_request_seconds_count", &[("route", "-"), ("method", "other")], 1.0),
        ("phr_due_lag_seconds", &[("work", "routine")], 12.5),
    ];
    for (name, labels, expected) in expected {
        assert_eq!(value(&seen, name, labels), Some(expected), "{name} {labels:?}\n{text}");
    }
    assert!(value(&seen, "process_resident_memory_bytes", &[]).unwrap() > 1_000_000.0);
    assert_eq!(value(&seen, "phr_build_info", &[]), Some(1.0));
}
