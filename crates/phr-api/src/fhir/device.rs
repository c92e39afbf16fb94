//! `/fhir/Device`: what took the readings.

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

/// Read a Device as FHIR R4
#[utoipa::path(
    get,
    path = "/fhir/Device/{id}",
    tag = "fhir",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The Device's id",
        example = "41aa64f3-a886-5385-97c0-030f56db0201")),
    responses(
        (status = 200, description = "The Device", body = FhirResource,
            content_type = "application/fhir+json"),
        (status = 304, description = "You have it already"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 404, description = "There is none with this id", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn read_device(
    access: Access,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    access.may(Kind::Device, Right::Read)?;
    let chart = access.chart(&state);
    if id != chart.device_id().to_string() {
        return Err(ApiError::NotFound);
    }
    let since = access.person.created_at;
    answer::versioned(&chart.served_device(since), 1, since, &headers)
}

/// Search Devices as FHIR R4
///
/// There is one for each vendor account: vendors do not say which of several devices took a
/// reading.
#[utoipa::path(
    get,
    path = "/fhir/Device",
    tag = "fhir",
    security(("bearer" = [])),
    params(
        ("patient" = Option<String>, Query, description = "The person: `ID` or `Patient/ID`"),
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
pub async fn search_devices(
    access: Access,
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    access.may(Kind::Device, Right::Search)?;
    let chart = access.chart(&state);
    let single = Single {
        state: &state,
        kind: Kind::Device,
        id: chart.device_id(),
        identifier: chart.device_identifier_system(),
        patient: access.patient(),
    };
    let (fits, used) = single.asked(&access.params, params::is_strict(&headers))?;
    let resource = chart.served_device(access.person.created_at);
    let entry = Entry::found(single.full_url(), Resource::Device(Box::new(resource)), MATCH);
    answer::json(&single.bundle(fits.then_some(entry), &used))
}
