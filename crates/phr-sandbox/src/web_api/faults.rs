//! Faults as this API words them.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::errors::{Refusal, front_end_denial, gone, maintenance};
use super::mood::Retired;
use crate::errors;
use crate::faults::{Fault, FaultKind};
use crate::world::World;

/// The answer in place of the service's, if the fault is of that kind. `token` is quoted; `person`
/// is whose it is, if anybody's.
pub(super) async fn befall(
    world: &World,
    fault: &Fault,
    token: &str,
    person: Option<usize>,
) -> Option<Response> {
    let refusal = match fault.kind {
        FaultKind::RateLimit => return Some(limited(fault.retry_after)),
        FaultKind::HtmlError => return Some(maintenance(fault.status.unwrap_or(502))),
        FaultKind::PermissionDenied => return Some(front_end_denial()),
        FaultKind::Gone => return Some(gone(Retired::Json)),
        FaultKind::Status => Refusal::of_status(fault.status.unwrap_or(500), token),
        FaultKind::ExpiredToken => {
            world.web_api().grants.expire_access(token, world.clock().now());
            Refusal::expired_token(token)
        }
        FaultKind::Revoked => {
            if let Some(person) = person {
                world.revoke_web_api(person);
            }
            Refusal::invalid_token(token)
        }
        FaultKind::MissingScope => Refusal::insufficient_scope("this"),
        // A good answer is cut later, in the middle.
        FaultKind::CutBody => return None,
        _ => return errors::for_any_endpoint(fault).await,
    };
    Some(refusal.into_response())
}

fn limited(retry_after: Option<u32>) -> Response {
    let mut response = Refusal::too_many().into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
