//! `/fhir`: the person's record for any FHIR R4 client. Reading only, JSON only.
//!
//! A request comes in through [`access::Access`], is read into a search of the store
//! ([`search::Asked`]) and answered as a Bundle. Every failure is an OperationOutcome, which the
//! layer [`crate::layer::finish`] writes.

mod access;
mod answer;
mod dates;
pub mod device;
pub mod documents;
pub mod everything;
pub mod export;
pub mod history;
pub mod lastn;
pub mod metadata;
pub mod observation;
mod page;
mod params;
pub mod patient;
pub mod provenance;
pub mod scopes;
mod search;
mod single;
pub mod smart;
mod tokens;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use answer::FHIR_JSON;

use crate::state::ApiState;

/// Where all of it lives.
pub(crate) const PREFIX: &str = "/fhir";

/// Routes that need no sign-in.
pub(crate) fn anonymous() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(metadata::show_capabilities))
        .routes(routes!(smart::show_smart_configuration))
}

/// Routes of a signed-in person.
pub(crate) fn signed_in() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(observation::search_observations))
        .routes(routes!(observation::search_observations_by_form))
        .routes(routes!(lastn::last_observations))
        .routes(routes!(observation::read_observation))
        .routes(routes!(history::observation_history))
        .routes(routes!(history::read_observation_version))
        .routes(routes!(patient::search_patients))
        .routes(routes!(patient::read_patient))
        .routes(routes!(everything::everything))
        .routes(routes!(device::search_devices))
        .routes(routes!(device::read_device))
        .routes(routes!(provenance::search_provenance))
        .routes(routes!(provenance::read_provenance))
        .routes(routes!(export::begin_export))
        .routes(routes!(export::show_export, export::delete_export))
        .routes(routes!(export::download_export))
}
