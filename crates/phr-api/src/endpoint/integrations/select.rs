//! `POST /integrations/vendors/select`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::SignedIn,
    endpoint::{detached, integrations::vendor},
    error::ApiError,
    input::{Body, Fields, Input, Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// Which vendor.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"vendor": "fitbit"}))]
pub struct VendorRequest {
    /// The vendor's name, as `GET /integrations/vendors` lists it.
    #[schema(value_type = String)]
    pub vendor: &'static str,
}

impl Input for VendorRequest {
    const NAMES: &'static [&'static str] = &["vendor"];

    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { vendor: vendor(fields)? })
    }
}

/// The vendor is chosen.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "message": "Successfully selected fitbit integration",
    "vendor": "fitbit",
    "integration_id": 1
}))]
pub struct Selected {
    /// For people.
    pub message: String,
    /// The vendor's name.
    pub vendor: String,
    /// The number of this person's integration. Choosing again gives the same one.
    pub integration_id: i64,
}

/// Choose a vendor
#[utoipa::path(
    post,
    path = "/integrations/vendors/select",
    tag = "integrations",
    security(("bearer" = [])),
    request_body = VendorRequest,
    responses(
        (status = 200, description = "Chosen", body = Selected),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
        (status = 422, description = "Unknown vendor", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn select_vendor(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
    Body(request): Body<VendorRequest>,
) -> Result<Json<Selected>, ApiError> {
    let selected = detached(async move {
        let now = state.clock.now();
        Ok(state.store.select_vendor(person.id(), request.vendor, now).await?)
    })
    .await?;
    Ok(Json(Selected {
        message: format!("Successfully selected {} integration", selected.vendor),
        vendor: selected.vendor,
        integration_id: selected.number,
    }))
}
