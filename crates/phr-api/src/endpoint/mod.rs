//! One file per endpoint: what it takes, what it answers, its documentation and its handler.

pub mod apps;
pub mod auth;
pub mod health;
pub mod integrations;
pub mod probes;
pub mod sync;
pub mod webhooks;

use axum::http::StatusCode;
use tracing::Instrument;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{error::ApiError, state::ApiState};

/// Routes that need no sign-in.
pub(crate) fn anonymous() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(auth::register::register))
        .routes(routes!(auth::login::login))
        .routes(routes!(auth::refresh::refresh))
}

/// Routes of a signed-in person.
pub(crate) fn signed_in() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(auth::logout::logout))
        .routes(routes!(auth::logout::logout_all))
        .routes(routes!(auth::me::me))
        .routes(routes!(auth::password::change_password))
        .routes(routes!(auth::sessions::list_sessions))
        .routes(routes!(auth::sessions::end_session))
        .routes(routes!(apps::list_apps))
        .routes(routes!(apps::end_app))
        .routes(routes!(integrations::vendors::list_vendors))
        .routes(routes!(integrations::select::select_vendor))
        .routes(routes!(integrations::disconnect::disconnect_vendor))
        .routes(routes!(integrations::authorize::authorize_fitbit))
        .routes(routes!(integrations::authorize_url::link_fitbit))
        .routes(routes!(integrations::status::show_status))
        .routes(routes!(health::sync::request_sync))
        .routes(routes!(health::sync_runs::list_runs))
        .routes(routes!(sync::status::show_sync_status))
        .routes(routes!(sync::request::request_vendor_sync))
        .routes(routes!(health::backfill::request_backfill, health::backfill::show_backfill))
        .routes(routes!(health::backfill::pause_backfill))
        .routes(routes!(health::backfill::resume_backfill))
        .routes(routes!(health::backfill::cancel_backfill))
        .routes(routes!(health::observations::list_observations))
        .routes(routes!(health::changes::list_changes))
        .routes(routes!(health::changes_stream::stream_changes))
        .routes(routes!(health::samples::list_samples))
        .routes(routes!(health::summary::summarise))
        .routes(routes!(health::coverage::show_coverage))
        .routes(routes!(health::delivery::show_delivery))
}

/// Routes on which a person waits for the vendor.
pub(crate) fn waiting() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(health::sync_now::sync_now))
}

/// Routes that vendors call.
pub(crate) fn called_by_vendors() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(webhooks::hear_fitbit, webhooks::verify_fitbit))
}

/// Routes for whoever watches over the process.
pub(crate) fn probes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(probes::livez)).routes(routes!(probes::readyz))
}

/// Runs what writes to its end, even if the client hangs up: a handler's future is dropped then,
/// and half a use case must not remain.
pub(crate) async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::spawn(work.in_current_span()).await;
    done.unwrap_or(Err(ApiError::Internal("a use case panicked")))
}

/// For answers without a body.
pub(crate) const DONE: StatusCode = StatusCode::NO_CONTENT;
