//! `GET /integrations/fitbit/status`

use axum::{Json, extract::State};
use jiff::Timestamp;
use phr_model::FITBIT;
use phr_store::connection::{Connection, ConnectionState};
use phr_sync::{Diagnosis, KnownDevices, connect::missing_scopes};
use phr_vendors::{Battery, Device, Vendor};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::SignedIn,
    endpoint::sync::doctor::DoctorEntry,
    error::ApiError,
    input::{Nothing, Query},
    problem::ProblemDocument,
    state::ApiState,
};

/// One permission that is asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Permission {
    /// What it lets us read, for people.
    pub reads: String,
    /// The metrics that need it.
    pub metrics: Vec<&'static str>,
    /// Whether it was given.
    pub granted: bool,
}

/// The state of one's connection.
#[derive(Debug, Serialize, ToSchema)]
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
    "next_sync_at": "2026-11-22T08:41:03Z",
    "granted_scopes": ["https://www.googleapis.com/auth/googlehealth.activity_and_fitness.readonly"],
    "missing_scopes": ["https://www.googleapis.com/auth/googlehealth.health_metrics_and_measurements.readonly"],
    "metrics_not_permitted": ["heart_rate", "spo2", "body_weight", "resting_heart_rate"],
    "devices": [{
        "type": "tracker", "name": "Charge 6", "battery": "high", "battery_percent": 86,
        "last_sync_at": "2026-11-22T07:30:00Z"
    }],
    "devices_read_at": "2026-11-22T07:40:10Z",
    "doctor": {
        "verdict": "attention",
        "cause": "A permission was not ticked, so the readings that need it are not fetched.",
        "who_must_act": "person",
        "what_to_do": "Connect again and tick \u{201c}Weight\u{201d}.",
        "since": "2026-11-20T08:15:00Z",
        "detail_code": "scope_missing"
    }
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
    /// Scopes that were granted, as the vendor spells them.
    pub granted_scopes: Vec<String>,
    /// Scopes that were asked for and not granted.
    pub missing_scopes: Vec<&'static str>,
    /// Metrics that are not read for want of a scope.
    pub metrics_not_permitted: Vec<&'static str>,
    /// Trackers and scales paired with the vendor's account, as the vendor said a few hours ago.
    pub devices: Vec<DeviceEntry>,
    /// When the vendor was asked for the devices.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub devices_read_at: Option<Timestamp>,
    /// What the connection lacks, who must act, and what to do.
    pub doctor: DoctorEntry,
}

/// A device of the person's.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceEntry {
    /// `tracker`, `scale` or `other`.
    pub r#type: &'static str,
    /// The product's name.
    pub name: Option<String>,
    /// `high`, `medium`, `low` or `empty`.
    pub battery: Option<&'static str>,
    /// The same in percent.
    pub battery_percent: Option<u8>,
    /// When the vendor last received anything from it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_sync_at: Option<Timestamp>,
}

impl From<Device> for DeviceEntry {
    fn from(device: Device) -> Self {
        Self {
            r#type: device.kind.key(),
            name: device.name,
            battery: device.battery.map(Battery::key),
            battery_percent: device.battery_percent,
            last_sync_at: device.last_sync_at,
        }
    }
}

impl ConnectionStatus {
    fn of(connection: Connection, vendor: Option<&dyn Vendor>, doctor: DoctorEntry) -> Self {
        let connected = connection.state == ConnectionState::Active;
        let known = KnownDevices::of(&connection);
        let granted = if connected { connection.scopes } else { Vec::new() };
        let scopes = vendor.map_or_else(Vec::new, |vendor| missing_scopes(vendor, &granted));
        let metrics =
            scopes.iter().flat_map(|scope| scope.metrics.iter()).map(|metric| metric.key());
        Self {
            vendor: FITBIT,
            connected,
            status: connection.state.key(),
            integration_id: Some(connection.number),
            permissions: vendor.map_or_else(Vec::new, |vendor| permissions(vendor, &granted)),
            zone: connection.zone,
            connected_at: connection.connected_at,
            reconnect_by: connection.reconnect_by,
            last_sync_at: connection.last_run_at,
            last_complete_at: connection.last_complete_at,
            last_error: connection.last_error,
            next_sync_at: connection.due_at.filter(|_| connected),
            metrics_not_permitted: metrics.collect(),
            missing_scopes: scopes.iter().map(|scope| scope.scope).collect(),
            granted_scopes: granted,
            devices_read_at: known.as_ref().map(|known| known.asked_at),
            devices: known
                .map_or_else(Vec::new, |known| known.devices.into_iter().map(Into::into).collect()),
            doctor,
        }
    }

    fn not_selected() -> Self {
        Self {
            vendor: FITBIT,
            connected: false,
            status: "not_selected",
            integration_id: None,
            permissions: Vec::new(),
            zone: None,
            connected_at: None,
            reconnect_by: None,
            last_sync_at: None,
            last_complete_at: None,
            last_error: None,
            next_sync_at: None,
            granted_scopes: Vec::new(),
            missing_scopes: Vec::new(),
            metrics_not_permitted: Vec::new(),
            devices: Vec::new(),
            devices_read_at: None,
            doctor: Diagnosis::not_selected().into(),
        }
    }
}

fn permissions(vendor: &dyn Vendor, granted: &[String]) -> Vec<Permission> {
    let permission = |scope: &phr_vendors::ScopeFacts| Permission {
        reads: scope.reads.to_string(),
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
        let doctor = state.sync.diagnose(&connection).into();
        ConnectionStatus::of(connection, vendor.as_deref(), doctor)
    })))
}
