//! Documentation, dashboard and alert rules name the metrics that there are, and no other.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{collections::BTreeSet, fs, path::Path};

use phr_telemetry::{
    catalogue::{ALL, Instrument, Kind, Values},
    exposition::instrument_of,
};
use serde_json::Value;

fn document(name: &str) -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    fs::read_to_string(docs.join(name)).unwrap()
}

/// Every `expr` anywhere below.
fn queries_below(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("expr").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(queries_below)).collect()
        }
        Value::Array(items) => items.iter().flat_map(queries_below).collect(),
        _ => Vec::new(),
    }
}

fn dashboard_queries() -> Vec<String> {
    queries_below(&serde_json::from_str(&document("grafana-dashboard.json")).unwrap())
}

/// The expression of each rule: what follows `expr:` up to the next key, which is `for:`.
fn alert_queries() -> Vec<String> {
    let text = document("alerts.yml");
    let queries = text.split(" expr: ").skip(1).map(|rest| rest.split(" for: ").next().unwrap());
    queries.map(|query| query.trim_start_matches(">-").to_owned()).collect()
}

/// The words of a query outside of quotes and durations.
fn words(query: &str) -> Vec<&str> {
    let outside = query.split('"').step_by(2);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    outside.flat_map(move |text| text.split(move |c| !is_word(c))).collect()
}

fn metrics_in(query: &str) -> Vec<&str> {
    let ours = |word: &&str| word.starts_with("phr_") || word.starts_with("process_");
    words(query).into_iter().filter(ours).collect()
}

/// Pairs of label and value that a query picks, as in `{state="reconnect_needed"}`.
fn picked(query: &str) -> Vec<(&str, &str)> {
    let parts: Vec<_> = query.split('"').collect();
    let pairs = parts.chunks_exact(2).filter_map(|pair| {
        let label = pair[0].trim_end_matches(['=', '~', '!']);
        (label != pair[0]).then(|| (label.rsplit(['{', ',', ' ']).next().unwrap(), pair[1]))
    });
    pairs.collect()
}

#[test]
fn every_query_asks_for_a_metric_that_exists() {
    let (dashboard, alerts) = (dashboard_queries(), alert_queries());
    assert!(dashboard.len() > 25 && alerts.len() > 12, "the queries were not found");
    for query in dashboard.iter().chain(&alerts) {
        let metrics = metrics_in(query);
        assert!(!metrics.is_empty(), "{query}");
        for name in metrics {
            let instrument = instrument_of(name).unwrap_or_else(|| panic!("{name} in {query}"));
            let is_histogram = matches!(instrument.kind, Kind::Histogram(_));
            assert_eq!(is_histogram, name != instrument.name, "{name} in {query}");
        }
    }
}

#[test]
fn every_label_that_a_query_picks_exists_with_its_values() {
    let queries: Vec<_> = dashboard_queries().into_iter().chain(alert_queries()).collect();
    let mut seen = 0;
    for query in &queries {
        let instruments: Vec<&Instrument> =
            metrics_in(query).into_iter().filter_map(instrument_of).collect();
        for (label, values) in picked(query).into_iter().filter(|(label, _)| *label != "job") {
            let of = |it: &&&Instrument| it.labels.iter().any(|own| own.name == label);
            let instrument =
                instruments.iter().find(of).unwrap_or_else(|| panic!("{label}: {query}"));
            let own = instrument.labels.iter().find(|own| own.name == label).unwrap();
            let known = |value: &str| own.values.allow(value);
            assert!(values.split('|').all(known), "{label}={values}: {query}");
            seen += 1;
        }
    }
    assert!(seen > 8, "hardly any label was found");
}

#[test]
fn every_metric_is_on_the_dashboard() {
    let queries = dashboard_queries();
    let shown: BTreeSet<_> = queries
        .iter()
        .flat_map(|query| metrics_in(query))
        .filter_map(|name| instrument_of(name).map(|instrument| instrument.name))
        .collect();
    for instrument in ALL {
        assert!(shown.contains(instrument.name), "{} is on no panel", instrument.name);
    }
}

#[test]
fn every_metric_is_described_with_its_labels() {
    let text = document("observability.md");
    for Instrument { name, labels, .. } in ALL {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("{name} is not described"));
        for label in labels {
            assert!(row.contains(&format!("`{}`", label.name)), "{name}: {}", label.name);
        }
    }
    let described = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    for name in described.filter(|name| name.starts_with("phr_")) {
        assert!(instrument_of(name).is_some(), "{name} is described and does not exist");
    }
}

#[test]
fn labels_are_few() {
    for Instrument { name, labels, .. } in ALL {
        let series: usize = labels
            .iter()
            .map(|label| match label.values {
                Values::Of(values) => values.len(),
                // Routes and methods of the store.
                Values::OfSource => 80,
                // FHIR servers.
                Values::Named => 20,
                Values::Version => 2,
            })
            .product();
        assert!(series <= 3_200, "{name} could have {series} series");
    }
}

#[test]
fn every_alert_says_how_urgent_it_is_and_what_is_wrong() {
    let text = document("alerts.yml");
    for alert in text.split("- alert: ").skip(1) {
        let name = alert.lines().next().unwrap();
        assert!(name.starts_with("Phr"), "{name}");
        for key in ["expr: ", "for: ", "severity: ", "summary: "] {
            assert!(alert.contains(key), "{name} has no {key}");
        }
        let described = document("observability.md").contains(&format!("`{name}`"));
        assert!(described, "{name} is not described");
    }
}
