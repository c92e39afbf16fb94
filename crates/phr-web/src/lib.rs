//! Pages for people: connecting a vendor.

use phr_sync::Connector;
use utoipa_axum::router::OpenApiRouter;

/// The pages, with their state.
pub fn router(_connector: Connector) -> OpenApiRouter {
    OpenApiRouter::new()
}
