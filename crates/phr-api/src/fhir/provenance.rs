//! `/fhir/Provenance`: who said what an Observation says. One for each, under the same id, made
//! when it is asked for.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use phr_fhir::{Bundle, BundleKind, Entry, Link, Resource, bundle::MATCH};
use phr_model::{Observation, Status};
use phr_store::search::ObservationSearch;

use super::{
    access::Access,
    answer,
    documents::{FhirBundle, FhirOutcome, FhirResource},
    observation,
    params::{self, Params},
    scopes::{Kind, Right},
};
use crate::{error::ApiError, state::ApiState};

/// Observations whose Provenance may be asked for at once.
const MOST: u32 = 200;

/// Read the Provenance of an Observation as FHIR R4
#[utoipa::path(
    get,
    path = "/fhir/Provenance/{id}",
    tag = "fhir",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The id: that of its Observation",
        example = "3f0c9f2e-52b1-5d51-9b0a-0d3f1a2b4c5d")),
    responses(
        (status = 200, description = "The Provenance", body = FhirResource,
            content_type = "application/fhir+json"),
        (status = 304, description = "You have it already"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 404, description = "There is none with this id", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn read_provenance(
    access: Access,
    State(state): State<ApiState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    access.may(Kind::Provenance, Right::Read)?;
    let found = observation::find(&access, &state, &id).await?;
    let chart = access.chart(&state);
    answer::versioned(&chart.provenance(&found), found.version, found.issued, &headers)
}

/// Search Provenance as FHIR R4
#[utoipa::path(
    get,
    path = "/fhir/Provenance",
    tag = "fhir",
    security(("bearer" = [])),
    params(
        ("target" = Option<String>, Query, description = "`Observation/ID`, several with commas",
            example = "Observation/3f0c9f2e-52b1-5d51-9b0a-0d3f1a2b4c5d"),
        ("_id" = Option<String>, Query, description = "Ids, with commas"),
    ),
    responses(
        (status = 200, description = "A Bundle", body = FhirBundle,
            content_type = "application/fhir+json"),
        (status = 400, description = "A parameter has a mistake, or both are missing",
            body = FhirOutcome, content_type = "application/fhir+json"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn search_provenance(
    access: Access,
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    access.may(Kind::Provenance, Right::Search)?;
    access.may(Kind::Observation, Right::Search)?;
    let (ids, used) = asked(&access.params, params::is_strict(&headers))?;
    let search = ObservationSearch {
        ids: Some(ids),
        statuses: Some(Status::ALL.to_vec()),
        ..ObservationSearch::ALL
    };
    let covered = access.scopes.categories(Right::Search);
    let is_covered = |observation: &Observation| {
        let category = observation.says.metric.facts().category;
        covered.as_ref().is_none_or(|covered| covered.contains(&category))
    };
    let chart = access.chart(&state);
    let base = format!("{}/fhir/Provenance", state.settings.base());
    let mut bundle = Bundle::new(BundleKind::Searchset);
    for found in state.store.search(access.id(), &search, None, MOST).await? {
        if is_covered(&found.observation) {
            let url = format!("{base}/{}", found.observation.says.id);
            let resource = Resource::Provenance(Box::new(chart.provenance(&found.observation)));
            bundle.entry.push(Entry::found(url, resource, MATCH));
        }
    }
    bundle.total = Some(bundle.entry.len() as u64);
    bundle.link.push(Link { relation: "self", url: format!("{base}?{}", used.encoded()) });
    answer::json(&bundle)
}

/// The Observations asked about, and the parameters that were used.
fn asked(params: &Params, strict: bool) -> Result<(Vec<uuid::Uuid>, Params), ApiError> {
    let (mut ids, mut used) = (None::<Vec<uuid::Uuid>>, Params::default());
    for (name, value) in params.iter().filter(|(_, value)| !value.is_empty()) {
        match name {
            "target" | "_id" => {
                let values = params::values(name, value)?;
                let last = |it: &String| it.rsplit('/').next().and_then(|id| id.parse().ok());
                let named: Vec<_> = values.iter().filter_map(last).collect();
                match &mut ids {
                    None => ids = Some(named),
                    Some(held) => held.retain(|id| named.contains(id)),
                }
            }
            "_format" | "_pretty" | "_count" => {}
            _ if strict => {
                let name: String = name.chars().take(40).collect();
                return Err(ApiError::BadSearch(format!("{name}: not known here")));
            }
            _ => continue,
        }
        used.push(name, value);
    }
    let ids = ids.ok_or_else(|| ApiError::BadSearch("target: Observation/ID".to_owned()))?;
    Ok((ids, used))
}
