//! `GET /health/changes`: what changed since a cursor.

use std::borrow::Cow;

use axum::{Json, extract::State};
use jiff::civil::Date;
use phr_model::{Metric, Observation, PatientId, PersonId, Status};
use phr_store::feed::{Change, Position};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{code_system, metrics, observations::ObservationEntry};
use crate::{
    auth::SignedIn,
    error::ApiError,
    input::{Fields, Input, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// Changes on a page at most, and if nothing is said.
const MOST: u32 = 1_000;
const USUAL: u32 = 200;

/// Longest cursor that is looked at.
pub(super) const LONGEST_CURSOR: usize = 256;

/// From where on, and how many.
#[derive(Debug, Clone)]
pub struct ChangesQuery {
    metric: Option<Metric>,
    cursor: Option<String>,
    limit: u32,
}

impl Input for ChangesQuery {
    const NAMES: &'static [&'static str] = &["cursor", "limit", "observation_type"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let metric = fields.choice("observation_type", &metrics());
        let limit = fields.number("limit", 1..=MOST, USUAL);
        Some(Self { metric, cursor: fields.text("cursor", LONGEST_CURSOR), limit })
    }
}

/// Whose changes, and of what: a cursor is good for this and nothing else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub(super) person: PersonId,
    pub(super) metric: Option<Metric>,
}

impl Question {
    fn text(self) -> String {
        format!("changes|{}|{}", self.person, self.metric.map_or("", Metric::key))
    }

    /// The cursor of whoever has seen everything up to `position`.
    pub(super) fn seal(self, state: &ApiState, position: Position) -> Result<String, ApiError> {
        let position = format!("{}|{}", position.revision, position.id.simple());
        state.cursors.seal(&self.text(), &position)
    }

    /// Where a cursor points to; the beginning if there is none. One that points behind the person's
    /// revision is of a database that has been set back: what it stands for is no longer so.
    pub(super) fn open(
        self,
        state: &ApiState,
        name: &str,
        cursor: Option<&str>,
        revision: i64,
    ) -> Result<Position, ApiError> {
        let Some(cursor) = cursor else { return Ok(Position::START) };
        let opened = state.cursors.open(&self.text(), cursor);
        let position = opened.as_deref().and_then(parse);
        position.filter(|position| position.revision <= revision).ok_or_else(|| {
            ApiError::query(name, "the cursor of an answer to this very question, unchanged; if it was, start again without cursor")
        })
    }
}

fn parse(text: &str) -> Option<Position> {
    let (revision, id) = text.split_once('|')?;
    Some(Position { revision: revision.parse().ok()?, id: Uuid::parse_str(id).ok()? })
}

/// What is left of an Observation that was withdrawn: enough to find it, and no value.
#[derive(Debug, Serialize, ToSchema)]
pub struct WithdrawnObservation {
    /// The id under which it was known.
    pub id: Uuid,
    /// LOINC code, or one of this server's own where LOINC has none.
    pub code: &'static str,
    /// `http://loinc.org`, or this server's CodeSystem.
    #[schema(value_type = String)]
    pub code_system: Cow<'static, str>,
    /// What was observed.
    pub display: &'static str,
    /// When, or when its period began.
    #[schema(format = DateTime)]
    pub effective_datetime: String,
    /// The FHIR Patient.
    pub patient_id: Uuid,
    /// The metric.
    pub observation_type: &'static str,
    /// The civil day it belonged to.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// When its period ended (inclusive); null at an instant.
    #[schema(format = DateTime)]
    pub effective_end: Option<String>,
    /// Always `entered-in-error`.
    #[schema(pattern = "^entered-in-error$")]
    pub status: &'static str,
    /// One more than the version it had last.
    pub version: u32,
}

impl WithdrawnObservation {
    fn new(observation: &Observation, patient: PatientId, base: &str) -> Self {
        let says = &observation.says;
        let label = &says.metric.facts().api;
        Self {
            id: says.id,
            code: label.code,
            code_system: code_system(says.metric, base),
            display: label.display,
            effective_datetime: says.effective.start().to_string(),
            patient_id: patient.0,
            observation_type: says.metric.key(),
            date: says.date,
            effective_end: says.effective.end().map(|end| end.to_string()),
            status: observation.status.key(),
            version: observation.version,
        }
    }
}

/// An Observation as it is now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ChangedObservation {
    /// It stands: as `/health/observations` gives it.
    Stands(ObservationEntry),
    /// It was withdrawn.
    Withdrawn(WithdrawnObservation),
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "change": "revised",
    "observation": {
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
        "status": "corrected",
        "version": 2
    },
    "version": 2
}))]
pub struct ChangeEntry {
    /// `created` (version 1), `revised` (a later one) or `withdrawn`.
    pub change: &'static str,
    /// The Observation as it is now, however often it changed.
    pub observation: ChangedObservation,
    /// Its version: what is held with the same or a higher one is up to date.
    pub version: u32,
}

impl ChangeEntry {
    pub(super) fn new(observation: &Observation, patient: PatientId, base: &str) -> Self {
        let change = match (observation.status, observation.version) {
            (Status::EnteredInError, _) => "withdrawn",
            (_, 1) => "created",
            _ => "revised",
        };
        let shown = match observation.status {
            Status::EnteredInError => {
                ChangedObservation::Withdrawn(WithdrawnObservation::new(observation, patient, base))
            }
            _ => ChangedObservation::Stands(ObservationEntry::new(observation, patient, base)),
        };
        Self { change, observation: shown, version: observation.version }
    }
}

/// Changes since a cursor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "changes": [{
        "change": "withdrawn",
        "observation": {
            "id": "5b1f5c0e-5f5e-5b62-9c53-6a0c3c1f7c55",
            "code": "29463-7",
            "code_system": "http://loinc.org",
            "display": "Body weight",
            "effective_datetime": "2026-11-20T07:12:00+01:00",
            "patient_id": "8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10",
            "observation_type": "body_weight",
            "date": "2026-11-20",
            "effective_end": null,
            "status": "entered-in-error",
            "version": 2
        },
        "version": 2
    }],
    "next_cursor": "NDJ8ZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZm.pNJdNyPvsDKyosDLRJTCWhBMLJMXwJq-WuTlt03MpSw",
    "has_more": false
}))]
pub struct ChangesPage {
    /// In the order in which they were made; each Observation once.
    pub changes: Vec<ChangeEntry>,
    /// Always there: keep it, and give it as `cursor` next time.
    pub next_cursor: String,
    /// Whether there are more right now.
    pub has_more: bool,
}

/// List what changed since a cursor, withdrawn Observations included
///
/// Without a cursor from the beginning. Keep `next_cursor` together with what was read and ask with
/// it next time: nothing is missed and nothing comes twice. An Observation that changed several times
/// comes once, as it is now, so put it in the place of the one with the same `id`, and remove those
/// that are `withdrawn`.
#[utoipa::path(
    get,
    path = "/health/changes",
    tag = "health",
    security(("bearer" = [])),
    params(
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the answer before, or \
            the id of an event of the stream, to the same observation_type"),
        ("limit" = Option<u32>, Query, description = "1 to 1000; 200 if not given", minimum = 1,
            maximum = 1_000, example = 200),
        ("observation_type" = Option<String>, Query, description = "Only this metric: heart_rate, \
            spo2, body_weight, steps, calories, distance, resting_heart_rate, or another of \
            docs/api.md",
            example = "heart_rate"),
    ),
    responses(
        (status = 200, description = "What changed", body = ChangesPage),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 409, description = "User does not have a FHIR patient record",
            body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter has a mistake; with a cursor that is no longer \
            good, start again without", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn list_changes(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<ChangesPage>, ApiError> {
    let patient = person.patient()?;
    let question = Question { person: person.id(), metric: query.metric };
    let after = question.open(&state, "cursor", query.cursor.as_deref(), person.revision)?;
    let (found, has_more) = page(&state, question, after, person.revision, query.limit).await?;
    let last = found.last().map_or(after, |change| change.position);
    // Everything up to the revision read before the page is on it, or behind it.
    let seen = if has_more { last } else { last.max(Position::end_of(person.revision)) };
    let entry = |it: &Change| ChangeEntry::new(&it.observation, patient, state.settings.base());
    Ok(Json(ChangesPage {
        changes: found.iter().map(entry).collect(),
        next_cursor: question.seal(&state, seen)?,
        has_more,
    }))
}

/// At most `limit` changes after `after`, and whether there are more. An app that is up to date at
/// `revision`, as most are most of the time, costs no look at the Observations.
async fn page(
    state: &ApiState,
    Question { person, metric }: Question,
    after: Position,
    revision: i64,
    limit: u32,
) -> Result<(Vec<Change>, bool), ApiError> {
    if after >= Position::end_of(revision) {
        return Ok((Vec::new(), false));
    }
    let mut found = state.store.changes(person, metric, after, limit + 1).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = found.len() > limit;
    found.truncate(limit);
    Ok((found, has_more))
}
