//! `/fhir/Observation`: reading and searching.

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::Response,
};
use phr_model::Observation;

use super::{
    access::Access,
    answer,
    documents::{FhirBundle, FhirOutcome, FhirResource},
    page::Search,
    params::{self, Params},
    scopes::{Kind, Right},
    search::Reader,
};
use crate::{error::ApiError, state::ApiState};

/// One Observation of the person that the token's scopes cover, withdrawn or not.
pub(super) async fn find(
    access: &Access,
    state: &ApiState,
    id: &str,
) -> Result<Observation, ApiError> {
    access.may(Kind::Observation, Right::Read)?;
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    let found = state.store.observation(access.id(), id).await?.ok_or(ApiError::NotFound)?;
    let category = found.says.metric.facts().category;
    match access.scopes.categories(Right::Read) {
        Some(covered) if !covered.contains(&category) => Err(ApiError::NotFound),
        _ => Ok(found),
    }
}

/// Read an Observation as FHIR R4
///
/// Answers with its version as `ETag` and 304 to `If-None-Match`. A withdrawn Observation is there
/// with the status `entered-in-error`.
#[utoipa::path(
    get,
    path = "/fhir/Observation/{id}",
    tag = "fhir",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The Observation's id",
        example = "3f0c9f2e-52b1-5d51-9b0a-0d3f1a2b4c5d")),
    responses(
        (status = 200, description = "The Observation", body = FhirResource,
            content_type = "application/fhir+json"),
        (status = 304, description = "You have it already"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 404, description = "There is none with this id", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn read_observation(
    access: Access,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let found = find(&access, &state, &id).await?;
    let chart = access.chart(&state);
    let resource = chart.served_observation(&found);
    answer::versioned(&resource, found.version, found.issued, &headers)
}

/// Search Observations as FHIR R4
///
/// Newest first unless `_sort` says otherwise. Withdrawn Observations are found by `_id` or
/// `status` only. A date without a zone is the date on the wall where the person was.
#[utoipa::path(
    get,
    path = "/fhir/Observation",
    tag = "fhir",
    security(("bearer" = [])),
    params(
        ("patient" = Option<String>, Query, description = "The person: `ID` or `Patient/ID`; also \
            `subject`", example = "8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10"),
        ("code" = Option<String>, Query, description = "`code` or `system|code`, several with \
            commas", example = "http://loinc.org|8867-4"),
        ("category" = Option<String>, Query, description = "`vital-signs` or `activity`",
            example = "vital-signs"),
        ("date" = Option<String>, Query, description = "A date of any precision with a prefix (eq \
            ne gt ge lt le sa eb ap); may be repeated, then all must hold",
            example = "ge2026-11-01"),
        ("status" = Option<String>, Query, description = "preliminary, final, corrected or \
            entered-in-error", example = "final"),
        ("identifier" = Option<String>, Query, description = "`system|value`"),
        ("_id" = Option<String>, Query, description = "Ids, with commas"),
        ("_lastUpdated" = Option<String>, Query, description = "When its version was made",
            example = "gt2026-11-20T08:00:00Z"),
        ("_sort" = Option<String>, Query, description = "date, -date, _lastUpdated or \
            -_lastUpdated", example = "-date"),
        ("_count" = Option<String>, Query, description = "Matches on a page: 50 unless given, 1000 \
            at most; 0 counts only", example = "50"),
        ("_summary" = Option<String>, Query, description = "true, text, data, count or false",
            example = "false"),
        ("_elements" = Option<String>, Query, description = "Only these elements, with commas",
            example = "effective,value"),
        ("_total" = Option<String>, Query, description = "none, estimate or accurate",
            example = "accurate"),
        ("_include" = Option<String>, Query, description = "Observation:device, \
            Observation:patient", example = "Observation:device"),
        ("_revinclude" = Option<String>, Query, description = "Provenance:target",
            example = "Provenance:target"),
        ("_format" = Option<String>, Query, description = "json", example = "json"),
        ("_cursor" = Option<String>, Query, description = "Of a next link"),
    ),
    responses(
        (status = 200, description = "A page", body = FhirBundle,
            content_type = "application/fhir+json"),
        (status = 400, description = "A parameter has a mistake", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 406, description = "Only JSON is spoken here", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn search_observations(
    access: Access,
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let params = access.params.clone();
    search(&access, &state, &params, &headers).await
}

/// Search Observations by a form
///
/// The same with the parameters in the body, where no log sees them.
#[utoipa::path(
    post,
    path = "/fhir/Observation/_search",
    tag = "fhir",
    security(("bearer" = [])),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Search parameters", example = json!("code=8867-4&date=2026-11-20")),
    responses(
        (status = 200, description = "A page", body = FhirBundle,
            content_type = "application/fhir+json"),
        (status = 400, description = "A parameter has a mistake", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 406, description = "Only JSON is spoken here", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 415, description = "Not a form", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn search_observations_by_form(
    access: Access,
    State(state): State<ApiState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    let is_form = essence.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    let is_nothing = body.is_empty() && kind.is_none();
    if !(is_form || is_nothing) {
        return Err(ApiError::NotForm);
    }
    let params = access.params.clone().and(&body)?;
    super::access::wants_json(&headers, &params)?;
    search(&access, &state, &params, &headers).await
}

async fn search(
    access: &Access,
    state: &ApiState,
    params: &Params,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    access.may(Kind::Observation, Right::Search)?;
    let strict = params::is_strict(headers);
    let asked = Reader { access, state, strict, own: &[] }.read(params)?;
    let search = Search { state, access, path: "/Observation" };
    search.answer(&access.chart(state), &asked, Vec::new()).await
}
