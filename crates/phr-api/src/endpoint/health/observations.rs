//! `GET /health/observations`

use std::borrow::Cow;

use axum::{
    body::Bytes,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use jiff::civil::Date;
use phr_model::{Observation, PatientId, part::Measured};
use phr_store::reading::ObservationFilter;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{code_system, metrics};
use crate::{
    answers::Key,
    auth::SignedIn,
    error::ApiError,
    input::{Fields, Input, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// Highest page that may be asked for: more Observations than anybody will ever have.
const LAST_PAGE: u32 = 1_000_000;

/// Which Observations.
#[derive(Debug, Clone, Copy)]
pub struct ObservationsQuery {
    page: u32,
    page_size: u32,
    filter: ObservationFilter,
}

impl Input for ObservationsQuery {
    const NAMES: &'static [&'static str] =
        &["page", "page_size", "observation_type", "date_from", "date_to"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let page = fields.number("page", 1..=LAST_PAGE, 1);
        let page_size = fields.number("page_size", 1..=100, 20);
        let metric = fields.choice("observation_type", &metrics());
        let (from, to) = fields.open_range();
        Some(Self { page, page_size, filter: ObservationFilter { metric, from, to } })
    }
}

/// A clinical statement.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObservationEntry {
    /// Stays the same when the value is corrected.
    pub id: Uuid,
    /// LOINC code, or one of this server's own where LOINC has none.
    pub code: &'static str,
    /// `http://loinc.org`, or this server's CodeSystem.
    #[schema(value_type = String)]
    pub code_system: Cow<'static, str>,
    /// What was observed.
    pub display: &'static str,
    /// The value in `unit`.
    pub value: f64,
    /// The unit.
    pub unit: &'static str,
    /// When, or when its period began: RFC 3339 with the offset in force where the person was.
    #[schema(format = DateTime)]
    pub effective_datetime: String,
    /// The FHIR Patient.
    pub patient_id: Uuid,
    /// `heart_rate`, `spo2`, `body_weight`, `steps`, `calories`, `distance`, `resting_heart_rate`, or
    /// another metric that this server fetches.
    pub observation_type: &'static str,
    /// The civil day it belongs to.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// When its period ended (inclusive); null at an instant.
    #[schema(format = DateTime)]
    pub effective_end: Option<String>,
    /// Smallest value of the period, where it is known.
    pub min: Option<f64>,
    /// Largest value of the period, where it is known.
    pub max: Option<f64>,
    /// What it is made up of, where one number does not say it all: the stages of a night, the levels
    /// of activity, what a workout took. Not there otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartEntry>,
    /// FHIR status: `preliminary` (the day is not over), `final` or `corrected`.
    pub status: &'static str,
    /// 1 at first, one more at every change.
    pub version: u32,
}

impl ObservationEntry {
    /// `base` is the public address of this server, which names its own codes.
    pub(super) fn new(observation: &Observation, patient: PatientId, base: &str) -> Self {
        let says = &observation.says;
        let label = &says.metric.facts().api;
        let api = |value| says.metric.to_api(value);
        Self {
            id: says.id,
            code: label.code,
            code_system: code_system(says.metric, base),
            display: label.display,
            value: api(says.value),
            unit: label.unit,
            effective_datetime: says.effective.start().to_string(),
            patient_id: patient.0,
            observation_type: says.metric.key(),
            date: says.date,
            effective_end: says.effective.end().map(|end| end.to_string()),
            min: says.low.map(api),
            max: says.high.map(api),
            parts: says.parts.iter().filter_map(PartEntry::new).collect(),
            status: observation.status.key(),
            version: observation.version,
        }
    }
}

/// One of the things that an Observation is made up of.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartEntry {
    /// `deep_sleep`, `light_sleep`, `rem_sleep`, `awake`; `light_activity`, `moderate_activity`,
    /// `vigorous_activity`; `energy`, `distance`, `mean_heart_rate`, `exercise_type`.
    pub name: &'static str,
    /// How much, in `unit`; not there where it is told in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// What kind (`running`), of what is no number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'static str>,
}

impl PartEntry {
    #[expect(clippy::cast_precision_loss, reason = "plausible values are far below 2^53")]
    fn new(&(part, amount): &Measured) -> Option<Self> {
        let facts = part.facts()?;
        let text = part.words(amount);
        let value = text.is_none().then_some(amount as f64 / facts.scale as f64);
        let unit = text.is_none().then_some(facts.unit);
        Some(Self { name: part.key(), value, unit, text })
    }
}

/// A page of Observations.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "observations": [{
        "id": "3f0c9f2e-52b1-5d51-9b0a-0d3f1a2b4c5d",
        "code": "8867-4",
        "code_system": "http://loinc.org",
        "display": "Heart rate",
        "value": 72.0,
        "unit": "beats/min",
        "effective_datetime": "2026-11-20T08:00:00+01:00",
        "patient_id": "8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10",
        "observation_type": "heart_rate",
        "date": "2026-11-20",
        "effective_end": "2026-11-20T08:59:59+01:00",
        "min": 58.0,
        "max": 131.0,
        "status": "final",
        "version": 1
    }],
    "total": 50,
    "page": 1,
    "page_size": 20,
    "has_more": true
}))]
pub struct ObservationsPage {
    /// Newest first.
    pub observations: Vec<ObservationEntry>,
    /// How many match in all: exact.
    pub total: u64,
    /// This page, from 1.
    pub page: u32,
    /// Observations on a full page.
    pub page_size: u32,
    /// Whether there is a next page.
    pub has_more: bool,
}

/// List Observations, newest first
///
/// Sums (steps, calories, distance) are one Observation a day; heart rate is the mean of each local
/// hour with minimum and maximum; every weigh-in is one; SpO2 and resting heart rate are one a day.
#[utoipa::path(
    get,
    path = "/health/observations",
    tag = "health",
    security(("bearer" = [])),
    params(
        ("page" = Option<u32>, Query, description = "From 1; 1 if not given", minimum = 1,
            maximum = 1_000_000, example = 1),
        ("page_size" = Option<u32>, Query, description = "1 to 100; 20 if not given", minimum = 1,
            maximum = 100, example = 20),
        ("observation_type" = Option<String>, Query, description = "Only this metric: heart_rate, \
            spo2, body_weight, steps, calories, distance, resting_heart_rate, or another of \
            docs/api.md",
            example = "heart_rate"),
        ("date_from" = Option<String>, Query, description = "From this civil day, YYYY-MM-DD",
            example = "2026-11-01"),
        ("date_to" = Option<String>, Query, description = "To this civil day, included",
            example = "2026-11-20"),
    ),
    responses(
        (status = 200, description = "A page", body = ObservationsPage),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "User does not have a FHIR patient record",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter has a mistake", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn list_observations(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(query): Query<ObservationsQuery>,
) -> Result<Response, ApiError> {
    let patient = person.patient()?;
    let ObservationsQuery { page, page_size, filter } = query;
    let key = Key { person: person.id(), filter, page, page_size };
    if let Some(answer) = state.answers.get(key, person.revision) {
        return Ok(json(answer));
    }
    let base = state.settings.base();
    let found = state.store.observations(person.id(), filter, page, page_size).await?;
    let page = ObservationsPage {
        observations: found
            .observations
            .iter()
            .map(|observation| ObservationEntry::new(observation, patient, base))
            .collect(),
        total: found.total,
        page,
        page_size,
        has_more: u64::from(page) * u64::from(page_size) < found.total,
    };
    let answer = Bytes::from(
        serde_json::to_vec(&page)
            .map_err(|_| ApiError::Internal("a page cannot be written as JSON"))?,
    );
    state.answers.put(key, person.revision, answer.clone());
    Ok(json(answer))
}

fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
