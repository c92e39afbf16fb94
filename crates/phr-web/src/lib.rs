//! Pages for people: connecting a vendor, letting an app in. No script, nothing from other hosts,
//! readable on a phone.

mod callback;
mod confirm;
mod connected;
pub mod consent;
mod cookie;
mod link;
mod origin;
mod page;
mod result;
mod style;

use axum::routing::get;
pub use origin::is_own;
use phr_sync::Connector;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The pages, with their state.
pub fn router(connector: Connector) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(link::show_link, link::follow_link))
        .routes(routes!(confirm::confirm))
        .routes(routes!(callback::callback))
        .routes(routes!(connected::show_result))
        .route(style::PATH, get(style::style))
        .with_state(connector)
}
