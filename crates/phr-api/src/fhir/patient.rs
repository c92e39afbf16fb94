//! `/fhir/Patient`: the person, and nobody else.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use phr_fhir::{Entry, Resource, bundle::MATCH};

use super::{
    access::Access,
    answer,
    documents::{FhirBundle, FhirOutcome, FhirResource},
    params,
    scopes::{Kind, Right},
    single::Single,
};
use crate::{error::ApiError, state::ApiState};

/// Read the Patient as FHIR R4
#[utoipa::path(
    get,
    path = "/fhir/Patient/{id}",
    tag = "fhir",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The Patient's id",
        example = "8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10")),
    responses(
        (status = 200, description = "The Patient", body = FhirResource,
            content_type = "application/fhir+json"),
        (status = 304, description = "You have it already"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 404, description = "There is none with this id", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn read_patient(
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
    let person = &access.person;
    let resource = chart.served_patient(&person.name, person.created_at);
    answer::versioned(&resource, 1, person.created_at, &headers)
}

/// Search the Patient as FHIR R4
///
/// Finds the person who is signed in, or nobody.
#[utoipa::path(
    get,
    path = "/fhir/Patient",
    tag = "fhir",
    security(("bearer" = [])),
    params(
        ("_id" = Option<String>, Query, description = "Ids, with commas"),
        ("identifier" = Option<String>, Query, description = "`system|value`"),
    ),
    responses(
        (status = 200, description = "A Bundle of one or none", body = FhirBundle,
            content_type = "application/fhir+json"),
        (status = 400, description = "A parameter has a mistake", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn search_patients(
    access: Access,
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    access.may(Kind::Patient, Right::Search)?;
    let chart = access.chart(&state);
    let single = Single {
        state: &state,
        kind: Kind::Patient,
        id: chart.patient_id().0,
        identifier: chart.patient_identifier_system(),
        patient: access.patient(),
    };
    let (fits, used) = single.asked(&access.params, params::is_strict(&headers))?;
    let person = &access.person;
    let resource = chart.served_patient(&person.name, person.created_at);
    let url = single.full_url();
    let entry = Entry::found(url, Resource::Patient(Box::new(resource)), MATCH);
    answer::json(&single.bundle(fits.then_some(entry), &used))
}
