//! `Patient/{id}/$everything`: the whole record, a page at a time.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use phr_fhir::{Chart, Entry, Resource, bundle::MATCH};

use super::{
    access::Access,
    dates,
    documents::{FhirBundle, FhirOutcome},
    page::Search,
    params,
    scopes::{Kind, Right},
    search::{Asked, Reader},
};
use crate::{error::ApiError, state::ApiState};

const OWN: &[&str] = &["start", "end", "_since", "_type"];

/// Read everything about the Patient
///
/// Patient and Device come on the first page, then the Observations that stand, newest first.
#[utoipa::path(
    get,
    path = "/fhir/Patient/{id}/$everything",
    tag = "fhir",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The Patient's id",
            example = "8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10"),
        ("start" = Option<String>, Query, description = "From this day", example = "2026-11-01"),
        ("end" = Option<String>, Query, description = "To this day", example = "2026-11-20"),
        ("_since" = Option<String>, Query, description = "What changed since then",
            example = "2026-11-20T08:00:00Z"),
        ("_type" = Option<String>, Query, description = "Only these types, with commas",
            example = "Observation"),
        ("_count" = Option<String>, Query, description = "Observations on a page",
            example = "100"),
    ),
    responses(
        (status = 200, description = "A page", body = FhirBundle,
            content_type = "application/fhir+json"),
        (status = 400, description = "A parameter has a mistake", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 404, description = "There is none with this id", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn everything(
    access: Access,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    access.may(Kind::Patient, Right::Read)?;
    let chart = access.chart(&state);
    if id != chart.patient_id().to_string() {
        return Err(ApiError::NotFound);
    }
    let strict = params::is_strict(&headers);
    let mut asked =
        Reader { access: &access, state: &state, strict, own: OWN }.read(&access.params)?;
    let types = types(&access)?;
    narrow(&access, &state, &mut asked)?;
    asked.nothing |= !types.contains(&Kind::Observation);
    let path = format!("/Patient/{id}/$everything");
    let search = Search { state: &state, access: &access, path: &path };
    let before = head(&access, &search, &chart, &types);
    search.answer(&chart, &asked, before).await
}

/// The types asked for that the token's scopes cover.
fn types(access: &Access) -> Result<Vec<Kind>, ApiError> {
    let wanted = match access.params.first("_type") {
        None => None,
        Some(list) => Some(params::values("_type", list)?),
    };
    let mut kinds = vec![Kind::Patient, Kind::Device, Kind::Observation];
    kinds.retain(|kind| {
        let asked = wanted.as_ref().is_none_or(|it| it.iter().any(|name| name == kind.name()));
        asked && access.scopes.allow(*kind, Right::Read)
    });
    Ok(kinds)
}

fn narrow(access: &Access, state: &ApiState, asked: &mut Asked) -> Result<(), ApiError> {
    let now = state.clock.now();
    for (name, prefix) in [("start", "ge"), ("end", "le")] {
        if let Some(date) = access.params.first(name) {
            asked.search.times.push(dates::effective(&[format!("{prefix}{date}")], now)?);
        }
    }
    if let Some(since) = access.params.first("_since") {
        asked.search.times.push(dates::updated(&[format!("ge{since}")], now)?);
        // Who follows changes must hear of what was withdrawn.
        asked.search.statuses = Some(phr_model::Status::ALL.to_vec());
    }
    Ok(())
}

/// Patient and Device.
fn head<'c>(
    access: &'c Access,
    search: &Search<'_>,
    chart: &'c Chart,
    types: &[Kind],
) -> Vec<Entry<'c>> {
    let person = &access.person;
    let mut entries = Vec::new();
    if types.contains(&Kind::Patient) {
        let patient = chart.served_patient(&person.name, person.created_at);
        let url = search.full_url(Kind::Patient, chart.patient_id());
        entries.push(Entry::found(url, Resource::Patient(Box::new(patient)), MATCH));
    }
    if types.contains(&Kind::Device) {
        let device = chart.served_device(person.created_at);
        let url = search.full_url(Kind::Device, chart.device_id());
        entries.push(Entry::found(url, Resource::Device(Box::new(device)), MATCH));
    }
    entries
}
