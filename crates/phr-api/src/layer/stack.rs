//! The layers in their order, outermost first: finish, CORS, panics, load, time, size.

use std::{any::Any, time::Duration};

use axum::{
    BoxError, Router,
    error_handling::HandleErrorLayer,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
};
use tower::{ServiceBuilder, limit::GlobalConcurrencyLimitLayer, load_shed::LoadShedLayer};
use tower_http::{
    catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::TimeoutLayer,
};

use super::{cors, finish, head};
use crate::{problem::Problem, state::ApiState};

/// Largest request body (IN-01).
const LARGEST_BODY: usize = 256 * 1024;

/// Webhooks in work at once, apart from people's requests: neither crowds out the other.
const MOST_WEBHOOKS_AT_ONCE: usize = 64;

/// Requests in work at once; more are told to come back (DS-02).
const MOST_AT_ONCE: usize = 512;

/// How long a handler may take to begin its answer (DS-01).
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How long a person may wait for an immediate sync.
pub(crate) const SYNC_PATIENCE: Duration = Duration::from_mins(5);

/// A handler's answer must begin within `patience`.
pub(crate) fn patience(patience: Duration) -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, patience)
}

/// Wraps the finished routes. Webhooks bring their own body limit and know no CORS.
pub(crate) fn wrap(router: Router, webhooks: Router, state: &ApiState) -> Router {
    let router = guarded(router.layer(RequestBodyLimitLayer::new(LARGEST_BODY)), MOST_AT_ONCE);
    let router = match cors::layer(&state.settings.cors_origins) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    // The fallback for unknown addresses is that of the second.
    guarded(webhooks, MOST_WEBHOOKS_AT_ONCE)
        .merge(router)
        .layer(middleware::from_fn_with_state(state.clone(), finish::finish))
}

/// Within limits of headers and load, and safe from panics.
fn guarded(router: Router, most_at_once: usize) -> Router {
    let load = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(shed))
        .layer(LoadShedLayer::new())
        .layer(GlobalConcurrencyLimitLayer::new(most_at_once));
    router
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(head::limit))
        .layer(load)
        .layer(CatchPanicLayer::custom(panicked))
}

async fn shed(_error: BoxError) -> Response {
    Problem::of_status(StatusCode::SERVICE_UNAVAILABLE).into_response()
}

/// The panic's message may hold anything, so it is neither logged nor told.
fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}
