//! `GET /health/sync/runs`

use axum::{Json, extract::State};
use jiff::Timestamp;
use phr_store::{connection::Connection, run::SyncRun};
use phr_sync::{MetricReport, doctor};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::sync_now::MetricResult;
use crate::{
    auth::SignedIn,
    error::ApiError,
    input::{Fields, Input, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// How many.
#[derive(Debug, Clone, Copy)]
pub struct RunsQuery {
    limit: u32,
}

impl Input for RunsQuery {
    const NAMES: &'static [&'static str] = &["limit"];

    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { limit: fields.number("limit", 1..=100, 20) })
    }
}

/// One finished sync.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncRunEntry {
    /// Its id.
    pub id: Uuid,
    /// The vendor.
    pub vendor: String,
    /// What it was for: `recent` (the look-back), `audit` (older days, at night) or `history`.
    pub work: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub finished_at: Timestamp,
    /// `complete`, `partial`, `failed` or `not_permitted`.
    pub status: String,
    /// What failed, as a stable code; null if nothing did.
    pub error: Option<String>,
    /// What that means, for people; null if nothing failed.
    pub message: Option<&'static str>,
    /// Per metric; empty if the sync could not begin.
    pub results: Vec<MetricResult>,
}

impl SyncRunEntry {
    fn new(run: SyncRun, connections: &[Connection]) -> Self {
        let connection = connections.iter().find(|connection| connection.id == run.connection);
        let reports: Vec<MetricReport> = serde_json::from_str(&run.report).unwrap_or_default();
        Self {
            id: run.id,
            vendor: connection.map_or_else(String::new, |connection| connection.vendor.clone()),
            work: run.work,
            started_at: run.started_at,
            finished_at: run.finished_at,
            status: run.outcome,
            message: run.error.as_deref().map(doctor::sentence),
            error: run.error,
            results: reports.into_iter().map(MetricResult::from).collect(),
        }
    }
}

/// Finished syncs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"runs": [{
    "id": "0c9a3a0e-3f4d-4c53-9a6b-6f8e7f1e2d3c",
    "vendor": "fitbit",
    "work": "recent",
    "started_at": "2026-11-22T07:40:09Z",
    "finished_at": "2026-11-22T07:40:12Z",
    "status": "partial",
    "error": "unavailable",
    "message": "Google did not answer just now.",
    "results": [{
        "metric": "steps",
        "status": "failed",
        "days_compared": 0,
        "days_read": 0,
        "days_changed": 0,
        "samples": 0,
        "observations_created": 0,
        "observations_revised": 0,
        "observations_withdrawn": 0,
        "error": "unavailable"
    }]
}]}))]
pub struct SyncRuns {
    /// Newest first.
    pub runs: Vec<SyncRunEntry>,
}

/// List finished syncs, newest first
///
/// The newest 200 of each kind of work and of the last 90 days are kept.
#[utoipa::path(
    get,
    path = "/health/sync/runs",
    tag = "health",
    security(("bearer" = [])),
    params(("limit" = Option<u32>, Query, description = "1 to 100; 20 if not given", minimum = 1,
        maximum = 100, example = 20)),
    responses(
        (status = 200, description = "Syncs", body = SyncRuns),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 422, description = "A parameter has a mistake", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn list_runs(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(RunsQuery { limit }): Query<RunsQuery>,
) -> Result<Json<SyncRuns>, ApiError> {
    let connections = state.store.connections_of(person.id()).await?;
    let runs = state.store.runs(person.id(), limit).await?;
    let runs = runs.into_iter().map(|run| SyncRunEntry::new(run, &connections)).collect();
    Ok(Json(SyncRuns { runs }))
}
