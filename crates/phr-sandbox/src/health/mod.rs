//! Health.
use crate::world::World;
use axum::Router;
pub(crate) fn router() -> Router<World> {
    Router::new()
}
