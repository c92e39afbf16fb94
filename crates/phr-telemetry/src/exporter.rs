//! Keeping what is recorded and writing it down for Prometheus.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::catalogue::{ALL, BUILD, Instrument, Kind, MEMORY, Values};

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A process has one recorder, and something has installed it before.
    #[error("metrics are recorded already")]
    Twice,
    /// A histogram of the catalogue without buckets.
    #[error("a histogram has no buckets")]
    NoBuckets,
}

/// What was recorded since [`Exporter::install`]. Clones share it.
#[derive(Clone)]
pub struct Exporter(PrometheusHandle);

impl std::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exporter")
    }
}

impl Exporter {
    /// Begins to record, for the whole process.
    ///
    /// # Errors
    /// [`InstallError::Twice`] if something records already.
    pub fn install() -> Result<Self, InstallError> {
        let mut builder = PrometheusBuilder::new();
        for Instrument { name, kind, .. } in ALL {
            if let Kind::Histogram(buckets) = kind {
                let matcher = Matcher::Full(name.to_owned());
                let with = builder.set_buckets_for_metric(matcher, buckets);
                builder = with.map_err(|_| InstallError::NoBuckets)?;
            }
        }
        let recorder = builder.build_recorder();
        let exporter = Self(recorder.handle());
        metrics::set_global_recorder(recorder).map_err(|_| InstallError::Twice)?;
        ALL.iter().for_each(begin);
        metrics::gauge!(BUILD.name, "version" => env!("CARGO_PKG_VERSION")).set(1);
        Ok(exporter)
    }

    /// Everything in Prometheus' text format, version 0.0.4.
    pub fn text(&self) -> String {
        if let Some(bytes) = resident_bytes() {
            metrics::gauge!(MEMORY.name).set(bytes);
        }
        self.0.render()
    }

    /// Moves what histograms collected into their buckets. To be called every few seconds: between
    /// calls (and scrapes) each recorded time takes memory.
    pub fn keep_up(&self) {
        self.0.run_upkeep();
    }
}

/// Describes a metric. Counters begin at 0 where all labels are known, because the first event of a
/// kind is invisible to `rate()` otherwise.
fn begin(instrument: &Instrument) {
    let Instrument { name, kind, help, labels } = *instrument;
    match kind {
        Kind::Gauge => describe_gauge!(name, help),
        Kind::Histogram(_) => describe_histogram!(name, help),
        Kind::Counter => {
            describe_counter!(name, help);
            let mut all: Vec<Vec<metrics::Label>> = vec![Vec::new()];
            for label in labels {
                let Values::Of(values) = label.values else { return };
                let with = |begun: &Vec<metrics::Label>, value: &&'static str| {
                    let mut begun = begun.clone();
                    begun.push(metrics::Label::from_static_parts(label.name, value));
                    begun
                };
                all = all.iter().flat_map(|begun| values.iter().map(|v| with(begun, v))).collect();
            }
            for labels in all {
                counter!(name, labels).absolute(0);
            }
        }
    }
}

/// `VmRSS` of `/proc/self/status` (proc(5)), where there is one.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib * 1024.0)
}
