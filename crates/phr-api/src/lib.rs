//! The REST contract, accounts and OpenAPI.
//!
//! A request passes the layers ([`layer`]), is read strictly ([`input`]), proves who it is from
//! ([`auth::SignedIn`]), and calls one use case. What fails becomes a problem document
//! ([`problem`]) in one place.

mod answers;
pub mod auth;
pub mod cursor;
pub mod endpoint;
pub mod error;
pub mod fhir;
pub mod input;
pub mod layer;
pub mod limit;
pub mod oauth;
pub mod openapi;
pub mod problem;
pub mod scrape;
pub mod settings;
pub mod state;
pub mod streams;
mod webhooks;

use axum::{Json, Router, middleware, response::Redirect, routing::get};
use utoipa_axum::router::OpenApiRouter;

pub use settings::{
    Lifetimes, Network, RateLimits, Registration, Settings, SettingsError, SigningKey, SigningKeys,
};
pub use state::ApiState;
pub use streams::{StreamLimits, Streams};
pub use webhooks::WebhookCounts;

/// The whole server: the API, `extra` (the pages, with their state), the document and all layers.
pub fn router(state: &ApiState, extra: OpenApiRouter) -> Router {
    let (api, document) = routes(state, extra);
    let (webhooks, heard) = webhook_routes(state);
    let document = document.merge_from(heard);
    let all = if state.settings.docs { with_docs(api, document) } else { api };
    layer::stack::wrap(all, webhooks, state)
}

/// The probes and `extra`, for a process that serves nobody, with the same layers.
pub fn probes(state: &ApiState, extra: Router) -> Router {
    let (probes, _) = endpoint::probes().with_state(state.clone()).split_for_parts();
    layer::stack::wrap(probes.merge(extra), Router::new(), state)
}

/// The OpenAPI document of [`router`].
pub fn document(state: &ApiState, extra: OpenApiRouter) -> utoipa::openapi::OpenApi {
    routes(state, extra).1.merge_from(webhook_routes(state).1)
}

/// What vendors call: apart from the rest, because it has its own limits and no CORS.
fn webhook_routes(state: &ApiState) -> (Router, utoipa::openapi::OpenApi) {
    use layer::stack::{PATIENCE, patience};
    let limit = middleware::from_fn_with_state(state.clone(), layer::address::limit_senders);
    OpenApiRouter::new()
        .merge(endpoint::called_by_vendors().with_state(state.clone()))
        .route_layer(limit)
        .route_layer(patience(PATIENCE))
        .split_for_parts()
}

fn routes(state: &ApiState, extra: OpenApiRouter) -> (Router, utoipa::openapi::OpenApi) {
    use layer::stack::{PATIENCE, SYNC_PATIENCE, patience};
    let strangers = middleware::from_fn_with_state(state.clone(), layer::address::limit_strangers);
    let public = endpoint::anonymous().merge(fhir::anonymous()).merge(oauth::routes());
    let public = public.with_state(state.clone()).merge(extra);
    let (router, document) = OpenApiRouter::with_openapi(openapi::base(&state.settings))
        .merge(endpoint::signed_in().merge(fhir::signed_in()).route_layer(patience(PATIENCE)))
        .merge(endpoint::waiting().route_layer(patience(SYNC_PATIENCE)))
        .merge(endpoint::probes().route_layer(patience(PATIENCE)))
        .with_state(state.clone())
        .merge(public.route_layer(strangers).route_layer(patience(PATIENCE)))
        .split_for_parts();
    (router, openapi::completed(document))
}

/// `/openapi.json` and Swagger UI at `/docs`, from this program alone: no other host is asked.
fn with_docs(router: Router, document: utoipa::openapi::OpenApi) -> Router {
    let config = utoipa_swagger_ui::Config::from("/openapi.json");
    let swagger: Router = utoipa_swagger_ui::SwaggerUi::new("/docs").config(config).into();
    router
        .merge(swagger.route_layer(openapi::docs_policy()))
        .route("/", get(|| async { Redirect::to("/docs") }))
        .route("/openapi.json", get(move || async { Json(document) }))
}
