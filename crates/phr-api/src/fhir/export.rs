//! Bulk export of one person's record: NDJSON, one resource a line
//! (<https://hl7.org/fhir/uv/bulkdata/export.html>).
//!
//! There is nothing to wait for: a job is what was asked for, kept for a day; its files are made
//! while they are fetched, a page of Observations in memory at a time.

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use phr_fhir::Chart;
use phr_model::{PersonId, Status};
use phr_store::{
    one_time::{OneTime, Purpose},
    search::{ObservationSearch, Order, Place},
};
use phr_sync::entropy;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    access::Access,
    dates,
    documents::{ExportFile, ExportManifest, FhirOutcome},
    params,
    scopes::{Kind, Right},
    tokens,
};
use crate::{error::ApiError, limit::Class, state::ApiState};

/// How long a job is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Observations in memory at a time.
const PAGE: u32 = 500;

/// What is exported; Provenance is made from Observations and would only repeat them.
const TYPES: [Kind; 3] = [Kind::Patient, Kind::Device, Kind::Observation];

/// What was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Job {
    types: Vec<String>,
    since: Option<String>,
    begun: Timestamp,
    request: String,
}

/// Begin an export of the record
///
/// Answers at once; `Content-Location` names where the export is.
#[utoipa::path(
    get,
    path = "/fhir/Patient/$export",
    tag = "fhir",
    security(("bearer" = [])),
    params(
        ("_type" = Option<String>, Query, description = "Only these types, with commas",
            example = "Observation"),
        ("_since" = Option<String>, Query, description = "What changed since then",
            example = "2026-11-20T08:00:00Z"),
        ("_outputFormat" = Option<String>, Query, description = "application/fhir+ndjson",
            example = "application/fhir+ndjson"),
    ),
    responses(
        (status = 202, description = "Begun",
            headers(("Content-Location" = String, description = "Where the export is"))),
        (status = 400, description = "A parameter has a mistake", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn begin_export(
    access: Access,
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let now = state.clock.now();
    state.limiters.take(Class::Write, access.id().0, now)?;
    let job = asked(&access, &state, &headers)?;
    let secret = entropy::secret(&*state.entropy);
    let payload = serde_json::to_string(&job)
        .map_err(|_| ApiError::Internal("an export cannot be written as JSON"))?;
    let kept = OneTime {
        hash: entropy::hash(&secret),
        purpose: Purpose::Export,
        person: Some(access.id()),
        payload,
        expires_at: now.checked_add(KEPT).unwrap_or(now),
    };
    state.store.put_one_time(kept, now).await?;
    let place = format!("{}/fhir/export/{}", state.settings.base(), secret.expose_secret());
    Ok((StatusCode::ACCEPTED, [(header::CONTENT_LOCATION, place)]).into_response())
}

fn asked(access: &Access, state: &ApiState, headers: &HeaderMap) -> Result<Job, ApiError> {
    let params = &access.params;
    let known = ["_type", "_since", "_outputFormat", "_format"];
    let unknown = params.iter().find(|(name, _)| !known.contains(name));
    if let (Some((name, _)), true) = (unknown, params::is_strict(headers)) {
        let name: String = name.chars().take(40).collect();
        return Err(ApiError::BadSearch(format!("{name}: not known here")));
    }
    let formats = ["application/fhir+ndjson", "application/ndjson", "ndjson"];
    if let Some(format) = params.first("_outputFormat")
        && !formats.contains(&&*format.replace(' ', "+"))
    {
        return Err(ApiError::BadSearch("_outputFormat: application/fhir+ndjson".to_owned()));
    }
    let wanted = match params.first("_type") {
        None => TYPES.map(|kind| kind.name().to_owned()).to_vec(),
        Some(list) => params::values("_type", list)?,
    };
    let is_known = |name: &String| TYPES.iter().any(|kind| kind.name() == name);
    if !wanted.iter().all(is_known) {
        return Err(ApiError::BadSearch("_type: Patient, Device or Observation".to_owned()));
    }
    let since = params.first("_since").map(str::to_owned);
    // A mistake is told now and not when the file is fetched.
    let _ = changed_since(since.as_deref(), state.clock.now())?;
    let query = params.encoded();
    let mark = if query.is_empty() { "" } else { "?" };
    let request = format!("{}/fhir/Patient/$export{mark}{query}", state.settings.base());
    Ok(Job { types: wanted, since, begun: state.clock.now(), request })
}

/// The person's job called `id`.
async fn job(access: &Access, state: &ApiState, id: &str) -> Result<Job, ApiError> {
    let hash = entropy::hash(&SecretString::from(id));
    let kept = state.store.peek_one_time(Purpose::Export, hash, state.clock.now()).await?;
    let kept = kept.filter(|kept| kept.person == Some(access.id())).ok_or(ApiError::NotFound)?;
    serde_json::from_str(&kept.payload).map_err(|_| ApiError::Internal("an export is unreadable"))
}

/// Show what an export has to fetch
#[utoipa::path(
    get,
    path = "/fhir/export/{id}",
    tag = "fhir",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Of `Content-Location`")),
    responses(
        (status = 200, description = "The files", body = ExportManifest),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 404, description = "There is none, or it is over", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn show_export(
    access: Access,
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let job = job(&access, &state, &id).await?;
    let base = state.settings.base();
    let wanted = |kind: &Kind| {
        job.types.iter().any(|name| name == kind.name()) && access.scopes.allow(*kind, Right::Read)
    };
    let output = TYPES.into_iter().filter(wanted).map(|kind| ExportFile {
        r#type: kind.name(),
        url: format!("{base}/fhir/export/{id}/{}.ndjson", kind.name()),
    });
    let manifest = ExportManifest {
        transaction_time: job.begun.to_string(),
        request: job.request.clone(),
        requires_access_token: true,
        output: output.collect(),
        error: Vec::new(),
    };
    Ok(axum::Json(manifest).into_response())
}

/// Forget an export
#[utoipa::path(
    delete,
    path = "/fhir/export/{id}",
    tag = "fhir",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Of `Content-Location`")),
    responses(
        (status = 202, description = "Forgotten"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 404, description = "There is none, or it is over", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn delete_export(
    access: Access,
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    job(&access, &state, &id).await?;
    let hash = entropy::hash(&SecretString::from(id));
    state.store.take_one_time(Purpose::Export, hash, state.clock.now()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Fetch a file of an export
///
/// NDJSON, streamed: read it as it comes.
#[utoipa::path(
    get,
    path = "/fhir/export/{id}/{file}",
    tag = "fhir",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Of `Content-Location`"),
        ("file" = String, Path, description = "Of the export's `output`",
            example = "Observation.ndjson"),
    ),
    responses(
        (status = 200, description = "A resource a line", body = String,
            content_type = "application/fhir+ndjson", example = json!("{\"resourceType\":\"Observation\"}\n")),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 404, description = "There is none, or it is over", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn download_export(
    access: Access,
    State(state): State<ApiState>,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let job = job(&access, &state, &id).await?;
    let kind = file.strip_suffix(".ndjson").and_then(Kind::parse).ok_or(ApiError::NotFound)?;
    if !job.types.iter().any(|name| name == kind.name()) {
        return Err(ApiError::NotFound);
    }
    access.may(kind, Right::Read)?;
    let chart = access.chart(&state);
    let person = &access.person;
    let body = match kind {
        Kind::Patient => Body::from(line(&chart.served_patient(&person.name, person.created_at))?),
        Kind::Device => Body::from(line(&chart.served_device(person.created_at))?),
        Kind::Observation => {
            let search = search(&access, &job, state.clock.now())?;
            let walk = Walk { state, person: access.id(), chart, search, after: None, over: false };
            Body::from_stream(stream::try_unfold(walk, Walk::next))
        }
        Kind::Provenance => return Err(ApiError::NotFound),
    };
    Ok(([(header::CONTENT_TYPE, "application/fhir+ndjson")], body).into_response())
}

fn changed_since(
    since: Option<&str>,
    now: Timestamp,
) -> Result<Option<phr_store::search::TimeFilter>, ApiError> {
    since.map(|since| dates::updated(&[format!("ge{since}")], now)).transpose()
}

fn search(access: &Access, job: &Job, now: Timestamp) -> Result<ObservationSearch, ApiError> {
    let since = changed_since(job.since.as_deref(), now)?;
    let categories = access.scopes.categories(Right::Read);
    Ok(ObservationSearch {
        series: categories.map(|categories| tokens::of_categories(&categories)),
        // Who follows changes must hear of what was withdrawn.
        statuses: since.as_ref().map(|_| Status::ALL.to_vec()),
        times: since.into_iter().collect(),
        order: Order::Date { descending: false },
        ..ObservationSearch::ALL
    })
}

fn line(resource: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    let mut line = serde_json::to_vec(resource)
        .map_err(|_| ApiError::Internal("a resource cannot be written as JSON"))?;
    line.push(b'\n');
    Ok(line)
}

/// A walk through the Observations: one page in memory at a time.
struct Walk {
    state: ApiState,
    person: PersonId,
    chart: Chart,
    search: ObservationSearch,
    after: Option<Place>,
    over: bool,
}

impl Walk {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, ApiError> {
        if self.over {
            return Ok(None);
        }
        let store = &self.state.store;
        let found = store.search(self.person, &self.search, self.after, PAGE).await;
        let found = found.inspect_err(|error| {
            tracing::error!(%error, "an export broke off");
        })?;
        let mut chunk = Vec::with_capacity(found.len() * 1_500);
        for change in &found {
            chunk.append(&mut line(&self.chart.served_observation(&change.observation))?);
        }
        self.over = found.len() < PAGE as usize;
        self.after = found.last().map(Place::of);
        Ok(Some((Bytes::from(chunk), self)))
    }
}
