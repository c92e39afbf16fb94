//! Versions of an Observation. Only the present one is kept: corrections replace what was said.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use phr_fhir::{
    Bundle, BundleKind, Entry, Link, Resource,
    bundle::{Request, Response as Made},
};

use super::{
    access::Access,
    answer,
    documents::{FhirBundle, FhirOutcome, FhirResource},
    observation,
};
use crate::{error::ApiError, state::ApiState};

/// Show what is kept of an Observation's versions
///
/// The present version under its true number. Earlier ones are not kept.
#[utoipa::path(
    get,
    path = "/fhir/Observation/{id}/_history",
    tag = "fhir",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The Observation's id",
        example = "3f0c9f2e-52b1-5d51-9b0a-0d3f1a2b4c5d")),
    responses(
        (status = 200, description = "A Bundle of the present version", body = FhirBundle,
            content_type = "application/fhir+json"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 404, description = "There is none with this id", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn observation_history(
    access: Access,
    State(state): State<ApiState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = observation::find(&access, &state, &id).await?;
    let chart = access.chart(&state);
    let url = format!("Observation/{}", found.says.id);
    let full_url = format!("{}/fhir/{url}", state.settings.base());
    let response = Made {
        status: if found.version == 1 { "201" } else { "200" },
        etag: answer::etag(found.version),
        last_modified: found.issued,
    };
    let mut bundle = Bundle::new(BundleKind::History);
    bundle.total = Some(1);
    bundle.link.push(Link { relation: "self", url: format!("{full_url}/_history") });
    bundle.entry.push(Entry {
        full_url,
        resource: Resource::Observation(Box::new(chart.served_observation(&found))),
        search: None,
        request: Some(Request { method: "PUT", url }),
        response: Some(response),
    });
    answer::json(&bundle)
}

/// Read a version of an Observation
#[utoipa::path(
    get,
    path = "/fhir/Observation/{id}/_history/{version}",
    tag = "fhir",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The Observation's id",
            example = "3f0c9f2e-52b1-5d51-9b0a-0d3f1a2b4c5d"),
        ("version" = String, Path, description = "`meta.versionId`", example = "1"),
    ),
    responses(
        (status = 200, description = "The version", body = FhirResource,
            content_type = "application/fhir+json"),
        (status = 304, description = "You have it already"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 404, description = "There is none, or it is not kept", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn read_observation_version(
    access: Access,
    State(state): State<ApiState>,
    Path((id, version)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let found = observation::find(&access, &state, &id).await?;
    if version != found.version.to_string() {
        return Err(ApiError::NotFound);
    }
    let chart = access.chart(&state);
    let resource = chart.served_observation(&found);
    answer::versioned(&resource, found.version, found.issued, &headers)
}
