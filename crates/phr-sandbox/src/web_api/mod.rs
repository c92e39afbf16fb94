//! The legacy Fitbit Web API, switched off on 2 November 2026: `/1/user/-/...`, OAuth and
//! subscriptions. Same people, same truth as Google Health beside it.
//!
//! All times are what the person's wall clock showed, without offset.

mod admit;
mod answer;
mod body;
mod control;
mod dates;
mod errors;
mod faults;
mod grid;
mod heart;
mod mood;
mod nightly;
mod oauth;
mod pages;
mod profile;
mod quota;
mod route;
mod series;
mod sleep;
mod spo2;
mod subscriptions;
mod summary;
mod units;
mod workouts;

use std::collections::HashSet;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tower_http::compression::CompressionLayer;

pub use mood::{
    Application, Emptiness, Grace, Intraday, RepeatedHour, Retired, RetryAfter, WebApiMood,
};
pub use subscriptions::SubscriberError;

use crate::errors::{cut, json_text};
use crate::faults::FaultKind;
use crate::world::World;
use admit::Admitted;
use answer::{Answer, distorted};
use dates::Hours;
use errors::{Outcome, Refusal};
use oauth::Grants;
use pages::Page;
use quota::HourlyQuota;
use route::{Resource, Route};
use subscriptions::Subscriptions;
use units::Units;

/// Everything about this API that changes.
pub(crate) struct WebApi {
    mood: WebApiMood,
    grants: Grants,
    quota: HourlyQuota,
    subscriptions: Subscriptions,
    /// Further pages of lists that clients were told of.
    links: HashSet<Page>,
}

impl WebApi {
    pub(crate) fn new(seed: u64, mood: WebApiMood) -> Self {
        let (quota, subscriptions) = (HourlyQuota::default(), Subscriptions::default());
        Self { mood, grants: Grants::new(seed), quota, subscriptions, links: HashSet::new() }
    }
}

pub(crate) fn router() -> Router<World> {
    // Compressed for those who accept it.
    let data = Router::new()
        .route("/1/{*path}", any(handle))
        .route("/1.1/{*path}", any(handle))
        .route("/1.2/{*path}", any(handle))
        .layer(CompressionLayer::new());
    Router::new().merge(oauth::router()).merge(control::router()).merge(data)
}

async fn handle(
    State(world): State<World>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let route = Route::find(uri.path());
    let endpoint = route.map_or("unknown path", |route| route.resource.endpoint());
    let retired = world.web_api().mood.retired;
    let response = match (retired, &route) {
        (Some(form), _) => errors::gone(form),
        (None, None) => Refusal::not_found().into_response(),
        (None, Some(route)) => match admit::admit(&world, &headers, uri.path(), route).await {
            Err(refusal) => refusal,
            Ok(admitted) => {
                let allowance = admitted.allowance;
                let response = serve(&world, &method, &uri, &headers, route, admitted).await;
                admit::told(&world, allowance, response)
            }
        },
    };
    world.count_request(&format!("web-api {endpoint}"), response.status().as_u16());
    response
}

async fn serve(
    world: &World,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    route: &Route<'_>,
    admitted: Admitted<'_>,
) -> Response {
    let suffers = |kind| admitted.faults.iter().any(|fault| fault.kind == kind);
    let response = match route.resource {
        Resource::Subscription { collection, id } => {
            let place = (admitted.person, collection, id);
            subscriptions::change(world, method, headers, place)
        }
        _ if method != Method::GET => Refusal::insufficient_permissions().into_response(),
        Resource::Subscriptions { collection } => {
            subscriptions::list(world, admitted.person, collection)
        }
        resource => {
            let foreign = suffers(FaultKind::WrongUnits);
            let units = if foreign { Units::Us } else { Units::asked(headers) };
            match answer(world, &admitted, resource, (uri.path(), uri.query()), units) {
                Ok(answer) => said(world, &admitted, resource, answer),
                Err(refusal) => refusal.into_response(),
            }
        }
    };
    if suffers(FaultKind::CutBody) { cut(response).await } else { response }
}

/// A good answer as it leaves.
fn said(
    world: &World,
    admitted: &Admitted<'_>,
    resource: Resource<'_>,
    answer: Answer,
) -> Response {
    let emptiness = world.web_api().mood.emptiness(resource.endpoint());
    let text = answer.dressed(emptiness);
    let text = admitted.faults.iter().fold(text, |text, fault| distorted(text, fault.kind));
    json_text(200, text)
}

fn answer(
    world: &World,
    admitted: &Admitted<'_>,
    resource: Resource<'_>,
    (path, query): (&str, Option<&str>),
    units: Units,
) -> Outcome<Answer> {
    let query = query.unwrap_or_default();
    let hours = Hours::asked(query);
    let person = admitted.person;
    let scopes = &admitted.access.scopes;
    match resource {
        Resource::Heart(dates) => heart::daily(world, person, dates, hours),
        Resource::HeartIntraday(window) => heart::intraday(world, person, window),
        Resource::Saturation(dates) => spo2::daily(world, person, dates),
        Resource::SaturationMinutes(dates) => spo2::minutes(world, person, dates),
        Resource::WeightLog(dates) => body::weights(world, person, dates, units),
        Resource::FatLog(dates) => body::fat(world, person, dates),
        Resource::Body(body, dates) => body::series(world, person, body, dates, units),
        Resource::Series { series, tracker, dates } => {
            series::daily(world, person, (series, tracker), (dates, hours), units)
        }
        Resource::SeriesIntraday(series, window) => {
            series::intraday(world, person, series, window, units)
        }
        Resource::Day(date) => summary::day(world, person, date, units, scopes),
        Resource::ActivityLog => workouts::list(world, person, (path, query), units),
        Resource::ZoneMinutes(dates) => heart::zone_minutes(world, person, dates),
        Resource::Sleep(dates) => sleep::by_date(world, person, dates),
        Resource::SleepLog => sleep::list(world, person, path, query),
        Resource::Nightly { nightly, all, dates } => {
            nightly::nights(world, person, (nightly, all), dates)
        }
        Resource::Profile => Ok(profile::profile(world, person, units)),
        Resource::Devices => Ok(profile::devices(world, person)),
        // Answered before.
        Resource::Subscription { .. } | Resource::Subscriptions { .. } => Err(Refusal::not_found()),
    }
}
