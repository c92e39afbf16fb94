//! Reading Prometheus' text format back, to hold it against the catalogue.

use crate::catalogue::{Instrument, Kind, find};

/// One line of a scrape.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its name, with `_bucket`, `_sum` or `_count` for histograms.
    pub name: String,
    /// Its labels.
    pub labels: Vec<(String, String)>,
    /// Its value.
    pub value: f64,
}

impl Sample {
    /// What label `name` says; nothing if there is none.
    pub fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(label, _)| label == name);
        found.map_or("", |(_, value)| value)
    }

    /// What is against the catalogue here, if anything.
    fn fault(&self) -> Option<String> {
        let Some(instrument) = instrument_of(&self.name) else {
            return Some(format!("{} is not in the catalogue", self.name));
        };
        let is_bound = |name: &str| matches!(instrument.kind, Kind::Histogram(_)) && name == "le";
        let allowed = |name: &str, value: &str| {
            let label = instrument.labels.iter().find(|label| label.name == name);
            is_bound(name) || label.is_some_and(|label| label.values.allow(value))
        };
        let strange = self.labels.iter().find(|(name, value)| !allowed(name, value));
        strange.map(|(name, value)| format!("{}: {name} must not be {value:?}", self.name))
    }
}

/// The metric that a line of a scrape (or of a query) belongs to.
pub fn instrument_of(name: &str) -> Option<&'static Instrument> {
    let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| {
        let instrument = find(name.strip_suffix(suffix)?)?;
        matches!(instrument.kind, Kind::Histogram(_)).then_some(instrument)
    });
    of_histogram.or_else(|| find(name))
}

/// The samples of a scrape. Lines that cannot be read are left out.
pub fn samples(text: &str) -> Vec<Sample> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(sample).collect()
}

/// Names, labels and values of a scrape that the catalogue does not know.
pub fn faults(text: &str) -> Vec<String> {
    samples(text).iter().filter_map(Sample::fault).collect()
}

fn sample(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let mut rest = labels.trim_end_matches('}');
    let mut labels = Vec::new();
    // Values of our labels hold no quotes, so none is escaped.
    while let Some((label, quoted)) = rest.split_once("=\"") {
        let (value, further) = quoted.split_once('"')?;
        labels.push((label.trim_start_matches(',').to_owned(), value.to_owned()));
        rest = further;
    }
    Some(Sample { name: name.to_owned(), labels, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_may_hold_braces_and_commas() {
        let line =
            r#"phr_http_request_seconds_bucket{route="/connect/{ticket}",status="2xx",le="0.1"} 3"#;
        let read = samples(line);
        assert_eq!(read[0].label("route"), "/connect/{ticket}");
        assert_eq!((read[0].label("le"), read[0].value), ("0.1", 3.0));
        assert_eq!(faults(line), Vec::<String>::new());
    }

    #[test]
    fn what_the_catalogue_does_not_know_is_a_fault() {
        for line in [
            "phr_hearts_total 1",
            r#"phr_runs_total{outcome="complete",person="7"} 1"#,
            r#"phr_runs_total{outcome="superb"} 1"#,
            r#"phr_http_request_seconds_count{route="/connect/Zm9v"} 1"#,
            "phr_runs_total_bucket 1",
        ] {
            assert_eq!(faults(line).len(), 1, "{line}");
        }
    }
}
