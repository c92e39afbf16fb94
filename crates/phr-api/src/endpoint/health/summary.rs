//! `GET /health/summary`: what a chart shows.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use jiff::civil::{Date, DateTime};
use phr_model::{
    DateRange, Metric, PersonId,
    summary::{self, Bucket, Summary},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::metric;
use crate::{
    auth::SignedIn,
    error::ApiError,
    input::{Fields, Input, Query},
    problem::ProblemDocument,
    state::ApiState,
};

const BUCKETS: [(&str, Bucket); 4] = [
    ("hour", Bucket::Hour),
    ("day", Bucket::Day),
    ("week", Bucket::Week),
    ("month", Bucket::Month),
];

/// Which summary.
#[derive(Debug, Clone, Copy)]
pub struct SummaryQuery {
    metric: Metric,
    bucket: Bucket,
    days: DateRange,
}

impl Input for SummaryQuery {
    const NAMES: &'static [&'static str] = &["metric", "bucket", "date_from", "date_to"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let metric = metric(fields);
        let bucket = fields.required_choice("bucket", &BUCKETS);
        let days = fields.range();
        let daily = metric.is_some_and(|metric| !metric.has_hours());
        if daily && bucket == Some(Bucket::Hour) {
            fields.fail("bucket", "day, week or month: this metric has no hours");
        }
        Some(Self { metric: metric?, bucket: bucket?, days: days? })
    }
}

/// One bucket.
#[derive(Debug, Serialize, ToSchema)]
pub struct BucketEntry {
    /// Local time at which it begins, where the person was.
    #[schema(value_type = String, example = "2026-11-20T08:00:00")]
    pub start: DateTime,
    /// How many values are in it; 0 is a gap.
    pub count: u32,
    /// The sum of what adds up, the mean of what does not; null in a gap.
    pub value: Option<f64>,
    /// Smallest value; null in a gap.
    pub min: Option<f64>,
    /// Largest value; null in a gap.
    pub max: Option<f64>,
}

impl BucketEntry {
    fn new(metric: Metric, start: DateTime, summary: Option<&Summary>) -> Self {
        Self {
            start,
            count: summary.map_or(0, |summary| summary.count),
            value: summary.map(|summary| summary.value(metric)),
            min: summary.map(|summary| metric.to_api(summary.min)),
            max: summary.map(|summary| metric.to_api(summary.max)),
        }
    }
}

/// Buckets of local time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "metric": "steps",
    "unit": "steps",
    "bucket": "day",
    "aggregation": "sum",
    "date_from": "2026-11-19",
    "date_to": "2026-11-20",
    "buckets": [
        {"start": "2026-11-19T00:00:00", "count": 1, "value": 8211.0, "min": 8211.0, "max": 8211.0},
        {"start": "2026-11-20T00:00:00", "count": 0, "value": null, "min": null, "max": null}
    ]
}))]
pub struct SummaryAnswer {
    /// The metric.
    pub metric: &'static str,
    /// The unit of every value.
    pub unit: &'static str,
    /// `hour`, `day`, `week` (from Monday) or `month`.
    pub bucket: &'static str,
    /// `sum` or `mean`: what `value` is.
    pub aggregation: &'static str,
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub date_from: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    pub date_to: Date,
    /// Every bucket of the range, oldest first; those without data have count 0.
    pub buckets: Vec<BucketEntry>,
}

/// Summarise by hour, day, week or month
///
/// Buckets follow local time where the person was. Every bucket of the range is listed, so that a
/// chart shows gaps as gaps. Hours come from samples; days, weeks and months from Observations. A
/// week or month that reaches beyond the range holds only the days within it.
#[utoipa::path(
    get,
    path = "/health/summary",
    tag = "health",
    security(("bearer" = [])),
    params(
        ("metric" = String, Query, description = "heart_rate, spo2, body_weight, steps, calories, \
            distance, resting_heart_rate, or another of docs/api.md", example = "steps"),
        ("bucket" = String, Query, description = "hour, day, week or month", example = "day"),
        ("date_from" = Option<String>, Query, description = "From this civil day, YYYY-MM-DD; 30 days unless given",
            example = "2026-11-19"),
        ("date_to" = Option<String>, Query, description = "To this civil day, included; today unless given; 366 days at most",
            example = "2026-11-20"),
    ),
    responses(
        (status = 200, description = "Buckets", body = SummaryAnswer),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "User does not have a FHIR patient record",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter has a mistake", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn summarise(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(query): Query<SummaryQuery>,
) -> Result<Json<SummaryAnswer>, ApiError> {
    person.patient()?;
    let SummaryQuery { metric, bucket, days } = query;
    let filled = fill(&state, person.id(), query).await?;
    let facts = metric.facts();
    Ok(Json(SummaryAnswer {
        metric: metric.key(),
        unit: facts.api.unit,
        bucket: BUCKETS.iter().find(|(_, kind)| *kind == bucket).map_or("", |(key, _)| key),
        aggregation: if metric.adds_up() { "sum" } else { "mean" },
        date_from: days.first,
        date_to: days.last,
        buckets: starts(bucket, days)
            .map(|start| BucketEntry::new(metric, start, filled.get(&start)))
            .collect(),
    }))
}

/// The buckets with data.
async fn fill(
    state: &ApiState,
    person: PersonId,
    query: SummaryQuery,
) -> Result<BTreeMap<DateTime, Summary>, ApiError> {
    let SummaryQuery { metric, bucket, days } = query;
    let summaries = if bucket == Bucket::Hour {
        hours(state, person, metric, days).await?
    } else {
        let found = state.store.observations_between(person, metric, days).await?;
        summary::days(bucket, &found)
    };
    Ok(summaries.into_iter().map(|summary| (summary.start, summary)).collect())
}

/// A day of samples in memory at a time.
async fn hours(
    state: &ApiState,
    person: PersonId,
    metric: Metric,
    days: DateRange,
) -> Result<Vec<Summary>, ApiError> {
    let mut summaries = Vec::new();
    let mut rest = days;
    while !rest.is_empty() {
        let found = state.store.next_day_with_samples(person, metric, rest).await?;
        let Some((date, samples)) = found else { break };
        summaries.append(&mut summary::hours(metric, &samples));
        let Ok(next) = date.tomorrow() else { break };
        rest.first = next;
    }
    Ok(summaries)
}

/// Where each bucket of the range begins.
fn starts(bucket: Bucket, days: DateRange) -> impl Iterator<Item = DateTime> {
    let mut last = None;
    let fresh = days.days().filter_map(move |date| {
        let first = bucket.first_day(date);
        (last.replace(first) != Some(first)).then_some(first)
    });
    let hours = if bucket == Bucket::Hour { 24 } else { 1 };
    fresh.flat_map(move |date| (0..hours).map(move |hour| date.at(hour, 0, 0, 0)))
}
