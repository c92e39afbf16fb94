//! The Google Health API v4: `/v4/users/me/...`.

mod admit;
mod body;
mod daily_rollup;
mod filter;
mod lexer;
mod list;
mod output;
mod page;
mod query;
mod rollup;
mod route;
mod session;
mod user;
mod write;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use crate::data_type::Operation;
use crate::errors::{ApiResult, unknown_path};
use crate::person::Person;
use crate::world::World;
use admit::Admitted;
use query::Query;
use route::{Resource, Route};

/// Google refuses larger request bodies too; ours are a few hundred bytes.
const LARGEST_BODY: usize = 1 << 20;

pub(crate) fn router() -> Router<World> {
    Router::new().route("/v4/{*path}", any(handle))
}

/// A request whose path is known.
pub(crate) struct Call {
    route: Route,
    query: Query,
    body: Vec<u8>,
}

async fn handle(State(world): State<World>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Some(route) = Route::find(&parts.method, parts.uri.path()) else {
        world.count_request("unknown path", 404);
        return unknown_path();
    };
    let endpoint = route.endpoint();
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.unwrap_or_default().to_vec();
    let query = Query::read(parts.uri.query().unwrap_or_default());
    let call = Call { route, query, body };
    let response = match admit::admit(&world, &parts.headers, parts.uri.path(), &call).await {
        Err(refusal) => refusal,
        Ok(admitted) => serve(&world, &call, admitted).await,
    };
    world.count_request(&endpoint, response.status().as_u16());
    response
}

async fn serve(world: &World, call: &Call, admitted: Admitted) -> Response {
    let answer = world
        .person_at(admitted.access.person)
        .ok_or_else(crate::errors::ApiError::not_found)
        .and_then(|person| answer(world, person, call, &admitted));
    match answer {
        Ok(text) => {
            let text = output::shaped(&text, &call.query);
            admitted.deliver(crate::errors::json_text(200, text)).await
        }
        Err(error) => error.into_response(),
    }
}

fn answer(world: &World, person: &Person, call: &Call, admitted: &Admitted) -> ApiResult<String> {
    call.query.check(call.route.resource.parameters())?;
    call.route.check_user(world)?;
    admit::check_account(world, person)?;
    match &call.route.resource {
        Resource::Identity => Ok(user::identity(person)),
        Resource::Profile => Ok(user::profile(person)),
        Resource::Settings => Ok(user::settings(world, person)),
        Resource::Devices(None) => user::devices(world, person, &call.query),
        Resource::Devices(Some(id)) => user::device(world, person, id),
        Resource::Points { operation, id, .. } => {
            let data_type = call.route.data_type()?;
            admit::check_operation(data_type, *operation)?;
            admit::check_scope(&admitted.access, data_type)?;
            let mut family = list::family(&call.query)?;
            if !admitted.access.scopes.reads(data_type.scope_family()) {
                family = crate::point::Family::SelfSources;
            }
            match operation {
                Operation::List | Operation::Reconcile => {
                    list::list(world, person, call, (data_type, *operation, family), admitted)
                }
                Operation::RollUp => rollup::roll_up(world, person, data_type, &call.body),
                Operation::DailyRollUp => {
                    daily_rollup::daily_roll_up(world, person, data_type, &call.body)
                }
                Operation::Get => list::get(world, person, data_type, id.as_deref()),
            }
        }
    }
}
