//! `POST /health/sync/immediate`

use axum::{Json, extract::State};
use jiff::civil::Date;
use phr_model::FITBIT;
use phr_sync::{MetricReport, Outcome, RunReport};
use serde::Serialize;
use utoipa::ToSchema;

use super::count_trigger;
use crate::{
    auth::SignedIn,
    endpoint::detached,
    error::ApiError,
    input::{Fields, Input, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// Which day.
#[derive(Debug, Clone, Copy)]
pub struct SyncQuery {
    /// The day; the look-back if none.
    pub date: Option<Date>,
}

impl Input for SyncQuery {
    const NAMES: &'static [&'static str] = &["date_str"];

    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { date: fields.date("date_str") })
    }
}

/// One metric of a sync.
#[derive(Debug, Serialize, ToSchema)]
pub struct MetricResult {
    /// Its name.
    pub metric: &'static str,
    /// `complete`, `partial`, `failed` or `not_permitted`.
    pub status: &'static str,
    /// Days compared with the vendor's figures.
    pub days_compared: u32,
    /// Days read because they differed, are not over or were never read.
    pub days_read: u32,
    /// Days whose samples turned out changed.
    pub days_changed: u32,
    /// Samples held in the days that were read.
    pub samples: u64,
    /// Observations made.
    pub observations_created: u32,
    /// Observations with a new version.
    pub observations_revised: u32,
    /// Observations withdrawn because the vendor no longer has what they were made from.
    pub observations_withdrawn: u32,
    /// Why it failed, as a stable code.
    pub error: Option<String>,
}

/// What a sync did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "message": "Sync complete",
    "vendor": "fitbit",
    "status": "complete",
    "date_from": "2026-11-22",
    "date_to": "2026-11-22",
    "results": [{
        "metric": "steps",
        "status": "complete",
        "days_compared": 1,
        "days_read": 1,
        "days_changed": 1,
        "samples": 412,
        "observations_created": 0,
        "observations_revised": 1,
        "observations_withdrawn": 0,
        "error": null
    }]
}))]
pub struct SyncResult {
    /// For people.
    pub message: &'static str,
    /// The vendor that was asked.
    pub vendor: &'static str,
    /// `complete`, `partial` or `failed`.
    pub status: &'static str,
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub date_from: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    pub date_to: Date,
    /// Per metric.
    pub results: Vec<MetricResult>,
}

impl From<RunReport> for SyncResult {
    fn from(report: RunReport) -> Self {
        let message = match report.outcome {
            Outcome::Complete => "Sync complete",
            Outcome::Partial | Outcome::NotPermitted => "Sync partly complete; see the results",
            Outcome::Failed => "Sync failed; it will be tried again",
        };
        Self {
            message,
            vendor: FITBIT,
            status: key(report.outcome),
            date_from: report.days.first,
            date_to: report.days.last,
            results: report.metrics.into_iter().map(MetricResult::from).collect(),
        }
    }
}

impl From<MetricReport> for MetricResult {
    fn from(report: MetricReport) -> Self {
        Self {
            metric: report.metric.key(),
            status: key(report.outcome),
            days_compared: report.days_compared,
            days_read: report.days_read,
            days_changed: report.days_changed,
            samples: report.samples,
            observations_created: report.created,
            observations_revised: report.revised,
            observations_withdrawn: report.withdrawn,
            error: report.error,
        }
    }
}

fn key(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Complete => "complete",
        Outcome::Partial => "partial",
        Outcome::Failed => "failed",
        Outcome::NotPermitted => "not_permitted",
    }
}

/// Sync now and see the result
///
/// Reads one day, or, without `date_str`, everything that differs in the last two weeks.
#[utoipa::path(
    post,
    path = "/health/sync/immediate",
    tag = "health",
    security(("bearer" = [])),
    params((
        "date_str" = Option<String>,
        Query,
        description = "The day to read, as YYYY-MM-DD; not in the future",
        example = "2026-11-22"
    )),
    responses(
        (status = 200, description = "What the sync did", body = SyncResult),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "Not connected, to be connected again, running already, or \
            without a patient record", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 422, description = "A parameter has a mistake", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many syncs, here or at the vendor",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 502, description = "The vendor does not answer", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 503, description = "Fitbit OAuth credentials not configured",
            body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub async fn sync_now(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(query): Query<SyncQuery>,
) -> Result<Json<SyncResult>, ApiError> {
    person.patient()?;
    count_trigger(&person, &state, FITBIT).await?;
    let report =
        detached(
            async move { Ok(state.sync.sync_now(person.id(), FITBIT, query.date, None).await?) },
        );
    Ok(Json(SyncResult::from(report.await?)))
}
