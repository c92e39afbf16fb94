//! `GET /integrations/vendors`

use axum::{Json, extract::State};
use phr_vendors::registry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::SignedIn,
    error::ApiError,
    input::{Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// One vendor as the signed-in person sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct VendorEntry {
    /// Its name in this API.
    pub vendor: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Whether the operator has set it up.
    pub configured: bool,
    /// `not_selected`, `selected`, `active`, `reconnect_needed` or `disconnected`.
    pub status: &'static str,
    /// The number of this person's integration; null before it was chosen.
    pub integration_id: Option<i64>,
    /// What is read, for people.
    pub reads: Vec<String>,
}

/// The vendors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"vendors": [{
    "vendor": "fitbit",
    "title": "Fitbit (Google Health)",
    "configured": true,
    "status": "active",
    "integration_id": 1,
    "reads": ["Activity", "Heart rate", "Weight"]
}]}))]
pub struct Vendors {
    /// Every vendor there is.
    pub vendors: Vec<VendorEntry>,
}

/// List vendors with the state of one's own connections
#[utoipa::path(
    get,
    path = "/integrations/vendors",
    tag = "integrations",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The vendors", body = Vendors),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn list_vendors(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<Vendors>, ApiError> {
    let connections = state.store.connections_of(person.id()).await?;
    let entry = |name: &&'static str| {
        let name = *name;
        let connection = connections.iter().find(|connection| connection.vendor == name);
        let vendor = state.connector.vendors.get(name);
        VendorEntry {
            vendor: name,
            title: vendor.as_ref().map_or(name, |vendor| vendor.title()),
            configured: vendor.is_some(),
            status: connection.map_or("not_selected", |connection| connection.state.key()),
            integration_id: connection.map(|connection| connection.number),
            reads: vendor.map_or_else(Vec::new, |vendor| {
                vendor.scopes().iter().map(|scope| scope.reads.to_string()).collect()
            }),
        }
    };
    Ok(Json(Vendors { vendors: registry::Vendors::known().iter().map(entry).collect() }))
}
