//! `GET /integrations/fitbit/status`

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use phr_model::FITBIT;
use phr_store::connection::{Connection, ConnectionState};
use phr_vendors::Vendor;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::SignedIn,
    error::ApiError,
    input::{Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// One permission that is asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Permission {
    /// What it lets us read, for people.
    pub reads: &'static str,
    /// The metrics that need it.
    pub metrics: Vec<&'static str>,
    /// Whether it was given.
    pub granted: bool,
}

/// The state of one's connection.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({
    "vendor": "fitbit",
    "connected": true,
    "status": "active",
    "integration_id": 1,
    "permissions": [
        {"reads": "Activity", "metrics": ["steps", "distance", "calories"], "granted": true},
        {"reads": "Weight", "metrics": ["body_weight"], "granted": false}
    ],
    "zone": "Europe/Zurich",
    "connected_at": "2026-11-20T08:15:00Z",
    "reconnect_by": null,
    "last_sync_at": "2026-11-22T07:40:12Z",
    "last_complete_at": "2026-11-22T07:40:12Z",
    "last_error": null,
    "next_sync_at": "2026-11-22T08:41:03Z"
}))]
pub struct ConnectionStatus {
    /// The vendor's name.
    pub vendor: &'static str,
    /// Whether readings arrive.
    pub connected: bool,
    /// `not_selected`, `selected`, `active`, `reconnect_needed` or `disconnected`.
    pub status: &'static str,
    /// The number of the integration; null before the vendor was chosen.
    pub integration_id: Option<i64>,
    /// What was asked for and what was given. Missing ones can be given by connecting again.
    pub permissions: Vec<Permission>,
    /// IANA name of the time zone set at the vendor.
    pub zone: Option<String>,
    /// When consent was given last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub connected_at: Option<Timestamp>,
    /// When the permission will end by itself, if it will.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reconnect_by: Option<Timestamp>,
    /// When a sync last ended, however.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_sync_at: Option<Timestamp>,
    /// When a sync last found everything complete.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_complete_at: Option<Timestamp>,
    /// Why the last sync failed, as a stable code; null after a success.
    pub last_error: Option<String>,
    /// When the next sync is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_sync_at: Option<Timestamp>,
}

impl ConnectionStatus {
    fn of(connection: Connection, vendor: Option<&Arc<dyn Vendor>>) -> Self {
        let connected = connection.state == ConnectionState::Active;
        let permissions = vendor.map_or_else(Vec::new, |vendor| {
            permissions(&**vendor, if connected { &connection.scopes } else { &[] })
        });
        Self {
            vendor: FITBIT,
            connected,
            status: connection.state.key(),
            integration_id: Some(connection.number),
            permissions,
            zone: connection.zone,
            connected_at: connection.connected_at,
            reconnect_by: connection.reconnect_by,
            last_sync_at: connection.last_run_at,
            last_complete_at: connection.last_complete_at,
            last_error: connection.last_error,
            next_sync_at: connection.due_at.filter(|_| connected),
        }
    }

    fn not_selected() -> Self {
        Self { vendor: FITBIT, status: "not_selected", ..Self::default() }
    }
}

fn permissions(vendor: &dyn Vendor, granted: &[String]) -> Vec<Permission> {
    let permission = |scope: &phr_vendors::ScopeFacts| Permission {
        reads: scope.reads,
        metrics: scope.metrics.iter().map(|metric| metric.key()).collect(),
        granted: granted.iter().any(|name| name == scope.scope),
    };
    vendor.scopes().iter().map(permission).collect()
}

/// The state of one's connection
#[utoipa::path(
    get,
    path = "/integrations/fitbit/status",
    tag = "integrations",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The state", body = ConnectionStatus),
        (status = 401, description = "No valid access token", body = ProblemDocument,
            content_type = "application/problem+json"),
    )
)]
pub async fn show_status(
    person: SignedIn,
    State(state): State<ApiState>,
    Query(Nothing): Query<Nothing>,
) -> Result<Json<ConnectionStatus>, ApiError> {
    let connection = state.store.connection_of(person.id(), FITBIT).await?;
    let vendor = state.connector.vendors.get(FITBIT);
    Ok(Json(connection.map_or_else(ConnectionStatus::not_selected, |connection| {
        ConnectionStatus::of(connection, vendor.as_ref())
    })))
}
