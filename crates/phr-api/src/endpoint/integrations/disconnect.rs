//! `POST /integrations/vendors/disconnect`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::select::VendorRequest;
use crate::{
    auth::SignedIn,
    endpoint::detached,
    error::ApiError,
    input::{Body, Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// The vendor is disconnected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "message": "Disconnected fitbit. What was read so far is kept.",
    "vendor": "fitbit",
    "status": "disconnected"
}))]
pub struct Disconnected {
    /// For people.
    pub message: String,
    /// The vendor's name.
    pub vendor: &'static str,
    /// Always `disconnected`.
    pub status: &'static str,
}

/// Disconnect a vendor
///
/// Tokens are wiped at once, syncing stops, and the permission is withdrawn at the vendor (later, if
/// the vendor cannot be reached now). What was read so far is kept. Disconnecting what is not
/// connected is no mistake.
#[utoipa::path(
    post,
    path = "/integrations/vendors/disconnect",
    tag = "integrations",
    security(("bearer" = [])),
    request_body = VendorRequest,
    responses(
        (status = 200, description = "Disconnected", body = Disconnected),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 422, description = "Unknown vendor", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn disconnect_vendor(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
    Body(request): Body<VendorRequest>,
) -> Result<Json<Disconnected>, ApiError> {
    let vendor = request.vendor;
    detached(async move { Ok(state.connector.disconnect(person.id(), vendor).await?) }).await?;
    Ok(Json(Disconnected {
        message: format!("Disconnected {vendor}. What was read so far is kept."),
        vendor,
        status: "disconnected",
    }))
}
