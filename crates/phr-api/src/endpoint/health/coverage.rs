//! `GET /health/coverage`: the answer to "is everything there?".

use std::collections::{BTreeMap, HashMap};

use axum::{Json, extract::State};
use jiff::{Timestamp, civil::Date};
use phr_model::{Coverage, CoverageState, DateRange, FITBIT, Figure, Metric, figure::rounded_mean};
use serde::Serialize;
use utoipa::ToSchema;

use super::metrics;
use crate::{
    auth::SignedIn,
    error::ApiError,
    input::{Fields, Input, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// Which days.
#[derive(Debug, Clone, Copy)]
pub struct CoverageQuery {
    metric: Option<Metric>,
    days: DateRange,
}

impl Input for CoverageQuery {
    const NAMES: &'static [&'static str] = &["metric", "date_from", "date_to"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let metric = fields.choice("metric", &metrics());
        Some(Self { metric, days: fields.range()? })
    }
}

/// A day in a nutshell, in the metric's unit: a number; for heart rate the day's mean, minimum and
/// maximum; for weight the number of weigh-ins and their mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum DayFigure {
    /// The sum or the daily value.
    Number(f64),
    /// The spread of samples.
    Spread {
        /// Mean.
        mean: f64,
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// Single readings.
    Readings {
        /// How many.
        count: u32,
        /// Their mean.
        mean: f64,
    },
}

impl DayFigure {
    #[expect(clippy::cast_precision_loss, reason = "sums of plausible values are far below 2^53")]
    /// None of what says nothing to people.
    fn new(metric: Metric, figure: &Figure) -> Option<Self> {
        let scale = metric.facts().scale as f64;
        Some(match figure {
            Figure::Total { value }
            | Figure::Stated { value, .. }
            | Figure::Daily { value, .. } => Self::Number(metric.to_api(*value)),
            Figure::Levels { light, moderate, vigorous } => {
                Self::Number(metric.to_api(light + moderate + vigorous))
            }
            Figure::Spread { mean_micro, min, max } => Self::Spread {
                // More digits than anybody asks for: they are for comparing.
                mean: rounded_mean(*mean_micro, 1_000) as f64 / 1_000.0 / scale,
                min: metric.to_api(*min),
                max: metric.to_api(*max),
            },
            Figure::Readings { count, sum, .. } => Self::Readings {
                count: *count,
                mean: *sum as f64 / f64::from((*count).max(1)) / scale,
            },
            Figure::Mark { .. } => return None,
        })
    }
}

/// What is known about one day of one metric.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayCoverage {
    /// The metric.
    pub metric: &'static str,
    /// The civil day.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// `complete`, `partial`, `not_worn`, `not_permitted`, `pending`, `vendor_error` or `differs`.
    pub state: &'static str,
    /// Why, where that is not obvious.
    pub reason: Option<&'static str>,
    /// Samples held.
    pub samples: u32,
    /// How many of them cannot be true of a living person (kept, not observed).
    pub implausible: u32,
    /// The day by our reckoning.
    pub ours: Option<DayFigure>,
    /// The day by the vendor's reckoning when it was last read.
    pub vendor: Option<DayFigure>,
    /// When it was last read completely; null if never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_at: Option<Timestamp>,
}

impl DayCoverage {
    fn new(coverage: &Coverage) -> Self {
        let figure = |figure: &Figure| DayFigure::new(coverage.metric, figure);
        Self {
            metric: coverage.metric.key(),
            date: coverage.date,
            state: coverage.state.key(),
            reason: coverage.reason.map(phr_model::Reason::key),
            samples: coverage.samples,
            implausible: coverage.implausible,
            ours: coverage.ours.as_ref().and_then(figure),
            vendor: coverage.vendor.as_ref().and_then(figure),
            read_at: coverage.read_at,
        }
    }

    /// A day that nothing is known about yet.
    fn pending(metric: Metric, date: Date) -> Self {
        Self {
            metric: metric.key(),
            date,
            state: CoverageState::Pending.key(),
            reason: None,
            samples: 0,
            implausible: 0,
            ours: None,
            vendor: None,
            read_at: None,
        }
    }
}

/// What is known about the days of a range.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "date_from": "2026-11-19",
    "date_to": "2026-11-20",
    "totals": {"complete": 1, "differs": 0, "not_permitted": 0, "not_worn": 0, "partial": 0,
        "pending": 1, "vendor_error": 0},
    "days": [
        {"metric": "steps", "date": "2026-11-19", "state": "complete", "reason": null,
         "samples": 412, "implausible": 0, "ours": 8211.0, "vendor": 8211.0,
         "read_at": "2026-11-20T01:04:11Z"},
        {"metric": "steps", "date": "2026-11-20", "state": "pending", "reason": null,
         "samples": 0, "implausible": 0, "ours": null, "vendor": null, "read_at": null}
    ]
}))]
pub struct CoverageAnswer {
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub date_from: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    pub date_to: Date,
    /// How many days are in each state.
    pub totals: BTreeMap<&'static str, u32>,
    /// Every day of the range, per metric, oldest first.
    pub days: Vec<DayCoverage>,
}

/// Show what is known about each day
///
/// Every day of the range is listed for each metric (or the one named): whether it is complete, and
/// if not, why; our figure beside the vendor's.
#[utoipa::path(
    get,
    path = "/health/coverage",
    tag = "health",
    security(("bearer" = [])),
    params(
        ("metric" = Option<String>, Query, description = "Only this metric: heart_rate, spo2, \
            body_weight, steps, calories, distance, resting_heart_rate, or another of docs/api.md", example = "steps"),
        ("date_from" = Option<String>, Query, description = "From this civil day, YYYY-MM-DD; 30 days unless given",
            example = "2026-11-19"),
        ("date_to" = Option<String>, Query, description = "To this civil day, included; today unless given; 366 days at most",
            example = "2026-11-20"),
    ),
    responses(
        (status = 200, description = "Days", body = CoverageAnswer),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "User does not have a FHIR patient record",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter has a mistake", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn show_coverage(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(query): Query<CoverageQuery>,
) -> Result<Json<CoverageAnswer>, ApiError> {
    person.patient()?;
    let CoverageQuery { metric, days } = query;
    let known: HashMap<_, _> = state
        .store
        .coverage(person.id(), metric, days)
        .await?
        .into_iter()
        .map(|coverage| ((coverage.metric, coverage.date), coverage))
        .collect();
    let asked = metric.map_or_else(|| shown(&state, &known), |metric| vec![metric]);
    let listed: Vec<_> = asked
        .into_iter()
        .flat_map(|metric| days.days().map(move |date| (metric, date)))
        .map(|(metric, date)| match known.get(&(metric, date)) {
            Some(coverage) => DayCoverage::new(coverage),
            None => DayCoverage::pending(metric, date),
        })
        .collect();
    Ok(Json(CoverageAnswer {
        date_from: days.first,
        date_to: days.last,
        totals: totals(&listed),
        days: listed,
    }))
}

/// The metrics that are fetched, and those that something is known about.
fn shown(state: &ApiState, known: &HashMap<(Metric, Date), Coverage>) -> Vec<Metric> {
    let vendor = state.connector.vendors.get(FITBIT);
    let fetched = vendor.map_or_else(|| Metric::USUAL.to_vec(), |it| it.metrics().to_vec());
    let is_known = |metric: &Metric| known.keys().any(|(known, _)| known == metric);
    Metric::ALL.into_iter().filter(|it| fetched.contains(it) || is_known(it)).collect()
}

/// Every state is named, also those no day is in.
fn totals(days: &[DayCoverage]) -> BTreeMap<&'static str, u32> {
    let mut totals: BTreeMap<_, _> =
        CoverageState::ALL.into_iter().map(|state| (state.key(), 0)).collect();
    for day in days {
        *totals.entry(day.state).or_insert(0) += 1;
    }
    totals
}
