//! `GET /sync/status`

use std::collections::HashMap;

use axum::{Json, extract::State};
use jiff::Timestamp;
use phr_model::Metric;
use phr_sync::{MetricReport, Overview};
use serde::Serialize;
use utoipa::ToSchema;

use super::doctor::DoctorEntry;
use crate::{
    auth::SignedIn,
    error::ApiError,
    input::{Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// One metric of a connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetricStatus {
    /// Its name.
    pub metric: &'static str,
    /// Whether the person permitted it.
    pub permitted: bool,
    /// Days of the last two weeks (or the look-back that the operator set) that are still to be read.
    pub days_unsettled: u32,
    /// How it ended in the last run: `complete`, `partial`, `failed` or `not_permitted`; null before.
    pub last_outcome: Option<&'static str>,
    /// Why it failed, as a stable code.
    pub last_error: Option<String>,
}

/// How syncing one connection goes.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncStatusEntry {
    /// The vendor.
    pub vendor: String,
    /// The number of the integration.
    pub integration_id: i64,
    /// `selected`, `active`, `reconnect_needed` or `disconnected`.
    pub status: &'static str,
    /// Whether a sync runs right now.
    pub running: bool,
    /// When a sync last ended, however.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_sync_at: Option<Timestamp>,
    /// When a sync last found everything complete.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_complete_at: Option<Timestamp>,
    /// When the next sync is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_sync_at: Option<Timestamp>,
    /// How the last sync ended: `complete`, `partial`, `failed` or `not_permitted`; null before.
    pub last_outcome: Option<String>,
    /// Why it failed, as a stable code.
    pub last_error: Option<String>,
    /// Syncs that failed in a row.
    pub failures_in_a_row: u32,
    /// Days and metrics that are still to be read: 0 when everything permitted is settled.
    pub days_unsettled: u32,
    /// Metric by metric.
    pub metrics: Vec<MetricStatus>,
    /// What it lacks.
    pub doctor: DoctorEntry,
}

impl From<Overview> for SyncStatusEntry {
    fn from(overview: Overview) -> Self {
        let metrics = metrics(&overview);
        let Overview { connection, running, last_run, diagnosis, .. } = overview;
        Self {
            vendor: connection.vendor,
            integration_id: connection.number,
            status: connection.state.key(),
            running,
            last_sync_at: connection.last_run_at,
            last_complete_at: connection.last_complete_at,
            next_sync_at: connection.due_at,
            last_outcome: last_run.map(|run| run.outcome),
            last_error: connection.last_error,
            failures_in_a_row: connection.attempts,
            days_unsettled: metrics.iter().map(|metric| metric.days_unsettled).sum(),
            metrics,
            doctor: diagnosis.into(),
        }
    }
}

fn metrics(overview: &Overview) -> Vec<MetricStatus> {
    let report = overview.last_run.as_ref().map_or("", |run| &run.report);
    let reports: Vec<MetricReport> = serde_json::from_str(report).unwrap_or_default();
    let reports: HashMap<Metric, MetricReport> =
        reports.into_iter().map(|report| (report.metric, report)).collect();
    let status = |state: &phr_sync::overview::MetricState| {
        let report = reports.get(&state.metric);
        MetricStatus {
            metric: state.metric.key(),
            permitted: state.permitted,
            days_unsettled: state.days_unsettled,
            last_outcome: report.map(|report| report.outcome.key()),
            last_error: report.and_then(|report| report.error.clone()),
        }
    };
    overview.metrics.iter().map(status).collect()
}

/// How syncing goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"connections": [{
    "vendor": "fitbit",
    "integration_id": 1,
    "status": "active",
    "running": false,
    "last_sync_at": "2026-11-22T07:40:12Z",
    "last_complete_at": "2026-11-22T07:40:12Z",
    "next_sync_at": "2026-11-22T08:41:03Z",
    "last_outcome": "complete",
    "last_error": null,
    "failures_in_a_row": 0,
    "days_unsettled": 0,
    "metrics": [
        {"metric": "steps", "permitted": true, "days_unsettled": 0, "last_outcome": "complete", "last_error": null}
    ],
    "doctor": {
        "verdict": "healthy",
        "cause": "Everything that is permitted arrives.",
        "who_must_act": "nobody",
        "what_to_do": "Nothing.",
        "since": null,
        "detail_code": "healthy"
    }
}]}))]
pub struct SyncStatus {
    /// All of one's connections; none before a vendor was chosen.
    pub connections: Vec<SyncStatusEntry>,
}

/// How syncing one's connections goes
#[utoipa::path(
    get,
    path = "/sync/status",
    tag = "health",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All connections", body = SyncStatus),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn show_sync_status(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<SyncStatus>, ApiError> {
    let overviews = state.sync.overviews(person.id()).await?;
    Ok(Json(SyncStatus { connections: overviews.into_iter().map(Into::into).collect() }))
}
