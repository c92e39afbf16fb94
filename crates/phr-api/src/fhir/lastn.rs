//! `Observation/$lastn`: the newest of each kind.

use axum::{extract::State, http::HeaderMap, response::Response};
use phr_fhir::{Bundle, BundleKind, Entry, Link, Resource, bundle::MATCH};
use phr_model::Metric;
use phr_store::search::{Extent, ObservationSearch, Order, Series};

use super::{
    access::Access,
    answer,
    documents::{FhirBundle, FhirOutcome},
    params,
    scopes::{Kind, Right},
    search::{Asked, Reader},
};
use crate::{error::ApiError, state::ApiState};

/// Newest of each kind at most.
const MOST: u32 = 100;

/// Find the newest Observations of each kind
///
/// Takes the search parameters of Observation, and `max`: how many of each (1 unless given).
#[utoipa::path(
    get,
    path = "/fhir/Observation/$lastn",
    tag = "fhir",
    security(("bearer" = [])),
    params(
        ("patient" = Option<String>, Query, description = "The person: `ID` or `Patient/ID`",
            example = "8d3c6a5e-0c0b-5f0a-9a51-2f6f4f3a7b10"),
        ("code" = Option<String>, Query, description = "`code` or `system|code`, several with \
            commas", example = "8867-4"),
        ("category" = Option<String>, Query, description = "`vital-signs` or `activity`",
            example = "vital-signs"),
        ("max" = Option<String>, Query, description = "1 to 100", example = "1"),
    ),
    responses(
        (status = 200, description = "The newest, kind by kind", body = FhirBundle,
            content_type = "application/fhir+json"),
        (status = 400, description = "A parameter has a mistake", body = FhirOutcome,
            content_type = "application/fhir+json"),
        (status = 401, description = "No valid access token", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn last_observations(
    access: Access,
    State(state): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    access.may(Kind::Observation, Right::Search)?;
    let strict = params::is_strict(&headers);
    let reader = Reader { access: &access, state: &state, strict, own: &["max"] };
    let asked = reader.read(&access.params)?;
    let most = access.params.first("max").map_or(Some(1), |text| text.parse().ok());
    let most = most
        .filter(|most| (1..=MOST).contains(most))
        .ok_or_else(|| ApiError::BadSearch(format!("max: a whole number from 1 to {MOST}")))?;
    let chart = access.chart(&state);
    let base = format!("{}/fhir", state.settings.base());
    let mut bundle = Bundle::new(BundleKind::Searchset);
    for search in by_metric(&asked) {
        for found in state.store.search(access.id(), &search, None, most).await? {
            let url = format!("{base}/Observation/{}", found.observation.says.id);
            let resource = Box::new(chart.served_observation(&found.observation));
            bundle.entry.push(Entry::found(url, Resource::Observation(resource), MATCH));
        }
    }
    bundle.total = Some(bundle.entry.len() as u64);
    let mut url = format!("{base}/Observation/$lastn");
    let query = asked.used.encoded();
    if !query.is_empty() {
        url = format!("{url}?{query}");
    }
    bundle.link.push(Link { relation: "self", url });
    answer::json(&bundle)
}

/// The same search for each metric by itself, the newest first.
fn by_metric(asked: &Asked) -> Vec<ObservationSearch> {
    if asked.nothing {
        return Vec::new();
    }
    let all = || {
        let extents = Extent::ALL.to_vec();
        Metric::ALL.map(|metric| Series { metric, extents: extents.clone() }).to_vec()
    };
    let series = asked.search.series.clone().unwrap_or_else(all);
    let order = Order::Date { descending: true };
    let one =
        |series| ObservationSearch { series: Some(vec![series]), order, ..asked.search.clone() };
    series.into_iter().map(one).collect()
}
