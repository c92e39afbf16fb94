//! What of a run is counted.

use std::time::Duration;

use jiff::Timestamp;
use phr_store::connection::Work;
use phr_telemetry::record;
use phr_vendors::VendorError;

use crate::report::RunReport;

/// A run ended.
pub(crate) fn run_ended(
    work: Work,
    report: &RunReport,
    error: Option<&VendorError>,
    now: Timestamp,
    started_at: Timestamp,
) {
    // A clock that was set back meanwhile makes it no time at all.
    let took = Duration::try_from(now.duration_since(started_at)).unwrap_or_default();
    record::run(work.key(), report.outcome.key(), error.map(VendorError::code), took);
    for metric in &report.metrics {
        let (compared, read, changed) =
            (metric.days_compared, metric.days_read, metric.days_changed);
        record::days(metric.metric.key(), compared, read, changed);
    }
}
