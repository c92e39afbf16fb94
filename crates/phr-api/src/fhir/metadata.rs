//! `/fhir/metadata`

use axum::{
    extract::State,
    http::{HeaderMap, request::Parts},
    response::Response,
};
use phr_fhir::{OauthUris, capability_statement};

use super::{
    access::wants_json,
    answer,
    documents::{FhirOutcome, FhirResource},
    params::Params,
};
use crate::{error::ApiError, oauth, state::ApiState};

/// Show what the FHIR server can do
///
/// The CapabilityStatement. Needs no sign-in.
#[utoipa::path(
    get,
    path = "/fhir/metadata",
    tag = "fhir",
    responses(
        (status = 200, description = "The CapabilityStatement", body = FhirResource,
            content_type = "application/fhir+json"),
        (status = 406, description = "Only JSON is spoken here", body = FhirOutcome,
            content_type = "application/fhir+json"),
    )
)]
pub async fn show_capabilities(
    State(state): State<ApiState>,
    headers: HeaderMap,
    parts: Parts,
) -> Result<Response, ApiError> {
    wants_json(&headers, &Params::of_address(&parts)?)?;
    let base = state.settings.base();
    let oauth = OauthUris {
        authorize: format!("{base}{}", oauth::AUTHORIZE),
        token: format!("{base}{}", oauth::TOKEN),
        introspect: format!("{base}{}", oauth::INTROSPECT),
        revoke: format!("{base}{}", oauth::REVOKE),
    };
    answer::json(&capability_statement(base, env!("CARGO_PKG_VERSION"), Some(&oauth)))
}
