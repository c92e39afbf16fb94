//! `/health`: syncing and reading.

pub mod backfill;
pub mod changes;
pub mod changes_stream;
pub mod coverage;
pub mod delivery;
pub mod observations;
pub mod samples;
pub mod summary;
pub mod sync;
pub mod sync_now;
pub mod sync_runs;

use std::borrow::Cow;

use jiff::Timestamp;
use phr_model::{Metric, Moment};

use crate::{auth::SignedIn, error::ApiError, input::Fields, limit::Class, state::ApiState};

/// The coding system of nearly every `code`.
const LOINC: &str = "http://loinc.org";

/// The coding system of a metric's `code`: LOINC's, or that of this server at `base`.
fn code_system(metric: Metric, base: &str) -> Cow<'static, str> {
    match metric.facts().local {
        None => Cow::Borrowed(LOINC),
        Some(_) => Cow::Owned(format!("{base}/fhir/CodeSystem/wearable-metric")),
    }
}

/// Metrics by their names.
fn metrics() -> [(&'static str, Metric); Metric::ALL.len()] {
    Metric::ALL.map(|metric| (metric.key(), metric))
}

/// The `metric` that a query must name.
fn metric(fields: &mut Fields) -> Option<Metric> {
    fields.required_choice("metric", &metrics())
}

/// RFC 3339 with the offset in force where the person was.
fn local_time(at: Timestamp, offset_seconds: i32) -> String {
    Moment { at, offset_seconds }.to_string()
}

/// Counts one sync trigger of the person's connection (RL-01).
pub(super) async fn count_trigger(
    person: &SignedIn,
    state: &ApiState,
    vendor: &str,
) -> Result<(), ApiError> {
    let connection = state.store.connection_of(person.id(), vendor).await?;
    match connection {
        Some(connection) => state.limiters.take(Class::Sync, connection.id.0, state.clock.now()),
        None => Ok(()),
    }
}
