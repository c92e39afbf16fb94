//! What stands before a request: faults, the token, the quota, scopes, the approval for intraday.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::errors::{Outcome, Refusal};
use super::faults::befall;
use super::mood::{Intraday, RetryAfter};
use super::oauth::scopes::described;
use super::oauth::{Access, Standing};
use super::quota::Allowance;
use super::route::{Resource, Route};
use crate::errors::bearer;
use crate::faults::{Fault, Occasion};
use crate::person::Person;
use crate::world::World;

/// A request that may proceed, and what its answer tells about the quota.
pub(super) struct Admitted<'w> {
    pub(super) person: &'w Person,
    pub(super) access: Access,
    pub(super) faults: Vec<Fault>,
    pub(super) allowance: Option<Allowance>,
}

/// Lets a request through, or answers in its place.
pub(super) async fn admit<'w>(
    world: &'w World,
    headers: &HeaderMap,
    path: &str,
    route: &Route<'_>,
) -> Result<Admitted<'w>, Response> {
    let token = bearer(headers);
    let standing = token.map(|token| {
        let now = world.clock().now();
        world.web_api().grants.present(token, now)
    });
    let access = match &standing {
        Some(Standing::Live(access)) => Some(access.clone()),
        _ => None,
    };
    let person = access.as_ref().and_then(|access| world.person_at(access.person));
    let faults = world.befalling(&Occasion {
        path,
        data_type: route.resource.data_type(),
        person: person.map(|person| person.summary.email.as_str()),
    });
    // The front end counts before anything can go wrong behind it.
    let allowance = person.and_then(|person| count(world, person));
    for fault in &faults {
        let index = person.map(|person| person.index);
        if let Some(response) = befall(world, fault, token.unwrap_or_default(), index).await {
            return Err(told(world, allowance, response));
        }
    }
    let (Some(access), Some(person)) = (access, person) else {
        return Err(unauthorized(standing.as_ref(), headers, token).into_response());
    };
    if let Some(refused) = allowance.filter(|allowance| !allowance.granted) {
        return Err(told(world, allowance, limited(world, refused)));
    }
    match check(world, person, &access, route) {
        Ok(()) => Ok(Admitted { person, access, faults, allowance }),
        Err(refusal) => Err(told(world, allowance, refusal.into_response())),
    }
}

fn count(world: &World, person: &Person) -> Option<Allowance> {
    let now = world.clock().now();
    let mut state = world.web_api();
    let limit = state.mood.quota_per_hour;
    state.quota.take(person.index, limit, now, std::time::Instant::now())
}

/// Adds the headers of the quota.
pub(super) fn told(
    world: &World,
    allowance: Option<Allowance>,
    mut response: Response,
) -> Response {
    if let Some(allowance) = allowance {
        let lag = world.web_api().mood.remaining_lag;
        allowance.tell(lag, response.headers_mut());
    }
    response
}

fn unauthorized(standing: Option<&Standing>, headers: &HeaderMap, token: Option<&str>) -> Refusal {
    let token = token.unwrap_or_default();
    match standing {
        Some(Standing::Expired) => Refusal::expired_token(token),
        Some(_) => Refusal::invalid_token(token),
        None => match headers.get(header::AUTHORIZATION) {
            Some(value) => Refusal::invalid_client(value.to_str().unwrap_or_default()),
            None => Refusal::unauthorized(),
        },
    }
}

fn limited(world: &World, allowance: Allowance) -> Response {
    let mut response = Refusal::too_many().into_response();
    let seconds = match world.web_api().mood.retry_after {
        RetryAfter::Absent => return response,
        RetryAfter::Right => allowance.reset,
        RetryAfter::Wrong => 1,
    };
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn check(world: &World, person: &Person, access: &Access, route: &Route<'_>) -> Outcome<()> {
    if route.user != "-" && route.user != person.summary.legacy_user_id {
        return Err(Refusal::insufficient_permissions());
    }
    let everything = ["activity", "weight", "nutrition", "sleep", "profile", "settings"];
    let scope = route.resource.scope();
    let needed: &[&str] = match (route.resource, &scope) {
        (_, Some(scope)) => std::slice::from_ref(scope),
        (Resource::Subscription { collection: None, .. }, None) => &everything,
        _ => &[],
    };
    if let Some(lacking) = needed.iter().find(|scope| !access.scopes.contains(scope)) {
        return Err(Refusal::insufficient_scope(described(lacking)));
    }
    let mood = world.web_api().mood.clone();
    let refused = mood.intraday == Intraday::Refused && !mood.sees_intraday();
    if refused && route.resource.is_intraday() {
        return Err(Refusal::insufficient_permissions());
    }
    Ok(())
}
